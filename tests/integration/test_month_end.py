"""Statements of one month end, from the night to the answer, and the month that is closed on it: a real PostgreSQL."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import duckdb
import psycopg
import pypdf
import pytest
from typer.testing import CliRunner

from huikuan.cli import app
from huikuan.errors import FinanceError, ReferralError
from huikuan.finance import batches, months
from huikuan.finance.batches import MANIFEST, Prepared, prepare
from huikuan.finance.decisions import decide
from huikuan.finance.proposals import propose_targets
from huikuan.finance.replies import Reply, hand_over, reply
from huikuan.finance.statement_mails import unwritten, write_statements
from huikuan.ledger.contract import INPUTS
from huikuan.ledger.demo import generate
from huikuan.night.run import run_night
from huikuan.outreach import write_statement_requests
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY, Settings
from huikuan.warehouse.connect import connect
from huikuan.warehouse.own import OwnFacts

pytestmark = pytest.mark.fonts

MAILED = "SELECT recipient FROM store.message WHERE kind = 'statement'"

DAY, CUT_OFF, MONTH = date(2026, 7, 1), date(2026, 6, 30), date(2026, 6, 1)
ATTACK = '=1+1 {{ conn.erp.password }} #read("/etc/passwd")'


@dataclass(frozen=True)
class Books:
    """A ledger, what a night made of it, and one of its companies."""

    url: str
    lake: Path
    ledger: Path
    settings: Settings
    company_id: str
    approver_id: str

    def night(self) -> str:
        """Run the night of DAY on the ledger as it is now; returns the run that readers see then."""
        run_night(DAY, ledger=str(self.ledger), policy=DEFAULT_POLICY, settings=self.settings, refresh=True)
        [(run_id,)] = self.rows("SELECT run_id FROM collections.run WHERE business_date = %s", DAY)
        return str(run_id)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query, values).fetchall()

    def prepare(self) -> Prepared:
        return prepare(self.url, self.lake, DAY, self.company_id)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory, module_warehouse_url: str) -> Books:
    """Forty accounts; the largest has a name that attacks, the next one that no font can print."""
    home = tmp_path_factory.mktemp("books")
    ledger = home / "ledger"
    generate(ledger, through=CUT_OFF, accounts=40, file_format="csv")
    settings = Settings(home=home, lake=home / "lake", mail=home / "mail", warehouse_url=module_warehouse_url)
    made = Books(module_warehouse_url, settings.lake, ledger, settings, "", "")
    company_id = _read(ledger / "company.csv")[0]["company_id"]
    finance = min(row["rep_id"] for row in _read(ledger / "rep.csv") if row["role"] == "finance")
    made = replace(made, company_id=company_id, approver_id=finance)
    made.night()
    owing = made.rows(
        "SELECT account_id FROM collections.account_status WHERE business_date = %s AND company_id = %s"
        " AND exposure_functional > 0 ORDER BY exposure_functional DESC LIMIT 2",
        DAY,
        company_id,
    )
    names = dict(zip([account for (account,) in owing], [ATTACK, "Acme \u202egnp.exe"], strict=True))
    _edit(
        ledger / "account.csv",
        lambda rows: [{**row, "name": names.get(row["account_id"], row["name"])} for row in rows],
    )
    made.night()
    return made


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _edit(path: Path, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    rows = change(_read(path))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def made(books: Books) -> Prepared:
    return books.prepare()


@pytest.fixture
def folder(books: Books, made: Prepared) -> Iterator[Path]:
    """The batch's files; whatever a test does to them is undone."""
    target = books.lake / "statements" / str(made.batch_id)
    kept = shutil.copytree(target, books.lake / "kept", dirs_exist_ok=True)
    yield target
    shutil.rmtree(target, ignore_errors=True)
    shutil.move(kept, target)


def _lines(books: Books, made: Prepared) -> list[batches.Line]:
    with connect(books.url, "desk") as connection:
        return batches.lines_of(connection, str(made.batch_id))


def _decided(books: Books) -> int:
    [(count,)] = books.rows("SELECT count(*) FROM store.statement_decision")
    return int(count)


def test_every_account_that_owes_gets_one_or_is_named(books: Books, made: Prepared) -> None:
    owing = books.rows(
        "SELECT s.account_id FROM collections.account_status AS s JOIN collections.account_balance AS b"
        " USING (business_date, run_id, company_id, account_id)"
        " WHERE s.business_date = %s AND s.company_id = %s AND s.exposure_functional > 0"
        " GROUP BY 1 HAVING bool_or(b.open_amount > b.free_credit)",
        DAY,
        books.company_id,
    )
    inactive = {
        row["account_id"]
        for row in _read(books.ledger / "account.csv")
        if row["company_id"] == books.company_id and row["status"] not in ("", "active")
    }
    lines = _lines(books, made)
    assert len(lines) == made.statements > 10
    assert {line.account_id for line in lines} | set(made.failed) == {account for (account,) in owing} - inactive
    [reason] = made.failed.values()
    kept = json.loads((books.lake / "statements" / str(made.batch_id) / MANIFEST).read_text(encoding="utf-8"))
    assert kept["failed"] == made.failed
    assert "U+202E" in reason
    assert "Acme" not in reason


def test_what_is_shown_is_what_the_night_says(books: Books, made: Prepared) -> None:
    published = {
        (account, currency): (open_amount, free_credit)
        for account, currency, open_amount, free_credit in books.rows(
            "SELECT account_id, currency, open_amount, free_credit FROM collections.account_balance"
            " WHERE business_date = %s AND company_id = %s",
            DAY,
            books.company_id,
        )
    }
    for line in _lines(books, made):
        for currency, shown in line.balances.items():
            open_amount, free_credit = published.get((line.account_id, currency), (Decimal(0), Decimal(0)))
            assert (Decimal(shown["open_amount"]), Decimal(shown["free_credit"])) == (open_amount, free_credit)
            assert Decimal(shown["balance"]) == open_amount - free_credit


def test_the_file_of_a_statement_is_that_accounts_own(books: Books, made: Prepared, folder: Path) -> None:
    """Over all accounts: the file of the row names this account and no other, and is the file that was hashed."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    stems = {entry["account_id"]: entry["stem"] for entry in manifest["statements"]}
    names = {
        row["account_id"]: "".join(row["name"].split())
        for row in _read(books.ledger / "account.csv")
        if row["company_id"] == books.company_id
    }
    lines = _lines(books, made)
    ids = {line.account_id for line in lines}
    for line in lines:
        pdf = folder / f"{stems[line.account_id]}.pdf"
        assert hashlib.sha256(pdf.read_bytes()).hexdigest() == line.file_hash
        pages = pypdf.PdfReader(pdf).pages
        text = "".join(page.extract_text() for page in pages)
        assert len(pages) == line.page_count
        assert line.number in text
        assert names[line.account_id] in "".join(text.split())
        assert {account for account in ids if account in text} == {line.account_id}
    assert len({line.file_hash for line in lines}) == len(lines)
    assert len({line.number for line in lines}) == len(lines)


def test_text_of_the_ledger_is_text_on_paper(folder: Path) -> None:
    texts = ["".join(page.extract_text() for page in pypdf.PdfReader(path).pages) for path in folder.glob("*.pdf")]
    [attacked] = [text for text in texts if "conn.erp.password" in text]
    assert "/etc/passwd" in attacked
    assert "root:" not in attacked


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(folder: Path, made: Prepared) -> None:
    books = sorted(folder.glob("*.xlsx"))
    assert len(books) == made.statements
    texts = ""
    for book in books:
        with ZipFile(book) as archive:
            parts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")}
        assert not any("<f>" in part or "<hyperlink" in part for part in parts.values())
        texts += parts["xl/sharedStrings.xml"]
    assert "=1+1" in texts  # shown, as text


def test_a_second_call_finds_the_batch(books: Books, made: Prepared, folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    again = books.prepare()
    assert (again.batch_id, again.is_new, again.failed) == (made.batch_id, False, made.failed)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not list((books.lake / "statements").glob(".*")), "nothing half made is left"
    assert books.rows("SELECT count(*) FROM store.statement_batch WHERE batch_id = %s", made.batch_id) == [(1,)]


def test_a_damaged_file_is_never_approved_and_made_anew(books: Books, made: Prepared, folder: Path) -> None:
    victim = next(iter(sorted(folder.glob("*.pdf"))))
    whole = victim.read_bytes()
    victim.write_bytes(whole[:-1] + b"x")
    with pytest.raises(FinanceError, match="not what was prepared"):
        decide(books.url, books.lake, str(made.batch_id), "approve", by=books.approver_id, via="command")
    assert _decided(books) == 0
    assert books.prepare().batch_id == made.batch_id
    assert victim.read_bytes() == whole


def test_who_may_answer(books: Books, made: Prepared) -> None:
    rep = next(row["rep_id"] for row in _read(books.ledger / "rep.csv") if row["role"] == "rep")
    with pytest.raises(FinanceError, match="to answer, not for"):
        decide(books.url, books.lake, str(made.batch_id), "approve", by=rep, via="command")
    with pytest.raises(FinanceError, match="hashes differ"):
        decide(
            books.url, books.lake, str(made.batch_id), "approve", by=books.approver_id, via="airflow", shown_hash="0"
        )
    with pytest.raises(FinanceError, match="There is no batch"):
        decide(books.url, books.lake, "202606-X-0", "approve", by=books.approver_id, via="command")
    with pytest.raises(ReferralError, match="neither an account nor the number"):
        decide(
            books.url, books.lake, str(made.batch_id), "approve", by=books.approver_id, via="command", leave_out=["Z"]
        )
    assert _decided(books) == 0


def test_an_answer_is_recorded_once_statement_by_statement(books: Books, made: Prepared) -> None:
    out = _lines(books, made)[1].account_id

    def answer(choice: Any, **options: Any) -> Any:
        return decide(books.url, books.lake, str(made.batch_id), choice, by=books.approver_id, via="command", **options)

    given = answer("approve", leave_out=[out], note="check first")
    assert (given.approved, given.left_out, given.rejected, given.is_new) == (made.statements - 1, 1, 0, True)
    assert not answer("approve", leave_out=["#2"]).is_new
    with pytest.raises(FinanceError, match="answered already"):
        answer("reject")
    rows = books.rows(
        "SELECT s.account_id, d.choice, d.content_hash = b.content_hash, d.decided_on, d.note"
        " FROM store.statement_decision AS d JOIN store.statement AS s USING (statement_id)"
        " JOIN store.statement_batch AS b USING (batch_id)"
    )
    assert len(rows) == made.statements
    assert [row[0] for row in rows if row[1] == "left_out"] == [out]
    assert {row[2:] for row in rows} == {(True, DAY, "check first")}


def _run(books: Books, *arguments: str) -> str:
    """What a command prints, without spaces."""
    result = CliRunner().invoke(app, [*arguments, "--lake", str(books.lake), "--warehouse", books.url])
    assert result.exit_code == 0, result.output
    return "".join(result.output.split())


def test_the_commands(books: Books, made: Prepared) -> None:
    run = partial(_run, books)
    batch_id = str(made.batch_id)
    assert f"未能生成notmade{len(made.failed)}" in run(
        "statements", "prepare", "--date", str(DAY), "--company", books.company_id
    )
    assert books.approver_id in run("statements", "list", "--date", str(DAY))
    assert "内容哈希contenthash" in run("statements", "show", batch_id)
    again = run("statements", "decide", batch_id, "approve", "--as", books.approver_id, "--leave-out", "2")
    assert f"批准approved{made.statements - 1}" in again
    assert "记录recordedbefore" in again


def test_a_reply_is_written_down_by_people_and_confirmed_on_paper_only(books: Books, made: Prepared) -> None:
    url, lake, by, on = books.url, books.lake, books.approver_id, date(2026, 7, 9)
    [left_out] = books.rows(
        "SELECT s.number FROM store.statement AS s JOIN store.statement_decision AS d USING (statement_id)"
        " WHERE s.batch_id = %s AND d.choice = 'left_out'",
        made.batch_id,
    )[0]
    line = next(line for line in _lines(books, made) if line.number != left_out)
    number, confirmed = line.number, Reply("confirmed", on, uri="dms://statements/1")
    assert books.rows("SELECT count(*) FROM store.statement_reply") == [(0,)]  # silence, however long
    refused: list[tuple[str, Reply, str, str]] = [
        ("nothing", confirmed, by, "No statement has the number"),
        (left_out, confirmed, by, "never approved"),
        (number, Reply("confirmed", on, uri=" "), by, "only with the stamped paper"),
        (number, Reply("confirmed", date(2026, 6, 30), uri="x"), by, "older than the statement"),
        (number, Reply("confirmed", on, uri="x", stated_amount=Decimal(1)), by, "states no amount"),
        (number, Reply("differs", on), by, "needs the balance"),
        (number, Reply("differs", on, "XXX", Decimal(1)), by, "the amount is in XXX"),
        (number, confirmed, "nobody", "not an active person"),
    ]
    for wanted, said, who, why in refused:
        with pytest.raises(FinanceError, match=why):
            reply(url, lake, wanted, said, by=who)
    currency = min(line.balances)
    with pytest.raises(FinanceError, match="has no document"):
        reply(url, lake, number, Reply("differs", on, currency, Decimal(5), "NOT-THEIRS"), by=by)
    assert books.rows("SELECT count(*) FROM store.statement_reply") == [(0,)]
    differs = Reply("differs", on, currency, Decimal("99.5"), note="少一张发票")
    assert (reply(url, lake, number, differs, by=by).position, reply(url, lake, number, confirmed, by=by).position) == (
        1,
        2,
    )
    again = reply(url, lake, number, confirmed, by=by)
    assert (again.position, again.is_new, again.account_id) == (2, False, line.account_id)
    stored = "SELECT position, outcome, stated_amount, uri, recorded_by FROM store.statement_reply ORDER BY 1"
    assert books.rows(stored) == [
        (1, "differs", Decimal("99.5"), None, by),
        (2, "confirmed", None, "dms://statements/1", by),
    ]


def test_a_delivery_on_paper_is_written_down_by_people(books: Books, made: Prepared) -> None:
    url, lake, by = books.url, books.lake, books.approver_id
    number, account_id = books.rows(
        "SELECT number, account_id FROM collections.statement AS s WHERE batch_id = %s AND choice = 'approved'"
        " AND NOT EXISTS (SELECT FROM collections.statement_reply AS r WHERE r.number = s.number)"
        " ORDER BY number LIMIT 1",
        made.batch_id,
    )[0]
    [(left_out,)] = books.rows("SELECT number FROM collections.statement WHERE choice = 'left_out'")
    third, fourth = date(2026, 7, 3), date(2026, 7, 4)
    refused = [
        ("nothing", third, by, "No statement has the number"),
        (left_out, third, by, "never approved"),
        (number, date(2026, 6, 30), by, "older than the statement"),
        (number, date(9999, 1, 1), by, "in the future"),
        (number, third, "nobody", "not an active person"),
    ]
    for wanted, on, who, why in refused:
        with pytest.raises(FinanceError, match=why):
            hand_over(url, lake, wanted, on, by=who)
    assert books.rows("SELECT count(*) FROM store.statement_handover") == [(0,)]

    first = hand_over(url, lake, number, third, by=by, note=" 顺丰 SF1 ")
    assert (first.position, first.is_new, first.account_id) == (1, True, account_id)
    again = _run(books, "statements", "handed", number, "--on", str(third), "--as", by)
    assert again == f"{number}{books.company_id}/{account_id}:送达handedover{third},#1(已记录recordedbefore)"

    reply(url, lake, number, Reply("undeliverable", fourth), by=by)
    with pytest.raises(FinanceError, match="came back on 2026-07-04"):
        hand_over(url, lake, number, third, by=by)
    second, known = (hand_over(url, lake, number, fourth, by=by) for _ in range(2))
    assert [(each.position, each.is_new) for each in (second, known)] == [(2, True), (2, False)]
    reply(url, lake, number, Reply("undeliverable", fourth, note="again"), by=by)
    assert hand_over(url, lake, number, fourth, by=by).position == 3, "delivered again on the day on which it came back"
    assert books.rows("SELECT handed_on, note FROM collections.statement_handover ORDER BY position") == [
        (third, "顺丰 SF1"),
        (fourth, None),
        (fourth, None),
    ]
    with psycopg.connect(url) as connection:  # the stories below are of mails alone
        connection.execute("DELETE FROM store.statement_handover")
        connection.execute("DELETE FROM store.statement_reply WHERE outcome = 'undeliverable'")


def test_no_statement_without_a_published_night(books: Books) -> None:
    with pytest.raises(FinanceError, match="no night was recorded"):
        prepare(books.url, books.lake, date(2026, 6, 3), books.company_id)
    with pytest.raises(FinanceError, match="knows no company"):
        prepare(books.url, books.lake, DAY, "NOBODY")


def _mail(books: Books, made: Prepared) -> set[str]:
    """Write the approved statements as mails to whoever has an address; returns who is new in the outbox."""
    before = {who for (who,) in books.rows(MAILED)}
    policy = load_policy(DEFAULT_POLICY)
    everybody = policy.finance.statements.model_copy(update={"recipient_domains": ("*",)})
    write_statements(books.url, books.lake, str(made.batch_id), policy.outreach, everybody)
    return {who for (who,) in books.rows(MAILED)} - before


def test_each_approved_statement_enters_the_outbox_once(books: Books, made: Prepared) -> None:
    entered = _mail(books, made)
    assert len(entered) == made.statements - 1
    assert _mail(books, made) == set()
    with psycopg.connect(books.url) as connection:
        connection.execute(
            "UPDATE store.message SET state = 'sent', sent_at = '2026-07-05 23:30Z' WHERE kind = 'statement'"
        )


@pytest.mark.parametrize(("through", "is_sent", "answered"), [(5, False, 0), (8, True, 0), (9, True, 1)])
def test_the_night_reads_what_was_sent_and_answered_by_then(
    books: Books, made: Prepared, tmp_path: Path, through: int, is_sent: bool, answered: int
) -> None:
    """They were sent on the morning of 6 July in Shanghai, which is the evening of the 5th in UTC. One of the customers
    has confirmed, on 9 July; that the others say nothing is not written down anywhere.
    """
    facts = OwnFacts(books.url, date(2026, 7, through + 1))
    for table in ("statement", "statement_reply"):
        facts.write(table, tmp_path / f"{table}.parquet")
    with duckdb.connect() as connection:
        sent = connection.execute(f"SELECT number, sent_on FROM '{tmp_path}/statement.parquet'").fetchall()
        replies = connection.execute(f"SELECT outcome, uri FROM '{tmp_path}/statement_reply.parquet'").fetchall()
    assert len(sent) == made.statements - 1
    assert {on for _, on in sent} == {date(2026, 7, 6) if is_sent else None}
    assert replies == [("confirmed", "dms://statements/1")] * answered


# --- the month, closed on the same night -----------------------------------------------------------------------------


def _closed(books: Books, version: int) -> list[tuple[Any, ...]]:
    return books.rows(
        "SELECT currency, opening, sales, receipts, closing, open_amount, free_credit"
        " FROM collections.closed_month_balance WHERE company_id = %s AND month = %s AND version = %s ORDER BY 1",
        books.company_id,
        MONTH,
        version,
    )


def test_a_closed_month_stays_and_a_correction_is_another_version(books: Books, made: Prepared) -> None:
    """A receipt of June that is loaded in July changes nothing in the June that was closed."""
    assert made.batch_id
    first = months.lock(books.url, books.lake, books.company_id, MONTH, months.BY_ITSELF)
    assert (first.version, first.reason, first.business_date) == (1, "closed", DAY)
    assert months.lock(books.url, books.lake, books.company_id, MONTH, books.approver_id) == first
    before = _closed(books, 1)
    assert before
    with pytest.raises(FinanceError, match="same as in version 1"):
        months.correct(books.url, books.lake, books.company_id, MONTH, "late receipt", books.approver_id)

    _edit(books.ledger / "receipt.csv", lambda rows: [*rows, _late_receipt(books, rows)])
    _edit(books.ledger / "control_total.csv", lambda rows: [_with_late_receipt(books, row) for row in rows])
    again = books.night()
    assert again != first.run_id
    assert _closed(books, 1) == before, "a re-run changes nothing"
    [(now,)] = books.rows(
        "SELECT sum(receipts) FROM collections.month_balance"
        " WHERE business_date = %s AND company_id = %s AND month = %s AND currency = 'CNY'",
        DAY,
        books.company_id,
        MONTH,
    )
    assert now != next(row[3] for row in before if row[0] == "CNY"), "readers of the night see the receipt"

    with pytest.raises(FinanceError, match="needs a reason"):
        months.correct(books.url, books.lake, books.company_id, MONTH, " ", books.approver_id)
    rep = next(row["rep_id"] for row in _read(books.ledger / "rep.csv") if row["role"] == "rep")
    for by, why in ((rep, "may not decide"), ("nobody", "not a person")):
        with pytest.raises(ReferralError, match=why):
            months.correct(books.url, books.lake, books.company_id, MONTH, "late receipt", by)
    other = months.outdated(books.url, books.company_id, MONTH)
    assert other is not None
    second = months.correct(books.url, books.lake, books.company_id, MONTH, "late receipt", books.approver_id)
    assert (second.run_id, months.outdated(books.url, books.company_id, MONTH)) == (other.run_id, None)
    assert (second.version, second.run_id, second.reason) == (2, again, "late receipt")
    assert _closed(books, 1) == before
    assert next(row[3] for row in _closed(books, 2) if row[0] == "CNY") == now
    assert now - next(row[3] for row in before if row[0] == "CNY") == Decimal("123.45")
    with pytest.raises(FinanceError, match="same as in version 2"):
        months.correct(books.url, books.lake, books.company_id, MONTH, "once more", books.approver_id)
    assert months.lock(books.url, books.lake, books.company_id, MONTH, books.approver_id) == first
    assert books.rows("SELECT version, is_latest FROM collections.month_lock ORDER BY 1") == [(1, False), (2, True)]
    for view in (f"closed_{name}" for name in months.FIGURES):
        versions = books.rows(f"SELECT DISTINCT version, is_latest FROM collections.{view} ORDER BY 1")
        assert versions == [(1, False), (2, True)], view


def _late_receipt(books: Books, rows: list[dict[str, str]]) -> dict[str, str]:
    pattern = next(row for row in rows if row["company_id"] == books.company_id and row["currency"] == "CNY")
    return {**pattern, "receipt_id": "RC-LATE", "received_on": str(CUT_OFF), "amount": "123.4500"}


def _with_late_receipt(books: Books, row: dict[str, str]) -> dict[str, str]:
    is_hit = (row["company_id"], row["currency"], row["as_of"]) == (books.company_id, "CNY", str(CUT_OFF))
    return {**row, "balance": str(Decimal(row["balance"]) - Decimal("123.45"))} if is_hit else row


def test_a_corrected_statement_leaves_under_its_own_number_and_no_other_twice(books: Books, made: Prepared) -> None:
    """Of the customers that have theirs, one gets another: whose receipt was booked late. The one left out gets his."""
    again = books.prepare()
    decide(books.url, books.lake, str(again.batch_id), "approve", by=books.approver_id, via="command")
    late = next(row["account_id"] for row in _read(books.ledger / "receipt.csv") if row["receipt_id"] == "RC-LATE")
    (left_out,) = books.rows(
        "SELECT s.account_id FROM store.statement AS s JOIN store.statement_decision AS d USING (statement_id)"
        " WHERE s.batch_id = %s AND d.choice = 'left_out'",
        made.batch_id,
    )
    entered = _mail(books, again)
    assert sorted(who.split("/")[1] for who in entered) == sorted({late, *left_out})
    assert unwritten(books.url, str(again.batch_id)) == 0


def _rename(books: Books) -> None:
    _edit(books.ledger / "rep.csv", lambda rows: [{**row, "name": f"{row['name']} jun."} for row in rows])
    books.night()


def test_the_batch_of_an_earlier_run_is_not_answered_any_more(books: Books) -> None:
    """Whoever prepares after a re-run gets another batch, and is told of it; the one before can only be read."""
    _rename(books)
    fresh = books.prepare()
    assert fresh.is_new
    assert _tell(books, fresh) == {"queued": 1}
    books.rows("UPDATE store.message SET state = 'sent' WHERE kind = 'statement_approval' RETURNING 1")
    assert _tell(books, fresh) == {"queued": 1}, "what the step said the first time; nothing is written twice"
    _rename(books)
    with pytest.raises(FinanceError, match="have changed since"):
        decide(books.url, books.lake, str(fresh.batch_id), "approve", by=books.approver_id, via="command")
    newest = books.prepare()
    assert _tell(books, fresh, newest) == {"queued": 1}
    told = (
        "SELECT recipient, state FROM store.message WHERE kind = 'statement_approval' ORDER BY created_at, state DESC"
    )
    assert books.rows(told) == [
        (f"{books.approver_id}/{fresh.batch_id}", "sent"),
        (f"{books.approver_id}/{newest.batch_id}", "queued"),
    ]


def _tell(books: Books, *prepared: Prepared) -> dict[str, int]:
    ids = [str(each.batch_id) for each in prepared]
    outreach = load_policy(DEFAULT_POLICY).outreach
    return write_statement_requests(books.url, books.lake, DAY, outreach, ids, answer_within_hours=240)


def test_a_month_without_a_night_is_not_closed(books: Books) -> None:
    with pytest.raises(FinanceError, match="no figures to close on"):
        months.lock(books.url, books.lake, books.company_id, date(2026, 4, 1), months.BY_ITSELF)
    with pytest.raises(FinanceError, match="has no figures of company"):
        months.lock(books.url, books.lake, "NOBODY", MONTH, months.BY_ITSELF)
    with pytest.raises(FinanceError, match="is not closed"):
        months.correct(books.url, books.lake, books.company_id, date(2026, 5, 1), "late", books.approver_id)


def test_nobody_changes_a_version_afterwards(books: Books) -> None:
    with connect(books.url, "desk") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE store.month_lock SET run_id = 'x'")


# --- the month to come -----------------------------------------------------------------------------------------------


def test_targets_are_proposed_per_company_and_loaded_by_nobody(books: Books) -> None:
    """The command writes what the function writes; every row can be loaded as the feed, and nothing of it is."""
    written = propose_targets(books.settings, DAY)
    folder = books.lake / "proposals" / "targets" / "2026-07"
    assert sorted(written) == sorted(folder.iterdir())
    assert {path.stem for path in written} <= {row["company_id"] for row in _read(books.ledger / "company.csv")}
    before = {path: path.read_bytes() for path in written}
    result = CliRunner().invoke(
        app, ["month", "propose", "--date", str(DAY), "--lake", str(books.lake), "--warehouse", books.url]
    )
    assert result.exit_code == 0, result.output
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    rows = _read(folder / f"{books.company_id}.csv")
    assert {row["month"] for row in rows} == {"2026-07-01"}
    assert list(rows[0]) == [column.name for column in INPUTS["target"].columns]
    owed = dict(
        books.rows(
            "SELECT account_id || currency, net_amount FROM collections.account_balance"
            " WHERE business_date = %s AND company_id = %s",
            DAY,
            books.company_id,
        )
    )
    for row in rows:
        assert 0 < Decimal(row["amount"]) <= owed[row["account_id"] + row["currency"]] + Decimal("0.01")
    with duckdb.connect() as duck:
        [(count, total)] = duck.sql(
            f"SELECT count(*), sum(amount) FROM '{folder / books.company_id}.parquet'"
        ).fetchall()
    assert (count, total) == (len(rows), sum(Decimal(row["amount"]) for row in rows))
    with pytest.raises(FinanceError, match="No night of 2026-08-01 is published"):
        propose_targets(books.settings, date(2026, 8, 1))
