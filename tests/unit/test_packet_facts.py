"""What a packet is made of: the facts that are read, the claim, the chronology, and the completeness score."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from huikuan.errors import SnapshotError
from huikuan.letters.facts import open_night
from huikuan.referrals import packet_papers as papers
from huikuan.referrals.packet_claim import Claim, claim_of
from huikuan.referrals.packet_facts import read_facts, referred_accounts
from huikuan.referrals.packet_history import KINDS, Event, chronology
from huikuan.referrals.packet_missing import missing
from huikuan.referrals.packet_rows import Facts, PacketError
from huikuan.wording import Wording
from tests.packet_samples import ENGLISH, KEY, LEDGER, OWN, RESULT, changed, money, night, policy, updated, without

NOTICES = ("reminder", "warning", "final_notice")
ENGLISH_WORDS = Wording("en", "letters")


def facts_of(home: Path, key: tuple[str, str] = KEY, **options: Any) -> Facts:
    found = read_facts(open_night(*night(home, **options)), [key])[key]
    assert isinstance(found, Facts), found
    return found


def claim(facts: Facts) -> Claim:
    return claim_of(facts, policy().interest)


def checks(facts: Facts) -> dict[str, papers.Check]:
    return {check.name: check for check in papers.check(papers.Case(facts, claim(facts), NOTICES[-1]))}


def events(facts: Facts, wording: Wording = ENGLISH_WORDS) -> tuple[Event, ...]:
    return chronology(facts, claim(facts), wording, NOTICES)


def test_only_what_is_known_at_the_close_of_books(tmp_path: Path) -> None:
    facts = facts_of(tmp_path)
    assert [receipt.receipt_id for receipt in facts.receipts] == ["RC-1"]
    assert [talk.log_id for talk in facts.talks] == ["L-1", "L-2"]
    later = updated(LEDGER, "dispute", {}, resolved_on=date(2026, 6, 30))
    assert facts_of(tmp_path / "later", ledger=later).disputes[0].resolved_on is None
    sooner = updated(LEDGER, "dispute", {}, resolved_on=date(2026, 6, 29))
    assert facts_of(tmp_path / "sooner", ledger=sooner).disputes[0].resolved_on == date(2026, 6, 29)


def test_one_customer_never_gets_the_facts_of_another(tmp_path: Path) -> None:
    both = read_facts(open_night(*night(tmp_path)), [KEY, ENGLISH])
    chinese, english = both[KEY], both[ENGLISH]
    assert isinstance(chinese, Facts)
    assert isinstance(english, Facts)
    assert {item.document_id for item in english.items} == {"S-1"}
    assert not {"S-1"} & {item.document_id for item in chinese.items}
    assert english.receipts == english.talks == english.papers == english.contacts == english.promises == ()
    assert english.decisions == english.overrides == english.notices == ()
    alone = facts_of(tmp_path / "alone")
    assert alone == chinese


def test_rows_in_quarantine_are_left_out(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, quarantined=[("receipt", 0), ("contact", 1)])
    assert facts.receipts == ()
    assert [contact.contact_id for contact in facts.contacts] == ["K-1", "K-3"]


def test_an_account_that_is_not_there_or_in_quarantine(tmp_path: Path) -> None:
    opened = open_night(*night(tmp_path, quarantined=[("account", 1)]))
    found = read_facts(opened, [("CN", "A-999"), ENGLISH, KEY])
    for key in (("CN", "A-999"), ENGLISH):
        error = found[key]
        assert isinstance(error, PacketError)
        assert key[1] in error.problem
        assert "quarantined" in error.problem
    assert isinstance(found[KEY], Facts)


def test_a_snapshot_that_is_not_the_runs_own_is_noticed(tmp_path: Path) -> None:
    found = read_facts(open_night(*night(tmp_path, ledger=without(LEDGER, "document", document_id="D-4"))), [KEY])[KEY]
    assert isinstance(found, PacketError)
    assert "D-4" in found.problem


@pytest.mark.parametrize("pattern", ["snapshots/*/*/contact_log.parquet", "runs/*/*/tables/open_item.parquet"])
def test_a_changed_file_is_noticed(tmp_path: Path, pattern: str) -> None:
    lake, run_id = night(tmp_path)
    [path] = lake.glob(pattern)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    with pytest.raises(SnapshotError, match=path.stem):
        open_night(lake, run_id)


def test_a_ledger_without_optional_tables(tmp_path: Path) -> None:
    needed = {"company", "rep", "account", "document", "receipt"}
    bare = {name: rows for name, rows in LEDGER.items() if name in needed}
    facts = facts_of(tmp_path, ledger=bare, own={})
    assert facts.papers == facts.contracts == facts.talks == ()
    assert [line.item.document_id for line in claim(facts).lines] == ["D-2", "D-1", "D-3", "D-4"]


def test_the_claim_per_currency(tmp_path: Path) -> None:
    cny, usd = claim(facts_of(tmp_path)).totals
    assert cny.currency == "CNY"
    assert (cny.open_amount, cny.credit, cny.net) == (15850, 250, 15600)
    assert (cny.disputed, cny.not_due, cny.principal) == (1200, 900, 13500)
    assert cny.interest == Decimal("255.00")  # 10,000 for 30 days and 3,500 for 60, at 0.05 % a day
    assert cny.claim == Decimal("13755.00")
    assert (usd.currency, usd.principal, usd.interest) == ("USD", 2000, Decimal("45.00"))
    for total in (cny, usd):
        assert total.net == total.disputed + total.not_due + total.principal


def test_the_other_partys_statutory_rate(tmp_path: Path) -> None:
    [line] = claim(facts_of(tmp_path, ENGLISH)).lines
    assert line.rate is not None
    assert (line.rate.pct, line.rate.country) == (Decimal("11.75"), "GB")
    assert line.interest == Decimal("28.97")  # 2,000 × 11.75 % × 45 / 365 = 28.972…


def test_without_a_rate_no_interest_and_the_packet_says_so(tmp_path: Path) -> None:
    ledger = updated(LEDGER, "account", {"account_id": "A-100"}, country="SG")
    ledger = updated(ledger, "company", {"company_id": "CN"}, calendar="SG")
    facts = facts_of(tmp_path, ledger=ledger)
    assert {line.interest for line in claim(facts).lines if line.claimed} == {None}
    assert all(total.has_unknown_rate for total in claim(facts).totals)
    assert checks(facts)["interest_rate"].have == 0
    assert checks(facts)["interest_rate"].lacking == ("CNY", "USD")


def test_everything_is_there(tmp_path: Path) -> None:
    found = checks(facts_of(tmp_path))
    assert list(found) == list(papers.REQUIREMENTS)
    assert [name for name, check in found.items() if not check.is_met] == []
    assert papers.score_pct(found.values()) == 100
    assert missing(found.values(), ENGLISH_WORDS) == ()


LACKS: dict[str, tuple[dict[str, Any], str]] = {
    "contract": ({"ledger": without(LEDGER, "evidence", evidence_id="E-0")}, "Signed contract"),
    "tax_invoice": ({"ledger": without(LEDGER, "evidence", evidence_id="tax_invoice-D-1")}, "Missing: INV-1."),
    "acceptance_certificate": (
        {"ledger": without(LEDGER, "evidence", evidence_id="acceptance_certificate-D-2")},
        "2 of 3 there. Missing: INV-2.",
    ),
    "stamped_statement": ({"ledger": without(LEDGER, "evidence", evidence_id="E-9")}, "Stamped statement"),
    "correspondence": ({"ledger": without(LEDGER, "evidence", evidence_id="E-8")}, "Correspondence"),
    "last_notice": ({"result": changed(RESULT, decision_reason=[])}, "Last notice delivered: missing."),
    "document_numbers": (
        {"ledger": updated(LEDGER, "document", {"document_id": "D-4"}, number=None)},
        "2 of 3 there. Missing: D-4.",
    ),
    "identity_verified": ({"ledger": updated(LEDGER, "account", {}, verified_on=None)}, "Identity of the debtor"),
    "tax_id": ({"ledger": updated(LEDGER, "account", {}, tax_id=None)}, "Tax number"),
    "contact_persons": ({"ledger": without(LEDGER, "contact", contact_id="K-2")}, "2 of 3 there. Missing: acceptor."),
    "contract_facts": (
        {"ledger": updated(LEDGER, "contract", {}, quantity=None)},
        "7 of 8 there. Missing: Quantity.",
    ),
    "approval": ({"result": updated(RESULT, "account_flag", {}, state="proposed")}, "Approval of the referral"),
}


@pytest.mark.parametrize("name", list(LACKS))
def test_what_is_missing_is_named_and_lowers_the_score(tmp_path: Path, name: str) -> None:
    options, words = LACKS[name]
    found = checks(facts_of(tmp_path, **options))
    assert [check.name for check in found.values() if not check.is_met] == [name]
    check = found[name]
    share = Decimal(check.have) / check.needed
    assert papers.score_pct(found.values()) == int((13 + share) / 14 * 100)
    [(what, todo)] = missing(found.values(), ENGLISH_WORDS)
    assert words in what
    assert todo.endswith(".")
    [(what_zh, todo_zh)] = missing(found.values(), Wording("zh_CN", "letters"))
    assert what_zh != what
    assert todo_zh != todo


def test_an_acceptance_certificate_proves_delivery_too(tmp_path: Path) -> None:
    one_gone = without(LEDGER, "evidence", evidence_id="delivery_note-D-1")
    assert checks(facts_of(tmp_path / "one", ledger=one_gone))["delivery_note"].is_met
    both_gone = without(one_gone, "evidence", evidence_id="acceptance_certificate-D-1")
    found = checks(facts_of(tmp_path / "both", ledger=both_gone))
    assert found["delivery_note"].lacking == found["acceptance_certificate"].lacking == ("INV-1",)


def test_what_is_not_needed_does_not_count(tmp_path: Path) -> None:
    ledger = updated(LEDGER, "contract", {}, acceptance_criteria=None, acceptance_method=None)
    ledger = updated(ledger, "document", {"document_id": "D-1"}, kind="debit_note")
    found = checks(facts_of(tmp_path, ledger=ledger))
    assert found["acceptance_certificate"].needed == 0
    assert found["acceptance_certificate"].is_met
    assert found["delivery_note"].needed == 2
    insolvent = facts_of(
        tmp_path / "insolvent",
        ledger=updated(LEDGER, "account", {}, status="insolvent"),
        result=changed(RESULT, decision_reason=[]),
    )
    assert checks(insolvent)["last_notice"].needed == 0
    assert papers.score_pct(checks(insolvent).values()) == 100


def test_a_statement_older_than_the_debt_proves_nothing(tmp_path: Path) -> None:
    old = updated(LEDGER, "evidence", {"evidence_id": "E-9"}, obtained_on=date(2026, 1, 31))
    assert not checks(facts_of(tmp_path / "old", ledger=old))["stamped_statement"].is_met
    same = updated(LEDGER, "evidence", {"evidence_id": "E-9"}, obtained_on=date(2026, 2, 1))
    assert checks(facts_of(tmp_path / "same", ledger=same))["stamped_statement"].is_met


def test_an_earlier_notice_is_not_the_last_one(tmp_path: Path) -> None:
    result = updated(RESULT, "account_status", {"stage": "M2"}, ladder_step="warning")
    assert not checks(facts_of(tmp_path / "warning", result=result))["last_notice"].is_met
    result = updated(RESULT, "account_status", {"stage": "M2"}, ladder_step="final_notice")
    assert checks(facts_of(tmp_path / "final", result=result))["last_notice"].is_met


def test_the_chronology_holds_every_kind_in_order(tmp_path: Path) -> None:
    told = events(facts_of(tmp_path))
    assert {event.kind for event in told} == set(KINDS)
    assert [(event.on_date, event.clock) for event in told] == sorted((event.on_date, event.clock) for event in told)
    lines = [(event.on_date.isoformat(), event.clock, event.kind, event.text, event.who) for event in told]
    for line in (
        ("2025-12-01", "", "contract", "Contract CT-1 signed: 2026年度框架采购.", ""),
        ("2026-03-20", "", "receipt", "Received CNY 1,000.00 by bank transfer.", ""),
        ("2026-04-02", "", "credit", "Credit note over CNY 250.00 for INV-2.", ""),
        ("2026-05-01", "", "arrears", "Overdue and still unpaid: INV-2.", ""),
        ("2026-05-04", "", "dispute", "The customer disputes INV-2 (CNY 1,200.00). Reason: product.", "李伟"),
        (
            "2026-05-06",
            "",
            "promise",
            "Promised CNY 4,000.00 for 20 May 2026: broken; received in time: CNY 0.00. About INV-2.",
            "",
        ),
        (
            "2026-05-06",
            "09:30",
            "contact",
            "Phone: promised to pay. Reason given: customer's habit. “顾会计：月底统一付款。” "
            "Next step agreed for 21 May 2026.",
            "李伟",
        ),
        ("2026-05-12", "", "paper", "Stamped statement obtained.", ""),
        ("2026-05-25", "", "notice", "Notice sent by mail; the customer's server accepted it.", ""),
        ("2026-06-10", "10:00", "notice", "Final notice delivered. Letter: delivered.", "李伟"),
        ("2026-06-25", "", "decision", "Legal referral: approved.", "陈静"),
    ):
        assert line in lines, line
    assert any("Written off in our books: CNY 50.00" in text for _, _, _, text, _ in lines)
    assert any("Exempted from all sanctions until 20 Mar 2026. “等待春节后付款”" in text for *_, text, _ in lines)


def test_a_mail_can_be_the_proof_of_the_last_notice(tmp_path: Path) -> None:
    result = updated(RESULT, "decision_reason", {}, inputs='{"evidence": "message:<m-1@example.test>"}')
    texts = {event.source_id: event.text for event in events(facts_of(tmp_path, result=result))}
    assert texts["<m-1@example.test>"] == "Final notice sent by mail; the customer's server accepted it."
    assert texts["L-2"] == "Letter: delivered."


def test_times_are_local_to_the_creditor(tmp_path: Path) -> None:
    late = updated(LEDGER, "contact_log", {"log_id": "L-1"}, company_id="GB", account_id="B-200")
    [talk] = facts_of(tmp_path, ENGLISH, ledger=late).talks
    assert f"{talk.contacted_at:%Y-%m-%d %H:%M}" == "2026-05-06 02:30"


def test_who_is_referred(tmp_path: Path) -> None:
    assert referred_accounts(open_night(*night(tmp_path / "both"))) == [KEY, ENGLISH]
    proposed = updated(RESULT, "account_flag", {"account_id": "B-200"}, state="proposed")
    assert referred_accounts(open_night(*night(tmp_path / "one", result=proposed))) == [KEY]
    other = updated(RESULT, "account_flag", {}, flag="stop_supply")
    assert referred_accounts(open_night(*night(tmp_path / "none", result=other))) == []


def test_money_is_exact(tmp_path: Path) -> None:
    result = updated(RESULT, "open_item", {"document_id": "D-1"}, amount="99999999999999.9999")
    line = next(line for line in claim(facts_of(tmp_path, result=result)).lines if line.item.document_id == "D-1")
    assert line.claimed == money("99999999999999.9999")
    assert line.interest == Decimal("1500000000000.00")
    assert OWN["notice"]
