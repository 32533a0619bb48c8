"""kill -9 at every statement of a publication: readers see the old night or the new one, and a re-run mends it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from warehouse_samples import NIGHT, content, published, record, write_tables

from huikuan.warehouse import publish as publishing
from huikuan.warehouse.connect import connect
from huikuan.warehouse.fence import step
from huikuan.warehouse.publish import RunRecord, publish

OLD, NEW = record(run="aaaaaaaaaaaa"), record(run="bbbbbbbbbbbb")
RERUN_EVERY = 3
"""A re-run costs several times what a kill does."""
CLEAN = multiprocessing.get_context("forkserver")
CLEAN.set_forkserver_preload(["huikuan.warehouse.publish", "warehouse_samples"])


class Fuse:
    """Counts statements and commits of this process, and kills it before the n-th (never, when n is 0)."""

    def __init__(self, burns_at: int) -> None:
        self.burns_at, self.count, self.lock = burns_at, 0, threading.Lock()

    def tick(self) -> None:
        with self.lock:
            self.count += 1
            if self.count == self.burns_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            self.tick()
            return function(*args, **kwargs)

        return watched


class Watched:
    """A DuckDB connection (its class cannot be patched) whose statements tick."""

    def __init__(self, con: duckdb.DuckDBPyConnection, fuse: Fuse) -> None:
        self._con, self.execute, self._fuse = con, fuse.before(con.execute), fuse

    def cursor(self) -> Watched:
        return Watched(self._con.cursor(), self._fuse)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *args: object) -> None:
        self._con.close()


def _publish(url: str, files: dict[str, Path], burns_at: int, counted: Connection) -> None:
    fuse = Fuse(burns_at)
    open_duckdb = duckdb.connect
    psycopg.Connection.execute = fuse.before(psycopg.Connection.execute)  # type: ignore[method-assign]
    psycopg.Connection.commit = fuse.before(psycopg.Connection.commit)  # type: ignore[method-assign]
    publishing.duckdb.connect = lambda: Watched(open_duckdb(), fuse)  # type: ignore[assignment,attr-defined]
    with step(url, NIGHT, "publish", NEW.run_id, wait_seconds=600) as attempt:
        publish(url, attempt, NEW, files)
    counted.send(fuse.count)


def _attempt(url: str, files: dict[str, Path], burns_at: int) -> int | None:
    """Publish in a process of its own; the number of ticks, or None when it was killed."""
    here, there = multiprocessing.Pipe(duplex=False)
    process = CLEAN.Process(target=_publish, args=(url, files, burns_at, there))
    process.start()
    there.close()
    process.join()
    if process.exitcode == 0:
        return int(here.recv())
    assert process.exitcode == -signal.SIGKILL
    return None


def _content(url: str) -> dict[str, str]:
    with connect(url, "auditor") as reader:
        return content(reader)


def _republish(url: str, run: RunRecord, files: dict[str, Path]) -> bool:
    with step(url, NIGHT, "publish", run.run_id, wait_seconds=600) as attempt:
        done = attempt.already_done
        publish(url, attempt, run, files)
    return done


def _undo(url: str) -> None:
    """Take the new run out again, as if it had never been tried: cheaper than a database for every statement."""
    with psycopg.connect(url) as admin:
        for schema, table in admin.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname IN ('store', 'loading') AND tablename ~ '__20260302_' AND tablename !~ '_1$'"
        ).fetchall():
            admin.execute(f"DROP TABLE {schema}.{table}")
        for table in ("run", "run_company", "supply_hold"):
            admin.execute(f"DELETE FROM store.{table} WHERE run_id = %s", [NEW.run_id])
        admin.execute("UPDATE store.published SET run_id = %s", [OLD.run_id])
        admin.execute("UPDATE store.run_step SET token = 1, inputs = %s, state = 'finished'", [OLD.run_id])


@pytest.fixture
def night(
    warehouse_url: str, new_database: Callable[..., str], tmp_path: Path
) -> tuple[Callable[[], str], dict[str, Path]]:
    """A night that has a published run, any number of times; and the files of the run that is to replace it."""
    published(warehouse_url, tmp_path, OLD, 6)
    template = str(conninfo_to_dict(warehouse_url)["dbname"])
    return lambda: new_database(template), write_tables(tmp_path / "new", NEW, 9)


def test_killed_before_any_statement(night: tuple[Callable[[], str], dict[str, Path]]) -> None:
    fresh, files = night
    url = fresh()
    old = _content(url)
    ticks = _attempt(url, files, 0)
    new = _content(url)
    assert ticks is not None
    assert ticks > 40
    assert old != new

    outcomes: list[bool] = []
    for burns_at in range(1, ticks + 1):
        _undo(url)
        assert _content(url) == old
        assert _attempt(url, files, burns_at) is None
        seen = _content(url)
        assert seen in (old, new), f"half a night after statement {burns_at}"
        outcomes.append(seen == new)
        if burns_at % RERUN_EVERY == 0 or burns_at > ticks - 10:
            done = _republish(url, NEW, files)
            assert _content(url) == new, f"the re-run after statement {burns_at} differs"
            assert done == (seen == new), "a committed publication says that it is done, no other does"
    assert outcomes == sorted(outcomes), "one commit divides before from after"
    assert 0 < sum(outcomes) < 10


def test_killed_in_the_middle_of_a_copy(tmp_path: Path, night: tuple[Callable[[], str], dict[str, Path]]) -> None:
    """The process dies while the server is receiving rows; a second try dies the same way; the third publishes."""
    fresh, _ = night
    url = fresh()
    old = _content(url)
    files = write_tables(tmp_path / "large", NEW, 60_000)
    for _ in range(2):
        here, there = multiprocessing.Pipe(duplex=False)
        process = CLEAN.Process(target=_publish, args=(url, files, 0, there))
        process.start()
        with psycopg.connect(url, autocommit=True) as admin:
            while not admin.execute("SELECT 1 FROM pg_stat_progress_copy WHERE tuples_processed > 0").fetchone():
                assert process.is_alive(), "the publication ended before it could be killed"
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        here.close()
        there.close()
        assert _content(url) == old
    assert not _republish(url, NEW, files)
    with connect(url, "finance_ro") as reader:
        assert (
            reader.execute("SELECT count(*), count(DISTINCT task_id) FROM collections.task").fetchone() == (60_000,) * 2
        )
    with psycopg.connect(url) as admin:
        assert admin.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'loading'").fetchone() == (0,)
