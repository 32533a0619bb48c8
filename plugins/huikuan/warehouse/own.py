"""What a night reads from our own warehouse: decisions of people, overrides, and mails that were really sent.

They are extracted with the ledger into the same snapshot, so that a replay sees exactly what the night saw. Only what
is dated on or before as-of is taken: a decision of this morning belongs to the next night.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from pathlib import Path

import duckdb
from duckdb_extensions import import_extension

from huikuan.columns import duckdb_type
from huikuan.errors import WarehouseError
from huikuan.ledger.contract import OWN_TABLES
from huikuan.warehouse.connect import label, role_conninfo

_DELIVERIES = """
    approved AS (
        SELECT company_id, account_id, number, cut_off, decided_at, decided_day, sent_on, sent_at
        FROM warehouse.collections.statement
        WHERE choice = 'approved' AND cut_off <= DATE '{as_of}'
    ), reply AS (
        SELECT company_id, account_id, number, outcome, received_on, currency, stated_amount, shown_amount,
            document_id, uri, recorded_at
        FROM warehouse.collections.statement_reply
        WHERE received_on <= DATE '{as_of}'
        QUALIFY ROW_NUMBER() OVER (PARTITION BY company_id, account_id, number ORDER BY recorded_at DESC, position DESC)
            = 1
    ), delivery AS (
        -- by mail and on paper; what came back has not arrived, unless it was delivered once more since
        SELECT company_id, account_id, number, delivered_on,
            COALESCE(
                outcome <> 'undeliverable'
                OR delivered_on > received_on
                OR (delivered_on = received_on AND d.known_at > r.recorded_at),
                TRUE
            ) AS has_arrived
        FROM (
            SELECT company_id, account_id, number, sent_on AS delivered_on, sent_at AS known_at
            FROM approved
            WHERE sent_on <= DATE '{as_of}'
            UNION ALL
            SELECT company_id, account_id, number, handed_on, recorded_at
            FROM warehouse.collections.statement_handover
            WHERE handed_on <= DATE '{as_of}'
        ) AS d
        LEFT JOIN reply AS r USING (company_id, account_id, number)
    )"""
_SELECTS = {
    "referral_decision": """
        SELECT d.batch_id, d.company_id, d.account_id, d.flag, d.choice, d.proposed_by, d.decided_by, d.decided_on,
            d.decided_at, COALESCE(r.run_id = d.run_id, FALSE) AS is_current, d.overdue_functional AS shown_overdue
        FROM warehouse.collections.referral AS d
        LEFT JOIN warehouse.collections.run AS r ON d.business_date = r.business_date
        WHERE d.choice IS NOT NULL AND d.decided_on <= DATE '{as_of}'
        ORDER BY d.batch_id, d.company_id, d.account_id, d.flag
    """,
    "sanction_override": """
        SELECT override_id, company_id, account_id, flag, effect, promise_id, author, reason, from_on, expires_on,
            CASE WHEN ended_on <= DATE '{as_of}' THEN ended_on END AS ended_on,
            CASE WHEN ended_on <= DATE '{as_of}' THEN ended_by END AS ended_by
        FROM warehouse.collections.sanction_override
        WHERE from_on <= DATE '{as_of}'
        ORDER BY override_id
    """,
    "notice": """
        SELECT message_id, company_id, account_id, kind, sent_on
        FROM warehouse.collections.delivered_notice
        WHERE sent_on <= DATE '{as_of}'
        ORDER BY message_id, company_id, account_id
    """,
    "statement": f"""
        WITH {_DELIVERIES}, known AS (
            SELECT company_id, account_id, number, MAX(cut_off) AS cut_off,
                MAX(decided_at) AS approved_at, MAX(decided_day) AS approved_on,
                COALESCE(MIN(delivered_on) FILTER (WHERE has_arrived), MIN(delivered_on)) AS sent_on
            FROM approved
            LEFT JOIN delivery USING (company_id, account_id, number)
            GROUP BY company_id, account_id, number
        )
        SELECT * FROM known
        -- what a night looks at: of an account the last two closes that reached it, the last two that did not, and
        -- whatever was answered
        QUALIFY DENSE_RANK() OVER (PARTITION BY company_id, account_id, sent_on IS NULL ORDER BY cut_off DESC) <= 2
            OR number IN (SELECT number FROM reply)
        ORDER BY company_id, account_id, number
    """,
    "statement_reply": f"""
        WITH {_DELIVERIES}
        SELECT * FROM reply AS r
        WHERE outcome <> 'undeliverable' OR NOT EXISTS (
            SELECT 1 FROM delivery AS d
            WHERE d.company_id = r.company_id AND d.account_id = r.account_id AND d.number = r.number AND d.has_arrived
        )
        ORDER BY company_id, account_id, number
    """,
}


class OwnFacts:
    """A source of ``OWN_TABLES``, as of the close of books of one business date."""

    def __init__(self, url: str, business_date: date) -> None:
        self.label = f"own warehouse, {label(url)}"
        self._url = url
        self._as_of = business_date - timedelta(days=1)

    def fingerprint(self) -> str:
        """Digest of what is asked; the rows themselves are known only when they are read."""
        return hashlib.sha256(repr((sorted(_SELECTS.items()), self._as_of)).encode()).hexdigest()

    def tables(self) -> list[str]:
        """All of them: a warehouse that is migrated has them, empty or not."""
        return list(OWN_TABLES)

    def write(self, table: str, target: Path) -> None:
        """Write one table to the Parquet file ``target``, rows in the order of their key."""
        columns = ", ".join(
            f'CAST("{column.name}" AS {duckdb_type(column)}) AS "{column.name}"' for column in OWN_TABLES[table].columns
        )
        with duckdb.connect() as connection:
            import_extension("postgres_scanner", con=connection)
            connection.execute("SET TimeZone = 'UTC'")
            try:
                # DuckDB's error would quote the password, so it is not passed on.
                conninfo = role_conninfo(self._url, "loader").replace("'", "''")
                connection.execute(f"ATTACH '{conninfo}' AS warehouse (TYPE postgres, READ_ONLY, SCHEMA 'collections')")
                rows = _SELECTS[table].format(as_of=self._as_of)
                path = str(target).replace("'", "''")
                connection.execute(
                    f"COPY (SELECT {columns} FROM ({rows})) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
                )
            except duckdb.Error as error:
                raise WarehouseError(
                    f"DuckDB cannot read {table} from the {self.label} ({type(error).__name__}).",
                    "Check that PostgreSQL accepts one more connection and is migrated, and run the step again.",
                ) from None

    def close(self) -> None:
        """Nothing is held between two tables."""
