"""PostgreSQL, MySQL/MariaDB and SQLite as ledgers, through DuckDB's extensions.

The database is attached read only and read inside one transaction, so that all tables are of the same moment. Every
table is first copied as it is and then cast: the database is read once, and what is refused can be looked at again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, quote_plus

import duckdb
from sqlalchemy import Numeric
from sqlalchemy.engine import URL

from huikuan.errors import LedgerError
from huikuan.ledger import duck
from huikuan.ledger.casting import no_room
from huikuan.ledger.contract import TABLES
from huikuan.ledger.foreign import Mapping
from huikuan.ledger.formats import Formats
from huikuan.ledger.staging import (
    Workroom,
    check_required,
    digest,
    explained_select,
    mapping_parts,
    refuse_if_found,
    refuse_undecodable,
    stage,
    write_parquet,
)

EXTENSIONS = {
    "postgresql": "postgres_scanner",
    "postgres": "postgres_scanner",
    "mysql": "mysql_scanner",
    "mariadb": "mysql_scanner",
    "sqlite": "sqlite_scanner",
}
"""Names of URLs that are attached, and the extension that does it."""

_SECRET_WORDS = ("password", "passwd", "pwd", "token", "secret")


def label_of(url: URL, mapping: Mapping | None) -> str:
    """The URL without password and without secrets in its query, and the schema it is read by."""
    kept = {key: value for key, value in url.query.items() if not _is_secret(key)}
    bare = URL.create(url.drivername, url.username, None, url.host, url.port, url.database).set(query=kept)
    text = bare.render_as_string(hide_password=True)
    return f"{text} as {mapping.name}" if mapping else text


def _is_secret(key: str) -> bool:
    return any(word in key.lower() for word in _SECRET_WORDS)


def redacted(message: str, url: URL) -> str:
    """The first line of a driver's message, without anything of the URL that is secret, however it is written."""
    secrets = [str(url.password)] if url.password else []
    for key, value in url.query.items():
        if _is_secret(key):
            secrets += [value] if isinstance(value, str) else list(value)
    for secret in secrets:
        for written in (secret, quote(secret, safe=""), quote_plus(secret), secret.replace("'", "''")):
            message = message.replace(written, "***")
    return message.strip().splitlines()[0] if message.strip() else "no message"


class AttachedDatabase:
    """A database attached to DuckDB; nothing is connected before the first question."""

    def __init__(self, url: URL, mapping: Mapping | None) -> None:
        self.label = label_of(url, mapping)
        self._url = url
        self._mapping = mapping
        self._con: duckdb.DuckDBPyConnection | None = None
        self._workroom = Workroom()

    def fingerprint(self) -> str:
        return digest(label_of(self._url, None), *mapping_parts(self._mapping))

    def tables(self) -> list[str]:
        if self._mapping and self._mapping.selects:
            return list(self._mapping.selects)
        with self._explained():
            present = [str(row[0]) for row in self._connection().execute("SHOW TABLES").fetchall()]
        check_required(present, self.label)
        return [table for table in TABLES if table in present]

    def write(self, table: str, target: Path) -> None:
        try:
            self._write(table, target)
        except BaseException:
            self.close()  # a refused ledger must not keep a transaction open in somebody's ERP
            raise

    def _write(self, table: str, target: Path) -> None:
        work = self._workroom.beside(target)
        staged = work / f"{table}.parquet"
        select = self._mapping.selects.get(table) if self._mapping else None
        label = f"{self._mapping.name}/{table}.sql" if self._mapping and select else f"{self.label}, table {table}"
        with self._explained(table), explained_select(label):
            con = self._connection()
            con.execute(f"SET temp_directory = {duck.text(str(work / 'spill'))}")
            stage(con, select or self._whole_table(con, table), staged)
        formats = self._mapping.description.formats if self._mapping else Formats()
        stated_in = self._mapping.stated_in if self._mapping else "a source.yaml (and name it with --source)"
        with duck.connect(work) as caster:
            write_parquet(caster, staged, label, table, target, formats, stated_in, by_key=True)
        staged.unlink()

    def close(self) -> None:
        if self._con is not None:
            self._con.close()
            self._con = None
        self._workroom.close()

    def _whole_table(self, con: duckdb.DuckDBPyConnection, table: str) -> str:
        if EXTENSIONS[self._url.drivername] != "sqlite_scanner":
            return f"SELECT * FROM {duck.name(table)}"
        columns = list(duck.columns_of(con, duck.name(table)))
        return f"SELECT * FROM sqlite_query('ledger', {duck.text(_exact_reals(table, columns))})"

    def _connection(self) -> duckdb.DuckDBPyConnection:
        if self._con is None:
            con = duck.connect(None)
            try:
                self._attach(con)
            except BaseException:
                con.close()
                raise
            self._con = con
        return self._con

    def _attach(self, con: duckdb.DuckDBPyConnection) -> None:
        extension = EXTENSIONS[self._url.drivername]
        duck.load_extension(con, extension)
        for statement in _attaching(self._url, extension):
            con.execute(statement)
        con.execute("BEGIN")
        schema = self._mapping.description.schema_ if self._mapping else None
        if schema is None and extension == "postgres_scanner":
            found = con.execute("SELECT * FROM postgres_query('ledger', 'SELECT current_schema()')").fetchone()
            schema = str(found[0]) if found and found[0] else "public"
        con.execute(f"USE ledger.{duck.name(schema)}" if schema else "USE ledger")
        for check in self._mapping.description.refuse if self._mapping else []:
            with explained_select(f"{self._mapping.name}/source.yaml, refuse:" if self._mapping else ""):
                refuse_if_found(check, con.execute(check.sql).fetchall(), self.label)

    @contextmanager
    def _explained(self, table: str | None = None) -> Iterator[None]:
        """Turn what DuckDB or the server says into a LedgerError without secrets; the transaction is over then."""
        try:
            yield
        except LedgerError:
            self.close()
            raise
        except duckdb.Error as error:
            self.close()
            no_room(error)
            if table and self._url.drivername == "sqlite" and self._url.database:
                _refuse_broken_sqlite_text(Path(self._url.database), table, self.label)
            where = f"{self.label}, table {table}" if table else self.label
            raise LedgerError(
                f"{where} cannot be read: {redacted(str(error), self._url)}",
                "Check that the server runs, and host, database, user, password and the right to read in the URL.",
            ) from None


# --- how each kind is attached ---------------------------------------------------------------------------------------


def _attaching(url: URL, extension: str) -> list[str]:
    """Statements that attach the database as ``ledger``, read only.

    Passwords go into a temporary secret, not into the connection string: DuckDB repeats that string in its messages.
    """
    if extension == "sqlite_scanner":
        if not url.database or not Path(url.database).is_file():
            raise LedgerError(
                f"There is no SQLite file {url.database or ''}.", "Write sqlite:////absolute/path.sqlite."
            )
        # SQLite's types are hints: a column of numbers may hold text. All columns come as text and are cast strictly.
        return [
            "SET GLOBAL sqlite_all_varchar = true",
            f"ATTACH {duck.text(url.database)} AS ledger (TYPE sqlite, READ_ONLY)",
        ]
    kind = "postgres" if extension == "postgres_scanner" else "mysql"
    query = {key: value if isinstance(value, str) else value[-1] for key, value in url.query.items()}
    stated = {
        "HOST": url.host or query.pop("host", None),
        "PORT": str(url.port) if url.port else query.pop("port", None),
        "DATABASE": url.database or query.pop("dbname", None),
        "USER": url.username or query.pop("user", None),
        "PASSWORD": str(url.password) if url.password else query.pop("password", None),
    }
    if kind == "mysql":
        stated["SOCKET"] = query.pop("unix_socket", None)
    parts = "".join(f", {key} {duck.text(value)}" for key, value in stated.items() if value)
    rest = " ".join(f"{key}={_parameter(value)}" for key, value in query.items())
    return [
        f"CREATE TEMPORARY SECRET ledger_login (TYPE {kind}{parts})",
        f"ATTACH {duck.text(rest)} AS ledger (TYPE {kind}, READ_ONLY, SECRET ledger_login)",
    ]


def _parameter(value: str) -> str:
    """A value of a ``key=value`` connection string."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


# --- SQLite ----------------------------------------------------------------------------------------------------------


def _exact_reals(table: str, columns: list[str]) -> str:
    """SELECT in SQLite's own SQL that yields reals with all their digits.

    SQLite writes a real with 15 digits, which would make 0.3 of 0.30000000000000004: those that 15 digits do not hold
    are written with 20, and then refused as amounts.
    """
    contract = TABLES[table].columns
    parts = []
    for column in columns:
        x = duck.name(column)
        if column in contract and isinstance(contract[column].type, Numeric):
            short = f"printf('%!.15g', {x})"
            exact = f"CASE WHEN CAST({short} AS REAL) = {x} THEN {short} ELSE printf('%!.20g', {x}) END"
            parts.append(f"CASE typeof({x}) WHEN 'real' THEN {exact} ELSE {x} END AS {x}")
        else:
            parts.append(x)
    return f"SELECT {', '.join(parts)} FROM {duck.name(table)}"


def _refuse_broken_sqlite_text(file: Path, table: str, label: str) -> None:
    """Raise LedgerError naming row and column if the table holds text with NUL or bytes that are not UTF-8."""
    with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as con:
        con.text_factory = bytes
        try:
            rows = con.execute(f"SELECT * FROM {duck.name(table)}")
        except sqlite3.Error:
            return
        names = [column[0] for column in rows.description]
        for number, row in enumerate(rows, start=1):
            for name, value in zip(names, row, strict=True):
                if isinstance(value, bytes):
                    refuse_undecodable(value, f"{label}, table {table}, row {number}, column {name}")
