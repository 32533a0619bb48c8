"""Rows about what changed and how the month stands: published by the night, read by the morning's mails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class Change:
    """One row of collections.account_change: what is different since the night before (昨日变化)."""

    company_id: str
    account_id: str
    change: str
    subject_id: str
    currency: str
    """Empty where there is no amount."""
    amount: Decimal | None
    rep_id: str | None
    """Who works on the account today."""
    manager_id: str | None


@dataclass(frozen=True, slots=True)
class End:
    """One row of collections.task_end: a task that left the lists (任务完结)."""

    task_id: str
    rep_id: str | None
    company_id: str
    account_id: str
    kind: str
    outcome: str
    reason: str
    amount: Decimal | None
    currency: str | None


@dataclass(frozen=True)
class Goal:
    """The month of the accounts in one person's charge, in one currency (回款目标): sums of collections.target_gap."""

    rep_id: str | None
    month: date
    currency: str
    target: Decimal
    committed: Decimal
    received: Decimal
    gap: Decimal


@dataclass(frozen=True)
class Handover:
    """One row of collections.handover: an account that somebody else works on today (代班与交接)."""

    company_id: str
    account_id: str
    rep_id: str | None
    works_rep_id: str | None
    cause: str
    until_on: date | None


@dataclass(frozen=True)
class Recovery:
    """Money that ended a task within the last week, or a promise that was kept (回款成果)."""

    company_id: str
    account_id: str
    rep_id: str
    kind: str | None
    """The task that came before it; None where only the promise is known."""
    currency: str
    amount: Decimal
    days_past_due: int | None
    """When the task was first listed."""
    on_date: date
    """Business date on which it was first seen."""
    is_promise_kept: bool


def read_goals(
    connection: psycopg.Connection[Any], business_date: date, run_id: str, whose: str, values: Mapping[str, Any]
) -> list[Goal]:
    """Targets of the month per person in charge and currency; summed in the database, one currency at a time.

    ``whose`` is a condition on a row ``x`` with a rep_id, and ``values`` what it needs.
    """
    with connection.cursor(row_factory=class_row(Goal)) as cursor:
        return cursor.execute(
            f"""
            SELECT
                x.rep_id, g.month, g.currency, sum(g.target) AS target, sum(g.committed) AS committed,
                sum(g.received) AS received, sum(g.gap) AS gap
            FROM collections.target_gap AS g
            INNER JOIN collections.account_status AS x USING (business_date, run_id, company_id, account_id)
            WHERE g.business_date = %(business_date)s AND g.run_id = %(run_id)s AND {whose}
            GROUP BY x.rep_id, g.month, g.currency ORDER BY x.rep_id, g.month, g.currency
            """,
            {"business_date": business_date, "run_id": run_id, **values},
        ).fetchall()


def read_recoveries(connection: psycopg.Connection[Any], business_date: date) -> list[Recovery]:
    """Money of the seven days up to the business date: tasks that a payment ended, and promises that were kept."""
    since = business_date - timedelta(days=7)
    with connection.cursor(row_factory=class_row(Recovery)) as cursor:
        return cursor.execute(
            """
            SELECT
                e.company_id, e.account_id, e.rep_id, e.kind, e.currency, e.amount,
                b.max_days_past_due AS days_past_due, e.business_date AS on_date, false AS is_promise_kept
            FROM collections.task_end AS e
            LEFT JOIN collections.account_balance AS b
                ON b.business_date = e.first_listed_on AND b.company_id = e.company_id
                AND b.account_id = e.account_id AND b.currency = e.currency
            WHERE e.business_date > %(since)s AND e.business_date <= %(day)s
                AND e.reason = 'paid' AND e.rep_id IS NOT NULL AND e.amount > 0
            UNION ALL
            SELECT
                c.company_id, c.account_id, c.rep_id, NULL, c.currency, c.amount, NULL, c.business_date, true
            FROM collections.account_change AS c
            WHERE c.business_date > %(since)s AND c.business_date <= %(day)s
                AND c.change = 'kept' AND c.rep_id IS NOT NULL AND c.amount > 0
            ORDER BY company_id, account_id, on_date, is_promise_kept, currency, amount
            """,
            {"since": since, "day": business_date},
        ).fetchall()
