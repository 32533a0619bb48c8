"""What the tasks of ``collections_referrals`` do: open batches, tell approvers, remind them, build legal packets."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from huikuan.errors import ReferralError
from huikuan.orchestration.business_date import COMPANY_TIMEZONE
from huikuan.orchestration.run import Run

if TYPE_CHECKING:
    from huikuan.referrals.asking import Question

log = logging.getLogger(__name__)


def open_batches(run: Run) -> list[str]:
    """Open the batches of the run's business date; returns their ids, and writes down why when there are none."""
    from huikuan.night.steps import prepare
    from huikuan.referrals import batches

    if run.is_backfill:
        log.info("A back-fill: nobody is asked")
        return []
    return batches.open_batches(prepare(run.settings), run.settings.lake, run.business_date)


def question(run: Run, batch_id: str) -> Question:
    """The page for the approver of a batch. Raises ReferralError when an answer would be refused."""
    from zoneinfo import ZoneInfo

    from huikuan.referrals import asking
    from huikuan.warehouse.connect import warehouse_url

    within = timedelta(hours=run.policy.approvals.answer_within_hours)
    url = warehouse_url(run.settings)
    return asking.question(url, run.settings.lake, batch_id, within, ZoneInfo(COMPANY_TIMEZONE))


def tell(run: Run, batch_ids: Collection[str]) -> tuple[bool, dict[str, Any]]:
    """Mail the approvers of batches that were just opened; returns whether all is sent, and the fate of the mails."""
    from huikuan.outreach import write_approval_requests

    hours = run.policy.approvals.answer_within_hours
    return _write_and_send(run, batch_ids, write_approval_requests, answer_within_hours=hours)


def remind(run: Run, batch_ids: Collection[str]) -> tuple[bool, dict[str, Any]]:
    """Remind, once, the approvers of batches that lack an answer for long enough.

    Returns whether there is nothing left to do: all batches are answered or past their time, or all mails are sent.
    """
    from huikuan.outreach import write_reminders
    from huikuan.referrals.batch_rows import unanswered
    from huikuan.warehouse.connect import warehouse_url

    approvals = run.policy.approvals
    url = warehouse_url(run.settings)
    before, deadline = timedelta(hours=approvals.remind_after_hours), timedelta(hours=approvals.answer_within_hours)
    waiting = unanswered(url, batch_ids, younger_than=deadline)
    due = unanswered(url, waiting, older_than=before)
    log.info("%d batches wait for an answer, %d of them for long", len(waiting), len(due))
    if not due:
        return not waiting, {}
    return _write_and_send(
        run,
        due,
        write_reminders,
        answer_within_hours=approvals.answer_within_hours,
        remind_after_hours=approvals.remind_after_hours,
    )


def packets(run: Run) -> dict[str, int]:
    """Build the legal packets of the accounts that the published night refers to lawyers; counts.

    Raises ReferralError when some could not be made, after all others were.
    """
    from huikuan.night.steps import prepare
    from huikuan.referrals.packet import packets_for_night

    counts = packets_for_night(prepare(run.settings), run.settings.lake, run.business_date)
    if counts["failed"]:
        raise ReferralError(
            f"{counts['failed']} legal packets of {run.business_date} could not be made, {counts['made']} were.",
            "The lines above name the accounts and what is wrong; clear this task when it is mended.",
        )
    return counts


def _write_and_send(
    run: Run, batch_ids: Collection[str], write: Callable[..., dict[str, int]], **hours: int
) -> tuple[bool, dict[str, Any]]:
    """Put the mails of these batches into the outbox, once, and send what is due."""
    from airflow.sdk.configuration import conf

    from huikuan.orchestration import mail
    from huikuan.warehouse.connect import warehouse_url

    if not batch_ids:
        return True, {}
    write(
        warehouse_url(run.settings),
        run.settings.lake,
        run.business_date,
        run.policy.outreach,
        batch_ids,
        base_url=conf.get("api", "base_url", fallback=None),
        **hours,
    )
    return mail.send(run)
