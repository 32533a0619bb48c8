"""The morning after the night: published rows → messages in the outbox → sent. Runbook: docs/runbooks/."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import Param, PartitionedAssetTimetable, PokeReturnValue, dag, task

from huikuan.orchestration import alerts
from huikuan.orchestration.assets import NIGHT
from huikuan.orchestration.run import current, runbook


@dag(
    schedule=PartitionedAssetTimetable(assets=NIGHT),
    catchup=False,
    max_active_runs=4,  # a morning that waits for its window must not hold up a night computed by hand
    params={
        "business_date": Param(None, type=["null", "string"], format="date", description="Only for a run by hand."),
    },
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=5),
        "on_failure_callback": alerts.task_failed,
    },
    doc_md=runbook("collections_outreach"),
    tags=["huikuan", "回款"],
)
def collections_outreach() -> None:
    @task(execution_timeout=timedelta(minutes=30), multiple_outputs=False)
    def outbox() -> dict[str, int]:
        from huikuan.orchestration import mail

        return mail.write(current())

    # Asks again until no mail waits for the window of its morning, for a second try or for a person who may release it;
    # in between it holds no worker. A mail server that is down for an hour must not cost the morning: it goes on. It
    # is 46 hours from 04:15 in the first zone on earth to midnight in the last.
    @task.sensor(
        mode="reschedule",
        poke_interval=300,
        timeout=48 * 3600,
        execution_timeout=timedelta(minutes=30),
        retries=48 * 12,
        on_retry_callback=alerts.task_fails_again,
    )
    def send() -> PokeReturnValue:
        from huikuan.orchestration import mail

        is_over, states = mail.send(current())
        return PokeReturnValue(is_done=is_over, xcom_value=states)

    outbox() >> send()


collections_outreach()
