"""The night of the receivables: ledger → snapshot → gate → classified rows → PostgreSQL. Runbook: docs/runbooks/."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import CronPartitionTimetable, Param, dag, task

from huikuan.orchestration import alerts
from huikuan.orchestration.assets import NIGHT
from huikuan.orchestration.business_date import COMPANY_TIMEZONE, KEY_FORMAT
from huikuan.orchestration.run import conclude, current, runbook


@dag(
    # 04:15: banks and the ERP have delivered yesterday's last payments, three hours are left before people start,
    # and no time zone moves its clocks at that hour, so that every local day has exactly one night.
    schedule=CronPartitionTimetable("15 4 * * *", timezone=COMPANY_TIMEZONE, key_format=KEY_FORMAT),
    catchup=False,
    max_active_runs=1,  # a night reads the outputs of the night before
    params={
        "business_date": Param(None, type=["null", "string"], format="date", description="Only for a run by hand."),
        "ledger": Param(None, type=["null", "string"], description="Folder, file or URL without password."),
        "source": Param(None, type=["null", "string"], description="Folder of include/sql/ledger/ that reads it."),
        "refresh": Param(False, type="boolean", description="Take a new snapshot although there is one."),
    },
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=2),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=15),
        "on_failure_callback": alerts.task_failed,
    },
    deadline=alerts.LATE_NIGHT,
    doc_md=runbook("collections_nightly"),
    tags=["huikuan", "回款"],
)
def collections_nightly() -> None:
    @task(execution_timeout=timedelta(hours=1))
    def extract() -> str:
        from huikuan.night import steps

        run = current()
        ledger = run.ledger
        return steps.extract(
            run.business_date,
            ledger=ledger.where,
            source=ledger.source,
            settings=run.settings,
            refresh=run.params["refresh"],
        )

    @task(execution_timeout=timedelta(minutes=30), multiple_outputs=False)
    def validate(snapshot_id: str) -> dict[str, str]:
        from huikuan.night import steps

        run = current()
        outcome = steps.validate(
            run.business_date,
            snapshot_id,
            policy=run.settings.policies,
            settings=run.settings,
            is_backfill=run.is_backfill,
        )
        return {"run_id": outcome.run_id, "gate": outcome.gate}

    @task(execution_timeout=timedelta(minutes=30), multiple_outputs=False)
    def classify(validated: dict[str, str]) -> dict[str, int]:
        from huikuan.night import steps

        run = current()
        return steps.classify(run.business_date, validated["run_id"], settings=run.settings)

    @task(execution_timeout=timedelta(minutes=30), multiple_outputs=False, outlets=[NIGHT])
    def publish(validated: dict[str, str], *, outlet_events: Any) -> dict[str, int]:
        from huikuan.night import steps

        run = current()
        counts = steps.publish(run.business_date, validated["run_id"], settings=run.settings)
        # Named here, since a run started with the param alone has no partition key to hand on.
        outlet_events[NIGHT].add_partitions(run.business_date.isoformat())
        outlet_events[NIGHT].extra = {"run_id": validated["run_id"], "gate": validated["gate"]}
        return counts

    @task(execution_timeout=timedelta(minutes=5), retries=0)
    def verdict(validated: dict[str, str], published: dict[str, int]) -> str:
        return conclude(current().business_date, validated["gate"], published)

    validated = validate(extract())
    published = publish(validated)
    classify(validated) >> published
    verdict(validated, published)


collections_nightly()
