"""The difference as one HTML page that opens anywhere: no other file, no network, light, dark or on paper."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from huikuan.backtest import charts, sentences
from huikuan.backtest.difference import read_record
from huikuan.settings import INCLUDE
from huikuan.warehouse.tables import STAGES

PAGE = "difference.html"
ACCOUNTS = 25
_REPS = 15
_CHANGES = 40
_GRADES = ("A", "B", "C", "D", "E")
_FIELDS: dict[str, tuple[str, str]] = {
    "stage": ("stage", "阶段"),
    "risk_grade": ("grade", "等级"),
    "pattern": ("pattern", "类型"),
    "arrears_nature": ("nature", "性质"),
    "ladder_step": ("ladder", "步骤"),
    "sanctions": ("sanctions", "惩戒"),
}
Row = dict[str, Any]


def write(folder: Path) -> Path:
    """Write ``difference.html`` beside the tables of ``folder``, from them alone; returns its path."""
    record = read_record(folder)
    nights = record["nights"]
    last = nights[-1]["business_date"]
    environment = Environment(
        loader=FileSystemLoader(INCLUDE / "templates" / "backtest"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"short": _short, "amount": _amount, "termed": sentences.termed, "facts": _facts}
    with duckdb.connect() as connection:
        tables = _Tables(connection, folder)
        page = environment.get_template("difference.html.j2").render(
            first=nights[0]["business_date"],
            last=last,
            nights=nights,
            check_words=sentences.CHECKS,
            company=record["company"],
            policies=record["policies"],
            headline=sentences.headline(record["summary"]),
            checked=sentences.checked(nights),
            is_sound=all(night["check"] != "differs" for night in nights),
            limits=sentences.limits(_sections(record["changes"]), record["gaps"]),
            changes=record["changes"][:_CHANGES],
            more_changes=max(len(record["changes"]) - _CHANGES, 0),
            grades=_matrix(tables, "risk_grade", last, _GRADES),
            stages=_matrix(tables, "stage", last, STAGES),
            moves=_moves(tables, last),
            effects=[
                (*sentences.EFFECTS[effect], flag, n) for effect, flag, n in sentences.by_effect(record["summary"])
            ],
            sanctions=_sanctions_chart(tables),
            sanction_states=_last_states(tables, last),
            money=_money_chart(tables),
            money_rows=tables.rows("SELECT * FROM money WHERE business_date = ? ORDER BY company_id", last),
            reps=_reps_chart(tables),
            tasks=_tasks(record["summary"], len(nights)),
            accounts=_accounts(tables),
            moved=sum(int(Decimal(row[2])) for row in record["summary"] if row[0] == "moved_accounts"),
        )
    path = folder / PAGE
    path.write_text(page, encoding="utf-8")
    return path


class _Tables:
    """The difference's tables as relations; rows come as mappings."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._connection = connection
        for file in folder.glob("*.parquet"):
            quoted = str(file).replace("'", "''")
            connection.execute(f"CREATE VIEW {file.stem} AS SELECT * FROM read_parquet('{quoted}')")

    def rows(self, query: str, *values: object) -> list[Row]:
        found = self._connection.execute(query, list(values))
        names = [str(column[0]) for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


# --- tables ----------------------------------------------------------------------------------------------------------


def _matrix(tables: _Tables, field: str, night: str, order: Iterable[str]) -> Row:
    """Accounts by value under A (rows) and B (columns), with the share that colours a cell, and both sums."""
    names = list(order)
    found = tables.rows(
        "SELECT value_a, value_b, accounts FROM matrix WHERE field = ? AND business_date = ?", field, night
    )
    count = {(row["value_a"], row["value_b"]): row["accounts"] for row in found}
    most = max((n for (a, b), n in count.items() if a != b), default=0)
    lines = [
        {"name": a, "cells": [_cell(a, b, count.get((a, b), 0), most) for b in names], "sum": sum(
            count.get((a, b), 0) for b in names
        )}
        for a in names
    ]  # fmt: skip
    return {
        "names": names,
        "lines": lines,
        "sums": [sum(count.get((a, b), 0) for a in names) for b in names],
        "total": sum(count.values()),
        "worse": sum(n for (a, b), n in count.items() if b > a),
        "better": sum(n for (a, b), n in count.items() if b < a),
    }


def _cell(a: str, b: str, accounts: int, most: int) -> Row:
    """``kind`` is same, worse or better; names sort from best to worst."""
    kind = "same" if a == b else "worse" if b > a else "better"
    return {"accounts": accounts, "kind": kind, "share": round(100 * accounts / most) if most and a != b else 0}


def _moves(tables: _Tables, night: str) -> list[Row]:
    """Per field in which somebody differs: accounts on any night, and on the last."""
    found = tables.rows(
        "SELECT field, COUNT(DISTINCT (company_id, account_id)) AS accounts,"
        " COUNT(*) FILTER (WHERE business_date = ?) AS last_night FROM move GROUP BY field",
        night,
    )
    by_field = {row["field"]: row for row in found}
    return [{"en": en, "zh": zh} | by_field[field] for field, (en, zh) in _FIELDS.items() if field in by_field]


def _last_states(tables: _Tables, night: str) -> list[Row]:
    return tables.rows(
        "SELECT flag, state, SUM(accounts_a) AS a, SUM(accounts_b) AS b FROM sanction_night WHERE business_date = ?"
        " GROUP BY flag, state ORDER BY flag, state",
        night,
    )


def _tasks(summary: Iterable[list[str]], nights: int) -> Row:
    totals = {row[0]: Decimal(row[2]) for row in summary if row[0] in {"tasks_a", "tasks_b"}}
    return {side: totals.get(f"tasks_{side}", Decimal(0)) / nights for side in ("a", "b")}


def _accounts(tables: _Tables) -> list[Row]:
    """The first accounts that stand elsewhere, company by company in turn, each with the reasons of both sides."""
    found = tables.rows("SELECT * FROM moved_account ORDER BY place, company_id LIMIT ?", ACCOUNTS)
    reasons: dict[tuple[str, str], dict[str, dict[str, list[Row]]]] = defaultdict(dict)
    for row in tables.rows("SELECT * FROM reason ORDER BY decision, rule_id, side"):
        sides = reasons[row["company_id"], row["account_id"]].setdefault(row["decision"], {"a": [], "b": []})
        sides[row["side"]].append(row)
    for account in found:
        account["changes"] = [
            {"en": en, "zh": zh, "a": account[f"{field}_a"], "b": account[f"{field}_b"]}
            for field, (en, zh) in _FIELDS.items()
            if account[f"{field}_a"] != account[f"{field}_b"]
        ]
        account["reasons"] = reasons.get((account["company_id"], account["account_id"]), {})
    return found


def _sections(changes: Iterable[Mapping[str, str]]) -> list[str]:
    return sorted({change["key"].split(".", 1)[0] for change in changes})


# --- charts ----------------------------------------------------------------------------------------------------------


def _sanctions_chart(tables: _Tables) -> Markup | None:
    """Accounts with a standing sanction per night, one panel per sanction that differs; None when none does."""
    found = tables.rows(
        "SELECT n.business_date, f.flag, COALESCE(SUM(s.accounts_a), 0) AS a, COALESCE(SUM(s.accounts_b), 0) AS b"
        " FROM (SELECT DISTINCT business_date FROM money) AS n"
        " CROSS JOIN (SELECT DISTINCT flag FROM sanction_night WHERE state IN ('proposed', 'approved', 'active')) AS f"
        " LEFT JOIN sanction_night AS s ON n.business_date = s.business_date AND f.flag = s.flag"
        " AND s.state IN ('proposed', 'approved', 'active') GROUP BY ALL ORDER BY ALL"
    )
    for row in found:
        row["flag"] = sentences.termed(row["flag"])
    panels = {flag: pair for flag, pair in _panels(found, "flag").items() if pair[0] != pair[1]}
    return charts.over_time("sanctions", panels) if panels else None


def _money_chart(tables: _Tables) -> Markup | None:
    """Overdue money of accounts under a sanction per night, one panel per company where it differs; None if nowhere."""
    found = tables.rows(
        "SELECT business_date, company_id || ' · ' || currency AS panel, sanctioned_overdue_functional_a AS a,"
        " sanctioned_overdue_functional_b AS b FROM money ORDER BY panel, business_date"
    )
    panels = {panel: pair for panel, pair in _panels(found, "panel").items() if pair[0] != pair[1]}
    return charts.over_time("money", panels) if panels else None


def _panels(rows: Iterable[Row], name: str) -> dict[str, charts.Pair]:
    panels: dict[str, tuple[dict[date, float], dict[date, float]]] = {}
    for row in rows:
        a, b = panels.setdefault(row[name], ({}, {}))
        a[row["business_date"]], b[row["business_date"]] = float(row["a"]), float(row["b"])
    return dict(panels)


def _reps_chart(tables: _Tables) -> Markup | None:
    """Tasks per night of the reps whose number changes most; None when nobody's does."""
    found = tables.rows(
        "SELECT rep_id, SUM(tasks_a) / COUNT(DISTINCT n.business_date) AS a,"
        " SUM(tasks_b) / COUNT(DISTINCT n.business_date) AS b"
        " FROM task_load CROSS JOIN (SELECT DISTINCT business_date FROM money) AS n GROUP BY rep_id"
        " HAVING SUM(tasks_a) <> SUM(tasks_b) ORDER BY ABS(SUM(tasks_a) - SUM(tasks_b)) DESC, rep_id LIMIT ?",
        _REPS,
    )
    rows = [(row["rep_id"] or "—", float(row["a"]), float(row["b"])) for row in found]
    return charts.dumbbells("reps", rows) if rows else None


# --- text ------------------------------------------------------------------------------------------------------------


def _short(value: object, length: int = 60) -> str:
    """A text of the ledger, cut to what fits; an id may be as long as its source likes."""
    text = str(value)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _facts(inputs: str) -> str:
    """The facts that a reason looked at, as `name value` in a line; the rest of its inputs is in the tables."""
    content = json.loads(inputs)
    facts = content.get("facts", content) if isinstance(content, dict) else {}
    told = [(name, value) for name, value in facts.items() if value not in (None, "") and not isinstance(value, dict)]
    return " · ".join(f"{name} {_figure(value)}" for name, value in told)


def _figure(value: object) -> str:
    """Numbers with thousands separators and without a point that says nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _amount(value: Decimal | None) -> str:
    return "—" if value is None else f"{value:,.0f}"
