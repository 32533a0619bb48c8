"""The committed page of finance's figures is what the models' headers say today, and defines all of them."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from huikuan.engine.graph import load_models
from huikuan.errors import ModelError
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY, PROJECT
from huikuan.warehouse.metrics import definitions, page

MODELS = {model.name: model for model in load_models()}


def test_the_committed_page_is_current() -> None:
    committed = (PROJECT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert committed == page(), "run `python -m huikuan.warehouse.metrics > docs/metrics.md`"


def test_each_figure_is_defined_once_and_in_the_model_that_yields_it() -> None:
    defined = [(name, model) for model in MODELS.values() for name in definitions(model)]
    names = [name for name, _ in defined]
    assert len(names) == len(set(names))
    for name, model in defined:
        body = model.sql.split("-- materialise")[1]
        assert f"'{name}'" in body or name == model.name, f"{model.path} does not yield {name}"
        assert page().count(f"### {name}\n") == 1


def test_no_figure_is_published_without_a_definition() -> None:
    for source in MODELS["metric"].inputs - {"scope"}:
        body = MODELS[source].sql.split("-- materialise")[1]
        yielded = set(re.findall(r"SELECT\s+'(\w+)' AS name", body))
        assert yielded == set(definitions(MODELS[source])), source


def test_every_habit_of_the_policy_is_defined_and_yielded() -> None:
    defined = {name for model in MODELS.values() for name in definitions(model)}
    yielded = MODELS["rep_performance"].sql
    for habit in load_policy(DEFAULT_POLICY).finance.reps.habits:
        assert habit in defined
        assert f"'{habit}' AS name" in yielded


def test_a_header_that_lacks_a_part_is_refused() -> None:
    model = MODELS["dso_true"]
    with pytest.raises(ModelError, match="formula_zh"):
        definitions(replace(model, sql=re.sub(r"--     formula_zh: .*\n", "", model.sql)))


def test_it_is_printed_as_utf8_wherever_it_runs() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "huikuan.warehouse.metrics"],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C", "PYTHONPATH": str(PROJECT / "plugins")},
    )
    assert printed.stdout.decode("utf-8") == page()
