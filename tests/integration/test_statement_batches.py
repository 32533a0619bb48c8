"""Statements of a real night: what they show, who may answer, what one bad account does to others; closed months."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from pypdf import PdfReader

from huikuan.errors import FinanceError, ReferralError
from huikuan.finance import months
from huikuan.finance.batches import Prepared, prepare
from huikuan.finance.decisions import decide
from huikuan.finance.replies import Reply, reply
from huikuan.ledger.demo import generate
from huikuan.letters.facts import open_night, session
from huikuan.night.run import run_night
from huikuan.settings import DEFAULT_POLICY, Settings
from huikuan.warehouse.publish import current_run

pytestmark = pytest.mark.fonts

DAY, MONTH = date(2026, 7, 1), date(2026, 6, 1)
POISON = ("=1+1", "</td><script>alert(1)</script>", '{{ conn.erp.password }} #eval("1")', "O'B; DROP TABLE x 𠮷")
UNPRINTABLE = "客户 \u202e 🦄"
CLOSED = (
    "SELECT currency, receipts, closing FROM collections.closed_month_balance"
    " WHERE version = %s AND company_id = %s ORDER BY 1"
)


def edit(path: Path, change: Callable[[list[dict[str, str]]], None]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ledger")
    generate(folder, through=date(2026, 6, 30), accounts=40, file_format="csv")
    return folder


@pytest.fixture(scope="module")
def night(module_warehouse_url: str, ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The published night of DAY and its lake, made once and copied for each test.

    The accounts that owe most of the largest company have names that would like to be code; one cannot be printed.
    """
    home = tmp_path_factory.mktemp("night")
    settings = Settings(home=home, lake=home / "lake", mail=home / "mail", warehouse_url=module_warehouse_url)
    run_night(DAY, ledger=str(ledger), policy=DEFAULT_POLICY, settings=settings)
    largest = query(
        module_warehouse_url,
        "SELECT account_id FROM collections.account_status WHERE company_id = %s AND exposure_functional > 0"
        " ORDER BY exposure_functional DESC, account_id LIMIT 5",
        company_of(module_warehouse_url),
    )
    named = dict(zip([row[0] for row in largest], [*POISON, UNPRINTABLE], strict=True))

    def poison(rows: list[dict[str, str]]) -> None:
        for row in rows:
            row["name"] = named.get(row["account_id"], row["name"])

    edit(ledger / "account.csv", poison)
    run_night(DAY, ledger=str(ledger), policy=DEFAULT_POLICY, settings=settings, refresh=True)
    return module_warehouse_url, home / "lake"


@pytest.fixture
def lake(night: tuple[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(night[1], tmp_path / "lake", symlinks=True))


@pytest.fixture
def url(night: tuple[str, Path], new_database: Callable[..., str]) -> str:
    return new_database(conninfo_to_dict(night[0])["dbname"])


def query(url: str, text: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(text, values).fetchall()  # type: ignore[arg-type]


def company_of(url: str) -> str:
    """The company with the most accounts."""
    text = "SELECT company_id FROM collections.account_balance GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    return str(query(url, text)[0][0])


def prepared(url: str, lake: Path) -> Prepared:
    return prepare(url, lake, DAY, company_of(url))


def manifest(lake: Path, batch_id: str | None) -> dict[str, Any]:
    text = (lake / "statements" / str(batch_id) / "manifest.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


def approver(url: str, batch_id: str | None) -> str:
    return str(query(url, "SELECT approver_id FROM store.statement_batch WHERE batch_id = %s", batch_id)[0][0])


def names(lake: Path, url: str) -> dict[tuple[str, str], str]:
    run = current_run(url, DAY)
    assert run is not None
    with session(open_night(lake, run.run_id), None) as con:
        rows = con.execute("SELECT company_id, account_id, name FROM ledger.account").fetchall()
    return {(company, account): name for company, account, name in rows}


def test_every_statement_is_the_account_s_own_and_shows_its_balance(url: str, lake: Path) -> None:
    done = prepared(url, lake)
    lines = manifest(lake, done.batch_id)["statements"]
    assert done.statements == len(lines) >= 10
    assert len({line["stem"] for line in lines}) == len({line["number"] for line in lines}) == len(lines)
    name_of = names(lake, url)
    for line in lines:
        pdf = PdfReader(lake / "statements" / str(done.batch_id) / f"{line['stem']}.pdf")
        text = "".join("".join(page.extract_text() for page in pdf.pages).split())
        assert len(pdf.pages) == line["page_count"]
        assert line["number"] in text
        assert line["account_id"] in text
        assert "".join(name_of[line["company_id"], line["account_id"]].split()) in text
        stored = query(
            url,
            "SELECT currency, open_amount - free_credit FROM collections.account_balance"
            " WHERE business_date = %s AND company_id = %s AND account_id = %s",
            DAY,
            line["company_id"],
            line["account_id"],
        )
        assert stored
        for currency, owed in stored:
            assert Decimal(line["balances"][currency]["balance"]) == owed


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(url: str, lake: Path) -> None:
    done = prepared(url, lake)
    books = sorted((lake / "statements" / str(done.batch_id)).glob("*.xlsx"))
    assert len(books) == done.statements
    texts = ""
    for book in books:
        with ZipFile(book) as archive:
            parts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")}
        assert not any("<f>" in part or "<hyperlink" in part for part in parts.values())
        texts += parts["xl/sharedStrings.xml"]
    assert "=1+1" in texts  # shown, as text


def test_one_that_cannot_be_printed_stops_no_other(url: str, lake: Path) -> None:
    done = prepared(url, lake)
    [bad] = [account_id for (_, account_id), name in names(lake, url).items() if name == UNPRINTABLE]
    assert set(done.failed) == {bad}
    assert "U+202E" in done.failed[bad]
    assert manifest(lake, done.batch_id)["failed"] == done.failed
    assert bad not in {line["account_id"] for line in manifest(lake, done.batch_id)["statements"]}


def test_the_same_run_gives_the_same_batch(url: str, lake: Path) -> None:
    first, second = prepared(url, lake), prepared(url, lake)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.batch_id == second.batch_id
    assert query(url, "SELECT count(*) FROM store.statement_batch") == [(1,)]
    assert query(url, "SELECT count(*) FROM store.statement") == [(first.statements,)]
    assert [path.name for path in (lake / "statements").iterdir()] == [first.batch_id]  # nothing half-written is left


def test_only_its_approver_answers_and_only_once(url: str, lake: Path) -> None:
    batch_id = str(prepared(url, lake).batch_id)
    by = approver(url, batch_id)
    with pytest.raises(FinanceError, match=r"for .* to answer"):
        decide(url, lake, batch_id, "approve", by="somebody", via="command")
    with pytest.raises(FinanceError, match="hashes differ"):
        decide(url, lake, batch_id, "approve", by=by, via="airflow", shown_hash="0" * 64)
    with pytest.raises(ReferralError, match="neither an account nor the number"):
        decide(url, lake, batch_id, "approve", by=by, via="command", leave_out=["nobody"])
    given = decide(url, lake, batch_id, "approve", by=by, via="command", leave_out=["#2"])
    assert (given.rejected, given.left_out, given.is_new) == (0, 1, True)
    assert not decide(url, lake, batch_id, "approve", by=by, via="command", leave_out=["#2"]).is_new
    with pytest.raises(FinanceError, match="answered already"):
        decide(url, lake, batch_id, "reject", by=by, via="command")
    choices = query(
        url,
        "SELECT s.position, d.choice FROM store.statement_decision AS d INNER JOIN store.statement AS s"
        " USING (statement_id) ORDER BY 1",
    )
    assert [place for place, choice in choices if choice == "left_out"] == [2]
    assert len(choices) == given.approved + 1


def test_a_file_that_changed_is_not_approved(url: str, lake: Path) -> None:
    batch_id = str(prepared(url, lake).batch_id)
    file = next((lake / "statements" / batch_id).glob("*.pdf"))
    file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(FinanceError, match="not what was prepared"):
        decide(url, lake, batch_id, "approve", by=approver(url, batch_id), via="command")
    assert query(url, "SELECT count(*) FROM store.statement_decision") == [(0,)]
    assert prepared(url, lake).batch_id == batch_id  # the files are made anew
    assert decide(url, lake, batch_id, "approve", by=approver(url, batch_id), via="command").is_new


def test_a_date_without_a_night_has_no_statements(url: str, lake: Path) -> None:
    with pytest.raises(FinanceError, match="no night was recorded"):
        prepare(url, lake, date(2026, 8, 1), company_of(url))


def test_a_reply_is_written_down_by_people_and_confirmed_on_paper_only(url: str, lake: Path) -> None:
    done = prepared(url, lake)
    batch_id = str(done.batch_id)
    by = approver(url, batch_id)
    line, left_out = manifest(lake, batch_id)["statements"][:2]
    number, on = line["number"], date(2026, 7, 9)
    confirmed = Reply("confirmed", on, uri="dms://statements/1")
    with pytest.raises(FinanceError, match="never approved"):
        reply(url, lake, number, confirmed, by=by)
    decide(url, lake, batch_id, "approve", by=by, via="command", leave_out=["#2"])
    assert query(url, "SELECT count(*) FROM store.statement_reply") == [(0,)]  # silence, however long
    refused: list[tuple[str, Reply, str, str]] = [
        ("nothing", confirmed, by, "No statement has the number"),
        (left_out["number"], confirmed, by, "never approved"),
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
    currency = min(line["balances"])
    with pytest.raises(FinanceError, match="has no document"):
        reply(url, lake, number, Reply("differs", on, currency, Decimal(5), "NOT-THEIRS"), by=by)
    assert query(url, "SELECT count(*) FROM store.statement_reply") == [(0,)]
    differs = Reply("differs", on, currency, Decimal("99.5"), note="少一张发票")
    assert (reply(url, lake, number, differs, by=by).position, reply(url, lake, number, confirmed, by=by).position) == (
        1,
        2,
    )
    again = reply(url, lake, number, confirmed, by=by)
    assert (again.position, again.is_new, again.account_id) == (2, False, line["account_id"])
    stored = "SELECT position, outcome, stated_amount, uri, recorded_by FROM store.statement_reply ORDER BY 1"
    assert query(url, stored) == [
        (1, "differs", Decimal("99.5"), None, by),
        (2, "confirmed", None, "dms://statements/1", by),
    ]


def test_a_late_receipt_changes_a_closed_month_by_a_correction_only(
    url: str, lake: Path, ledger: Path, tmp_path: Path
) -> None:
    company = company_of(url)
    batch_id = str(prepared(url, lake).batch_id)
    first = months.lock(url, lake, company, MONTH, months.BY_ITSELF)
    assert (first.version, first.reason, first.business_date) == (1, "closed", DAY)
    before = query(url, CLOSED, 1, company)
    assert before
    later = Path(shutil.copytree(ledger, tmp_path / "later"))

    def arrive(rows: list[dict[str, str]]) -> None:
        model = next(row for row in rows if row["company_id"] == company)
        rows.append({**model, "receipt_id": "LATE-1", "received_on": "2026-06-30", "amount": "1234.00"})

    edit(later / "receipt.csv", arrive)
    settings = Settings(home=lake.parent, lake=lake, mail=tmp_path / "mail", warehouse_url=url)
    run_night(DAY, ledger=str(later), policy=DEFAULT_POLICY, settings=settings, refresh=True)
    run = current_run(url, DAY)
    assert run is not None
    assert run.run_id != first.run_id
    with pytest.raises(FinanceError, match="have changed since"):  # what was prepared shows the books as they were
        decide(url, lake, batch_id, "approve", by=approver(url, batch_id), via="command")
    assert query(url, CLOSED, 1, company) == before
    assert months.lock(url, lake, company, MONTH, months.BY_ITSELF) == first
    with pytest.raises(FinanceError, match="needs a reason"):
        months.correct(url, lake, company, MONTH, " ", months.BY_ITSELF)
    second = months.correct(url, lake, company, MONTH, "迟到的回款 LATE-1", months.BY_ITSELF)
    assert (second.version, second.run_id, second.reason) == (2, run.run_id, "迟到的回款 LATE-1")
    assert query(url, CLOSED, 1, company) == before
    after = query(url, CLOSED, 2, company)
    assert sum(row[1] for row in after) - sum(row[1] for row in before) == Decimal(1234)
    assert query(url, "SELECT version, is_latest FROM collections.month_lock ORDER BY 1") == [(1, False), (2, True)]
    with pytest.raises(FinanceError, match="the same as in version 2"):
        months.correct(url, lake, company, MONTH, "once more", months.BY_ITSELF)
    for view in ("closed_month_balance", "closed_metric", "closed_provision"):
        latest = query(url, f"SELECT DISTINCT version, run_id FROM collections.{view} WHERE is_latest")
        assert latest == [(2, second.run_id)]


def test_a_month_is_closed_by_people_who_may_and_on_figures(url: str, lake: Path) -> None:
    with pytest.raises(FinanceError, match="not closed"):
        months.correct(url, lake, company_of(url), MONTH, "reason", months.BY_ITSELF)
    with pytest.raises(ReferralError, match="not a person"):
        months.lock(url, lake, company_of(url), MONTH, "nobody")
    with pytest.raises(FinanceError, match="No night of 2026-08-01"):
        months.lock(url, lake, company_of(url), date(2026, 7, 1), months.BY_ITSELF)
    with pytest.raises(FinanceError, match="no figures of company"):
        months.lock(url, lake, "NOBODY", MONTH, months.BY_ITSELF)
    assert query(url, "SELECT count(*) FROM store.month_lock") == [(0,)]
