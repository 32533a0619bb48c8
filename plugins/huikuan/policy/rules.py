"""Ordered rules over the facts of an account: conditions, and the check that each rule can fire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from huikuan.policy.parts import Part

Fact = Literal[
    "days_past_due",
    "longest_open_days",
    "overdue_functional",
    "exposure_functional",
    "overdue_share_pct",
    "disputed_share_pct",
    "overdue_disputes",
    "limit_used_pct",
    "is_over_limit",
    "is_insolvent",
    "days_late_weighted",
    "days_late_short",
    "days_late_medium",
    "days_late_spread",
    "days_late_trend",
    "late_share_pct",
    "part_payment_share_pct",
    "paid_share_pct",
    "receipts_count",
    "days_since_receipt",
    "rhythm_ratio",
    "broken_promises",
    "kept_promises",
    "promise_level",
    "promised_share_pct",
    "promise_due_in_days",
    "promise_moved_times",
    "contacts_count",
    "unanswered_share_pct",
    "refused_contacts",
    "reasoned_contacts",
    "profile_pct",
    "grade_worsened_times",
]
"""What rules may ask about; model ``account_fact`` says how each is worked out. A fact that is true is 1."""

AFTER_GRADE = ("grade_worsened_times",)
"""Facts that exist only once the grade is known: a scorecard cannot use them."""

Pattern = Literal["steady", "drags_on", "erratic", "excuses", "never_pays"]
Nature = Literal["non_malicious", "suspected_malicious"]
EarlyWarning = Literal[
    "grade_worsened_twice", "first_overdue_of_big_account", "limit_nearly_used", "rhythm_broken", "long_open"
]


class Range(Part):
    """``over`` < fact ≤ ``up_to``; at least one end is given."""

    over: Decimal | None = None
    up_to: Decimal | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.over is None and self.up_to is None:
            raise ValueError("a condition needs `over`, `up_to`, or both")
        if self.over is not None and self.up_to is not None and self.up_to <= self.over:
            raise ValueError(f"over {self.over} up to {self.up_to} holds no value: the rule can never fire")
        return self


Condition = Range | bool | Literal["unknown"]


class Rule(Part):
    """Holds when all conditions hold. ``rule_id`` stands on every row that it decides."""

    rule_id: str = Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$")
    when: dict[Fact, Condition] = Field(min_length=1)


class PatternRule(Rule):
    pattern: Pattern


class NatureRule(Rule):
    nature: Nature


class WarningRule(Rule):
    warning: EarlyWarning


def as_range(condition: Condition) -> Range | None:
    """The range that a known fact must lie in; None asks that the fact be unknown. True is 1, false is 0."""
    if condition == "unknown":
        return None
    if isinstance(condition, bool):
        return Range(over=Decimal(0)) if condition else Range(up_to=Decimal(0))
    return condition if isinstance(condition, Range) else None


def words(when: Mapping[Fact, Condition]) -> str:
    """The conditions as people read them in a reason."""
    return ", ".join(f"{fact} {_words(condition)}" for fact, condition in when.items())


def _words(condition: Condition) -> str:
    if isinstance(condition, bool):
        return "true" if condition else "false"
    if not isinstance(condition, Range):
        return "unknown"
    ends = (("over", condition.over), ("up to", condition.up_to))
    return " ".join(f"{word} {value}" for word, value in ends if value is not None)


def check_reachable(rules: Sequence[Rule]) -> None:
    """Refuse a rule that an earlier rule of the same list always beats."""
    for place, rule in enumerate(rules):
        for earlier in rules[:place]:
            if all(fact in rule.when and _covers(bound, rule.when[fact]) for fact, bound in earlier.when.items()):
                raise ValueError(f"{rule.rule_id} can never fire: {earlier.rule_id} before it always does")


def _covers(weaker: Condition, stricter: Condition) -> bool:
    """Whether every value that meets ``stricter`` meets ``weaker`` too."""
    outer, inner = as_range(weaker), as_range(stricter)
    if outer is None or inner is None:
        return outer is None and inner is None
    low = outer.over is None or (inner.over is not None and inner.over >= outer.over)
    high = outer.up_to is None or (inner.up_to is not None and inner.up_to <= outer.up_to)
    return low and high
