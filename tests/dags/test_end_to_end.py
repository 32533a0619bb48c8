"""Two nights through a real Airflow: scheduler, DAG processor, API server, LocalExecutor, and a real PostgreSQL.

The first night goes well and its asset event starts the morning. The ledger of the second is broken, so the gate stops
it: nothing is published, the run is red, and the data owner alone gets a mail. Passwords of both connections are
searched for in everything that Airflow wrote.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from huikuan.ledger.demo import generate
from huikuan.orchestration import local
from huikuan.settings import Settings
from tests.approval_airflow import eventually, everything_written

pytestmark = pytest.mark.airflow

GOOD, STOPPED = date(2026, 9, 2), date(2026, 9, 3)
NIGHTLY, OUTREACH = "collections_nightly", "collections_outreach"
CANARIES = ("canary-warehouse-7Qx", "canary-ledger-Zk3")


@dataclass(frozen=True)
class Seen:
    """What the two nights left."""

    settings: Settings
    url: str
    metadata: str
    airflow_home: Path
    runs: dict[str, dict[date, dict[str, Any]]]
    tasks: dict[str, dict[date, dict[str, str]]]

    def select(self, query: str, day: date) -> list[tuple[Any, ...]]:
        """Rows of the warehouse about one business date."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query, [day]).fetchall()


@pytest.fixture(scope="module")
def seen(new_database: Callable[..., str]) -> Iterator[Seen]:
    """Both nights, one after the other."""
    home = Path(tempfile.mkdtemp(prefix="huikuan-nights-"))
    url, metadata = new_database(), new_database()
    settings = Settings(home=home, lake=home / "lake", mail=home / "mail", warehouse_url=None)
    ledger = home / "ledger"
    connections = {
        "AIRFLOW_CONN_HUIKUAN_WAREHOUSE": url.replace("postgres:@", f"postgres:{CANARIES[0]}@"),
        "AIRFLOW_CONN_HUIKUAN_LEDGER": json.dumps(
            {"conn_type": "generic", "password": CANARIES[1], "extra": {"path": str(ledger)}}
        ),
    }
    airflow = local.prepare(settings, local.free_port(), metadata, connections)
    try:
        local.start(airflow, local.DEMO_SERVICES, (NIGHTLY, OUTREACH))
        api = local.Api(airflow)
        seen = Seen(settings, url, metadata, airflow.home, {NIGHTLY: {}, OUTREACH: {}}, {NIGHTLY: {}, OUTREACH: {}})
        for night, spoil in ((GOOD, False), (STOPPED, True)):
            generate(ledger, through=night - timedelta(days=1), accounts=40, months=6)
            if spoil:
                _lose_the_accounts(ledger)
            api.post(f"/dags/{NIGHTLY}/dagRuns", {"logical_date": None, "partition_key": night.isoformat()})
            for dag_id in (NIGHTLY, OUTREACH):
                seen.runs[dag_id][night], seen.tasks[dag_id][night] = _finished(api, dag_id, night)
        local.stop(airflow.home)
        yield seen
    finally:
        local.stop(airflow.home)
        shutil.rmtree(home)


def _lose_the_accounts(ledger: Path) -> None:
    """Every document of an account that nobody knows: far more than the policy lets pass."""
    table = ledger / "document.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE spoiled AS SELECT * REPLACE ('nobody' AS account_id) FROM '{table}'")
        connection.execute(f"COPY spoiled TO '{table}' (FORMAT parquet)")


def _finished(api: local.Api, dag_id: str, night: date) -> tuple[dict[str, Any], dict[str, str]]:
    """The run of a business date when it has ended, and the state of each of its tasks."""

    def look() -> tuple[bool, tuple[dict[str, Any], dict[str, str]]]:
        runs = [run for run in api.get(f"/dags/{dag_id}/dagRuns")["dag_runs"] if run["partition_key"] == str(night)]
        if not runs:
            return False, ({}, {})
        path = f"/dags/{dag_id}/dagRuns/{runs[0]['dag_run_id']}"
        tasks = api.get(f"{path}/taskInstances")["task_instances"]
        for task in tasks:
            assert task["state"] != "up_for_retry", local.log_tail(api, path, task)
        return runs[0]["state"] in ("success", "failed"), (runs[0], {t["task_id"]: t["state"] for t in tasks})

    return eventually(look, f"{dag_id} of {night}")


def test_a_good_night_is_published_and_starts_its_morning(seen: Seen) -> None:
    assert set(seen.tasks[NIGHTLY][GOOD].values()) == {"success"}
    assert seen.runs[OUTREACH][GOOD]["run_type"] == "asset_triggered"
    assert set(seen.tasks[OUTREACH][GOOD].values()) == {"success"}
    [(gate, status)] = seen.select("SELECT gate, status FROM store.run WHERE business_date = %s", GOOD)
    assert (gate, status) == ("open", "published")
    [(items,)] = seen.select("SELECT count(*) FROM collections.open_item WHERE business_date = %s", GOOD)
    assert items > 0
    assert (seen.settings.lake / "results" / GOOD.isoformat() / "open_item.parquet").exists()


def test_the_mails_of_a_good_night_are_files_without_a_mail_server(seen: Seen) -> None:
    states = dict(seen.select("SELECT state, count(*) FROM store.message WHERE business_date = %s GROUP BY 1", GOOD))
    files = list((seen.settings.mail / GOOD.isoformat()).glob("*.eml"))
    assert states == {"sent": len(files)}
    assert files


def test_a_stopped_night_is_red_and_publishes_nothing(seen: Seen) -> None:
    assert seen.runs[NIGHTLY][STOPPED]["state"] == "failed"
    assert seen.tasks[NIGHTLY][STOPPED] == dict.fromkeys(("extract", "validate", "classify", "publish"), "success") | {
        "verdict": "failed"
    }
    assert seen.select("SELECT gate, status FROM store.run WHERE business_date = %s", STOPPED) == [("stop", "stopped")]
    assert seen.select("SELECT run_id FROM store.published WHERE business_date = %s", STOPPED) == []


def test_a_stopped_night_is_told_to_the_data_owner_alone(seen: Seen) -> None:
    assert seen.runs[OUTREACH][STOPPED]["state"] == "success"
    kinds = seen.select("SELECT DISTINCT kind, state FROM store.message WHERE business_date = %s", STOPPED)
    assert kinds == [("data_owner", "sent")]


def test_the_operator_is_alerted_of_a_stopped_night(seen: Seen) -> None:
    run_id = seen.runs[NIGHTLY][STOPPED]["dag_run_id"]
    log = seen.airflow_home / "logs" / "tasks" / f"dag_id={NIGHTLY}" / f"run_id={run_id}" / "task_id=verdict"
    text = (log / "attempt=1.log").read_text(encoding="utf-8")
    assert "ALERT" in text
    assert "the gate is stop" in text


def test_no_password_of_a_connection_is_written_anywhere(seen: Seen) -> None:
    """Logs, and the whole metadata database: XCom, rendered fields, events."""
    written = everything_written(seen.airflow_home, seen.metadata)
    assert GOOD.isoformat() in written, "the search itself works"
    assert [canary for canary in CANARIES if canary in written] == []


def test_only_ids_counts_and_states_travel_between_tasks(seen: Seen) -> None:
    with psycopg.connect(seen.metadata) as connection:
        values = [value for (value,) in connection.execute("SELECT value FROM xcom")]
    assert values
    assert all(len(json.dumps(value)) < 2000 for value in values), values
