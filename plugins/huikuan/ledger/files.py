"""Ledgers that are files: in the contract's form, or in the form of a foreign schema."""

from __future__ import annotations

from pathlib import Path

import duckdb

from huikuan.errors import LedgerError
from huikuan.ledger import duck
from huikuan.ledger.casting import Raw, write_table
from huikuan.ledger.contract import TABLES
from huikuan.ledger.csv_files import CsvFile, explained, open_csv
from huikuan.ledger.foreign import Mapping
from huikuan.ledger.formats import FolderDescription, near, read_yaml
from huikuan.ledger.staging import (
    Workroom,
    check_required,
    digest,
    explained_select,
    file_parts,
    mapping_parts,
    refuse_if_found,
    stage,
    write_parquet,
)

DATA_FILES = (".csv", ".parquet")


class ContractFiles:
    """A folder of ``<table>.csv`` and ``<table>.parquet``, or one such file."""

    def __init__(self, path: Path) -> None:
        self.label = str(path)
        self._path = path
        self._folder = path if path.is_dir() else path.parent
        described = self._folder / "source.yaml"
        self._described = described if described.exists() else None
        self._formats = read_yaml(described, FolderDescription) if self._described else FolderDescription()
        self._files = _contract_files(path)
        check_required(list(self._files), str(path))
        self._workroom = Workroom()

    def fingerprint(self) -> str:
        files = [*self._files.values(), *([self._described] if self._described else [])]
        return digest(*(part for file in files for part in file_parts(file)))

    def tables(self) -> list[str]:
        return list(self._files)

    def write(self, table: str, target: Path) -> None:
        work = self._workroom.beside(target)
        file, formats = self._files[table], self._formats.of(table)
        stated_in = "source.yaml"
        with duck.connect(work) as con:
            if file.suffix == ".parquet":
                write_parquet(con, file, file.name, table, target, formats, stated_in)
                return
            opened = open_csv(file, formats, stated_in, work)
            _check_header(opened, table)
            raw = Raw(opened.relation, opened.columns, file.name, formats, stated_in, opened.rows)
            with explained([opened]):
                write_table(con, raw, TABLES[table], target)

    def close(self) -> None:
        self._workroom.close()


def _contract_files(path: Path) -> dict[str, Path]:
    """Files by contract table, in the contract's order; LedgerError for anything that is not understood."""
    found: dict[str, list[Path]] = {}
    strangers: list[Path] = []
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        if file.name.startswith((".", "README")) or file.name == "source.yaml":
            continue
        if file.is_file() and file.suffix in DATA_FILES and file.stem in TABLES:
            found.setdefault(file.stem, []).append(file)
        else:
            strangers.append(file)
    if strangers:
        names = [f"{file.name}{'/' if file.is_dir() else ''}" for file in strangers]
        expected = [f"{table}{suffix}" for table in TABLES for suffix in DATA_FILES]
        listed = "; ".join(f"{name}{near(name, expected).replace('; ', ' – ')}" for name in names[:20])
        more = f" and {len(names) - 20} more" if len(names) > 20 else ""
        raise LedgerError(
            f"{path}: no table of the contract is called {listed}{more}",
            f"Files are called <table>.csv or <table>.parquet, with the tables {', '.join(TABLES)}. Move other files "
            "elsewhere, or name the foreign schema with --source.",
        )
    for table, files in found.items():
        if len(files) > 1:
            raise LedgerError(
                f"{path}: the {table} table is there twice, as {' and '.join(file.name for file in files)}.",
                "Leave the one that is current.",
            )
    return {table: found[table][0] for table in TABLES if table in found}


def _check_header(file: CsvFile, table: str) -> None:
    """Say plainly when the first line is no header, or the delimiter is another one."""
    known = [column.name for column in TABLES[table].columns]
    if set(file.header) & set(known):
        return
    if len(file.header) == 1:
        for delimiter in (",", ";", "\t", "|"):
            if set(file.header[0].split(delimiter)) & set(known) and delimiter != file.formats.delimiter:
                written = "\\t" if delimiter == "\t" else delimiter
                raise LedgerError(
                    f"{file.path.name}: its fields are separated by {delimiter!r}, not by {file.formats.delimiter!r}.",
                    f'Add the line `delimiter: "{written}"` to {file.stated_in}.',
                )
    if not any(near(name, known) for name in file.header):
        raise LedgerError(
            f"{file.path.name}: the first line holds no column of the {table} table, so it is no header.",
            f"Write the names of the columns into line 1: {', '.join(known)}.",
        )


class MappedFiles:
    """Files of a foreign schema: each is a relation of the name that its source.yaml gives it."""

    def __init__(self, path: Path, mapping: Mapping) -> None:
        self.label = f"{path} as {mapping.name}"
        self._mapping = mapping
        self._files = _foreign_files(path, mapping)
        self._workroom = Workroom()
        self._con: duckdb.DuckDBPyConnection | None = None
        self._opened: list[CsvFile] = []

    def fingerprint(self) -> str:
        return digest(
            *mapping_parts(self._mapping), *(part for file in self._files.values() for part in file_parts(file))
        )

    def tables(self) -> list[str]:
        return list(self._mapping.selects)

    def write(self, table: str, target: Path) -> None:
        work = self._workroom.beside(target)
        con = self._connection(work)
        staged = work / f"{table}.parquet"
        with explained(self._opened), explained_select(f"{self._mapping.name}/{table}.sql"):
            stage(con, self._mapping.selects[table], staged)
        label = f"{self._mapping.name}/{table}.sql"
        formats = self._mapping.description.formats
        write_parquet(con, staged, label, table, target, formats, self._mapping.stated_in, by_key=True)
        staged.unlink()

    def close(self) -> None:
        if self._con is not None:
            self._con.close()
            self._con = None
        self._opened = []
        self._workroom.close()

    def _connection(self, work: Path) -> duckdb.DuckDBPyConnection:
        if self._con is not None:
            return self._con
        con = duck.connect(work)
        formats, stated_in = self._mapping.description.formats, self._mapping.stated_in
        for relation, file in self._files.items():
            if file.suffix == ".parquet":
                reader = f"read_parquet({duck.pattern(file)})"
            else:
                opened = open_csv(file, formats, stated_in, work)
                self._opened.append(opened)
                reader = opened.relation
            con.execute(f"CREATE VIEW {duck.name(relation)} AS SELECT * FROM {reader}")
        for check in self._mapping.description.refuse:
            with explained(self._opened), explained_select(f"{self._mapping.name}/source.yaml, refuse:"):
                found = con.execute(check.sql).fetchall()
            refuse_if_found(check, found, self.label)
        self._con = con
        return con


def _foreign_files(path: Path, mapping: Mapping) -> dict[str, Path]:
    wanted = mapping.description.files
    if not wanted or not mapping.selects:
        raise LedgerError(
            f"Source {mapping.name} reads a database, not files.",
            "Give the database's URL, or state `files:` in its source.yaml.",
        )
    if path.is_file():
        if len(wanted) > 1:
            raise LedgerError(
                f"Source {mapping.name} reads {len(wanted)} files: {', '.join(wanted.values())}.",
                "Name the folder that holds them.",
            )
        return {next(iter(wanted)): path}
    missing = [name for name in wanted.values() if not (path / name).is_file()]
    if missing:
        raise LedgerError(
            f"{path} does not hold {', '.join(missing)}, which source {mapping.name} reads.",
            "Put the file there under this name, or name the file itself if it is called otherwise.",
        )
    return {relation: path / name for relation, name in wanted.items()}
