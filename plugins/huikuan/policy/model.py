"""The shape of a policy, as frozen models that refuse unknown keys, gaps, overlaps and rules that cannot fire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from huikuan.policy.outreach import OutreachPolicy

Stage = Literal["M0", "M1", "M2", "M3", "M4"]
Bucket = Literal["not_due", "d1_30", "d31_60", "d61_90", "d91_180", "d181_365", "d366_plus"]
Grade = Literal["A", "B", "C", "D", "E"]
Flag = Literal["stop_supply", "stop_service", "terminate_authorization", "reputation_notice", "legal_referral"]
Component = Literal[
    "days_past_due",
    "overdue_share_pct",
    "limit_used_pct",
    "days_late_weighted",
    "broken_promises",
    "disputed_share_pct",
]
TaskKind = Literal["call", "chase_promise", "resolve_dispute", "escalate"]
Points = Annotated[int, Field(ge=0, le=100)]


class Part(BaseModel):
    """A piece of the policy: immutable, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class DayRange(Part):
    """Whole days, both ends included; ``last`` None is open-ended."""

    first: int = Field(alias="from", ge=0)
    last: int | None = Field(alias="to", ge=0)


class StageBound(DayRange):
    stage: Stage


class BucketBound(DayRange):
    bucket: Bucket


class Band(Part):
    """``over`` < value ≤ ``up_to``; None is open-ended."""

    over: Decimal | None
    up_to: Decimal | None


class PointBand(Band):
    points: Points


class GradeBand(Band):
    grade: Grade


class Tolerance(Part):
    """An item counts for the stage when more than this is collectable, in the item's currency."""

    default: Decimal = Field(ge=0)
    by_currency: dict[str, Decimal] = Field(default_factory=dict)


class Promises(Part):
    tolerance_days: int = Field(ge=0)


class ScoreComponent(Part):
    """Points by bands of one fact; ``unknown`` when there is no fact, ``blocked`` for a credit limit of 0."""

    unknown: Points
    blocked: Points | None = None
    bands: tuple[PointBand, ...]

    @model_validator(mode="after")
    def _whole_line(self) -> Self:
        check_bands(self.bands)
        return self

    @property
    def most(self) -> int:
        """The most points that this component can give."""
        return max(self.unknown, self.blocked or 0, *(band.points for band in self.bands))


class Risk(Part):
    window_months: int = Field(ge=1)
    components: dict[Component, ScoreComponent]
    grades: tuple[GradeBand, ...]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        check_bands(self.grades)
        most = sum(component.most for component in self.components.values())
        if most > 100:
            raise ValueError(f"the components can give {most} points together; a score ends at 100: lower some")
        unreachable = [band.grade for band in self.grades if band.over is not None and band.over >= most]
        if unreachable:
            raise ValueError(f"grade {unreachable[0]} can never be reached: the components give at most {most} points")
        grades = [band.grade for band in self.grades]
        if len(set(grades)) < len(grades):
            raise ValueError("a grade stands twice")
        if ("limit_used_pct" in self.components) and self.components["limit_used_pct"].blocked is None:
            raise ValueError("limit_used_pct needs `blocked`: points for a credit limit of 0, which is not 'no limit'")
        return self


class FlagRule(Part):
    """All conditions that are given must hold."""

    rule_id: str
    flag: Flag
    from_stage: Stage = "M0"
    over_overdue_functional: Decimal | None = Field(default=None, ge=0)
    over_limit: bool = False


class TaskRule(Part):
    """All conditions that are given must hold; an account whose total is unknown passes the one on amount."""

    from_stage: Stage = "M0"
    over_overdue_functional: Decimal | None = Field(default=None, ge=0)
    points: Points
    due_in_days: int = Field(ge=0)


class Tasks(Part):
    kinds: dict[TaskKind, TaskRule]
    stage_points: dict[Stage, Points]
    amount_points: tuple[PointBand, ...]
    unknown_amount_points: Points

    @model_validator(mode="after")
    def _complete(self) -> Self:
        check_bands(self.amount_points)
        missing = set(Stage.__args__) - set(self.stage_points)  # type: ignore[attr-defined]
        unwritten = set(TaskKind.__args__) - set(self.kinds)  # type: ignore[attr-defined]
        if unwritten:
            raise ValueError(f"kinds lacks {', '.join(sorted(unwritten))}: nobody would get such tasks")
        if missing:
            raise ValueError(f"stage_points lacks {', '.join(sorted(missing))}")
        return self


class VolumePolicy(Part):
    """How far a feed may lie off its recent median before nobody is contacted."""

    tables: tuple[str, ...]
    history_nights: int = Field(ge=1)
    min_history: int = Field(ge=1)
    min_ratio: Decimal = Field(ge=0)
    max_ratio: Decimal = Field(gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_ratio >= self.max_ratio:
            raise ValueError("min_ratio must be below max_ratio")
        return self


class GatePolicy(Part):
    max_quarantined_share_pct: Decimal = Field(ge=0, le=100)
    complete_tables: tuple[str, ...]
    volume: VolumePolicy


class PolicyBody(Part):
    """Everything that a policy file holds."""

    version: str
    effective_from: date
    stages: tuple[StageBound, ...]
    buckets: tuple[BucketBound, ...]
    tolerance: Tolerance
    promises: Promises
    risk: Risk
    flags: tuple[FlagRule, ...]
    tasks: Tasks
    gate: GatePolicy
    outreach: OutreachPolicy

    @model_validator(mode="after")
    def _days_covered(self) -> Self:
        check_days(self.stages, [bound.stage for bound in self.stages], Stage.__args__)  # type: ignore[attr-defined]
        check_days(self.buckets, [bound.bucket for bound in self.buckets], Bucket.__args__)  # type: ignore[attr-defined]
        if self.stages[0].last != 0:
            raise ValueError("stages: M0 must be day 0 alone; due today is not overdue, one day late is")
        seen: set[str] = set()
        for rule in self.flags:
            if rule.rule_id in seen:
                raise ValueError(f"flags: rule_id {rule.rule_id} stands twice")
            seen.add(rule.rule_id)
        check_reachable(self.flags)
        return self


class Policy(PolicyBody):
    """A checked policy with the identity that stands on every run."""

    hash: str
    """SHA-256 of the content, independent of comments, key order and layout."""


def check_days(bounds: Sequence[DayRange], names: list[str], expected: tuple[str, ...]) -> None:
    """Refuse day ranges that do not cover every day from 0 exactly once, in the expected order of names."""
    if tuple(names) != expected:
        raise ValueError(f"expected {', '.join(expected)} in this order, found {', '.join(names)}")
    following = 0
    for bound, name in zip(bounds, names, strict=True):
        if bound.first > following:
            raise ValueError(f"gap: days {following} to {bound.first - 1} belong to nothing (before {name})")
        if bound.first < following:
            raise ValueError(f"overlap: day {bound.first} of {name} already belongs to the range before")
        if bound.last is None:
            if name != names[-1]:
                raise ValueError(f"{name} is open-ended, so what follows can never be reached")
            return
        if bound.last < bound.first:
            raise ValueError(f"{name} ends (day {bound.last}) before it begins (day {bound.first})")
        following = bound.last + 1
    raise ValueError(f"days from {following} on belong to nothing: the last range needs `to: null`")


def check_bands(bands: Sequence[Band]) -> None:
    """Refuse bands that do not cover every number exactly once, from the lowest up."""
    if not bands:
        raise ValueError("no bands")
    if bands[0].over is not None:
        raise ValueError(f"gap: values up to {bands[0].over} are in no band; the first needs `over: null`")
    for before, band in pairwise(bands):
        if before.up_to is None:
            raise ValueError("a band before the last is open-ended, so what follows can never be reached")
        if band.over is None or band.over < before.up_to:
            raise ValueError(f"overlap: band over {band.over} begins below {before.up_to}, where the one before ends")
        if band.over > before.up_to:
            raise ValueError(f"gap: values over {before.up_to} up to {band.over} are in no band")
    for band in bands:
        if band.over is not None and band.up_to is not None and band.up_to <= band.over:
            raise ValueError(f"band over {band.over} up to {band.up_to} holds no value")
    if bands[-1].up_to is not None:
        raise ValueError(f"gap: values over {bands[-1].up_to} are in no band; the last needs `up_to: null`")


def check_reachable(rules: Sequence[FlagRule]) -> None:
    """Refuse a rule that an earlier rule of the same flag always beats."""
    for place, rule in enumerate(rules):
        for earlier in rules[:place]:
            weaker = (
                earlier.flag == rule.flag
                and earlier.from_stage <= rule.from_stage
                and (earlier.over_overdue_functional or Decimal(0)) <= (rule.over_overdue_functional or Decimal(0))
                and (not earlier.over_limit or rule.over_limit)
            )
            if weaker:
                raise ValueError(f"flags: {rule.rule_id} can never fire: {earlier.rule_id} before it always does")
