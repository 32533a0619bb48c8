"""What operators hear when a run goes wrong: one clear line in the log, and a mail where an address is configured.

The data owner hears of a stopped night or a missing feed from outreach, as a message of the outbox; this module is for
those who run the machine. A mail goes to ``HUIKUAN_OPS_MAIL`` where the connection ``huikuan_smtp`` exists; it holds
ids, the error's own sentences, and where to look.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from huikuan.errors import HuikuanError

log = logging.getLogger(__name__)

OPS_MAIL = "HUIKUAN_OPS_MAIL"
_WORTH_A_WORD = (4, 16, 64, 256)


def task_failed(context: Mapping[str, Any]) -> None:
    """A task has failed and will not be tried again. Airflow calls this in the task's own process."""
    _tell_of_failure(context, "failed")


def task_fails_again(context: Mapping[str, Any]) -> None:
    """A task fails and fails, and is tried again: said at the 4th, 16th, 64th and 256th try only."""
    if context["ti"].try_number in _WORTH_A_WORD:
        _tell_of_failure(context, "fails and is tried again")


def _tell_of_failure(context: Mapping[str, Any], what: str) -> None:
    task, run = context["ti"], context["dag_run"]
    error = context.get("exception")
    if error is not None and isinstance(error.__cause__, HuikuanError):
        error = error.__cause__  # what is wrapped for Airflow's sake only
    cause = str(error) if isinstance(error, HuikuanError) else f"{type(error).__name__}; the task's log has the rest."
    tell(
        run.run_after.date(),
        f"{task.dag_id}: {task.task_id} {what}",
        f"Task {task.task_id} of {task.dag_id} {what}: try {task.try_number}.\n"
        f"Run: {run.run_id}, partition {run.partition_key or '(by param)'}\n{cause}\n"
        f"What to do: docs/runbooks/{task.dag_id}.md",
    )


def late(context: Mapping[str, Any]) -> None:
    """A night is not done although people start soon. The scheduler hands the run's fields over as JSON."""
    run = context["dag_run"]
    tell(
        datetime.fromisoformat(run["run_after"]).date(),
        f"{run['dag_id']}: still not done",
        f"Run {run['dag_run_id']}, partition {run['partition_key'] or '(by param)'}, is in state {run['state']} "
        f"{NIGHT_SHOULD_TAKE} after it was queued.\nWhat to do: docs/runbooks/{run['dag_id']}.md",
    )


def tell(day: date, subject: str, text: str) -> None:
    """Log it, and mail it where somebody wants to know."""
    log.error("ALERT 告警 %s\n%s", subject, text)
    if address := os.environ.get(OPS_MAIL):
        from huikuan.orchestration.mail import send_alert

        sent = send_alert(day, address, subject, text)
        log.info("operator %s", "told by mail" if sent else "not told: there is no connection huikuan_smtp")


NIGHT_SHOULD_TAKE = timedelta(hours=2, minutes=45)
"""From 04:15 to 07:00: half an hour before the first mails may leave to people in the night's own zone."""

# Counted from when the run was queued: a partitioned run has no logical date to count from.
LATE_NIGHT = DeadlineAlert(
    reference=DeadlineReference.DAGRUN_QUEUED_AT,
    interval=NIGHT_SHOULD_TAKE,
    callback=SyncCallback(late),
    name="late night",
)
