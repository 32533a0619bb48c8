"""Tryton's two published dunning stories and SAP's life-cycle of promises, night after night through the models.

Tryton's words in ours: a dunning in *draft* is a notice that is due and was not delivered; *process* delivers it; from
then on it is *waiting*, and *final* once no further notice exists; *block* exempts the account. A night reads the books
of the day before, so what is done on one day shows on the next: a step that Tryton runs on the day of a deed is run on
the morning after it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY, PROJECT
from tests.models.ledgers import classified, fetch
from tests.scenarios.stories import Ledger, Row, letter, override, write_policy

ORACLES = PROJECT.parent / "shared" / "oracles"
DUE = date(2026, 1, 1)
NOTICES = ("reminder", "warning", "final_notice")
SCENARIOS = json.loads((ORACLES / "tryton_dunning_scenarios.json").read_text(encoding="utf-8"))["cases"]


@dataclass
class Dunning:
    """One line of 100, the nights that were run on it, and what is known of its notices."""

    ledger: Ledger
    policy: Path
    levels: Sequence[str]
    folder: Path
    last: date = DUE
    status: Row = field(default_factory=dict)
    delivered: list[str] = field(default_factory=list)
    is_blocked: bool = False

    def run(self, day: date) -> None:
        """The night of this day, or of the day after the last one when something was done since."""
        self.last = max(day, self.last + timedelta(days=1))
        with classified(self.ledger, self.last, load_policy(self.policy), self.folder / str(self.last)) as connection:
            [self.status] = fetch(connection, "SELECT * FROM account_status")

    def act(self, deed: str) -> None:
        """What a person does on the business date of the last night."""
        if deed == "process":
            self.ledger["contact_log"].append(letter("A1", self.last))
            self.delivered.append(self.status["ladder_next_step"])
        elif deed == "block":
            row = {"effect": "exempt", "reason": "blocked", "expires_on": self.last + timedelta(days=365)}
            self.ledger["sanction_override"] = [override(row, self.last)]
            self.is_blocked = True
        elif deed == "unblock":
            self.ledger["sanction_override"][0]["ended_on"] = self.last
            self.is_blocked = False
        elif deed == "pay and reconcile":
            _pay(self.ledger, "line", self.last)
        else:
            pytest.fail(f"nobody knows how to {deed}")

    def dunnings(self) -> list[Row]:
        """What Tryton would list: at most one dunning, with its level and state."""
        if self.status["oldest_due_on"] is None:
            return []
        following = self.status["ladder_next_step"]
        is_due = following in self.levels and self.status["ladder_next_on"] <= self.last
        if is_due and following not in self.delivered and not self.is_blocked:
            return [{"level": self.levels.index(following) + 1, "state": "draft"}]
        if not self.delivered:
            return []
        reached = self.delivered[-1]
        is_final = self.status["ladder_step"] == self.levels[-1]
        row = {"level": self.levels.index(reached) + 1, "state": "final" if is_final else "waiting"}
        return [row | ({"blocked": True} if self.is_blocked else {})]


@pytest.mark.parametrize("case", SCENARIOS, ids=lambda case: str(case["name"]))
def test_dunning_day_by_day(case: Row, tmp_path: Path) -> None:
    levels = NOTICES[: len(case["levels_days"])]
    ledger: Ledger = {
        "document": [
            {"document_id": "line", "amount": case["line"]["debit"], "due_on": DUE},
            {"document_id": "paid", "amount": 100, "due_on": DUE},
        ],
        "receipt": [],
        "allocation": [],
        "contact_log": [],
    }
    _pay(ledger, "paid", DUE)
    policy = write_policy(_levels(levels, case["levels_days"]), tmp_path / "policy.yaml")
    dunning = Dunning(ledger, policy, levels, tmp_path)
    for number, step in enumerate(case["steps"]):
        if "do" in step:
            dunning.act(step["do"])
        if "run" in step:
            dunning.run(DUE + timedelta(days=int(step["run"].removeprefix("D"))))
        elif step["do"] == "pay and reconcile":
            dunning.run(dunning.last)
        assert dunning.dunnings() == step["expect"], f"step {number}: {step}, on {dunning.last}: {dunning.status}"


def _levels(names: Sequence[str], days: Sequence[int]) -> Row:
    """Tryton's levels as notices of the policy. Its delay of 0 is a day: due today is not overdue here."""
    notices = [
        {
            "notice": name,
            "from_days": max(day, 1),
            "wait_days": 0,
            "channels": ["letter"],
            "outcomes": ["delivered"],
        }
        for name, day in zip(names, days, strict=True)
    ]
    return {"ladder": {"notices": notices}}


def _pay(ledger: Mapping[str, list[Row]], document: str, day: date) -> None:
    ledger["receipt"].append({"receipt_id": f"for-{document}", "received_on": day, "amount": 100})
    ledger["allocation"].append({"source_id": f"for-{document}", "document_id": document, "amount": 100})


@pytest.fixture
def promises() -> Row:
    rules = json.loads((ORACLES / "collections_rules.json").read_text(encoding="utf-8"))
    return next(dict(rule) for rule in rules if rule["id"] == "promise_states_sap")


def test_promises_are_open_until_their_window_has_closed(promises: Row, tmp_path: Path) -> None:
    tolerance = timedelta(days=load_policy(DEFAULT_POLICY).promises.tolerance_days)
    promised_for = DUE + timedelta(days=20)
    for number, case in enumerate(promises["cases"]):
        ledger = _promised([("p", case["promised"], DUE + timedelta(days=5), promised_for)], case["promised"])
        _receive(ledger, case["received_in_window"], promised_for)
        closes = promised_for + tolerance + timedelta(days=1)  # the books of the last day of the window are closed
        before = _night(ledger, closes - timedelta(days=1), tmp_path / f"{number}-before")
        after = _night(ledger, closes, tmp_path / f"{number}-after")
        is_kept = case["received_in_window"] >= case["promised"]
        assert before["p"]["state"] == ("kept" if is_kept else "open"), case
        if case["evaluated_after_tolerance"]:
            assert after["p"]["state"] == case["state"], case
        else:
            assert before["p"]["state"] == case["state"], case


LEVELS: dict[str, tuple[list[tuple[str, int, int, int]], int]] = {
    # promise, amount, made on day, promised for day; and what was received on day 9
    "level 1 broken": ([("old", 100, 5, 10), ("new", 100, 20, 40)], 0),
    "level 1 for a part, kept": ([("old", 40, 5, 10), ("new", 60, 20, 40)], 40),
}


def test_levels_of_promises(promises: Row, tmp_path: Path) -> None:
    assert [case["history"][0] for case in promises["levels"]] == list(LEVELS)
    for number, case in enumerate(promises["levels"]):
        made, received = LEVELS[case["history"][0]]
        days = [(name, amount, DUE + timedelta(days=on), DUE + timedelta(days=due)) for name, amount, on, due in made]
        ledger = _promised(days, 100)
        _receive(ledger, received, DUE + timedelta(days=9))
        found = _night(ledger, DUE + timedelta(days=21), tmp_path / str(number))
        assert found["old"]["level"] == 1
        assert found["old"]["state"] == ("kept" if received else "broken")
        assert (found["new"]["state"], found["new"]["level"]) == ("open", case["level"]), case


def _promised(promises: Sequence[tuple[str, int, date, date]], amount: int) -> Ledger:
    """A document of this amount and promises about it: (promise_id, amount, made_on, promised_for)."""
    names = ("promise_id", "amount", "made_on", "promised_for")
    return {
        "document": [{"document_id": "d", "amount": amount, "due_on": DUE}],
        "promise": [{"document_id": "d"} | dict(zip(names, promise, strict=True)) for promise in promises],
    }


def _receive(ledger: Ledger, amount: int, day: date) -> None:
    if amount:
        ledger["receipt"] = [{"receipt_id": "r", "received_on": day, "amount": amount}]
        ledger["allocation"] = [{"source_id": "r", "document_id": "d", "amount": amount}]


def _night(ledger: Ledger, day: date, folder: Path) -> dict[str, Row]:
    """The promises as this night sees them, by name."""
    with classified(ledger, day, load_policy(DEFAULT_POLICY), folder) as connection:
        return {row["promise_id"]: row for row in fetch(connection, "SELECT * FROM promise_status")}
