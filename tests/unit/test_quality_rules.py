"""One failing row per rule: a sound ledger with one fault fails exactly that rule, with one row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from quality_ledgers import Ledger, failed, night, quarantined, sound

from huikuan.columns import key_columns
from huikuan.ledger.contract import TABLES
from huikuan.quality.model import InSet, Known, Present, Query, Rule, Validation
from huikuan.quality.rules import ORDER, catalogue

RULES = {rule.rule_id: rule for rule in catalogue()}
FIRST_STAGE = [rule for rule in catalogue() if not isinstance(rule.check, (Known, Query))]
OTHERS = {rule.rule_id for rule in catalogue()} - {rule.rule_id for rule in FIRST_STAGE}

Row = dict[str, Any]


def test_parents_come_before_children() -> None:
    assert sorted(ORDER) == sorted(TABLES)
    for table in TABLES.values():
        for key in table.foreign_keys:
            parent = key.column.table
            assert parent is table or ORDER.index(parent.name) < ORDER.index(table.name)


def test_rules_have_ids_of_their_own_and_both_languages() -> None:
    assert len(RULES) == len(catalogue())
    for rule in catalogue():
        assert rule.rule_id.startswith(f"{rule.table}.")
        assert rule.remedy.endswith(".")
        assert any("一" <= sign <= "鿿" for sign in rule.description_zh), rule.rule_id


def test_a_sound_ledger_fails_nothing(tmp_path: Path) -> None:
    validation = night(sound(), tmp_path)
    assert failed(validation) == {}
    assert quarantined(validation) == []
    assert validation.gate.state == "open"
    assert {result.rule_id for result in validation.results} >= set(RULES)
    assert all(result.total_count > 0 for result in validation.results if result.rule_id in RULES)


# --- rules of the contract that look at one row: a faulty row for each -------------------


def _spare(table: str, number: int) -> Row:
    """A sound row of the table with a key of its own that nothing refers to."""
    row = dict(sound()[table][0])
    if table == "document":
        row.pop("contract_id")
    name = key_columns(TABLES[table])[-1]
    if table == "instalment":
        return {"company_id": "C1", "document_id": "D2", "seq": 10 + number, "due_on": "2024-06-02", "amount": "1"}
    if table in ("allocation", "dispute"):
        row["document_id"] = "D1"
    row[name] = f"X{number}"
    kind = TABLES[table].columns[name].type.python_type
    if kind is date:
        row[name] = f"{1800 + number}-01-01"
    if table in ("target", "control_total"):
        row["currency"] = "CNY"
        row["month" if table == "target" else "as_of"] = f"{1800 + number}-01-01"
    if table == "fx_rate":
        row |= {"on_date": f"{1800 + number}-01-01", "to_currency": "CNY"}
    if table == "allocation":
        row |= {"source_kind": "write_off", "amount": "1"}
    return row


def _spoil(rule: Rule, number: int) -> list[Row]:
    """Rows to append so that this rule catches one of them."""
    row = _spare(rule.table, number)
    if isinstance(rule.check, Present):
        return [row | {rule.check.column: None}]
    if isinstance(rule.check, InSet):
        return [row | {rule.check.column: "no such value"}]
    if rule.rule_id.endswith("_positive") or rule.rule_id.endswith(".positive"):
        return [row | {rule.rule_id.split(".")[1]: "0"}]
    return [row, dict(row)]


def test_contract_rules_each_catch_their_row(tmp_path: Path) -> None:
    """All of them in one night, since rules about one row do not see each other's rows."""
    ledger = sound()
    for number, rule in enumerate(FIRST_STAGE):
        ledger[rule.table].extend(_spoil(rule, number))
    found = failed(night(ledger, tmp_path))
    assert {rule.rule_id: found.get(rule.rule_id) for rule in FIRST_STAGE} == {rule.rule_id: 1 for rule in FIRST_STAGE}


# --- references and business rules: nights whose faults do not touch each other ---


def _change(table: str, row: int, **values: Any) -> Callable[[Ledger], None]:
    def spoil(ledger: Ledger) -> None:
        ledger[table][row].update(values)

    return spoil


def _add(table: str, like: int, **values: Any) -> Callable[[Ledger], None]:
    def spoil(ledger: Ledger) -> None:
        ledger[table].append(ledger[table][like] | values)

    return spoil


LEFT_OUT: dict[str, Callable[[Ledger], None]] = {
    "account.company_id.known": _add("account", 1, company_id="C9", account_id="A9", parent_account_id=None),
    "contract.account_id.known": _add("contract", 0, contract_id="K9", account_id="nobody"),
    "document.account_id.known": _add("document", 0, document_id="D7", account_id="nobody"),
    "document.due_on.present": _add("document", 0, document_id="D8", due_on=None),
    "document.instalments_add_up": lambda ledger: (
        _add("document", 1, document_id="D9", amount="400.01")(ledger),
        _add("instalment", 0, document_id="D9", amount="400")(ledger),
    )[0],
    "instalment.document_id.known": _add("instalment", 0, document_id="none"),
    "receipt.account_id.known": _add("receipt", 0, receipt_id="P9", account_id="nobody"),
    "allocation.document_id.known": _add("allocation", 3, allocation_id="L5", document_id="none"),
    "allocation.document_id.not_credit_note": _add("allocation", 3, allocation_id="L6", document_id="N1"),
    "allocation.source_id.known": _add("allocation", 0, allocation_id="L7", source_id="none"),
    "allocation.currency.one": _add("allocation", 0, allocation_id="L8", document_id="U1", amount="1"),
    "allocation.amount.within_source": _add("allocation", 0, allocation_id="L9", amount="100.01"),
    "allocation.amount.within_document": _add("allocation", 3, allocation_id="M1", amount="550.01"),
    "dispute.document_id.known": _add("dispute", 0, dispute_id="S9", document_id="none"),
    "promise.account_id.known": _add("promise", 0, promise_id="M9", account_id="nobody"),
    "contact.account_id.known": _change("contact", 0, account_id="nobody"),
    "evidence.account_id.known": _change("evidence", 0, account_id="nobody"),
    "contact_log.account_id.known": _change("contact_log", 0, account_id="nobody"),
    "target.account_id.known": _change("target", 0, account_id="nobody"),
    "measure.account_id.known": _change("measure", 0, account_id="nobody"),
    "coverage.rep_id.known": _change("coverage", 0, rep_id="nobody"),
    "control_total.company_id.known": _add("control_total", 0, company_id="C9"),
}
WARNED: dict[str, Callable[[Ledger], None]] = {
    "rep.manager_id.known": _change("rep", 0, manager_id="nobody"),
    "rep.manager_id.no_cycle": _add("rep", 1, rep_id="R3", manager_id="R3"),
    "account.rep_id.known": _change("account", 0, rep_id="nobody"),
    "account.parent_account_id.known": _change("account", 1, parent_account_id="nobody"),
    "account.book_closing_day.is_day_of_month": _change("account", 0, book_closing_day=32),
    "account.fixed_payment_day.is_day_of_month": _change("account", 0, fixed_payment_day=0),
    "account.bank_transfer_days.not_negative": _change("account", 0, bank_transfer_days=-1),
    "document.contract_id.known": _change("document", 0, contract_id="none"),
    "document.references_document_id.known": _change("document", 2, references_document_id="none"),
    "document.due_on.not_before_issue": _change("document", 0, due_on="2024-04-30"),
    "document.currency.has_rate": _change("fx_rate", 0, from_currency="EUR"),
    "instalment.due_on.not_before_issue": _change("instalment", 0, due_on="2024-05-01"),
    "allocation.allocated_on.not_early": _change("allocation", 0, allocated_on="2024-06-09"),
    "allocation.seq.known": _change("allocation", 1, seq=3),
    "dispute.amount.within_document": _change("dispute", 0, amount="1000.01"),
    "dispute.resolved_on.not_before_opened": _change("dispute", 0, resolved_on="2024-06-04"),
    "promise.document_id.known": _change("promise", 0, document_id="none"),
    "promise.promised_for.not_before_made": _change("promise", 0, promised_for="2024-06-14"),
    "evidence.document_id.known": _change("evidence", 0, document_id="none"),
    "contact_log.rep_id.known": _change("contact_log", 0, rep_id="nobody"),
    "target.month.is_first_day": _change("target", 0, month="2024-07-02"),
    "measure.month.is_first_day": _change("measure", 0, month="2024-07-31"),
    "coverage.to_on.not_before_from": _change("coverage", 0, to_on="2024-06-30"),
}
THE_REST: dict[str, Callable[[Ledger], None]] = {
    "account.parent_account_id.no_cycle": _change("account", 1, parent_account_id="A2"),
    "document.references_document_id.same_account": _change("document", 2, references_document_id="D2"),
    "coverage.covered_by.known": _change("coverage", 0, covered_by="nobody"),
}
NIGHTS = {"left_out": LEFT_OUT, "warned": WARNED, "the_rest": THE_REST}
FAULTS = {rule_id: name for name, faults in NIGHTS.items() for rule_id in faults}


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Validation]:
    """One validation per group of faults."""
    done = {}
    for name, faults in NIGHTS.items():
        ledger = sound()
        for spoil in faults.values():
            spoil(ledger)
        done[name] = night(ledger, tmp_path_factory.mktemp(name))
    return done


def test_every_rule_over_more_than_its_row_has_a_fault() -> None:
    assert set(FAULTS) == OTHERS


@pytest.mark.parametrize("rule_id", sorted(FAULTS))
def test_one_fault_fails_one_rule_with_one_row(rule_id: str, nights: dict[str, Validation]) -> None:
    """An instalment goes with its document: that rule catches one row of its own and one that follows."""
    validation = nights[FAULTS[rule_id]]
    follows = 1 if rule_id == "instalment.document_id.known" else 0
    assert failed(validation)[rule_id] == 1 + follows
    caught = [row for row in quarantined(validation) if row[2] == rule_id]
    assert len(caught) == (1 + follows if RULES[rule_id].severity == "critical" else 0)
    assert all(RULES[rule_id].remedy in reason for *_, reason in caught)


@pytest.mark.parametrize("name", NIGHTS)
def test_no_other_rule_fails(name: str, nights: dict[str, Validation]) -> None:
    assert set(failed(nights[name])) == set(NIGHTS[name])


# --- what follows from a fault ----------------------------------------------------------------------------------------


def test_of_identical_rows_the_first_stays_and_of_different_ones_none(tmp_path: Path) -> None:
    ledger = sound()
    ledger["receipt"].append(dict(ledger["receipt"][0]))
    ledger["document"].append(ledger["document"][3] | {"amount": "51"})
    rows = [row[:3] for row in quarantined(night(ledger, tmp_path))]
    assert rows == [
        ("document", 3, "document.key_unique"),
        ("document", 4, "document.key_unique"),
        ("receipt", 1, "receipt.key_unique"),
    ]


def test_a_quarantined_company_takes_everything_with_it(tmp_path: Path) -> None:
    ledger = sound()
    ledger["company"].append(ledger["company"][0] | {"company_id": "C2", "timezone": "Mars/Olympus"})
    ledger["account"].append(ledger["account"][0] | {"company_id": "C2", "rep_id": None})
    ledger["document"].append(ledger["document"][0] | {"company_id": "C2", "contract_id": None})
    ledger["receipt"].append(ledger["receipt"][0] | {"company_id": "C2"})
    ledger["allocation"].append(ledger["allocation"][0] | {"company_id": "C2"})
    rows = quarantined(night(ledger, tmp_path))
    assert [row[:3] for row in rows] == [
        ("account", 2, "account.company_id.known"),
        ("allocation", 4, "allocation.document_id.known"),
        ("allocation", 4, "allocation.source_id.known"),
        ("company", 1, "company.timezone.known"),
        ("document", 4, "document.account_id.known"),
        ("receipt", 1, "receipt.account_id.known"),
    ]
    assert "was quarantined itself" in next(row[3] for row in rows if row[0] == "document")


def test_an_unknown_rep_does_not_lose_the_account(tmp_path: Path) -> None:
    ledger = sound()
    ledger["account"][0]["rep_id"] = "gone"
    validation = night(ledger, tmp_path)
    assert failed(validation) == {"account.rep_id.known": 1}
    assert quarantined(validation) == []


def test_only_the_latest_allocations_that_overshoot_go(tmp_path: Path) -> None:
    """P1 has 500: L1 300, L2 100 on the days before; L5 fits exactly, L6 of the same day and L7 do not."""
    ledger = sound()
    for name, day, amount in (("L7", "2024-06-16", "1"), ("L6", "2024-06-15", "1"), ("L5", "2024-06-15", "100")):
        ledger["allocation"].append(
            ledger["allocation"][0] | {"allocation_id": name, "allocated_on": day, "amount": amount}
        )
    rows = [row[:3] for row in quarantined(night(ledger, tmp_path))]
    assert rows == [
        ("allocation", 4, "allocation.amount.within_source"),
        ("allocation", 5, "allocation.amount.within_source"),
    ]


def test_a_row_with_two_faults_stands_twice(tmp_path: Path) -> None:
    ledger = sound()
    ledger["receipt"].append(ledger["receipt"][0] | {"receipt_id": "P9", "amount": "-5", "account_id": "nobody"})
    rows = [row[:3] for row in quarantined(night(ledger, tmp_path))]
    assert rows == [("receipt", 1, "receipt.account_id.known"), ("receipt", 1, "receipt.amount.positive")]


def test_facts_dated_after_as_of_are_left_for_later(tmp_path: Path) -> None:
    """Faulty rows of July are nobody's fault on the last day of June; an early allocation is a warning only."""
    ledger = sound()
    later = "2024-07-01"
    ledger["document"].append(ledger["document"][0] | {"document_id": "D9", "issued_on": later, "amount": "-1"})
    ledger["instalment"].append(
        {"company_id": "C1", "document_id": "D9", "seq": 1, "due_on": "2024-08-01", "amount": "-7"}
    )
    ledger["receipt"].append(ledger["receipt"][0] | {"receipt_id": "P9", "received_on": later})
    ledger["allocation"].append(ledger["allocation"][0] | {"allocation_id": "L9", "source_id": "P9", "amount": "450"})
    ledger["dispute"].append({"company_id": "C1", "dispute_id": "S9", "document_id": "none", "opened_on": later})
    validation = night(ledger, tmp_path)
    assert failed(validation) == {"allocation.allocated_on.not_early": 1}
    left = {r.table_name: r.failed_count for r in validation.results if r.rule_id.endswith(".after_as_of")}
    assert {table: count for table, count in left.items() if count} == {"document": 1, "receipt": 1, "dispute": 1}
    assert validation.gate.state == "open"


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    ledger = sound()
    ledger["allocation"].append(ledger["allocation"][0] | {"allocation_id": "L9", "amount": "150"})
    ledger["document"].append(ledger["document"][0] | {"amount": "999"})
    ledger["receipt"].append(dict(ledger["receipt"][0]))
    turned = {table: list(reversed(rows)) for table, rows in ledger.items()}
    one, other = night(ledger, tmp_path / "one"), night(turned, tmp_path / "other")
    assert failed(one) == failed(other)
    assert failed(one)
    assert one.gate == other.gate
