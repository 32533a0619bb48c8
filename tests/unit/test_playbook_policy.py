"""The policy's section on playbooks: what is refused, and that the relations say the same as the rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from huikuan.errors import PolicyError
from huikuan.playbook.survey import KINDS, cases
from huikuan.policy import load_policy
from huikuan.policy.playbooks import DIMENSIONS
from huikuan.policy.relations import relations
from huikuan.settings import DEFAULT_POLICY

POLICY = load_policy(DEFAULT_POLICY)


def _before(content: dict[str, Any], script: str, rule: dict[str, Any]) -> None:
    rules = content["scripts"]
    rules.insert(next(place for place, known in enumerate(rules) if known["script"] == script), rule)


def _without(content: dict[str, Any], script: str) -> None:
    content["scripts"] = [rule for rule in content["scripts"] if rule["script"] != script]


def _all_stages(content: dict[str, Any]) -> None:
    """Five rules that hold for every stage between them: the one for all others is still needed for no stage."""
    for stage in ("M1", "M2", "M3", "M4", "M0"):
        _before(content, "visit", {"script": "visit_again", "kind": "visit", "stage": stage})
    _without(content, "visit")


REFUSED: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    ("no rule for all others", lambda c: _without(c, "visit"), "visit needs a last rule without other conditions"),
    ("no rule for all others, though every value is named", _all_stages, "visit needs a last rule"),
    ("a kind without rules", lambda c: _without(c, "file_claim"), "file_claim needs a last rule"),
    (
        "a rule behind a wider one",
        lambda c: _before(c, "call_check_in", {"script": "call_reminder", "kind": "call"}),
        "call_check_in for call can never be chosen",
    ),
    (
        "a rule that stands twice",
        lambda c: _before(c, "visit_suspected", {"script": "visit_first", "kind": "visit", "segment": "government"}),
        "visit_first for visit can never be chosen",
    ),
    (
        "an unknown condition",
        lambda c: c["scripts"][0].update(mood="bad"),
        "Extra inputs are not permitted",
    ),
    ("an unknown special case", lambda c: c["scripts"][5].update(special="rain"), "scripts.5.special"),
    ("a path as a script", lambda c: c["scripts"][0].update(script="../x"), "scripts.0.script"),
    (
        "a reason code of two cases",
        lambda c: c["specials"]["needs_cash"].append("product"),
        "reason code product stands twice",
    ),
    ("settling above the ask", lambda c: c["ask_anchor"].update(settle_factor=3), "must not be above ask_factor"),
    ("a plan of one payment", lambda c: c["plan"].update(max_days=10), "no plan has a second payment"),
    (
        "a worse grade that pays less",
        lambda c: c["plan"]["min_first_pct"].update(E=10),
        "grade E would pay less at first than grade D",
    ),
    ("a grade without a first payment", lambda c: c["plan"]["min_first_pct"].pop("B"), "min_first_pct needs A, B"),
    ("a discount above the limit", lambda c: c["discount"]["by_grade"].update(A=5), "A is above max_pct 2"),
    (
        "a discount for bad payers",
        lambda c: c["discount"]["by_grade"].update(D=1.5),
        "grade D would get more than grade C",
    ),
    (
        "looser terms for larger amounts",
        lambda c: c["terms"][0]["bands"].reverse() or _mend(c["terms"][0]["bands"]),  # type: ignore[func-returns-value]
        "a larger amount would get looser terms",
    ),
    ("a hole in terms", lambda c: c["terms"][0]["bands"][1].update(over=200000), "gap"),
    ("terms without a grade", lambda c: c["terms"].pop(), "expected grades A, B, C, D, E"),
]


def _mend(bands: list[dict[str, Any]]) -> None:
    bands[0].update(over=None, up_to=1000)
    bands[1].update(over=1000, up_to=None)


@pytest.mark.parametrize(("change", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refused(change: Callable[[dict[str, Any]], None], message: str, tmp_path: Path) -> None:
    content = yaml.safe_load(DEFAULT_POLICY.read_text(encoding="utf-8"))
    change(content["playbooks"])
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.raises(PolicyError) as refused:
        load_policy(path)
    assert message in str(refused.value)
    assert "playbooks" in str(refused.value)


def test_the_relation_chooses_as_the_rules_do() -> None:
    made = {relation.name: relation for relation in relations(POLICY, date(2026, 7, 1))}
    columns = list(made["script_rule"].columns)
    rows = [dict(zip(columns, row, strict=True)) for row in made["script_rule"].rows]
    assert [row["place"] for row in rows] == list(range(1, len(rows) + 1))
    for case in cases():
        for kind in KINDS:
            first = next(
                row["script_id"]
                for row in rows
                if row["kind"] == kind and all(row[name] in (None, case[name]) for name in DIMENSIONS)
            )
            assert first == POLICY.playbooks.script_for(kind, case)


def test_reasons_look_back_from_the_close_of_books() -> None:
    made = {relation.name: relation for relation in relations(POLICY, date(2026, 7, 1))}
    assert made["script_window"].rows == [(date(2026, 4, 1),)]
    assert ("product", "small_defect") in made["special_reason"].rows
