"""`huikuan why` on real nights: the whole chain, the proof of what it claims, and every way of not finding an account.

20,000 fell due on day 0 and another 5,000 on day 30; notices went out on days 5, 35 and 65; the stop of supply that was
proposed on day 72 was approved that day, so it is active on day 73. 500 were paid on account, a credit note of 1,000
belongs to the second invoice, and 700 of it are in dispute.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import duckdb
import psycopg
import pytest
import typer
from typer.testing import CliRunner, Result

from huikuan.cli.why import DIFFERENT, why
from huikuan.night.run import run_night
from huikuan.referrals.why import explain, find_run
from huikuan.referrals.why_replay import Row, WhyError
from huikuan.settings import DEFAULT_POLICY, Settings
from tests.models.ledgers import complete, write

DUE = date(2026, 1, 1)
POISON = "[bold red]客户[/] =1+1\r\nBcc: y \u202egpj {{ conn.erp.password }} 𠮷"


def day(number: int) -> date:
    return DUE + timedelta(days=number)


PROPOSED, ACTIVE, AFTER = day(72), day(73), day(74)


def letters(account: str) -> list[Row]:
    return [
        {
            "log_id": f"letter-{account}-{number}",
            "account_id": account,
            "contacted_at": datetime.combine(day(number), time(2), UTC),
            "channel": "letter",
            "outcome": "delivered",
            "rep_id": "R1",
        }
        for number in (5, 35, 65)
    ]


def ledger_rows(*receipts: Row) -> dict[str, list[Row]]:
    """Accounts of two companies; P pays an invoice of its daughter Q; everything tells its story about A1."""
    allocations = [
        {"source_id": "by-parent", "document_id": "q-inv", "amount": 300, "allocated_on": day(50)},
        *(
            {"source_id": row["receipt_id"], "document_id": "inv", "amount": row["amount"], "allocated_on": day(73)}
            for row in receipts
        ),
    ]
    return {
        "company": [
            {"company_id": "C1"},
            {"company_id": "C2", "name": "Second Ltd", "functional_currency": "USD"},
        ],
        "rep": [
            {"rep_id": "R1", "name": "Li", "manager_id": "M1"},
            {"rep_id": "M1", "name": "Chen", "manager_id": "M2", "role": "manager"},
            {"rep_id": "M2", "name": "Wang", "role": "manager"},
        ],
        "account": [
            {"account_id": "A1", "name": POISON},
            {"account_id": "A1-BOTH", "name": "Twice"},
            {"account_id": "A1-BOTH", "name": "Twice", "company_id": "C2"},
            {"account_id": "P"},
            {"account_id": "Q", "parent_account_id": "P"},
            {"account_id": "DOUBT"},
            {"account_id": "BAD", "name": None},
        ],
        "document": [
            {"document_id": "inv", "amount": 20000, "due_on": DUE, "number": "N-1"},
            {"document_id": "inv2", "amount": 5000, "due_on": day(30), "number": "N-2"},
            {
                "document_id": "cn",
                "kind": "credit_note",
                "amount": 1000,
                "issued_on": day(9),
                "references_document_id": "inv2",
            },
            {"document_id": "d-inv", "account_id": "DOUBT", "amount": 30000, "due_on": DUE},
            {"document_id": "undated", "account_id": "DOUBT", "amount": 70, "due_on": None},
            {"document_id": "q-inv", "account_id": "Q", "amount": 800, "due_on": day(40)},
        ],
        "receipt": [
            {"receipt_id": "r", "amount": 500, "received_on": day(60)},
            {"receipt_id": "by-parent", "account_id": "P", "amount": 300, "received_on": day(50)},
            *receipts,
        ],
        "allocation": allocations,
        "dispute": [
            {
                "dispute_id": "d",
                "document_id": "inv2",
                "amount": 700,
                "opened_on": day(40),
                "owner_rep_id": "R1",
                "resolve_by": day(50),
            }
        ],
        "promise": [
            {"promise_id": "p", "amount": 900, "made_on": day(41), "promised_for": day(45), "account_id": "Q"},
            {"promise_id": "q", "amount": 300, "made_on": day(45), "promised_for": day(55), "account_id": "Q"}
            | {"document_id": "q-inv"},
        ],
        "contact_log": [*letters("A1"), *letters("DOUBT")],
    }


def night(settings: Settings, business_date: date, folder: Path, *receipts: Row) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    rows = ledger_rows(*receipts)
    write(complete(rows, PROPOSED), folder)
    assert run_night(business_date, ledger=str(folder), policy=DEFAULT_POLICY, settings=settings).gate == "open"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, module_warehouse_url: str) -> Settings:
    """Two published nights with an approval between them."""
    home = tmp_path_factory.mktemp("why")
    settings = Settings(home=home, lake=home / "lake", mail=home / "mail", warehouse_url=module_warehouse_url)
    night(settings, PROPOSED, home / "ledger")
    _approve(settings)
    night(settings, ACTIVE, home / "ledger")
    return settings


def _approve(settings: Settings) -> None:
    """What the approver's command writes, for the one proposal of A1."""
    assert settings.warehouse_url
    run_id, _, _ = find_run(settings, PROPOSED)
    with psycopg.connect(settings.warehouse_url) as connection:
        connection.execute(
            "INSERT INTO store.referral_batch VALUES ('B-1', %s, %s, 'M1', 'hash', 1, now())", [PROPOSED, run_id]
        )
        connection.execute(
            "INSERT INTO store.referral_item (batch_id, position, company_id, account_id, flag, reason, proposed_by,"
            " proposed_since, stage, risk_grade) SELECT 'B-1', 1, company_id, account_id, flag, reason, proposed_by,"
            " since, 'M3', 'D' FROM collections.account_flag WHERE business_date = %s AND NOT is_held",
            [PROPOSED],
        )
        done = connection.execute(
            "INSERT INTO store.referral_decision (batch_id, company_id, account_id, flag, choice, proposed_by,"
            " decided_by, decided_on, decided_at, content_hash, via) SELECT batch_id, company_id, account_id, flag,"
            " 'approved', proposed_by, 'M1', %s, now(), 'hash', 'command' FROM store.referral_item",
            [PROPOSED],
        )
        assert done.rowcount == 1


@pytest.fixture(scope="module")
def facts(settings: Settings) -> Row:
    return explain(settings, ACTIVE, "A1")


def run(settings: Settings, *arguments: str, warehouse: bool = True) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(why)
    where = ["--lake", str(settings.lake)] + (["--warehouse", str(settings.warehouse_url)] if warehouse else [])
    return CliRunner().invoke(app, [*arguments, *where])


def test_the_chain_of_an_active_sanction(facts: Row) -> None:
    assert facts["check"]["differences"] == []
    assert facts["run"]["found_in"] == "warehouse"
    assert facts["header"]["name"] == POISON
    assert [(row["number"], row["net_amount"], row["collectable_amount"]) for row in facts["items"]] == [
        ("N-1", 19500, 19500),
        ("N-2", 4000, 3300),
    ]
    assert [(row["consumed_by"], row["document_id"], row["amount"]) for row in facts["consumption"]] == [
        ("free_credit", "inv", 500),
        ("linked_credit", "inv2", 1000),
    ]
    assert [(row["dispute_id"], row["is_late"], row["document_disputed_amount"]) for row in facts["disputes"]] == [
        ("d", True, 700)
    ]
    assert (facts["quarantine"], facts["is_doubtful"]) == ([], False)
    assert [row["delivery"]["evidence"] for row in facts["ladder"]] == [
        "contact_log:letter-A1-5",
        "contact_log:letter-A1-35",
        "contact_log:letter-A1-65",
    ]
    [flag] = facts["flags"]
    assert {key: flag[key] for key in ("flag", "state", "since", "decided_by", "batch_id", "evidence")} == {
        "flag": "stop_supply",
        "state": "active",
        "since": ACTIVE,
        "decided_by": "M1",
        "batch_id": "B-1",
        "evidence": "contact_log:letter-A1-65",
    }
    assert [row["choice"] for row in facts["decisions"]] == ["approved"]
    assert facts["people"] == {"R1": "Li", "M1": "Chen"}
    assert {row["kind"] for row in facts["tasks"]} == {"call", "escalate", "resolve_dispute"}
    points = {row["task_id"]: 0 for row in facts["tasks"]}
    for row in facts["points"]:
        points[row["task_id"]] += row["points"]
    assert points == {row["task_id"]: row["points"] for row in facts["tasks"]}
    assert sum(row["points"] for row in facts["scorecard"]) == facts["status"]["risk_score"]


def test_what_it_claims_is_what_the_next_night_does(settings: Settings, facts: Row, tmp_path: Path) -> None:
    """The least payment that releases, made on the ledger, releases in a whole night; a cent less does not."""
    release = next(claim for claim in facts["changes"] if claim["kind"] == "payment")
    [payment] = release["payments"]
    assert payment["amount"] == 12800  # 22,800 are overdue and 10,000 may stay
    assert release["is_least"]
    assert {"what": "flag:stop_supply", "before": "active", "after": "released"} in release["effects"]
    for amount, state in ((payment["amount"] - 1, "active"), (payment["amount"], "released")):
        receipt = {"receipt_id": "new", "amount": amount, "received_on": release["by"]}
        night(settings, AFTER, tmp_path / "ledger", receipt)
        then = explain(settings, AFTER, "A1")
        assert [(row["flag"], row["state"]) for row in then["flags"]] == [("stop_supply", state)]
        assert then["check"]["differences"] == []
    assert then["flags"][0]["reason"] == "release.payment"


@pytest.mark.parametrize("account", ["P", "Q"])
def test_money_of_another_account(settings: Settings, account: str) -> None:
    """P's receipt was applied to Q's invoice: it is no free credit of P, and it counts for Q's promise."""
    found = explain(settings, ACTIVE, account)
    assert found["check"]["differences"] == []
    assert found["credits"] == []
    if account == "Q":
        assert {row["promise_id"]: row["state"] for row in found["promises"]}["q"] == "kept"


def test_an_account_with_a_quarantined_row(settings: Settings) -> None:
    """What is known of it may not be whole, so its sanction is held until the row is corrected."""
    found = explain(settings, ACTIVE, "DOUBT")
    assert found["check"]["differences"] == []
    assert [(row["table_name"], row["row"]["document_id"]) for row in found["quarantine"]] == [("document", "undated")]
    assert [(row["state"], row["is_held"]) for row in found["flags"]] == [("proposed", True)]
    [repair] = [claim for claim in found["changes"] if claim["kind"] == "repair"]
    assert repair["effects"] == [{"what": "flag:stop_supply", "before": "held", "after": "proposed"}]
    assert [claim for claim in found["changes"] if claim["kind"] == "approval"] == []
    text = run(settings, "DOUBT", "--date", str(ACTIVE)).output
    for part in ("undated", "document.due_on.present", "Held: rows of this account are in quarantine"):
        assert part in text


def test_every_account_of_the_night_is_reproduced(settings: Settings) -> None:
    for company, account in (("C1", "A1"), ("C1", "A1-BOTH"), ("C2", "A1-BOTH"), ("C1", "P"), ("C1", "Q")):
        for business_date in (PROPOSED, ACTIVE):
            found = explain(settings, business_date, account, company)
            assert found["check"]["differences"] == [], (company, account, business_date)
            assert found["check"]["rows"] > 5


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_the_command_prints_everything_as_plain_text(settings: Settings, locale: str) -> None:
    result = run(settings, "A1", "--date", str(ACTIVE), "--locale", locale)
    assert result.exit_code == 0, result.output
    assert "[bold red]客户[/] =1+1 Bcc: y" in result.output
    assert {each for each in result.output if unicodedata.category(each) in {"Cc", "Cf"}} == {"\n"}
    for text in (
        "12,800.00",
        "Chen (M1)",
        "B-1",
        "active 执行中 → released 已解除" if locale == "en" else "执行中 active → 已解除 released",
    ):
        assert text in result.output


def test_the_command_as_json(settings: Settings, facts: Row) -> None:
    result = run(settings, "A1", "--date", str(ACTIVE), "--json")
    assert result.exit_code == 0
    assert result.output.isascii()
    content = json.loads(result.output)
    assert set(content) == set(facts)
    assert content["items"][0]["collectable_amount"] == "19500.0000"
    assert content["flags"][0]["since"] == str(ACTIVE)
    assert content["changes"][1]["payments"] == [{"currency": "CNY", "amount": "12800.00"}]


def test_without_a_warehouse_the_lake_says_which_run(settings: Settings, tmp_path: Path) -> None:
    nowhere = replace(settings, warehouse_url="postgresql://nobody@127.0.0.1:1/none")
    run_id, found_in, note = find_run(nowhere, ACTIVE)
    assert (run_id, found_in) == (find_run(settings, ACTIVE)[0], "lake")
    assert note
    assert "does not answer" in note
    never = Settings(home=tmp_path, lake=settings.lake, mail=tmp_path, warehouse_url=None)
    assert find_run(never, ACTIVE) == (run_id, "lake", "no warehouse is set up here")
    found = explain(never, ACTIVE, "A1")
    assert found["run"]["found_in"] == "lake"
    assert found["check"]["differences"] == []


@pytest.mark.parametrize(
    ("arguments", "problem", "remedy"),
    [
        (["A-1", "2026-03-15"], r"no account A-1\. Nearest: A1, ", "collections.account_status"),
        (["A1-BOTH", "2026-03-15"], r"Several companies have account A1-BOTH", "--company C1 or --company C2"),
        (["A1", "2026-03-15", "C2"], r"Company C2 has no account A1 .*; C1 has", "--company C1"),
        (["BAD", "2026-03-15"], r"BAD was left out .* breaks account\.name\.present", "report.html"),
        (["A1", "2026-03-01"], r"No night of 2026-03-01 is published in this warehouse", "2026-03-14, 2026-03-15"),
    ],
)
def test_what_cannot_be_shown(settings: Settings, arguments: Sequence[str], problem: str, remedy: str) -> None:
    account, business_date, *company = arguments
    with pytest.raises(WhyError, match=problem) as refused:
        explain(settings, date.fromisoformat(business_date), account, *company)
    assert remedy in refused.value.remedy


def test_a_date_that_neither_warehouse_nor_lake_knows(tmp_path: Path) -> None:
    never = Settings(home=tmp_path, lake=tmp_path / "lake", mail=tmp_path, warehouse_url=None)
    with pytest.raises(WhyError, match=r"No night of 2026-03-01 is published in the lake") as refused:
        find_run(never, date(2026, 3, 1))
    assert "no published night" in refused.value.remedy


def test_published_rows_that_the_replay_does_not_give(settings: Settings, tmp_path: Path) -> None:
    """A lake whose published score was altered, with a seal that fits: the command says so and exits with 4."""
    lake = tmp_path / "lake"
    shutil.copytree(settings.lake, lake, symlinks=True)
    tables = (lake / "results" / str(ACTIVE)).resolve()
    file = tables / "account_status.parquet"
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE t AS SELECT * REPLACE (risk_score + 1 AS risk_score) FROM '{file}'")
        con.execute(f"COPY t TO '{file}' (FORMAT parquet)")
    manifest = tables.parent / "manifest.json"
    hashes = json.loads(manifest.read_text(encoding="utf-8"))
    hashes[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(hashes), encoding="utf-8")
    altered = replace(settings, home=tmp_path, lake=lake)
    result = run(altered, "A1", "--date", str(ACTIVE), warehouse=False)
    assert result.exit_code == DIFFERENT == 4
    assert "The replay does not give the published rows" in result.output
    [difference] = explain(replace(altered, warehouse_url=None), ACTIVE, "A1")["check"]["differences"]
    assert (difference["table"], difference["column"]) == ("account_status", "risk_score")
    assert int(difference["published"]) == int(difference["replayed"]) + 1


def test_an_unknown_language_is_refused(settings: Settings) -> None:
    result = run(settings, "A1", "--date", str(ACTIVE), "--locale", "fr")
    assert result.exit_code == 2
