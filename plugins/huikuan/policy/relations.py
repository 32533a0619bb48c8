"""The policy as small relations that the SQL models join: schema ``policy`` of the engine.

Stages and buckets become one row per day up to the last bound (``policy.day``), so that a model finds both by an
equality join on ``LEAST(days, last_day)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from babel.core import get_global
from dateutil.relativedelta import relativedelta

from huikuan.currencies import minor_units
from huikuan.policy.model import Band, DayRange, Policy


@dataclass(frozen=True)
class Relation:
    """Rows of a small table. ``columns`` maps names to SQL types in the order of each row's values."""

    name: str
    columns: dict[str, str]
    rows: list[tuple[Any, ...]]


_AMOUNT = "DECIMAL(18,4)"


def relations(policy: Policy, business_date: date) -> list[Relation]:
    """Every relation of this policy, with look-back windows counted from the close of books."""
    return [
        _day(policy),
        _currency(policy),
        _score_band(policy),
        _grade(policy),
        _flag_rule(policy),
        _task_kind(policy),
        Relation(
            "task_stage",
            {"stage": "VARCHAR", "points": "INTEGER"},
            sorted(policy.tasks.stage_points.items()),
        ),
        Relation(
            "task_amount",
            {"over": _AMOUNT, "up_to": _AMOUNT, "points": "INTEGER", "threshold": "VARCHAR"},
            [(band.over, band.up_to, band.points, _words(band)) for band in policy.tasks.amount_points],
        ),
        _parameter(policy, business_date),
    ]


def _last_day(policy: Policy) -> int:
    """The first day of the last open-ended range: every later day is classified like it."""
    return max(policy.stages[-1].first, policy.buckets[-1].first)


def _day(policy: Policy) -> Relation:
    rows: list[tuple[Any, ...]] = []
    for day in range(_last_day(policy) + 1):
        stage = next(bound for bound in policy.stages if _holds(bound, day))
        bucket = next(bound for bound in policy.buckets if _holds(bound, day))
        rows.append((day, stage.stage, bucket.bucket, _range_words(stage)))
    columns = {"day": "BIGINT", "stage": "VARCHAR", "bucket": "VARCHAR", "stage_threshold": "VARCHAR"}
    return Relation("day", columns, rows)


def _holds(bound: DayRange, day: int) -> bool:
    return bound.first <= day and (bound.last is None or day <= bound.last)


def _range_words(bound: DayRange) -> str:
    return f"{bound.first} or more days" if bound.last is None else f"{bound.first} to {bound.last} days"


def _currency(policy: Policy) -> Relation:
    """Every ISO 4217 currency with its minor unit (JPY 0, KWD 3) and its tolerance."""
    tolerance = policy.tolerance
    codes = sorted(set(get_global("all_currencies")) | set(tolerance.by_currency))
    return Relation(
        "currency",
        {"currency": "VARCHAR", "minor_units": "INTEGER", "tolerance": _AMOUNT},
        [(code, minor_units(code), tolerance.by_currency.get(code, tolerance.default)) for code in codes],
    )


def _score_band(policy: Policy) -> Relation:
    rows: list[tuple[Any, ...]] = []
    for name, component in policy.risk.components.items():
        rows += [(name, "known", band.over, band.up_to, band.points, _words(band)) for band in component.bands]
        rows.append((name, "unknown", None, None, component.unknown, "unknown"))
        if component.blocked is not None:
            rows.append((name, "blocked", None, None, component.blocked, "limit of 0"))
    columns = {
        "component": "VARCHAR",
        "state": "VARCHAR",
        "over": _AMOUNT,
        "up_to": _AMOUNT,
        "points": "INTEGER",
        "threshold": "VARCHAR",
    }
    return Relation("score_band", columns, rows)


def _words(band: Band) -> str:
    if band.over is None and band.up_to is None:
        return "any"
    if band.over is None:
        return f"up to {band.up_to}"
    return f"over {band.over}" if band.up_to is None else f"over {band.over} up to {band.up_to}"


def _grade(policy: Policy) -> Relation:
    return Relation(
        "grade",
        {"grade": "VARCHAR", "over": _AMOUNT, "up_to": _AMOUNT, "threshold": "VARCHAR"},
        [(band.grade, band.over, band.up_to, _words(band)) for band in policy.risk.grades],
    )


def _flag_rule(policy: Policy) -> Relation:
    columns = {
        "place": "INTEGER",
        "rule_id": "VARCHAR",
        "flag": "VARCHAR",
        "from_stage": "VARCHAR",
        "over_overdue_functional": _AMOUNT,
        "needs_over_limit": "BOOLEAN",
        "threshold": "VARCHAR",
    }
    rows: list[tuple[Any, ...]] = []
    for place, rule in enumerate(policy.flags, start=1):
        words = [f"stage {rule.from_stage} or later"]
        if rule.over_overdue_functional is not None:
            words.append(f"overdue over {rule.over_overdue_functional}")
        if rule.over_limit:
            words.append("over the credit limit")
        rows.append(
            (
                place,
                rule.rule_id,
                rule.flag,
                rule.from_stage,
                rule.over_overdue_functional,
                rule.over_limit,
                ", ".join(words),
            )
        )
    return Relation("flag_rule", columns, rows)


def _task_kind(policy: Policy) -> Relation:
    columns = {
        "kind": "VARCHAR",
        "from_stage": "VARCHAR",
        "over_overdue_functional": _AMOUNT,
        "points": "INTEGER",
        "due_in_days": "INTEGER",
    }
    rows: list[tuple[Any, ...]] = [
        (kind, rule.from_stage, rule.over_overdue_functional, rule.points, rule.due_in_days)
        for kind, rule in policy.tasks.kinds.items()
    ]
    return Relation("task_kind", columns, rows)


def _parameter(policy: Policy, business_date: date) -> Relation:
    """One row of single values."""
    as_of = business_date - timedelta(days=1)
    return Relation(
        "parameter",
        {
            "last_day": "BIGINT",
            "promise_tolerance_days": "INTEGER",
            "risk_window_from": "DATE",
            "default_tolerance": _AMOUNT,
            "unknown_amount_points": "INTEGER",
        },
        [
            (
                _last_day(policy),
                policy.promises.tolerance_days,
                as_of - relativedelta(months=policy.risk.window_months),
                policy.tolerance.default,
                policy.tasks.unknown_amount_points,
            )
        ],
    )
