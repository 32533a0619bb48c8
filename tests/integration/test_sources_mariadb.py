"""MariaDB as a ledger, through DuckDB's MySQL extension and, for comparison, through SQLAlchemy and pandas."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pymysql
import pytest

from huikuan.errors import LedgerError
from huikuan.ledger import snapshot
from huikuan.ledger.source import open_source
from tests.source_ledgers import MINIMAL, POISON, folder, read

pytestmark = pytest.mark.mariadb

PASSWORD = "canary's %/ \\ secret"
QUOTED = "canary%27s%20%25%2F%20%5C%20secret"
TYPES = {
    "issued_on": "date",
    "due_on": "date",
    "received_on": "date",
    "amount": "decimal(18,4)",
    "credit_limit": "decimal(18,4)",
    "name": "longtext",
}


def _binary(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if found is None:
        pytest.fail(f"{name} is not installed: install Debian's mariadb-server, or deselect with -m 'not mariadb'")
    return found


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, Any]]:
    """A MariaDB of these tests' own, on a free port of the loopback; yields how to connect as administrator."""
    home = Path(tempfile.mkdtemp(prefix="huikuan-mariadb-"))
    data, port, user = home / "data", _free_port(), getpass.getuser()
    subprocess.run(
        [_binary("mariadb-install-db"), "--no-defaults", f"--datadir={data}", f"--user={user}", "--skip-test-db",
         "--auth-root-authentication-method=normal"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    process = subprocess.Popen(
        [_binary("mariadbd"), "--no-defaults", f"--datadir={data}", f"--user={user}", f"--port={port}",
         "--bind-address=127.0.0.1", f"--socket={home / 's'}", f"--pid-file={home / 'pid'}",
         "--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    login = {"host": "127.0.0.1", "port": port, "user": "root", "charset": "utf8mb4", "autocommit": True}
    try:
        deadline = time.monotonic() + 600
        while True:
            try:
                pymysql.connect(**login).close()
                break
            except pymysql.err.OperationalError:
                assert process.poll() is None, "mariadbd has stopped"
                assert time.monotonic() < deadline, "mariadbd does not answer"
                time.sleep(0.1)
        yield login
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(home)


def run(server: dict[str, Any], sql: str, *values: object) -> None:
    with pymysql.connect(**server) as con, con.cursor() as cursor:
        cursor.execute(sql, values or None)


@pytest.fixture
def url(server: dict[str, Any]) -> str:
    """URL, without its scheme, of a database that holds the minimal ledger, for a user who may only read it."""
    run(server, "CREATE OR REPLACE DATABASE erp")
    run(server, "CREATE OR REPLACE USER reader@'%%' IDENTIFIED BY %s", PASSWORD)
    run(server, "GRANT SELECT ON erp.* TO reader")
    for table, content in MINIMAL.items():
        header, *rows = [line.split(",") for line in content.splitlines()]
        columns = ", ".join(f"{name} {TYPES.get(name, 'varchar(100)')}" for name in header)
        run(server, f"CREATE TABLE erp.{table} ({columns})")
        for row in rows:
            marks = ", ".join(["%s"] * len(row))
            run(server, f"INSERT INTO erp.{table} VALUES ({marks})", *[value or None for value in row])
    return f"reader:{QUOTED}@127.0.0.1:{server['port']}/erp"


def write(url: str, tmp_path: Path, table: str) -> Path:
    opened = open_source(url)
    opened.write(table, tmp_path / "out.parquet")
    opened.close()
    return tmp_path / "out.parquet"


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql"])
def test_the_same_rows_as_from_files(url: str, tmp_path: Path, scheme: str) -> None:
    from_files = open_source(str(folder(tmp_path / "files")))
    opened = open_source(f"{scheme}://{url}")
    assert opened.tables() == list(MINIMAL)
    for table in MINIMAL:
        from_files.write(table, tmp_path / "files.parquet")
        opened.write(table, tmp_path / "out.parquet")
        rows = read(tmp_path / "out.parquet")
        assert sorted(map(repr, rows)) == sorted(map(repr, read(tmp_path / "files.parquet")))
    opened.close()


def test_a_snapshot_of_it_without_the_password(url: str, tmp_path: Path) -> None:
    taken = snapshot.take(open_source(f"mysql://{url}"), tmp_path / "lake", date(2026, 2, 10))
    assert taken.tables["document"].sums == {"amount:CNY": "1334.4999", "amount:USD": "0.0100"}
    assert taken.source.startswith("mysql://reader@127.0.0.1")
    assert "canary" not in (taken.folder / "manifest.json").read_text("utf-8")


@pytest.mark.parametrize("scheme", ["mysql", "mysql+pymysql"])
def test_poisoned_text_comes_through_unchanged(server: dict[str, Any], url: str, tmp_path: Path, scheme: str) -> None:
    run(server, "DELETE FROM erp.account")
    for number, text in enumerate(POISON):
        run(server, "INSERT INTO erp.account VALUES ('C1', %s, %s, NULL)", f"{number:02}", text)
    assert read(write(f"{scheme}://{url}", tmp_path, "account"), "name") == [(text,) for text in POISON]


@pytest.mark.parametrize("scheme", ["mysql", "mysql+pymysql"])
def test_nul_is_refused_with_its_column(server: dict[str, Any], url: str, tmp_path: Path, scheme: str) -> None:
    run(server, "UPDATE erp.account SET name = %s WHERE account_id = 'A2'", "x\0y")
    with pytest.raises(LedgerError, match="NUL") as caught:
        write(f"{scheme}://{url}", tmp_path, "account")
    assert "column name" in str(caught.value)
    assert "account_id A2" in str(caught.value)


@pytest.mark.parametrize("scheme", ["mysql", "mysql+pymysql"])
def test_numbers_times_and_booleans(server: dict[str, Any], url: str, tmp_path: Path, scheme: str) -> None:
    run(server, "ALTER TABLE erp.document MODIFY amount double, MODIFY issued_on datetime")
    run(server, "ALTER TABLE erp.rep ADD is_active tinyint(1) DEFAULT 1, ADD daily_capacity int unsigned DEFAULT 30")
    assert read(write(f"{scheme}://{url}", tmp_path, "document"), "amount, CAST(issued_on AS VARCHAR)")[0] == (
        Decimal("1234.5000"),
        "2026-01-05",
    )
    assert read(write(f"{scheme}://{url}", tmp_path, "rep"), "is_active, daily_capacity") == [(True, 30)]
    run(server, "UPDATE erp.document SET amount = 0.1e0 + 0.2e0 WHERE document_id = 'D3'")
    with pytest.raises(LedgerError, match="document_id D3"):
        write(f"{scheme}://{url}", tmp_path, "document")


@pytest.mark.parametrize("scheme", ["mysql", "mysql+pymysql"])
def test_a_wrong_password_is_not_repeated(url: str, scheme: str) -> None:
    with pytest.raises(LedgerError, match="cannot be read") as caught:
        open_source(f"{scheme}://{url.replace('secret', 'secret-wrong')}").tables()
    assert "canary" not in str(caught.value)
