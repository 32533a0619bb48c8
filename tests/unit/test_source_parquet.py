"""Parquet folders: typed columns become the contract's types without loss, or are refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from huikuan.errors import LedgerError
from huikuan.ledger.source import open_source
from tests.source_ledgers import POISON, folder, read


def ledger_with(path: Path, table: str, select: str) -> Path:
    """The minimal ledger with one table as Parquet, written by DuckDB."""
    ledger = folder(path)
    (ledger / f"{table}.csv").unlink(missing_ok=True)
    with duckdb.connect() as con:
        con.execute(f"COPY ({select}) TO '{ledger / f'{table}.parquet'}' (FORMAT parquet)")
    return ledger


def write(ledger: Path, table: str) -> Path:
    target = ledger.parent / "out.parquet"
    open_source(str(ledger)).write(table, target)
    return target


def document(amount: str, issued_on: str = "DATE '2026-01-05'", due_on: str = "NULL") -> str:
    return (
        f"SELECT 'C1' AS company_id, 17 AS document_id, 'A1' AS account_id, 'invoice' AS kind, "
        f"{issued_on} AS issued_on, 'CNY' AS currency, {amount} AS amount, {due_on} AS due_on"
    )


@pytest.mark.parametrize(
    ("amount", "value"),
    [
        ("CAST(1.5 AS DECIMAL(9,2))", "1.5000"),
        ("CAST(1.50000 AS DECIMAL(38,10))", "1.5000"),
        ("CAST(7 AS BIGINT)", "7.0000"),
        ("CAST(7 AS TINYINT)", "7.0000"),
        ("CAST(55.94 AS DOUBLE)", "55.9400"),
        ("CAST(55.94 AS FLOAT)", "55.9400"),
        ("CAST(200000000000 AS DOUBLE)", "200000000000.0000"),
        ("'1234.5'", "1234.5000"),
    ],
)
def test_amounts_become_exact_decimals(tmp_path: Path, amount: str, value: str) -> None:
    ledger = ledger_with(tmp_path / "ledger", "document", document(amount))
    assert read(write(ledger, "document"), "document_id, amount") == [("17", Decimal(value))]


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("CAST(0.1 AS DOUBLE) + 0.2::DOUBLE", "'0.30000000000000004' – is a float and not exact at 4 decimals"),
        ("CAST(123456789012.1234 AS DOUBLE)", "is a float and not exact"),
        ("CAST(1234567.89 AS FLOAT)", "is a float and not exact"),
        ("CAST('nan' AS DOUBLE)", "is a float and not exact"),
        ("CAST('inf' AS DOUBLE)", "is a float and not exact"),
        ("CAST(1.23456 AS DECIMAL(18,5))", "'1.23456' – has more than 4 decimals"),
        ("CAST(100000000000000 AS BIGINT)", "out of range"),
        ("true", "row 1: 'true' – has type BOOLEAN\n  → Yield amount as decimal(18,4)"),
        ("CAST('ab' AS BLOB)", "has type BLOB"),
    ],
)
def test_amounts_that_are_refused(tmp_path: Path, amount: str, said: str) -> None:
    with pytest.raises(LedgerError) as caught:
        write(ledger_with(tmp_path / "ledger", "document", document(amount)), "document")
    assert "document.parquet" in str(caught.value)
    assert said in str(caught.value)


def test_days_from_midnights_but_not_from_instants(tmp_path: Path) -> None:
    day = document("1", issued_on="TIMESTAMP '2026-01-05 00:00:00'", due_on="TIMESTAMP_NS '2026-02-05 00:00:00'")
    ledger = ledger_with(tmp_path / "midnight", "document", day)
    assert read(write(ledger, "document"), "CAST(issued_on AS VARCHAR), CAST(due_on AS VARCHAR)") == [
        ("2026-01-05", "2026-02-05")
    ]
    noon = ledger_with(tmp_path / "noon", "document", document("1", issued_on="TIMESTAMP '2026-01-05 12:00:00'"))
    with pytest.raises(LedgerError, match="row 1: '2026-01-05 12:00:00' – has a time of day"):
        write(noon, "document")
    instant = ledger_with(tmp_path / "tz", "document", document("1", issued_on="TIMESTAMPTZ '2026-01-05 00:00:00+00'"))
    with pytest.raises(LedgerError, match="Yield the local day"):
        write(instant, "document")
    far = ledger_with(tmp_path / "far", "document", document("1", issued_on="DATE 'infinity'"))
    with pytest.raises(LedgerError, match="column issued_on: 1 value is not date"):
        write(far, "document")


def test_local_times_need_a_stated_zone(tmp_path: Path) -> None:
    log = (
        "SELECT 'C1' AS company_id, 'L1' AS log_id, 'A1' AS account_id, "
        "TIMESTAMP '2026-01-05 10:00:00' AS contacted_at, 'phone' AS channel, 'x' AS outcome"
    )
    ledger = ledger_with(tmp_path / "ledger", "contact_log", log)
    with pytest.raises(LedgerError, match="has no offset"):
        write(ledger, "contact_log")
    (ledger / "source.yaml").write_text("timezone: Asia/Shanghai\n")
    assert read(write(ledger, "contact_log"), "CAST(contacted_at AS VARCHAR)") == [("2026-01-05 02:00:00+00",)]


@pytest.mark.parametrize("value", ["1.5::DOUBLE", "DATE '2026-01-01'", "true"])
def test_text_is_not_made_of_other_things(tmp_path: Path, value: str) -> None:
    select = f"SELECT 'C1' AS company_id, 'A1' AS account_id, {value} AS name"
    with pytest.raises(LedgerError, match="leading zeros included"):
        write(ledger_with(tmp_path / "ledger", "account", select), "account")


def test_poisoned_text_comes_through_unchanged(tmp_path: Path) -> None:
    ledger = folder(tmp_path / "ledger")
    (ledger / "account.csv").unlink()
    names = list(POISON)
    keys = [str(n) for n in range(len(names))]
    table = pa.table({"company_id": ["C1"] * len(names), "account_id": keys, "name": names})
    pq.write_table(table, ledger / "account.parquet")
    assert read(write(ledger, "account"), "name") == [(text,) for text in POISON]


@pytest.mark.parametrize(
    ("broken", "said"), [(b"x\0y", "column name: 1 value is not text"), (b"x\xed\xa0\x80", "row 2, column name")]
)
def test_broken_text_is_refused_with_row_and_column(tmp_path: Path, broken: bytes, said: str) -> None:
    ledger = folder(tmp_path / "ledger")
    (ledger / "account.csv").unlink()
    names = pa.array([b"fine", broken], pa.binary()).view(pa.string())
    table = pa.table({"company_id": ["C1", "C1"], "account_id": ["A1", "A2"], "name": names})
    pq.write_table(table, ledger / "account.parquet")
    with pytest.raises(LedgerError) as caught:
        write(ledger, "account")
    assert "account.parquet" in str(caught.value)
    assert said in str(caught.value)


def test_a_file_that_is_no_parquet(tmp_path: Path) -> None:
    ledger = folder(tmp_path / "ledger")
    (ledger / "account.csv").unlink()
    (ledger / "account.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(LedgerError, match=r"account\.parquet cannot be read as Parquet"):
        write(ledger, "account")


def test_a_column_of_nulls_has_no_type(tmp_path: Path) -> None:
    """A writer that never saw a value in a column gives it any type."""
    ledger = ledger_with(tmp_path / "ledger", "document", document("1", due_on="CAST(NULL AS INTEGER)"))
    assert read(write(ledger, "document"), "due_on") == [(None,)]
