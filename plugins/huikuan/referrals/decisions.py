"""Decisions (审批决定): what the approver of a batch answered, line by line, written once and never changed.

An answer counts only for what was shown. The rows of the night are read again when it comes: if they no longer give
the hash of the batch, nothing is applied. Whether a sanction begins is the next night's business, which reads these
rows and looks at the money again.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import psycopg
from psycopg.rows import dict_row

from huikuan.errors import ReferralError
from huikuan.referrals import batches
from huikuan.referrals.batch_rows import Batch, Item, alone, last_run, needed, newer_nights, read_items
from huikuan.referrals.people import Ledger, decider, free_text, open_ledger
from huikuan.warehouse.connect import connect

log = logging.getLogger(__name__)

Choice = Literal["approve", "reject"]
Via = Literal["airflow", "command"]
CHOICES: tuple[Choice, ...] = ("approve", "reject")


@dataclass(frozen=True)
class Decision:
    """What was recorded about a batch: lines per choice."""

    batch_id: str
    business_date: date
    decided_by: str
    decided_at: datetime
    approved: int
    rejected: int
    left_out: int
    is_new: bool
    """False when the same answer had been recorded before."""


def decide(
    url: str,
    lake: Path,
    batch_id: str,
    choice: Choice,
    *,
    by: str,
    via: Via,
    leave_out: Sequence[str] = (),
    note: str | None = None,
    shown_hash: str | None = None,
) -> Decision:
    """Record the answer of the approver ``by`` to a batch, all lines in one transaction; the same answer again is fine.

    ``leave_out`` names accounts (``A1``, or ``C1/A1``) or lines (``3``, or ``#3``) that are not approved although the
    rest is. ``shown_hash`` is the hash that the approver saw, where something else than this module showed it.

    Raises ReferralError, and writes nothing, when: the batch is unknown; ``by`` is not its approver, proposed a line,
    or may not decide (any more); another answer was recorded; a newer night of the company is published; the night's
    rows have changed since; ``leave_out`` names nothing, or more than one thing.
    """
    with alone(url, f"decide {batch_id}") as connection:
        batch = needed(connection, batch_id)
        items = read_items(connection, batch_id)
        _check_authority(batch, items, by, shown_hash)
        choices = chosen(items, choice, leave_out)
        if recorded := _recorded(connection, batch):
            return _same(batch, choices, recorded)
        check_current(connection, lake, batch)
        at = _insert(connection, batch, items, choices, by, via, free_text(note or "", "note") or None)
        connection.commit()
        log.info("batch %s: %s by %s via %s", batch_id, choice, by, via)
        return _summary(batch, (choices, by, at), is_new=True)


def find(url: str, batch_id: str) -> Decision | None:
    """The answer that was recorded for a batch, or None. Raises ReferralError when there is no such batch."""
    with connect(url, "desk") as connection:
        batch = needed(connection, batch_id)
        recorded = _recorded(connection, batch)
    return _summary(batch, recorded, is_new=False) if recorded else None


_Key = tuple[str, str, str]
_Recorded = tuple[dict[_Key, str], str, datetime]
"""Choices by line, who decided, and when."""


class Line(Protocol):
    """A line of any batch that a person answers."""

    @property
    def position(self) -> int:
        """Its number, 1 first."""

    @property
    def company_id(self) -> str:
        """Company."""

    @property
    def account_id(self) -> str:
        """Customer account."""

    @property
    def key(self) -> _Key:
        """What the decision is about."""


_AnyLine = TypeVar("_AnyLine", bound=Line)


def chosen(items: Sequence[Line], choice: str, leave_out: Sequence[str]) -> dict[_Key, str]:
    """approved, rejected or left_out for every line of a batch."""
    if choice not in CHOICES:
        raise ReferralError(f"{choice!r} is no answer to a batch.", f"Answer with {' or '.join(CHOICES)}.")
    if choice == "reject":
        if leave_out:
            raise ReferralError(
                "A rejected batch cannot leave accounts out: it would not be clear what is meant for them.",
                "Reject the whole batch, or approve it and leave out what is not approved.",
            )
        return {item.key: "rejected" for item in items}
    out = {item.key for wanted in leave_out for item in _named(items, wanted)}
    return {item.key: "left_out" if item.key in out else "approved" for item in items}


def _named(items: Sequence[_AnyLine], wanted: str) -> list[_AnyLine]:
    """The lines that one entry of ``leave_out`` means: an account with all its lines, or one line by its number."""
    name = wanted.strip()
    by_account = [item for item in items if name in (item.account_id, f"{item.company_id}/{item.account_id}")]
    by_number = [item for item in items if name == f"#{item.position}" or name == str(item.position)]
    companies = {item.company_id for item in by_account}
    if len(companies) > 1:
        raise ReferralError(
            f"{name!r} is an account of {' and of '.join(sorted(companies))}.",
            f"Name the company too, such as {min(companies)}/{name}, or the line's number with #.",
        )
    if by_account and by_number and by_account != by_number:
        raise ReferralError(
            f"{name!r} is both an account and the number of another line.",
            f"Write #{name} for the line, or {min(companies)}/{name} for the account.",
        )
    if not (found := by_account or by_number):
        raise ReferralError(
            f"{name!r} is neither an account nor the number of a line of this batch.",
            "Nothing was decided. Give the ids or line numbers that the batch shows.",
        )
    return found


def _check_authority(batch: Batch, items: Collection[Item], by: str, shown_hash: str | None) -> None:
    if by != batch.approver_id:
        raise ReferralError(
            f"Batch {batch.batch_id} is for {batch.approver_id} to answer, not for {by}.",
            "Ask that person; in their absence see the runbook of collections_referrals.",
        )
    if any(item.proposed_by == by for item in items):
        raise ReferralError(
            f"{by} proposed a line of batch {batch.batch_id} and cannot approve it.",
            "The manager above has to: see the runbook of collections_referrals.",
        )
    if shown_hash is not None and shown_hash != batch.content_hash:
        raise ReferralError(
            f"What was shown is not batch {batch.batch_id}: the hashes differ.",
            "Nothing was decided. Ask again in a new run, or answer with `python -m huikuan referrals`.",
        )


def check_current(connection: psycopg.Connection[Any], lake: Path, batch: Batch) -> tuple[list[Item], Ledger]:
    """The lines of the batch, with their facts, as the night says them now, and the ledger behind them.

    Raises ReferralError when they are no longer what was put before the approver, when an answer comes too late, or
    when the approver may not decide (any more).
    """
    shown = read_items(connection, batch.batch_id)
    newer = newer_nights(connection, batch.business_date, {item.company_id for item in shown})
    if newer:
        raise ReferralError(
            f"The answer to batch {batch.batch_id} comes too late: newer nights of {', '.join(newer)} are published.",
            "Nothing was decided. Whatever is still due stands in the batch of the newest night.",
        )
    run = last_run(connection, batch.business_date)
    changed = ReferralError(
        f"The rows of {batch.business_date} have changed since batch {batch.batch_id} was opened.",
        "Nothing was decided. Answer the batch that was opened for the new rows, if there is one.",
    )
    if run is None or batches.obstacle(run):
        raise changed
    items = batches.proposals(connection, lake, run).get(batch.approver_id, [])
    if batches.content_hash(run, batch.approver_id, items) != batch.content_hash:
        raise changed
    ledger = open_ledger(lake, run.run_id, run.snapshot_id)
    decider(ledger, batch.approver_id)
    return items, ledger


def _insert(
    connection: psycopg.Connection[Any],
    batch: Batch,
    items: Sequence[Item],
    choices: dict[_Key, str],
    by: str,
    via: Via,
    note: str | None,
) -> datetime:
    """One row per line, all at the same moment of the database, which is returned."""
    [(at,)] = connection.execute("SELECT now()").fetchall()
    rows = [
        {
            "batch": batch.batch_id,
            "company": item.company_id,
            "account": item.account_id,
            "flag": item.flag,
            "choice": choices[item.key],
            "proposed_by": item.proposed_by,
            "by": by,
            "on": batch.business_date,
            "at": at,
            "hash": batch.content_hash,
            "via": via,
            "note": note,
        }
        for item in items
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO store.referral_decision (batch_id, company_id, account_id, flag, choice, proposed_by,"
            " decided_by, decided_on, decided_at, content_hash, via, note)"
            " VALUES (%(batch)s, %(company)s, %(account)s, %(flag)s, %(choice)s, %(proposed_by)s,"
            " %(by)s, %(on)s, %(at)s, %(hash)s, %(via)s, %(note)s)",
            rows,
        )
    return at  # type: ignore[no-any-return]


def _recorded(connection: psycopg.Connection[Any], batch: Batch) -> _Recorded | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "SELECT company_id, account_id, flag, choice, decided_by, decided_at FROM store.referral_decision"
            " WHERE batch_id = %s",
            [batch.batch_id],
        ).fetchall()
    if not rows:
        return None
    choices = {(row["company_id"], row["account_id"], row["flag"]): str(row["choice"]) for row in rows}
    return choices, rows[0]["decided_by"], rows[0]["decided_at"]


def _same(batch: Batch, wanted: dict[_Key, str], recorded: _Recorded) -> Decision:
    """The answer that stands, when it is the one that is given again. Raises ReferralError when it is another."""
    choices, by, _ = recorded
    if wanted != choices:
        raise ReferralError(
            f"Batch {batch.batch_id} was answered already by {by}, and differently.",
            "An answer is never changed. An override exempts an account that should not have been approved; what "
            "was not approved is proposed again when its time has come.",
        )
    return _summary(batch, recorded, is_new=False)


def _summary(batch: Batch, recorded: _Recorded, *, is_new: bool) -> Decision:
    choices, by, at = recorded
    given = list(choices.values())
    return Decision(
        batch_id=batch.batch_id,
        business_date=batch.business_date,
        decided_by=by,
        decided_at=at,
        approved=given.count("approved"),
        rejected=given.count("rejected"),
        left_out=given.count("left_out"),
        is_new=is_new,
    )
