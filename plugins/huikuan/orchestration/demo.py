"""Three nights of a generated ledger through a real Airflow, and what they left: `make demo`.

After the first night two managers answer what is put before them, one leaves an account out, and the director stays
silent: so the second night shows sanctions in force beside proposed ones.

Run again it finds its own traces: the ledger is kept, each step answers "already done", and no mail is written twice.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from huikuan.errors import HuikuanError
from huikuan.orchestration import local
from huikuan.orchestration.demo_result import show
from huikuan.settings import Settings

NIGHTS = tuple(date(2026, 9, 2) + timedelta(days=day) for day in range(3))  # Wednesday to Friday
ACCOUNTS = 400
NIGHTLY, OUTREACH, REFERRALS = local.DAG_IDS
RUN_TIMEOUT_SECONDS = 600
READING_SECONDS = 6
"""Airflow 3.3 fails a task whose answer comes before it has noted that its first half ended; nobody reads faster."""

Say = Callable[[str], None]
T = TypeVar("T")


class DemoError(HuikuanError):
    """A night of the demo did not come to its end."""


def main() -> int:
    """Entry point; 1 when a night failed, 130 after Ctrl-C, always with Airflow stopped."""
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a killed demo leaves no Airflow behind either
    started = time.monotonic()

    def say(line: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.0f} s[/dim]  {line}", soft_wrap=True)

    settings = Settings.from_environment()
    try:
        run(settings, say)
    except KeyboardInterrupt:
        say("interrupted; Airflow is stopped")
        return 130
    except HuikuanError as error:
        console.print(str(error), markup=False, soft_wrap=True, style="red")
        return 1
    show(settings, NIGHTS, console)
    return 0


def run(settings: Settings, say: Say) -> None:
    """Make the ledgers, start Airflow, trigger one night after the other, stop Airflow."""
    for night in NIGHTS:
        make_ledger(settings, night, say)
    say("preparing Airflow's metadata")
    approvers = local.demo_approvers(settings)
    airflow = local.prepare(settings, local.free_port(), local.embedded_metadata(settings), approvers=approvers)
    try:
        say(f"starting Airflow; logs in {airflow.logs}")
        local.start(airflow, local.DEMO_SERVICES, local.DAG_IDS)
        api = local.Api(airflow)
        say("Airflow is ready")
        _abandon(api)
        for night in NIGHTS:
            started = api.get(f"/dags/{OUTREACH}/dagRuns", limit=1)["total_entries"]
            body = {"logical_date": None, "partition_key": night.isoformat(), "conf": _conf(settings, night)}
            run_id = api.post(f"/dags/{NIGHTLY}/dagRuns", body)["dag_run_id"]
            _follow(api, NIGHTLY, run_id, f"night {night}", say)
            _follow(api, OUTREACH, _morning(api, started), f"morning {night}", say)
            if night == NIGHTS[0]:
                answer_batches(airflow, night, say)
    finally:
        local.stop(airflow.home)


def _abandon(api: local.Api) -> None:
    """End the runs of a demo that was interrupted: a night waits for every night before it."""
    for dag_id in local.DAG_IDS:
        for left in api.get(f"/dags/{dag_id}/dagRuns", state=["queued", "running"])["dag_runs"]:
            _patch(api, f"/dags/{dag_id}/dagRuns/{left['dag_run_id']}", {"state": "failed"})


def make_ledger(settings: Settings, night: date, say: Say) -> None:
    """The books as they stood when the night began: complete through the day before. Kept when already made."""
    from huikuan.ledger.demo import generate

    folder = ledger_folder(settings, night)
    made, wanted = folder.with_suffix(".json"), {"through": str(night - timedelta(days=1)), "accounts": ACCOUNTS}
    if made.exists() and json.loads(made.read_text(encoding="utf-8")) == wanted:
        say(f"ledger for {night} is there: {folder}")
        return
    rows = generate(folder, through=night - timedelta(days=1), accounts=ACCOUNTS)
    made.write_text(json.dumps(wanted), encoding="utf-8")
    say(f"ledger for {night}: {sum(rows.values()):,} rows in {len(rows)} tables, {ACCOUNTS} accounts")


def ledger_folder(settings: Settings, night: date) -> Path:
    """Where the demo keeps the ledger of one night."""
    return settings.home / "demo" / "ledger" / night.isoformat()


def _conf(settings: Settings, night: date) -> dict[str, str]:
    return {"ledger": str(ledger_folder(settings, night))}


def _follow(api: local.Api, dag_id: str, run_id: str, name: str, say: Say) -> None:
    """Wait for the end of a run, telling each task as it ends. A task that would be tried again ends the demo too."""
    path = f"/dags/{dag_id}/dagRuns/{run_id}"
    told: set[str] = set()
    deadline = time.monotonic() + RUN_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        state = api.get(path)["state"]
        tasks = api.get(f"{path}/taskInstances")["task_instances"]
        for task in sorted(tasks, key=lambda task: task["end_date"] or ""):
            if task["state"] in ("failed", "up_for_retry"):
                raise DemoError(f"{name}: {task['task_id']} failed.\n{local.log_tail(api, path, task)}", _remedy(task))
            if task["state"] in ("success", "skipped") and task["task_id"] not in told:
                told.add(task["task_id"])
                say(f"{name}: {task['task_id']} {task['state']} in {task['duration']:.1f} s")
        if state == "success":
            return
        if state == "failed":
            raise DemoError(f"{name}: the run {run_id} failed.", "Look into the tasks' logs.")
        time.sleep(0.5)
    raise DemoError(f"{name}: not done after {RUN_TIMEOUT_SECONDS} s.", "Look into scheduler.log in the logs' folder.")


def _morning(api: local.Api, before: int) -> str:
    """The run of the outreach DAG that the night's asset event started."""

    def newest() -> str | None:
        found = api.get(f"/dags/{OUTREACH}/dagRuns", limit=1, order_by="-id")
        return str(found["dag_runs"][0]["dag_run_id"]) if found["total_entries"] > before else None

    return _until(newest, "The night started no morning")


def answer_batches(airflow: local.Airflow, night: date, say: Say) -> None:
    """Approve as the approvers would, over the API: the first line of each batch that has several is left out.

    A batch of one line waits for its approver until its time is over. Answered already: nothing is done.
    """
    admin = local.Api(airflow)
    for batch in _waiting_batches(admin, night):
        [user] = batch["assigned_users"]
        lines = int(batch["subject"].rsplit(" ", 1)[-1])
        if lines == 1:
            say(f"approvals {night}: {user['id']} has one line to decide, and does not answer")
            continue
        task = batch["task_instance"]
        path = f"/dags/{REFERRALS}/dagRuns/{task['dag_run_id']}/taskInstances/approve/{task['map_index']}"
        answer = {"chosen_options": ["Approve"], "params_input": {"leave_out": "#1", "note": "demo"}}
        _patch(local.Api(airflow, user["id"]), f"{path}/hitlDetails", answer)
        _until(partial(_is_recorded, admin, path), f"The answer of {user['id']} was not recorded")
        say(f"approvals {night}: {user['id']} approves {lines - 1} of {lines} lines, one is left out")


def _is_recorded(api: local.Api, path: str) -> bool:
    return bool(api.get(path)["state"] == "success")


def _waiting_batches(api: local.Api, night: date) -> list[dict[str, Any]]:
    """The questions of a night's run once each of its batches is answered or waits for an answer."""

    def asked() -> str | None:
        runs = api.get(f"/dags/{REFERRALS}/dagRuns", limit=1, order_by="-id")["dag_runs"]
        if not runs or runs[0]["partition_key"] != f"{night}":
            return None
        path = f"/dags/{REFERRALS}/dagRuns/{runs[0]['dag_run_id']}"
        states = [task["state"] for task in _approvals(api, path)]
        return path if states and set(states) <= {"awaiting_input", "success", "skipped"} else None

    path = _until(asked, f"No batch of {night} came before its approver")
    waiting = {task["map_index"] for task in _approvals(api, path) if task["state"] == "awaiting_input"}
    time.sleep(READING_SECONDS if waiting else 0)
    pages = api.get(f"{path}/hitlDetails")["hitl_details"]
    return [page for page in pages if page["task_instance"]["map_index"] in waiting]


def _approvals(api: local.Api, path: str) -> list[dict[str, Any]]:
    tasks = api.get(f"{path}/taskInstances")["task_instances"]
    return [task for task in tasks if task["task_id"] == "approve"]


def _patch(api: local.Api, path: str, body: dict[str, Any]) -> None:
    """Change something, again where SQLite refused because the scheduler was writing: then nothing was changed."""

    def is_done() -> bool:
        try:
            api.patch(path, body)
        except local.LocalAirflowError as error:
            if "Database error" in error.problem:
                return False
            raise
        return True

    _until(is_done, f"Airflow's database refused to change {path}")


def _until(probe: Callable[[], T | None], missing: str) -> T:
    deadline = time.monotonic() + RUN_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if found := probe():
            return found
        time.sleep(0.5)
    raise DemoError(f"{missing} within {RUN_TIMEOUT_SECONDS} s.", "Look into scheduler.log in the logs' folder.")


def _remedy(task: dict[str, Any]) -> str:
    return f"docs/runbooks/{task['dag_id']}.md says what to do; then run `make demo` again."


if __name__ == "__main__":
    raise SystemExit(main())
