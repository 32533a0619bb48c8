"""The DAGs as Airflow reads them: all of them, quickly, without errors, and of the shape that is written down.

When a change of shape is meant, write it down again: ``python tests/dags/test_structure.py`` and look at the diff.
"""

from __future__ import annotations

import difflib
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SNAPSHOT = HERE / "structure.json"
DAGS = HERE.parents[1] / "dags"
EXPECTED = {
    "collections_month_end",
    "collections_nightly",
    "collections_outreach",
    "collections_policy_backtest",
    "collections_referrals",
}

# What a DAG file must leave to its tasks: each of them costs a tenth of a second to ten seconds.
HEAVY = {
    "alembic.command", "css_inline", "duckdb", "great_expectations", "numpy", "pandas", "psycopg", "pyarrow",
    "xlsxwriter", "yagmail",
}  # fmt: skip

PARSE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
before = set(sys.modules)
best = {}
for _ in range(3):
    bag = DagBag(sys.argv[1])
    for stat in bag.dagbag_stats:
        best[stat.file] = min(stat.duration.total_seconds(), best.get(stat.file, 99))
    for name in [name for name in sys.modules if name.startswith("huikuan")]:
        del sys.modules[name]  # the next round pays for our own imports again, as a fresh process does
print(json.dumps({"seconds": best, "errors": bag.import_errors, "modules": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def parsed() -> dict[str, Any]:
    """Airflow's own measure, best of three, in a process that has imported nothing of ours before."""
    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(DAGS)], capture_output=True, text=True, check=True, env=os.environ
    )
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


@pytest.mark.airflow
def test_every_file_is_read_without_errors(parsed: dict[str, Any]) -> None:
    assert parsed["errors"] == {}
    assert set(parsed["seconds"]) == {path.name for path in DAGS.glob("*.py")}


@pytest.mark.airflow
def test_every_file_is_read_in_less_than_a_second(parsed: dict[str, Any]) -> None:
    assert {file: seconds for file, seconds in parsed["seconds"].items() if seconds >= 1} == {}


@pytest.mark.airflow
def test_reading_the_files_imports_nothing_heavy(parsed: dict[str, Any]) -> None:
    assert HEAVY & set(parsed["modules"]) == set()


@pytest.mark.airflow
def test_the_dags_are_these_and_no_others() -> None:
    assert set(structure()) == EXPECTED


@pytest.mark.airflow
def test_the_structure_is_the_one_that_is_written_down() -> None:
    written, now = SNAPSHOT.read_text(encoding="utf-8"), as_text(structure())
    diff = "".join(difflib.unified_diff(written.splitlines(True), now.splitlines(True), "written down", "now"))
    assert not diff, f"the DAGs have changed; if that is meant, run: python {Path(__file__).name}\n{diff}"


def structure() -> dict[str, Any]:
    """Schedule, limits, params, and per task its order, retries and time limit: what an operator relies on."""
    from airflow.dag_processing.dagbag import DagBag

    return {dag_id: _dag(dag) for dag_id, dag in sorted(DagBag(str(DAGS)).dags.items())}


def _dag(dag: Any) -> dict[str, Any]:
    return {
        "schedule": _schedule(dag.timetable),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "deadlines": [f"{alert.reference.reference_name} + {alert.interval}" for alert in dag.deadline or []],
        "params": {name: dag.params.get_param(name).schema for name in dag.params},
        "tasks": {task.task_id: _task(task) for task in dag.topological_sort()},
    }


def _schedule(timetable: Any) -> str:
    kind = type(timetable).__name__
    if kind == "CronPartitionTimetable":
        return f"{kind}: {timetable.expression} {timetable.timezone} key {timetable.key_format}"
    return f"{kind}: {timetable.asset_condition.uri}" if timetable.asset_condition else kind


def _task(task: Any) -> dict[str, Any]:
    return {
        "after": sorted(task.upstream_task_ids),
        "operator": task.task_type + (", mapped" if task.is_mapped else ""),
        "templates": sorted(set(task.template_fields) - {"templates_dict", "op_args", "op_kwargs"}),
        "retries": task.retries,
        "retry_delay": str(task.retry_delay),
        "time_limit": _text(task.execution_timeout),
        "outlets": [outlet.uri for outlet in task.outlets],
        "trigger_rule": task.trigger_rule.value,
        "alerts": [f"{callback.__module__}.{callback.__name__}" for callback in task.on_failure_callback],
    }


def _text(limit: timedelta | None) -> str | None:
    return None if limit is None else str(limit)


def as_text(dags: dict[str, Any]) -> str:
    """One line per fact, so that a diff says what changed."""
    return json.dumps(dags, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SNAPSHOT.write_text(as_text(structure()), encoding="utf-8")
