"""The why page: both terms for everything, every sentence in both languages, and ledger text that can do nothing."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from rich.console import Console

from huikuan.policy import load_policy
from huikuan.policy.parts import Segment
from huikuan.policy.rules import Fact
from huikuan.policy.tasks import TaskKind
from huikuan.referrals import why_page, why_sentences
from huikuan.referrals.why import FACTS, as_json
from huikuan.referrals.why_replay import Row
from huikuan.referrals.why_terms import TERMS, Terms
from huikuan.settings import DEFAULT_POLICY, INCLUDE
from huikuan.warehouse.tables import FLAG_STATES, FLAGS, GATES
from tests.why_samples import explained, stored_night

DAY = date(2026, 3, 14)
POISON = "[bold red]x[/] =1+1\r\nBcc: y \x1b]0;owned\x07 \u202egpj \u200b{{ conn.erp.password }} 𠮷"
RUN = {
    "run_id": "20260314-000000000000",
    "business_date": DAY,
    "as_of": DAY - timedelta(days=1),
    "snapshot_id": "20260314-s1",
    "policy_version": "2026.4",
    "policy_hash": "f" * 64,
    "code_version": "1",
    "code_version_now": "1",
    "gate": "open",
    "gate_reasons": [],
    "found_in": "warehouse",
    "note": None,
}


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Row:
    """An account with something in every section, and poison wherever the ledger holds text."""
    folder = tmp_path_factory.mktemp("why")
    due = DAY - timedelta(days=72)
    rows = {
        "account": [{"account_id": "A1", "rep_id": "R1", "name": POISON, "credit_limit": 10000}],
        "rep": [
            {"rep_id": "R1", "name": POISON, "manager_id": "R2"},
            {"rep_id": "R2", "name": "Chen", "role": "manager"},
        ],
        "document": [
            {"document_id": "inv", "amount": 20000, "due_on": due, "number": POISON},
            {"document_id": "inv2", "amount": 5000, "due_on": due + timedelta(days=30), "number": "N-2"},
            {
                "document_id": "cn",
                "kind": "credit_note",
                "amount": 1000,
                "issued_on": due + timedelta(days=9),
                "references_document_id": "inv2",
            },
        ],
        "receipt": [{"receipt_id": "r", "amount": 500, "received_on": due + timedelta(days=60)}],
        "dispute": [
            {
                "dispute_id": "d",
                "document_id": "inv2",
                "amount": 700,
                "opened_on": due + timedelta(days=40),
                "reason_code": POISON,
                "owner_rep_id": "R1",
                "resolve_by": due + timedelta(days=50),
            }
        ],
        "promise": [
            {
                "promise_id": "p",
                "amount": 900,
                "made_on": due + timedelta(days=41),
                "promised_for": due + timedelta(days=45),
            }
        ],
        "contact_log": [
            {
                "log_id": f"l{number}",
                "contacted_at": f"{due + timedelta(days=number)} 02:00:00+00",
                "channel": "letter",
                "outcome": "delivered",
                "note": POISON,
            }
            for number in (5, 35, 65)
        ],
        "sanction_override": [
            {
                "override_id": "o",
                "company_id": "C1",
                "account_id": "A1",
                "flag": "legal_referral",
                "effect": "exempt",
                "author": "R2",
                "reason": POISON,
                "from_on": due,
                "expires_on": DAY + timedelta(days=9),
            }
        ],
    }
    found = explained(stored_night(rows, DAY, folder / "night"), folder)
    left_out = {"table_name": "document", "row_number": 7, "rule_id": "document.due_on.present", "reason": POISON}
    return {**found, "run": RUN, "quarantine": [{**left_out, "row": {"document_id": "undated", "number": POISON}}]}


def printed(facts: Row, locale: str, width: int = 180) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, color_system=None)
    why_page.show(facts, console, locale)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_every_section_is_there(facts: Row, locale: str) -> None:
    text = printed(facts, locale)
    terms = Terms(locale)
    sections = ("why", "items", "facts", "rules", "ladder", "tasks", "what would change it", "check")
    places = [text.index(f"\n{terms(section)}") for section in sections]
    assert places == sorted(places)
    for detail in (
        "19,500.00",  # net of free credit
        "linked_credit",
        "free_credit",
        "document.due_on.present",
        "undated #7",
        "days_past_due 72 > 60 ✓",
        "contact_log:l65",
        "policy:2026.4",
        "Chen (R2)",
        "stop_supply 停止供货" if locale == "en" else "停止供货 stop_supply",
    ):
        assert detail in text, detail
    assert ("不一致" if locale == "zh_CN" else "does not give") not in text


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_ledger_text_is_data(facts: Row, locale: str) -> None:
    text = printed(facts, locale)
    assert "[bold red]x[/] =1+1 Bcc: y" in text  # shown, not interpreted, on one line
    assert "𠮷" in text
    harmful = {character for character in text if unicodedata.category(character) in {"Cc", "Cf", "Cs"}} - {"\n"}
    assert harmful == set()


def test_a_word_with_several_meanings(facts: Row) -> None:
    assert Terms("en")("open", "gate") == "open 开放"
    assert Terms("zh_CN")("open", "promise") == "未到期 open"
    assert Terms("en")("active", "account") == "active 正常"
    assert Terms("en")("name.of.a_rule") == "name.of.a_rule"
    assert "gate 闸门             open 开放" in printed(facts, "en")


def test_a_rep_who_has_left(facts: Row) -> None:
    header = {**facts["header"], "rep_id": "R2", "is_rep_active": False}
    assert "Chen (R2), who has left" in printed({**facts, "header": header}, "en")
    nobody = {**facts["header"], "rep_id": None}
    assert "nobody is in charge" in printed({**facts, "header": nobody}, "en")


def test_a_narrow_terminal_loses_nothing(facts: Row) -> None:
    text = printed(facts, "en", 80)
    assert max(map(len, text.splitlines())) <= 80
    assert "what would change it" in text


def test_differences_are_listed_with_the_versions(facts: Row) -> None:
    difference = {
        "table": "account_status",
        "key": "C1/A1",
        "column": "risk_score",
        "published": "51",
        "replayed": "50",
    }
    check = {**facts["check"], "differences": [difference]}
    text = printed({**facts, "check": check, "run": {**RUN, "code_version_now": "2"}}, "en")
    assert "The replay does not give the published rows" in text
    assert re.search(r"account_status +C1/A1 +risk_score +51 +50", text)
    assert "computed by version 1, the replay by 2" in text


def test_why_something_is_held(facts: Row) -> None:
    flags = [{**row, "is_held": True} for row in facts["flags"]]
    cap = {"transition": "proposed", "accounts": 16, "accounts_pct": Decimal(7), "overdue_pct": None, "is_over": True}
    bounds = {"min_accounts": 5, "max_accounts_pct": Decimal(6), "max_amount_pct": Decimal(30)}
    held = {**facts, "flags": flags, "caps": [cap | bounds]}
    held["run"] = {**RUN, "gate": "no_contact", "gate_reasons": [{"en": "Receipts are late.", "zh": "收款未到。"}]}
    text = printed(held, "en")
    assert "Receipts are late." in text
    assert "Held: the gate is no_contact" in text
    assert "Held: 16 accounts of the company with new sanctions (proposed 建议), 7% of those with money open" in text


def test_json_holds_plain_values(facts: Row) -> None:
    text = as_json(facts)
    assert text.isascii()
    again = json.loads(text)
    assert again["header"]["name"] == POISON  # whole and harmless: everything else than ASCII is escaped
    assert again["run"]["business_date"] == "2026-03-14"
    assert again["items"][0]["net_amount"] == "19500.0000"
    assert again["changes"][0]["kind"] == "nothing"
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)


def test_every_name_of_the_policy_and_the_tables_has_its_chinese() -> None:
    policy = load_policy(DEFAULT_POLICY)
    names = {fact for group in FACTS.values() for fact in group} | {*FACTS, *get_args(Fact)}
    names |= {*FLAGS, *FLAG_STATES, *get_args(TaskKind), *get_args(Segment)} | set(GATES) - {"stop"}
    names |= {notice.notice for notice in policy.ladder.notices} | {rule.pattern for rule in policy.patterns}
    names |= {rule.nature for rule in policy.natures} | {rule.warning for rule in policy.warnings}
    names |= {"kept", "partially_kept", "broken", "withdrawn", "exempt", "impose", "accept_promise", "held"}
    assert names - set(TERMS) == set()


def test_every_sentence_has_its_chinese() -> None:
    """Messages of the code against the catalogue: none missing, none left over, same placeholders."""
    found = {
        message
        for module in (why_page, why_sentences)
        for _, message, _, _ in extract_from_file("python", str(module.__file__), keywords={"text": None})
    }
    with (INCLUDE / "locale/zh_CN/LC_MESSAGES/why.po").open("rb") as file:
        catalogue = {message.id: str(message.string) for message in read_po(file, locale="zh_CN") if message.id}
    assert found == set(catalogue)
    for message, chinese in catalogue.items():
        assert chinese, message
        assert set(re.findall(r"%\(\w+\)s", chinese)) == set(re.findall(r"%\(\w+\)s", str(message))), message


def test_the_queries_are_all_used() -> None:
    from huikuan.referrals import why, why_change

    code = "".join(Path(str(module.__file__)).read_text(encoding="utf-8") for module in (why, why_change))
    unused = [path.stem for path in (INCLUDE / "sql/why").glob("*.sql") if f'"{path.stem}"' not in code]
    assert unused == []
