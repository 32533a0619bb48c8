"""A small ledger in the contract's form for tests of sources and snapshots, and the poisoned text of fault drills."""

from __future__ import annotations

from pathlib import Path

import duckdb

MINIMAL = {
    "company": "company_id,name,functional_currency,timezone,calendar\nC1,Beispiel,CNY,Asia/Shanghai,CN\n",
    "rep": "rep_id,name,email\nR1,王芳,wang@example.com\n",
    "account": "company_id,account_id,name,credit_limit\nC1,A1,客户一,1000.5000\nC1,A2,客户二,\nC1,A3,𠮷野家,0\n",
    "document": "company_id,document_id,account_id,kind,issued_on,currency,amount,due_on\n"
    "C1,D1,A1,invoice,2026-01-05,CNY,1234.50,2026-02-04\n"
    "C1,D2,A2,invoice,2026-03-01,CNY,99.9999,2026-03-31\n"
    "C1,D3,A2,invoice,2026-01-07,USD,0.01,2026-02-06\n",
    "receipt": "company_id,receipt_id,account_id,received_on,currency,amount\n",
}
"""Required tables as CSV: two currencies, one document dated after 2026-02, no receipts."""

POISON = (
    "=1+1",
    "@SUM",
    "</td><script>",
    "{{ conn.erp.password }}",
    "Hello\r\nBcc: everyone@example.com",
    "../../x",
    "O'B; DROP",
    "a\u202eb",
    "x" * 40_000,
    "𠮷",
    "𪚥",
    "/etc/passwd",
)
"""Text that must come through unchanged."""


def folder(path: Path, **tables: str | bytes) -> Path:
    """Write the minimal ledger as CSV into ``path``, with some tables replaced or added."""
    path.mkdir(parents=True, exist_ok=True)
    for table, content in {**MINIMAL, **tables}.items():
        (path / f"{table}.csv").write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def read(path: Path, columns: str = "*") -> list[tuple[object, ...]]:
    """Rows of a Parquet file, in its order; times as text in UTC."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        return con.execute(f"SELECT {columns} FROM read_parquet(?)", [str(path)]).fetchall()


def types(path: Path) -> dict[str, str]:
    """Columns and DuckDB types of a Parquet file, in order."""
    with duckdb.connect() as con:
        return {row[0]: row[1] for row in con.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()}
