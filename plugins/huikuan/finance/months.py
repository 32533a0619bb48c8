"""Closed months (关账): which run's rows are the figures of a month.

Closing pins the run that readers see for the business date after the month's end. Rows of a run never change, and the
partitions of a pinned run are never removed, so whatever is run later, the figures of a closed month stay. A correction
is a later version that pins another run, with its reason; the versions before stay readable.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from dateutil.relativedelta import relativedelta
from psycopg import sql
from psycopg.rows import class_row

from huikuan.errors import FinanceError
from huikuan.referrals.batch_rows import Run, alone, last_run
from huikuan.referrals.people import decider, free_text, open_ledger
from huikuan.warehouse.connect import connect

log = logging.getLogger(__name__)

FIGURES = (
    "account_balance",
    "month_balance",
    "tie_out",
    "metric",
    "roll_rate",
    "loss_rate",
    "provision",
    "provision_movement",
    "write_off_candidate",
    "root_cause",
    "rep_performance",
)
"""Results whose rows of the company are the figures of the month; ``content_hash`` is over them."""
BY_ITSELF = "huikuan"
"""Who closed a month when the month end did."""


@dataclass(frozen=True)
class Lock:
    """One version of a closed month."""

    company_id: str
    month: date
    version: int
    business_date: date
    run_id: str
    content_hash: str
    locked_by: str
    locked_at: datetime
    reason: str


def lock(url: str, lake: Path, company_id: str, month: date, by: str) -> Lock:
    """Close a month: its figures are those that readers see now. A month that is closed stays as it is.

    ``month`` is its first day; ``by`` is the rep_id of a manager, or of finance or legal, or ``huikuan``.

    Raises FinanceError when the month's last day has no published night, or one whose gate is not open: figures that do
    not tie are no month's. ReferralError when this person may not decide.
    """
    with alone(url, f"month {company_id} {month}") as connection:
        if known := _versions(connection, company_id, month):
            return known[0]
        run = _closing_run(connection, lake, month, by)
        made = _insert(connection, company_id, month, 1, run, by, "closed")
        connection.commit()
    return made


def correct(url: str, lake: Path, company_id: str, month: date, reason: str, by: str) -> Lock:
    """Write another version of a closed month: the figures that readers see now. The versions before stay.

    Raises FinanceError when there is no reason, the month is not closed, or its figures are the same as before;
    ReferralError when this person may not decide.
    """
    text = free_text(reason, "reason")
    if not text:
        raise FinanceError("A correction of a closed month needs a reason.", "Say why, for those who read it later.")
    with alone(url, f"month {company_id} {month}") as connection:
        known = _versions(connection, company_id, month)
        if not known:
            raise FinanceError(f"{month:%Y-%m} of {company_id} is not closed.", "Close it: `huikuan month lock`.")
        run = _closing_run(connection, lake, month, by)
        made = _insert(connection, company_id, month, known[-1].version + 1, run, by, text)
        if made.content_hash == known[-1].content_hash:
            connection.rollback()
            raise FinanceError(
                f"The figures of {month:%Y-%m} are the same as in version {known[-1].version}.",
                f"Nothing was written. Run the night of {run.business_date} again with the corrected ledger first.",
            )
        connection.commit()
    return made


def versions(connection: psycopg.Connection[Any], company_id: str, month: date) -> list[Lock]:
    """All versions of a month, the close first; none when it is open."""
    return _versions(connection, company_id, month)


def outdated(url: str, company_id: str, month: date) -> Run | None:
    """The run that readers see for a closed month's last day, if its figures are others than the newest version's."""
    with connect(url, "desk") as connection:
        known, run = _versions(connection, company_id, month), last_run(connection, closing_date(month))
        if not known or run is None or run.status != "published" or run.run_id == known[-1].run_id:
            return None
        return None if figures_hash(connection, company_id, run) == known[-1].content_hash else run


@dataclass(frozen=True)
class Gap:
    """A closed month that was opened with another amount than the month before is closed on."""

    month: date
    figure: str
    """``receivables``, or ``allowance``."""
    currency: str
    is_total: bool
    closed_with: Decimal
    opened_with: Decimal

    def __str__(self) -> str:
        total = ", all currencies" if self.is_total else ""
        return (
            f"{self.month:%Y-%m} opens with {self.figure} of {self.currency} {self.opened_with:,.2f}{total}; "
            f"{before(self.month):%Y-%m} is closed on {self.closed_with:,.2f}"
        )


def gaps(url: str, company_id: str, month: date) -> list[Gap]:
    """Where a closed month does not follow the closed month before, or the next closed month does not follow it.

    A booking that comes late into a closed month leads to one, and so does a correction: the month after was opened
    with what was known then.
    """
    names = ", ".join(column.name for column in fields(Gap))
    with connect(url, "desk") as connection, connection.cursor(row_factory=class_row(Gap)) as cursor:
        return cursor.execute(
            f"SELECT {names} FROM collections.closed_month_chain WHERE company_id = %s AND month IN (%s, %s)"
            " AND difference <> 0 ORDER BY month, figure DESC, is_total, currency",
            [company_id, month, closing_date(month)],
        ).fetchall()


def before(month: date) -> date:
    """First day of the month before."""
    return first_day(month) - relativedelta(months=1)


def first_day(month: date) -> date:
    """First day of the month of a day."""
    return month.replace(day=1)


def closing_date(month: date) -> date:
    """The business date whose close of books ends the month."""
    return first_day(month) + relativedelta(months=1)


def _versions(connection: psycopg.Connection[Any], company_id: str, month: date) -> list[Lock]:
    names = ", ".join(column.name for column in fields(Lock))
    with connection.cursor(row_factory=class_row(Lock)) as cursor:
        return cursor.execute(
            f"SELECT {names} FROM store.month_lock WHERE company_id = %s AND month = %s ORDER BY version",
            [company_id, month],
        ).fetchall()


def _closing_run(connection: psycopg.Connection[Any], lake: Path, month: date, by: str) -> Run:
    """The run that readers see for the month's close, after a look at who asks."""
    if month != first_day(month):
        raise FinanceError(f"{month} is not the first day of a month.", "Name a month by its first day.")
    day = closing_date(month)
    run = last_run(connection, day)
    if run is None or run.status != "published":
        raise FinanceError(
            f"No night of {day} is published, so {month:%Y-%m} has no figures to close on.",
            f"Run the night of {day}: its close of books is the month's last day.",
        )
    if run.gate != "open":
        raise FinanceError(
            f"The gate of the night of {day} is {run.gate}, so its figures are not fit to close {month:%Y-%m} on.",
            "The data owner's page of that night says why. Mend the ledger and run the night again.",
        )
    if by != BY_ITSELF:
        decider(open_ledger(lake, run.run_id, run.snapshot_id), by)
    return run


def _insert(
    connection: psycopg.Connection[Any], company_id: str, month: date, version: int, run: Run, by: str, reason: str
) -> Lock:
    digest = figures_hash(connection, company_id, run)
    connection.execute(
        "INSERT INTO store.month_lock (company_id, month, version, business_date, run_id, content_hash, locked_by,"
        " locked_at, reason) VALUES (%s, %s, %s, %s, %s, %s, %s, now(), %s)",
        [company_id, month, version, run.business_date, run.run_id, digest, by, reason],
    )
    log.info("%s of %s: version %d, run %s, by %s", f"{month:%Y-%m}", company_id, version, run.run_id, by)
    return _versions(connection, company_id, month)[-1]


def figures_hash(
    connection: psycopg.Connection[Any], company_id: str, run: Run, tables: Collection[str] = FIGURES
) -> str:
    """SHA-256 over the company's rows in every table of figures, whatever run they came from.

    Raises FinanceError when the company has none: a month without figures is not closed.
    """
    digest, rows = hashlib.sha256(), 0
    for table in tables:
        query = sql.SQL(
            "SELECT (to_jsonb(t) - 'run_id')::text FROM collections.{} AS t"
            " WHERE t.business_date = %s AND t.run_id = %s AND t.company_id = %s ORDER BY 1"
        ).format(sql.Identifier(table))
        digest.update(f"{table}\n".encode())
        for (row,) in connection.execute(query, [run.business_date, run.run_id, company_id]):
            digest.update(f"{row}\n".encode())
            rows += 1
    if not rows:
        raise FinanceError(
            f"Run {run.run_id} has no figures of company {company_id}.",
            "Check the company's id, and that its ledger loads.",
        )
    return digest.hexdigest()
