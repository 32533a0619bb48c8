"""Schemas of known ERPs: ``include/sql/ledger/<source>/`` holds one SELECT per contract table, and ``source.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from huikuan import settings
from huikuan.errors import LedgerError
from huikuan.ledger.contract import TABLES, is_optional
from huikuan.ledger.formats import Formats, near, read_yaml


class Check(BaseModel):
    """A question to the foreign tables: rows in the answer mean that the ledger is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sql: str
    message: str
    remedy: str


class Description(BaseModel):
    """``source.yaml`` of a foreign schema.

    ``files`` names the relations that the SELECTs read and the files behind them (a source that is a folder);
    ``schema`` is the schema of a database in which the foreign tables stand.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: dict[str, str] = {}
    formats: Formats = Formats()
    schema_: str | None = Field(default=None, alias="schema")
    refuse: list[Check] = []


@dataclass(frozen=True)
class Mapping:
    """How one foreign schema yields the contract: ``selects`` maps contract tables to SQL, in the contract's order.

    No SELECTs at all: a database whose tables have the contract's form, of which source.yaml states formats or schema.
    """

    name: str
    folder: Path
    description: Description
    selects: dict[str, str]

    @property
    def stated_in(self) -> str:
        """What messages call the file in which formats are stated."""
        return f"{self.folder.name}/source.yaml (under formats:)"


def load_mapping(name: str) -> Mapping:
    """Read ``include/sql/ledger/<name>/``; LedgerError if there is none, or a file in it fits nothing."""
    home = settings.INCLUDE / "sql" / "ledger"
    known = sorted(path.name for path in home.iterdir() if path.is_dir()) if home.is_dir() else []
    if name not in known:
        raise LedgerError(
            f"No source is called {name!r}{near(name, known)}",
            f"There are: {', '.join(known) or 'none'}. A new one is a folder in {home}.",
        )
    folder = home / name
    described = folder / "source.yaml"
    description = read_yaml(described, Description) if described.exists() else Description()
    stems = {path.stem: path for path in sorted(folder.glob("*.sql"))}
    for stem in stems:
        if stem not in TABLES:
            raise LedgerError(
                f"{folder.name}/{stem}.sql: the contract has no table {stem!r}{near(stem, TABLES)}",
                f"The tables are {', '.join(TABLES)}.",
            )
    missing = [table for table, meaning in TABLES.items() if table not in stems and not is_optional(meaning)]
    if stems and missing:
        raise LedgerError(
            f"Source {name} has no SELECT for {', '.join(missing)}, which no night can do without.",
            f"Add {', '.join(f'{table}.sql' for table in missing)} to {folder}.",
        )
    selects = {table: _select(stems[table]) for table in TABLES if table in stems}
    return Mapping(name, folder, description, selects)


def _select(path: Path) -> str:
    return path.read_text("utf-8").strip().rstrip(";")
