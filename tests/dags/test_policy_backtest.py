"""A back-test through a real Airflow, asked over its API: a draft of the policy folder, and a file outside of it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from huikuan.orchestration import local
from huikuan.orchestration.backtest import QuestionError, named
from huikuan.settings import Settings
from huikuan.warehouse.migrate import migrate
from tests.approval_airflow import eventually
from tests.backtest_samples import BOUND, DAYS, edited, store_nights

DAG = "collections_policy_backtest"
CANARY = "canary-backtest-5Hd"
DRAFT = "drafts/2026.5.yaml"


@dataclass(frozen=True)
class Asked:
    """What became of the two questions: states of the tasks, what the report handed on, what was written."""

    good: dict[str, str]
    refused: dict[str, str]
    refusal: str
    handed_on: dict[str, Any]
    written: str
    without_a_policy: str


@pytest.fixture(scope="module")
def asked(new_database: Callable[..., str]) -> Iterator[Asked]:
    home = Path(tempfile.mkdtemp(prefix="huikuan-backtest-"))
    url = new_database()
    migrate(url)
    settings = Settings(home=home, lake=home / "lake", mail=home / "mail", warehouse_url=url)
    store_nights(settings)
    draft = home / "policies" / DRAFT
    draft.parent.mkdir()
    draft.write_text(edited(("wait_days: 7 # after the last notice", "wait_days: 3 # after the last notice")), "utf-8")
    environment = {
        "AIRFLOW_CONN_HUIKUAN_WAREHOUSE": url.replace("postgres:@", f"postgres:{CANARY}@"),
        "HUIKUAN_POLICY": str(home / "policies"),
    }
    airflow = local.prepare(settings, local.free_port(), new_database(), environment)
    try:
        local.start(airflow, local.DEMO_SERVICES, (DAG,))
        api = local.Api(airflow)
        days = {"from": f"{DAYS[0]}", "to": f"{DAYS[2]}"}
        good = _run(api, {"policy_b": DRAFT, **days})
        bad = _run(api, {"policy_b": "../ledger/account.parquet", **days})
        handed_on = api.get(f"/dags/{DAG}/dagRuns/{good[0]}/taskInstances/report/xcomEntries/return_value")["value"]
        log = (
            airflow.home / "logs" / "tasks" / f"dag_id={DAG}" / f"run_id={bad[0]}" / "task_id=replay" / "attempt=1.log"
        )
        refusal_of_airflow = _refused(api, days)
        local.stop(airflow.home)
        files = [path for path in (airflow.home / "logs").rglob("*.log") if path.is_file()]
        yield Asked(
            good=good[1],
            refused=bad[1],
            refusal=log.read_text("utf-8"),
            handed_on=handed_on if isinstance(handed_on, dict) else json.loads(handed_on),
            written="\n".join(path.read_text("utf-8", errors="replace") for path in files),
            without_a_policy=refusal_of_airflow,
        )
    finally:
        local.stop(airflow.home)
        shutil.rmtree(home)


def _run(api: local.Api, conf: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Trigger, wait, and return the run's id and the states of its tasks."""
    run_id = str(api.post(f"/dags/{DAG}/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"])

    def look() -> tuple[bool, dict[str, str]]:
        state = api.get(f"/dags/{DAG}/dagRuns/{run_id}")["state"]
        tasks = api.get(f"/dags/{DAG}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return state in ("success", "failed"), {task["task_id"]: task["state"] for task in tasks}

    return run_id, eventually(look, f"the end of {run_id}")


def _refused(api: local.Api, conf: dict[str, str]) -> str:
    """What Airflow says when nothing is compared."""
    with pytest.raises(local.LocalAirflowError) as refused:
        api.post(f"/dags/{DAG}/dagRuns", {"logical_date": None, "conf": conf})
    return str(refused.value)


@pytest.mark.airflow
def test_a_draft_is_compared_with_the_policy_in_force(asked: Asked) -> None:
    assert asked.good == {"replay": "success", "report": "success"}
    assert asked.handed_on["sanction"] == 1
    assert asked.handed_on["page"].endswith("difference.html")
    assert "begin with 1 earlier (CNY 15,000 overdue)" in asked.written


@pytest.mark.airflow
def test_a_file_outside_the_policy_folder_is_refused_at_once(asked: Asked) -> None:
    assert asked.refused == {"replay": "failed", "report": "upstream_failed"}
    assert "There is no policy" in asked.refusal
    assert f"2026.4.yaml, 2026.5.yaml, {DRAFT}" in asked.refusal
    assert "ALERT" in asked.refusal


@pytest.mark.airflow
def test_a_question_without_a_policy_is_refused_by_airflow(asked: Asked) -> None:
    assert "policy_b" in asked.without_a_policy


@pytest.mark.airflow
def test_what_airflow_wrote_holds_counts_and_paths(asked: Asked) -> None:
    assert set(asked.handed_on) == {
        "page", "move", "matrix", "sanction", "sanction_night", "task_load", "money", "moved_account", "reason",
        "summary",
    }  # fmt: skip
    assert CANARY not in asked.written
    assert BOUND not in asked.written


@pytest.mark.parametrize("name", ["../b.yaml", "/etc/passwd", "a.txt", "none.yaml", "", "link.yaml"])
def test_a_name_that_is_no_policy_of_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    for path in (tmp_path / "b.yaml", folder / "a.txt", folder / "c.yaml"):
        path.touch()
    (folder / "link.yaml").symlink_to(tmp_path / "b.yaml")
    with pytest.raises(QuestionError, match="There is no policy") as refused:
        named(folder, name)
    assert "c.yaml" in refused.value.remedy
    assert named(folder, "c.yaml") == folder / "c.yaml"
