"""Ageing as of any day (任意日账龄): what the newest ledger says was open then, beside what was published then.

By replay, the models run again on the newest snapshot as of the day; the published night of the next day says what was
known at the time. Where the two differ, somebody has dated an entry back: the documents that it is about are named.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import duckdb

from huikuan.engine import duck
from huikuan.engine.graph import needed_for
from huikuan.errors import FinanceError
from huikuan.ledger import snapshot
from huikuan.night import lake as lakes
from huikuan.quality.gate import balance_left_out
from huikuan.warehouse.publish import RunRecord, current_run, previous_run
from huikuan.warehouse.tables import RESULTS

By = Literal["account", "document"]
KEYS: dict[By, tuple[str, ...]] = {"account": ("account_id",), "document": ("account_id", "document_id", "seq")}
"""Columns that tell rows of a company apart, beside currency and bucket."""
_NEEDED = ("open_item", "tie_out")


@dataclass(frozen=True)
class Bucket:
    """Open amount of a company, currency and bucket; ``published`` is None when that night was not published."""

    company_id: str
    currency: str
    bucket: str
    replayed: Decimal
    published: Decimal | None

    @property
    def difference(self) -> Decimal:
        return Decimal(0) if self.published is None else self.replayed - self.published


@dataclass(frozen=True)
class Moved:
    """An instalment whose open amount or bucket is not what was published; a bucket is None where nothing was open."""

    company_id: str
    account_id: str
    document_id: str
    seq: int
    currency: str
    replayed_bucket: str | None
    replayed: Decimal
    published_bucket: str | None
    published: Decimal


@dataclass(frozen=True)
class Tie:
    """Sub-ledger by replay against the general ledger's control total of the day."""

    company_id: str
    currency: str
    ledger_balance: Decimal
    quarantined: Decimal
    control_balance: Decimal | None
    difference: Decimal | None
    state: str


@dataclass(frozen=True)
class Ageing:
    as_of: date
    replayed_from: str
    published_run: str | None
    buckets: tuple[Bucket, ...]
    moved: tuple[Moved, ...]
    ties: tuple[Tie, ...]
    rows: tuple[tuple[Any, ...], ...] = ()
    """Under ``titles``: one per account or instalment, currency and bucket, where that was asked for."""

    @property
    def is_tied(self) -> bool:
        return all(tie.state != "differs" for tie in self.ties)


def titles(by: By) -> tuple[str, ...]:
    """Columns of ``rows``; ``published`` and ``difference`` are empty when that night was not published."""
    return ("company_id", *KEYS[by], "currency", "bucket", "replayed", "published", "difference")


def ageing(url: str, lake: Path, as_of: date, company_id: str | None = None, by: By | None = None) -> Ageing:
    """The ageing of a day, with rows by account or document when ``by`` says so.

    Raises FinanceError when no published night has closed the day, or the company is unknown.
    """
    newest = previous_run(url, date.max)
    if newest is None or newest.as_of < as_of:
        raise FinanceError(
            f"No published night has closed {as_of} yet.",
            f"Run the night of {as_of + timedelta(days=1)}, or ask for an earlier day.",
        )
    then = current_run(url, as_of + timedelta(days=1))
    published = lakes.sealed_tables(lake, then.run_id)["open_item"] if then is not None else None
    business_date = as_of + timedelta(days=1)
    with duck.session(_inputs(lake, newest, business_date), RESULTS) as connection:
        duck.run_models(connection, business_date, needed_for(_NEEDED))
        _keep_known(connection, published, company_id)
        return Ageing(
            as_of=as_of,
            replayed_from=newest.snapshot_id,
            published_run=then.run_id if then is not None else None,
            buckets=tuple(Bucket(*row) for row in _buckets(connection, is_published=published is not None)),
            moved=tuple(Moved(*row) for row in _moved(connection)) if published is not None else (),
            ties=tuple(Tie(*row) for row in _ties(connection)),
            rows=tuple(_rows(connection, by, is_published=published is not None)) if by is not None else (),
        )


def _inputs(lake: Path, newest: RunRecord, business_date: date) -> duck.Inputs:
    """The newest ledger, without the rows that its night left out; what they would add on the day is beside it."""
    taken = snapshot.load(lake, newest.snapshot_id)
    folder = lakes.run_folder(lake, newest.run_id)
    lakes.check_quality(folder)
    ledger = {name: file.path for name, file in taken.tables.items()}
    quarantined = folder / "quality" / "quarantine.parquet"
    return duck.Inputs(
        business_date=business_date,
        policy=lakes.read_policy(lake, newest.run_id, newest.policy_hash),
        ledger=ledger,
        quarantine=quarantined,
        left_out=balance_left_out(ledger, quarantined, business_date - timedelta(days=1)),
    )


def _keep_known(connection: duckdb.DuckDBPyConnection, published: Path | None, company_id: str | None) -> None:
    """Tables ``replayed`` and ``published``: open instalments of the companies that are asked for."""
    known = [row[0] for row in connection.execute("SELECT company_id FROM ledger.company ORDER BY 1").fetchall()]
    if company_id is not None and company_id not in known:
        raise FinanceError(f"The ledger has no company {company_id}.", f"It has {', '.join(known)}.")
    columns = "company_id, account_id, document_id, seq, currency, bucket, open_amount"
    source = "read_parquet(?)" if published is not None else "(SELECT * FROM open_item WHERE ? IS NULL AND FALSE)"
    asked = [company_id] if company_id is not None else known
    connection.execute("CREATE TABLE asked AS SELECT UNNEST(?::VARCHAR[]) AS company_id", [asked])
    connection.execute(f"CREATE TABLE replayed AS SELECT {columns} FROM open_item SEMI JOIN asked USING (company_id)")
    connection.execute(
        f"CREATE TABLE published AS SELECT {columns} FROM {source} SEMI JOIN asked USING (company_id)",
        [str(published) if published is not None else None],
    )
    connection.execute(
        "CREATE VIEW entry AS"
        " SELECT * EXCLUDE (open_amount), open_amount AS replayed, 0 AS published FROM replayed UNION ALL"
        " SELECT * EXCLUDE (open_amount), 0 AS replayed, open_amount AS published FROM published"
    )


def _buckets(connection: duckdb.DuckDBPyConnection, *, is_published: bool) -> list[tuple[Any, ...]]:
    query = """
        WITH pair AS (SELECT DISTINCT company_id, currency FROM entry)
        SELECT
            p.company_id, p.currency, b.bucket,
            CAST(COALESCE(SUM(e.replayed), 0) AS DECIMAL(18, 4)),
            CASE WHEN ? THEN CAST(COALESCE(SUM(e.published), 0) AS DECIMAL(18, 4)) END
        FROM pair AS p
        CROSS JOIN policy.bucket AS b
        LEFT JOIN entry AS e ON p.company_id = e.company_id AND p.currency = e.currency AND b.bucket = e.bucket
        GROUP BY p.company_id, p.currency, b.bucket, b.place
        ORDER BY p.company_id, p.currency, b.place
    """
    return connection.execute(query, [is_published]).fetchall()


def _rows(connection: duckdb.DuckDBPyConnection, by: By, *, is_published: bool) -> list[tuple[Any, ...]]:
    """What is in another bucket than it was published in has a row in each: every bucket has the sum of its rows."""
    keys = ", ".join(("company_id", *KEYS[by], "currency", "bucket"))
    query = f"""
        SELECT
            {keys},
            CAST(SUM(replayed) AS DECIMAL(18, 4)),
            CASE WHEN $is_published THEN CAST(SUM(published) AS DECIMAL(18, 4)) END,
            CASE WHEN $is_published THEN CAST(SUM(replayed - published) AS DECIMAL(18, 4)) END
        FROM entry
        INNER JOIN policy.bucket AS b USING (bucket)
        GROUP BY {keys}, b.place
        ORDER BY {", ".join(("company_id", *KEYS[by], "currency"))}, b.place
    """
    return connection.execute(query, {"is_published": is_published}).fetchall()


def _moved(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    query = """
        SELECT
            COALESCE(r.company_id, p.company_id), COALESCE(r.account_id, p.account_id),
            COALESCE(r.document_id, p.document_id), COALESCE(r.seq, p.seq), COALESCE(r.currency, p.currency),
            r.bucket, CAST(COALESCE(r.open_amount, 0) AS DECIMAL(18, 4)),
            p.bucket, CAST(COALESCE(p.open_amount, 0) AS DECIMAL(18, 4))
        FROM replayed AS r
        FULL JOIN published AS p
            ON r.company_id = p.company_id AND r.document_id = p.document_id AND r.seq = p.seq
        WHERE r.open_amount IS DISTINCT FROM p.open_amount OR r.bucket IS DISTINCT FROM p.bucket
        ORDER BY 1, 5, ABS(COALESCE(r.open_amount, 0) - COALESCE(p.open_amount, 0)) DESC, 3, 4
    """
    return connection.execute(query).fetchall()


def _ties(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    amounts = "ledger_balance, quarantined, control_balance, difference"
    shown = ", ".join(f"CAST({name} AS DECIMAL(18, 4))" for name in amounts.split(", "))
    return connection.execute(
        f"SELECT company_id, currency, {shown}, state FROM tie_out SEMI JOIN asked USING (company_id) ORDER BY 1, 2"
    ).fetchall()
