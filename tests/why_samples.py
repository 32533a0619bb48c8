"""One account of one night without a warehouse: hand-written rows, computed and kept as ``why`` cuts them out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from huikuan.engine import duck
from huikuan.night.lake import RunIdentity
from huikuan.policy import Policy, load_policy
from huikuan.referrals.why import _collect
from huikuan.referrals.why_change import find_changes, look_ahead
from huikuan.referrals.why_replay import Row, Stored
from huikuan.referrals.why_trial import Outcome, outcomes
from huikuan.settings import DEFAULT_POLICY
from huikuan.warehouse.tables import RESULTS
from tests.models.ledgers import Rows, complete, write

KEY = ("C1", "A1")
PEOPLE = [
    {"rep_id": "R1", "name": "Li", "manager_id": "R2"},
    {"rep_id": "R2", "name": "Chen", "manager_id": "R3", "role": "manager"},
    {"rep_id": "R3", "name": "Wang", "role": "manager"},
]


def stored_night(
    rows: Rows,
    day: date,
    folder: Path,
    *,
    policy: Policy | None = None,
    previous: Path | None = None,
    gate: str = "open",
    without: tuple[str, ...] = (),
) -> Stored:
    """The night of ``day`` on a ledger whose only account is A1 of C1; ``without`` names tables that do not exist."""
    folder.mkdir(parents=True, exist_ok=True)
    policy = policy or load_policy(DEFAULT_POLICY)
    files = write(complete({"rep": PEOPLE, **rows}, day), folder)
    ledger = {name: path for name, path in files.items() if name not in without}
    identity = RunIdentity(day, f"{day:%Y%m%d}-s1", "0" * 64, None, policy.version, policy.hash, "test", "", False)
    inputs = duck.Inputs(business_date=day, policy=policy, ledger=ledger, previous=previous, gate=gate)
    published = folder / "published"
    with duck.session(inputs, RESULTS) as con:
        duck.run_models(con, day)
        duck.check_invariants(con, day)
        duck.write_results(con, published, RESULTS, business_date=day, run_id=identity.run_id)
        con.execute(
            f"COPY (SELECT NULL AS table_name, 0 AS row_number, '' AS rule_id, '{{}}' AS row, '' AS reason WHERE FALSE)"
            f" TO '{published / 'quarantine.parquet'}' (FORMAT parquet)"
        )
    return Stored(
        KEY, identity, policy, {"state": gate, "reasons": []}, ledger, previous or folder / "nothing", published
    )


def explained(stored: Stored, folder: Path) -> Row:
    """Facts and changes, as ``explain`` collects them."""
    facts = _collect(stored)
    facts["changes"] = find_changes(stored, facts, look_ahead(stored, folder), folder)
    return facts


@contextmanager
def plain_night(rows: Rows, day: date, stored: Stored, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A later night computed the usual way, with no copies: what a claim has to agree with."""
    folder.mkdir(parents=True)
    files = write(complete({"rep": PEOPLE, **rows}, day), folder)
    ledger = {name: path for name, path in files.items() if name in {*stored.ledger, "referral_decision", "promise"}}
    inputs = duck.Inputs(business_date=day, policy=stored.policy, ledger=ledger, previous=stored.published)
    with duck.session(inputs, RESULTS) as con:
        duck.run_models(con, day)
        duck.check_invariants(con, day)
        yield con


def outcome_of(rows: Rows, day: date, stored: Stored, folder: Path) -> Outcome:
    """What such a night says of A1."""
    with plain_night(rows, day, stored, folder) as con:
        for table in ("account_status", "account_flag"):
            con.execute(f"UPDATE {table} SET account_id = '0~' || account_id")
        return outcomes(con, 1)[0]


def with_rows(rows: Rows, added: Any) -> dict[str, list[Row]]:
    """The ledger with more rows."""
    merged = {table: [dict(row) for row in given] for table, given in rows.items()}
    for table, more in added.items():
        merged.setdefault(table, []).extend(dict(row) for row in more)
    return merged
