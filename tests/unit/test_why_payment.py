"""Payments worth trying: in order of the most overdue, in whole minor units, and just enough."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from huikuan.policy import load_policy
from huikuan.referrals.why_payment import (
    Owed,
    Payment,
    applied,
    candidates,
    pay_items,
    pay_more_than,
    pay_until,
    rate_of,
    unit,
    whole,
    with_less,
)
from huikuan.settings import DEFAULT_POLICY


def owed(document: str, collectable: str, days: int, currency: str = "CNY", **more: str) -> Owed:
    amount = Decimal(collectable)
    rate = more.get("rate", "1")
    return Owed(
        document_id=document,
        seq=None,
        number=None,
        currency=currency,
        days_past_due=days,
        net=Decimal(more.get("net", collectable)),
        collectable=amount,
        tolerance=Decimal(more.get("tolerance", "0")),
        rate=Decimal(rate) if rate else None,
        room=Decimal(more.get("room", collectable)),
    )


ITEMS = (owed("old", "100", 95), owed("mid", "50.5", 40), owed("new", "30", 5), owed("later", "20", 0))


def amounts(payment: Payment | None) -> dict[str, Decimal]:
    assert payment is not None
    return dict(payment.amounts)


def test_until_no_item_is_too_old() -> None:
    assert amounts(pay_until(ITEMS, 90)) == {"CNY": Decimal(100)}
    assert amounts(pay_until(ITEMS, 30)) == {"CNY": Decimal("150.50")}
    assert amounts(pay_until(ITEMS, 0)) == {"CNY": Decimal("180.50")}
    assert pay_until(ITEMS, 95) is None


def test_the_last_item_is_paid_down_to_its_tolerance() -> None:
    yen = [owed("a", "5000", 40, "JPY", tolerance="100"), owed("b", "3000", 35, "JPY", tolerance="100")]
    assert amounts(pay_until(yen, 30)) == {"JPY": Decimal(7900)}


def test_what_is_within_tolerance_does_not_count() -> None:
    assert pay_until([owed("a", "80", 40, "JPY", tolerance="100")], 30) is None


def test_more_than_a_value_across_currencies() -> None:
    mixed = [owed("usd", "10", 40, "USD", rate="7.2"), owed("cny", "100", 20)]
    assert amounts(pay_more_than(mixed, Decimal("71.99"))) == {"USD": Decimal(10)}
    assert amounts(pay_more_than(mixed, Decimal("72"))) == {"USD": Decimal(10), "CNY": Decimal("0.01")}
    assert pay_more_than(mixed, Decimal(172)) is None
    assert pay_more_than(mixed, Decimal(-1)) is None


def test_a_part_of_a_minor_unit_is_paid_as_a_whole_one() -> None:
    payment = pay_items([owed("a", "10.1234", 10)], 1)
    assert amounts(payment) == {"CNY": Decimal("10.13")}
    assert pay_items([], 0) is None


def test_one_unit_less_is_taken_from_the_last_item() -> None:
    mixed = [owed("usd", "10", 40, "USD", rate="7"), owed("jpy", "300", 20, "JPY", rate="0.05")]
    payment = pay_items(mixed, 2)
    assert payment is not None
    assert list(with_less([payment])) == [
        {"USD": Decimal(10), "JPY": Decimal(300)},
        {"USD": Decimal(10), "JPY": Decimal(299)},
    ]


def test_a_payment_goes_to_the_oldest_item_of_its_currency_first() -> None:
    found = applied(ITEMS, {"CNY": Decimal("120.5")})
    assert [(item.document_id, part) for item, part in found] == [("old", Decimal(100)), ("mid", Decimal("20.5"))]


def test_candidates_grow_and_meet_every_bound_once() -> None:
    policy = load_policy(DEFAULT_POLICY)
    items = [owed("old", "20000", 95), owed("mid", "15000", 40), owed("new", "30000", 5)]
    found = [each.amounts["CNY"] for each in candidates(policy, items, Decimal(50000), "CNY", [70])]
    assert found == sorted(set(found))
    # stage M3 and the notice's 70 days both ask for the oldest; the limit is met at 15,000, the entry bounds at
    # 65,000 less 10,000, 20,000 and 50,000; everything overdue comes last
    assert {Decimal(20000), Decimal(15000), Decimal(55000), Decimal(45000), Decimal(35000), Decimal(65000)} <= set(
        found
    )


def test_without_a_rate_only_days_count() -> None:
    items = [owed("a", "20000", 95, "USD", rate="")]
    assert [each.amounts for each in candidates(load_policy(DEFAULT_POLICY), items, None, "CNY")] == [
        {"USD": Decimal(20000)}
    ]


money = st.decimals("0.01", "99999.99", places=2)
item = st.builds(
    lambda amount, days, rate, currency: owed("d", str(amount), days, currency, rate=str(rate)),
    money,
    st.integers(0, 400),
    st.decimals("0.001", "200", places=3),
    st.sampled_from(["CNY", "USD"]),
)


@given(st.lists(item, min_size=1, max_size=6), st.decimals("0", "1000000", places=4))
def test_no_smaller_payment_is_worth_more_than_the_value(items: list[Owed], value: Decimal) -> None:
    payment = pay_more_than(items, value)
    in_all = sum((each.room * rate_of(each) for each in items), Decimal(0))
    if payment is None:
        assert in_all <= value
        return
    whole_amounts, less = with_less([payment])

    def worth(paid: dict[str, Decimal]) -> Decimal:
        return sum((part * rate_of(each) for each, part in applied(items, paid)), Decimal(0))

    assert worth(dict(whole_amounts)) > value
    # the walk goes from item to item; a unit less of the last currency leaves what was paid before it
    assert sum(payment.amounts.values()) - sum(less.values()) == unit(payment.last_currency)
    if len({each.rate for each in items}) == 1:
        assert worth(dict(less)) <= value


@given(money, st.sampled_from(["CNY", "JPY", "KWD"]))
def test_whole_never_loses_anything(amount: Decimal, currency: str) -> None:
    assert 0 <= whole(amount, currency) - amount < unit(currency)
