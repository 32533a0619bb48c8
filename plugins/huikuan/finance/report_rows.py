"""What a finance report is made of: one company's figures of one published run, read from its sealed files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from huikuan.engine.graph import load_models
from huikuan.letters.facts import NightFiles, session
from huikuan.settings import INCLUDE

Row = dict[str, Any]
QUERIES = INCLUDE / "sql" / "report"
EXPOSURES, REPS, HABITS = 8, 6, 4


@dataclass(frozen=True)
class Figures:
    """Rows by query; ``as_of`` is the close of books that they tell of."""

    company_id: str
    name: str
    currency: str
    business_date: date
    as_of: date
    run_id: str
    policy_version: str
    rows: dict[str, list[Row]]


def read_figures(night: NightFiles, company: str | None = None) -> list[Figures]:
    """The figures of every company of a run, or of one."""
    identity = night.identity
    with _opened(night) as connection:
        companies = _fetch(connection, QUERIES / "company.sql")
        return [
            Figures(
                company_id=row["company_id"],
                name=row["name"],
                currency=row["functional_currency"],
                business_date=identity.business_date,
                as_of=identity.as_of,
                run_id=identity.run_id,
                policy_version=identity.policy_version,
                rows={
                    path.stem: _fetch(connection, path, company=row["company_id"], rows=_ROWS.get(path.stem, 0))
                    for path in sorted(QUERIES.glob("*.sql"))
                    if path.stem != "company"
                },
            )
            for row in companies
            if company in (None, row["company_id"])
        ]


_ROWS = {"exposures": EXPOSURES, "reps": REPS, "habits": HABITS}


@contextmanager
def _opened(night: NightFiles) -> Iterator[duckdb.DuckDBPyConnection]:
    """The run's tables and its ledger, with the exchange rates of as-of as the night itself read them."""
    with session(night, None) as connection:
        (rates,) = (model for model in load_models() if model.name == "company_rate")
        connection.execute(f"CREATE TABLE company_rate AS {rates.text(night.identity.business_date)}")
        yield connection


def _fetch(connection: duckdb.DuckDBPyConnection, path: Path, **values: object) -> list[Row]:
    query = path.read_text(encoding="utf-8")
    found = connection.execute(query, {name: value for name, value in values.items() if f"${name}" in query})
    names = [str(column[0]) for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
