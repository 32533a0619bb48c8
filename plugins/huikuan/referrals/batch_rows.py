"""Batches as the warehouse keeps them, and the lock under which they are written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row

from huikuan.errors import ReferralError, SnapshotError
from huikuan.referrals.people import Account, AccountKey, accounts, open_ledger
from huikuan.warehouse.connect import connect

_WAIT = "30s"
_UNSTORED = ("threshold", "inputs")


@dataclass(frozen=True)
class Run:
    """The last word on a business date."""

    run_id: str
    business_date: date
    snapshot_id: str
    policy_version: str
    policy_hash: str
    gate: str
    is_backfill: bool
    status: str


@dataclass(frozen=True)
class Item:
    """One line that is put before an approver. ``threshold`` and ``inputs`` say which rule asked for it and why."""

    position: int
    company_id: str
    account_id: str
    flag: str
    reason: str
    proposed_by: str
    proposed_since: date
    stage: str
    risk_grade: str
    overdue_functional: Decimal | None
    currency: str | None
    days_past_due: int | None
    evidence: str | None
    evidence_on: date | None
    threshold: str | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """(company_id, account_id, flag): what a decision is about."""
        return self.company_id, self.account_id, self.flag


@dataclass(frozen=True)
class Batch:
    """A question to one person, as it was opened."""

    batch_id: str
    business_date: date
    run_id: str
    approver_id: str
    content_hash: str
    item_count: int
    opened_at: datetime


STORED = [column.name for column in fields(Item) if column.name not in _UNSTORED]
"""Columns of ``store.referral_item`` beside the batch's id."""


def last_run(connection: psycopg.Connection[Any], business_date: date | None = None) -> Run | None:
    """The last word on a date; without a date, the newest night that is published."""
    names = ", ".join(column.name for column in fields(Run))
    where = "business_date = %s" if business_date else "status = 'published'"
    with connection.cursor(row_factory=class_row(Run)) as cursor:
        return cursor.execute(
            f"SELECT {names} FROM collections.last_run WHERE {where} ORDER BY business_date DESC LIMIT 1",
            [business_date] if business_date else [],
        ).fetchone()


def newer_nights(connection: psycopg.Connection[Any], business_date: date, companies: Collection[str]) -> list[str]:
    """Those of the companies that a newer published night has judged."""
    rows = connection.execute(
        "SELECT c FROM unnest(%s::text[]) AS c WHERE EXISTS ("
        " SELECT FROM collections.account_status AS s WHERE s.business_date > %s AND s.company_id = c) ORDER BY c",
        [sorted(companies), business_date],
    ).fetchall()
    return [row[0] for row in rows]


def read_batch(connection: psycopg.Connection[Any], batch_id: str) -> Batch | None:
    """A batch as it was opened, or None."""
    names = ", ".join(column.name for column in fields(Batch))
    with connection.cursor(row_factory=class_row(Batch)) as cursor:
        return cursor.execute(f"SELECT {names} FROM store.referral_batch WHERE batch_id = %s", [batch_id]).fetchone()


def read_items(connection: psycopg.Connection[Any], batch_id: str) -> list[Item]:
    """The lines of a batch in their order, as they were opened."""
    with connection.cursor(row_factory=class_row(Item)) as cursor:
        return cursor.execute(
            f"SELECT {', '.join(STORED)} FROM store.referral_item WHERE batch_id = %s ORDER BY position", [batch_id]
        ).fetchall()


def of_date(url: str, business_date: date) -> list[tuple[Batch, dict[str, int]]]:
    """Every batch of a date, in the order in which they were opened, with the number of lines per choice."""
    names = ", ".join(f"b.{column.name}" for column in fields(Batch))
    with connect(url, "desk") as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            f"""
            SELECT {names}, coalesce(d.answers, '{{}}') AS answers
            FROM store.referral_batch AS b
            LEFT JOIN (
                SELECT batch_id, jsonb_object_agg(choice, lines) AS answers
                FROM (SELECT batch_id, choice, count(*) AS lines FROM store.referral_decision GROUP BY 1, 2) AS per
                GROUP BY batch_id
            ) AS d USING (batch_id)
            WHERE b.business_date = %s ORDER BY b.opened_at, b.batch_id
            """,
            [business_date],
        ).fetchall()
    return [
        (Batch(**{name: value for name, value in row.items() if name != "answers"}), row["answers"]) for row in rows
    ]


def named_items(url: str, lake: Path, batch_id: str) -> tuple[Batch, list[Item], dict[AccountKey, Account]]:
    """A batch with its lines as they were opened, and the accounts behind them, as far as the lake still has them."""
    with connect(url, "desk") as connection:
        batch = needed(connection, batch_id)
        items = read_items(connection, batch_id)
        run = last_run(connection, batch.business_date)
    if run is None:
        return batch, items, {}
    try:
        ledger = open_ledger(lake, run.run_id, run.snapshot_id)
    except SnapshotError:
        return batch, items, {}
    return batch, items, accounts(ledger, {item.account_id for item in items})


def needed(connection: psycopg.Connection[Any], batch_id: str) -> Batch:
    """The batch of this id. Raises ReferralError when there is none."""
    batch = read_batch(connection, batch_id)
    if batch is None:
        raise ReferralError(
            f"There is no batch {batch_id!r}.", "`python -m huikuan referrals list --date D` shows those of a date."
        )
    return batch


def unanswered(
    url: str, batch_ids: Collection[str], *, older_than: timedelta = timedelta(0), younger_than: timedelta | None = None
) -> list[str]:
    """Those of the batches that nobody has answered, opened at least and less than so long ago by the database."""
    with connect(url, "desk") as connection:
        rows = connection.execute(
            """
            SELECT b.batch_id FROM store.referral_batch AS b
            WHERE b.batch_id = ANY(%s) AND b.opened_at <= now() - %s::interval
                AND (%s::interval IS NULL OR b.opened_at > now() - %s::interval)
                AND NOT EXISTS (SELECT FROM store.referral_decision AS d WHERE d.batch_id = b.batch_id)
            ORDER BY b.batch_id
            """,
            [list(batch_ids), older_than, younger_than, younger_than],
        ).fetchall()
    return [row[0] for row in rows]


@contextmanager
def alone(url: str, what: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the desk, while no other process does the same thing.

    The lock is taken before the transaction begins: one that began earlier would not see what the other has written.
    Raises ReferralError when the other does not end.
    """
    with connect(url, "desk") as connection:
        try:
            connection.execute("SELECT set_config('lock_timeout', %s, false)", [_WAIT])
            connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"huikuan referral {what}"])
        except psycopg.errors.LockNotAvailable:
            raise ReferralError(
                f"Another process has been at work on this for {_WAIT} ({what}).", "Wait until it ends, then try again."
            ) from None
        connection.commit()
        try:
            yield connection
        finally:
            # A connection that merely closes gives the lock back only when the server notices; one that broke has.
            with suppress(psycopg.OperationalError):
                connection.rollback()
                connection.execute("SELECT pg_advisory_unlock_all()")
                connection.commit()
