"""What must hold on every ladder: no step without its evidence, no sanction without a person, no harm from paying.

The ledgers are those of ``test_properties``, with people, letters, calls, promises that were accepted and exemptions on
top, and a policy whose thresholds are low enough for small debts to climb all the way.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from huikuan.engine import duck
from huikuan.errors import PolicyError
from huikuan.policy import Policy, load_policy
from huikuan.policy.parts import Band, DayRange, check_bands, check_days
from huikuan.settings import DEFAULT_POLICY, PROJECT
from huikuan.warehouse.tables import RESULTS
from tests.models.ledgers import classified, fetch
from tests.models.test_properties import DAY, SLOW, ledgers
from tests.scenarios.stories import (
    PEOPLE,
    Ledger,
    Row,
    complete_ledger,
    decision,
    night,
    override,
    rows_of,
    write_policy,
)

SANCTIONS = ("stop_supply", "stop_service", "terminate_authorization", "reputation_notice", "legal_referral")
STEPS = ("reminder", "warning", "final_notice", *SANCTIONS)
"""From the foot of the default policy's ladder to its top."""

LOW: Row = {
    "ladder": {
        "sanctions": [
            {
                "flag": flag,
                "wait_days": 0 if place == 0 else 1,
                "levels_up": 1 if place < 2 else 2,
                "entries": [{"rule_id": f"{flag}.late", "when": {"days_past_due": {"over": 61 + place}}}],
            }
            for place, flag in enumerate(SANCTIONS)
        ],
        "cap": {"min_accounts": 1000, "max_accounts_pct": 100, "max_amount_pct": 100},
    }
}
"""Every sanction a day after the one before, for any amount; the cap, which lets neighbours matter, is out of reach."""


@pytest.fixture(scope="module")
def low(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load_policy(write_policy(LOW, tmp_path_factory.mktemp("policy") / "low.yaml"))


CLIMBERS = 12


@st.composite
def dunned(draw: st.DrawFn) -> Ledger:
    """The accounts of ``ledgers()`` and some that climb: late, with letters, and with what may end it on the nights."""
    ledger: Ledger = dict(draw(ledgers()))
    rng = draw(st.randoms(use_true_random=False))
    ledger["rep"] = PEOPLE
    ledger["fx_rate"] = [{"on_date": DAY - timedelta(500), "from_currency": "USD", "rate": 7}]
    ledger["contact_log"], ledger["notice"] = [], []
    names = [f"B{n}" for n in range(CLIMBERS)]
    for name in names:
        _climb(rng, ledger, name)
    ledger["account"] = [
        row
        | {"rep_id": rng.choice(["rep-li", "rep-li", "manager-chen", None])}
        | {"segment": rng.choice([None, None, "key", "strategic", "government"])}
        | {"status": rng.choice(["active", "active", "active", "active", "insolvent"])}
        for row in [*ledger["account"], *({"account_id": name} for name in names)]
    ]
    ledger["sanction_override"] = [_override(rng, n, names) for n in range(rng.randint(0, 4))]
    return ledger


def _climb(rng: random.Random, ledger: Ledger, name: str) -> None:
    """A debt 60 to 90 days late whose notices went out or nearly so, and perhaps what takes its reason away."""
    due = DAY - timedelta(days=rng.randint(60, 90))
    common = {"account_id": name, "amount": rng.randint(100, 9000)}
    ledger["document"].append({"document_id": f"{name}-late", "due_on": due, "issued_on": due - timedelta(30)} | common)
    young = {"document_id": f"{name}-young", "due_on": due + timedelta(40), "issued_on": due}
    ledger["document"] += [young | common] * rng.randint(0, 1)
    for n, since in enumerate([*rng.sample(range(1, 60), 4), 31, rng.randint(60, 75), rng.randint(60, 75)]):
        on = due + timedelta(days=since)
        if n % 3 == 2:
            ledger["notice"].append({"company_id": "C1", "message_id": f"{name}-{n}", "account_id": name})
            ledger["notice"][-1] |= {"kind": rng.choice(["notice", "notice", "digest"]), "sent_on": on}
        else:
            row = {"company_id": "C1", "log_id": f"{name}-{n}", "account_id": name, "contacted_at": on}
            row["channel"] = rng.choice(["letter", "letter", "letter", "visit", "phone", "message", "pigeon"])
            ledger["contact_log"].append(
                row | {"outcome": rng.choice(["delivered", "delivered", "spoke", "no_answer"])}
            )
    on = DAY + timedelta(days=rng.randint(0, 3))
    ends = rng.choice(["receipt", "receipt", "credit_note", "dispute", "write_off", "nothing", "nothing", "nothing"])
    if ends == "receipt":
        ledger["receipt"].append({"receipt_id": f"{name}-r", "received_on": on} | common)
    elif ends == "credit_note":
        ledger["document"].append({"document_id": f"{name}-c", "kind": ends, "issued_on": on} | common)
    elif ends == "dispute":
        row = {"dispute_id": f"{name}-x", "document_id": f"{name}-late", "opened_on": on}
        ledger["dispute"].append(row | {"resolved_on": rng.choice([None, on + timedelta(2)])})
    elif ends == "write_off":
        row = {"source_kind": ends, "source_id": f"{name}-w", "document_id": f"{name}-late", "allocated_on": on}
        ledger["allocation"].append(row | {"amount": common["amount"], "allocation_id": f"{name}-w"})


def _override(rng: random.Random, n: int, accounts: Sequence[str]) -> Row:
    """An exemption or a wish for a sanction: before, during or after the nights that are played."""
    begin = DAY + timedelta(days=rng.randint(-5, 3))
    row = {"override_id": f"O{n}", "account_id": rng.choice(accounts), "reason": "as agreed", "from_on": begin}
    row |= {"author": rng.choice(["manager-chen", "director-wang"]), "expires_on": begin + timedelta(rng.randint(0, 6))}
    effect = rng.choice(["exempt", "impose"])
    return override(row | {"effect": effect, "flag": rng.choice(SANCTIONS) if effect == "impose" else None}, begin)


@SLOW
@given(dunned(), st.randoms(use_true_random=False))
def test_every_night_of_a_ladder_is_accounted_for(low: Policy, ledger: Ledger, rng: random.Random) -> None:
    """Five nights, answered by chance: what stands must follow from what stood, was delivered, and was decided."""
    ledger = complete_ledger(ledger, DAY)
    ledger["referral_decision"] = []
    before: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        previous: Path | None = None
        for number in range(5):
            day = DAY + timedelta(days=number)
            gate = rng.choice(["open", "open", "open", "no_contact"])
            place = Path(folder) / str(number)
            with night(ledger, day, low, place, previous, gate) as connection:
                duck.check_invariants(connection, day, with_figures=False)
                flags = rows_of(connection, "account_flag")
                _check_accounts(connection, ledger)
            _check_flags(ledger, flags, before, day, gate)
            ledger["referral_decision"] += list(_answers(rng, flags, day))
            previous, before = place / "results", flags


def _answers(rng: random.Random, flags: Sequence[Row], day: date) -> Iterator[Row]:
    for row in flags:
        choice = rng.choice(["approved", "approved", "approved", "rejected", "left_out", None])
        if choice and row["state"] == "proposed" and not row["is_held"] and row["approver_id"]:
            yield decision(row, choice, row["approver_id"], day)


def _check_accounts(connection: Any, ledger: Ledger) -> None:
    """One stage and one grade each, from the policy's sets; the reasons of a score add up to it."""
    status = fetch(connection, "SELECT account_id, stage, risk_grade, risk_score FROM account_status")
    assert sorted(row["account_id"] for row in status) == sorted(row["account_id"] for row in ledger["account"])
    reasons = fetch(connection, "SELECT account_id, decision, outcome FROM decision_reason")
    for row in status:
        told = [reason for reason in reasons if reason["account_id"] == row["account_id"]]
        assert [reason["outcome"] for reason in told if reason["decision"] == "stage"] == [row["stage"]]
        assert [reason["outcome"] for reason in told if reason["decision"] == "risk_grade"] == [row["risk_grade"]]
        points = sum(int(reason["outcome"]) for reason in told if reason["decision"] == "risk_score")
        assert points == row["risk_score"]


def _check_flags(ledger: Ledger, flags: Sequence[Row], before: Sequence[Row], day: date, gate: str) -> None:
    stood = {(row["account_id"], row["flag"]): row for row in before}
    assert len({(row["account_id"], row["flag"]) for row in flags}) == len(flags), "a sanction in two states"
    for row in flags:
        was = stood.get((row["account_id"], row["flag"]))
        if row["state"] == "released":
            assert was is not None, row
            assert was["state"] == "active", row
            assert row["reason"].startswith("release."), row
            continue
        if row["state"] in ("proposed", "approved", "active") and (was is None or was["state"] == "rejected"):
            assert row["state"] == "proposed", f"nobody was asked: {row}"
            assert _is_evidence(ledger, row, stood, day), row
        assert row["evidence"], row
        if row["state"] in ("approved", "active"):
            _check_approval(ledger, row)
        if row["state"] == "active" and row["since"] == day:
            assert gate == "open", row


def _is_evidence(ledger: Ledger, row: Row, stood: dict[tuple[str, str], Row], day: date) -> bool:
    """Whether the evidence of a new proposal is a fact of this account, dated before this morning."""
    kind, _, name = row["evidence"].partition(":")
    if kind == "flag":
        step = stood.get((row["account_id"], name))
        if step is None or step["state"] != "active" or step["since"] != row["evidence_on"]:
            return False
        return SANCTIONS.index(name) < SANCTIONS.index(row["flag"]) and step["since"] < day
    if kind == "account":
        [account] = [known for known in ledger["account"] if known["account_id"] == row["account_id"]]
        return bool(name == account["status"] == "insolvent" and row["flag"] == "legal_referral")
    table, key, dated = {
        "contact_log": ("contact_log", "log_id", "contacted_at"),
        "message": ("notice", "message_id", "sent_on"),
    }[kind]
    [fact] = [known for known in ledger[table] if known[key] == name]
    is_first = row["flag"] == SANCTIONS[0]
    return bool(is_first and fact["account_id"] == row["account_id"] and fact[dated] == row["evidence_on"] < day)


def _check_approval(ledger: Ledger, row: Row) -> None:
    """An approval on record, by somebody above the rep in charge who did not propose it."""
    approvals = [
        known
        for known in ledger["referral_decision"]
        if known["batch_id"] == row["batch_id"]
        and known["account_id"] == row["account_id"]
        and known["flag"] == row["flag"]
    ]
    assert [known["choice"] for known in approvals] == ["approved"], row
    assert approvals[0]["decided_by"] == row["decided_by"] != row["proposed_by"], row


@SLOW
@given(dunned(), st.integers(1, 120))
def test_more_days_past_due_never_lower_stage_or_notice(low: Policy, ledger: Ledger, days: int) -> None:
    def earlier(rows: Sequence[Row]) -> list[Row]:
        return [
            row | {name: row[name] - timedelta(days) for name in ("due_on", "issued_on") if row.get(name)}
            if row.get("kind") != "credit_note"
            else row
            for row in rows
        ]

    aged = ledger | {table: earlier(ledger[table]) for table in ("document", "instalment")}
    before, after = standing(ledger, low), standing(aged, low)
    for account, (stage, rank, _) in before.items():
        assert after[account][0] >= stage, account
        assert after[account][1] >= rank, account


@SLOW
@given(dunned(), st.sampled_from(["A0", "A1", *(f"B{n}" for n in range(CLIMBERS))]), st.integers(1, 1_000_000))
@example(  # a stop in force, and a payment that leaves most of the debt
    {
        "account": [{"account_id": f"A{n}", "rep_id": "rep-li"} for n in range(3)],
        "rep": PEOPLE,
        "document": [{"document_id": "D", "account_id": "A0", "amount": 500, "due_on": DAY - timedelta(90)}],
        "contact_log": [
            {"company_id": "C1", "account_id": "A0", "log_id": str(n), "channel": "letter", "outcome": "delivered"}
            | {"contacted_at": DAY - timedelta(n)}
            for n in (80, 50, 20)
        ],
    },
    "A0",
    100,
)
def test_a_payment_never_raises_stage_step_or_overdue(low: Policy, ledger: Ledger, account: str, cents: int) -> None:
    """Two nights, everything approved after the first; the payment is dated on the business date in between."""
    payment = {"receipt_id": "extra", "account_id": account, "received_on": DAY, "amount": Decimal(cents) / 100}
    paid = ledger | {"receipt": [*ledger.get("receipt", []), payment]}
    before, after = standing(ledger, low, nights=2), standing(paid, low, nights=2)
    for name, (stage, rank, overdue) in after.items():
        assert stage <= before[name][0], name
        assert rank <= before[name][1], name
        assert overdue <= before[name][2], name


def standing(ledger: Ledger, policy: Policy, nights: int = 1) -> dict[str, tuple[str, int, Decimal]]:
    """Stage, place on the ladder (0: none) and overdue amount per account after so many nights of approvals."""
    full = complete_ledger(ledger, DAY)
    full["referral_decision"] = []
    with tempfile.TemporaryDirectory() as folder:
        previous: Path | None = None
        for number in range(nights):
            day, place = DAY + timedelta(days=number), Path(folder) / str(number)
            with night(full, day, policy, place, previous) as connection:
                duck.check_invariants(connection, day, with_figures=False)
                status = rows_of(connection, "account_status")
                flags = rows_of(connection, "account_flag")
            asked = [row for row in flags if row["state"] == "proposed" and row["approver_id"]]
            full["referral_decision"] += [decision(row, "approved", row["approver_id"], day) for row in asked]
            previous = place / "results"
    return {row["account_id"]: (row["stage"], _rank(row["ladder_step"]), row["overdue_functional"]) for row in status}


def _rank(step: str | None) -> int:
    return STEPS.index(step) + 1 if step else 0


# Bands without holes: Oracle's own example leaves exactly 10,000 in no band.

ENDS = st.none() | st.integers(0, 6).map(Decimal)
STEP = Decimal("0.0001")
"""The smallest difference that the models know: money and facts have four decimals."""


@given(st.lists(st.tuples(ENDS, ENDS), min_size=1, max_size=4))
@example([(None, Decimal(1)), (Decimal(1), Decimal(3)), (Decimal(3), None)])
@example([(None, Decimal(1)), (Decimal(2), None)])
@example([(None, Decimal(2)), (Decimal(1), None)])
def test_bands_are_accepted_when_they_hold_every_number_once(ends: list[tuple[Decimal | None, Decimal | None]]) -> None:
    bands = [Band(over=over, up_to=up_to) for over, up_to in ends]
    is_ordered = bands == sorted(bands, key=lambda band: Decimal(-1) if band.over is None else band.over)
    probes = [Decimal(-1), Decimal(7), *around({end for pair in ends for end in pair if end is not None})]
    is_whole = is_ordered and all(len(holders(bands, value)) == 1 for value in probes)
    is_whole = is_whole and all(any(holders([band], value) for value in probes) for band in bands)
    assert is_accepted(lambda: check_bands(bands)) == is_whole


@given(st.lists(st.tuples(st.integers(0, 6), st.none() | st.integers(0, 6)), min_size=1, max_size=4))
@example([(0, 0), (1, 3), (4, None)])
def test_days_are_accepted_when_they_hold_every_day_once(ends: list[tuple[int, int | None]]) -> None:
    ranges = [DayRange.model_validate({"from": first, "to": last}) for first, last in ends]
    names = [str(number) for number in range(len(ranges))]
    is_ordered = [bound.first for bound in ranges] == sorted(bound.first for bound in ranges)
    is_whole = is_ordered and all(len(day_holders(ranges, day)) == 1 for day in range(9))
    is_whole = is_whole and all(any(day_holders([bound], day) for day in range(9)) for bound in ranges)
    assert is_accepted(lambda: check_days(ranges, names, tuple(names))) == is_whole


def is_accepted(check: Any) -> bool:
    try:
        check()
    except ValueError:
        return False
    return True


def holders(bands: Sequence[Band], value: Decimal) -> list[Band]:
    """The bands that hold a value, as the head of the policy defines it."""
    return [
        band
        for band in bands
        if (band.over is None or value > band.over) and (band.up_to is None or value <= band.up_to)
    ]


def day_holders(ranges: Sequence[DayRange], day: int) -> list[DayRange]:
    return [bound for bound in ranges if bound.first <= day and (bound.last is None or day <= bound.last)]


def around(bounds: set[Decimal]) -> list[Decimal]:
    """Every bound, and the values next to it."""
    return sorted({bound + step for bound in bounds for step in (-STEP, Decimal(0), STEP)})


def test_oracles_published_bands_are_refused(tmp_path: Path) -> None:
    path = PROJECT.parent / "shared" / "oracles" / "collections_rules.json"
    [rule] = [rule for rule in json.loads(path.read_text("utf-8")) if rule["id"] == "bands_without_holes"]
    # Whole amounts from … to, in our words: over the whole number before.
    bands = [
        {"over": None if place == 0 else first - 1, "up_to": last, "points": 10 * place}
        for place, (first, last) in enumerate(rule["inputs"]["amount_bands"])
    ]
    file = write_policy({"tasks": {"amount_points": bands}}, tmp_path / "policy.yaml")
    with pytest.raises(PolicyError, match="gap: values over 9999 up to 10000 are in no band"):
        load_policy(file)


POLICY = load_policy(DEFAULT_POLICY)
BANDS: dict[str, Sequence[Band]] = {
    **{name: component.bands for name, component in POLICY.risk.components.items()},
    "grade": POLICY.risk.grades,
    "task_amount": POLICY.tasks.amount_points,
}


@pytest.mark.parametrize("name", BANDS)
def test_every_number_around_a_bound_is_in_exactly_one_band(name: str) -> None:
    bands = BANDS[name]
    bounds = {end for band in bands for end in (band.over, band.up_to) if end is not None}
    probes = [*around(bounds), min(bounds) - 10**9, max(bounds) + 10**9]
    assert [len(holders(bands, value)) for value in probes] == [1] * len(probes)
    where = {"grade": "grade", "task_amount": "task_amount"}.get(name, "score_band")
    only = f" WHERE component = '{name}' AND state = 'known'" if where == "score_band" else ""
    inputs = duck.Inputs(business_date=DAY, policy=POLICY, ledger={})
    with duck.session(inputs, RESULTS) as connection:
        values = ", ".join(f"(CAST({value} AS DECIMAL(18, 4)))" for value in probes)
        found = connection.execute(
            f"SELECT v.value, COUNT(b.threshold) FROM (VALUES {values}) AS v (value)"
            f" LEFT JOIN (SELECT * FROM policy.{where}{only}) AS b"
            " ON (b.over IS NULL OR v.value > b.over) AND (b.up_to IS NULL OR v.value <= b.up_to)"
            " GROUP BY v.value ORDER BY v.value"
        ).fetchall()
    assert found == [(value, 1) for value in sorted(probes)]


def test_every_day_around_a_bound_has_its_stage_and_bucket(tmp_path: Path) -> None:
    """Through the models: the collector's count decides the stage, the accountant's the bucket, a day apart."""
    firsts = {bound.first for bound in (*POLICY.stages, *POLICY.buckets)}
    days = sorted({first + step for first in firsts for step in (-1, 0, 1, 2) if first + step >= 0} | {5000})
    ledger: Ledger = {
        "account": [{"account_id": str(day)} for day in days],
        "document": [
            {"document_id": str(day), "account_id": str(day), "amount": 1, "due_on": DAY - timedelta(day)}
            for day in days
        ],
    }
    with classified(ledger, DAY, POLICY, tmp_path) as connection:
        items = {row["account_id"]: row for row in fetch(connection, "SELECT * FROM open_item")}
        stages = {row["account_id"]: row["stage"] for row in fetch(connection, "SELECT * FROM account_status")}
        lines = fetch(connection, "SELECT * FROM score_line WHERE component = 'days_past_due'")
    points = {row["account_id"]: row["points"] for row in lines}
    for day in days:
        [stage] = [bound.stage for bound in POLICY.stages if bound in day_holders(POLICY.stages, day)]
        [bucket] = [bound.bucket for bound in POLICY.buckets if bound in day_holders(POLICY.buckets, max(day - 1, 0))]
        [band] = holders(POLICY.risk.components["days_past_due"].bands, Decimal(day))
        assert (items[str(day)]["stage"], items[str(day)]["bucket"]) == (stage, bucket), day
        assert stages[str(day)] == stage, day
        assert points[str(day)] == band.model_dump()["points"], day
    assert len(lines) == len(days)


def test_every_amount_around_a_bound_gives_a_task_its_points(tmp_path: Path) -> None:
    bands = POLICY.tasks.amount_points
    amounts = around({end for band in bands for end in (band.over, band.up_to) if end is not None})
    ledger: Ledger = {
        "account": [{"account_id": str(amount)} for amount in amounts],
        "document": [
            {"document_id": str(amount), "account_id": str(amount), "amount": amount, "due_on": DAY - timedelta(1)}
            for amount in amounts
        ],
    }
    with classified(ledger, DAY, POLICY, tmp_path) as connection:
        reasons = fetch(connection, "SELECT * FROM decision_reason WHERE rule_id = 'task.amount'")
    found = {Decimal(row["account_id"]): int(row["outcome"]) for row in reasons}
    assert found == {amount: holders(bands, amount)[0].model_dump()["points"] for amount in amounts}
