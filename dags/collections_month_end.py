"""Month end: statements → an answer of a person → mails; closed month, reports, targets. Runbook: docs/runbooks/."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import Param, PartitionedAssetTimetable, PokeReturnValue, dag, task

from huikuan.orchestration import alerts
from huikuan.orchestration.approval import StatementApproval
from huikuan.orchestration.assets import NIGHT
from huikuan.orchestration.run import current, runbook


@dag(
    schedule=PartitionedAssetTimetable(assets=NIGHT),
    catchup=False,
    max_active_runs=16,  # a run waits for people for days: the next nights must not wait for it
    params={
        "business_date": Param(None, type=["null", "string"], format="date", description="Only for a run by hand."),
    },
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=5),
        "on_failure_callback": alerts.task_failed,
    },
    doc_md=runbook("collections_month_end"),
    tags=["huikuan", "回款"],
)
def collections_month_end() -> None:
    @task.short_circuit(execution_timeout=timedelta(minutes=5))
    def is_due() -> bool:
        from huikuan.orchestration import month_end

        return month_end.is_due(current())

    @task(execution_timeout=timedelta(hours=2))
    def prepare() -> list[str]:
        from huikuan.orchestration import month_end

        return month_end.prepare(current())

    # Both ask again until their mails have left, the one after answers that may take days; in between they hold no
    # worker. 32 days: longer than any batch may wait for its answer.
    @task.sensor(mode="reschedule", poke_interval=300, timeout=32 * 86400, execution_timeout=timedelta(minutes=10))
    def tell(batch_ids: list[str]) -> PokeReturnValue:
        from huikuan.orchestration import month_end

        is_over, mails = month_end.tell(current(), batch_ids)
        return PokeReturnValue(is_done=is_over, xcom_value=mails)

    @task.sensor(
        mode="reschedule",
        poke_interval=300,
        timeout=32 * 86400,
        execution_timeout=timedelta(minutes=30),
        retries=48 * 12,
        on_retry_callback=alerts.task_fails_again,
    )
    def send(batch_ids: list[str]) -> PokeReturnValue:
        from huikuan.orchestration import month_end

        is_over, mails = month_end.send(current(), batch_ids)
        return PokeReturnValue(is_done=is_over, xcom_value=mails)

    @task(execution_timeout=timedelta(minutes=30))
    def lock_month() -> int:
        from huikuan.orchestration import month_end

        return month_end.lock_month(current())

    @task(execution_timeout=timedelta(hours=1))
    def report() -> int:
        from huikuan.orchestration import month_end

        return month_end.report(current())

    @task(execution_timeout=timedelta(minutes=30))
    def propose_targets() -> int:
        from huikuan.orchestration import month_end

        return month_end.propose_targets(current())

    due, batch_ids = is_due(), prepare()
    due >> [batch_ids, lock_month(), report(), propose_targets()]
    # Mapped over ids alone: text of the ledger never passes through a template. Nothing follows an answer: ``send``
    # asks the warehouse, so that one batch that nobody answers holds up no other.
    StatementApproval.partial(task_id="approve").expand(batch_id=batch_ids)
    tell(batch_ids)
    send(batch_ids)


collections_month_end()
