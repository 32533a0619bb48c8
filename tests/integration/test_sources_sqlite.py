"""SQLite through DuckDB, and the same file through SQLAlchemy and pandas: equally strict."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from huikuan import settings
from huikuan.errors import LedgerError
from huikuan.ledger import other_databases
from huikuan.ledger.formats import Formats
from huikuan.ledger.source import open_source
from tests.source_ledgers import MINIMAL, POISON, folder, read

URLS = ["{}", "sqlite:///{}", "sqlite+pysqlite:///{}"]
BOTH = ["sqlite:///{}", "sqlite+pysqlite:///{}"]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The minimal ledger in SQLite: amounts as decimals' affinity makes them, dates as text."""
    path = tmp_path / "erp.sqlite"
    with sqlite3.connect(path) as con:
        for table, content in MINIMAL.items():
            header, *rows = [line.split(",") for line in content.splitlines()]
            con.execute(f"CREATE TABLE {table} ({', '.join(header)})")
            marks = ", ".join("?" * len(header))
            con.executemany(f"INSERT INTO {table} VALUES ({marks})", [[v or None for v in row] for row in rows])
    return path


def run(database: Path, sql: str, *values: object) -> None:
    with sqlite3.connect(database) as con:
        con.execute(sql, values)


def write(url: str, database: Path, table: str, source: str | None = None) -> Path:
    target = database.parent / "out.parquet"
    opened = open_source(url.format(database), source)
    assert opened.tables() == list(MINIMAL)
    opened.write(table, target)
    opened.close()
    return target


@pytest.mark.parametrize("url", URLS)
def test_the_same_rows_as_from_files(tmp_path: Path, database: Path, url: str) -> None:
    from_files = open_source(str(folder(tmp_path / "files")))
    for table in MINIMAL:
        from_files.write(table, tmp_path / "files.parquet")
        rows = read(write(url, database, table))
        assert sorted(map(repr, rows)) == sorted(map(repr, read(tmp_path / "files.parquet")))


@pytest.mark.parametrize("url", BOTH)
@pytest.mark.parametrize(
    ("stored", "value"),
    [
        (55.94, "55.9400"),
        (7, "7.0000"),
        ("1234.5678", "1234.5678"),
        (99999999999.9999, "99999999999.9999"),
        ("99999999999999.9999", "99999999999999.9999"),
    ],
)
def test_amounts_are_exact(database: Path, url: str, stored: object, value: str) -> None:
    run(database, "UPDATE document SET amount = ? WHERE document_id = 'D2'", stored)
    assert read(write(url, database, "document"), "amount")[1] == (Decimal(value),)


@pytest.mark.parametrize("url", BOTH)
@pytest.mark.parametrize("stored", [0.1 + 0.2, 1.23456, 123456789012.1234, "1,234.5", "abc", 1e300])
def test_amounts_that_are_refused(database: Path, url: str, stored: object) -> None:
    run(database, "UPDATE document SET amount = ? WHERE document_id = 'D2'", stored)
    with pytest.raises(LedgerError, match=r"table document: column amount: 1 value is not decimal\(18,4\)") as caught:
        write(url, database, "document")
    assert "(company_id C1, document_id D2)" in str(caught.value)


@pytest.mark.parametrize("url", BOTH)
def test_poisoned_text_comes_through_unchanged(database: Path, url: str) -> None:
    run(database, "DELETE FROM account")
    for number, text in enumerate(POISON):
        run(database, "INSERT INTO account VALUES ('C1', ?, ?, NULL)", f"{number:02}", text)
    assert read(write(url, database, "account"), "name") == [(text,) for text in POISON]


@pytest.mark.parametrize("url", BOTH)
def test_nul_is_refused_with_row_and_column(database: Path, url: str) -> None:
    run(database, "UPDATE account SET name = ? WHERE account_id = 'A2'", "x\0y")
    with pytest.raises(LedgerError) as caught:
        write(url, database, "account")
    assert "row 2" in str(caught.value)
    assert "column name" in str(caught.value)
    assert "NUL" in str(caught.value)


def test_bytes_that_are_no_text_are_refused(database: Path) -> None:
    run(database, "UPDATE account SET name = CAST(x'EDA080' AS TEXT) WHERE account_id = 'A2'")
    with pytest.raises(LedgerError, match=r"table account, row 2, column name: .* is not UTF-8 text"):
        write("sqlite:///{}", database, "account")
    with pytest.raises(LedgerError, match=r"cannot be read: .*decode"):
        write("sqlite+pysqlite:///{}", database, "account")


def test_half_a_surrogate_pair_from_a_driver_is_refused() -> None:
    values = pd.Series(["fine", "x\ud800"], dtype=object)
    with pytest.raises(LedgerError, match=r"column name, row 8: 'x\\ud800' holds half a surrogate pair"):
        other_databases._text_column(values, False, Formats(), 7, "t, column name")


@pytest.mark.parametrize("url", BOTH)
def test_columns_and_tables_are_the_contracts(database: Path, url: str) -> None:
    run(database, "ALTER TABLE account RENAME COLUMN account_id TO acount_id")
    with pytest.raises(LedgerError, match=r"no column 'acount_id' – did you mean account_id\?"):
        write(url, database, "account")
    run(database, "ALTER TABLE receipt RENAME TO receipts")
    with pytest.raises(LedgerError, match=r"required table receipt is missing; did you mean receipts\?"):
        open_source(url.format(database)).tables()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="There is no SQLite file"):
        open_source(f"sqlite:///{tmp_path}/nothing.sqlite").tables()
    assert not (tmp_path / "nothing.sqlite").exists()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "fake.db").write_text("hello")
    with pytest.raises(LedgerError, match="cannot be read"):
        open_source(str(tmp_path / "fake.db")).tables()


# --- foreign schemas -------------------------------------------------------------------------------------------------


@pytest.fixture
def erp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "INCLUDE", tmp_path / "include")
    made = tmp_path / "include" / "sql" / "ledger" / "erp"
    made.mkdir(parents=True)
    for table in MINIMAL:
        (made / f"{table}.sql").write_text(f"SELECT * FROM {table}")
    return made


@pytest.mark.parametrize("url", BOTH)
def test_selects_see_the_foreign_tables(erp: Path, database: Path, url: str) -> None:
    run(database, "ALTER TABLE account RENAME TO kunden")
    (erp / "account.sql").write_text(
        "SELECT company_id, account_id, name || ':x' AS name, NULL AS rep_id FROM kunden WHERE account_id <> 'A2'"
    )
    assert read(write(url, database, "account", "erp"), "name, rep_id") == [("客户一:x", None), ("𠮷野家:x", None)]


@pytest.mark.parametrize("url", BOTH)
def test_stated_formats_and_checks(erp: Path, database: Path, url: str) -> None:
    run(database, "UPDATE document SET issued_on = '31.01.2026', due_on = NULL, amount = '1.234,50'")
    formats = 'formats: {date_format: "%d.%m.%Y", decimal: ",", thousands: "."}\n'
    (erp / "source.yaml").write_text(formats)
    assert read(write(url, database, "document", "erp"), "DISTINCT CAST(issued_on AS VARCHAR), amount") == [
        ("2026-01-31", Decimal("1234.5000"))
    ]
    check = "refuse: [{sql: \"SELECT account_id FROM account WHERE name IS NULL OR account_id = 'A2'\""
    (erp / "source.yaml").write_text(formats + check + ", message: accounts are odd, remedy: Straighten them.}]\n")
    with pytest.raises(LedgerError, match=r"accounts are odd \(1 rows, such as 'A2'\)\n  → Straighten them"):
        write(url, database, "document", "erp")


def test_a_source_yaml_alone_states_formats_of_a_database_in_the_contracts_form(erp: Path, database: Path) -> None:
    run(database, "CREATE TABLE contact_log (company_id, log_id, account_id, contacted_at, channel, outcome)")
    run(database, "INSERT INTO contact_log VALUES ('C1', 'L1', 'A1', '2026-01-05 10:00:00', 'phone', 'x')")
    for select in erp.glob("*.sql"):
        select.unlink()
    (erp / "source.yaml").write_text("formats: {timezone: Asia/Shanghai}")
    target = database.parent / "out.parquet"
    with pytest.raises(LedgerError, match="has no offset"):
        open_source(str(database)).write("contact_log", target)
    open_source(str(database), "erp").write("contact_log", target)
    assert read(target, "CAST(contacted_at AS VARCHAR)") == [("2026-01-05 02:00:00+00",)]


def test_many_rows_are_written_in_row_groups(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_databases, "_CHUNK_ROWS", 1)
    groups: list[int] = []
    stage = other_databases._stage

    def looked_at(*arguments: object) -> None:
        stage(*arguments)  # type: ignore[arg-type]
        with duckdb.connect() as con:
            query = "SELECT count(DISTINCT row_group_id) FROM parquet_metadata(?)"
            groups.extend(row[0] for row in con.execute(query, [str(arguments[-1])]).fetchall())

    monkeypatch.setattr(other_databases, "_stage", looked_at)
    assert len(read(write("sqlite+pysqlite:///{}", database, "document"))) == 3
    assert groups == [3]


# --- URLs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:canary%2Fsecret@127.0.0.1:1/erp",
        "postgresql://u@127.0.0.1:1/erp?password=canary%2Fsecret&connect_timeout=1",
        "mysql://u:canary%2Fsecret@127.0.0.1:1/erp",
        "mariadb+pymysql://u:canary%2Fsecret@127.0.0.1:1/erp",
        "oracle+oracledb://u:canary%2Fsecret@127.0.0.1:1/erp",
    ],
)
def test_passwords_appear_nowhere(url: str) -> None:
    source = open_source(url)
    with pytest.raises(LedgerError) as caught:
        source.tables()
    chain: BaseException | None = caught.value
    while chain is not None:
        assert chain.__suppress_context__ or chain.__context__ is None
        assert "canary" not in f"{chain} {chain!r}"
        chain = chain.__cause__
    assert "canary" not in source.label
    assert source.label.startswith(url.split("://")[0])


def test_the_fingerprint_does_not_depend_on_the_password() -> None:
    urls = [f"postgresql://u{password}@host/erp" for password in ("", ":one", ":two")]
    assert len({open_source(url).fingerprint() for url in urls}) == 1
    assert open_source("postgresql://u@host/other").fingerprint() != open_source(urls[0]).fingerprint()


@pytest.mark.parametrize("url", ["://", "post gres://x", "nodialect://host/db"])
def test_urls_that_cannot_be_used(url: str) -> None:
    with pytest.raises(LedgerError):
        open_source(url).tables()
