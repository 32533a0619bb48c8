"""Whom mail may reach, and on which day it is where."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.outbox_samples import POLICY

ALLOWED = POLICY.model_copy(update={"allow_list": ("Test.Example", "one@real.example")})


@pytest.mark.parametrize(
    ("address", "environment", "may"),
    [
        ("a@test.example", "development", True),
        ("a@TEST.EXAMPLE", "", True),
        ("One@Real.example", "staging", True),
        ("two@real.example", "staging", False),
        ("a@mail.test.example", "staging", False),
        ("test.example@elsewhere.example", "staging", False),
        ("two@real.example", "production", True),
        ("two@real.example", "Production", False),
        ("two@real.example", "", False),
    ],
)
def test_outside_production_only_who_is_listed(address: str, environment: str, may: bool) -> None:
    assert ALLOWED.may_leave(address, environment) is may


def test_without_a_list_nobody_is_reached_outside_production() -> None:
    assert not POLICY.may_leave("a@example.com", "development")
    assert POLICY.may_leave("a@example.com", "production")


def test_the_companys_day_is_not_that_of_utc() -> None:
    assert POLICY.local_day(datetime(2026, 3, 1, 17, tzinfo=UTC)) == date(2026, 3, 2)
    assert POLICY.local_day(datetime(2026, 3, 2, 3, tzinfo=UTC), "America/New_York") == date(2026, 3, 1)


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "europe/london", "../etc/passwd", "Asia"])
def test_a_zone_that_is_none_is_the_policys(name: str | None) -> None:
    day = date(2026, 3, 29)
    assert POLICY.zone(name) == "Asia/Shanghai"
    assert POLICY.window(day, name) == POLICY.window(day) != POLICY.window(day, "Europe/London")
