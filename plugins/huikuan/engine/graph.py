"""The SQL models as a graph: which file yields which relation, and in what order they run.

A model is one ``SELECT`` in ``include/sql/models/<area>/<model>.sql``. It names other models bare, the ledger as
``ledger.<table>``, the policy as ``policy.<relation>``, yesterday's outputs as ``previous.<table>`` and those of the
close that the month opens with as ``opening.<table>``. The only parameters are ``$business_date`` and ``$as_of``. The
order follows from the names; a circle is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal

import duckdb

from huikuan.errors import ModelError
from huikuan.settings import INCLUDE

MODELS = INCLUDE / "sql" / "models"
FIGURES = ("dimension", "finance", "metric", "provision", "forecast")
"""Areas whose models tell of companies and months: nothing is decided by them, so a trial of rules runs without."""

_OUTSIDE = ("ledger", "policy", "previous", "opening")


@dataclass(frozen=True)
class Model:
    """One ``SELECT``. ``inputs`` are the bare models it reads; ``outside`` what it reads from other schemas."""

    name: str
    area: str
    path: Path
    sql: str
    materialise: Literal["table", "view"]
    inputs: frozenset[str]
    outside: frozenset[str]

    def text(self, business_date: date) -> str:
        """The statement with both dates put in as literals; they are dates, so nothing else can slip in."""
        literal = {
            "business_date": f"CAST('{business_date}' AS DATE)",
            "as_of": f"CAST('{business_date - timedelta(days=1)}' AS DATE)",
        }
        return re.sub(r"\$(business_date|as_of)\b", lambda match: literal[match[1]], self.sql)


@cache
def load_models(folder: Path = MODELS) -> tuple[Model, ...]:
    """Every model, each after all that it reads. Raises ModelError for a circle, an unknown name or two of one name."""
    models: dict[str, Model] = {}
    with duckdb.connect() as connection:
        for path in sorted(folder.glob("*/*.sql")):
            model = _read(path, connection)
            if model.name in models:
                raise ModelError(
                    f"Two models are called {model.name}: {models[model.name].path}, {path}.", "Rename one."
                )
            models[model.name] = model
    for model in models.values():
        unknown = model.inputs - set(models)
        if unknown:
            raise ModelError(
                f"{model.path} reads {', '.join(sorted(unknown))}, which no model yields.",
                "Mend the name, or write ledger., policy., previous. or opening. before it.",
            )
    try:
        order = list(TopologicalSorter({name: sorted(model.inputs) for name, model in models.items()}).static_order())
    except CycleError as error:
        raise ModelError(f"Models read each other in a circle: {' → '.join(error.args[1])}.", "Break it.") from error
    return tuple(models[name] for name in order)


@cache
def deciding_models() -> tuple[Model, ...]:
    """The models that decisions about accounts follow from, each after all that it reads."""
    models = tuple(model for model in load_models() if model.area not in FIGURES)
    names = {model.name for model in models}
    for model in models:
        if not model.inputs <= names:
            raise ModelError(
                f"{model.path} decides by {', '.join(sorted(model.inputs - names))}, which is a figure of finance.",
                f"Move what it reads out of the areas {', '.join(FIGURES)}.",
            )
    return models


def needed_for(names: Collection[str]) -> tuple[Model, ...]:
    """The models that yield ``names``, and all that those read, in their order."""
    wanted = set(names)
    models = load_models()
    for model in reversed(models):
        if model.name in wanted:
            wanted |= model.inputs
    return tuple(model for model in models if model.name in wanted)


def dependents(models: Sequence[Model], sources: Collection[str]) -> frozenset[str]:
    """Names of the models that read one of ``sources`` (``policy.day``, ``previous.task``), directly or through others.

    ``models`` in their order, as ``load_models`` gives them. All others yield the same rows whatever stands in
    ``sources``.
    """
    found: set[str] = set()
    for model in models:
        if model.outside.intersection(sources) or model.inputs & found:
            found.add(model.name)
    return frozenset(found)


def _read(path: Path, connection: duckdb.DuckDBPyConnection) -> Model:
    sql = path.read_text(encoding="utf-8")
    kind = re.search(r"^-- materialise: (table|view)$", sql, re.MULTILINE)
    if kind is None:
        raise ModelError(f"{path} does not say how it is kept.", "Add the line `-- materialise: table` (or view).")
    unknown = set(re.findall(r"\$(\w+)", sql)) - {"business_date", "as_of"}
    if unknown:
        raise ModelError(f"{path} asks for ${min(unknown)}.", "Only $business_date and $as_of exist.")
    inputs, outside = _reads(sql, path, connection)
    return Model(
        name=path.stem,
        area=path.parent.name,
        path=path,
        sql=sql,
        materialise="table" if kind[1] == "table" else "view",
        inputs=inputs,
        outside=outside,
    )


def _reads(sql: str, path: Path, connection: duckdb.DuckDBPyConnection) -> tuple[frozenset[str], frozenset[str]]:
    """What a statement names in its FROM clauses, by the syntax tree of the engine that will run it."""
    text = sql.replace("'", "''")  # not a bound parameter: DuckDB would import pandas
    (written,) = connection.execute(f"SELECT json_serialize_sql('{text}')").fetchone() or ("",)
    tree = json.loads(written)
    if tree["error"]:
        raise ModelError(
            f"{path} is not exactly one SELECT that DuckDB can read: {tree['error_message']}", "Mend it; one per file."
        )
    if len(tree["statements"]) != 1:
        raise ModelError(f"{path} is not exactly one SELECT.", "Keep one SELECT per file.")
    nodes = list(_nodes(tree))
    steps = {step["key"] for node in nodes if "cte_map" in node for step in node["cte_map"]["map"]}
    inputs: set[str] = set()
    outside: set[str] = set()
    for node in nodes:
        if node.get("type") != "BASE_TABLE":
            continue
        schema, name = node["schema_name"], node["table_name"]
        if not schema:
            if name not in steps:
                inputs.add(name)
        elif schema in _OUTSIDE:
            outside.add(f"{schema}.{name}")
        else:
            raise ModelError(f"{path} reads {schema}.{name}.", f"Known schemas: {', '.join(_OUTSIDE)}.")
    return frozenset(inputs), frozenset(outside)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON document."""
    parts = [tree]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            yield part
            parts.extend(part.values())
        elif isinstance(part, list):
            parts.extend(part)
