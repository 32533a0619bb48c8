"""The shape of a policy, as frozen models that refuse unknown keys, gaps, overlaps and rules that cannot fire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from huikuan.policy.calendar import BestDay, Calendars
from huikuan.policy.finance import Bucket, FinancePolicy
from huikuan.policy.interest import InterestPolicy
from huikuan.policy.ladder import Approvals, Ladder
from huikuan.policy.outreach import OutreachPolicy
from huikuan.policy.parts import (
    Band,
    DayRange,
    Part,
    PointBand,
    Points,
    Segment,
    Stage,
    check_bands,
    check_days,
    check_once,
)
from huikuan.policy.playbooks import Playbooks
from huikuan.policy.rules import AFTER_GRADE, Fact, NatureRule, PatternRule, WarningRule, check_reachable
from huikuan.policy.tasks import Tasks

Grade = Literal["A", "B", "C", "D", "E"]


class StageBound(DayRange):
    stage: Stage


class BucketBound(DayRange):
    bucket: Bucket


class GradeBand(Band):
    grade: Grade


class Tolerance(Part):
    """An item counts for the stage when more than this is collectable, in the item's currency."""

    default: Decimal = Field(ge=0)
    by_currency: dict[str, Decimal] = Field(default_factory=dict)


class Promises(Part):
    tolerance_days: int = Field(ge=0)


class Behaviour(Part):
    """How many months each window looks back from the close of books."""

    short_months: int = Field(ge=1)
    medium_months: int = Field(ge=1)
    long_months: int = Field(ge=1)

    @model_validator(mode="after")
    def _growing(self) -> Self:
        if not self.short_months < self.medium_months < self.long_months:
            raise ValueError("the windows must grow: short_months < medium_months < long_months")
        return self


class Contacts(Part):
    """Outcomes of the contact log by what they mean; ``delivered`` reached the customer, but nobody spoke."""

    unanswered: tuple[str, ...]
    refused: tuple[str, ...]
    delivered: tuple[str, ...]


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
    components: dict[Fact, ScoreComponent]
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
        check_once([band.grade for band in self.grades], "grade")
        circular = [fact for fact in self.components if fact in AFTER_GRADE]
        if circular:
            raise ValueError(f"{circular[0]} follows from the grade, so the score cannot follow from it")
        limit = self.components.get("limit_used_pct")
        if limit is not None and limit.blocked is None:
            raise ValueError("limit_used_pct needs `blocked`: points for a credit limit of 0, which is not 'no limit'")
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


OVERRIDABLE = ("tolerance", "promises", "risk", "patterns", "natures", "warnings", "ladder")
"""Sections that a company or a segment may have its own way; the others would make figures incomparable."""


class Override(Part):
    """Changes for one company, one segment, or one segment of one company."""

    company: str | None = None
    segment: Segment | None = None
    changes: dict[str, Any] = Field(alias="set", min_length=1)

    @model_validator(mode="after")
    def _aimed(self) -> Self:
        if self.company is None and self.segment is None:
            raise ValueError("an override needs a company, a segment, or both; for everybody change the rule itself")
        foreign = [key for key in self.changes if key not in OVERRIDABLE]
        if foreign:
            raise ValueError(f"{foreign[0]} is the same for everybody; overrides may set {', '.join(OVERRIDABLE)}")
        return self


class PolicyBody(Part):
    """Everything that a policy file holds."""

    version: str
    effective_from: date
    stages: tuple[StageBound, ...]
    buckets: tuple[BucketBound, ...]
    tolerance: Tolerance
    promises: Promises
    behaviour: Behaviour
    contacts: Contacts
    risk: Risk
    patterns: tuple[PatternRule, ...]
    natures: tuple[NatureRule, ...]
    warnings: tuple[WarningRule, ...]
    ladder: Ladder
    approvals: Approvals
    interest: InterestPolicy
    tasks: Tasks
    calendars: Calendars
    best_day: BestDay
    playbooks: Playbooks
    finance: FinancePolicy
    gate: GatePolicy
    outreach: OutreachPolicy
    overrides: tuple[Override, ...] = ()

    @model_validator(mode="after")
    def _days_covered(self) -> Self:
        check_days(self.stages, [bound.stage for bound in self.stages], Stage.__args__)  # type: ignore[attr-defined]
        check_days(self.buckets, [bound.bucket for bound in self.buckets], Bucket.__args__)  # type: ignore[attr-defined]
        if self.stages[0].last != 0:
            raise ValueError("stages: M0 must be day 0 alone; due today is not overdue, one day late is")
        return self

    @model_validator(mode="after")
    def _rules_can_fire(self) -> Self:
        check_reachable(self.patterns)
        check_reachable(self.natures)
        entries = [rule for sanction in self.ladder.sanctions for rule in sanction.entries]
        tasks = [rule for _, rule in self.tasks.entries()]
        losses = [*self.finance.provision.specific, *self.finance.provision.write_off]
        rules = [*self.patterns, *self.natures, *self.warnings, *entries, *self.ladder.pause, *tasks, *losses]
        check_once([rule.rule_id for rule in rules], "rule_id")
        late = [rule.rule_id for rule in (*entries, *self.ladder.pause) if set(rule.when) & set(AFTER_GRADE)]
        if late:
            raise ValueError(
                f"{late[0]} asks about {', '.join(AFTER_GRADE)}, which warnings and patterns may, not the ladder"
            )
        days = [self.notice_days(place) for place in range(len(self.ladder.notices))]
        if days != sorted(days):
            raise ValueError("ladder.notices: each must begin as late as the one before it, or later")
        return self

    @model_validator(mode="after")
    def _overrides_are_whole(self) -> Self:
        """Each combination of overrides that can meet is a policy in its own right."""
        for company, segment in self.scopes():
            try:
                self.applied_to(company, segment)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(part) for part in first["loc"])
                whom = " and ".join(filter(None, (company and f"company {company}", segment and f"segment {segment}")))
                message = first["msg"].removeprefix("Value error, ")
                raise ValueError(f"overrides for {whom}: {where}: {message}") from error
        return self

    def notice_days(self, place: int) -> int:
        """Days past due from which the notice at this place (0 first) is due."""
        notice = self.ladder.notices[place]
        if notice.from_days is not None:
            return notice.from_days
        return next(bound.first for bound in self.stages if bound.stage == notice.from_stage)

    def scopes(self) -> list[tuple[str | None, Segment | None]]:
        """Every pair of a company and a segment that overrides tell apart; None is any other."""
        companies = sorted({entry.company for entry in self.overrides if entry.company is not None})
        segments = sorted({entry.segment for entry in self.overrides if entry.segment is not None})
        pairs = [(company, segment) for company in [None, *companies] for segment in [None, *segments]]
        return [pair for pair in pairs if pair != (None, None)]

    def applied_to(self, company: str | None, segment: Segment | None) -> PolicyBody:
        """The policy as it holds for accounts of this company and segment, its overrides applied in their order."""
        content = self.model_dump(by_alias=True, include=set(PolicyBody.model_fields), exclude={"overrides"})
        for entry in self.overrides:
            if entry.company in (None, company) and entry.segment in (None, segment):
                content = _merged(content, entry.changes)
        return PolicyBody.model_validate(content)


class Policy(PolicyBody):
    """A checked policy with the identity that stands on every run."""

    hash: str
    """SHA-256 of the content, independent of comments, key order and layout."""


def _merged(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings merged key by key, everything else replaced."""
    merged = dict(content)
    for key, value in changes.items():
        before = merged.get(key)
        merged[key] = _merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return merged
