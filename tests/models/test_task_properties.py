"""What must hold for every list: capacity, the coverage floor, one talk per currency, the same id every night."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from huikuan.engine import duck
from huikuan.engine.graph import deciding_models
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY
from huikuan.warehouse.tables import RESULTS
from tests.models.ledgers import classified, complete, fetch, write
from tests.models.test_properties import SLOW

DAY = date(2026, 7, 1)
POLICY = load_policy(DEFAULT_POLICY)
FLOOR = POLICY.tasks.coverage_floor_days
TALKS = tuple(POLICY.tasks.one_talk)


@st.composite
def books(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Two reps with small days, customers late and not late, some spoken to, some who want to be left alone."""
    rng = draw(st.randoms(use_true_random=False))
    count = draw(st.integers(1, 14))
    reps = [{"rep_id": f"R{n}", "manager_id": "M", "daily_capacity": draw(st.integers(1, 6))} for n in range(2)]
    ledger: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("account", "document", "promise", "contact_log", "target", "coverage")
    }
    ledger["rep"] = [*reps, {"rep_id": "M", "role": "manager"}]
    for n in range(count):
        name = f"A{n}"
        alone = DAY + timedelta(rng.randint(-3, 3)) if rng.random() < 0.2 else None
        ledger["account"].append(
            {"account_id": name, "rep_id": rng.choice(["R0", "R1", None]), "do_not_contact_until": alone}
        )
        for k in range(rng.randint(0, 3)):
            due = DAY + timedelta(rng.randint(-150, 60))
            document = {"document_id": f"D{n}-{k}", "account_id": name, "amount": rng.randint(1, 90_000), "due_on": due}
            ledger["document"].append(
                document | {"currency": rng.choice(["CNY", "USD"]), "issued_on": min(due, DAY) - timedelta(40)}
            )
            if rng.random() < 0.3:
                made = {"promise_id": f"P{n}-{k}", "document_id": f"D{n}-{k}", "account_id": name}
                made |= {"amount": document["amount"], "currency": ledger["document"][-1]["currency"]}
                ledger["promise"].append(made | {"made_on": DAY - timedelta(25), "promised_for": DAY - timedelta(9)})
        for k in range(rng.randint(0, 2)):
            log = {"log_id": f"L{n}-{k}", "account_id": name, "contacted_at": _at(DAY - timedelta(rng.randint(1, 60)))}
            ledger["contact_log"].append(
                log | {"channel": "phone", "outcome": rng.choice(["spoke", "no_answer", "promised"])}
            )
        if rng.random() < 0.4:
            ledger["target"].append({"account_id": name, "month": DAY.replace(day=1), "amount": rng.randint(1, 50_000)})
    if rng.random() < 0.3:
        ledger["coverage"].append({"rep_id": "R0", "covered_by": "R1", "from_on": DAY, "to_on": DAY})
    ledger["fx_rate"] = [{"on_date": DAY - timedelta(90), "from_currency": "USD", "rate": 7}]
    return ledger


def _at(day: date) -> datetime:
    return datetime.combine(day, time(2), UTC)


@SLOW
@given(books())
def test_lists_keep_their_promises(ledger: dict[str, list[dict[str, Any]]]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        classified(ledger, DAY, POLICY, Path(folder), with_figures=False) as connection,
    ):
        tasks = fetch(connection, "SELECT * FROM task")
        points = fetch(connection, "SELECT task_id, SUM(points) AS points FROM task_point GROUP BY task_id")
        quiet = fetch(
            connection,
            "SELECT company_id, account_id FROM account_touch AS t INNER JOIN ledger.account AS a"
            f" USING (company_id, account_id) WHERE t.days_untouched >= {FLOOR} AND (a.do_not_contact_until IS NULL"
            f" OR a.do_not_contact_until <= DATE '{DAY}') AND EXISTS (SELECT 1 FROM account_balance AS b"
            " WHERE b.company_id = t.company_id AND b.account_id = t.account_id AND b.collectable_amount > 0)",
        )
    assert {row["task_id"]: row["points"] for row in points} == {row["task_id"]: row["points"] for row in tasks}
    talked = [row for row in tasks if row["kind"] in TALKS]
    assert len({(row["account_id"], row["currency"]) for row in talked}) == len(talked), "one talk per currency"
    spoken = {row["account_id"] for row in tasks if row["kind"] in (*TALKS, "chase_promise")}
    assert {row["account_id"] for row in quiet} <= spoken, "nobody with money open is forgotten"
    capacity = {
        row["rep_id"]: row.get("daily_capacity") or POLICY.tasks.capacity.default_tasks for row in ledger["rep"]
    }
    for rep_id in {row["rep_id"] for row in tasks}:
        mine = sorted((row for row in tasks if row["rep_id"] == rep_id), key=lambda row: row["rank"])
        assert [row["rank"] for row in mine] == list(range(1, len(mine) + 1))
        planned = [row["is_planned"] for row in mine]
        assert sum(planned) == (min(len(mine), capacity[rep_id]) if rep_id else 0)
        assert planned == sorted(planned, reverse=True), "what fits comes before what waits"


def test_the_floor_reaches_everybody_in_turn(tmp_path: Path) -> None:
    """Twelve customers nobody has spoken to, and more late ones than fit into a day of five tasks: one place of each
    day is kept, so after twelve days each of the twelve was in the plan, though the late ones always have more points.
    """
    quiet, late = [f"quiet{n}" for n in range(12)], [f"late{n}" for n in range(20)]
    ledger = {
        "rep": [{"rep_id": "R1", "manager_id": "R2", "daily_capacity": 5}, {"rep_id": "R2", "role": "manager"}],
        "account": [{"account_id": name} for name in (*quiet, *late)],
        "document": [
            *({"document_id": name, "account_id": name, "amount": 400, "due_on": date(2027, 1, 1)} for name in quiet),
            *({"document_id": name, "account_id": name, "amount": 40_000, "due_on": date(2026, 5, 1)} for name in late),
        ],
        "contact_log": [
            {"log_id": f"{name}", "account_id": name, "contacted_at": _at(DAY - timedelta(8)), "channel": "phone"}
            | {"outcome": "spoke"}
            for name in late
        ],
    }
    planned: list[str] = []
    previous = None
    for number in range(12):
        day, folder = DAY + timedelta(number), tmp_path / str(number)
        folder.mkdir()
        inputs = duck.Inputs(
            business_date=day, policy=POLICY, ledger=write(complete(ledger, DAY), folder), previous=previous
        )
        with duck.session(inputs, RESULTS) as connection:
            duck.run_models(connection, day, deciding_models())
            [today] = fetch(connection, "SELECT account_id FROM task WHERE is_planned AND is_floor")
            duck.write_results(connection, folder / "out", RESULTS, business_date=day, run_id="r")
        planned.append(today["account_id"])
        ledger["contact_log"].append(
            {"log_id": f"n{number}", "account_id": planned[-1], "contacted_at": _at(day), "channel": "phone"}
            | {"outcome": "spoke"}
        )
        previous = folder / "out"
    assert sorted(planned) == sorted(quiet)
