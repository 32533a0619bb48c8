"""The sanction ladder (惩戒阶梯): notices, then sanctions, one step at a time, each approved by a person."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from huikuan.policy.parts import Part, Segment, Stage, check_once
from huikuan.policy.rules import Rule, check_reachable

Flag = Literal["stop_supply", "stop_service", "terminate_authorization", "reputation_notice", "legal_referral"]
FLAGS: tuple[str, ...] = Flag.__args__  # type: ignore[attr-defined]
MOST_NOTICES = 4
"""Model ``notice_chain`` follows that many notices, one after the other."""


class Notice(Part):
    """A notice (催款函), and what counts as its delivery.

    It is due when the oldest item is ``from_days`` late (or has reached ``from_stage``), ``wait_days`` after the notice
    before it. A row of the contact log with one of ``channels`` and ``outcomes``, or a sent mail of one of the kinds
    ``messages``, shows that it was delivered.
    """

    notice: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    from_stage: Stage | None = None
    from_days: int | None = Field(default=None, ge=1)
    wait_days: int = Field(ge=0)
    channels: tuple[str, ...]
    outcomes: tuple[str, ...]
    messages: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_beginning(self) -> Self:
        if (self.from_stage is None) == (self.from_days is None):
            raise ValueError(f"notice {self.notice} needs either from_stage or from_days")
        if self.from_stage == "M0":
            raise ValueError(f"notice {self.notice} cannot begin at M0: nothing is late there")
        if not self.messages and not (self.channels and self.outcomes):
            raise ValueError(f"notice {self.notice} could never be delivered: give channels and outcomes, or messages")
        return self


class Sanction(Part):
    """A step of the ladder. ``wait_days`` counts from the delivery of the step before it."""

    flag: Flag
    wait_days: int = Field(ge=0)
    levels_up: int = Field(ge=1, le=3)
    entries: tuple[Rule, ...]

    @model_validator(mode="after")
    def _can_fire(self) -> Self:
        if not self.entries:
            raise ValueError(f"{self.flag} has no entry rule, so nothing after it can ever be reached")
        check_reachable(self.entries)
        return self


class Cap(Part):
    """More new sanctions than this in one night stay proposed."""

    min_accounts: int = Field(ge=0)
    max_accounts_pct: Decimal = Field(gt=0, le=100)
    max_amount_pct: Decimal = Field(gt=0, le=100)


class Ladder(Part):
    notices: tuple[Notice, ...] = Field(min_length=1, max_length=MOST_NOTICES)
    sanctions: tuple[Sanction, ...]
    exempt_segments: dict[Segment, tuple[Flag, ...]] = Field(default_factory=dict)
    level_above_segments: tuple[Segment, ...] = ()
    pause: tuple[Rule, ...] = ()
    rejected_rest_days: int = Field(ge=0)
    cap: Cap

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        flags = [sanction.flag for sanction in self.sanctions]
        if tuple(flags) != FLAGS:
            raise ValueError(f"sanctions must be {', '.join(FLAGS)} in this order, found {', '.join(flags)}")
        check_once([notice.notice for notice in self.notices], "notice")
        check_reachable(self.pause)
        return self


class Approvals(Part):
    """How long an approver has: without an answer in time nothing is approved."""

    answer_within_hours: int = Field(ge=1, le=20)
    remind_after_hours: int = Field(ge=0)

    @model_validator(mode="after")
    def _before_the_deadline(self) -> Self:
        if self.remind_after_hours >= self.answer_within_hours:
            raise ValueError("remind_after_hours must be less than answer_within_hours")
        return self
