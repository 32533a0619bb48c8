"""Foreign schemas: SELECTs and checks in include/sql/ledger, and the IBM ledger read through them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from huikuan import settings
from huikuan.errors import LedgerError
from huikuan.ledger import snapshot
from huikuan.ledger.source import open_source
from tests.source_ledgers import MINIMAL, read

IBM = Path(__file__).resolve().parents[3] / "shared" / "data" / "ibm_late_payments"
ORIGINAL = "WA_Fn-UseC_-Accounts-Receivable.csv"
HEADER = (
    "countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,"
    "PaperlessBill,DaysToSettle,DaysLate\n"
)
ROWS = (
    "391,0379-NEVHP,4/6/2013,0000611365,1/2/2013,2/1/2013,55.94,No,1/15/2013,Paper,13,0\n"
    "406,8976-AMJEO,3/3/2012,0007900770,1/26/2013,2/25/2013,61.74,Yes,3/3/2013,Electronic,36,6\n"
)


def ibm(tmp_path: Path, content: str = HEADER + ROWS, name: str = ORIGINAL) -> Path:
    (tmp_path / name).write_text(content, "utf-8")
    return tmp_path / name


def write(ledger: Path, source: str, table: str) -> Path:
    target = ledger.parent / "out.parquet"
    opened = open_source(str(ledger), source)
    opened.write(table, target)
    opened.close()
    return target


def test_the_real_ibm_ledger(tmp_path: Path) -> None:
    taken = snapshot.take(open_source(str(IBM), "ibm_late_payments"), tmp_path, date(2013, 7, 1))
    rows = {table: file.rows for table, file in taken.tables.items()}
    assert rows == {
        "company": 1,
        "rep": 3,
        "account": 100,
        "document": 2466,
        "receipt": 2466,
        "allocation": 2466,
        "dispute": 561,
    }
    total = {"amount:USD": "147703.1800"}
    assert taken.tables["document"].sums == taken.tables["receipt"].sums == total
    assert taken.source.endswith("as ibm_late_payments")
    lengths = read(taken.path("document"), "DISTINCT length(number), number = document_id")
    assert lengths == [(10, True)], "numbers keep their leading zeros"


def test_the_copy_that_a_spreadsheet_damaged_is_refused() -> None:
    damaged = IBM / "excel_damaged_copy_(leading_zeros_lost).csv"
    with pytest.raises(LedgerError) as caught:
        open_source(str(damaged), "ibm_late_payments").write("document", Path("/nowhere"))
    assert "a spreadsheet has removed their leading zeros (266 rows, such as '611365'" in str(caught.value)
    assert "Use the original file" in str(caught.value)


def test_ibm_rows_become_the_contracts(tmp_path: Path) -> None:
    ledger = ibm(tmp_path)
    assert read(write(ledger, "ibm_late_payments", "document")) == [
        ("IBM-SAMPLE", "0000611365", "0379-NEVHP", "invoice", date(2013, 1, 2), "USD", Decimal("55.9400"),
         date(2013, 2, 1), "0000611365", None, None),
        ("IBM-SAMPLE", "0007900770", "8976-AMJEO", "invoice", date(2013, 1, 26), "USD", Decimal("61.7400"),
         date(2013, 2, 25), "0007900770", None, None),
    ]  # fmt: skip
    assert read(write(ledger, "ibm_late_payments", "receipt"), "receipt_id, account_id, received_on, amount") == [
        ("R-0000611365", "0379-NEVHP", date(2013, 1, 15), Decimal("55.9400")),
        ("R-0007900770", "8976-AMJEO", date(2013, 3, 3), Decimal("61.7400")),
    ]
    allocations = write(ledger, "ibm_late_payments", "allocation")
    assert read(allocations, "source_kind, source_id, document_id, allocated_on") == [
        ("receipt", "R-0000611365", "0000611365", date(2013, 1, 15)),
        ("receipt", "R-0007900770", "0007900770", date(2013, 3, 3)),
    ]
    assert read(write(ledger, "ibm_late_payments", "dispute"), "document_id, opened_on, resolved_on, amount") == [
        ("0007900770", date(2013, 2, 25), date(2013, 3, 3), None)
    ]
    assert read(write(ledger, "ibm_late_payments", "account"), "account_id, name, rep_id") == [
        ("0379-NEVHP", "Customer 0379-NEVHP", "AR-DESK"),
        ("8976-AMJEO", "Customer 8976-AMJEO", "AR-DESK"),
    ]
    assert read(write(ledger, "ibm_late_payments", "rep"), "rep_id, role, manager_id, email") == [
        ("AR-DESK", "rep", "AR-MANAGER", "ar-desk@example.com"),
        ("AR-FINANCE", "finance", None, "ar-finance@example.com"),
        ("AR-MANAGER", "manager", None, "ar-manager@example.com"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("1/2/2013,", "13/2/2013,", "ibm_late_payments/document.sql: column issued_on: 1 value is not date"),
        ("55.94", '"1,055.94"', 'add the line `thousands: ","` to ibm_late_payments/source.yaml (under formats:)'),
        ("DueDate", "Due_Date", "ibm_late_payments/document.sql does not fit the ledger"),
        (",Yes,", ",Maybe,", "Disputed is neither Yes nor No (1 rows, such as 'Maybe')"),
        ("8976-AMJEO,", "8976-AMJEO;", "row 3 has 11"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    ledger = ibm(tmp_path, (HEADER + ROWS).replace(old, new, 1))
    with pytest.raises(LedgerError) as caught:
        write(ledger, "ibm_late_payments", "document")
    assert said in str(caught.value)


def test_refused_values_of_a_select_are_found_by_key(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"row 2 \(company_id IBM-SAMPLE, document_id 0007900770\): '61\.74x'"):
        write(ibm(tmp_path, (HEADER + ROWS).replace("61.74", "61.74x")), "ibm_late_payments", "document")


def test_the_folder_must_hold_the_file_by_name(tmp_path: Path) -> None:
    ibm(tmp_path, name="other.csv")
    with pytest.raises(LedgerError, match=f"does not hold {ORIGINAL}"):
        open_source(str(tmp_path), "ibm_late_payments")


# --- schemas of one's own --------------------------------------------------------------------------------------------


@pytest.fixture
def erp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty foreign schema called ``erp``."""
    monkeypatch.setattr(settings, "INCLUDE", tmp_path / "include")
    made = tmp_path / "include" / "sql" / "ledger" / "erp"
    made.mkdir(parents=True)
    return made


def selects(erp: Path, **other: str) -> None:
    """SELECTs that yield the minimal ledger's tables from files named after them, with some replaced."""
    for table in MINIMAL:
        (erp / f"{table}.sql").write_text(other.get(table, f"SELECT * FROM {table}; -- all\n").replace("; -- all", ";"))


def files(erp: Path, tmp_path: Path) -> Path:
    lines = "".join(f"  {table}: {table}_export.csv\n" for table in MINIMAL)
    (erp / "source.yaml").write_text(f"files:\n{lines}formats:\n  encoding: gb18030\n")
    ledger = tmp_path / "exports"
    ledger.mkdir()
    for table, content in MINIMAL.items():
        (ledger / f"{table}_export.csv").write_bytes(content.encode("gb18030"))
    return ledger


def test_several_files_in_a_stated_encoding(erp: Path, tmp_path: Path) -> None:
    selects(erp)
    ledger = files(erp, tmp_path)
    assert read(write(ledger, "erp", "account"), "name") == [("客户一",), ("客户二",), ("𠮷野家",)]
    with pytest.raises(LedgerError, match="reads 5 files"):
        open_source(str(ledger / "account_export.csv"), "erp")


def test_nulls_and_sums_in_a_select(erp: Path, tmp_path: Path) -> None:
    """A bare NULL has no type, and a sum of integers one that Parquet does not have."""
    total = "SELECT company_id, account_id, name, sum(CAST(7 AS BIGINT)) AS credit_limit, NULL AS rep_id FROM account"
    selects(erp, account=f"{total} GROUP BY ALL")
    rows = read(write(files(erp, tmp_path), "erp", "account"), "credit_limit, rep_id")
    assert rows == [(Decimal("7.0000"), None)] * 3


def test_columns_of_a_select_are_the_contracts(erp: Path, tmp_path: Path) -> None:
    selects(erp, account="SELECT company_id, account_id AS acount_id, name FROM account")
    with pytest.raises(LedgerError) as caught:
        write(files(erp, tmp_path), "erp", "account")
    assert "erp/account.sql: the account table of the contract has no column 'acount_id'" in str(caught.value)


@pytest.mark.parametrize("name", ["erb", "../erp", "", "nothing"])
def test_an_unknown_source(erp: Path, tmp_path: Path, name: str) -> None:
    selects(erp)
    ledger = files(erp, tmp_path)
    if not name:
        with pytest.raises(LedgerError, match=r"no table of the contract is called account_export\.csv"):
            open_source(str(ledger), name)
        return
    with pytest.raises(LedgerError, match="No source is called") as caught:
        open_source(str(ledger), name)
    assert "There are: erp" in str(caught.value)


def test_select_files_are_tables_of_the_contract(erp: Path, tmp_path: Path) -> None:
    selects(erp)
    ledger = files(erp, tmp_path)
    (erp / "acount.sql").write_text("SELECT 1")
    with pytest.raises(LedgerError, match=r"erp/acount\.sql: the contract has no table 'acount'; did you mean account"):
        open_source(str(ledger), "erp")
    (erp / "acount.sql").unlink()
    (erp / "receipt.sql").unlink()
    with pytest.raises(LedgerError, match="has no SELECT for receipt"):
        open_source(str(ledger), "erp")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file: {a: b}", "key `file` is unknown; did you mean files?"),
        ("refuse: [{sql: SELECT 1, message: x}]", "key `refuse.0.remedy`"),
        ("formats: {tables: {}}", "key `formats.tables` is unknown"),
    ],
)
def test_source_yaml_is_checked(erp: Path, tmp_path: Path, text: str, said: str) -> None:
    selects(erp)
    (erp / "source.yaml").write_text(text)
    with pytest.raises(LedgerError) as caught:
        open_source(str(tmp_path), "erp")
    assert said in str(caught.value)


def test_the_fingerprint_follows_the_selects(erp: Path, tmp_path: Path) -> None:
    selects(erp)
    ledger = files(erp, tmp_path)
    before = open_source(str(ledger), "erp").fingerprint()
    selects(erp, account="SELECT * FROM account WHERE true")
    assert open_source(str(ledger), "erp").fingerprint() != before
