"""Hand-made nights with proposed sanctions: a real snapshot in a lake, and published rows that name accounts of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

from huikuan.ledger import snapshot as snapshots
from huikuan.ledger.source import open_source
from huikuan.night.lake import RunIdentity, seal_quality, seal_tables, write_identity
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY
from huikuan.warehouse.publish import RunRecord
from tests.integration.warehouse_samples import published, record

DAY = date(2026, 3, 2)
POISON = (
    "{{ conn.huikuan_warehouse.password }}",
    "<script>alert(1)</script> </td>",
    "| x | `y` \\| [z](http://evil.example) **b**",
    "line one\nline two\u202egnp.exe",
    "𠮷野家 O'B; DROP",
)
REPS = """
    ('R-LI', 'Li', 'li@example.com', 'M-CHEN', 'rep', TRUE),
    ('M-CHEN', 'Chen', 'chen@example.com', 'M-BOSS', 'manager', TRUE),
    ('M-BOSS', 'Boss', 'boss@example.com', NULL, 'manager', TRUE),
    ('F-WU', 'Wu', 'wu@example.com', 'M-BOSS', 'finance', TRUE),
    ('M-GONE', 'Gone', 'gone@example.com', 'M-BOSS', 'manager', FALSE)
"""


@dataclass(frozen=True)
class Line:
    """One row of account_flag with what stands beside it."""

    account_id: str
    overdue: str | None = "1000"
    flag: str = "stop_supply"
    approver_id: str | None = "M-CHEN"
    state: str = "proposed"
    is_held: bool = False
    proposed_by: str = "policy:1"
    company_id: str = "C1"
    days: int = 65


LINES = (Line("A1", "500"), Line("A2", "20000"), Line("A3", None), Line("A4", "70000.5", approver_id="M-BOSS"))


def lay_ledger(
    lake: Path,
    day: date = DAY,
    *,
    accounts: Mapping[tuple[str, str], str] | None = None,
    reps: str = REPS,
    in_charge: Mapping[str, str] | None = None,
) -> str:
    """Take a snapshot of a small ledger into the lake; returns its id. ``accounts``: (company, account) to name."""
    known = accounts or {("C1", f"A{n}"): f"客户 {n}" for n in range(1, 7)} | {("C2", "A1"): "Second Ltd"}
    folder = lake / "ledger" / f"{day}-{len(list((lake / 'ledger').glob(f'{day}-*')))}"
    folder.mkdir(parents=True)
    with duckdb.connect() as con:
        con.execute("CREATE TABLE account (company_id VARCHAR, account_id VARCHAR, name VARCHAR, rep_id VARCHAR)")
        con.executemany(
            "INSERT INTO account VALUES (?, ?, ?, ?)",
            [[*key, name, (in_charge or {}).get(key[1], "R-LI")] for key, name in known.items()],
        )
        selects = {
            "company": "SELECT * FROM (VALUES ('C1', 'One', 'CNY', 'Asia/Shanghai', 'CN'),"
            " ('C2', 'Two', 'USD', 'America/New_York', 'US'))"
            " AS t(company_id, name, functional_currency, timezone, calendar)",
            "rep": f"SELECT * FROM (VALUES {reps}) AS t(rep_id, name, email, manager_id, role, is_active)",
            "account": "SELECT * FROM account",
            "document": "SELECT 'C1' AS company_id, 'D1' AS document_id, 'A1' AS account_id, 'invoice' AS kind,"
            " DATE '2026-01-01' AS issued_on, 'CNY' AS currency, 500.0 AS amount, DATE '2026-01-15' AS due_on",
            "receipt": "SELECT 'C1' AS company_id, 'X' AS receipt_id, 'A1' AS account_id,"
            " DATE '2026-01-01' AS received_on, 'CNY' AS currency, 1.0 AS amount WHERE FALSE",
            "promise": "SELECT 'C1' AS company_id, 'P1' AS promise_id, 'A1' AS account_id, 'CNY' AS currency,"
            " 500.0 AS amount, DATE '2026-02-01' AS made_on, DATE '2026-03-20' AS promised_for",
        }
        for table, select in selects.items():
            con.execute(f"COPY ({select}) TO '{folder / f'{table}.parquet'}' (FORMAT parquet)")
    return snapshots.take(open_source(str(folder), None), lake, day).snapshot_id


def publish_lines(
    url: str,
    folder: Path,
    lines: Sequence[Line] = LINES,
    *,
    day: date = DAY,
    run: str = "a",
    snapshot: str | None = None,
    gate: str = "open",
    is_backfill: bool = False,
) -> RunRecord:
    """Publish a night whose flags are exactly these lines, and seal its results in the lake, the parent of ``folder``.

    ``run`` tells runs of one night apart; ``snapshot`` is s1 of the day unless given.
    """
    lake = folder.parent
    identity = RunIdentity(
        business_date=day,
        snapshot_id=snapshot or f"{day:%Y%m%d}-s1",
        snapshot_hash="",
        previous_run_id=None,
        policy_version="1",
        policy_hash=load_policy(DEFAULT_POLICY).hash,
        code_version=run,
        volumes_hash="",
        is_backfill=is_backfill,
    )
    made = replace(
        record(day),
        run_id=identity.run_id,
        snapshot_id=identity.snapshot_id,
        policy_hash=identity.policy_hash,
        gate=gate,
        is_backfill=is_backfill,
    )
    companies, accounts = [line.company_id for line in lines], [line.account_id for line in lines]
    published(
        url,
        folder,
        made,
        rows=len(lines),
        **{f"{table}__company_id": _pick(companies) for table in _KEYED},
        **{f"{table}__account_id": _pick(accounts) for table in _KEYED},
        account_flag__flag=_pick([line.flag for line in lines]),
        account_flag__state=_pick([line.state for line in lines]),
        account_flag__since=f"DATE '{day - timedelta(days=1)}'",
        account_flag__reason=_pick([f"{line.flag}.late_and_large" for line in lines]),
        account_flag__approver_id=_pick([line.approver_id for line in lines]),
        account_flag__is_held=_pick([line.is_held for line in lines]),
        account_flag__proposed_by=_pick([line.proposed_by for line in lines]),
        account_flag__evidence=_pick([f"contact_log:L-{line.account_id}" for line in lines]),
        account_flag__batch_id="NULL",
        account_flag__decided_by="NULL",
        account_flag__decided_at="NULL",
        account_status__stage="'M3'",
        account_status__overdue_functional=_pick([Decimal(line.overdue) if line.overdue else None for line in lines]),
        account_status__oldest_due_on=_pick([day - timedelta(days=line.days) for line in lines]),
        decision_reason__decision=_pick([f"flag:{line.flag}" for line in lines]),
        decision_reason__rule_id=_pick([f"{line.flag}.late_and_large" for line in lines]),
        decision_reason__threshold="'days_past_due over 60, overdue_functional over 100'",
        decision_reason__inputs='\'{"facts": {"days_past_due": 65, "overdue_functional": 20000.5}, "was": null}\'',
    )
    finished = write_identity(lake, identity, DEFAULT_POLICY)
    lay_quality(finished / "quality")
    seal_quality(finished)
    seal_tables(finished, folder / made.run_id)
    return made


def lay_quality(folder: Path) -> None:
    """What validation of a faultless ledger leaves."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gate.json").write_text("{}", encoding="utf-8")
    empty = {
        "quarantine": "row_number BIGINT, table_name VARCHAR, rule_id VARCHAR, row VARCHAR, reason VARCHAR",
        "data_quality": "rule_id VARCHAR, severity VARCHAR, table_name VARCHAR, failed_count BIGINT,"
        " total_count BIGINT, description VARCHAR",
    }
    with duckdb.connect() as con:
        for name, columns in empty.items():
            con.execute(f"CREATE TABLE {name} ({columns})")
            con.execute(f"COPY {name} TO '{folder / f'{name}.parquet'}' (FORMAT parquet)")


_KEYED = ("account_flag", "account_status", "decision_reason")


def _pick(values: Sequence[object]) -> str:
    """The value of row ``i``, as SQL."""
    return f"[{', '.join(map(_literal, values))}][CAST(i + 1 AS INTEGER)]"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, date):
        return f"DATE '{value}'"
    return str(value) if isinstance(value, Decimal) else f"'{value}'"
