"""DuckDB as this room uses it: offline, in UTC, spilling beside the data and never into the working folder."""

from __future__ import annotations

import importlib
from pathlib import Path

import duckdb


def connect(work: Path | None) -> duckdb.DuckDBPyConnection:
    """A fresh in-memory database that fetches nothing from the network and spills into ``work``, or nowhere."""
    con = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"SET temp_directory = {text(str(work / 'spill') if work else '')}")
    return con


def load_extension(con: duckdb.DuckDBPyConnection, extension: str) -> None:
    """Load an extension from its PyPI wheel.

    Loaded from where the wheel lies rather than installed first: the installation would write into the home folder,
    which a container may not have and two nights may share.
    """
    module = importlib.import_module(f"duckdb_extension_{extension}")
    folder = Path(module.__path__[0]) / "extensions" / f"v{duckdb.__version__}"
    con.execute(f"LOAD {text(str(folder / f'{extension}.duckdb_extension'))}")


def name(identifier: str) -> str:
    """An identifier as SQL writes it."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text literal as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def pattern(path: Path) -> str:
    """A path as a literal for readers that expand ``*``, ``?`` and ``[``: those characters stand for themselves."""
    escaped = "".join(f"[{character}]" if character in "*?[" else character for character in str(path))
    return text(escaped)


def columns_of(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Names and DuckDB types of what ``SELECT * FROM relation`` yields, in order."""
    return {row[0]: row[1] for row in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}
