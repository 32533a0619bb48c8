"""Every combination that the playbook must have a talk for, filled in and held against the tone rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import product

from huikuan.playbook.facts import Facts
from huikuan.playbook.script import Script, card_length, render
from huikuan.playbook.tone import broken_rules
from huikuan.policy.parts import Segment, Stage
from huikuan.policy.playbooks import DIMENSIONS, Orientation, Playbooks, Special
from huikuan.policy.rules import Nature
from huikuan.policy.tasks import TaskKind

KINDS: tuple[TaskKind, ...] = TaskKind.__args__  # type: ignore[attr-defined]
_VALUES = (
    Stage.__args__,  # type: ignore[attr-defined]
    (None, *Orientation.__args__),  # type: ignore[attr-defined]
    (None, *Nature.__args__),  # type: ignore[attr-defined]
    Segment.__args__,  # type: ignore[attr-defined]
    (None, *Special.__args__),  # type: ignore[attr-defined]
)
"""Values of each of DIMENSIONS; None where an account may have none."""

_DAY = date(2026, 7, 1)
_CHINESE = Facts(
    business_date=_DAY,
    account_name="武汉霁川建材有限公司",
    contact_name="彭海涛",
    rep_name="周敏",
    company_name="华东恒启工业股份有限公司",
    cooperation_months=26,
    currency="CNY",
    ask_amount=Decimal("128450"),
    owed_amount=Decimal("231900"),
    documents=("26320000012345678901", "26320000012345679917", "26320000012345670342"),
    days_past_due=46,
    due_on=date(2026, 7, 10),
    pay_by=date(2026, 7, 3),
    next_contact_on=date(2026, 7, 6),
    promised_amount=Decimal("80000"),
    promised_for=date(2026, 6, 22),
    promise_received=Decimal("20000"),
    promise_level=1,
    disputed_amount=Decimal("12600"),
    undisputed_amount=Decimal("115850"),
    dispute_reason="product",
    resolve_by=date(2026, 7, 8),
    missing_papers=("delivery_note",),
    statement_on=date(2026, 6, 30),
    target_amount=Decimal("300000"),
    committed_amount=Decimal("171550"),
    gap_amount=Decimal("128450"),
    received_amount=Decimal("96000"),
    received_on=date(2026, 6, 30),
    released_flag="stop_supply",
)
SAMPLES: Mapping[str, Facts] = {
    "zh_CN": _CHINESE,
    "en": replace(
        _CHINESE,
        account_name="Harrowgate Marine Fabrication Ltd",
        contact_name="Trevor Quayle",
        rep_name="Anna Reed",
        company_name="Northgate Supplies Ltd",
        currency="GBP",
        ask_amount=Decimal("12845.50"),
        owed_amount=Decimal("23190"),
        documents=("SI-0412345", "SI-0412399", "SI-0412466"),
        promised_amount=Decimal("8000"),
        promise_received=Decimal("2000"),
        disputed_amount=Decimal("1260"),
        undisputed_amount=Decimal("11585.50"),
        target_amount=Decimal("30000"),
        committed_amount=Decimal("17154.50"),
        gap_amount=Decimal("12845.50"),
        received_amount=Decimal("9600"),
    ),
}
"""Facts of the kind that the demo ledger has."""


@dataclass
class Survey:
    """What came of filling in every combination in one language."""

    locale: str
    rendered: int = 0
    broken: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By rule and script."""
    scripts: set[str] = field(default_factory=set)
    talks: set[int] = field(default_factory=set)
    cards: set[str] = field(default_factory=set)
    longest: float = 0

    def note(self, script: Script, *, is_suspected: bool) -> None:
        """Count one talk and the rules that it breaks."""
        self.rendered += 1
        self.scripts.add(script.script_id)
        self.cards.add(script.say)
        self.talks.add(hash(script.sections))
        self.longest = max(self.longest, card_length(script.say, script.locale))
        for rule in broken_rules(script, is_suspected=is_suspected):
            self.broken[rule, script.script_id] += 1


def cases() -> Iterator[dict[str, str | None]]:
    """Every case that an account may be in: stage, orientation, nature, segment and special case."""
    for values in product(*_VALUES):
        yield dict(zip(DIMENSIONS, values, strict=True))


def survey(playbooks: Playbooks, locale: str, facts: Facts) -> Survey:
    """Fill in every combination of kind and case with the same facts, and check each talk."""
    found = Survey(locale)
    for case in cases():
        known = replace(facts, **case)  # type: ignore[arg-type]
        for kind in KINDS:
            script = render(playbooks.script_for(kind, case), known, locale)
            found.note(script, is_suspected=case["nature"] == "suspected_malicious")
    return found
