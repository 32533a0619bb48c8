"""Mails to approvers (审批): what waits for an answer, until when, and once more before the deadline.

They ask and decide nothing: an answer is given in Airflow or on the command line, by the person the batch names. The
mails enter the same outbox as the morning's lists, under steps of their own, and the same sender takes them out.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

from huikuan.errors import OutreachError
from huikuan.outreach.message import compose
from huikuan.outreach.outbox import Plan, database_time, first_state, insert, park, too_many
from huikuan.outreach.people import Window, zone_of
from huikuan.outreach.reading import newest_run, read_referrals, read_statement_batches
from huikuan.outreach.rows import Night, Run
from huikuan.outreach.sanctions import actions_page
from huikuan.outreach.worklists import (
    Approval,
    ApprovalKind,
    StatementRequest,
    Worklist,
    approvals,
    check_scope,
    statement_requests,
)
from huikuan.policy.outreach import OutreachPolicy
from huikuan.warehouse.connect import connect
from huikuan.warehouse.fence import step

log = logging.getLogger(__name__)

_WAIT_SECONDS = 60.0  # two who write at the same time do so one after the other


def write_approval_requests(
    url: str,
    lake: Path,
    business_date: date,
    policy: OutreachPolicy,
    batch_ids: Collection[str],
    *,
    answer_within_hours: float,
    base_url: str | None = None,
    written_at: datetime | None = None,
) -> dict[str, int]:
    """Write a mail to each approver of these batches into the outbox; returns how many entered each state.

    Only what has no answer yet is asked, and only of batches of the date's newest run: others can no longer be
    answered. The mail may leave in the send window of the business date and not after the deadline, which is
    ``answer_within_hours`` after the batch was opened. An approver whose own window opens after that is asked in that
    of the policy's zone: a mail in the evening is better than none. ``base_url`` is that of Airflow's UI, from
    settings; ``written_at`` becomes the Date header, None takes the time of the database.

    Raises OutreachError when the date has no run, its files are missing, or ``base_url`` is not one; InvariantError
    when a mail would show an account that its reader may not decide on. Nothing is written then.
    """
    page = actions_page(base_url)
    night, moment = _read(url, lake, business_date, batch_ids, written_at)
    asked = approvals(
        night, "approval", timedelta(hours=answer_within_hours), partial(zone_of, night, policy=policy), page
    )
    plans = [(first_state(each, night.run, policy), _morning(each, policy)) for each in asked]
    return _write(url, night, "approval", plans, policy, moment)


def write_reminders(
    url: str,
    lake: Path,
    business_date: date,
    policy: OutreachPolicy,
    batch_ids: Collection[str],
    *,
    answer_within_hours: float,
    remind_after_hours: float,
    base_url: str | None = None,
    written_at: datetime | None = None,
) -> dict[str, int]:
    """Write one reminder for each of these batches without an answer ``remind_after_hours`` after it was opened.

    Called earlier, after the deadline, or when all is answered, it writes nothing; so it may be called as often as one
    likes. A reminder may leave in the next send window, which may be that of the next morning, and not after the
    deadline. Everything else is as for ``write_approval_requests``.
    """
    page, after = actions_page(base_url), timedelta(hours=remind_after_hours)
    night, moment = _read(url, lake, business_date, batch_ids, written_at)
    zone = partial(zone_of, night, policy=policy)
    asked = approvals(night, "approval_reminder", timedelta(hours=answer_within_hours), zone, page)
    due = [each for each in asked if each.opened_at + after <= moment < each.answer_by]
    plans = []
    for each in due:
        window = _next_window(each, policy, moment)
        plan = first_state(each, night.run, policy)
        if window.first >= window.last:
            plan = Plan(each, "suppressed", "no send window is left before the deadline")
        plans.append((plan, window))
    return _write(url, night, "approval_reminder", plans, policy, moment)


def write_statement_requests(
    url: str,
    lake: Path,
    business_date: date,
    policy: OutreachPolicy,
    batch_ids: Collection[str],
    *,
    answer_within_hours: float,
    base_url: str | None = None,
    written_at: datetime | None = None,
) -> dict[str, int]:
    """Write a mail to the approver of each of these batches of statements; returns how many entered each state.

    As for ``write_approval_requests``, but it may leave until the deadline: a month may end on a holiday, and then it
    waits for the next workday.
    """
    page = actions_page(base_url)
    night, moment = _read(url, lake, business_date, batch_ids, written_at, read_statement_batches)
    asked = statement_requests(
        night, timedelta(hours=answer_within_hours), partial(zone_of, night, policy=policy), page
    )
    plans = [
        (first_state(each, night.run, policy), Window(each.time_zone, _opening(each, policy), each.answer_by))
        for each in asked
    ]
    return _write(url, night, "statement_approval", plans, policy, moment)


def _opening(request: StatementRequest, policy: OutreachPolicy) -> datetime:
    """When the window of the business date opens; at the deadline if that comes first: it then leaves at once."""
    return min(policy.window(request.truth.business_date, request.time_zone)[0], request.answer_by)


def _read(
    url: str,
    lake: Path,
    business_date: date,
    batch_ids: Collection[str],
    written_at: datetime | None,
    read: Callable[..., Night] = read_referrals,
) -> tuple[Night, datetime]:
    """What the mails are made of, and the moment at which they are written."""
    with connect(url, "mailer") as connection:
        run = newest_run(connection, business_date)
        if run is None:
            raise OutreachError(
                f"There is no run of {business_date}, so there is nothing to approve.",
                "Run the night of this business date first.",
            )
        published = run.status == "published"
        night = read(connection, lake, run, batch_ids) if published else Night(run=run)
        moment = written_at or database_time(connection)
    asked = [(row.batch_id, row.approver_id) for row in night.proposals]
    asked += [(batch.batch_id, batch.approver_id) for batch in night.statement_batches]
    known = {batch_id for batch_id, approver_id in asked if _is_active(night, approver_id)}
    if silent := sorted(set(batch_ids) - known):
        log.info("answered, of an earlier run, or without an active approver, so no mail: batches %s", silent)
    return night, moment


def _write(
    url: str,
    night: Night,
    kind: ApprovalKind | Literal["statement_approval"],
    planned: list[tuple[Plan, Window]],
    policy: OutreachPolicy,
    moment: datetime,
) -> dict[str, int]:
    """Enter the mails into the outbox, all or none, once for the same batches of the same run."""
    for plan, _ in planned:
        check_scope(plan.worklist, night)
    if not planned:
        return {}
    plans = [plan for plan, _ in planned]
    held_back = too_many(plans, policy)
    if held_back:
        log.warning("approval mails of %s are parked: %s", night.run.business_date, held_back)
        plans = park(plans, held_back)
    windows = [window for _, window in planned]
    mails = [compose(plan.worklist, policy, moment) for plan in plans]
    with step(url, night.run.business_date, kind, _inputs(night.run, plans), wait_seconds=_WAIT_SECONDS) as attempt:
        if attempt.already_done:
            return {str(state): int(n) for state, n in (attempt.result or {}).items()}
        counts: dict[str, int] = {}
        with connect(url, "mailer") as connection:
            attempt.guard(connection)
            for plan, mail, window in zip(plans, mails, windows, strict=True):
                if insert(connection, night.run, plan.entry, mail, window, moment):
                    counts[plan.state] = counts.get(plan.state, 0) + 1
            attempt.finish(counts, connection)
            connection.commit()
    log.info("%s mails of %s: %s", kind, night.run.business_date, counts or "nothing new")
    return counts


def _inputs(run: Run, plans: list[Plan]) -> str:
    """Digest of what is asked, so that a batch opened later on the same date is written too."""
    batches = sorted(batch for plan in plans for batch in _batches(plan.worklist))
    return hashlib.sha256(repr((run.run_id, run.gate, batches)).encode()).hexdigest()


def _batches(worklist: Worklist) -> list[tuple[str, str]]:
    """Id and hash of each batch that a mail speaks of."""
    if isinstance(worklist, Approval):
        return [(worklist.batch_id, worklist.content_hash)]
    if isinstance(worklist, StatementRequest):
        return [(worklist.batch.batch_id, worklist.batch.content_hash)]
    return []


def _morning(approval: Approval, policy: OutreachPolicy) -> Window:
    """The window of the business date, until the deadline. One that passed before means a night that is replayed."""
    day = approval.truth.business_date
    if approval.answer_by <= policy.window(day)[0]:
        return Window(approval.time_zone, *policy.window(day, approval.time_zone))
    return _in_time(approval, policy, lambda _: day)


def _next_window(approval: Approval, policy: OutreachPolicy, moment: datetime) -> Window:
    """The send window that is open or opens next, until the deadline; its end lies before its begin if none is left.

    A batch that was not opened on its business date belongs to a night that is replayed, or comes too late: its
    reminder has the window of that date, as all its mails have.
    """
    business_date = approval.truth.business_date
    if policy.local_day(approval.opened_at) != business_date:
        return Window(approval.time_zone, *policy.window(business_date, approval.time_zone))

    def day_of(zone: str) -> date:
        day = policy.local_day(moment, zone)
        return day if moment <= policy.window(day, zone)[1] else day + timedelta(days=1)

    return _in_time(approval, policy, day_of)


def _in_time(approval: Approval, policy: OutreachPolicy, day_of: Callable[[str], date]) -> Window:
    """A day's window until the deadline: the approver's own, or that of the policy where that one opens too late."""
    windows = []
    for zone in (approval.time_zone, policy.timezone):
        first, last = policy.window(day_of(zone), zone)
        windows.append(Window(zone, first, min(last, approval.answer_by)))
    return next((window for window in windows if window.first < window.last), windows[-1])


def _is_active(night: Night, rep_id: str) -> bool:
    return rep_id in night.readers and night.readers[rep_id].is_active
