"""Sources: anything that yields the tables of the ledger contract, each as one Parquet file of the contract's types.

``open_source`` looks at what it was given (a folder, a file, a database's URL) and at the foreign schema, if one is
named. What does not fit the contract is refused here, by file, row, column and value; what fits it but is wrong in
itself (null keys, duplicates, unknown accounts) passes and is quarantined later.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from huikuan.errors import LedgerError
from huikuan.ledger.databases import EXTENSIONS, AttachedDatabase
from huikuan.ledger.files import DATA_FILES, ContractFiles, MappedFiles
from huikuan.ledger.foreign import Mapping, load_mapping

DATABASE_FILES = (".sqlite", ".sqlite3", ".db")


class Source(Protocol):
    """What a snapshot is taken from."""

    @property
    def label(self) -> str:
        """Where the data comes from, for people and for the manifest; never with a password."""

    def fingerprint(self) -> str:
        """Digest of what identifies the content as far as that is known without reading it (SHA-256, hex).

        Files: names, sizes, times of change, SELECTs. Databases: URL without password, SELECTs.
        """

    def tables(self) -> list[str]:
        """Contract tables it yields, in the contract's order; LedgerError when a required one is missing."""

    def write(self, table: str, target: Path) -> None:
        """Write one table to the Parquet file ``target``: exactly the contract's columns, in order, of its types."""

    def close(self) -> None:
        """Release connections and temporary files; the source may be used again afterwards."""


def open_source(ledger: str, source: str | None = None) -> Source:
    """Open a ledger.

    ``ledger`` is a folder, one ``.csv``, ``.parquet``, ``.sqlite`` or ``.db`` file, or a database's URL. ``source``
    names a folder of ``include/sql/ledger/``; None: the tables already have the contract's form.
    """
    mapping = load_mapping(source) if source else None
    if "://" in ledger:
        return _open_url(ledger, mapping)
    path = Path(ledger).absolute()
    if not path.exists():
        raise LedgerError(f"There is no ledger at {ledger}.", "Name a folder, a file, or a database's URL.")
    if path.is_file() and path.suffix in DATABASE_FILES:
        return AttachedDatabase(URL.create("sqlite", database=str(path)), mapping)
    if path.is_file() and path.suffix not in DATA_FILES:
        raise LedgerError(
            f"{path.name} is no ledger that can be read.",
            f"Files may end in {', '.join(DATA_FILES + DATABASE_FILES)}; anything else comes as a folder or a URL.",
        )
    return MappedFiles(path, mapping) if mapping else ContractFiles(path)


def _open_url(url: str, mapping: Mapping | None) -> Source:
    """URLs that name a driver (``dialect+driver``) go through it; plain ones of known databases through DuckDB."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise LedgerError(
            "The ledger's URL cannot be read.",
            "Write it as postgresql://user:password@host:5432/database, with special characters as %xx.",
        ) from None
    if parsed.drivername in EXTENSIONS:
        return AttachedDatabase(parsed, mapping)
    from huikuan.ledger.other_databases import OtherDatabase  # pandas takes a second to import: only when needed

    return OtherDatabase(parsed, mapping)
