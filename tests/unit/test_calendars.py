"""Work calendars against what governments published, day by day; and the send window on days on which clocks change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from quality_ledgers import POLICY as GATE
from quality_ledgers import Ledger, sound, write

from huikuan.calendars import UNCHANGED, Changes, announced_through, is_workday, known_calendars, last_workday, send_day
from huikuan.errors import PolicyError
from huikuan.policy import load_policy
from huikuan.policy.calendar import BestDay, Calendars
from huikuan.policy.outreach import OutreachPolicy
from huikuan.policy.relations import relations
from huikuan.quality import validate
from huikuan.settings import DEFAULT_POLICY

CHINA_FREE = {
    2025: (
        *("2025-01-01",),  # 元旦
        *("2025-01-28", "2025-01-29", "2025-01-30", "2025-01-31"),  # 春节
        *("2025-02-01", "2025-02-02", "2025-02-03", "2025-02-04"),
        *("2025-04-04", "2025-04-05", "2025-04-06"),  # 清明节
        *("2025-05-01", "2025-05-02", "2025-05-03", "2025-05-04", "2025-05-05"),  # 劳动节
        *("2025-05-31", "2025-06-01", "2025-06-02"),  # 端午节
        *("2025-10-01", "2025-10-02", "2025-10-03", "2025-10-04"),  # 国庆节、中秋节
        *("2025-10-05", "2025-10-06", "2025-10-07", "2025-10-08"),
    ),
    2026: (
        *("2026-01-01", "2026-01-02", "2026-01-03"),  # 元旦
        *("2026-02-15", "2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19"),  # 春节
        *("2026-02-20", "2026-02-21", "2026-02-22", "2026-02-23"),
        *("2026-04-04", "2026-04-05", "2026-04-06"),  # 清明节
        *("2026-05-01", "2026-05-02", "2026-05-03", "2026-05-04", "2026-05-05"),  # 劳动节
        *("2026-06-19", "2026-06-20", "2026-06-21"),  # 端午节
        *("2026-09-25", "2026-09-26", "2026-09-27"),  # 中秋节
        *("2026-10-01", "2026-10-02", "2026-10-03", "2026-10-04"),  # 国庆节
        *("2026-10-05", "2026-10-06", "2026-10-07"),
    ),
}
"""国务院办公厅关于2025年、2026年部分节假日安排的通知: days off, their weekends included."""
CHINA_MAKE_UP = {
    2025: ("2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"),
    2026: ("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
}
"""调休上班: Saturdays and Sundays on which people work."""
WEEKDAYS_OFF = {
    ("US", 2025): (
        *("2025-01-01", "2025-01-20", "2025-02-17", "2025-05-26", "2025-06-19", "2025-07-04"),
        *("2025-09-01", "2025-10-13", "2025-11-11", "2025-11-27", "2025-12-25"),
    ),
    ("US", 2026): (
        *("2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19", "2026-07-03"),
        *("2026-09-07", "2026-10-12", "2026-11-11", "2026-11-26", "2026-12-25"),
    ),
    ("GB", 2025): (
        *("2025-01-01", "2025-04-18", "2025-04-21", "2025-05-05", "2025-05-26"),
        *("2025-08-25", "2025-12-25", "2025-12-26"),
    ),
    ("GB", 2026): (
        *("2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25"),
        *("2026-08-31", "2026-12-25", "2026-12-28"),
    ),
}
"""US federal holidays and bank holidays of England as their offices keep them, on the weekdays that they take."""


def _year(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)


def _days(texts: tuple[str, ...]) -> set[date]:
    return {date.fromisoformat(text) for text in texts}


# --- what governments published --------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [day for days in CHINA_FREE.values() for day in days])
def test_china_is_off(day: str) -> None:
    assert not is_workday("CN", date.fromisoformat(day))


@pytest.mark.parametrize("day", [day for days in CHINA_MAKE_UP.values() for day in days])
def test_china_works_on_make_up_days(day: str) -> None:
    made_up = date.fromisoformat(day)
    assert made_up.weekday() >= 5, "a make-up workday is a Saturday or Sunday"
    assert is_workday("CN", made_up)
    assert not is_workday("GB", made_up)


@pytest.mark.parametrize("year", CHINA_FREE)
def test_china_has_no_other_special_day(year: int) -> None:
    free, made_up = _days(CHINA_FREE[year]), _days(CHINA_MAKE_UP[year])
    expected = {day for day in _year(year) if day in made_up or (day.weekday() < 5 and day not in free)}
    assert {day for day in _year(year) if is_workday("CN", day)} == expected
    assert len(expected) == {2025: 248, 2026: 248}[year]


@pytest.mark.parametrize(("calendar", "year"), WEEKDAYS_OFF)
def test_america_and_england_are_off_on_exactly_these_weekdays(calendar: str, year: int) -> None:
    off = {day for day in _year(year) if day.weekday() < 5 and not is_workday(calendar, day)}
    assert off == _days(WEEKDAYS_OFF[calendar, year])
    assert not any(is_workday(calendar, day) for day in _year(year) if day.weekday() >= 5)


def test_parts_of_a_country_have_their_own_days() -> None:
    scots_only, english_only = date(2026, 1, 2), date(2026, 8, 31)
    assert (is_workday("GB", scots_only), is_workday("GB-SCT", scots_only)) == (True, False)
    assert (is_workday("GB-ENG", english_only), is_workday("GB-SCT", english_only)) == (False, True)


@pytest.mark.parametrize("calendar", ["Mars", "", "cn", "UK", "GB-LON"])
def test_a_name_that_nobody_knows_has_its_weekends_free(calendar: str) -> None:
    assert calendar not in known_calendars()
    assert all(is_workday(calendar, day) == (day.weekday() < 5) for day in _year(2026))
    assert announced_through(calendar) is None


# --- the day on which something is sent ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calendar", "day", "sent", "before"),
    [
        ("CN", "2026-10-10", "2026-10-10", "2026-10-10"),  # a make-up Saturday
        ("CN", "2026-09-20", "2026-09-20", "2026-09-20"),  # a make-up Sunday
        ("CN", "2026-10-01", "2026-10-08", "2026-09-30"),  # Golden Week
        ("CN", "2026-02-15", "2026-02-24", "2026-02-14"),  # Spring Festival, after a make-up Saturday
        ("CN", "2026-07-04", "2026-07-06", "2026-07-03"),  # a plain Saturday
        ("CN", "2026-01-01", "2026-01-04", "2025-12-31"),  # over the end of the year, to a make-up Sunday
        ("GB", "2026-12-25", "2026-12-29", "2026-12-24"),  # Christmas, a weekend, and Boxing Day's Monday
        ("GB", "2026-12-31", "2026-12-31", "2026-12-31"),
        ("US", "2027-01-01", "2027-01-04", "2026-12-31"),
        ("US", "2021-12-31", "2022-01-03", "2021-12-30"),  # New Year's Day, a Saturday, is kept the year before
        ("US", "2028-02-29", "2028-02-29", "2028-02-29"),  # a leap day is a day like others
        ("GB", "2032-02-29", "2032-03-01", "2032-02-27"),  # and may be a Sunday
        ("Mars", "2026-10-03", "2026-10-05", "2026-10-02"),
    ],
)
def test_send_days(calendar: str, day: str, sent: str, before: str) -> None:
    assert send_day(calendar, date.fromisoformat(day)).isoformat() == sent
    assert last_workday(calendar, date.fromisoformat(day)).isoformat() == before


@pytest.mark.parametrize(
    ("zone", "day", "opens_utc", "closes_utc"),
    [
        ("Europe/London", "2026-03-27", "07:30", "18:00"),
        ("Europe/London", "2026-03-29", "06:30", "17:00"),  # clocks go forward at 1 in the night
        ("Europe/London", "2026-03-30", "06:30", "17:00"),
        ("Europe/London", "2026-10-23", "06:30", "17:00"),
        ("Europe/London", "2026-10-25", "07:30", "18:00"),  # and back
        ("America/New_York", "2026-03-06", "12:30", "23:00"),
        ("America/New_York", "2026-03-08", "11:30", "22:00"),
        ("America/New_York", "2026-11-01", "12:30", "23:00"),
        ("Asia/Shanghai", "2026-03-29", "23:30", "10:00"),  # no change; 23:30 is of the day before
    ],
)
def test_the_window_opens_at_half_past_seven_by_the_clock_on_the_wall(
    zone: str, day: str, opens_utc: str, closes_utc: str
) -> None:
    content = load_policy(DEFAULT_POLICY).outreach.model_dump()
    policy = OutreachPolicy.model_validate({**content, "timezone": zone, "send_from": "07:30", "send_until": "18:00"})
    opens, closes = policy.window(date.fromisoformat(day))
    assert [f"{moment.astimezone(UTC):%H:%M}" for moment in (opens, closes)] == [opens_utc, closes_utc]
    assert closes.astimezone(UTC) - opens.astimezone(UTC) == timedelta(hours=10, minutes=30)
    assert {policy.local_day(moment) for moment in (opens, closes)} == {date.fromisoformat(day)}


def test_clocks_change_on_sundays_so_that_mails_wait_for_monday() -> None:
    for calendar, sunday in (("GB", "2026-03-29"), ("GB", "2026-10-25"), ("US", "2026-03-08"), ("US", "2026-11-01")):
        day = date.fromisoformat(sunday)
        assert send_day(calendar, day) == day + timedelta(days=1)


# --- years that are not announced yet --------------------------------------------------------------------------------


def test_the_last_year_of_a_notice_is_known() -> None:
    assert (announced_through("CN") or 0) >= 2026
    assert (announced_through("CN-GD") or 0) == 0, "the library has no parts of China"
    assert [announced_through(calendar) for calendar in ("US", "GB", "GB-SCT", "SG")] == [None] * 4


def test_a_year_without_a_notice_has_its_holidays_and_no_make_up_days() -> None:
    year = (announced_through("CN") or 0) + 3
    assert not is_workday("CN", date(year, 10, 1))
    assert not any(is_workday("CN", day) for day in _year(year) if day.weekday() >= 5)
    assert 240 < sum(is_workday("CN", day) for day in _year(year)) < 255


def _validated(tmp_path: Path, day: date, calendars: Calendars, names: tuple[str, ...] = ("CN",)) -> dict[str, Any]:
    ledger: Ledger = {"company": [sound()["company"][0] | {"company_id": f"C-{n}", "calendar": n} for n in names]}
    files = write(ledger, tmp_path / "snapshot")
    validation = validate(files, day, GATE, {}, tmp_path / "quality", calendars)  # type: ignore[arg-type]
    return {result.rule_id: result for result in validation.results}


def test_a_year_that_comes_near_without_its_notice_is_reported(tmp_path: Path) -> None:
    year = announced_through("CN")
    assert year is not None
    policy = Calendars(warn_days_ahead=31)
    quiet = _validated(tmp_path / "before", date(year, 11, 30), policy)["company.calendar.announced"]
    assert (quiet.failed_count, quiet.total_count) == (0, 1)
    found = _validated(tmp_path / "after", date(year, 12, 1), policy, ("CN", "GB"))["company.calendar.announced"]
    assert (found.severity, found.failed_count, found.total_count) == ("warning", 1, 2)
    assert f"{year + 1} are known; not yet: CN (to {year})." in found.description
    assert "calendars.own" in found.remedy
    by_hand = Calendars.model_validate({"warn_days_ahead": 31, "own": {"CN": {"announced_through": year + 1}}})
    done = _validated(tmp_path / "by_hand", date(year, 12, 1), by_hand)["company.calendar.announced"]
    assert done.failed_count == 0


def test_a_calendar_that_nobody_knows_is_reported_and_takes_nothing_out(tmp_path: Path) -> None:
    results = _validated(tmp_path, date(2026, 7, 1), Calendars(warn_days_ahead=31), ("Mars", "CN"))
    found = results["company.calendar.known"]
    assert (found.severity, found.failed_count) == ("warning", 1)
    assert found.remedy.startswith("Correct the value")
    assert "company.calendar" in found.description


# --- what the policy changes -----------------------------------------------------------------------------------------

LEAVE = {"from": date(2026, 8, 3), "to": date(2026, 8, 7), "name": {"en": "Summer leave", "zh": "高温假"}}
OWN = {"CN": {"extra_holidays": [date(2026, 10, 8)], "extra_workdays": [date(2026, 10, 17)], "closures": [LEAVE]}}


def test_a_policy_closes_and_opens_days_of_one_calendar() -> None:
    policy = Calendars.model_validate({"warn_days_ahead": 31, "own": OWN})
    closed = [date(2026, 8, 3) + timedelta(days=number) for number in range(5)]
    assert not any(policy.is_workday("CN", day) for day in (*closed, date(2026, 10, 8)))
    assert policy.is_workday("CN", date(2026, 10, 17))
    assert all(policy.is_workday("US", day) for day in (*closed, date(2026, 10, 8)))
    assert policy.send_day("CN", date(2026, 8, 1)) == date(2026, 8, 10)
    assert policy.send_day("CN", date(2026, 10, 1)) == date(2026, 10, 9)
    assert policy.changes("US") is UNCHANGED


def test_changes_move_send_days() -> None:
    changes = Changes(holidays=frozenset({date(2026, 7, 6)}), workdays=frozenset({date(2026, 7, 12)}))
    assert send_day("GB", date(2026, 7, 4), changes) == date(2026, 7, 7)
    assert send_day("GB", date(2026, 7, 11), changes) == date(2026, 7, 12)
    assert last_workday("GB", date(2026, 7, 6), changes) == date(2026, 7, 3)


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({"China": {}}, "China is no calendar: give an ISO 3166 country such as CN"),
        ({"CN": {"extra_holidays": [date(2026, 7, 1)] * 2}}, "2026-07-01 stands twice"),
        (
            {"CN": {"extra_holidays": [date(2026, 7, 1)], "extra_workdays": [date(2026, 7, 1)]}},
            "2026-07-01 would be free and a workday",
        ),
        ({"CN": {"closures": [LEAVE], "extra_workdays": [date(2026, 8, 5)]}}, "2026-08-05 would be free and a workday"),
        ({"CN": {"closures": [{**LEAVE, "to": date(2026, 8, 1)}]}}, "Summer leave ends (2026-08-01) before it begins"),
        ({"CN": {"closures": [{**LEAVE, "to": date(2027, 8, 7)}]}}, "Summer leave lasts longer than 60 days"),
        ({"CN": {"closures": [{**LEAVE, "name": {"en": "Leave"}}]}}, "Field required"),
        ({"CN": {"holidays": []}}, "Extra inputs are not permitted"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(own: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as error:
        Calendars.model_validate({"warn_days_ahead": 31, "own": own})
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"before_book_closing": {"from": 1, "to": 3}}, "`from` is the larger"),
        ({"speak_to": {"payment": ["payer"], "commitment": ["payer"]}}, "speak_to lacks acceptance"),
        ({"speak_to": {"payment": [], "commitment": ["payer"], "acceptance": ["payer"]}}, "payment names nobody"),
        ({"speak_to": {"payment": ["payer"] * 2, "commitment": ["payer"], "acceptance": ["payer"]}}, "stands twice"),
        ({"default_transfer_workdays": 3, "max_transfer_workdays": 2}, "is more than max_transfer_workdays"),
    ],
)
def test_a_best_day_that_cannot_be_meant_is_refused(change: dict[str, Any], says: str) -> None:
    content = load_policy(DEFAULT_POLICY).best_day.model_dump(by_alias=True)
    with pytest.raises(ValidationError) as error:
        BestDay.model_validate({**content, **change})
    assert says in str(error.value)


def test_an_unknown_calendar_is_named_with_file_and_line(tmp_path: Path) -> None:
    content = yaml.safe_load(DEFAULT_POLICY.read_text(encoding="utf-8"))
    content["calendars"]["own"] = {"UK": {}}
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.raises(PolicyError) as error:
        load_policy(path)
    line = next(n for n, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text == "  own:")
    assert error.value.problem.startswith(f"{path}, line {line}, calendars.own: UK is no calendar")


# --- the relation ----------------------------------------------------------------------------------------------------


def _calendar_days(day: date, names: tuple[str, ...]) -> dict[tuple[str, date], tuple[Any, ...]]:
    made = relations(load_policy(DEFAULT_POLICY), day, calendars=names)
    [relation] = [relation for relation in made if relation.name == "calendar_day"]
    assert len({row[:2] for row in relation.rows}) == len(relation.rows)
    return {row[:2]: row[2:] for row in relation.rows}


@pytest.mark.parametrize("day", ["2025-12-31", "2026-02-15", "2026-10-10", "2028-02-29"])
def test_the_relation_says_what_the_calendar_says(day: str) -> None:
    business_date = date.fromisoformat(day)
    rows = _calendar_days(business_date, ("GB", "CN", "Mars"))
    assert len(rows) == 3 * 141
    for calendar in ("GB", "CN", "Mars"):
        count = 0
        for number in range(-40, 101):
            on_date = business_date + timedelta(days=number)
            works = is_workday(calendar, on_date)
            count += works
            expected = (works, count, send_day(calendar, on_date), last_workday(calendar, on_date))
            assert rows[calendar, on_date] == expected


def test_the_same_date_and_names_give_the_same_rows_in_the_same_order() -> None:
    first = relations(load_policy(DEFAULT_POLICY), date(2026, 7, 1), calendars=("US", "CN"))
    again = relations(load_policy(DEFAULT_POLICY), date(2026, 7, 1), calendars=("CN", "US"))
    assert first == again
