"""Replaying one account of a published night: as it was, and as it would be if something were added to the ledger.

The account is cut out of the lake once, into small files: its own rows of the snapshot without the quarantined ones,
its rows of the night before, and its published rows. The models then run on those files. What an account becomes
depends on no other account but through ranks, which are left out, and through the cap on new sanctions, which is
taken from the published rows.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Column, Table

from huikuan.columns import duckdb_type
from huikuan.engine import duck
from huikuan.engine.graph import Model, deciding_models
from huikuan.errors import HuikuanError
from huikuan.ledger.contract import INPUTS
from huikuan.ledger.duck import name, pattern, text
from huikuan.letters.facts import NightFiles, open_night
from huikuan.night import lake as lakes
from huikuan.policy import Policy
from huikuan.settings import INCLUDE
from huikuan.warehouse.tables import RESULTS
from huikuan.wording import clean

AccountKey = tuple[str, str]
"""(company_id, account_id)"""
Row = dict[str, Any]
Added = Mapping[str, Sequence[Mapping[str, object]]]
"""Rows that a hypothesis adds to the ledger, by table, with the ids of the real account."""

SHOWN = (
    "account_status",
    "account_flag",
    "account_balance",
    "open_item",
    "promise_status",
    "early_warning",
    "decision_reason",
    "task",
    "sanction_cap",
    "quarantine",
)
"""Published results that say something about one account."""

_QUERIES = INCLUDE / "sql" / "why"
_NEIGHBOURS = ("sanction_cap", "task", "task_end")
"""Models whose rows depend on other accounts: their published rows are shown instead."""
_SHARED_IDS = ("company_id", "rep_id", "manager_id", "owner_rep_id")
_NEAREST = 3


class WhyError(HuikuanError):
    """The chain of an account cannot be shown."""


@dataclass(frozen=True)
class Stored:
    """One account of a published night in small Parquet files.

    ``gate`` is what validation wrote; ``ledger`` maps the tables that models read to the account's rows; ``previous``
    and ``published`` are folders with one file per result table. ``is_doubtful``: a row of the account was quarantined.
    """

    key: AccountKey
    identity: lakes.RunIdentity
    policy: Policy
    gate: Mapping[str, Any]
    ledger: Mapping[str, Path]
    previous: Path
    published: Path
    is_doubtful: bool = False


def cut_out(lake: Path, run_id: str, account_id: str, company_id: str | None, folder: Path) -> Stored:
    """Write everything about one account of a run into ``folder``.

    Raises WhyError when the night has no such account or several, SnapshotError when a file of the lake is missing or
    damaged.
    """
    night = open_night(lake, run_id)
    policy = lakes.read_policy(lake, night.identity.run_id, night.identity.policy_hash)
    before = night.identity.previous_run_id
    if before is not None:
        lakes.sealed_tables(lake, before)
    inputs = duck.Inputs(
        business_date=night.identity.business_date,
        policy=policy,
        ledger=night.ledger,
        quarantine=night.quarantine,
        previous=lakes.run_folder(lake, before) / "tables" if before is not None else None,
    )
    with duck.session(inputs, RESULTS) as con:
        key = _resolve(con, night, account_id, company_id)
        _write_night(con, night, key, folder)
        ledger = _write_ledger(con, night, key, folder / "ledger")
        doubts = con.execute(f"SELECT COUNT(*) FROM ledger.quarantined_account WHERE {_is(key)}").fetchone()
    return Stored(
        key=key,
        identity=night.identity,
        policy=policy,
        gate=_gate(lake, run_id),
        ledger=ledger,
        previous=folder / "previous",
        published=folder / "published",
        is_doubtful=bool(doubts and doubts[0]),
    )


@contextmanager
def as_it_was(stored: Stored) -> Iterator[duckdb.DuckDBPyConnection]:
    """The night replayed for the account; schema ``published`` holds the rows that readers see."""
    night = stored.identity
    inputs = duck.Inputs(
        business_date=night.business_date,
        policy=stored.policy,
        ledger=stored.ledger,
        previous=stored.previous,
        gate=str(stored.gate["state"]),
    )
    with duck.session(inputs, RESULTS) as con:
        con.execute("SET threads = 1")  # a few hundred rows: more threads only wait for each other
        con.execute("CREATE SCHEMA published")
        for table in SHOWN:
            con.execute(
                f"CREATE VIEW published.{table} AS SELECT * FROM read_parquet({_file(stored.published, table)})"
            )
        con.execute("CREATE TABLE sanction_cap AS SELECT * FROM published.sanction_cap")
        _doubt(con, stored, [""])
        duck.run_models(con, night.business_date, [m for m in deciding_models() if m.name not in _NEIGHBOURS])
        yield con


@contextmanager
def as_it_would_be(
    stored: Stored,
    business_date: date,
    hypotheses: Sequence[Added],
    folder: Path,
    repaired: Collection[int] = (),
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A later night, once for each hypothesis, all in one run of the models; the gate is open, the cap as it was.

    Each hypothesis gets a copy of the account whose ids begin with its number (``0~``, ``1~``, …); its order among
    equals stays. ``folder`` is made for the files. Facts of the snapshot that are dated later begin to count; rows
    that were quarantined stay so, but for the hypotheses in ``repaired``, where they are not in doubt any more.
    """
    ledger, previous = _write_copies(stored, hypotheses, folder)
    inputs = duck.Inputs(business_date=business_date, policy=stored.policy, ledger=ledger, previous=previous)
    with duck.session(inputs, RESULTS) as con:
        con.execute("SET threads = 1")
        con.execute(f"CREATE TABLE sanction_cap AS FROM read_parquet({_file(stored.published, 'sanction_cap')})")
        _doubt(con, stored, [f"{place}~" for place in range(len(hypotheses)) if place not in repaired])
        duck.run_models(con, business_date, _deciding_models())
        yield con


def rows(con: duckdb.DuckDBPyConnection, query: str, business_date: date, as_of: date) -> list[Row]:
    """The rows of one file of include/sql/why, as mappings."""
    statement = (_QUERIES / f"{query}.sql").read_text(encoding="utf-8")
    for parameter, day in (("$business_date", business_date), ("$as_of", as_of)):
        statement = statement.replace(parameter, f"CAST('{day}' AS DATE)")
    return fetch(con, statement)


def fetch(con: duckdb.DuckDBPyConnection, statement: str) -> list[Row]:
    """Rows as mappings."""
    result = con.execute(statement)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, values, strict=True)) for values in result.fetchall()]


def unprefixed(identifier: str) -> str:
    """The real id behind that of a copy."""
    return identifier.split("~", 1)[1]


def _doubt(con: duckdb.DuckDBPyConnection, stored: Stored, prefixes: Sequence[str]) -> None:
    """Tell the models that the account, or these copies of it, may not be whole."""
    if stored.is_doubtful and prefixes:
        company, account = stored.key
        copies = ", ".join(f"({text(company)}, {text(prefix + account)})" for prefix in prefixes)
        con.execute(f"INSERT INTO ledger.quarantined_account VALUES {copies}")


def _is(key: AccountKey) -> str:
    """The condition that a row is about this account."""
    company, account = map(text, key)
    return f"company_id = {company} AND account_id = {account}"


# --- cutting out -----------------------------------------------------------------------------------------------------


def _gate(lake: Path, run_id: str) -> dict[str, Any]:
    path = lakes.run_folder(lake, run_id) / "quality" / "gate.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _resolve(con: duckdb.DuckDBPyConnection, night: NightFiles, account_id: str, company_id: str | None) -> AccountKey:
    """The one account that is meant."""
    shown = clean(account_id)
    day = night.identity.business_date
    found = [
        str(company)
        for (company,) in con.execute(
            f"SELECT company_id FROM ledger.account WHERE account_id = {text(account_id)} ORDER BY company_id"
        ).fetchall()
    ]
    if company_id is not None and company_id in found:
        return company_id, account_id
    if company_id is None and len(found) == 1:
        return found[0], account_id
    if found:
        where = ", ".join(map(clean, found))
        raise WhyError(
            f"{'Several companies have' if company_id is None else f'Company {clean(company_id)} has no'}"
            f" account {shown} on the night of {day}{'' if company_id is None else f'; {where} has'}.",
            f"Say which company is meant: --company {' or --company '.join(map(clean, found))}.",
        )
    left_out = con.execute(
        f"SELECT rule_id FROM read_parquet({pattern(night.quarantine)}) WHERE table_name = 'account'"
        f" AND json_extract_string(row, '$.account_id') = {text(account_id)} ORDER BY rule_id"
    ).fetchall()
    if left_out:
        raise WhyError(
            f"Account {shown} was left out of the night of {day}: its row breaks {left_out[0][0]}.",
            f"Correct the row in the ledger; {_report(night)} says what was wrong with it.",
        )
    raise WhyError(
        f"The ledger of the night of {day} has no account {shown}. Nearest: {_nearest(con, account_id)}.",
        f"SELECT company_id, account_id FROM collections.account_status WHERE business_date = '{day}' lists all.",
    )


def _nearest(con: duckdb.DuckDBPyConnection, account_id: str) -> str:
    found = con.execute(
        f"SELECT DISTINCT account_id, levenshtein(lower(account_id), lower({text(account_id)})) AS distance"
        f" FROM ledger.account ORDER BY distance, account_id LIMIT {_NEAREST}"
    ).fetchall()
    return ", ".join(clean(row[0]) for row in found) or "none, the ledger has no accounts"


def _report(night: NightFiles) -> Path:
    return night.quarantine.parent / "report.html"


def _write_ledger(con: duckdb.DuckDBPyConnection, night: NightFiles, key: AccountKey, folder: Path) -> dict[str, Path]:
    """The account's rows of every table that models read, and whole tables of master data.

    Where money of another account was applied to a document of this one, or the other way round, both ends come
    along: otherwise the allocation would be read differently.
    """
    folder.mkdir(parents=True)
    company, own = text(key[0]), _is(key)
    con.execute(f"CREATE TEMP TABLE own_document AS SELECT document_id FROM ledger.document WHERE {own}")
    con.execute(f"CREATE TEMP TABLE own_receipt AS SELECT receipt_id FROM ledger.receipt WHERE {own}")
    con.execute(
        f"CREATE TEMP TABLE own_allocation AS SELECT * FROM ledger.allocation WHERE company_id = {company} AND ("
        " document_id IN (SELECT document_id FROM own_document)"
        " OR (source_kind = 'receipt' AND source_id IN (SELECT receipt_id FROM own_receipt))"
        " OR (source_kind = 'credit_note' AND source_id IN (SELECT document_id FROM own_document)))"
    )
    linked_document = (
        "SELECT document_id FROM own_allocation UNION SELECT source_id FROM own_allocation"
        " WHERE source_kind = 'credit_note'"
    )
    linked_receipt = "SELECT source_id FROM own_allocation WHERE source_kind = 'receipt'"
    where = {
        "document": f"({own}) OR (company_id = {company} AND document_id IN ({linked_document}))",
        "receipt": f"({own}) OR (company_id = {company} AND receipt_id IN ({linked_receipt}))",
    }
    files: dict[str, Path] = {}
    for table in sorted(_read_tables("ledger") & set(night.ledger)):
        columns = INPUTS[table].columns
        if "account_id" in columns:
            condition = where.get(table, own)
        elif "document_id" in columns:
            condition = f"company_id = {company} AND document_id IN (SELECT document_id FROM own_document)"
        else:
            condition = "TRUE"
        source = "SELECT * FROM own_allocation" if table == "allocation" else f"FROM ledger.{table} WHERE {condition}"
        files[table] = folder / f"{table}.parquet"
        con.execute(f"COPY ({source}) TO {text(str(files[table]))} (FORMAT parquet)")
    return files


def _write_night(con: duckdb.DuckDBPyConnection, night: NightFiles, key: AccountKey, folder: Path) -> None:
    """The account's rows of the night before, and of this one."""
    company, account, own = text(key[0]), text(key[1]), _is(key)
    for target in ("previous", "published"):
        (folder / target).mkdir(parents=True)
    for table in sorted(_read_tables("previous")):
        con.execute(f"COPY (FROM previous.{table} WHERE {own}) TO {_file(folder / 'previous', table)} (FORMAT parquet)")
    documents = f"SELECT document_id FROM read_parquet({pattern(night.ledger['document'])}) WHERE {own}"
    about = "json_extract_string(row, '$.{}')"
    where = {
        "sanction_cap": f"company_id = {company}",
        "quarantine": f"coalesce({about.format('company_id')}, {company}) = {company} AND ({about.format('account_id')}"
        f" = {account} OR {about.format('document_id')} IN ({documents}))",
    }
    for table in sorted({*SHOWN, *_read_tables("previous")}):  # a later night continues from this one
        con.execute(f"CREATE TEMP TABLE empty_{table} ({_definition(RESULTS[table])})")
        source = f"FROM read_parquet({pattern(night.results[table])}) WHERE {where.get(table, own)}"
        con.execute(
            f"COPY (SELECT * FROM empty_{table} UNION ALL BY NAME (SELECT * {source}))"
            f" TO {_file(folder / 'published', table)} (FORMAT parquet)"
        )


# --- copies ----------------------------------------------------------------------------------------------------------


def _write_copies(stored: Stored, hypotheses: Sequence[Added], folder: Path) -> tuple[dict[str, Path], Path]:
    """One copy of the account per hypothesis, in the ledger and in the rows that a later night continues from."""
    folder.mkdir(parents=True)
    ledger = dict(stored.ledger)
    number = f"(SELECT CAST(range AS VARCHAR) || '~' AS prefix FROM range({len(hypotheses)}))"
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        for table in sorted({*ledger, *(table for added in hypotheses for table in added)}):
            contract = INPUTS[table]
            if not any(map(_is_own_id, contract.columns)):
                continue
            parts = [f"SELECT {_prefixed(contract)} FROM {_source(stored, contract)} CROSS JOIN {number}"]
            parts += _added_rows(contract, [added.get(table, ()) for added in hypotheses])
            ledger[table] = folder / f"{table}.parquet"
            con.execute(f"COPY ({' UNION ALL '.join(parts)}) TO {text(str(ledger[table]))} (FORMAT parquet)")
        previous = folder / "previous"
        previous.mkdir()
        for table in sorted(_read_tables("previous")):
            con.execute(
                "COPY (SELECT t.* REPLACE (prefix || account_id AS account_id)"
                f" FROM read_parquet({_file(stored.published, table)}) AS t CROSS JOIN {number})"
                f" TO {_file(previous, table)} (FORMAT parquet)"
            )
    return ledger, previous


def _source(stored: Stored, table: Table) -> str:
    if table.name in stored.ledger:
        return f"read_parquet({text(str(stored.ledger[table.name]))})"
    nothing = ", ".join(f"CAST(NULL AS {duckdb_type(column)}) AS {name(column.name)}" for column in table.columns)
    return f"(SELECT {nothing} WHERE FALSE)"


def _is_own_id(column: Column[Any]) -> bool:
    """Whether the column names something of one account, and so is another in each copy."""
    return column.name.endswith("_id") and column.name not in _SHARED_IDS


def _prefixed(table: Table) -> str:
    return ", ".join(
        f"prefix || {name(column.name)} AS {name(column.name)}" if _is_own_id(column) else name(column.name)
        for column in table.columns
    )


def _added_rows(table: Table, added: Sequence[Sequence[Mapping[str, object]]]) -> list[str]:
    """A SELECT of the rows that each copy gets in addition; none when there are none."""
    names = [column.name for column in table.columns]
    unknown = {key for rows_of_copy in added for row in rows_of_copy for key in row} - set(names)
    if unknown:
        raise ValueError(f"{table.name} has no column {', '.join(sorted(unknown))}")
    values = [
        ", ".join(
            _literal(
                f"{place}~{row[column.name]}" if _is_own_id(column) and row.get(column.name) else row.get(column.name)
            )
            for column in table.columns
        )
        for place, rows_of_copy in enumerate(added)
        for row in rows_of_copy
    ]
    if not values:
        return []
    cast = ", ".join(f"CAST({name(column.name)} AS {duckdb_type(column)})" for column in table.columns)
    listed = ", ".join(f"({value})" for value in values)
    return [f"SELECT {cast} FROM (VALUES {listed}) AS t({', '.join(map(name, names))})"]


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str | int | Decimal | date | datetime):
        return text(str(value))
    raise TypeError(f"no literal for {type(value).__name__}")


# --- models ----------------------------------------------------------------------------------------------------------


@cache
def _deciding_models() -> tuple[Model, ...]:
    """The models that status and sanctions of an account follow from, in their order, without the cap."""
    models = {model.name: model for model in deciding_models()}
    needed: set[str] = set()
    waiting = ["account_status", "account_flag"]
    while waiting:
        found = waiting.pop()
        if found not in needed and found not in _NEIGHBOURS:
            needed.add(found)
            waiting += sorted(models[found].inputs)
    return tuple(model for model in deciding_models() if model.name in needed | {"open_item", "company_rate"})


@cache
def _read_tables(schema: str) -> frozenset[str]:
    """Tables of ``ledger`` or ``previous`` that some model reads."""
    named = {source.partition(".")[::2] for model in deciding_models() for source in model.outside}
    known = INPUTS if schema == "ledger" else RESULTS
    return frozenset(table for place, table in named if place == schema and table in known)


def _definition(table: Table) -> str:
    return ", ".join(f"{name(column.name)} {duckdb_type(column)}" for column in table.columns)


def _file(folder: Path, table: str) -> str:
    return text(str(folder / f"{table}.parquet"))
