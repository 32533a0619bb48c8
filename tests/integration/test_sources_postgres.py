"""PostgreSQL as a ledger: in the contract's form, as a foreign schema, of one moment, with the login kept to itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from huikuan import settings
from huikuan.errors import LedgerError
from huikuan.ledger import snapshot
from huikuan.ledger.source import open_source
from tests.source_ledgers import MINIMAL, POISON, folder, read

TYPES = {
    "issued_on": "date",
    "due_on": "date",
    "received_on": "date",
    "amount": "numeric(18,4)",
    "credit_limit": "numeric(18,4)",
}


@pytest.fixture
def url(new_database: Callable[..., str]) -> str:
    """A PostgreSQL that holds the minimal ledger."""
    made = new_database()
    with psycopg.connect(made) as con:
        for table, content in MINIMAL.items():
            header, *rows = [line.split(",") for line in content.splitlines()]
            columns = ", ".join(f"{name} {TYPES.get(name, 'text')}" for name in header)
            con.execute(f"CREATE TABLE {table} ({columns})")
            for row in rows:
                marks = ", ".join(["%s"] * len(row))
                con.execute(f"INSERT INTO {table} VALUES ({marks})", [value or None for value in row])
    return made


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url) as con:
        for statement in statements:
            con.execute(statement)


def tables(url: str) -> list[str]:
    opened = open_source(url)
    try:
        return opened.tables()
    finally:
        opened.close()


def write(url: str, tmp_path: Path, table: str, source: str | None = None) -> Path:
    opened = open_source(url, source)
    opened.write(table, tmp_path / "out.parquet")
    opened.close()
    return tmp_path / "out.parquet"


def test_the_same_rows_as_from_files(url: str, tmp_path: Path) -> None:
    from_files = open_source(str(folder(tmp_path / "files")))
    opened = open_source(url)
    assert opened.tables() == list(MINIMAL)
    for table in MINIMAL:
        from_files.write(table, tmp_path / "files.parquet")
        opened.write(table, tmp_path / "out.parquet")
        rows = read(tmp_path / "out.parquet")
        assert sorted(map(repr, rows)) == sorted(map(repr, read(tmp_path / "files.parquet")))
    opened.close()


def test_a_snapshot_of_it(url: str, tmp_path: Path) -> None:
    taken = snapshot.take(open_source(url), tmp_path / "lake", date(2026, 2, 10))
    assert taken.tables["document"].sums == {"amount:CNY": "1334.4999", "amount:USD": "0.0100"}
    assert snapshot.load(tmp_path / "lake", taken.snapshot_id) == taken
    assert sorted(path.suffix for path in taken.folder.iterdir()) == [".json", *[".parquet"] * 5]


def test_all_tables_are_of_one_moment(url: str, tmp_path: Path) -> None:
    opened = open_source(url)
    opened.write("document", tmp_path / "document.parquet")
    run(url, "INSERT INTO account VALUES ('C1', 'late', 'x', NULL)", "DELETE FROM document")
    opened.write("account", tmp_path / "account.parquet")
    opened.close()
    assert len(read(tmp_path / "account.parquet")) == 3
    opened.write("account", tmp_path / "account.parquet")
    opened.close()
    assert len(read(tmp_path / "account.parquet")) == 4


def test_it_is_attached_read_only(url: str) -> None:
    opened = open_source(url)
    with pytest.raises(Exception, match="read-only"):
        opened._connection().execute("DELETE FROM document")  # type: ignore[attr-defined]
    opened.close()


def test_rows_come_by_key(url: str, tmp_path: Path) -> None:
    run(
        url,
        "DELETE FROM account",
        "INSERT INTO account SELECT 'C1', 'A' || lpad(((n * 7919) % 50000)::text, 5, '0'), 'x' "
        "FROM generate_series(1, 50000) n",
    )
    keys = [row[0] for row in read(write(url, tmp_path, "account"), "account_id")]
    assert len(keys) == 50_000
    assert keys == sorted(map(str, keys))


def test_poisoned_text_comes_through_unchanged(url: str, tmp_path: Path) -> None:
    with psycopg.connect(url) as con:
        con.execute("DELETE FROM account")
        for number, text in enumerate(POISON):
            con.execute("INSERT INTO account VALUES ('C1', %s, %s)", [f"{number:02}", text])
    assert read(write(url, tmp_path, "account"), "name") == [(text,) for text in POISON]


@pytest.mark.parametrize(
    ("kind", "using", "values"),
    [
        ("numeric", "amount", ["1234.5000", "99.9999", "0.0100"]),
        ("double precision", "amount", ["1234.5000", "99.9999", "0.0100"]),
        ("bigint", "amount::bigint", ["1235.0000", "100.0000", "0.0000"]),
        ("text", "amount::text", ["1234.5000", "99.9999", "0.0100"]),
    ],
)
def test_amounts_of_other_types(url: str, tmp_path: Path, kind: str, using: str, values: list[str]) -> None:
    run(url, f"ALTER TABLE document ALTER amount TYPE {kind} USING {using}")
    assert read(write(url, tmp_path, "document"), "amount") == [(Decimal(value),) for value in values]


def test_amounts_are_not_rounded(url: str, tmp_path: Path) -> None:
    run(url, "ALTER TABLE document ALTER amount TYPE numeric(20,6)", "UPDATE document SET amount = 1.234567")
    with pytest.raises(LedgerError) as caught:
        write(url, tmp_path, "document")
    assert "3 values are not decimal(18,4)" in str(caught.value)
    assert "row 1 (company_id C1, document_id D1): '1.234567' – has more than 4 decimals" in str(caught.value)


def test_other_types_become_the_contracts(url: str, tmp_path: Path) -> None:
    run(
        url,
        "CREATE TYPE way AS ENUM ('invoice', 'credit_note')",
        "ALTER TABLE document ALTER kind TYPE way USING kind::way, ALTER issued_on TYPE timestamp",
        "CREATE TABLE contact_log (company_id text, log_id bigint, account_id text, contacted_at timestamptz, "
        "channel text, outcome text)",
        "INSERT INTO contact_log VALUES ('C1', 7, 'A1', '2026-01-05 10:00:00+08', 'phone', 'x')",
    )
    assert read(write(url, tmp_path, "document"), "DISTINCT kind") == [("invoice",)]
    assert read(write(url, tmp_path, "contact_log"), "log_id, CAST(contacted_at AS VARCHAR)") == [
        ("7", "2026-01-05 02:00:00+00")
    ]


def test_the_schema_of_the_search_path_is_read(url: str) -> None:
    run(url, "CREATE SCHEMA erp", "ALTER TABLE account SET SCHEMA erp")
    with pytest.raises(LedgerError, match="required table account is missing"):
        tables(url)
    for table in MINIMAL:
        if table != "account":
            run(url, f"ALTER TABLE {table} SET SCHEMA erp")
    run(url, "ALTER ROLE postgres SET search_path = erp")
    try:
        assert tables(url) == list(MINIMAL)
    finally:
        run(url, "ALTER ROLE postgres RESET search_path")


def test_views_count_as_tables(url: str, tmp_path: Path) -> None:
    run(url, "ALTER TABLE account RENAME TO kunden", "CREATE VIEW account AS SELECT * FROM kunden")
    assert tables(url) == list(MINIMAL)
    assert len(read(write(url, tmp_path, "account"))) == 3


def test_selects_see_the_foreign_tables(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "INCLUDE", tmp_path / "include")
    erp = tmp_path / "include" / "sql" / "ledger" / "erp"
    erp.mkdir(parents=True)
    run(url, "CREATE SCHEMA sales", 'CREATE TABLE sales."Kunden" (nr int, name text)')
    run(url, "INSERT INTO sales.\"Kunden\" VALUES (1, 'x'), (2, 'y')")
    for table, content in MINIMAL.items():
        columns = ", ".join(f"NULL AS {name}" for name in content.splitlines()[0].split(","))
        (erp / f"{table}.sql").write_text(f"SELECT {columns} WHERE false")
    (erp / "account.sql").write_text("SELECT 'C1' AS company_id, 'K' || nr AS account_id, name FROM Kunden")
    (erp / "source.yaml").write_text("schema: sales\n")
    taken = snapshot.take(open_source(url, "erp"), tmp_path / "lake", date(2026, 2, 10))
    assert read(taken.path("account"), "account_id, name") == [("K1", "x"), ("K2", "y")]
    (erp / "account.sql").write_text("SELECT 'C1' AS company_id, nummer AS account_id, name FROM Kunden")
    with pytest.raises(LedgerError, match=r"erp/account\.sql does not fit the ledger: .*nummer"):
        write(url, tmp_path, "account", "erp")


def test_login_by_url_and_a_wrong_password(url: str, tmp_path: Path) -> None:
    run(url, "DROP ROLE IF EXISTS reader", "CREATE ROLE reader LOGIN PASSWORD 'canary''s %2F \\ secret'")
    run(url, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    host, database = url.split("?host=")[1], url.split("/")[3].split("?")[0]
    login = f"postgresql://reader:canary%27s%20%252F%20%5C%20secret@/{database}?host={host}&connect_timeout=5"
    try:
        assert len(read(write(login, tmp_path, "account"))) == 3
        taken = snapshot.take(open_source(login), tmp_path / "lake", date(2026, 2, 10))
        assert "reader@" in taken.source
        assert "canary" not in (taken.folder / "manifest.json").read_text("utf-8")
        run(url, "REVOKE SELECT ON account FROM reader")
        with pytest.raises(LedgerError, match="permission denied") as caught:
            write(login, tmp_path, "account")
        assert "canary" not in str(caught.value)
    finally:
        run(url, "DROP OWNED BY reader", "DROP ROLE reader")
