"""Proposed sanctions: batches → an answer of a person → decisions for the next night. Runbook: docs/runbooks/."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import Param, PartitionedAssetTimetable, PokeReturnValue, dag, task

from huikuan.orchestration import alerts
from huikuan.orchestration.approval import ReferralApproval
from huikuan.orchestration.assets import NIGHT
from huikuan.orchestration.run import current, runbook


@dag(
    schedule=PartitionedAssetTimetable(assets=NIGHT),
    catchup=False,
    max_active_runs=16,  # a run waits for people for hours: the next night must not wait for it
    params={
        "business_date": Param(None, type=["null", "string"], format="date", description="Only for a run by hand."),
    },
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=5),
        "on_failure_callback": alerts.task_failed,
    },
    doc_md=runbook("collections_referrals"),
    tags=["huikuan", "回款"],
)
def collections_referrals() -> None:
    @task(execution_timeout=timedelta(minutes=10))
    def open_batches() -> list[str]:
        from huikuan.orchestration import referrals

        return referrals.open_batches(current())

    # Both ask again until the mails of the date have left, also to the last zone; in between they hold no worker.
    @task.sensor(mode="reschedule", poke_interval=300, timeout=48 * 3600, execution_timeout=timedelta(minutes=10))
    def tell(batch_ids: list[str]) -> PokeReturnValue:
        from huikuan.orchestration import referrals

        is_over, mails = referrals.tell(current(), batch_ids)
        return PokeReturnValue(is_done=is_over, xcom_value=mails)

    @task.sensor(mode="reschedule", poke_interval=600, timeout=48 * 3600, execution_timeout=timedelta(minutes=10))
    def remind(batch_ids: list[str]) -> PokeReturnValue:
        from huikuan.orchestration import referrals

        is_over, mails = referrals.remind(current(), batch_ids)
        return PokeReturnValue(is_done=is_over, xcom_value=mails)

    # Of what the published night refers to lawyers: an answer of today counts from the next night on.
    @task(execution_timeout=timedelta(hours=1), multiple_outputs=False)
    def packets() -> dict[str, int]:
        from huikuan.orchestration import referrals

        return referrals.packets(current())

    batch_ids = open_batches()
    # Mapped over ids alone: text of the ledger never passes through a template. Nothing follows an answer, so that a
    # batch that nobody answers holds up nothing.
    ReferralApproval.partial(task_id="approve").expand(batch_id=batch_ids)
    tell(batch_ids)
    remind(batch_ids)
    packets()


collections_referrals()
