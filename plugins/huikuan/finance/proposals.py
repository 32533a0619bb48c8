"""Proposed targets of the month to come (下月回款目标建议), from what one published night knows.

A proposal is what the cash forecast expects of what the account owes at the close of books, within the month after it:

- of each open promise whose day falls into the month (one whose day is over counts as the business date's): the amount
  still to come × the customer's record of keeping promises, as model ``promise_expected`` weighs it;
- of the rest of each open instalment (model ``unpromised_item``): amount × Σ over the weeks after the close of the
  share that comes in during that week, by the band of days since the customer usually would have paid
  (``payment_curve``), × days of the week within the month ÷ 7. Where the company has no history for the band, the whole
  amount, if the day on which the customer usually pays falls into the month (a day that is over counts as the next).

What invoices not yet issued will bring is in the forecast of the company, and in nobody's target. The formula is
``include/sql/proposals/target.sql``; bands and weeks are the policy's (``finance.forecast``).

The files have the columns of the ledger's ``target`` feed, so that the company can load them once finance has looked
at them. Nothing here loads them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from urllib.parse import quote

import duckdb
from dateutil.relativedelta import relativedelta

from huikuan.columns import duckdb_type
from huikuan.engine import duck
from huikuan.engine.graph import Model, needed_for
from huikuan.errors import FinanceError
from huikuan.ledger.contract import INPUTS
from huikuan.ledger.duck import text
from huikuan.letters.facts import open_night
from huikuan.night import lake as lakes
from huikuan.night.steps import prepare
from huikuan.settings import INCLUDE, Settings
from huikuan.warehouse.publish import current_run
from huikuan.warehouse.tables import RESULTS

QUERY = INCLUDE / "sql" / "proposals" / "target.sql"
NEEDED = ("promise_expected", "promise_status", "unpromised_item", "payment_curve")
"""Models that the query reads."""
_FEED = INPUTS["target"]


@dataclass(frozen=True)
class Target:
    """A row of the ``target`` feed, and the rep whose account it is (empty: nobody).

    ``amount`` is in ``currency``, in whole minor units of it.
    """

    company_id: str
    month: date
    account_id: str
    currency: str
    amount: Decimal
    is_agreed: bool
    rep_id: str


def propose_targets(settings: Settings, business_date: date) -> list[Path]:
    """Write the proposals of a published night, a CSV and a Parquet file per company; returns the files.

    They lie in ``<lake>/proposals/targets/<month>/<company>.csv`` and ``.parquet`` (a company's id quoted as in a URL,
    so that none leads out of the folder), and replace those of an earlier night of the same month. The same night gives
    the same bytes.

    Raises FinanceError when the night of this date is not published, SnapshotError when its files are damaged.
    """
    return write(settings.lake, month_of(business_date), proposed(settings, business_date))


def proposed(settings: Settings, business_date: date) -> list[Target]:
    """The proposals by company, rep, account and currency; errors as in ``propose_targets``."""
    run = current_run(prepare(settings), business_date)
    if run is None:
        raise FinanceError(
            f"No night of {business_date} is published, so there is nothing to propose targets from.",
            f"Run the night of {business_date} first.",
        )
    night = open_night(settings.lake, run.run_id)
    inputs = duck.Inputs(
        business_date=business_date,
        policy=lakes.read_policy(settings.lake, run.run_id, run.policy_hash),
        ledger=night.ledger,
        quarantine=night.quarantine,
    )
    with duck.session(inputs, RESULTS) as connection:
        duck.run_models(connection, business_date, needed_for(NEEDED))
        return targets_of(connection, business_date)


def targets_of(connection: duckdb.DuckDBPyConnection, business_date: date) -> list[Target]:
    """The proposals of a session in which the models of ``NEEDED`` have run."""
    sql = QUERY.read_text(encoding="utf-8")
    query = Model(QUERY.stem, "proposals", QUERY, sql, "view", frozenset(), frozenset())
    return [Target(*row) for row in connection.execute(query.text(business_date)).fetchall()]


def by_rep(targets: Sequence[Target]) -> dict[tuple[str, str, str], list[Decimal]]:
    """Amounts of the accounts of each company, rep and currency."""
    found: dict[tuple[str, str, str], list[Decimal]] = {}
    for row in targets:
        found.setdefault((row.company_id, row.rep_id, row.currency), []).append(row.amount)
    return found


def month_of(business_date: date) -> date:
    """First day of the month that a night's proposals are for: the one after the month of its close of books."""
    return (business_date - timedelta(days=1)).replace(day=1) + relativedelta(months=1)


def write(lake: Path, month: date, targets: Sequence[Target]) -> list[Path]:
    """Write a month's proposals, sorted by company, as files of the feed, in place of all that were there before.

    Each file is whole, or not there.
    """
    folder = lake / "proposals" / "targets" / f"{month:%Y-%m}"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for company_id, group in groupby(targets, key=attrgetter("company_id")):
        rows = [[getattr(row, column.name) for column in _FEED.columns] for row in group]
        with duckdb.connect() as connection:
            columns = ", ".join(f"{column.name} {duckdb_type(column)}" for column in _FEED.columns)
            connection.execute(f"CREATE TABLE target ({columns})")
            connection.executemany(f"INSERT INTO target VALUES ({', '.join('?' * len(_FEED.columns))})", rows)
            for suffix, options in (("csv", "FORMAT csv, HEADER"), ("parquet", "FORMAT parquet, COMPRESSION zstd")):
                written.append(_copy(connection, folder / f"{quote(company_id, safe=' ')}.{suffix}", options))
    for stale in set(folder.iterdir()) - set(written):
        stale.unlink()
    return written


def _copy(connection: duckdb.DuckDBPyConnection, path: Path, options: str) -> Path:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    connection.execute(f"COPY target TO {text(str(fresh))} ({options})")
    fresh.replace(path)
    return path
