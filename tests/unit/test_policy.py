"""Policies: what is refused, with file, line, key and remedy; which version is in force; whose override counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from huikuan.errors import PolicyError
from huikuan.policy import load_policy, policy_in_force
from huikuan.policy.relations import Relation, relations
from huikuan.policy.schema import policy_schema
from huikuan.settings import DEFAULT_POLICY, POLICIES, PROJECT

DAY = date(2026, 7, 1)
Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    """Write the default policy with a change to its content; returns the file."""

    def write(change: Change, name: str = "policy.yaml") -> Path:
        content = yaml.safe_load(DEFAULT_POLICY.read_text(encoding="utf-8"))
        change(content)
        path = tmp_path / name
        path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return path

    return write


def _ladder(content: dict[str, Any], place: int) -> dict[str, Any]:
    sanction: dict[str, Any] = content["ladder"]["sanctions"][place]
    return sanction


def _nothing(_: dict[str, Any]) -> None:
    """The policy as it is."""


def _fewer_points(content: dict[str, Any]) -> None:
    content["risk"]["components"].pop("days_past_due")
    content["risk"]["grades"][-2].update(up_to=70)
    content["risk"]["grades"][-1].update(over=70)


REFUSED: list[tuple[str, Change, str]] = [
    ("a gap between stages", lambda c: c["stages"][2].update({"from": 32}), "gap: days 31 to 31"),
    ("an overlap of stages", lambda c: c["stages"][2].update({"from": 30}), "overlap: day 30"),
    ("stages without an end", lambda c: c["stages"][4].update({"to": 999}), "days from 1000 on belong to nothing"),
    ("a gap between buckets", lambda c: c["buckets"][1].update({"from": 2}), "gap: days 1 to 1"),
    (
        "a gap between bands",
        lambda c: c["risk"]["components"]["limit_used_pct"]["bands"][1].update(over=81),
        "gap: values over 80 up to 81",
    ),
    (
        "an overlap of bands",
        lambda c: c["risk"]["components"]["limit_used_pct"]["bands"][1].update(over=79),
        "overlap: band over 79",
    ),
    ("a grade twice", lambda c: c["risk"]["grades"][1].update(grade="A"), "grade A stands twice"),
    (
        "a score beyond 100",
        lambda c: c["risk"]["components"]["profile_pct"].update(unknown=50),
        "the components can give",
    ),
    (
        "a grade nobody can reach",
        _fewer_points,
        "grade E can never be reached",
    ),
    (
        "a score from the grade",
        lambda c: c["risk"]["components"].update(grade_worsened_times=c["risk"]["components"].pop("profile_pct")),
        "follows from the grade",
    ),
    ("an unknown key", lambda c: c.update(colour="red"), "Extra inputs are not permitted"),
    ("a flag that is not one", lambda c: _ladder(c, 0).update(flag="shout"), "Input should be"),
    ("a missing section", lambda c: c.pop("ladder"), "Field required"),
    (
        "an unknown fact",
        lambda c: c["patterns"][0]["when"].update(mood={"over": 1}),
        "Input should be 'days_past_due'",
    ),
    (
        "a rule that an earlier one beats",
        lambda c: c["patterns"].insert(
            0, {"rule_id": "any.late", "pattern": "drags_on", "when": {"days_past_due": {"over": 10}}}
        ),
        "never_pays.nothing_received can never fire: any.late before it always does",
    ),
    (
        "an entry that an earlier one beats",
        lambda c: _ladder(c, 0)["entries"].append(
            {
                "rule_id": "stop_supply.later",
                "when": {"days_past_due": {"over": 90}, "overdue_functional": {"over": 20000}},
            }
        ),
        "stop_supply.later can never fire",
    ),
    (
        "a condition without ends",
        lambda c: c["patterns"][0]["when"].update(days_past_due={}),
        "a condition needs",
    ),
    (
        "a condition that nothing meets",
        lambda c: c["patterns"][0]["when"].update(days_past_due={"over": 5, "up_to": 5}),
        "holds no value",
    ),
    (
        "a rule_id twice",
        lambda c: c["natures"][0].update(rule_id=c["patterns"][0]["rule_id"]),
        "rule_id never_pays.nothing_received stands twice",
    ),
    ("sanctions out of order", lambda c: c["ladder"]["sanctions"].reverse(), "in this order"),
    ("a sanction without entry", lambda c: _ladder(c, 1).update(entries=[]), "stop_service has no entry rule"),
    (
        "a notice with two beginnings",
        lambda c: c["ladder"]["notices"][0].update(from_days=3),
        "either from_stage or from_days",
    ),
    (
        "a notice that begins before the one before it",
        lambda c: c["ladder"]["notices"].reverse(),
        "each must begin as late as the one before",
    ),
    (
        "a notice that cannot be delivered",
        lambda c: c["ladder"]["notices"][0].update(outcomes=[], messages=[]),
        "could never be delivered",
    ),
    ("a reminder after the deadline", lambda c: c["approvals"].update(remind_after_hours=10), "must be less than"),
    (
        "windows that do not grow",
        lambda c: c["behaviour"].update(medium_months=3),
        "the windows must grow",
    ),
    ("an override for everybody", lambda c: c.update(overrides=[{"set": {"promises": {}}}]), "needs a company"),
    (
        "an override of what is the same for all",
        lambda c: c.update(overrides=[{"company": "C1", "set": {"buckets": []}}]),
        "buckets is the same for everybody",
    ),
    (
        "an override that breaks the whole",
        lambda c: c.update(overrides=[{"segment": "key", "set": {"promises": {"tolerance_days": -1}}}]),
        "overrides for segment key: promises.tolerance_days",
    ),
]


@pytest.mark.parametrize(("change", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_refused_is_said_with_file_line_key_and_remedy(
    changed: Callable[..., Path], change: Change, message: str
) -> None:
    path = changed(change)
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    assert message in caught.value.problem
    assert str(path) in caught.value.problem
    assert ", line " in caught.value.problem
    assert caught.value.remedy


def test_the_line_is_that_of_the_key(tmp_path: Path) -> None:
    text = DEFAULT_POLICY.read_text(encoding="utf-8").replace("  tolerance_days: 3", "  tolerance_days: soon")
    number = next(n for n, line in enumerate(text.splitlines(), start=1) if "tolerance_days: soon" in line)
    path = tmp_path / "p.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=rf"line {number}, promises.tolerance_days"):
        load_policy(path)


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(DEFAULT_POLICY.read_text(encoding="utf-8") + "\nversion: again\n", encoding="utf-8")
    with pytest.raises(PolicyError, match="version: stands twice"):
        load_policy(path)


def test_the_published_bands_with_a_hole_at_ten_thousand_are_refused(changed: Callable[..., Path]) -> None:
    rules = json.loads((PROJECT.parent / "shared/oracles/collections_rules.json").read_text(encoding="utf-8"))
    [oracle] = [rule for rule in rules if rule["id"] == "bands_without_holes"]
    bands = [
        {"over": low - 1 if place else None, "up_to": high, "points": place}
        for place, (low, high) in enumerate(oracle["inputs"]["amount_bands"])
    ]
    assert "10,000 is in no band" in oracle["expected"]
    path = changed(lambda content: content["tasks"].update(amount_points=bands))
    with pytest.raises(PolicyError, match="gap: values over 9999 up to 10000 are in no band"):
        load_policy(path)


def test_layout_and_comments_do_not_change_the_hash_but_a_number_does(changed: Callable[..., Path]) -> None:
    same = changed(_nothing, "same.yaml")
    other = changed(lambda content: content["promises"].update(tolerance_days=4), "other.yaml")
    assert load_policy(same).hash == load_policy(DEFAULT_POLICY).hash != load_policy(other).hash


def test_the_newest_version_in_force_on_the_day_is_taken(changed: Callable[..., Path], tmp_path: Path) -> None:
    for name, begin in (("old", "2020-01-01"), ("new", "2026-07-01"), ("next", "2027-01-01")):
        changed(lambda content, begin=begin: content.update(effective_from=date.fromisoformat(begin)), f"{name}.yaml")
    assert policy_in_force(tmp_path, date(2026, 6, 30)).stem == "old"
    assert policy_in_force(tmp_path, date(2026, 7, 1)).stem == "new"
    assert policy_in_force(tmp_path, date(2027, 6, 1)).stem == "next"
    assert policy_in_force(tmp_path / "old.yaml", date(2027, 6, 1)).stem == "old"
    with pytest.raises(PolicyError, match="is in force from 2020-01-01 only"):
        policy_in_force(tmp_path, date(2019, 12, 31))


def test_two_versions_of_one_day_are_refused(changed: Callable[..., Path], tmp_path: Path) -> None:
    changed(_nothing, "a.yaml")
    changed(_nothing, "b.yaml")
    with pytest.raises(PolicyError, match="both come into force on 2000-01-01"):
        policy_in_force(tmp_path, DAY)


def test_the_shipped_folder_has_a_policy_for_every_day() -> None:
    assert policy_in_force(POLICIES, date(2000, 1, 1)) == DEFAULT_POLICY


def relation(path: Path, name: str) -> Relation:
    return next(part for part in relations(load_policy(path), DAY) if part.name == name)


def test_an_override_makes_a_variant_for_whom_it_names(changed: Callable[..., Path]) -> None:
    overrides = [
        {"segment": "government", "set": {"promises": {"tolerance_days": 10}}},
        {"company": "C1", "set": {"promises": {"tolerance_days": 5}, "tolerance": {"by_currency": {"JPY": 7}}}},
    ]
    path = changed(lambda content: content.update(overrides=overrides))
    scope = {(company, segment): variant for company, segment, variant in relation(path, "scope").rows}
    days = {row[0]: row[2] for row in relation(path, "variant_parameter").rows}
    found = {whom: days[variant] for whom, variant in scope.items()}
    # The later override wins where both meet.
    assert found == {("", ""): 3, ("", "government"): 10, ("C1", ""): 5, ("C1", "government"): 5}
    assert scope["C1", ""] == scope["C1", "government"], "equal policies are one variant"
    yen = {variant: tolerance for variant, currency, tolerance in relation(path, "tolerance").rows if currency == "JPY"}
    assert yen[0] == Decimal(100)
    assert yen[scope["C1", ""]] == Decimal(7)


def test_the_schema_for_editors_is_that_of_the_models() -> None:
    """`make docs` writes it."""
    assert (POLICIES / "policy.schema.json").read_text(encoding="utf-8") == policy_schema()
