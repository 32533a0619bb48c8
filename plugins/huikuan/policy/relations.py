"""The policy as small relations that the SQL models join: schema ``policy`` of the engine.

Stages and buckets become one row per day up to the last bound (``policy.day``), so that a model finds both by an
equality join on ``LEAST(days, last_day)``. What companies or segments may have their own way carries a ``variant``:
0 for everybody, and one number for each different set of overrides; ``policy.scope`` says whose it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from babel.core import get_global
from dateutil.relativedelta import relativedelta

from huikuan.currencies import minor_units
from huikuan.policy import calendar_relations as calendar
from huikuan.policy.finance_relations import finance_relations
from huikuan.policy.ladder import Notice
from huikuan.policy.model import Policy, PolicyBody
from huikuan.policy.parts import Band, DayRange
from huikuan.policy.playbooks import DIMENSIONS, Playbooks
from huikuan.policy.rules import Rule, as_range, words
from huikuan.policy.tasks import CONTACT_KINDS, Tasks


@dataclass(frozen=True)
class Relation:
    """Rows of a small table. ``columns`` maps names to SQL types in the order of each row's values."""

    name: str
    columns: dict[str, str]
    rows: list[tuple[Any, ...]]


_AMOUNT = "DECIMAL(18,4)"
_ANY = ""
"""In ``policy.scope``: a company or segment that no override names."""


def relations(
    policy: Policy, business_date: date, gate: str = "open", calendars: Collection[str] = ()
) -> list[Relation]:
    """Every relation of this policy, with look-back windows counted from the close of books.

    ``gate`` is what validation decided: only when it is open does anything new begin. ``calendars`` are the names that
    companies have; those that the policy changes are there in any case.
    """
    variants, scope = _variants(policy)
    varied = [_by_variant(variants, name, columns, rows) for name, columns, rows in _VARIED]
    return [
        _day(policy),
        scope,
        *varied,
        _task_kind(policy),
        *_task_points(policy.tasks),
        *_scripts(policy.playbooks, business_date),
        *_terms(policy.playbooks, business_date),
        *_calendars(policy, business_date, calendars),
        _contact_outcome(policy),
        _currency(),
        *_finance(policy, business_date),
        *_singles(policy, business_date, gate),
    ]


def _variants(policy: Policy) -> tuple[list[PolicyBody], Relation]:
    """The different policies that overrides make, and which companies and segments each is for."""
    variants: list[PolicyBody] = [policy]
    rows: list[tuple[Any, ...]] = [(_ANY, _ANY, 0)]
    for company, segment in policy.scopes():
        body = policy.applied_to(company, segment)
        same = [place for place, known in enumerate(variants) if _body(known) == _body(body)]
        rows.append((company or _ANY, segment or _ANY, same[0] if same else len(variants)))
        if not same:
            variants.append(body)
    columns = {"company_id": "VARCHAR", "segment": "VARCHAR", "variant": "INTEGER"}
    return variants, Relation("scope", columns, rows)


def _body(policy: PolicyBody) -> dict[str, Any]:
    return policy.model_dump(include=set(PolicyBody.model_fields), exclude={"overrides"})


def _by_variant(
    variants: Sequence[PolicyBody],
    name: str,
    columns: dict[str, str],
    rows: Callable[[PolicyBody], list[tuple[Any, ...]]],
) -> Relation:
    return Relation(
        name,
        {"variant": "INTEGER", **columns},
        [(number, *row) for number, body in enumerate(variants) for row in rows(body)],
    )


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


def _currency() -> Relation:
    """Every ISO 4217 currency with its minor unit (JPY 0, KWD 3)."""
    codes = sorted(get_global("all_currencies"))
    return Relation(
        "currency", {"currency": "VARCHAR", "minor_units": "INTEGER"}, [(code, minor_units(code)) for code in codes]
    )


def _tolerances(policy: PolicyBody) -> list[tuple[Any, ...]]:
    return sorted(policy.tolerance.by_currency.items())


def _score_bands(policy: PolicyBody) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for name, component in policy.risk.components.items():
        rows += [(name, "known", band.over, band.up_to, band.points, _words(band)) for band in component.bands]
        rows.append((name, "unknown", None, None, component.unknown, "unknown"))
        if component.blocked is not None:
            rows.append((name, "blocked", None, None, component.blocked, "limit of 0"))
    return rows


def _words(band: Band) -> str:
    if band.over is None and band.up_to is None:
        return "any"
    if band.over is None:
        return f"up to {band.up_to}"
    return f"over {band.over}" if band.up_to is None else f"over {band.over} up to {band.up_to}"


def _grades(policy: PolicyBody) -> list[tuple[Any, ...]]:
    return [(band.grade, band.over, band.up_to, _words(band)) for band in policy.risk.grades]


def _rules(policy: PolicyBody) -> list[tuple[str, int, Rule, str]]:
    """(decision, place, rule, outcome) of every rule; the first that holds decides, but each warning stands alone."""
    lists: list[tuple[str, Rule, str]] = [("pattern", rule, rule.pattern) for rule in policy.patterns]
    lists += [("arrears_nature", rule, rule.nature) for rule in policy.natures]
    lists += [(f"warning:{rule.warning}", rule, rule.warning) for rule in policy.warnings]
    lists += [("pause", rule, "paused") for rule in policy.ladder.pause]
    lists += [(f"task:{kind}", rule, kind) for kind, rule in policy.tasks.entries()]
    lists += [("specific", rule, rule.rule_id) for rule in policy.finance.provision.specific]
    lists += [("write_off", rule, rule.cause) for rule in policy.finance.provision.write_off]
    lists += [
        (f"flag:{sanction.flag}", rule, sanction.flag)
        for sanction in policy.ladder.sanctions
        for rule in sanction.entries
    ]
    return [(decision, place, rule, outcome) for place, (decision, rule, outcome) in enumerate(lists, start=1)]


def _rule_rows(policy: PolicyBody) -> list[tuple[Any, ...]]:
    return [
        (decision, place, rule.rule_id, outcome, len(rule.when), words(rule.when))
        for decision, place, rule, outcome in _rules(policy)
    ]


def _condition_rows(policy: PolicyBody) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for _, _, rule, _ in _rules(policy):
        for fact, condition in rule.when.items():
            bounds = as_range(condition)
            ends = (bounds.over, bounds.up_to) if bounds else (None, None)
            rows.append((rule.rule_id, fact, bounds is None, *ends))
    return rows


def _notice_rows(policy: PolicyBody) -> list[tuple[Any, ...]]:
    return [
        (place, notice.notice, policy.notice_days(place - 1), notice.wait_days, _notice_words(policy, place, notice))
        for place, notice in enumerate(policy.ladder.notices, start=1)
    ]


def _notice_words(policy: PolicyBody, place: int, notice: Notice) -> str:
    begins = f"from {policy.notice_days(place - 1)} days past due"
    return f"{begins}, {notice.wait_days} days after the notice before" if place > 1 else begins


def _evidence_rows(policy: PolicyBody) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for place, notice in enumerate(policy.ladder.notices, start=1):
        rows += [(place, "contact", channel, outcome) for channel in notice.channels for outcome in notice.outcomes]
        rows += [(place, "message", kind, "sent") for kind in notice.messages]
    return rows


def _sanction_rows(policy: PolicyBody) -> list[tuple[Any, ...]]:
    return [
        (place, sanction.flag, sanction.wait_days, sanction.levels_up)
        for place, sanction in enumerate(policy.ladder.sanctions, start=1)
    ]


def _exemption_rows(policy: PolicyBody) -> list[tuple[Any, ...]]:
    return [(segment, flag) for segment, flags in policy.ladder.exempt_segments.items() for flag in flags]


def _varied_parameters(policy: PolicyBody) -> list[tuple[Any, ...]]:
    return [
        (
            policy.tolerance.default,
            policy.promises.tolerance_days,
            policy.ladder.rejected_rest_days,
            len(policy.ladder.notices),
        )
    ]


_VARIED: list[tuple[str, dict[str, str], Callable[[PolicyBody], list[tuple[Any, ...]]]]] = [
    ("tolerance", {"currency": "VARCHAR", "tolerance": _AMOUNT}, _tolerances),
    (
        "score_band",
        {
            "component": "VARCHAR",
            "state": "VARCHAR",
            "over": _AMOUNT,
            "up_to": _AMOUNT,
            "points": "INTEGER",
            "threshold": "VARCHAR",
        },
        _score_bands,
    ),
    ("grade", {"grade": "VARCHAR", "over": _AMOUNT, "up_to": _AMOUNT, "threshold": "VARCHAR"}, _grades),
    (
        "rule",
        {
            "decision": "VARCHAR",
            "place": "INTEGER",
            "rule_id": "VARCHAR",
            "outcome": "VARCHAR",
            "conditions": "INTEGER",
            "threshold": "VARCHAR",
        },
        _rule_rows,
    ),
    (
        "rule_condition",
        {"rule_id": "VARCHAR", "fact": "VARCHAR", "is_unknown": "BOOLEAN", "over": _AMOUNT, "up_to": _AMOUNT},
        _condition_rows,
    ),
    (
        "notice",
        {
            "place": "INTEGER",
            "notice": "VARCHAR",
            "from_days": "INTEGER",
            "wait_days": "INTEGER",
            "threshold": "VARCHAR",
        },
        _notice_rows,
    ),
    (
        "notice_evidence",
        {"place": "INTEGER", "source": "VARCHAR", "channel": "VARCHAR", "outcome": "VARCHAR"},
        _evidence_rows,
    ),
    (
        "sanction",
        {"place": "INTEGER", "flag": "VARCHAR", "wait_days": "INTEGER", "levels_up": "INTEGER"},
        _sanction_rows,
    ),
    ("exemption", {"segment": "VARCHAR", "flag": "VARCHAR"}, _exemption_rows),
    (
        "level_above",
        {"segment": "VARCHAR"},
        lambda policy: [(segment,) for segment in policy.ladder.level_above_segments],
    ),
    (
        "variant_parameter",
        {
            "default_tolerance": _AMOUNT,
            "promise_tolerance_days": "INTEGER",
            "rejected_rest_days": "INTEGER",
            "notices": "INTEGER",
        },
        _varied_parameters,
    ),
    (
        "cap",
        {"min_accounts": "INTEGER", "max_accounts_pct": _AMOUNT, "max_amount_pct": _AMOUNT},
        lambda policy: [
            (policy.ladder.cap.min_accounts, policy.ladder.cap.max_accounts_pct, policy.ladder.cap.max_amount_pct)
        ],
    ),
]
"""Name, columns and rows of every relation that has a variant."""


def _task_kind(policy: Policy) -> Relation:
    columns = {
        "kind": "VARCHAR",
        "from_stage": "VARCHAR",
        "over_overdue_functional": _AMOUNT,
        "over_ask_functional": _AMOUNT,
        "every_days": "INTEGER",
        "has_entry": "BOOLEAN",
        "waits_for_best_day": "BOOLEAN",
        "is_contact": "BOOLEAN",
        "talk_place": "INTEGER",
        "points": "INTEGER",
        "due_in_days": "INTEGER",
    }
    talks: dict[str, int] = {kind: place for place, kind in enumerate(policy.tasks.one_talk, start=1)}
    rows: list[tuple[Any, ...]] = [
        (
            kind,
            rule.from_stage,
            rule.over_overdue_functional,
            rule.over_ask_functional,
            rule.every_days,
            rule.when is not None,
            rule.waits_for_best_day,
            kind in CONTACT_KINDS,
            talks.get(kind),
            rule.points,
            rule.due_in_days,
        )
        for kind, rule in policy.tasks.kinds.items()
    ]
    return Relation("task_kind", columns, rows)


def _task_points(tasks: Tasks) -> list[Relation]:
    """What a task is worth beside its kind, each reason a relation of its own."""
    stages = [(stage, points, tasks.rhythm_days[stage]) for stage, points in sorted(tasks.stage_points.items())]
    bands = {"over": _AMOUNT, "up_to": _AMOUNT, "points": "INTEGER", "threshold": "VARCHAR"}
    banded = (
        ("task_amount", tasks.amount_points),
        ("task_waiting", tasks.waiting_points),
        ("task_untouched", tasks.untouched_points),
    )
    return [
        Relation("task_stage", {"stage": "VARCHAR", "points": "INTEGER", "rhythm_days": "INTEGER"}, stages),
        Relation("task_grade", {"grade": "VARCHAR", "points": "INTEGER"}, sorted(tasks.grade_points.items())),
        *(
            Relation(name, bands, [(band.over, band.up_to, band.points, _words(band)) for band in found])
            for name, found in banded
        ),
        Relation(
            "task_parameter",
            {
                "unknown_amount_points": "INTEGER",
                "best_day_points": "INTEGER",
                "pre_due_days": "INTEGER",
                "coverage_floor_days": "INTEGER",
                "default_tasks": "INTEGER",
                "floor_share_pct": "INTEGER",
            },
            [
                (
                    tasks.unknown_amount_points,
                    tasks.best_day_points,
                    tasks.pre_due_days,
                    tasks.coverage_floor_days,
                    tasks.capacity.default_tasks,
                    tasks.capacity.floor_share_pct,
                )
            ],
        ),
    ]


def _scripts(playbooks: Playbooks, business_date: date) -> list[Relation]:
    """Rules that choose a script, what reason codes mean to them, and the day from which reasons count."""
    names = ("script_id", "kind", *DIMENSIONS)
    rules: list[tuple[Any, ...]] = [
        (place, rule.script, rule.kind, *(getattr(rule, name) for name in DIMENSIONS))
        for place, rule in enumerate(playbooks.scripts, start=1)
    ]
    reasons: list[tuple[Any, ...]] = [
        (code, special) for special, codes in playbooks.specials.items() for code in codes
    ]
    as_of = business_date - timedelta(days=1)
    return [
        Relation("script_rule", {"place": "INTEGER", **dict.fromkeys(names, "VARCHAR")}, rules),
        Relation("special_reason", {"reason_code": "VARCHAR", "special": "VARCHAR"}, reasons),
        Relation("script_window", {"reasons_from": "DATE"}, [(as_of - timedelta(days=playbooks.look_back_days),)]),
    ]


def _terms(playbooks: Playbooks, business_date: date) -> list[Relation]:
    """Terms per grade and month's business, and the day after which documents count as business."""
    bands: list[tuple[Any, ...]] = [
        (rule.grade, band.over, band.up_to, band.terms) for rule in playbooks.terms for band in rule.bands
    ]
    as_of, months = business_date - timedelta(days=1), playbooks.terms_months
    return [
        Relation("terms_band", {"grade": "VARCHAR", "over": _AMOUNT, "up_to": _AMOUNT, "terms": "VARCHAR"}, bands),
        Relation(
            "terms_window",
            {"business_from": "DATE", "months": "INTEGER"},
            [(as_of - relativedelta(months=months), months)],
        ),
    ]


def _calendars(policy: Policy, business_date: date, names: Collection[str]) -> list[Relation]:
    """Workdays around the business date, what habits of paying mean, and who is spoken to about what."""
    days = calendar.calendar_days(policy.calendars, business_date, names)
    return [
        Relation("calendar_day", calendar.CALENDAR_DAY, days),
        Relation("habit_value", calendar.HABIT_VALUE, calendar.habit_values(policy.best_day)),
        Relation("speak_to", calendar.SPEAK_TO, calendar.speak_to(policy.best_day)),
        Relation("best_day", calendar.BEST_DAY, calendar.best_day(policy.best_day)),
    ]


def _finance(policy: Policy, business_date: date) -> list[Relation]:
    buckets = [(bound.bucket, bound) for bound in policy.buckets]
    return [Relation(*parts) for parts in finance_relations(policy.finance, buckets, business_date)]


def _contact_outcome(policy: Policy) -> Relation:
    rows: list[tuple[Any, ...]] = [(outcome, "unanswered") for outcome in policy.contacts.unanswered]
    rows += [(outcome, "refused") for outcome in policy.contacts.refused]
    rows += [(outcome, "delivered") for outcome in policy.contacts.delivered]
    return Relation("contact_outcome", {"outcome": "VARCHAR", "meaning": "VARCHAR"}, rows)


def _singles(policy: Policy, business_date: date, gate: str) -> list[Relation]:
    """Relations of one row. What changes together stands together: a replay reuses what a change does not touch."""
    as_of = business_date - timedelta(days=1)
    behaviour = policy.behaviour
    return [
        Relation("identity", {"policy_version": "VARCHAR"}, [(policy.version,)]),
        Relation("night", {"gate": "VARCHAR"}, [(gate,)]),
        Relation(
            "look_back",
            {"short_from": "DATE", "medium_from": "DATE", "long_from": "DATE"},
            [
                (
                    as_of - relativedelta(months=behaviour.short_months),
                    as_of - relativedelta(months=behaviour.medium_months),
                    as_of - relativedelta(months=behaviour.long_months),
                )
            ],
        ),
        Relation(
            "parameter",
            {"last_day": "BIGINT", "month_from": "DATE", "month_to": "DATE"},
            [(_last_day(policy), business_date.replace(day=1), business_date + relativedelta(day=31))],
        ),
    ]
