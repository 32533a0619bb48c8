"""The column types of both contracts, written once, and what each is called elsewhere.

The ledger contract and the warehouse tables are SQLAlchemy ``Table`` objects made of these types. From them come DDL,
casts on extraction, DuckDB tables, basic expectations and the data dictionary.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Date, DateTime, Integer, Numeric, Table, Text
from sqlalchemy.types import JSON, TypeEngine

MONEY = Numeric(18, 4)
RATE = Numeric(18, 8)
EXACT_RATE = Numeric(18, 15)
"""A share that is multiplied with money: 15 digits, so that no cent depends on its rounding."""
PERCENT = Numeric(9, 2)
TIMESTAMP = DateTime(timezone=True)


def duckdb_type(column: Column[Any]) -> str:
    """The DuckDB type that holds this column exactly; timestamps are kept in UTC."""
    kind: TypeEngine[Any] = column.type
    if isinstance(kind, Numeric):
        return f"DECIMAL({kind.precision},{kind.scale})"
    if isinstance(kind, DateTime):
        return "TIMESTAMPTZ"
    for family, name in ((Text, "VARCHAR"), (Date, "DATE"), (Boolean, "BOOLEAN"), (Integer, "BIGINT"), (JSON, "JSON")):
        if isinstance(kind, family):
            return name
    raise TypeError(f"{column.table.name}.{column.name}: no DuckDB type is known for {kind!r}")


def type_name(column: Column[Any]) -> str:
    """The type as the data dictionary and error messages call it."""
    kind: TypeEngine[Any] = column.type
    if isinstance(kind, Numeric):
        return f"decimal({kind.precision},{kind.scale})"
    if isinstance(kind, DateTime):
        return "timestamp (UTC)"
    for family, name in ((Text, "text"), (Date, "date"), (Boolean, "boolean"), (Integer, "integer"), (JSON, "json")):
        if isinstance(kind, family):
            return name
    raise TypeError(f"{column.table.name}.{column.name}: no name is known for {kind!r}")


def allowed_values(column: Column[Any]) -> tuple[str, ...] | None:
    """The closed set of values of this column, or None when it is open."""
    values: tuple[str, ...] | None = column.info.get("values")
    return values


def key_columns(table: Table) -> list[str]:
    """Names of the primary key's columns, in order."""
    return [column.name for column in table.primary_key.columns]
