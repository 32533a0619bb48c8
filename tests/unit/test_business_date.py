"""One function says which night a run is for, and no clock takes part."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from huikuan.orchestration.business_date import BusinessDateError, from_context, resolve

EVENING_UTC = datetime(2026, 8, 31, 20, 15, tzinfo=UTC)  # 04:15 on 1 September in Shanghai


def test_the_param_wins_over_all_else() -> None:
    assert resolve("2026-09-03", "2026-09-02", EVENING_UTC) == date(2026, 9, 3)


def test_the_partition_key_wins_over_the_logical_date() -> None:
    assert resolve(None, "2026-09-02", EVENING_UTC) == date(2026, 9, 2)
    assert resolve("", "2026-09-02", None) == date(2026, 9, 2)


def test_the_logical_date_counts_as_a_local_day() -> None:
    assert resolve(None, None, EVENING_UTC, "Asia/Shanghai") == date(2026, 9, 1)
    assert resolve(None, None, EVENING_UTC, "America/New_York") == date(2026, 8, 31)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 3, 8, 4, 59, tzinfo=UTC), date(2026, 3, 7)),  # 23:59 EST, the evening before the jump
        (datetime(2026, 3, 8, 5, 0, tzinfo=UTC), date(2026, 3, 8)),  # midnight EST
        (datetime(2026, 3, 9, 3, 59, tzinfo=UTC), date(2026, 3, 8)),  # 23:59 EDT: that day had 23 hours
        (datetime(2026, 3, 9, 4, 0, tzinfo=UTC), date(2026, 3, 9)),
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), date(2026, 11, 1)),  # 01:30 EDT, the first of two
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), date(2026, 11, 1)),  # 01:30 EST, the second
        (datetime(2026, 11, 2, 4, 59, tzinfo=UTC), date(2026, 11, 1)),  # 23:59 EST: that day had 25 hours
    ],
)
def test_the_local_day_is_right_around_both_changes_of_the_clocks(instant: datetime, day: date) -> None:
    assert resolve(None, None, instant, "America/New_York") == day


@pytest.mark.parametrize(
    "text", ["2026-02-30", "20260901", "2026-W36-2", "01.09.2026", "tomorrow", " 2026-09-01", "٢٠٢٦-٠٩-٠١"]
)
def test_an_unreadable_date_is_refused_instead_of_trying_the_next_source(text: str) -> None:
    with pytest.raises(BusinessDateError, match="param business_date") as by_param:
        resolve(text, "2026-09-02", EVENING_UTC)
    assert "YYYY-MM-DD" in by_param.value.remedy
    with pytest.raises(BusinessDateError, match="partition key"):
        resolve(None, text, EVENING_UTC)


def test_a_run_that_names_no_day_says_how_to_name_one() -> None:
    with pytest.raises(BusinessDateError) as error:
        resolve(None, None, None)
    assert '{"business_date": "2026-09-01"}' in error.value.remedy


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(BusinessDateError, match="no time zone"):
        resolve(None, None, EVENING_UTC.replace(tzinfo=None))


def test_the_context_of_a_partitioned_run_has_no_logical_date() -> None:
    run = SimpleNamespace(partition_key="2026-09-02", logical_date=None)
    assert from_context({"params": {"business_date": None}, "dag_run": run}) == date(2026, 9, 2)
    assert from_context({"params": {"business_date": "2026-09-03"}, "dag_run": run}) == date(2026, 9, 3)
