"""The best day to ask on: always a workday, never too early, and the one that a walk through the calendar finds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from huikuan.engine import duck
from huikuan.engine.graph import load_models
from huikuan.policy import Policy, load_policy
from huikuan.policy.calendar import Calendars
from huikuan.settings import DEFAULT_POLICY
from huikuan.warehouse.tables import RESULTS
from tests.models.ledgers import complete, fetch, write
from tests.models.test_properties import SLOW

POLICY = load_policy(DEFAULT_POLICY)
MODELS = [model for model in load_models() if model.name in ("habit_day", "best_day", "best_contact")]
CALENDARS = {"C1": "CN", "C2": "GB", "C3": "US", "C4": "Mars"}
WINDOW = 100
Row = dict[str, Any]


@contextmanager
def decided(ledger: dict[str, list[Row]], day: date, policy: Policy = POLICY) -> Iterator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory() as folder:
        files = write(complete(ledger, day), Path(folder))
        with duck.session(duck.Inputs(business_date=day, policy=policy, ledger=files), RESULTS) as connection:
            duck.run_models(connection, day, MODELS)
            yield connection


# --- a plain walk through the calendar -------------------------------------------------------------------------------


class Walk:
    """What the models should find, day by day and account by account, with no SQL."""

    def __init__(self, calendar: str) -> None:
        self.calendar = calendar

    def works(self, day: date) -> bool:
        return POLICY.calendars.is_workday(self.calendar, day)

    def moved(self, day: date, step: int, workdays: int = 0) -> date:
        """The nearest workday in the direction of ``step``, then as many workdays on in the same direction."""
        while not self.works(day):
            day += timedelta(step)
        for _ in range(workdays):
            day += timedelta(step)
            while not self.works(day):
                day += timedelta(step)
        return day

    def settles(self, habit: str, value: int, day: date) -> Iterator[tuple[date, date, date]]:
        """Day, first and last day to ask, month by month around a day."""
        rule = POLICY.best_day
        lead = {
            "fixed_payment_day": rule.before_fixed_payment,
            "book_closing": rule.before_book_closing,
            "transfer_day": rule.before_last_transfer,
        }[habit]
        for months in range(-1, 4):
            nominal = day.replace(day=1) + relativedelta(months=months, day=31 if habit == "transfer_day" else value)
            forward = habit == "fixed_payment_day" and rule.free_payment_day == "next"
            on = self.moved(nominal, 1 if forward else -1)
            on = self.moved(on, -1, value) if habit == "transfer_day" else on
            yield on, self.moved(on, -1, lead.first), self.moved(on, -1, lead.last)

    def next_for(self, habit: str, value: int, day: date) -> tuple[date, date]:
        """The next day of a habit for which asking on ``day`` or later helps, and the first day to ask."""
        return next((on, first) for on, first, last in self.settles(habit, value, day) if last >= day)

    def best(self, account: Row, day: date) -> Row:
        held_until = account["do_not_contact_until"] or day
        if held_until > day + timedelta(WINDOW):
            return {"act_on": None, "reason_id": "best_day.do_not_contact", "pay_on": None}
        base = self.moved(max(day, held_until), 1)
        habits = _habits(account)
        found = []
        for place, (habit, value) in enumerate(habits.items()):
            if habit == "transfer_day" and "fixed_payment_day" in habits:
                continue
            _, first = self.next_for(habit, value, base)
            act_on = max(base, first)
            if (act_on - base).days <= (0 if habit == "transfer_day" else POLICY.best_day.wait_at_most_days):
                found.append((act_on, place, habit))
        plain = "do_not_contact" if held_until > day else "workday"
        act_on, _, reason = min(found, default=(base, 0, plain))
        leaves = act_on
        if "fixed_payment_day" in habits:
            leaves, _ = self.next_for("fixed_payment_day", habits["fixed_payment_day"], act_on)
        takes = habits.get("transfer_day", POLICY.best_day.default_transfer_workdays)
        visit_on = self.visit(habits.get("book_closing"), act_on)
        pay_on = self.moved(leaves, 1, takes)
        return {"act_on": act_on, "reason_id": f"best_day.{reason}", "visit_on": visit_on, "pay_on": pay_on}

    def visit(self, closing_day: int | None, day: date) -> date:
        """The day itself, or the first workday after the quiet days around the closing of books that it falls into."""
        quiet = POLICY.best_day.visits_avoid_closing_workdays
        if closing_day is None or quiet is None:
            return day
        closings = [on for on, _, _ in self.settles("book_closing", closing_day, day)]
        around = [on for on in closings if self.moved(on, -1, quiet) <= day <= self.moved(on, 1, quiet)]
        return self.moved(max(around), 1, quiet + 1) if around else day


def _habits(account: Row) -> dict[str, int]:
    """Habits with a value that they can have, in the policy's order."""
    given = {
        "fixed_payment_day": (account["fixed_payment_day"], range(1, 32)),
        "book_closing": (account["book_closing_day"], range(1, 32)),
        "transfer_day": (account["bank_transfer_days"], range(POLICY.best_day.max_transfer_workdays + 1)),
    }
    return {habit: value for habit, (value, possible) in given.items() if value in possible}


@st.composite
def books(draw: st.DrawFn) -> tuple[date, list[Row]]:
    day = draw(st.dates(date(2024, 6, 1), date(2027, 6, 30)))
    near = st.integers(-2, 8).map(lambda days: (day + timedelta(days)).day)  # where it matters
    dom = near | near | st.none() | st.integers(1, 31) | st.sampled_from([0, 31, 32, -1])
    later = st.none() | st.integers(-10, 40).map(lambda days: day + timedelta(days)) | st.just(date(9999, 12, 31))
    account = st.fixed_dictionaries(
        {
            "company_id": st.sampled_from(sorted(CALENDARS)),
            "book_closing_day": dom,
            "fixed_payment_day": dom,
            "bank_transfer_days": st.none() | st.integers(0, 5) | st.sampled_from([-1, 6, 99]),
            "do_not_contact_until": later,
        }
    )
    return day, draw(st.lists(account, min_size=1, max_size=25))


@SLOW
@given(books())
def test_the_models_find_what_a_walk_through_the_calendar_finds(book: tuple[date, list[Row]]) -> None:
    day, accounts = book
    ledger = {
        "company": [{"company_id": company, "calendar": calendar} for company, calendar in CALENDARS.items()],
        "account": [{"account_id": f"A{number}", **account} for number, account in enumerate(accounts)],
    }
    with decided(ledger, day) as connection:
        rows = {row["account_id"]: row for row in fetch(connection, "SELECT * FROM best_day")}
        count = len(fetch(connection, "SELECT account_id FROM best_day"))
    assert count == len(rows) == len(accounts), "one row per account"
    for number, account in enumerate(accounts):
        row, walk = rows[f"A{number}"], Walk(CALENDARS[account["company_id"]])
        expected = walk.best(account, day)
        assert {key: row[key] for key in expected} == expected
        if row["act_on"] is None:
            assert row["visit_on"] is None
            continue
        assert day <= row["act_on"] <= row["visit_on"]
        assert row["act_on"] >= (account["do_not_contact_until"] or day)
        assert row["act_on"] <= row["leaves_on"] <= row["pay_on"]
        assert all(walk.works(row[name]) for name in ("act_on", "visit_on", "leaves_on", "pay_on"))


# --- what the policy decides -----------------------------------------------------------------------------------------


def _with(**changes: Any) -> Policy:
    return POLICY.model_copy(update={name: POLICY.best_day.model_copy(update=c) for name, c in changes.items()})


def _one(account: Row, day: date, policy: Policy) -> Row:
    with decided({"account": [{"account_id": "A1", **account}]}, day, policy) as connection:
        [row] = fetch(connection, "SELECT * FROM best_day")
    return row


def test_a_closure_of_the_house_is_not_a_day_to_ask_on() -> None:
    leave = {"from": date(2026, 8, 3), "to": date(2026, 8, 7), "name": {"en": "Summer leave", "zh": "高温假"}}
    own = Calendars.model_validate({"warn_days_ahead": 31, "own": {"CN": {"closures": [leave]}}})
    policy = POLICY.model_copy(update={"calendars": own})
    assert _one({}, date(2026, 8, 3), POLICY)["act_on"] == date(2026, 8, 3)
    assert _one({}, date(2026, 8, 3), policy)["act_on"] == date(2026, 8, 10)


def test_two_closings_on_one_day_leave_one_row() -> None:
    """A closure of two months lets the closings of both settle on the day before it."""
    leave = {"from": date(2026, 7, 20), "to": date(2026, 9, 16), "name": {"en": "Rebuilding", "zh": "停产改造"}}
    own = Calendars.model_validate({"warn_days_ahead": 31, "own": {"CN": {"closures": [leave]}}})
    row = _one({"book_closing_day": 20}, date(2026, 7, 16), POLICY.model_copy(update={"calendars": own}))
    assert (row["act_on"], row["for_on"], row["visit_on"]) == (date(2026, 7, 16), date(2026, 7, 17), date(2026, 9, 18))


def test_a_free_payment_day_may_be_paid_before() -> None:
    policy = _with(best_day={"free_payment_day": "previous"})
    row = _one({"fixed_payment_day": 5}, date(2026, 9, 28), policy)
    assert (row["act_on"], row["leaves_on"]) == (date(2026, 9, 28), date(2026, 9, 30))


def test_how_long_a_better_day_is_waited_for() -> None:
    account: Row = {"book_closing_day": 25}
    assert _one(account, date(2026, 7, 10), POLICY)["reason_id"] == "best_day.workday"
    patient = _one(account, date(2026, 7, 10), _with(best_day={"wait_at_most_days": 31}))
    assert (patient["act_on"], patient["reason_id"]) == (date(2026, 7, 21), "best_day.book_closing")


def test_visits_may_go_on_any_day() -> None:
    policy = _with(best_day={"visits_avoid_closing_workdays": None})
    assert _one({"book_closing_day": 24}, date(2026, 7, 24), policy)["visit_on"] == date(2026, 7, 24)


def test_whom_to_speak_to_follows_the_policy_and_no_chance() -> None:
    contacts: Sequence[Row] = [
        {"contact_id": f"K{n}", "role": role} for n, role in enumerate(("other", "acceptor") * 3)
    ]
    chosen = set()
    for rows in (contacts, contacts[::-1]):
        with decided({"contact": list(rows)}, date(2026, 7, 1)) as connection:
            chosen.add(str(fetch(connection, "SELECT * FROM best_contact ORDER BY purpose")))
    assert len(chosen) == 1
    assert "'purpose': 'payment', 'contact_id': 'K0'" in chosen.pop()
