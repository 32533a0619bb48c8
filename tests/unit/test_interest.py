"""Interest: published figures, which rate counts, rounding, and the checks of the policy's section."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from huikuan.policy.interest import InterestPolicy
from huikuan.referrals.interest import Rate, interest, rate_for
from huikuan.settings import PROJECT

ORACLES = {
    case["id"]: case
    for case in json.loads((PROJECT.parent / "shared" / "oracles" / "collections_rules.json").read_text("utf-8"))
}
BASIS = {"en": "A law", "zh": "某法"}
CONTENT: dict[str, Any] = {
    "year_days": 365,
    "agreed_annual_pct": {"USD": 8},
    "agreed_annual_pct_by_company": {"NG": {"USD": 10, "EUR": 0}},
    "statutory_country": ["account", "company"],
    "statutory": {
        "CN": [{"overdue_from": "2020-09-01", "daily_pct": "0.05", "basis": BASIS}],
        "GB": [
            {"overdue_from": "2025-01-01", "annual_pct": "12.75", "basis": BASIS},
            {"overdue_from": "2025-07-01", "annual_pct": "12.25", "basis": BASIS},
        ],
    },
}
POLICY = InterestPolicy.model_validate(CONTENT)


def yearly(pct: object) -> Rate:
    return Rate(Decimal(str(pct)), "year", "agreed")


def rate(
    company: str = "HD", currency: str = "CNY", account: str | None = None, seller: str = "CN", due: str = "2025-09-01"
) -> Any:
    found = rate_for(
        POLICY,
        company_id=company,
        currency=currency,
        countries={"account": account, "company": seller},
        due_on=date.fromisoformat(due),
    )
    return found and (found.pct, found.per, found.source, found.country)


def test_dunning_interest_as_erpnext_prints_it() -> None:
    case = ORACLES["dunning_interest_erpnext"]
    given_, expected = case["inputs"], case["expected"]
    accrued = interest(
        Decimal(given_["outstanding"]),
        yearly(given_["annual_rate_pct"]),
        given_["days"],
        year_days=given_["year_days"],
        currency="USD",
    )
    assert accrued == Decimal(str(expected["interest"]))
    assert given_["outstanding"] + given_["fee"] + accrued == Decimal(str(expected["total"]))


@pytest.mark.parametrize("case", ORACLES["statutory_interest_uk"]["cases"], ids=lambda case: str(case["amount"]))
def test_statutory_interest_of_the_united_kingdom(case: dict[str, Any]) -> None:
    accrued = interest(
        Decimal(case["amount"]), yearly(case["annual_rate_pct"]), case["days"], year_days=365, currency="GBP"
    )
    assert accrued == Decimal(str(case["interest"]))


def test_statutory_interest_of_china() -> None:
    case = ORACLES["statutory_interest_cn"]
    found = rate_for(
        POLICY,
        company_id="HD",
        currency="CNY",
        countries={"account": "CN", "company": "CN"},
        due_on=date(2026, 5, 1),
    )
    assert found is not None
    accrued = interest(Decimal(case["inputs"]["amount"]), found, case["inputs"]["days"], year_days=365, currency="CNY")
    assert accrued == Decimal(str(case["expected"]["interest"]))


def test_the_first_rate_that_is_given_counts() -> None:
    assert rate("NG", "USD", "CN") == (10, "year", "agreed", None)
    assert rate("HD", "USD", "CN") == (8, "year", "agreed", None)
    assert rate("NG", "EUR", "CN") == (0, "year", "agreed", None)  # agreed: none is owed
    assert rate("HD", "CNY", "GB") == (Decimal("12.25"), "year", "statutory", "GB")
    assert rate("HD", "CNY", "gb") == (Decimal("12.25"), "year", "statutory", "GB")
    assert rate("HD", "CNY", "SG") == (Decimal("0.05"), "day", "statutory", "CN")
    assert rate("HD", "CNY", None) == (Decimal("0.05"), "day", "statutory", "CN")
    assert rate("HD", "CNY", "SG", seller="SG") is None
    assert rate("HD", "CNY", "GB", due="2019-01-01") is None  # British law holds, and the file is too young for it


@pytest.mark.parametrize(
    ("due", "pct"),
    [
        ("2024-12-30", None),
        ("2024-12-31", "12.75"),
        ("2025-06-29", "12.75"),
        ("2025-06-30", "12.25"),
        ("2026-01-01", "12.25"),
    ],
)
def test_the_first_overdue_day_fixes_the_statutory_rate(due: str, pct: str | None) -> None:
    found = rate(account="GB", seller="GB", due=due)
    assert found == (pct and (Decimal(pct), "year", "statutory", "GB"))


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("1000", "JPY", "3"),
        ("1000", "USD", "2.74"),
        ("1000", "KWD", "2.740"),
        ("0.18", "USD", "0.00"),
        ("1.825", "USD", "0.01"),
    ],
)
def test_rounded_once_half_up_to_the_minor_unit(amount: str, currency: str, expected: str) -> None:
    accrued = interest(Decimal(amount), yearly(10), 10, year_days=365, currency=currency)
    assert str(accrued) == expected


@given(
    st.decimals(0, 10**9, places=4),
    st.decimals(0, 30, places=2),
    st.integers(0, 4000),
    st.sampled_from(["CNY", "JPY", "KWD"]),
)
def test_more_days_never_bear_less(amount: Decimal, pct: Decimal, days: int, currency: str) -> None:
    accrued = [interest(amount, yearly(pct), day, year_days=365, currency=currency) for day in (0, days, days + 1)]
    assert accrued[0] == 0
    assert accrued == sorted(accrued)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"year_days": 12}, "360"),
        ({"fee": 40}, "fee"),
        ({"agreed_annual_pct": {"usd": 8}}, "pattern"),
        ({"agreed_annual_pct": {"USD": -1}}, "greater than or equal to 0"),
        ({"statutory_country": ["account", "account"]}, "twice"),
        ({"statutory_country": []}, "at least 1"),
        ({"statutory": {"CN": []}}, "holds no rate"),
        ({"statutory": {"CN": [{"overdue_from": "2020-09-01", "basis": BASIS}]}}, "one of them"),
        (
            {"statutory": {"CN": [{"overdue_from": "2020-09-01", "annual_pct": 1, "daily_pct": 1, "basis": BASIS}]}},
            "one of them",
        ),
        ({"statutory": {"GB": CONTENT["statutory"]["GB"][::-1]}}, "oldest first"),
    ],
)
def test_a_section_that_cannot_be_meant_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        InterestPolicy.model_validate({**CONTENT, **changes})


@pytest.mark.parametrize("key", list(CONTENT))
def test_nothing_has_a_silent_default(key: str) -> None:
    with pytest.raises(ValidationError, match=key):
        InterestPolicy.model_validate({name: value for name, value in CONTENT.items() if name != key})
