"""The graph of models: what a file reads, in what order files run, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from huikuan.engine.graph import load_models
from huikuan.errors import ModelError


def models(folder: Path, **files: str) -> Path:
    """A folder of models, each a table of the area ``area``."""
    (folder / "area").mkdir()
    for name, sql in files.items():
        (folder / "area" / f"{name}.sql").write_text(f"-- materialise: table\n{sql}", encoding="utf-8")
    return folder


def test_what_is_read_is_found_wherever_it_stands(tmp_path: Path) -> None:
    nested = """
        WITH step AS (SELECT a.x FROM ledger.account AS a WHERE a.x > $business_date),
        wider AS (WITH inner_step AS (SELECT 1 AS x) SELECT s.x FROM step AS s ASOF JOIN inner_step AS i ON s.x >= i.x)
        SELECT w.x, (SELECT MAX(d.day) FROM policy.day AS d) AS day
        FROM wider AS w
        WHERE NOT EXISTS (SELECT 1 FROM early AS e INNER JOIN previous.task AS t ON e.x = t.x WHERE e.x = w.x)
        UNION ALL BY NAME
        SELECT o.x, NULL AS day FROM opening.metric AS o
    """
    first, second = load_models(models(tmp_path, a_nested=nested, early="SELECT 1 AS x"))
    assert (first.name, second.name) == ("early", "a_nested"), "who is read runs before"
    assert (first.inputs, first.outside) == (frozenset(), frozenset())
    assert second.inputs == {"early"}
    assert second.outside == {"ledger.account", "policy.day", "previous.task", "opening.metric"}


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("SELEC 1", "syntax error"),
        ("DELETE FROM ledger.account", "Only SELECT"),
        ("SELECT 1 AS a; SELECT 2 AS a", "not exactly one SELECT"),
        ("", "not exactly one SELECT"),
        ("SELECT x.a FROM warehouse.metric AS x", r"reads warehouse\.metric"),
        ("SELECT x.a FROM missing AS x", "reads missing, which no model yields"),
        ("SELECT x.a FROM model AS x", "circle"),
        ("SELECT $today AS a", r"asks for \$today"),
    ],
)
def test_a_model_that_cannot_run_is_refused_by_name(tmp_path: Path, sql: str, problem: str) -> None:
    with pytest.raises(ModelError, match=problem):
        load_models(models(tmp_path, model=sql))


def test_two_models_of_one_name_and_one_that_does_not_say_how_it_is_kept_are_refused(tmp_path: Path) -> None:
    folder = models(tmp_path, model="SELECT 1 AS a")
    (folder / "other").mkdir()
    (folder / "other" / "model.sql").write_text("-- materialise: view\nSELECT 1 AS a", encoding="utf-8")
    with pytest.raises(ModelError, match="Two models are called model"):
        load_models(folder)
    (folder / "other" / "model.sql").write_text("SELECT 1 AS a", encoding="utf-8")
    with pytest.raises(ModelError, match="does not say how it is kept"):
        load_models(folder)
