"""Playbooks (话术): which script a task gets, how much to ask for, and what a rep may offer."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise, product
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from huikuan.policy.parts import Band, Part, Segment, Stage, check_bands, check_once
from huikuan.policy.rules import Nature
from huikuan.policy.tasks import TaskKind

Orientation = Literal["passive", "sales_led", "collection_led", "strategic"]
Special = Literal["passed_on", "penalty_interest", "small_defect", "upstream_unpaid", "needs_cash"]
Terms = Literal["deposit_on_delivery", "monthly", "quarterly"]
TERMS: tuple[Terms, ...] = Terms.__args__  # type: ignore[attr-defined]
"""From the strictest to the loosest."""
GRADES = ("A", "B", "C", "D", "E")
DIMENSIONS = ("stage", "orientation", "nature", "segment", "special")
_Pct = Annotated[Decimal, Field(ge=0, le=100)]


class ScriptRule(Part):
    """Gives ``script`` to a task of this kind when every other condition that is given holds too."""

    script: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: TaskKind
    stage: Stage | None = None
    orientation: Orientation | None = None
    nature: Nature | None = None
    segment: Segment | None = None
    special: Special | None = None

    def holds(self, case: dict[str, str | None]) -> bool:
        """Whether it holds for a case: a value, or None, for each of DIMENSIONS."""
        return all(getattr(self, name) in (None, case[name]) for name in DIMENSIONS)


class AskAnchor(Part):
    """Expect 10, ask 20, settle 15: factors on what is expected. Never more than what is owed."""

    ask_factor: Decimal = Field(ge=1)
    settle_factor: Decimal = Field(ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.settle_factor > self.ask_factor:
            raise ValueError("settle_factor must not be above ask_factor: nobody settles for more than was asked")
        return self


class PlanLimits(Part):
    """Bounds of a payment plan (分期方案); the first payment is made on the day that is agreed."""

    max_instalments: int = Field(ge=2)
    interval_days: int = Field(ge=1)
    max_days: int = Field(ge=1)
    min_first_pct: dict[Literal["A", "B", "C", "D", "E"], _Pct]

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _each_grade("min_first_pct", self.min_first_pct)
        if self.max_days < self.interval_days:
            raise ValueError("max_days is shorter than interval_days, so no plan has a second payment")
        for better, worse in pairwise(GRADES):
            if self.min_first_pct[worse] < self.min_first_pct[better]:  # type: ignore[index]
                raise ValueError(f"min_first_pct: grade {worse} would pay less at first than grade {better}")
        return self


class DiscountLimits(Part):
    """Bounds of an early-payment discount (提前付款折扣), on what is not due yet."""

    min_days_early: int = Field(ge=1)
    max_pct: _Pct
    by_grade: dict[Literal["A", "B", "C", "D", "E"], _Pct]

    @model_validator(mode="after")
    def _within(self) -> Self:
        _each_grade("by_grade", self.by_grade)
        over = [grade for grade, pct in self.by_grade.items() if pct > self.max_pct]
        if over:
            raise ValueError(f"by_grade: {over[0]} is above max_pct {self.max_pct}")
        for better, worse in pairwise(GRADES):
            if self.by_grade[worse] > self.by_grade[better]:  # type: ignore[index]
                raise ValueError(f"by_grade: grade {worse} would get more than grade {better}")
        return self


class TermsBand(Band):
    terms: Terms


class TermsRule(Part):
    """Terms (账期建议) for one grade, by the amount of business in functional currency; stricter for larger amounts."""

    grade: Literal["A", "B", "C", "D", "E"]
    bands: tuple[TermsBand, ...]

    @model_validator(mode="after")
    def _stricter_upwards(self) -> Self:
        check_bands(self.bands)
        places = [TERMS.index(band.terms) for band in self.bands]
        if places != sorted(places, reverse=True):
            raise ValueError(f"grade {self.grade}: a larger amount would get looser terms")
        return self


class Playbooks(Part):
    look_back_days: int = Field(ge=1)
    specials: dict[Special, tuple[str, ...]]
    scripts: tuple[ScriptRule, ...]
    ask_anchor: AskAnchor
    plan: PlanLimits
    discount: DiscountLimits
    terms_months: int = Field(ge=1)
    terms: tuple[TermsRule, ...]

    def script_for(self, kind: TaskKind, case: dict[str, str | None]) -> str:
        """The script of a task in this case: a value, or None, for each of DIMENSIONS."""
        return next(rule.script for rule in self.scripts if rule.kind == kind and rule.holds(case))

    @model_validator(mode="after")
    def _whole(self) -> Self:
        check_once([code for codes in self.specials.values() for code in codes], "specials: reason code")
        if tuple(rule.grade for rule in self.terms) != GRADES:
            raise ValueError(f"terms: expected grades {', '.join(GRADES)} in this order")
        for kind in TaskKind.__args__:  # type: ignore[attr-defined]
            _check_rules(kind, [rule for rule in self.scripts if rule.kind == kind])
        return self


def _each_grade(name: str, given: dict[Literal["A", "B", "C", "D", "E"], Decimal]) -> None:
    if set(given) != set(GRADES):
        raise ValueError(f"{name} needs {', '.join(GRADES)}")


def _check_rules(kind: str, rules: list[ScriptRule]) -> None:
    """Refuse a kind that may get no script, and a rule that the ones before it always beat."""
    used: set[int] = set()
    for case in _cases(rules):
        place = next((place for place, rule in enumerate(rules) if rule.holds(case)), None)
        if place is None:
            raise ValueError(f"scripts: {kind} needs a last rule without other conditions, for all that no rule names")
        used.add(place)
    unused = [rule.script for place, rule in enumerate(rules) if place not in used]
    if unused:
        raise ValueError(f"scripts: {unused[0]} for {kind} can never be chosen: rules before it always are")


def _cases(rules: list[ScriptRule]) -> Iterator[dict[str, str | None]]:
    """Every case that these rules can tell apart: the values that they name, and one (None) that stands for others."""
    values = [sorted({getattr(rule, name) for rule in rules} - {None}) for name in DIMENSIONS]
    for case in product(*([*known, None] for known in values)):
        yield dict(zip(DIMENSIONS, case, strict=True))
