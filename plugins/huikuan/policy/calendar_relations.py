"""Calendars and habits of paying as relations: what the best day of an account is found with, by equality joins."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from huikuan import calendars
from huikuan.policy.calendar import BestDay, Calendars

DAYS_BEFORE, DAYS_AFTER = 40, 100
"""Window around the business date: a month and its lead time back; two payment days and a long holiday ahead."""

CALENDAR_DAY = {
    "calendar": "VARCHAR",
    "on_date": "DATE",
    "is_workday": "BOOLEAN",
    "workday_no": "INTEGER",
    "next_workday": "DATE",
    "previous_workday": "DATE",
}
HABIT_VALUE = {
    "habit": "VARCHAR",
    "value": "INTEGER",
    "place": "INTEGER",
    "day_of_month": "INTEGER",
    "moves_to": "VARCHAR",
    "workdays_earlier": "INTEGER",
    "from_workdays": "INTEGER",
    "to_workdays": "INTEGER",
    "wait_days": "INTEGER",
}
SPEAK_TO = {"purpose": "VARCHAR", "place": "INTEGER", "role": "VARCHAR"}
BEST_DAY = {"default_transfer_workdays": "INTEGER", "closing_quiet_workdays": "INTEGER"}


def calendar_days(own: Calendars, business_date: date, names: Collection[str]) -> list[tuple[Any, ...]]:
    """A row per calendar and day of the window. ``workday_no`` counts workdays, so that days can be counted in them.

    ``next_workday`` and ``previous_workday`` are the day itself when it is one. Names that nobody knows are there too.
    """
    first = business_date - timedelta(days=DAYS_BEFORE)
    rows: list[tuple[Any, ...]] = []
    for name in sorted({*own.own, *names}):
        changes, number = own.changes(name), 0
        for day in (first + timedelta(days=place) for place in range(DAYS_BEFORE + DAYS_AFTER + 1)):
            works = calendars.is_workday(name, day, changes)
            number += works
            after, before = calendars.send_day(name, day, changes), calendars.last_workday(name, day, changes)
            rows.append((name, day, works, number, after, before))
    return rows


def habit_values(policy: BestDay) -> list[tuple[Any, ...]]:
    """Every value that a habit of paying can have, and what it means; another value in a ledger means nothing.

    A transfer that takes n workdays is a habit whose day is n workdays before the last one of the month: what leaves
    later arrives next month. It says that today is good, and is never waited for.
    """
    waits = policy.wait_at_most_days
    payment, closing, transfer = policy.before_fixed_payment, policy.before_book_closing, policy.before_last_transfer
    moved = policy.free_payment_day
    rows: list[tuple[Any, ...]] = []
    for day in range(1, 32):
        rows.append(("fixed_payment_day", day, 1, day, moved, 0, payment.first, payment.last, waits))
        rows.append(("book_closing", day, 2, day, "previous", 0, closing.first, closing.last, waits))
    rows += [
        ("transfer_day", days, 3, 31, "previous", days, transfer.first, transfer.last, 0)
        for days in range(policy.max_transfer_workdays + 1)
    ]
    return rows


def speak_to(policy: BestDay) -> list[tuple[Any, ...]]:
    """Roles by purpose, the first choice first."""
    return [
        (purpose, place, role)
        for purpose, roles in sorted(policy.speak_to.items())
        for place, role in enumerate(roles, start=1)
    ]


def best_day(policy: BestDay) -> list[tuple[Any, ...]]:
    """The one row of what is the same for all."""
    return [(policy.default_transfer_workdays, policy.visits_avoid_closing_workdays)]
