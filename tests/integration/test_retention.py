"""Old nights go to the lake and out of the warehouse: what may go, what never does, and what a kill leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import psycopg
import pytest
from typer.testing import CliRunner
from warehouse_samples import published, record

from huikuan.cli import app
from huikuan.errors import WarehouseError
from huikuan.night import retention
from huikuan.policy.finance import Retention
from huikuan.settings import PROJECT
from huikuan.warehouse.connect import connect
from huikuan.warehouse.tables import RESULTS

BOUNDS = Retention(daily_months=3, older_runs_days=30)
TODAY = date(2026, 7, 1)
FEBRUARY, MARCH_1, MARCH_2 = date(2026, 2, 10), date(2026, 3, 1), date(2026, 3, 2)
PINNED = date(2026, 2, 11)
RECENT = [date(2026, 5, 1) + timedelta(days=day) for day in range(33)]


@pytest.fixture(scope="module")
def template(module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Nights of February and March, one of them done twice, one locked; then 33 nights that only the pointer knows."""
    folder = tmp_path_factory.mktemp("runs")
    published(module_warehouse_url, folder, record(FEBRUARY, "bbbbbbbbbbbb"), 3)
    for night in (FEBRUARY, PINNED, MARCH_1, MARCH_2):
        published(module_warehouse_url, folder, record(night), 3)
    with psycopg.connect(module_warehouse_url) as admin:
        for night in RECENT:
            admin.execute("INSERT INTO store.published VALUES (%s, %s)", [night, f"{night:%Y%m%d}-aaaaaaaaaaaa"])
        admin.execute(
            "INSERT INTO store.month_lock VALUES ('C1', '2026-02-01', 1, %s, %s, 'x', 'huikuan', now(), 'closed')",
            [PINNED, record(PINNED).run_id],
        )
    return module_warehouse_url


@pytest.fixture
def url(template: str, new_database: Callable[..., str]) -> str:
    return new_database(template.split("@/")[1].split("?")[0])


def _partitions(url: str, run_id: str) -> int:
    with connect(url, "auditor") as connection:
        [(count,)] = connection.execute(
            "SELECT count(*) FROM pg_inherits AS i INNER JOIN pg_class AS c ON i.inhrelid = c.oid"
            " WHERE c.relkind = 'r' AND strpos(pg_get_expr(c.relpartbound, c.oid), %s) > 0",
            [run_id],
        ).fetchall()
    return int(count)


def test_what_is_due(url: str) -> None:
    """Old nights and replaced runs; not the last night of a month's books, not a locked run, not what is recent."""
    found = [(old.business_date, old.run_id[-1], old.cause) for old in retention.due(url, BOUNDS, TODAY)]
    assert found == [(FEBRUARY, "a", "daily"), (FEBRUARY, "b", "replaced")]
    assert retention.due(url, BOUNDS, date(2026, 3, 5)) == []
    replaced_only = retention.due(url, BOUNDS.model_copy(update={"daily_months": 24}), TODAY)
    assert [old.cause for old in replaced_only] == ["replaced"]


def test_archived_exactly_then_removed(url: str, tmp_path: Path) -> None:
    run = record(FEBRUARY).run_id
    with connect(url, "auditor") as connection:
        before = connection.execute(
            "SELECT * FROM store.open_item WHERE run_id = %s ORDER BY account_id", [run]
        ).fetchall()
    said: list[str] = []
    assert len(retention.retire(url, tmp_path, BOUNDS, TODAY, said.append)) == len(said) == 2
    folder = tmp_path / "archive" / f"{FEBRUARY}" / run
    assert {path.stem for path in folder.glob("*.parquet")} == set(RESULTS)
    assert duckdb.sql(f"SELECT * FROM '{folder}/open_item.parquet' ORDER BY account_id").fetchall() == before
    assert _partitions(url, run) == 0
    assert _partitions(url, record(FEBRUARY, "bbbbbbbbbbbb").run_id) == 0
    for night in (PINNED, MARCH_1, MARCH_2):
        assert _partitions(url, record(night).run_id) == len(RESULTS)
    with connect(url, "finance_ro") as connection:
        assert connection.execute("SELECT DISTINCT business_date FROM collections.task ORDER BY 1").fetchall() == [
            (PINNED,), (MARCH_1,), (MARCH_2,)
        ]  # fmt: skip
    assert retention.retire(url, tmp_path, BOUNDS, TODAY, said.append) == [], "done once is done"


def test_the_warehouse_refuses_what_must_stay(url: str) -> None:
    digest = "0" * 64
    for run, why in (
        (record(PINNED).run_id, "month_lock"),
        (record(MARCH_1).run_id, "month_end"),
        (record(MARCH_2).run_id, "month_end"),
        ("20990101-unknown", "unknown"),
    ):
        with connect(url, "loader") as connection, pytest.raises(psycopg.Error, match=f"stay: {why}") as caught:
            connection.execute("SELECT store.drop_archived_run(%s, '{}', %s)", [run, digest])
        assert caught.value.sqlstate == "HK004"
    run = record(FEBRUARY).run_id
    for counts, manifest, state in (
        ("{}", digest, "HK003"),
        ('{"open_item": 2}', digest, "HK003"),
        ("{}", "", "HK002"),
    ):
        with connect(url, "loader") as connection, pytest.raises(psycopg.Error) as caught:
            connection.execute("SELECT store.drop_archived_run(%s, %s, %s)", [run, counts, manifest])
        assert caught.value.sqlstate == state
    assert _partitions(url, run) == len(RESULTS)
    with connect(url, "loader") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("DROP TABLE store.task__20260210_2")


def test_the_newest_night_stays(warehouse_url: str, tmp_path: Path) -> None:
    published(warehouse_url, tmp_path, record(FEBRUARY), 2)
    published(warehouse_url, tmp_path, record(PINNED, "bbbbbbbbbbbb"), 2)
    published(warehouse_url, tmp_path, record(PINNED), 2)
    assert retention.due(warehouse_url, BOUNDS, date(2030, 1, 1)) == []
    with connect(warehouse_url, "loader") as connection:
        why = "SELECT store.kept_because(%s)"
        for run in (record(FEBRUARY), record(PINNED), record(PINNED, "bbbbbbbbbbbb")):
            assert connection.execute(why, [run.run_id]).fetchone() == ("recent",)


def test_a_damaged_archive_removes_nothing(url: str, tmp_path: Path) -> None:
    old = retention.due(url, BOUNDS, TODAY)[0]
    folder = tmp_path / "archive" / f"{old.business_date}" / old.run_id
    retention.archive(url, folder, old)
    with (folder / "task.parquet").open("r+b") as file:
        file.write(b"XXXX")
    with pytest.raises(WarehouseError, match=r"task\.parquet is missing or damaged"):
        retention.retire(url, tmp_path, BOUNDS, TODAY, print)
    assert _partitions(url, old.run_id) == len(RESULTS)


@pytest.mark.parametrize("where", ["_write", "_checked", "_remove"])
def test_killed_anywhere_the_next_call_goes_on(url: str, tmp_path: Path, where: str) -> None:
    """Killed while a table is written, before the finished archive is trusted, and before anything is removed."""
    code = (
        "import os, signal, sys\nfrom datetime import date\nfrom pathlib import Path\n"
        "from huikuan.night import retention\nfrom huikuan.policy.finance import Retention\n"
        f"real, calls = retention.{where}, []\n"
        "def die(*arguments):\n"
        "    calls.append(1)\n"
        f"    if len(calls) == {3 if where == '_write' else 1}:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(*arguments)\n"
        f"retention.{where} = die\n"
        "retention.retire(sys.argv[1], Path(sys.argv[2]), Retention(daily_months=3, older_runs_days=30),"
        f" date(2026, 7, 1), print)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "plugins")}
    done = subprocess.run([sys.executable, "-c", code, url, str(tmp_path)], env=environment, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert _partitions(url, record(FEBRUARY).run_id) == len(RESULTS), "nothing was removed"
    assert len(retention.retire(url, tmp_path, BOUNDS, TODAY, print)) == 2
    assert [path.name for path in (tmp_path / "archive" / f"{FEBRUARY}").iterdir() if path.name.startswith(".")] == []
    assert _partitions(url, record(FEBRUARY).run_id) == 0


def test_an_archived_run_cannot_be_shown_again(url: str, tmp_path: Path) -> None:
    """Its rows are in the lake only: a pointer to it would show an empty night."""
    retention.retire(url, tmp_path / "lake", BOUNDS, TODAY, print)
    with pytest.raises(WarehouseError, match="lies in the archive only"):
        published(url, tmp_path, record(FEBRUARY, "bbbbbbbbbbbb"), 3)


def test_by_command(url: str, tmp_path: Path) -> None:
    arguments = ["retention", "--date", "2029-07-01", "--warehouse", url, "--lake", str(tmp_path)]
    shown = CliRunner().invoke(app, [*arguments, "--dry-run"])
    assert shown.exit_code == 0, shown.output
    assert "would be archived: 2" in shown.output
    assert not (tmp_path / "archive").exists()
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "archived and removed: 2" in done.output
