"""From what a source yields to the contract's types, strictly: a value either fits exactly or is refused by name.

Every column gets two expressions, its value and its fault. Writing evaluates both in one pass and stops at the first
fault; only then the relation is read again to count all faults and fetch the first few for the message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Boolean, Column, Date, DateTime, Integer, Numeric, Table, Text

from huikuan.columns import duckdb_type, key_columns, type_name
from huikuan.errors import LedgerError, SnapshotError
from huikuan.ledger import duck
from huikuan.ledger.contract import required_columns
from huikuan.ledger.formats import Formats, near

_EXAMPLES = 5
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_WIDE_INTEGERS = ("UBIGINT", "HUGEINT", "UHUGEINT")
_LOCAL_TIMES = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_FLOAT_DIGITS = {"FLOAT": 6, "DOUBLE": 15}
"""Decimal digits that a float holds for certain; with more, two amounts may share one float."""


@dataclass(frozen=True)
class Raw:
    """One table as a source yielded it, before it has the contract's types.

    ``relation`` stands after FROM. ``columns`` maps names to DuckDB types. ``label`` and ``stated_in`` are what
    messages call the data and the file in which formats are stated. ``rows`` turns ordinals of rows (1, 2, …) into
    the numbers a person finds them by. ``by_key``: the rows have no order of their own, so write them by key and
    name the key in messages.
    """

    relation: str
    columns: dict[str, str]
    label: str
    formats: Formats
    stated_in: str
    rows: Callable[[Sequence[int]], list[int]]
    by_key: bool = False


@dataclass(frozen=True)
class _Rule:
    """How one column is cast: SQL of its value, and SQL that is true where the value must be refused (or None)."""

    value: str
    fault: str | None


def write_table(con: duckdb.DuckDBPyConnection, raw: Raw, table: Table, target: Path) -> None:
    """Write one Parquet file with exactly the contract's columns; LedgerError names what does not fit."""
    _check_columns(raw, table)
    rules = {column.name: _rule(column, raw) for column in table.columns}
    projection = ", ".join(f"{_guarded(rule)} AS {duck.name(name)}" for name, rule in rules.items())
    order = ""
    if raw.by_key:
        order = f" ORDER BY {', '.join(duck.name(name) for name in key_columns(table))}"
    query = f"SELECT {projection} FROM {raw.relation}{order}"
    try:
        con.execute(f"COPY ({query}) TO {duck.text(str(target))} (FORMAT parquet, COMPRESSION zstd)")
    except duckdb.Error as error:
        no_room(error)
        _refuse_values(con, raw, table, rules)
        raise


def no_room(error: duckdb.Error) -> None:
    """Say so when it was the disk, not the data, that failed."""
    if "No space left on device" in str(error):
        raise SnapshotError(
            "The disk is full: the snapshot could not be written.",
            "Free space in the lake's file system and run again.",
        ) from None


def _guarded(rule: _Rule) -> str:
    return f"CASE WHEN {rule.fault} THEN error('refused') ELSE {rule.value} END" if rule.fault else rule.value


# --- columns ---------------------------------------------------------------------------------------------------------


def _check_columns(raw: Raw, table: Table) -> None:
    known = [column.name for column in table.columns]
    unknown = [name for name in raw.columns if name not in known]
    missing = [name for name in required_columns(table) if name not in raw.columns]
    if unknown:
        free = [name for name in known if name not in raw.columns]
        listed = "; ".join(f"{name!r}{near(name, free).replace('; ', ' – ')}" for name in unknown)
        also = f" Required and not there: {', '.join(missing)}." if missing else ""
        raise LedgerError(
            f"{raw.label}: the {table.name} table of the contract has no column {listed}{also}",
            f"Rename or leave out what the contract does not know; its columns are {', '.join(known)}.",
        )
    if missing:
        raise LedgerError(
            f"{raw.label}: required column{'s' if len(missing) > 1 else ''} {', '.join(missing)} "
            f"of the {table.name} table {'are' if len(missing) > 1 else 'is'} missing.",
            f"Add {'them' if len(missing) > 1 else 'it'}; there are {', '.join(raw.columns) or 'no columns'}.",
        )


# --- one rule per contract type --------------------------------------------------------------------------------------


def _rule(column: Column[Any], raw: Raw) -> _Rule:
    """The rule of one column; of a type that cannot become the contract's, only nulls are taken."""
    target = duckdb_type(column)
    if column.name not in raw.columns:
        return _Rule(f"CAST(NULL AS {target})", None)
    fitting = _fitting_rule(column, raw)
    return fitting or _Rule(f"CAST(NULL AS {target})", f"{duck.name(column.name)} IS NOT NULL")


def _fitting_rule(column: Column[Any], raw: Raw) -> _Rule | None:
    x, kind = duck.name(column.name), raw.columns[column.name]
    if kind in ("VARCHAR", "JSON") or kind.startswith("ENUM("):
        x, kind = f"nullif(CAST({x} AS VARCHAR), '')", "VARCHAR"
    if isinstance(column.type, Text):
        return _text_rule(x, kind)
    if isinstance(column.type, Numeric | Integer):
        return _number_rule(x, kind, column, raw.formats)
    if isinstance(column.type, Boolean):
        return _boolean_rule(x, kind)
    if isinstance(column.type, DateTime):
        return _timestamp_rule(x, kind, raw.formats)
    if isinstance(column.type, Date):
        return _date_rule(x, kind, raw.formats)
    return None


def _explain_type(column: Column[Any], raw: Raw) -> tuple[str, str]:
    kind = raw.columns[column.name]
    remedy = f"Yield {column.name} as {type_name(column)}."
    if isinstance(column.type, Date) and kind == "TIMESTAMP WITH TIME ZONE":
        remedy = "Yield the local day: CAST(timezone('Asia/Shanghai', column) AS DATE), with the zone of the books."
    elif isinstance(column.type, DateTime) and kind in _LOCAL_TIMES:
        remedy = f"State the zone of such times in {raw.stated_in}, such as `timezone: Asia/Shanghai`."
        return "has no offset", remedy
    elif isinstance(column.type, Text):
        remedy = f"Yield {column.name} as text, written as people know it (leading zeros included)."
    return f"has type {kind}", remedy


def _text_rule(x: str, kind: str) -> _Rule | None:
    if kind == "VARCHAR":
        return _Rule(x, f"contains({x}, chr(0))")
    whole = re.fullmatch(r"DECIMAL\(\d+,0\)", kind) is not None
    if whole or kind == "UUID" or kind in _INTEGERS + _WIDE_INTEGERS:
        return _Rule(f"CAST({x} AS VARCHAR)", None)
    return None


def _number_rule(x: str, kind: str, column: Column[Any], formats: Formats) -> _Rule | None:
    target = duckdb_type(column)
    scale = column.type.scale or 0 if isinstance(column.type, Numeric) else 0
    if kind == "VARCHAR":
        return _written_number(x, target, scale, formats.decimal, formats.thousands)
    if _fits(kind, column):
        return _Rule(f"CAST({x} AS {target})", None)
    if kind.startswith("DECIMAL(") or kind in _INTEGERS + _WIDE_INTEGERS:
        return _written_number(f"CAST({x} AS VARCHAR)", target, scale, ".", None)
    if kind in _FLOAT_DIGITS:
        shortest = f"CAST({x} AS VARCHAR)"
        rule = _written_number(shortest, target, scale, ".", None)
        digits = f"trim(regexp_replace({shortest}, '[^0-9]', '', 'g'), '0')"
        return _Rule(rule.value, f"{rule.fault} OR length({digits}) > {_FLOAT_DIGITS[kind]}")
    return None


def _fits(kind: str, column: Column[Any]) -> bool:
    """Whether every value of the DuckDB type ``kind`` fits the column, so that a plain cast is exact."""
    if isinstance(column.type, Integer) and not isinstance(column.type, Numeric):
        return kind in _INTEGERS
    match = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind)
    if match is None or not isinstance(column.type, Numeric):
        return False
    precision, scale = int(match[1]), int(match[2])
    target_precision, target_scale = column.type.precision or 0, column.type.scale or 0
    return scale <= target_scale and precision - scale <= target_precision - target_scale


def _written_number(x: str, target: str, scale: int, decimal: str, thousands: str | None) -> _Rule:
    """Digits, at most ``scale`` decimals that are not zero, thousands only when stated and only in groups of three."""
    pattern = number_pattern(scale, decimal, thousands)
    clean = x
    if thousands:
        clean = f"replace({clean}, {duck.text(thousands)}, '')"
    if decimal != ".":
        clean = f"replace({clean}, {duck.text(decimal)}, '.')"
    value = f"TRY_CAST({clean} AS {target})"
    return _Rule(value, f"{x} IS NOT NULL AND (NOT regexp_full_match({x}, {duck.text(pattern)}) OR {value} IS NULL)")


def number_pattern(scale: int, decimal: str, thousands: str | None) -> str:
    """Regular expression of a number as this source writes it; the same text serves RE2 and Python."""
    whole = f"([0-9]+|[0-9]{{1,3}}({re.escape(thousands)}[0-9]{{3}})+)" if thousands else "[0-9]+"
    point = re.escape(decimal)
    if not scale:
        return f"-?{whole}({point}0+)?"
    return f"-?({whole}({point}[0-9]{{1,{scale}}}0*)?|{point}[0-9]{{1,{scale}}}0*)"


def _boolean_rule(x: str, kind: str) -> _Rule | None:
    if kind == "BOOLEAN":
        return _Rule(x, None)
    if kind != "VARCHAR" and kind not in _INTEGERS:
        return None
    written = f"lower(CAST({x} AS VARCHAR))"
    return _Rule(f"{written} IN ('true', '1')", f"{written} NOT IN ('true', 'false', '1', '0')")


def _in_calendar(x: str, day: str) -> str:
    """True where ``x`` is something but ``day`` is no day of the years 1000 to 9999 (a year 13 is a 2013 cut short)."""
    return f"{x} IS NOT NULL AND ({day} IS NULL OR NOT {day} BETWEEN DATE '1000-01-01' AND DATE '9999-12-31')"


def _date_rule(x: str, kind: str, formats: Formats) -> _Rule | None:
    if kind == "DATE":
        return _Rule(x, _in_calendar(x, x))
    if kind in _LOCAL_TIMES:
        day = f"CAST({x} AS DATE)"
        return _Rule(day, f"{_in_calendar(x, day)} OR CAST({day} AS TIMESTAMP) <> {x}")
    if kind != "VARCHAR":
        return None
    if formats.date_format is None:
        day = f"TRY_CAST({x} AS DATE)"
        return _Rule(day, f"{_in_calendar(x, day)} OR NOT regexp_full_match({x}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')")
    moment = f"try_strptime({x}, {duck.text(formats.date_format)})"
    day = f"CAST({moment} AS DATE)"
    return _Rule(day, f"{_in_calendar(x, day)} OR CAST({day} AS TIMESTAMP) <> {moment} OR {x} <> trim({x})")


_ISO_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?"
_OFFSET = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)"


def _timestamp_rule(x: str, kind: str, formats: Formats) -> _Rule | None:
    if kind == "TIMESTAMP WITH TIME ZONE":
        return _Rule(x, _in_calendar(x, f"CAST(timezone('UTC', {x}) AS DATE)"))
    if kind in _LOCAL_TIMES:
        return _local_rule(x, f"CAST({x} AS TIMESTAMP)", formats.timezone) if formats.timezone else None
    if kind != "VARCHAR":
        return None
    if formats.timestamp_format is not None:
        parsed = f"try_strptime({x}, {duck.text(formats.timestamp_format)})"
        if "%z" not in formats.timestamp_format:
            return _local_rule(x, parsed, formats.timezone) if formats.timezone else _Rule("NULL", f"{x} IS NOT NULL")
        return _Rule(parsed, _in_calendar(x, f"CAST(timezone('UTC', {parsed}) AS DATE)"))
    with_offset = f"TRY_CAST({x} AS TIMESTAMPTZ)"
    offset = f"regexp_full_match({x}, {duck.text(_ISO_TIME + _OFFSET)})"
    absolute = _in_calendar(x, f"CAST(timezone('UTC', {with_offset}) AS DATE)")
    if formats.timezone is None:
        return _Rule(with_offset, f"{absolute} OR NOT {offset}")
    local = _local_rule(x, f"TRY_CAST({x} AS TIMESTAMP)", formats.timezone)
    iso = f"regexp_full_match({x}, {duck.text(_ISO_TIME)})"
    return _Rule(
        f"CASE WHEN {offset} THEN {with_offset} ELSE {local.value} END",
        f"CASE WHEN {offset} THEN {absolute} ELSE {local.fault} OR NOT {iso} END",
    )


def _local_rule(x: str, local: str, zone: str) -> _Rule:
    """A wall-clock time in ``zone``. One that was skipped when the clocks went forward never was, and is refused."""
    moment = f"timezone({duck.text(zone)}, {local})"
    skipped = f"timezone({duck.text(zone)}, {moment}) <> {local}"
    return _Rule(moment, f"{_in_calendar(x, f'CAST({local} AS DATE)')} OR {skipped}")


# --- what a person reads ---------------------------------------------------------------------------------------------


def _refuse_values(con: duckdb.DuckDBPyConnection, raw: Raw, table: Table, rules: dict[str, _Rule]) -> None:
    """Raise LedgerError with count and first examples of every column that holds a fault; return if none does."""
    faults = {name: rule.fault for name, rule in rules.items() if rule.fault}
    counts = con.execute(
        "SELECT " + ", ".join(f"count(*) FILTER (WHERE {fault})" for fault in faults.values()) + f" FROM {raw.relation}"
    ).fetchone()
    assert counts is not None  # noqa: S101 - an aggregate without GROUP BY yields one row
    lines: list[str] = []
    remedies: list[str] = []
    for (name, fault), count in zip(faults.items(), counts, strict=True):
        if count:
            column = table.columns[name]
            examples = _examples(con, raw, table, name, fault)
            reasons = [explain(column, value, raw) for _, _, value in examples]
            many = f"{count} values are" if count > 1 else "1 value is"
            lines.append(f"column {name}: {many} not {type_name(column)}")
            lines += [
                f"  {place}{key}: {shown(value)} – {why}"
                for (place, key, value), (why, _) in zip(examples, reasons, strict=True)
            ]
            if count > len(examples):
                lines.append(f"  … and {count - len(examples)} more")
            remedies += [remedy for _, remedy in reasons]
    if lines:
        raise LedgerError(f"{raw.label}: " + "\n  ".join(lines), "\n  → ".join(dict.fromkeys(remedies)))


def _examples(
    con: duckdb.DuckDBPyConnection, raw: Raw, table: Table, name: str, fault: str
) -> list[tuple[str, str, str]]:
    """The first faulty rows as (``row 5``, `` (document_id D9)`` or nothing, value as text)."""
    keys = [key for key in key_columns(table) if raw.by_key and key in raw.columns and key != name]
    shown_keys = "".join(f", CAST({duck.name(key)} AS VARCHAR)" for key in keys)
    found = con.execute(
        f"SELECT * FROM (SELECT row_number() OVER () AS n, {fault} AS f, CAST({duck.name(name)} AS VARCHAR){shown_keys}"
        f" FROM {raw.relation}) WHERE f ORDER BY n LIMIT {_EXAMPLES}"
    ).fetchall()
    places = raw.rows([row[0] for row in found])
    return [
        (
            f"row {place}",
            f" ({', '.join(f'{key} {value}' for key, value in zip(keys, row[3:], strict=True))})" if keys else "",
            row[2],
        )
        for place, row in zip(places, found, strict=True)
    ]


def shown(value: str) -> str:
    """A value as a message shows it: visible, quoted, short."""
    cut = value if len(value) <= 40 else value[:40] + "…"
    return ascii(cut) if not cut.isprintable() else repr(cut)


def explain(column: Column[Any], value: str, raw: Raw) -> tuple[str, str]:
    """Why this value was refused, and what to do, as (reason, remedy)."""
    if _fitting_rule(column, raw) is None:
        return _explain_type(column, raw)
    if isinstance(column.type, Text):
        return "holds a NUL character", "Remove NUL characters in the source; no text may hold them."
    if isinstance(column.type, Boolean):
        return "neither true nor false", "Write true, false, 1 or 0."
    if isinstance(column.type, Numeric | Integer):
        return _explain_number(column, value, raw)
    if isinstance(column.type, DateTime):
        return _explain_timestamp(value, raw)
    return _explain_date(value, raw)


def _explain_number(column: Column[Any], value: str, raw: Raw) -> tuple[str, str]:
    scale = column.type.scale or 0 if isinstance(column.type, Numeric) else 0
    decimal, thousands = raw.formats.decimal, raw.formats.thousands
    if raw.columns[column.name] != "VARCHAR":
        decimal, thousands = ".", None
    if raw.columns[column.name] in _FLOAT_DIGITS:
        return (
            f"is a float and not exact at {scale} decimals",
            f"Amounts must be exact: yield {column.name} as {type_name(column)}, rounded by whoever owns the ledger.",
        )
    if re.fullmatch(number_pattern(scale, decimal, thousands), value):
        return (
            "out of range",
            f"{column.name} has at most {_whole_digits(column)} digits before the point; correct it.",
        )
    if re.fullmatch(number_pattern(60, decimal, thousands), value):
        if scale == 0:
            return "has decimals", f"{column.name} is a whole number; correct it in the source."
        return f"has more than {scale} decimals", f"Round {column.name} in the source; it is not rounded silently."
    if value != value.strip():
        return "has spaces around it", f"Write {column.name} without spaces."
    if re.fullmatch(r"-?[0-9.]+[eE][+-]?[0-9]+", value):
        return "scientific notation", f"Write {column.name} with all its digits (a spreadsheet may have shortened it)."
    for other in (",", ".", " ", "'", "\u00a0", "\u202f"):
        if thousands is None and other != decimal and re.fullmatch(number_pattern(60, decimal, other), value):
            return (
                f"has the separator {other!r}, which is not stated",
                f'If it separates thousands, add the line `thousands: "{other}"` to {raw.stated_in}'
                + (', if it is the decimal comma, `decimal: ","`.' if other == "," and decimal == "." else "."),
            )
    if thousands and re.fullmatch(f"-?[0-9{re.escape(thousands + decimal)}]+", value):
        return "is not grouped in threes", f"Correct it in the source: thousands are written as 1{thousands}234."
    if decimal == "." and re.fullmatch(number_pattern(60, ",", "."), value):
        return (
            "has no decimal point",
            f'If it has a decimal comma, state `decimal: ","` in {raw.stated_in}.',
        )
    return "is not a number", "Write digits, a decimal point and nothing else: no sign of currency, no brackets."


def _whole_digits(column: Column[Any]) -> int:
    if isinstance(column.type, Numeric):
        return (column.type.precision or 0) - (column.type.scale or 0)
    return 18


def _explain_date(value: str, raw: Raw) -> tuple[str, str]:
    stated = raw.formats.date_format
    if value != value.strip():
        return "has spaces around it", "Write dates without spaces."
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+", value) and not value.endswith("00:00:00"):
        return "has a time of day", "Yield the day only."
    if stated is not None:
        return (
            f"does not read as a date by {stated}",
            f"Correct the value, or the line `date_format:` in {raw.stated_in} (%Y has four digits, %y two).",
        )
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return "is no day of the calendar between the years 1000 and 9999", "Correct it, or leave it empty."
    return (
        "is not written YYYY-MM-DD",
        f'State how dates are written in {raw.stated_in}, for example `date_format: "%d/%m/%Y"` (day/month/year) or '
        '`"%m/%d/%Y"` (month/day/year).',
    )


def _explain_timestamp(value: str, raw: Raw) -> tuple[str, str]:
    zone, stated = raw.formats.timezone, raw.formats.timestamp_format
    if zone is None and (re.fullmatch(_ISO_TIME, value) or (stated is not None and "%z" not in stated)):
        return (
            "has no offset",
            f"State the zone of such times in {raw.stated_in}, such as `timezone: Asia/Shanghai`.",
        )
    if stated is not None:
        return f"does not read as a time by {stated}", f"Correct it, or `timestamp_format:` in {raw.stated_in}."
    if zone and re.fullmatch(_ISO_TIME, value):
        return f"is no time that {zone} had", "Correct it: clocks that go forward skip an hour, and days must exist."
    return (
        "is not written YYYY-MM-DDTHH:MM:SS with an offset",
        f"Write 2026-01-31T09:00:00+08:00, or state `timestamp_format:` in {raw.stated_in}.",
    )
