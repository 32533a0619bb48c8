"""Offers stay within the policy's limits, and their parts add up to the cent, the yen and the fils."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huikuan.currencies import minor_units
from huikuan.errors import PlaybookError
from huikuan.playbook import ask_anchor, early_discount, payment_plan, terms_text
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY

PLAYBOOKS = load_policy(DEFAULT_POLICY).playbooks
DAY = date(2026, 7, 3)
CURRENCIES = st.sampled_from(["JPY", "CNY", "KWD"])
GRADES = st.sampled_from(["A", "B", "C", "D", "E", None])


def _money(units: int, currency: str) -> Decimal:
    return Decimal(units).scaleb(-minor_units(currency))


@given(st.integers(1, 10**12), CURRENCIES, GRADES, st.one_of(st.none(), st.integers(1, 12)))
def test_plans_add_up_and_keep_to_the_limits(units: int, currency: str, grade: str | None, wanted: int | None) -> None:
    total, limits = _money(units, currency), PLAYBOOKS.plan
    plan = payment_plan(total, currency, DAY, grade, limits, wanted)
    if not plan:
        assert wanted == 1 or units < 3
        return
    amounts = [part.amount for part in plan]
    assert sum(amounts) == total
    assert all(amount > 0 and -amount.as_tuple().exponent <= minor_units(currency) for amount in amounts)  # type: ignore[operator]
    assert 2 <= len(plan) <= min(limits.max_instalments, wanted or limits.max_instalments)
    assert amounts[0] * 100 >= total * limits.min_first_pct[grade or "E"]  # type: ignore[index]
    assert len(set(amounts[1:-1])) <= 1
    assert amounts[-1] - (amounts[1:-1] or amounts[-1:])[0] < len(plan) * _money(1, currency)
    assert plan[0].due_on == DAY
    assert plan[-1].due_on - DAY <= timedelta(days=limits.max_days)


def test_a_plan_that_does_not_divide_is_said_in_round_figures_and_the_last_takes_the_rest() -> None:
    plan = payment_plan(Decimal("100.00"), "CNY", DAY, "C", PLAYBOOKS.plan, 4)
    assert [part.amount for part in plan] == [Decimal(amount) for amount in ("30", "24", "24", "22.00")]
    assert [part.due_on for part in plan] == [date(2026, 7, 3), date(2026, 8, 2), date(2026, 9, 1), date(2026, 10, 1)]


@pytest.mark.parametrize(
    ("total", "amounts"),
    [
        ("31731.17", ["16000", "3200", "3200", "3200", "3200", "2931.17"]),
        ("19826.98", ["10000", "2000", "2000", "2000", "2000", "1826.98"]),
        ("1000000", ["500000", "100000", "100000", "100000", "100000", "100000"]),
        ("0.07", ["0.04", "0.01", "0.01", "0.01"]),
    ],
)
def test_payments_of_a_plan_can_be_said_on_the_phone(total: str, amounts: list[str]) -> None:
    plan = payment_plan(Decimal(total), "CNY", DAY, "E", PLAYBOOKS.plan, 6)
    assert [part.amount for part in plan] == [Decimal(amount) for amount in amounts]


def test_a_day_on_which_banks_are_closed_is_moved() -> None:
    plan = payment_plan(
        Decimal(100), "CNY", DAY, "A", PLAYBOOKS.plan, 2, lambda day: day + timedelta(days=day.weekday() // 6)
    )
    assert [part.due_on for part in plan] == [date(2026, 7, 3), date(2026, 8, 3)]


def test_the_worst_grade_pays_most_at_first() -> None:
    first = [payment_plan(Decimal(1000), "CNY", DAY, grade, PLAYBOOKS.plan)[0].amount for grade in "ABCDE"]
    assert first == sorted(first)
    assert payment_plan(Decimal(1000), "CNY", DAY, None, PLAYBOOKS.plan)[0].amount == first[-1]


@pytest.mark.parametrize("total", [Decimal(0), Decimal(-5), Decimal("10.005")])
def test_no_plan_for_what_is_not_an_amount(total: Decimal) -> None:
    with pytest.raises(PlaybookError, match="whole minor units"):
        payment_plan(total, "CNY", DAY, "A", PLAYBOOKS.plan)


@given(st.integers(0, 10**12), st.integers(0, 10**12), CURRENCIES)
def test_the_ask_is_never_above_what_is_owed(expected: int, owed: int, currency: str) -> None:
    anchor = ask_anchor(_money(expected, currency), _money(owed, currency), currency, PLAYBOOKS.ask_anchor)
    assert anchor.expected <= anchor.settle_at <= anchor.open_at <= _money(owed, currency)


def test_expect_ten_ask_twenty_settle_fifteen() -> None:
    anchor = ask_anchor(Decimal(100000), Decimal(500000), "CNY", PLAYBOOKS.ask_anchor)
    assert (anchor.open_at, anchor.settle_at, anchor.expected) == (200000, 150000, 100000)
    odd = ask_anchor(Decimal("64225.00"), Decimal(500000), "CNY", PLAYBOOKS.ask_anchor)
    assert (odd.open_at, odd.settle_at, odd.expected) == (130000, 96000, Decimal("64225.00"))


def test_discounts_are_for_early_money_and_good_credit() -> None:
    limits, due_on = PLAYBOOKS.discount, date(2026, 7, 20)
    given_on = early_discount(Decimal("60000"), "CNY", due_on, date(2026, 7, 10), "A", limits)
    assert given_on is not None
    assert (given_on.pct, given_on.pay_amount) == (2, Decimal("58800.00"))
    assert early_discount(Decimal("60000"), "CNY", due_on, date(2026, 7, 11), "A", limits) is None
    assert early_discount(Decimal("60000"), "CNY", date(2026, 6, 20), date(2026, 7, 1), "A", limits) is None
    assert early_discount(Decimal("60000"), "CNY", due_on, date(2026, 7, 1), "D", limits) is None
    assert early_discount(Decimal("60000"), "CNY", due_on, date(2026, 7, 1), None, limits) is None


@given(st.integers(1, 10**12), CURRENCIES, st.sampled_from("ABC"))
def test_no_discount_is_above_the_limit(units: int, currency: str, grade: str) -> None:
    amount = _money(units, currency)
    given_on = early_discount(amount, currency, date(2026, 9, 1), DAY, grade, PLAYBOOKS.discount)
    assert given_on is not None
    assert amount - given_on.pay_amount <= amount * PLAYBOOKS.discount.max_pct / 100 + _money(1, currency)


def test_terms_in_words() -> None:
    assert terms_text("monthly", "B", Decimal(86000), "CNY", "zh_CN") == (
        "建议月结：当月供货，次月固定一天付清。信用等级B，月交易约86,000元，把付款日写在送货单上。"
    )
    assert "About £11,000 a month." in terms_text("monthly", "B", Decimal("11395.93"), "GBP", "en")
    assert terms_text("deposit_on_delivery", None, None, None, "en") == (
        "Advice: deposit with the order, balance on delivery. "
        "A few orders paid on the day, then talk about monthly terms."
    )
