"""Work calendars (工作日历) where they differ from their country's, and the best day and way (最佳日与方式) to ask."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from huikuan import calendars
from huikuan.policy.parts import Part, check_once

Habit = Literal["fixed_payment_day", "book_closing", "transfer_day"]
Purpose = Literal["payment", "commitment", "acceptance"]
Role = Literal["decision_maker", "acceptor", "payer", "other"]

LONGEST_CLOSURE = 60
"""Days. The calendar of a night reaches a hundred days ahead; a longer closure would be a slip of the pen."""


class Name(Part):
    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


class Closure(Part):
    """Days on which the house itself is closed, both ends included."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    name: Name

    @model_validator(mode="after")
    def _short(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"{self.name.en} ends ({self.last}) before it begins ({self.first})")
        if (self.last - self.first).days >= LONGEST_CLOSURE:
            raise ValueError(f"{self.name.en} lasts longer than {LONGEST_CLOSURE} days: give its parts, or mend a year")
        return self

    def days(self) -> set[date]:
        """Every day of it."""
        return {self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)}


class OwnDays(Part):
    """How one calendar differs from its country's.

    ``announced_through`` says that the government's notice for that year stands here by hand, because the library does
    not hold it yet.
    """

    announced_through: int | None = Field(default=None, ge=2000, le=2999)
    extra_holidays: tuple[date, ...] = ()
    extra_workdays: tuple[date, ...] = ()
    closures: tuple[Closure, ...] = ()

    @model_validator(mode="after")
    def _each_day_is_one_thing(self) -> Self:
        check_once([str(day) for day in self.extra_holidays], "extra_holidays:")
        check_once([str(day) for day in self.extra_workdays], "extra_workdays:")
        both = self.changes().holidays & self.changes().workdays
        if both:
            raise ValueError(f"{min(both)} would be free and a workday: take it out of one")
        return self

    def changes(self) -> calendars.Changes:
        """The days as the calendar takes them."""
        closed = set().union(*(closure.days() for closure in self.closures))
        return calendars.Changes(frozenset(closed | set(self.extra_holidays)), frozenset(self.extra_workdays))


class Calendars(Part):
    """Every calendar that a company names is there by itself; ``own`` holds what is different about some."""

    warn_days_ahead: int = Field(ge=0, le=100)
    own: dict[str, OwnDays] = Field(default_factory=dict)

    @field_validator("own")
    @classmethod
    def _known(cls, own: dict[str, OwnDays]) -> dict[str, OwnDays]:
        unknown = sorted(set(own) - set(calendars.known_calendars()))
        if unknown:
            raise ValueError(
                f"{unknown[0]} is no calendar: give an ISO 3166 country such as CN, or a part of one such as GB-SCT"
            )
        return own

    def changes(self, calendar: str) -> calendars.Changes:
        """How the calendar of this name differs from its country's."""
        return self.own[calendar].changes() if calendar in self.own else calendars.UNCHANGED

    def is_workday(self, calendar: str, day: date) -> bool:
        """Whether people work on this day: a make-up Saturday is a workday, a day of a closure is none."""
        return calendars.is_workday(calendar, day, self.changes(calendar))

    def send_day(self, calendar: str, day: date) -> date:
        """The day itself when people work on it, else the next workday."""
        return calendars.send_day(calendar, day, self.changes(calendar))

    def announced_through(self, calendar: str) -> int | None:
        """The last year whose government notice is known, from the library or by hand; None where none is needed."""
        known = calendars.announced_through(calendar)
        if known is None:
            return None
        return max(known, (self.own[calendar].announced_through or 0) if calendar in self.own else 0)


class LeadTime(Part):
    """From how many workdays before the day until how many before it (0: the day itself) asking still helps."""

    first: int = Field(alias="from", ge=0, le=10)
    last: int = Field(alias="to", ge=0, le=10)

    @model_validator(mode="after")
    def _towards_the_day(self) -> Self:
        if self.first < self.last:
            raise ValueError(f"begins {self.first} workdays before and ends {self.last} before: `from` is the larger")
        return self


class BestDay(Part):
    """When a customer's way of paying makes a day good to ask on, and who is asked.

    ``free_payment_day``: a fixed payment day on which nobody works is paid on the next workday, or on the one before.
    ``wait_at_most_days``: a better day that is further away is not waited for. ``visits_avoid_closing_workdays``: no
    visit on the day on which the customer closes its books, nor as many workdays before and after; null: any day.
    """

    before_fixed_payment: LeadTime
    before_book_closing: LeadTime
    before_last_transfer: LeadTime
    free_payment_day: Literal["next", "previous"]
    wait_at_most_days: int = Field(ge=0, le=31)
    default_transfer_workdays: int = Field(ge=0, le=10)
    max_transfer_workdays: int = Field(ge=0, le=10)
    visits_avoid_closing_workdays: int | None = Field(ge=0, le=5)
    speak_to: dict[Purpose, tuple[Role, ...]]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = set(Purpose.__args__) - set(self.speak_to)  # type: ignore[attr-defined]
        if missing:
            raise ValueError(f"speak_to lacks {', '.join(sorted(missing))}: nobody would be named for it")
        for purpose, roles in self.speak_to.items():
            check_once(roles, f"speak_to.{purpose}:")
            if not roles:
                raise ValueError(f"speak_to.{purpose} names nobody")
        if self.default_transfer_workdays > self.max_transfer_workdays:
            raise ValueError("default_transfer_workdays is more than max_transfer_workdays")
        return self
