"""The gate: what may be published, and whether anybody may be contacted on it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from quality_ledgers import NIGHT, POLICY, Ledger, core, failed, gate_alone, night, quarantined, sound, write

from huikuan.ledger import snapshot as snapshots
from huikuan.ledger.source import open_source
from huikuan.quality import Validation, validate
from huikuan.quality.model import PastNight

STRICT = POLICY.model_copy(update={"max_quarantined_share_pct": Decimal("0.5")})


def reasons(validation: Validation) -> list[str]:
    return [reason.rule_id for reason in validation.gate.reasons]


def only_reason(validation: Validation) -> tuple[str, str]:
    """English and Chinese of the one reason."""
    (reason,) = validation.gate.reasons
    return reason.en, reason.zh


def test_a_sound_ledger_opens_the_gate(tmp_path: Path) -> None:
    validation = night(sound(), tmp_path, STRICT, {"document": [4] * 9, "receipt": [1] * 9})
    assert validation.gate.state == "open"
    assert validation.gate.reasons == []


# --- completeness -----------------------------------------------------------------------------------------------------


def test_a_receipts_feed_that_did_not_load_contacts_nobody(tmp_path: Path) -> None:
    ledger = core()
    ledger["load_log"][0]["complete_through"] = "2024-06-29"
    validation = gate_alone(ledger, tmp_path, STRICT)
    assert validation.gate.state == "no_contact"
    en, zh = only_reason(validation)
    assert "The feed of receipt is complete through 2024-06-29 only" in en
    assert "Load receipt through 2024-06-30" in en
    assert "只完整到 2024-06-29" in zh


def test_a_feed_that_the_load_log_does_not_name_contacts_nobody(tmp_path: Path) -> None:
    ledger = core()
    ledger["load_log"] = []
    validation = gate_alone(ledger, tmp_path, STRICT)
    assert validation.gate.state == "no_contact"
    assert "receipt is not named in load_log" in only_reason(validation)[0]


def test_without_a_load_log_completeness_is_not_known(tmp_path: Path) -> None:
    ledger = core()
    del ledger["load_log"]
    validation = gate_alone(ledger, tmp_path, STRICT)
    assert validation.gate.state == "open"
    note = next(result for result in validation.results if result.rule_id == "gate.complete")
    assert (note.severity, note.description) == (
        "info",
        "The ledger has no load_log: how far its feeds are complete is not known.",
    )


# --- quarantined share ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["document", "receipt", "allocation"])
def test_a_feed_doubled_inside_one_file_stops_the_night(table: str, tmp_path: Path) -> None:
    ledger = core()
    ledger[table] += [dict(row) for row in ledger[table]]
    validation = night(ledger, tmp_path, STRICT)
    assert validation.gate.state == "stop"
    assert set(reasons(validation)) == {f"gate.quarantined_share.{table}"}, "copies are no money: the tie-out holds"
    assert f"In {table} every row stands twice" in validation.gate.reasons[0].en
    assert "每一行都出现了两次" in validation.gate.reasons[0].zh


@pytest.mark.parametrize(("share", "state"), [("20.00", "open"), ("19.99", "stop")])
def test_the_share_is_the_policy_s_and_measured_by_amount(share: str, state: str, tmp_path: Path) -> None:
    """A receipt of 125 without a known account beside one of 500: 20 % of the money, half of the rows."""
    ledger = core()
    del ledger["control_total"]
    ledger["receipt"].append(ledger["receipt"][0] | {"receipt_id": "P9", "amount": "125", "account_id": "nobody"})
    policy = POLICY.model_copy(update={"max_quarantined_share_pct": Decimal(share)})
    validation = night(ledger, tmp_path, policy)
    assert validation.gate.state == state
    if state == "stop":
        assert "20.00 % of receipt was quarantined (CNY 125.00 of CNY 625.00)" in only_reason(validation)[0]


def test_amounts_that_cannot_be_read_are_measured_by_rows(tmp_path: Path) -> None:
    ledger = core()
    del ledger["control_total"]
    ledger["receipt"].append(ledger["receipt"][0] | {"receipt_id": "P9", "currency": "RMB"})
    ledger["receipt"].append(ledger["receipt"][0] | {"receipt_id": "P8", "amount": None})
    validation = night(ledger, tmp_path, STRICT)
    assert validation.gate.state == "stop"
    assert "66.67 % of receipt was quarantined (2 of 3 rows)" in only_reason(validation)[0]


# --- structure --------------------------------------------------------------------------------------------------------


def _emptied(ledger: Ledger) -> Ledger:
    return {table: [] if table not in ("company", "load_log") else rows for table, rows in ledger.items()}


def test_a_first_empty_night_publishes_empty_tables_and_contacts_nobody(tmp_path: Path) -> None:
    ledger = _emptied(core())
    del ledger["control_total"]
    validation = gate_alone(ledger, tmp_path, STRICT)
    assert validation.gate.state == "no_contact"
    en, zh = only_reason(validation)
    assert "The ledger is empty at as-of: 0 accounts, no document" in en
    assert "账簿为空" in zh


def test_a_ledger_that_lost_its_documents_stops_the_night(tmp_path: Path) -> None:
    ledger = core()
    for table in ("document", "instalment", "allocation", "control_total"):
        ledger[table] = []
    validation = gate_alone(ledger, tmp_path, STRICT, {"document": [0, 4100]})
    assert validation.gate.state == "stop"
    assert "no row of document tonight, while recent nights had up to 4,100" in validation.gate.reasons[0].en


def test_no_company_stops_the_night(tmp_path: Path) -> None:
    ledger = core()
    ledger["company"] = []
    validation = night(ledger, tmp_path)
    assert validation.gate.state == "stop"
    assert "2 accounts and 4 documents, and no company" in validation.gate.reasons[0].en


def test_only_quarantined_companies_stop_the_night(tmp_path: Path) -> None:
    ledger = core()
    ledger["company"][0]["functional_currency"] = "RMB"
    validation = night(ledger, tmp_path)
    assert validation.gate.state == "stop"
    assert "No row of company is left, 1 of 1 were quarantined" in validation.gate.reasons[0].en


# --- volumes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "state"),
    [
        ([40] * 5, "no_contact"),  # tonight's 4 are a tenth
        ([8] * 5, "open"),  # half, still usual
        ([9] * 5, "no_contact"),
        ([2] * 5, "open"),  # twice, still usual
        ([1] * 5, "no_contact"),
        ([40] * 4, "open"),  # too few nights to know
        ([4] * 20 + [4000] * 21, "open"),  # nights further back than the policy looks
    ],
)
def test_volume_far_off_its_median_contacts_nobody(history: list[int], state: str, tmp_path: Path) -> None:
    ledger = {table: rows for table, rows in core().items() if table in ("company", "account", "document", "receipt")}
    ledger["document"][0].pop("contract_id")
    ledger["document"][1]["due_on"] = "2024-06-30"
    validation = gate_alone(ledger, tmp_path, POLICY, {"document": history})
    assert validation.gate.state == state
    if state != "open":
        assert "document has 4 rows tonight" in only_reason(validation)[0]


def test_ten_times_the_rows_contact_nobody(tmp_path: Path) -> None:
    ledger = {table: rows for table, rows in core().items() if table in ("company", "account", "document", "receipt")}
    ledger["receipt"] = [ledger["receipt"][0] | {"receipt_id": f"P{number}"} for number in range(10)]
    validation = gate_alone(ledger, tmp_path, POLICY, {"receipt": [1] * 5})
    assert reasons(validation) == ["gate.volume.receipt"]
    assert "receipt has 10 rows tonight; the median of the last 5 nights is 1" in only_reason(validation)[0]


# --- tie-out ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("balance", "state"), [("950.01", "no_contact"), ("949.99", "no_contact"), ("950", "open")])
def test_a_cent_off_the_general_ledger_contacts_nobody(balance: str, state: str, tmp_path: Path) -> None:
    ledger = core()
    ledger["control_total"][0]["balance"] = balance
    validation = gate_alone(ledger, tmp_path, STRICT)
    assert validation.gate.state == state
    if state == "no_contact":
        en, zh = only_reason(validation)
        assert f"are CNY 950.00 (quarantined rows would add CNY 0.00), the general ledger says CNY {balance}" in en
        assert "总账" in zh


def test_quarantined_rows_are_added_back(tmp_path: Path) -> None:
    """The general ledger knows the document that we left out and nothing of the copy."""
    ledger = core()
    ledger["document"].append(ledger["document"][0] | {"document_id": "D9", "amount": "77.77", "due_on": None})
    ledger["document"].append(dict(ledger["document"][0]))
    ledger["receipt"].append(ledger["receipt"][0] | {"receipt_id": "P9", "amount": "7.07", "account_id": "nobody"})
    ledger["control_total"][0]["balance"] = "1020.70"
    validation = night(ledger, tmp_path)
    assert len(quarantined(validation)) == 3
    assert validation.gate.state == "open"
    shown = json.loads((validation.folder / "gate.json").read_text(encoding="utf-8"))["evidence"]["tie_out"][0]
    assert (shown["ledger"], shown["quarantined"], shown["control"]) == ("CNY 950.00", "CNY 70.70", "CNY 1,020.70")


def test_facts_after_as_of_are_not_in_the_tie_out(tmp_path: Path) -> None:
    ledger = core()
    later = "2024-07-01"
    ledger["document"].append(ledger["document"][0] | {"document_id": "D9", "issued_on": later, "due_on": later})
    ledger["receipt"].append(ledger["receipt"][0] | {"receipt_id": "P9", "received_on": later})
    ledger["allocation"].append(ledger["allocation"][3] | {"allocation_id": "L9", "allocated_on": later})
    ledger["allocation"].append(ledger["allocation"][3] | {"allocation_id": "M9", "document_id": "D9"})
    ledger["control_total"].append(ledger["control_total"][0] | {"as_of": later, "balance": "1"})
    assert gate_alone(ledger, tmp_path, STRICT).gate.state == "open"


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda rows: rows.pop(1), "Company C1, USD, at 2024-06-30: open items less free credit are USD 50.00"),
        (lambda rows: rows.append(rows[0] | {"currency": "EUR", "balance": "5"}), "the difference is EUR -5.00"),
        (lambda rows: rows.clear(), "The ledger's control total for 2024-06-30 is not there"),
    ],
)
def test_a_balance_on_one_side_only_is_a_mismatch(spoil: Any, expected: str, tmp_path: Path) -> None:
    ledger = core()
    spoil(ledger["control_total"])
    validation = gate_alone(ledger, tmp_path, STRICT)
    assert validation.gate.state == "no_contact"
    assert expected in only_reason(validation)[0]


def test_a_balance_of_zero_needs_no_control_total(tmp_path: Path) -> None:
    ledger = core()
    ledger["receipt"].append(ledger["receipt"][0] | {"receipt_id": "P9", "currency": "USD", "amount": "50"})
    ledger["control_total"].pop(1)
    assert gate_alone(ledger, tmp_path, STRICT).gate.state == "open"


def test_without_control_totals_nothing_is_tied_out(tmp_path: Path) -> None:
    ledger = core()
    del ledger["control_total"]
    validation = gate_alone(ledger, tmp_path, STRICT)
    assert validation.gate.state == "open"
    note = next(result for result in validation.results if result.rule_id == "gate.tie_out")
    assert note.severity == "info"


# --- what is written --------------------------------------------------------------------------------------------------


def test_the_folder_holds_results_quarantine_gate_and_report(tmp_path: Path) -> None:
    ledger = core()
    ledger["receipt"].append(ledger["receipt"][0] | {"receipt_id": "P9", "amount": "0.0300", "account_id": "nobody"})
    validation = night(ledger, tmp_path)
    assert sorted(path.name for path in validation.folder.iterdir()) == [
        "data_quality.parquet",
        "gate.json",
        "quarantine.parquet",
        "report.html",
    ]
    with duckdb.connect() as connection:
        columns = connection.execute(f"DESCRIBE FROM '{validation.folder}/data_quality.parquet'").fetchall()
        assert [column[0] for column in columns] == [
            "rule_id",
            "severity",
            "table_name",
            "failed_count",
            "total_count",
            "description",
        ]
        ids = connection.execute(
            f"SELECT count(*) - count(DISTINCT rule_id) FROM '{validation.folder}/data_quality.parquet'"
        )
        assert ids.fetchone() == (0,)
        kept = connection.execute(f"SELECT row FROM '{validation.folder}/quarantine.parquet'").fetchall()
    assert json.loads(kept[0][0])["amount"] == "0.0300", "an amount keeps its digits"
    state = json.loads((validation.folder / "gate.json").read_text(encoding="utf-8"))
    assert (state["state"], len(state["reasons"])) == ("no_contact", 1)


POISON = [
    "</td><script>alert(1)</script>",
    "{{ conn.erp.password }}",
    "=1+1",
    "O'B; DROP",
    "‮",
    "𠮷𪚥",
    "x" * 40_000,
    "\0",
]


def test_poisoned_text_is_shown_as_text(tmp_path: Path) -> None:
    ledger = core()
    for number, text in enumerate(POISON):
        ledger["receipt"].append(ledger["receipt"][0] | {"receipt_id": f"P{number}{text}", "account_id": text})
    validation = night(ledger, tmp_path)
    page = (validation.folder / "report.html").read_text(encoding="utf-8")
    assert failed(validation)["receipt.account_id.known"] == len(POISON)
    assert "<script" not in page
    assert "&lt;/td&gt;&lt;script&gt;" in page
    assert "{{ conn.erp.password }}" in page
    assert "\0" not in page
    assert len(page) < 200_000
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT row FROM '{validation.folder}/quarantine.parquet'").fetchall()
    assert not any("\\u0000" in row for (row,) in rows), "PostgreSQL's jsonb refuses it"


def test_the_page_says_how_much_money_each_rule_left_out(tmp_path: Path) -> None:
    ledger = core()
    lost = {"account_id": "nobody", "amount": "1234.5000"}
    ledger["receipt"] += [ledger["receipt"][0] | lost | {"receipt_id": key} for key in ("P8", "P9")]
    page = (night(ledger, tmp_path).folder / "report.html").read_text(encoding="utf-8")
    (heading,) = re.findall(r"<h3>receipt\.account_id\.known</h3>.*?</div>", page, re.DOTALL)
    assert " ".join(heading.split()).endswith(f"2 of {len(ledger['receipt'])} · CNY 2,469.00</span></div>")


def test_the_page_sets_tonight_against_the_nights_before(tmp_path: Path) -> None:
    ledger = core()
    ledger["receipt"].append(ledger["receipt"][0] | {"receipt_id": "P9", "account_id": "nobody"})
    before = [
        PastNight(NIGHT - timedelta(days=1), "stop", left_out=3, warned=1, untied=2),
        PastNight(NIGHT - timedelta(days=2), "open", left_out=0, warned=0, untied=0),
    ]
    page = (night(ledger, tmp_path, history=before).folder / "report.html").read_text(encoding="utf-8")
    trend = page.split('<table class="trend">')[1].split("</table>")[0]
    rows = [re.sub(r"<[^>]*>", " ", "<tr" + row).split() for row in trend.split("<tr")[2:]]
    assert [row[0] for row in rows] == ["2024-07-01", "2024-06-30", "2024-06-29"]
    assert [row[-1] for row in rows[1:]] == ["2", "✓"]
    assert re.findall(r"width: ([0-9.]+)%", trend)[2:] == ["75.0", "25.0", "0.0", "0.0"]


def test_feeds_that_the_gate_does_not_wait_for_are_shown(tmp_path: Path) -> None:
    ledger = core()
    ledger["load_log"].append(
        ledger["load_log"][0] | {"table_name": "contact_log", "complete_through": NIGHT - timedelta(9)}
    )
    validation = night(ledger, tmp_path)
    assert validation.gate.state == "open"
    page = (validation.folder / "report.html").read_text(encoding="utf-8")
    (row,) = re.findall(r"<tr><td>contact_log</td>.*?</tr>", page, re.DOTALL)
    assert "2024-06-22 …" in row
    assert "shown only" in row


def test_a_snapshot_of_files_can_be_validated(tmp_path: Path) -> None:
    """The way a night goes: files in the contract's form, a snapshot of them, its validation."""
    write(sound(), tmp_path / "ledger")
    taken = snapshots.take(open_source(str(tmp_path / "ledger")), tmp_path / "lake", NIGHT)
    volumes = snapshots.volumes(tmp_path / "lake", NIGHT + timedelta(days=1), 5)
    validation = validate(taken, NIGHT, STRICT, volumes, tmp_path / "quality")
    assert validation.gate.state == "open"
