"""Small, lawful runs for tests: one Parquet file per result table, and ways to look at what was published."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import psycopg
from sqlalchemy import Column

from huikuan.columns import allowed_values, duckdb_type
from huikuan.warehouse.fence import step
from huikuan.warehouse.publish import RunRecord, publish
from huikuan.warehouse.tables import RESULTS

NIGHT = date(2026, 3, 2)
_ONE_PER_COMPANY = ("company", "month_balance", "tie_out", "provision_movement")
"""Tables whose key has little else: a company for each row."""


def record(business_date: date = NIGHT, run: str = "aaaaaaaaaaaa", *, status: str = "published") -> RunRecord:
    return RunRecord(
        run_id=f"{business_date:%Y%m%d}-{run}",
        business_date=business_date,
        as_of=business_date - timedelta(days=1),
        snapshot_id=f"{business_date:%Y%m%d}-s1",
        previous_run_id=None,
        policy_version="1",
        policy_hash="0" * 64,
        code_version="0.1.0",
        gate="open" if status == "published" else "stop",
        gate_reasons=[] if status == "published" else [{"rule_id": "x", "en": "No rows.", "zh": "没有数据。"}],
        is_backfill=False,
        status=status,
        counts={},
    )


def write_tables(
    folder: Path, run: RunRecord, rows: int = 20, *, companies: int = 2, **overrides: str
) -> dict[str, Path]:
    """One file per table with ``rows`` rows. ``overrides``: ``<table>__<column>`` to SQL over the row number ``i``."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    with duckdb.connect() as con:
        for name, table in RESULTS.items():
            files[name] = folder / f"{name}.parquet"
            columns = ", ".join(
                f'CAST({value} AS {duckdb_type(c)}) AS "{c.name}"'
                for c in table.columns
                for value in [overrides.get(f"{name}__{c.name}") or _expression(c, run, companies)]
            )
            con.execute(f"COPY (SELECT {columns} FROM range({rows}) AS t(i)) TO '{files[name]}' (FORMAT parquet)")
    return files


def published(url: str, folder: Path, run: RunRecord, rows: int = 20, **overrides: str) -> dict[str, int]:
    """Write the tables of a run and publish them."""
    files = write_tables(folder / run.run_id, run, rows, **overrides)
    with step(url, run.business_date, "publish", run.run_id, wait_seconds=10) as attempt:
        return publish(url, attempt, run, files)


def content(connection: psycopg.Connection) -> dict[str, str]:
    """An order-free digest of every table that readers see, times of bookkeeping left out."""
    digests = {}
    for name in (*RESULTS, "run", "supply_hold"):
        row = connection.execute(
            "SELECT md5(coalesce(string_agg(r, E'\\n' ORDER BY r), '')) FROM"
            f" (SELECT (to_jsonb(t) - 'published_at')::text AS r FROM collections.{name} AS t) AS rows"
        ).fetchone()
        assert row is not None
        digests[name] = row[0]
    return digests


def _expression(column: Column[object], run: RunRecord, companies: int) -> str:
    fixed = {
        "business_date": f"DATE '{run.business_date}'",
        "as_of": f"DATE '{run.as_of}'",
        "run_id": f"'{run.run_id}'",
        "company_id": f"'C' || (1 + i % {companies})",
        "account_id": "'A' || i",
        "currency": "'CNY'",
        "seq": "1",
        "row_number": "i",
    }
    if column.name == "company_id" and column.table.name in _ONE_PER_COMPANY:
        return "'C' || (1 + i)"
    if column.name in fixed:
        return fixed[column.name]
    values = allowed_values(column)
    if values:
        return "['" + "', '".join(values) + f"'][CAST(1 + i % {len(values)} AS INTEGER)]"
    return {
        "VARCHAR": f"'{column.name} ' || i",
        "DATE": f"DATE '{run.business_date}' - CAST(i % 90 AS INTEGER)",
        "BOOLEAN": "i % 2 = 0",
        "BIGINT": "i",
        "JSON": '\'{"days_past_due": \' || i || \', "name": "客户"}\'',
        "DECIMAL(18,15)": "i % 9 * 0.012345",
        "TIMESTAMPTZ": "TIMESTAMPTZ '2026-03-01 01:02:03.456+00'",
    }.get(duckdb_type(column), "i * 12.34")
