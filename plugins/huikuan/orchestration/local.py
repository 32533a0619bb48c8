"""A real Airflow on this machine, for `make demo` and `make up`: child processes, loopback only.

    python -m huikuan.orchestration.local up      starts it and returns
    python -m huikuan.orchestration.local down    stops what was started, and the embedded PostgreSQL
    python -m huikuan.orchestration.local clean   the same, and removes what lies outside the home

Logs, password and process ids are kept below ``HUIKUAN_HOME`` (default ``.home``), the metadata in the embedded
PostgreSQL: services that write beside each other need row locks, on SQLite one of them is refused sooner or later.
For more than one person use docker-compose.yaml: this one logs people in with Airflow's SimpleAuthManager.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil  # type: ignore[import-untyped]
from rich.console import Console

from huikuan.errors import HuikuanError
from huikuan.settings import PROJECT, Settings
from huikuan.warehouse.connect import embedded_folder, label, start_embedded, stop_embedded

UP_PORT = 8080
USER = "admin"
DAG_IDS = ("collections_nightly", "collections_outreach", "collections_referrals")
START_TIMEOUT_SECONDS = 300
STOP_TIMEOUT_SECONDS = 15
SERVICES: dict[str, tuple[str, ...]] = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler",),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer",),
}
DEMO_SERVICES = ("api-server", "scheduler", "dag-processor")
"""The triggerer serves deferred tasks; the demo has none and starts faster without it."""


T = TypeVar("T")


class LocalAirflowError(HuikuanError):
    """The Airflow on this machine does not start, or a call to it was refused."""


@dataclass
class Airflow:
    """One Airflow below ``home``; ``port`` of its API server on the loopback interface."""

    home: Path
    port: int
    environment: dict[str, str] = field(repr=False)
    processes: dict[str, psutil.Process] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where its user interface and REST API are."""
        return f"http://localhost:{self.port}"

    @property
    def logs(self) -> Path:
        """One file per service, and the tasks' logs below ``tasks/``."""
        return self.home / "logs"


def embedded_metadata(settings: Settings) -> str:
    """The libpq URL of a database for Airflow's metadata on the embedded PostgreSQL, which is started when needed."""
    return start_embedded(embedded_folder(settings), "airflow")


def prepare(
    settings: Settings,
    port: int,
    metadata_url: str,
    extra: Mapping[str, str] | None = None,
    approvers: Sequence[str] = (),
) -> Airflow:
    """Folders, passwords and environment; stops what an earlier start left running; brings the metadata up to date.

    ``metadata_url`` is the libpq URL of a PostgreSQL database for Airflow alone. ``approvers`` are users beside the
    admin who may look at runs and answer what is theirs to approve: their rep_ids.
    """
    home = settings.home / "airflow"
    (home / "logs").mkdir(parents=True, exist_ok=True)
    stop(home)
    own = _environment(settings, home, port, metadata_url, approvers)
    airflow = Airflow(home, port, {**os.environ, **own, **(extra or {})})
    _make_passwords(home, [USER, *approvers])
    with (airflow.logs / "migrate.log").open("wb") as output:
        done = subprocess.run(_command("db", "migrate"), env=airflow.environment, stdout=output, stderr=output)  # noqa: S603
    if done.returncode:
        raise LocalAirflowError(
            f"Airflow's metadata database could not be prepared:\n{tail(airflow.logs / 'migrate.log')}",
            f"Drop the database {label(metadata_url)} when it comes from another version of Airflow, then start again.",
        )
    return airflow


def start(airflow: Airflow, services: Sequence[str], dag_ids: Sequence[str]) -> None:
    """Start the services and wait until all of ``dag_ids`` can be triggered. Stops everything again when that fails.

    The scheduler comes last: a task that it starts before the API server listens fails its attempt.
    """
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    try:
        for service in services:
            if service != "scheduler":
                _launch(airflow, service)
        api = _wait_for(airflow, deadline, lambda: Api(airflow))
        _launch(airflow, "scheduler")
        _wait_for(airflow, deadline, lambda: _is_ready(api, dag_ids))
    except BaseException:
        stop(airflow.home)
        raise


def _launch(airflow: Airflow, service: str) -> None:
    """Start one service and record it."""
    with (airflow.logs / f"{service}.log").open("wb") as output:
        child = subprocess.Popen(  # noqa: S603
            _command(*SERVICES[service]),
            env=airflow.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop them in order
        )
    airflow.processes[service] = psutil.Process(child.pid)
    records = {
        name: {"pid": process.pid, "started": process.create_time()} for name, process in airflow.processes.items()
    }
    (airflow.home / "processes.json").write_text(json.dumps(records), encoding="utf-8")


def stop(home: Path) -> list[str]:
    """Stop the services recorded below ``home`` and their workers; returns the names of those that were running.

    A process counts as ours only when its start time is the recorded one: numbers are used again by others.
    """
    record = home / "processes.json"
    if not record.exists():
        return []
    found: list[psutil.Process] = []
    names: list[str] = []
    for name, was in json.loads(record.read_text(encoding="utf-8")).items():
        if psutil.pid_exists(was["pid"]):
            process = psutil.Process(was["pid"])
            if abs(process.create_time() - was["started"]) < 1:
                names.append(name)
                found += [process, *process.children(recursive=True)]
    for act in (psutil.Process.terminate, psutil.Process.kill):
        for process in found:
            if process.is_running():
                act(process)
        _, found = psutil.wait_procs(found, timeout=STOP_TIMEOUT_SECONDS)
    record.unlink()
    return names


class Api:
    """Airflow's REST API, logged in."""

    def __init__(self, airflow: Airflow, user: str = USER) -> None:
        self._client = httpx.Client(base_url=airflow.url, timeout=120, trust_env=False)
        token = self._client.post("/auth/token", json={"username": user, "password": password(airflow.home, user)})
        self._client.headers["Authorization"] = f"Bearer {_checked(token)['access_token']}"

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """GET below /api/v2."""
        return _checked(self._client.get(f"/api/v2{path}", params=query))

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """PATCH below /api/v2."""
        return _checked(self._client.patch(f"/api/v2{path}", json=dict(body)))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST below /api/v2."""
        return _checked(self._client.post(f"/api/v2{path}", json=dict(body)))


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tail(path: Path, lines: int = 25) -> str:
    """The end of a log file."""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def log_tail(api: Api, path: str, task: dict[str, Any]) -> str:
    """The end of a task's log, as plain lines, with the message of the error."""
    log = api.get(f"{path}/taskInstances/{task['task_id']}/logs/{task['try_number']}")["content"]
    lines: list[str] = []
    for entry in log:
        lines += str(entry["event"]).splitlines()
        lines += [f"{error['exc_type']}: {error['exc_value']}" for error in entry.get("error_detail") or []]
    return "\n".join(f"  | {line}" for line in lines[-25:])


def _checked(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise LocalAirflowError(
            f"Airflow answered {answer.status_code} to {answer.request.method} {answer.request.url.path}: "
            f"{answer.text[:500]}",
            "Look into api-server.log in the folder of the logs.",
        )
    body: dict[str, Any] = answer.json()
    return body


def _command(*arguments: str) -> list[str]:
    """This environment's Airflow, whatever PATH says."""
    return [sys.executable, "-m", "airflow", *arguments]


def _environment(
    settings: Settings, home: Path, port: int, metadata_url: str, approvers: Sequence[str]
) -> dict[str, str]:
    """Airflow by environment alone. Two cores are enough for it: one parser, one API worker, four tasks at a time."""
    metadata = metadata_url.replace("postgresql://", "postgresql+psycopg://", 1)
    core = {
        "CORE__DAGS_FOLDER": PROJECT / "dags",
        "CORE__PLUGINS_FOLDER": PROJECT / "plugins",
        "CORE__LOAD_EXAMPLES": False,
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": 4,
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": False,
        "CORE__EXECUTION_API_SERVER_URL": f"http://localhost:{port}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join([f"{USER}:admin", *(f"{name}:user" for name in approvers)]),
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": home / "password.json",
        "DATABASE__SQL_ALCHEMY_CONN": metadata,
        "DATABASE__SQL_ALCHEMY_CONN_ASYNC": metadata,
        "API__HOST": "127.0.0.1",
        "API__PORT": port,
        "API__BASE_URL": f"http://localhost:{port}",
        "API__WORKERS": 1,
        "API__EXPOSE_STACKTRACE": True,  # loopback only: whoever sees an error here owns the machine
        "DAG_PROCESSOR__PARSING_PROCESSES": 1,
        "LOGGING__BASE_LOG_FOLDER": home / "logs" / "tasks",
        "USAGE_DATA_COLLECTION__ENABLED": False,
    }
    return {
        **{f"AIRFLOW__{key}": str(value) for key, value in core.items()},
        "AIRFLOW_HOME": str(home),
        "HUIKUAN_HOME": str(settings.home),
        "HUIKUAN_LAKE": str(settings.lake),
        "HUIKUAN_MAIL": str(settings.mail),
        "GX_ANALYTICS_ENABLED": "False",
        "NO_PROXY": "localhost,127.0.0.1",
    }


def password(home: Path, user: str = USER) -> str:
    """The password of one of this installation's users."""
    return str(json.loads((home / "password.json").read_text(encoding="utf-8"))[user])


def _make_passwords(home: Path, users: Sequence[str]) -> None:
    """A password for each user: made once, readable by its owner only."""
    path = home / "password.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if made := {user: secrets.token_urlsafe(12) for user in users if user not in known}:
        fresh = path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(known | made, file)
        fresh.replace(path)


def _wait_for(airflow: Airflow, deadline: float, probe: Callable[[], T | None]) -> T:
    """Ask until there is an answer; an API server that does not listen yet is no answer, a dead service ends it."""
    while time.monotonic() < deadline:
        for name, process in airflow.processes.items():
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                log = airflow.logs / f"{name}.log"
                raise LocalAirflowError(f"Airflow's {name} has stopped:\n{tail(log)}", f"The whole log is {log}.")
        try:
            if (answer := probe()) is not None:
                return answer
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise LocalAirflowError(
        f"Airflow is not ready after {START_TIMEOUT_SECONDS} s.", f"Look into the logs in {airflow.logs}."
    )


def _is_ready(api: Api, dag_ids: Sequence[str]) -> bool | None:
    """True when the scheduler's heart beats and every DAG is read; a DAG file with an error ends the wait."""
    if errors := api.get("/importErrors")["import_errors"]:
        raise LocalAirflowError(errors[0]["stack_trace"], "Correct the DAG file that is named above.")
    known = {dag["dag_id"] for dag in api.get("/dags")["dags"]}
    healthy = api.get("/monitor/health")["scheduler"]["status"] == "healthy"
    return True if healthy and known.issuperset(dag_ids) else None


def up(console: Console) -> None:
    """Start Airflow with its user interface and leave it running."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", UP_PORT)) == 0:
            raise LocalAirflowError(
                f"Port {UP_PORT} is in use.", "Run `make down` if it is Huikuan's, or stop the program that holds it."
            )
    settings = Settings.from_environment()
    console.print("Starting Airflow …")
    approvers = demo_approvers(settings)
    airflow = prepare(settings, UP_PORT, embedded_metadata(settings), demo_ledger(settings), approvers)
    start(airflow, tuple(SERVICES), DAG_IDS)
    for user in (USER, *approvers):
        console.print(
            f"Airflow   {airflow.url}   user {user}   password {password(airflow.home, user)}", soft_wrap=True
        )
    console.print(f"Logs      {airflow.logs}\nStop it   make down", soft_wrap=True)


def demo_ledger(settings: Settings) -> dict[str, str]:
    """The demo's ledger, where one was made and nothing else is configured."""
    folder = max((settings.home / "demo" / "ledger").glob("*/"), default=settings.home / "nowhere")
    configured = {"HUIKUAN_LEDGER", "AIRFLOW_CONN_HUIKUAN_LEDGER"} & set(os.environ)
    return {"HUIKUAN_LEDGER": str(folder)} if folder.exists() and not configured else {}


def demo_approvers(settings: Settings) -> list[str]:
    """Managers and finance of the demo's newest ledger, who may log in and answer what is put before them."""
    import duckdb

    ledger = demo_ledger(settings).get("HUIKUAN_LEDGER")
    if ledger is None:
        return []
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT rep_id FROM read_parquet(?) WHERE role IN ('manager', 'finance') AND coalesce(is_active, true)"
            " ORDER BY rep_id",
            [str(Path(ledger) / "rep.parquet")],
        ).fetchall()
    return [row[0] for row in rows]


def down(console: Console) -> None:
    """Stop what ``up`` or an interrupted demo left running, and the embedded PostgreSQL."""
    settings = Settings.from_environment()
    names = stop(settings.home / "airflow")
    stop_embedded(settings)
    console.print(f"Stopped: {', '.join(names) or 'no Airflow was running'}; embedded PostgreSQL")


def clean(console: Console) -> None:
    """``down``, and removes what the embedded PostgreSQL keeps outside the home, where root started it."""
    down(console)
    settings = Settings.from_environment()
    folder = embedded_folder(settings).parent
    if folder != settings.home and folder.exists():
        shutil.rmtree(folder)


def main() -> int:
    """Entry point: ``up``, ``down`` or ``clean``."""
    console = Console()
    actions = {"up": up, "down": down, "clean": clean}
    if len(sys.argv) != 2 or sys.argv[1] not in actions:
        console.print("usage: python -m huikuan.orchestration.local up|down|clean")
        return 2
    try:
        actions[sys.argv[1]](console)
    except HuikuanError as error:
        console.print(str(error), markup=False, soft_wrap=True, style="red")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
