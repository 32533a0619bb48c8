"""Stories told in YAML: a ledger, a business date, and the rows that must come out (only the columns that are said)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from huikuan.engine.graph import deciding_models
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY
from tests.models.ledgers import classified, fetch

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
STORIES = [
    pytest.param(story, id=f"{path.stem}: {story['story']}")
    for path in CASES
    for story in yaml.safe_load_all(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("story", STORIES)
def test_story(story: dict[str, Any], tmp_path: Path) -> None:
    assert set(story) <= {"story", "business_date", "ledger", "without", "expect"}, "unknown key in a story"
    assert story["expect"], "a story without expectations shows nothing"
    policy = load_policy(DEFAULT_POLICY)
    decisions = {model.name for model in deciding_models()}
    with classified(
        story["ledger"],
        story["business_date"],
        policy,
        tmp_path,
        without=story.get("without", ()),
        with_figures=not set(story["expect"]) <= decisions,
    ) as connection:
        for table, expected in story["expect"].items():
            assert sorted(_project(fetch(connection, f"SELECT * FROM {table}"), expected)) == sorted(_said(expected)), (
                table
            )


def _project(rows: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[str]:
    """The found rows, cut down to the columns that the story names."""
    columns = list(dict.fromkeys(key for row in expected for key in row))
    return (
        [str({column: _plain(row[column]) for column in columns}) for row in rows]
        if columns
        else [str(r) for r in rows]
    )


def _said(expected: list[dict[str, Any]]) -> list[str]:
    columns = list(dict.fromkeys(key for row in expected for key in row))
    return [str({column: _plain(row.get(column)) for column in columns}) for row in expected]


def _plain(value: Any) -> Any:
    """Numbers compare by value, not by how many zeros they carry."""
    if isinstance(value, bool) or value is None:
        return value
    return f"{Decimal(str(value)).normalize():f}" if isinstance(value, int | float | Decimal) else str(value)
