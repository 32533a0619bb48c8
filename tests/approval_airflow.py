"""Answers to approvals through the API of a real Airflow, as users give them, and what Airflow wrote down of them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from huikuan.orchestration import local
from huikuan.settings import Settings

PATIENCE_SECONDS = 900
"""Only what hangs takes so long: a busy machine needs half a minute to start a task that runs for two seconds."""
_PUT_DOWN = re.compile(r"TaskInstance Finished: .*\bti_id=([0-9a-f-]+), .*\bstate=awaiting_input,")

Seen = TypeVar("Seen")


def eventually(look: Callable[[], tuple[bool, Seen]], what: str) -> Seen:
    """What is seen when ``look`` is content; what it saw last is the failure."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    is_over, seen = look()
    while not is_over:
        assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS} s for {what}, seen {seen}"
        time.sleep(0.5)
        is_over, seen = look()
    return seen


def _times(tasks: list[dict[str, Any]]) -> list[str]:
    keys = ("task_id", "map_index", "try_number", "state", "start_date", "end_date")
    return [" ".join(str(task[key]) for key in keys) for task in tasks]


def environment(url: str, canary: str, **more: str) -> dict[str, str]:
    """Settings of an Airflow on a warehouse of its own; ``canary`` is the password that nobody may find."""
    return {
        "AIRFLOW_CONN_HUIKUAN_WAREHOUSE": url.replace("postgres:@", f"postgres:{canary}@"),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",  # no night of today's date beside ours
        "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "2",
        **more,
    }


@dataclass
class Stage:
    """A running Airflow with one DAG that asks people."""

    airflow: local.Airflow
    dag: str
    metadata: str
    first: str
    """The task before ``approve``."""

    @classmethod
    def start(
        cls, settings: Settings, dag: str, first: str, users: tuple[str, ...], metadata: str, given: dict[str, str]
    ) -> Stage:
        """Start it with the DAG unpaused."""
        airflow = local.prepare(settings, local.free_port(), metadata, given, users)
        local.start(airflow, local.DEMO_SERVICES, (dag,))
        local.Api(airflow).patch(f"/dags/{dag}", {"is_paused": False})
        return cls(airflow, dag, metadata, first)

    @property
    def api(self) -> local.Api:
        """As the admin."""
        return local.Api(self.airflow)

    def trigger(self, **which: Any) -> str:
        """Start a run; returns its id."""
        return str(self.api.post(f"/dags/{self.dag}/dagRuns", {"logical_date": None, **which})["dag_run_id"])

    def tasks(self, run_id: str) -> list[dict[str, Any]]:
        """Every task instance of a run."""
        path = f"/dags/{self.dag}/dagRuns/{run_id}/taskInstances"
        found: list[dict[str, Any]] = self.api.get(path)["task_instances"]
        return found

    def states(self, run_id: str) -> dict[str, str]:
        """State by task and map index: ``tell -1``."""
        return {f"{task['task_id']} {task['map_index']}": task["state"] for task in self.tasks(run_id)}

    def wait(self, run_id: str, wanted: dict[int, str], attempt: int = 1) -> None:
        """Until the approvals of a run are in these states, by map index; one that would be tried again ends it.

        One that waits for a person must have been put down by the scheduler as well: Airflow 3.3 tries a task again
        whose answer, or end of time, comes before that. Users are slower than the scheduler, tests are not.
        """

        def look() -> tuple[bool, list[str]]:
            tasks = [task for task in self.tasks(run_id) if task["task_id"] in ("approve", self.first)]
            for task in tasks:
                assert task["state"] != "up_for_retry", self._log(run_id, task)
            asked = [
                task
                for task in tasks
                if task["task_id"] == "approve" and task["map_index"] >= 0 and task["try_number"] >= attempt
            ]
            is_over = {task["map_index"]: task["state"] for task in asked} == wanted
            return is_over and self._are_put_down(asked), _times(tasks)

        eventually(look, f"{run_id}: approvals {wanted}")

    def wait_for(self, run_id: str, wanted: dict[str, str]) -> None:
        """Until these tasks, named as in ``states``, are in these states; one that would be tried again ends it."""

        def look() -> tuple[bool, list[str]]:
            tasks = self.tasks(run_id)
            for task in tasks:
                is_wanted = f"{task['task_id']} {task['map_index']}" in wanted
                assert not (is_wanted and task["state"] == "up_for_retry"), self._log(run_id, task)
            return wanted.items() <= self.states(run_id).items(), _times(tasks)

        eventually(look, f"{run_id}: {wanted}")

    def _are_put_down(self, tasks: list[dict[str, Any]]) -> bool:
        """Whether the scheduler knows of each task that waits for a person that the worker has left it."""
        log = (self.airflow.logs / "scheduler.log").read_text("utf-8", "replace")
        known = set(_PUT_DOWN.findall(log))
        return known.issuperset(task["id"] for task in tasks if task["state"] == "awaiting_input")

    def _log(self, run_id: str, task: dict[str, Any]) -> str:
        path = f"/dags/{self.dag}/dagRuns/{run_id}/taskInstances/{task['task_id']}/logs/{task['try_number']}"
        content = self.api.get(path, map_index=task["map_index"])["content"]
        return json.dumps(content[-12:], indent=1, ensure_ascii=False)

    def answer(self, user: str, run_id: str, map_index: int, choice: str, **params: Any) -> int:
        """Answer as this user; returns the status code."""
        path = f"/dags/{self.dag}/dagRuns/{run_id}/taskInstances/approve/{map_index}/hitlDetails"
        try:
            local.Api(self.airflow, user).patch(path, {"chosen_options": [choice], "params_input": params})
        except local.LocalAirflowError as error:
            return int(error.problem.split("answered ")[1].split()[0])
        return 200

    def pages(self, run_id: str) -> list[dict[str, Any]]:
        """What waits for a person, each with its map index and the one user that it is assigned to."""
        found = self.api.get(f"/dags/{self.dag}/dagRuns/{run_id}/hitlDetails")["hitl_details"]
        pages = []
        for page in found:
            [user] = page["assigned_users"]
            pages.append(page | {"map_index": page["task_instance"]["map_index"], "user": user["id"]})
        return pages

    def let_time_pass(self, run_id: str, map_index: int) -> datetime:
        """Move the deadline of a waiting approval into the past; returns the one that Airflow had set."""
        this = "dag_id = %s AND run_id = %s AND task_id = 'approve' AND map_index = %s"
        values = [self.dag, run_id, map_index]
        with psycopg.connect(self.metadata) as connection:
            [(deadline,)] = connection.execute(
                f"SELECT trigger_timeout FROM task_instance WHERE {this} FOR UPDATE", values
            ).fetchall()
            connection.execute(f"UPDATE task_instance SET trigger_timeout = '2026-01-01Z' WHERE {this}", values)
        assert isinstance(deadline, datetime)
        return deadline

    def clear(self, run_id: str, task: str, *, downstream: bool = True) -> None:
        """Let a task of a run, and those after it, run once more."""
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": [task], "only_failed": False}
        self.api.post(f"/dags/{self.dag}/clearTaskInstances", {**body, "include_downstream": downstream})


def task_log(airflow_home: Path, dag: str, run_id: str, task: str, map_index: int = -1, attempt: int = 1) -> str:
    """One task's log, as it lies on the disk."""
    folder = airflow_home / "logs" / "tasks" / f"dag_id={dag}" / f"run_id={run_id}" / f"task_id={task}"
    if map_index >= 0:
        folder /= f"map_index={map_index}"
    return (folder / f"attempt={attempt}.log").read_text(encoding="utf-8")


def everything_written(airflow_home: Path, metadata: str) -> str:
    """All files below a folder, and every row of the metadata database: XCom, rendered fields, pages for approvers."""
    files = (path.read_text("utf-8", "replace") for path in airflow_home.rglob("*") if path.is_file())
    return "\n".join([*files, *_everything(metadata)])


def _everything(url: str) -> Iterator[str]:
    """Every row of a database as text."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            for (row,) in connection.execute(f'SELECT t::text FROM "{table}" AS t'):
                yield row
