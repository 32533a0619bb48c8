"""What would change it: every claim of hand-written accounts, against figures worked out by hand and a plain night.

In all of them 20,000 fell due on day 0 and notices went out on days 5, 35 and 65 unless said otherwise, so a stop of
supply is proposed on day 72: more than 60 days late and more than 10,000 overdue.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from huikuan.referrals.why import FACTS
from huikuan.referrals.why_change import look_ahead, payment_rows
from huikuan.referrals.why_replay import Row, as_it_was
from tests.why_samples import explained, outcome_of, plain_night, stored_night, with_rows

DUE = date(2026, 1, 1)


def day(number: int) -> date:
    return DUE + timedelta(days=number)


def letters(*numbers: int) -> list[Row]:
    return [
        {
            "log_id": f"letter-{number}",
            "contacted_at": datetime.combine(day(number), time(2), UTC),
            "channel": "letter",
            "outcome": "delivered",
        }
        for number in numbers
    ]


def ledger(**more: Any) -> dict[str, list[Row]]:
    rows = {
        "document": [{"document_id": "inv", "amount": 20000, "due_on": DUE}],
        "receipt": [],
        "contact_log": letters(5, 35, 65),
        "account": [{"account_id": "A1", "rep_id": "R1"}],
    }
    return {**rows, **more}


def claims(facts: Row, kind: str) -> list[Row]:
    return [claim for claim in facts["changes"] if claim["kind"] == kind]


def effect(claim: Row, what: str) -> tuple[Any, Any] | None:
    return next(((each["before"], each["after"]) for each in claim["effects"] if each["what"] == what), None)


def paid(claim: Row) -> dict[str, Decimal]:
    return {each["currency"]: each["amount"] for each in claim["payments"]}


def test_the_smallest_payment_for_each_end(tmp_path: Path) -> None:
    facts = explained(stored_night(ledger(), day(72), tmp_path / "night"), tmp_path)
    assert facts["check"]["differences"] == []
    release, everything = claims(facts, "payment")
    assert paid(release) == {"CNY": Decimal("10000.00")}  # what is left is not over 10,000
    assert release["is_least"]
    assert effect(release, "flag:stop_supply") == ("proposed", None)
    assert effect(release, "stage") is None
    assert paid(everything) == {"CNY": Decimal("20000.00")}
    assert everything["is_least"]
    assert effect(everything, "stage") == ("M3", "M0")
    assert (release["by"], release["seen_on"]) == (day(72), day(73))


def test_a_claim_says_what_a_plain_night_says(tmp_path: Path) -> None:
    rows = ledger()
    stored = stored_night(rows, day(72), tmp_path / "night")
    tomorrow = look_ahead(stored, tmp_path)
    for number, (amount, state) in enumerate([("10000", None), ("9999.99", "proposed")]):
        added = payment_rows(stored, tomorrow, {"CNY": Decimal(amount)})
        outcome = outcome_of(with_rows(rows, added), day(73), stored, tmp_path / f"plain-{number}")
        assert outcome.flags.get("stop_supply") == state
    assert outcome_of(rows, day(73), stored, tmp_path / "nothing") == tomorrow.outcome


def test_a_dispute_is_paid_around_where_the_ledger_has_allocations(tmp_path: Path) -> None:
    disputed = [{"dispute_id": "d", "document_id": "inv", "opened_on": day(10), "amount": 5000}]
    facts = explained(stored_night(ledger(dispute=disputed), day(72), tmp_path / "night"), tmp_path)
    release, everything = claims(facts, "payment")
    assert paid(release) == {"CNY": Decimal("5000.00")}  # 15,000 may be collected
    assert paid(everything) == {"CNY": Decimal("15000.00")}
    assert effect(everything, "stage") == ("M3", "M0")


def test_a_ledger_without_allocations_lays_a_payment_on_the_oldest(tmp_path: Path) -> None:
    rows = ledger()
    rows["document"].append({"document_id": "older", "amount": 3000, "due_on": day(-10)})
    rows["dispute"] = [{"dispute_id": "d", "document_id": "older", "opened_on": day(10)}]
    stored = stored_night(rows, day(72), tmp_path / "night", without=("allocation",))
    facts = explained(stored, tmp_path)
    release, everything = claims(facts, "payment")
    assert paid(release) == {"CNY": Decimal("13000.00")}  # 3,000 of it meet the disputed document first
    assert [each["document_id"] for each in release["items"]] == ["older", "inv"]
    assert paid(everything) == {"CNY": Decimal("23000.00")}
    assert release["is_least"]
    assert everything["is_least"]


def test_two_currencies_are_paid_in_order_of_age(tmp_path: Path) -> None:
    rows = ledger(
        document=[
            {"document_id": "usd", "amount": 2000, "currency": "USD", "due_on": DUE},
            {"document_id": "cny", "amount": 9000, "due_on": day(20)},
        ],
        fx_rate=[{"on_date": day(0), "from_currency": "USD", "rate": 7}],
    )
    facts = explained(stored_night(rows, day(72), tmp_path / "night"), tmp_path)
    release = next(claim for claim in claims(facts, "payment") if effect(claim, "flag:stop_supply"))
    # 23,000 in all: 10,000 may stay, so 13,000 must go: 1,857.15 at a rate of 7
    assert paid(release) == {"USD": Decimal("1857.15")}
    assert release["is_least"]
    assert paid(claims(facts, "payment")[-1]) == {"USD": Decimal("2000.00"), "CNY": Decimal("9000.00")}


def test_a_tolerance_need_not_be_paid(tmp_path: Path) -> None:
    rows = ledger(
        document=[{"document_id": "yen", "amount": 500000, "currency": "JPY", "due_on": DUE}],
        fx_rate=[{"on_date": day(0), "from_currency": "JPY", "rate": "0.05"}],
    )
    facts = explained(stored_night(rows, day(72), tmp_path / "night"), tmp_path)
    last = next(claim for claim in claims(facts, "payment") if effect(claim, "stage") == ("M3", "M0"))
    assert paid(last) == {"JPY": Decimal(499900)}
    assert last["is_least"]


def test_younger_arrears_have_not_been_warned_of(tmp_path: Path) -> None:
    """The older invoice is paid: the younger is late and large enough, but its notices are not all delivered."""
    rows = ledger()
    rows["document"] += [{"document_id": "younger", "amount": 30000, "due_on": day(11)}]
    facts = explained(stored_night(rows, day(72), tmp_path / "night"), tmp_path)
    release = next(claim for claim in claims(facts, "payment") if effect(claim, "flag:stop_supply"))
    assert paid(release) == {"CNY": Decimal("20000.00")}
    assert effect(release, "ladder_step") == ("final_notice", "warning")
    assert release["is_least"]


def test_an_approval_of_what_is_proposed(tmp_path: Path) -> None:
    facts = explained(stored_night(ledger(), day(72), tmp_path / "night"), tmp_path)
    [approval] = claims(facts, "approval")
    assert (approval["flag"], approval["approver_id"]) == ("stop_supply", "R2")
    assert effect(approval, "flag:stop_supply") == ("proposed", "active")


def test_nobody_is_asked_while_the_gate_is_not_open(tmp_path: Path) -> None:
    facts = explained(stored_night(ledger(), day(72), tmp_path / "night", gate="no_contact"), tmp_path)
    assert facts["flags"][0]["is_held"]
    assert claims(facts, "approval") == []
    [nothing] = claims(facts, "nothing")
    assert effect(nothing, "flag:stop_supply") == ("held", "proposed")


def test_a_promise_pauses_what_is_proposed(tmp_path: Path) -> None:
    facts = explained(stored_night(ledger(), day(72), tmp_path / "night"), tmp_path)
    [promise] = claims(facts, "promise")
    assert paid(promise) == {"CNY": Decimal("10001.00")}  # 50.005 % of 20,000 is the least that reads as over 50 %
    assert promise["is_least"]
    assert effect(promise, "flag:stop_supply") == ("proposed", None)


def test_after_a_broken_promise_no_promise_helps(tmp_path: Path) -> None:
    broken = [{"promise_id": "p", "amount": 20000, "made_on": day(10), "promised_for": day(20)}]
    facts = explained(stored_night(ledger(promise=broken), day(72), tmp_path / "night"), tmp_path)
    assert claims(facts, "promise") == []


@pytest.mark.parametrize(
    ("delivered", "night", "on", "notices"),
    [
        ((5, 35, 65), 70, 72, []),
        ((5, 35), 70, 77, [("final_notice", 70)]),
        ((5, 35), 40, 68, [("final_notice", 61)]),
        ((), 70, 91, [("reminder", 70), ("warning", 77), ("final_notice", 84)]),
        ((), 3, 68, [("reminder", 3), ("warning", 31), ("final_notice", 61)]),
    ],
)
def test_the_next_step_and_its_day(
    tmp_path: Path, delivered: tuple[int, ...], night: int, on: int, notices: list[tuple[str, int]]
) -> None:
    rows = ledger(contact_log=letters(*delivered))
    facts = explained(stored_night(rows, day(night), tmp_path / "night"), tmp_path)
    [step] = claims(facts, "step")
    assert (step["flag"], step["seen_on"]) == ("stop_supply", day(on))
    assert [(each["notice"], each["on"]) for each in step["notices"]] == [(name, day(at)) for name, at in notices]


def test_a_step_that_the_amount_keeps_away_is_not_claimed(tmp_path: Path) -> None:
    rows = ledger(document=[{"document_id": "inv", "amount": 9000, "due_on": DUE}])
    facts = explained(stored_night(rows, day(71), tmp_path / "night"), tmp_path)
    assert facts["status"]["ladder_next_step"] == "stop_supply"
    assert claims(facts, "step") == []


def test_an_active_stop_and_the_step_after_it(tmp_path: Path) -> None:
    rows = ledger(document=[{"document_id": "inv", "amount": 30000, "due_on": DUE}])
    proposed = stored_night(rows, day(72), tmp_path / "one")
    decision = {
        "batch_id": "b",
        "company_id": "C1",
        "account_id": "A1",
        "flag": "stop_supply",
        "choice": "approved",
        "proposed_by": f"policy:{proposed.policy.version}",
        "decided_by": "R2",
        "decided_on": day(72),
        "decided_at": datetime.combine(day(72), time(2), UTC),
    }
    rows = with_rows(rows, {"referral_decision": [decision]})
    active = stored_night(rows, day(73), tmp_path / "two", previous=proposed.published)
    facts = explained(active, tmp_path)
    assert [(row["flag"], row["state"], row["decided_by"]) for row in facts["flags"]] == [
        ("stop_supply", "active", "R2")
    ]
    assert facts["people"]["R2"] == "Chen"
    release = claims(facts, "payment")[0]
    assert paid(release) == {"CNY": Decimal("20000.00")}
    assert effect(release, "flag:stop_supply") == ("active", "released")
    [step] = claims(facts, "step")
    assert (step["flag"], step["seen_on"], step["notices"]) == ("stop_service", day(87), [])
    assert facts["check"]["differences"] == []


def test_what_was_rejected_rests(tmp_path: Path) -> None:
    proposed = stored_night(ledger(), day(72), tmp_path / "one")
    decision = {
        "batch_id": "b",
        "company_id": "C1",
        "account_id": "A1",
        "flag": "stop_supply",
        "choice": "rejected",
        "proposed_by": f"policy:{proposed.policy.version}",
        "decided_by": "R2",
        "decided_on": day(72),
        "decided_at": datetime.combine(day(72), time(2), UTC),
    }
    rows = with_rows(ledger(), {"referral_decision": [decision]})
    rejected = stored_night(rows, day(73), tmp_path / "two", previous=proposed.published)
    facts = explained(rejected, tmp_path)
    assert facts["flags"][0]["state"] == "rejected"
    [step] = claims(facts, "step")
    assert (step["flag"], step["seen_on"]) == ("stop_supply", day(87))


def test_only_an_exemption_ends_what_insolvency_proposes(tmp_path: Path) -> None:
    """Money open is reason enough. All of it is in dispute from day 72 on, so no payment can be asked for."""
    rows = ledger(account=[{"account_id": "A1", "rep_id": "R1", "status": "insolvent"}])
    proposed = stored_night(rows, day(72), tmp_path / "one")
    facts = explained(proposed, tmp_path)
    [flag] = facts["flags"]
    assert (flag["flag"], flag["evidence"]) == ("legal_referral", "account:insolvent")
    release = next(claim for claim in claims(facts, "payment") if effect(claim, "flag:legal_referral"))
    assert paid(release) == {"CNY": Decimal("20000.00")}
    decision = {
        "batch_id": "b",
        "company_id": "C1",
        "account_id": "A1",
        "flag": "legal_referral",
        "choice": "approved",
        "proposed_by": f"policy:{proposed.policy.version}",
        "decided_by": flag["approver_id"],
        "decided_on": day(72),
        "decided_at": datetime.combine(day(72), time(2), UTC),
    }
    dispute = {"dispute_id": "d", "document_id": "inv", "opened_on": day(72)}
    rows = with_rows(rows, {"referral_decision": [decision], "dispute": [dispute]})
    facts = explained(stored_night(rows, day(73), tmp_path / "two", previous=proposed.published), tmp_path / "after")
    assert facts["flags"][0]["state"] == "active"
    assert claims(facts, "payment") == []
    [exemption] = claims(facts, "exemption")
    assert exemption["flags"] == ["legal_referral"]
    assert effect(exemption, "flag:legal_referral") == ("active", "released")


def test_the_grade_that_points_would_allow(tmp_path: Path) -> None:
    facts = explained(stored_night(ledger(), day(72), tmp_path / "night"), tmp_path)
    [grade] = claims(facts, "grade")
    score = facts["status"]["risk_score"]
    assert grade["score"] == score == sum(row["points"] for row in facts["scorecard"])
    bounds = {row["grade"]: row["up_to"] for row in facts["grades"]}
    assert grade["at_most"] == bounds[grade["grade"]] < score
    assert grade["grade"] == chr(ord(facts["status"]["risk_grade"]) - 1)


def test_nothing_open_nothing_to_change(tmp_path: Path) -> None:
    stored = stored_night(ledger(document=[], contact_log=[]), day(72), tmp_path / "night")
    facts = explained(stored, tmp_path)
    assert [claim["kind"] for claim in facts["changes"]] == ["nothing"]
    assert facts["changes"][0]["effects"] == []
    assert facts["items"] == []


def test_rules_say_which_condition_failed(tmp_path: Path) -> None:
    facts = explained(stored_night(ledger(), day(72), tmp_path / "night"), tmp_path)
    rules = {rule["rule_id"]: rule for rule in facts["rules"]}
    decided = [rule["rule_id"] for rule in facts["rules"] if rule["decides"]]
    assert "non_malicious.arrears" in decided
    assert "stop_supply.late_and_large" in decided
    limit = {each["fact"]: each["is_met"] for each in rules["stop_supply.over_limit_and_late"]["conditions"]}
    assert limit == {"days_past_due": True, "is_over_limit": False}
    assert not rules["stop_supply.over_limit_and_late"]["holds"]
    unknown = {each["fact"]: each for each in rules["steady.on_time"]["conditions"]}["days_late_weighted"]
    assert unknown["fact_value"] is None
    assert not unknown["is_met"]


def test_an_early_notice_is_shown_as_such(tmp_path: Path) -> None:
    facts = explained(stored_night(ledger(contact_log=letters(35)), day(72), tmp_path / "night"), tmp_path)
    reminder, warning, final = facts["ladder"]
    assert reminder["delivery"]["evidence"] == "contact_log:letter-35"
    assert warning["delivery"] is None
    assert [row["delivered_on"] for row in warning["early"]] == [day(35)]
    assert warning["is_next"]
    assert (final["delivery"], final["early"]) == (None, [])


def test_every_fact_is_shown(tmp_path: Path) -> None:
    stored = stored_night(ledger(), day(72), tmp_path / "night")
    with as_it_was(stored) as con:
        known = {row[0] for row in con.execute("DESCRIBE account_fact").fetchall()}
    shown = {fact for names in FACTS.values() for fact in names}
    behind_the_scenes = {"company_id", "account_id", "rep_id", "variant", "stage_day"}
    assert known - shown == behind_the_scenes
    assert shown - known == {"grade_worsened_times"}


def test_a_plain_night_holds_the_tables_of_a_copy(tmp_path: Path) -> None:
    """The samples of this file replay with the same ledger tables that a copy has."""
    stored = stored_night(ledger(), day(72), tmp_path / "night")
    with plain_night(ledger(), day(73), stored, tmp_path / "plain") as con:
        assert con.execute("SELECT COUNT(*) FROM ledger.document").fetchone() == (1,)


def test_a_hypothesis_with_an_unknown_column_is_refused(tmp_path: Path) -> None:
    from huikuan.referrals.why_replay import as_it_would_be

    stored = stored_night(ledger(), day(72), tmp_path / "night")
    attempt: Callable[[], Any] = as_it_would_be(
        stored, day(73), [{"receipt": [{"colour": "red"}]}], tmp_path / "x"
    ).__enter__
    with pytest.raises(ValueError, match="receipt has no column colour"):
        attempt()
