"""Work calendars: on which days people work in a country, public holidays and make-up workdays (调休) included.

A calendar is named by country (ISO 3166: ``CN``), or country and part of it (``GB-SCT``). The days come from the
``holidays`` library, so they depend on its pinned version and on nothing else: no clock, no network. A name that the
library does not know has Saturdays and Sundays free, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase

DEFAULT_PARTS = {"GB": "ENG"}
"""A country without holidays of its own is meant as this part of it: GB as England and Wales."""

ANNOUNCED = ("BY", "CN", "HU", "LV", "RU", "VN")
"""Countries whose government moves workdays by a notice for each year: before the notice nobody knows them."""


@dataclass(frozen=True)
class Changes:
    """Days on which a calendar differs from its country's."""

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()


UNCHANGED = Changes()


@cache
def known_calendars() -> tuple[str, ...]:
    """Every name that the library knows, sorted: countries, and their parts as ``GB-SCT``."""
    from holidays import list_supported_countries  # a fifth of a second, which few who import this module need

    countries = list_supported_countries(include_aliases=False)
    return tuple(sorted({*countries, *(f"{country}-{part}" for country in countries for part in countries[country])}))


def is_workday(calendar: str, day: date, changes: Changes = UNCHANGED) -> bool:
    """Whether people work on this day; a make-up Saturday is a workday."""
    if day in changes.workdays:
        return True
    return day not in changes.holidays and day in _workdays(calendar, day.year)


def send_day(calendar: str, day: date, changes: Changes = UNCHANGED) -> date:
    """The day itself when people work on it, else the next workday: what is meant for them waits until then."""
    while not is_workday(calendar, day, changes):
        day += timedelta(days=1)
    return day


def last_workday(calendar: str, day: date, changes: Changes = UNCHANGED) -> date:
    """The day itself when people work on it, else the workday before it."""
    while not is_workday(calendar, day, changes):
        day -= timedelta(days=1)
    return day


@cache
def announced_through(calendar: str) -> int | None:
    """The last year whose notice the library holds; None for calendars that follow rules, or that nobody knows.

    Later years have their fixed and computed holidays, without what a notice will move.
    """
    country = calendar.partition("-")[0]
    if country not in ANNOUNCED or calendar not in known_calendars():
        return None
    special: dict[int, tuple[object, ...]] = _country(calendar, (2025,)).special_public_holidays
    return max(year for year, entries in special.items() if any(_is_moved(entry) for entry in entries))


def _is_moved(entry: object) -> bool:
    """Whether an entry of the library makes a holiday of one day and a workday of another: month, day, month, day."""
    return isinstance(entry, tuple) and len(entry) >= 4


@cache
def _workdays(calendar: str, year: int) -> frozenset[date]:
    first = date(year, 1, 1)
    days = [first + timedelta(days=number) for number in range((date(year, 12, 31) - first).days + 1)]
    if calendar not in known_calendars():
        return frozenset(day for day in days if day.weekday() < 5)
    # The neighbours too: a holiday of January may move a day of December.
    country = _country(calendar, tuple(near for near in (year - 1, year, year + 1) if 1 <= near <= date.max.year))
    return frozenset(day for day in days if country.is_working_day(day))


def _country(calendar: str, years: tuple[int, ...]) -> HolidayBase:
    from holidays import country_holidays

    country, _, part = calendar.partition("-")
    return country_holidays(country, subdiv=part or DEFAULT_PARTS.get(country), years=years, expand=False)
