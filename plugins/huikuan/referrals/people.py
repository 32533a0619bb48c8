"""What the snapshot of a night says about the people and customers behind its rows.

Names and rights of people are not published, so they are read from the snapshot whose rows are put before them: the
same one that the hash of a batch names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from huikuan.errors import ReferralError
from huikuan.ledger import snapshot as snapshots
from huikuan.ledger.duck import pattern
from huikuan.night.lake import run_folder

AccountKey = tuple[str, str]
"""(company_id, account_id)"""
DECIDERS = ("manager", "finance", "legal")
"""Roles of the ledger that may decide on sanctions; reps may not."""
_MOST_TEXT = 2000


@dataclass(frozen=True)
class Ledger:
    """The verified snapshot of a run, and the file that names its quarantined rows, where there is one."""

    snapshot: snapshots.Snapshot
    quarantine: Path | None


@dataclass(frozen=True)
class Account:
    """A customer account as the ledger has it."""

    company_id: str
    account_id: str
    rep_id: str | None
    name: str


def open_ledger(lake: Path, run_id: str, snapshot_id: str) -> Ledger:
    """The ledger behind a run. Raises SnapshotError when a file is missing or is not what was written."""
    quarantine = run_folder(lake, run_id) / "quality" / "quarantine.parquet"
    return Ledger(snapshots.load(lake, snapshot_id), quarantine if quarantine.is_file() else None)


def decider(ledger: Ledger, rep_id: str) -> None:
    """Make sure that this person may decide on sanctions: known, active, and not a rep.

    Raises ReferralError otherwise.
    """
    found = _rows(
        ledger,
        "rep",
        "coalesce(role, 'rep'), coalesce(is_active, true)",
        "rep_id = ?",
        [rep_id],
    )
    if len(found) != 1:
        raise ReferralError(
            f"{rep_id!r} is not a person of the ledger (snapshot {ledger.snapshot.snapshot_id}).",
            "Give the rep_id of a manager, or of finance or legal.",
        )
    role, is_active = found[0]
    if not is_active:
        raise ReferralError(f"{rep_id} is no longer active.", "The manager above decides: see the runbook.")
    if role not in DECIDERS:
        raise ReferralError(
            f"{rep_id} has the role {role}, which may not decide on sanctions.",
            f"Only {', '.join(DECIDERS)} may: correct the role in the ledger, or let one of them decide.",
        )


def accounts(ledger: Ledger, account_ids: Collection[str]) -> dict[AccountKey, Account]:
    """The accounts of these ids, in every company that has them."""
    found = _rows(
        ledger,
        "account",
        "company_id, account_id, rep_id, name",
        "list_contains(?::VARCHAR[], account_id)",
        [sorted(account_ids)],
    )
    return {(row[0], row[1]): Account(*row) for row in found}


def currencies(ledger: Ledger) -> dict[str, str]:
    """Functional currency of each company."""
    return dict(_rows(ledger, "company", "company_id, functional_currency"))


def has_promise(ledger: Ledger, account: AccountKey, promise_id: str) -> bool:
    """Whether this account made this promise and it was not withdrawn."""
    if not ledger.snapshot.has("promise"):
        return False
    where = "company_id = ? AND account_id = ? AND promise_id = ? AND withdrawn_on IS NULL"
    return bool(_rows(ledger, "promise", "promise_id", where, [*account, promise_id]))


def free_text(text: str, what: str) -> str:
    """What a person wrote, in a form that the warehouse can keep: no NUL, no half of a character, no blank ends.

    Raises ReferralError when it is too long.
    """
    if len(text) > _MOST_TEXT:
        raise ReferralError(f"The {what} has {len(text)} characters.", f"Say it in {_MOST_TEXT}.")
    return text.encode("utf-8", "replace").decode().replace("\x00", "?").strip()


def _rows(
    ledger: Ledger, table: str, columns: str, where: str = "true", values: Iterable[Any] = ()
) -> list[tuple[Any, ...]]:
    """Rows of one table that validation did not set apart."""
    given = list(values)
    if ledger.quarantine:
        where += f""" AND file_row_number NOT IN
            (SELECT row_number FROM read_parquet({pattern(ledger.quarantine)})
             WHERE table_name = '{table}' AND row_number IS NOT NULL)"""
    relation = f"read_parquet({pattern(ledger.snapshot.path(table))}, file_row_number = true)"
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT {columns} FROM {relation} WHERE {where}", given).fetchall()
