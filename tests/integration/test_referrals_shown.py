"""What people see of a batch: the page in Airflow, the command line. Text of the ledger is shown and does nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from click.testing import Result
from typer.testing import CliRunner

from huikuan.cli.overrides import app as override
from huikuan.cli.referrals import app as referrals
from huikuan.errors import ReferralError
from huikuan.referrals.asking import FACTS, SANCTIONS, Question, both, code, question
from huikuan.referrals.batches import open_batches
from huikuan.referrals.decisions import decide
from huikuan.warehouse.tables import FLAGS
from tests.referral_samples import DAY, POISON, Line, lay_ledger, publish_lines

ACCOUNTS = {("C1", f"A{n}"): name for n, name in enumerate(POISON, start=1)}
LINES = [Line(account, str(1000 * n)) for n, (_, account) in enumerate(ACCOUNTS, start=1)]
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def batch_id(warehouse_url: str, lake: Path) -> str:
    """One batch about customers whose names are attacks."""
    lay_ledger(lake, accounts=ACCOUNTS)
    publish_lines(warehouse_url, lake / "tables", LINES)
    [only] = open_batches(warehouse_url, lake, DAY)
    return only


def asked(url: str, lake: Path, batch_id: str) -> Question:
    return question(url, lake, batch_id, timedelta(hours=10), SHANGHAI)


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_holds_batch_hash_deadline_and_every_line(warehouse_url: str, lake: Path, batch_id: str) -> None:
    page = asked(warehouse_url, lake, batch_id)
    assert page.subject == f"惩戒审批 Sanctions to approve · {batch_id} · 5"
    assert timedelta(hours=9, minutes=59) < page.time_left <= timedelta(hours=10)
    assert f"- 批次 Batch: `{batch_id}`" in page.body
    assert f"- 内容哈希 Content hash: `{page.batch.content_hash}`" in page.body
    assert re.search(r"- 答复截止 Answer by: \d{4}-\d\d-\d\d \d\d:\d\d CST", page.body)
    assert "No answer is not an approval" in page.body
    lines = [line for line in page.body.splitlines() if re.match(r"\| \d", line)]
    assert len(lines) == 5
    assert lines[0] == (
        "| 1 | `C1/A5` `𠮷野家 O'B; DROP` | 停止供货 Stop supply | CNY 5,000.00 | 65 | M3 · E | "
        "`stop_supply.late_and_large`; 逾期天数 days late 65 (`> 60`); 逾期金额 overdue 20,000.5 (`> 100`) | "
        "`contact_log:L-A5` 2026-02-26 | `policy:1` 2026-03-01 |"
    )


def test_names_of_customers_are_inert(warehouse_url: str, lake: Path, batch_id: str) -> None:
    """Outside code spans, where nothing is markup, the page holds only characters of our own."""
    body = asked(warehouse_url, lake, batch_id).body
    table = [line for line in body.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table} == {10}
    assert all(line.count("`") % 2 == 0 for line in body.splitlines())
    bare = re.sub(r"`[^`\n]*`", "", body)
    assert not re.search(r"[<>{}\[\]*\u202e\\]|http", bare)
    for shown in ("{{ conn.huikuan_warehouse.password }}", "<script>alert(1)</script> </td>", "line one line two"):
        assert f"`{shown}" in body


@pytest.mark.parametrize("text", ["|", "`", "a\\|b", "\\", "``|``", "\n\n# x", "\u202eabc", "", " ", "x" * 500])
def test_a_code_span_cannot_be_left(text: str) -> None:
    span = code(text)
    assert re.fullmatch(r"`[^`|\n\u202e]{1,60}`", span)


def test_every_fact_and_sanction_has_a_name_in_both_languages() -> None:
    assert set(SANCTIONS) == set(FLAGS)
    for name in (*FACTS.values(), *SANCTIONS.values()):
        assert re.search(r"[一-鿿]", both(name)), name
        assert both(name).endswith(name)


def test_nobody_is_shown_what_could_not_be_answered(warehouse_url: str, lake: Path, batch_id: str) -> None:
    publish_lines(warehouse_url, lake / "tables", LINES[1:], run="b")
    with pytest.raises(ReferralError, match="have changed"):
        asked(warehouse_url, lake, batch_id)


# --- the command line ------------------------------------------------------------------------------------------------


def run(app: object, *arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "250", "TERM": "dumb"})  # type: ignore[arg-type]


def test_a_batch_is_listed_shown_and_approved(warehouse_url: str, lake: Path, batch_id: str) -> None:
    at, both_places = ["--warehouse", warehouse_url], ["--warehouse", warehouse_url, "--lake", str(lake)]
    listed = run(referrals, "list", "--date", str(DAY), *at).output
    assert batch_id in listed
    assert "M-CHEN" in listed
    assert "待答复 none yet" in listed

    shown = run(referrals, "show", batch_id, *both_places).output
    assert "{{ conn.huikuan_warehouse.password }}" in shown
    assert "**b**" in shown
    assert "[z](http" in shown
    assert "停止供货 Stop supply" in shown
    assert "\u202e" not in shown
    assert "内容哈希 content hash" in shown

    out = ["--leave-out", "A1", "--leave-out", "#2"]
    first = run(referrals, "approve", batch_id, "--as", "M-CHEN", *out, "--note", "谨慎", *both_places)
    assert first.exit_code == 0, first.output
    assert "批准 approved 3, 否决 rejected 0, 剔除 left out 2" in first.output
    assert "recorded before" in run(referrals, "approve", batch_id, "--as", "M-CHEN", *out, *both_places).output
    with psycopg.connect(warehouse_url) as connection:
        [(via, note)] = connection.execute("SELECT DISTINCT via, note FROM store.referral_decision").fetchall()
    assert (via, note) == ("command", "谨慎")
    assert "批准 approved 3, 剔除 left out 2" in run(referrals, "list", "--date", str(DAY), *at).output


def test_a_refusal_has_its_own_error(warehouse_url: str, lake: Path, batch_id: str) -> None:
    at = ["--warehouse", warehouse_url, "--lake", str(lake)]
    refused = run(referrals, "reject", batch_id, "--as", "M-BOSS", *at)
    assert isinstance(refused.exception, ReferralError)
    assert "is for M-CHEN to answer" in refused.exception.problem
    assert run(referrals, "reject", batch_id, "--as", "M-CHEN", *at).exit_code == 0
    with pytest.raises(ReferralError, match="differently"):
        decide(warehouse_url, lake, batch_id, "approve", by="M-CHEN", via="command")


def test_an_override_is_added_listed_and_ended(warehouse_url: str, lake: Path, batch_id: str) -> None:
    assert batch_id
    at = ["--warehouse", warehouse_url, "--lake", str(lake)]
    who = ["--as", "F-WU", "--reason", "[red]insolvency[/red] plan"]
    exempt = ["--effect", "exempt", "--flag", "stop_supply", "--until", "2026-04-01"]
    added = run(override, "add", "A2", *exempt, *who, *at)
    assert added.exit_code == 0, added.output
    [override_id] = re.findall(r"20260302-[0-9a-f]{8}", added.output)
    listed = run(override, "list", "--warehouse", warehouse_url).output
    assert override_id in listed
    assert "C1/A2" in listed
    assert "[red]insolvency[/red] plan" in listed
    ended = run(override, "end", override_id, "--as", "M-BOSS", "--reason", "settled", *at)
    assert "已终止 ended" in ended.output
    assert "终止 ended 2026-03-02" in run(override, "list", "--warehouse", warehouse_url).output
    today = run(override, "list", "--date", str(DAY), "--warehouse", warehouse_url).output
    assert override_id not in today


@pytest.mark.parametrize("missing", ["--until", "--reason", "--as", "--effect"])
def test_an_override_needs_who_why_and_how_long(missing: str) -> None:
    given = {"--effect": "exempt", "--until": "2026-04-01", "--as": "F-WU", "--reason": "x"}
    arguments = [part for name, value in given.items() if name != missing for part in (name, value)]
    result = run(override, "add", "A2", *arguments)
    assert result.exit_code == 2
    assert missing in re.sub(r"\x1b\[[0-9;]*m", "", result.output)
