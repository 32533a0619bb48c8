"""Tasks of the morning (任务): which kinds there are, what they are worth, and how many fit into a day."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from huikuan.policy.parts import Part, PointBand, Points, Stage, check_bands
from huikuan.policy.rules import Condition, Fact, Rule

TaskKind = Literal[
    "pre_due_reminder",
    "call",
    "visit",
    "send_statement",
    "chase_statement",
    "collect_evidence",
    "ask_commitment",
    "chase_promise",
    "close_gap",
    "resolve_dispute",
    "offer_plan",
    "escalate",
    "prepare_referral",
    "tell_release",
    "thank_payment",
    "file_claim",
]
Talk = Literal["visit", "offer_plan", "ask_commitment", "call", "close_gap", "pre_due_reminder"]
"""Kinds that are one talk with the customer about money: an account gets the first that holds, in each currency."""

CONTACT_KINDS = ("chase_promise", "tell_release", "thank_payment", *Talk.__args__)  # type: ignore[attr-defined]
"""Kinds that speak to the customer: nobody calls the insolvent, or who asked to be left alone for now."""


class TaskRule(Part):
    """All conditions that are given must hold; an account whose total is unknown passes those on amount.

    ``every_days``: not again before that many days after it was last done, in place of the stage's rhythm (a visit
    keeps the rhythm after other talks); news that somebody has to tell (``tell_release``, ``thank_payment``) stand
    that long when nobody does. ``when``: conditions on the facts of the
    account, as in rules. ``waits_for_best_day``: listed on the day that suits the customer's way of paying.
    """

    from_stage: Stage = "M0"
    over_overdue_functional: Decimal | None = Field(default=None, ge=0)
    over_ask_functional: Decimal | None = Field(default=None, ge=0)
    every_days: int = Field(default=0, ge=0)
    when: dict[Fact, Condition] | None = Field(default=None, min_length=1)
    waits_for_best_day: bool = False
    points: Points
    due_in_days: int = Field(ge=0)


class Capacity(Part):
    """How many tasks a person does on a day, and what is kept free for accounts that nobody has spoken to for long."""

    default_tasks: int = Field(gt=0)
    floor_share_pct: int = Field(ge=0, le=100)


class Tasks(Part):
    kinds: dict[TaskKind, TaskRule]
    one_talk: tuple[Talk, ...]
    pre_due_days: int = Field(gt=0)
    rhythm_days: dict[Stage, int]
    coverage_floor_days: int = Field(gt=0)
    capacity: Capacity
    stage_points: dict[Stage, Points]
    grade_points: dict[Literal["A", "B", "C", "D", "E"], Points]
    amount_points: tuple[PointBand, ...]
    unknown_amount_points: Points
    waiting_points: tuple[PointBand, ...]
    untouched_points: tuple[PointBand, ...]
    best_day_points: Points

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for bands in (self.amount_points, self.waiting_points, self.untouched_points):
            check_bands(bands)
        _all_of("kinds", set(self.kinds), TaskKind, "nobody would get such tasks")
        _all_of("one_talk", set(self.one_talk), Talk, "the order says which talk an account gets")
        for name, given in (("stage_points", self.stage_points), ("rhythm_days", self.rhythm_days)):
            _all_of(name, set(given), Stage, "each stage needs one")
        if len(self.grade_points) != 5:
            raise ValueError("grade_points needs A, B, C, D and E")
        return self

    def entries(self) -> list[tuple[str, Rule]]:
        """The conditions on facts as rules: kind and rule."""
        return [
            (kind, Rule(rule_id=f"task.{kind}", when=rule.when))
            for kind, rule in self.kinds.items()
            if rule.when is not None
        ]


def _all_of(name: str, given: set[str], wanted: object, why: str) -> None:
    missing = set(wanted.__args__) - given  # type: ignore[attr-defined]
    if missing:
        raise ValueError(f"{name} lacks {', '.join(sorted(missing))}: {why}")
