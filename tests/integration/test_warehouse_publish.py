"""Publishing: all of a night or nothing, once, and nobody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import psycopg
import pytest
from sqlalchemy.types import JSON
from warehouse_samples import NIGHT, content, published, record, write_tables

from huikuan.errors import FenceError, WarehouseError
from huikuan.warehouse import publish as publishing
from huikuan.warehouse.connect import connect
from huikuan.warehouse.fence import step
from huikuan.warehouse.publish import RunRecord, current_run, previous_run, publish, record_stopped
from huikuan.warehouse.tables import RESULTS

A, B = record(run="aaaaaaaaaaaa"), record(run="bbbbbbbbbbbb")


def _read(url: str, sql: str) -> list[tuple[object, ...]]:
    with connect(url, "finance_ro") as connection:
        return connection.execute(sql).fetchall()


def _loading(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {r[0] for r in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'loading'")}


def test_a_run_is_seen_by_every_reader_with_its_values(warehouse_url: str, tmp_path: Path) -> None:
    assert published(warehouse_url, tmp_path, A, 25) == dict.fromkeys(RESULTS, 25)
    assert _loading(warehouse_url) == set()
    with duckdb.connect() as con, connect(warehouse_url, "finance_ro") as connection:
        for name, table in RESULTS.items():
            columns = ", ".join(f'CAST("{c.name}" AS VARCHAR)' for c in table.columns if not isinstance(c.type, JSON))
            file = tmp_path / A.run_id / f"{name}.parquet"
            stored = connection.execute(
                f"SELECT {columns} FROM collections.{name}".replace("VARCHAR", "text")
            ).fetchall()
            given = con.execute(f"SET timezone = 'UTC'; SELECT {columns} FROM read_parquet('{file}')").fetchall()
            assert sorted(map(repr, stored)) == sorted(map(repr, given)), name
        rows = connection.execute("SELECT inputs FROM collections.decision_reason").fetchall()
        assert sorted(row[0]["days_past_due"] for row in rows) == list(range(25))
    (run,) = _read(warehouse_url, "SELECT run_id, status, counts, published_at <= now() FROM collections.run")
    assert run == (A.run_id, "published", dict.fromkeys(RESULTS, 25), True)


def test_a_finished_publish_run_again_changes_nothing(warehouse_url: str, tmp_path: Path) -> None:
    published(warehouse_url, tmp_path, A)
    with connect(warehouse_url, "auditor") as connection:
        before = content(connection)
        relations = connection.execute("SELECT count(*) FROM pg_class").fetchone()
    assert published(warehouse_url, tmp_path, A) == dict.fromkeys(RESULTS, 20)
    with connect(warehouse_url, "auditor") as connection:
        assert content(connection) == before
        assert connection.execute("SELECT count(*) FROM pg_class").fetchone() == relations


def test_another_run_of_the_night_replaces_it_and_can_be_taken_back(warehouse_url: str, tmp_path: Path) -> None:
    published(warehouse_url, tmp_path, A, 10)
    with connect(warehouse_url, "auditor") as connection:
        before = content(connection)
    published(warehouse_url, tmp_path, B, 30)
    assert _read(warehouse_url, "SELECT run_id, count(*) FROM collections.task GROUP BY 1") == [(B.run_id, 30)]
    assert current_run(warehouse_url, NIGHT) is not None
    published(warehouse_url, tmp_path, A, 10)  # the inputs were changed back: same inputs, same run
    with connect(warehouse_url, "auditor") as connection:
        assert content(connection) == before
        assert connection.execute("SELECT count(*) FROM store.task").fetchone() == (40,)
    assert _loading(warehouse_url) == set()


def test_nights_stand_beside_each_other(warehouse_url: str, tmp_path: Path) -> None:
    nights = [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 5)]
    for rows, night in enumerate(nights, 1):
        published(warehouse_url, tmp_path, record(night), rows)
    assert _read(warehouse_url, "SELECT business_date, count(*) FROM collections.open_item GROUP BY 1 ORDER BY 1") == [
        (night, rows) for rows, night in enumerate(nights, 1)
    ]
    current = current_run(warehouse_url, nights[1])
    assert current == RunRecord(**{**record(nights[1]).__dict__, "counts": dict.fromkeys(RESULTS, 2)})
    assert current_run(warehouse_url, date(2026, 3, 4)) is None
    assert getattr(previous_run(warehouse_url, date(2026, 3, 5)), "business_date", None) == nights[1]
    assert getattr(previous_run(warehouse_url, nights[0]), "business_date", None) is None
    assert getattr(current_run(warehouse_url, nights[2], "mailer"), "run_id", None) == record(nights[2]).run_id


def test_a_stopped_run_is_recorded_and_readers_keep_what_they_see(warehouse_url: str, tmp_path: Path) -> None:
    published(warehouse_url, tmp_path, A, 10)
    stopped = record(run="cccccccccccc", status="stopped")
    alone = record(date(2026, 3, 3), status="stopped")
    for run in (stopped, alone, alone):
        with step(warehouse_url, run.business_date, "publish", run.run_id) as attempt:
            record_stopped(warehouse_url, attempt, run)
    assert _read(warehouse_url, "SELECT run_id, status, gate FROM collections.run ORDER BY business_date") == [
        (A.run_id, "published", "open"),
        (alone.run_id, "stopped", "stop"),
    ]
    assert current_run(warehouse_url, date(2026, 3, 3)) is None
    assert _read(warehouse_url, "SELECT count(*) FROM collections.task") == [(10,)]


def test_text_of_any_kind_comes_through_as_text(warehouse_url: str, tmp_path: Path) -> None:
    poison = "=1+1 </td><script> {{ x }} \r\nBcc: O'B; DROP \\N \\. \t\" \u202e 𠮷 𪚥 " + "长" * 40_000
    quoted = poison.replace("'", "''")
    published(warehouse_url, tmp_path, A, 3, task__script_id=f"'{quoted}'")
    assert _read(warehouse_url, "SELECT DISTINCT script_id FROM collections.task") == [(poison,)]


# --- files that do not fit --------------------------------------------------------------------------------------------


@contextmanager
def _refused(url: str, match: str) -> Iterator[None]:
    """The publication is refused with this message, and nobody sees anything of it."""
    with pytest.raises(WarehouseError, match=match):
        yield
    assert _read(url, "SELECT count(*) FROM collections.run") == [(0,)]
    assert _read(url, "SELECT count(*) FROM collections.task") == [(0,)]


def _change(file: Path, select: str) -> None:
    changed = file.with_suffix(".changed")
    duckdb.sql(f"COPY (SELECT {select} FROM read_parquet('{file}')) TO '{changed}' (FORMAT parquet)")
    changed.replace(file)


@pytest.mark.parametrize(
    ("table", "select", "match"),
    [
        ("task", "* EXCLUDE (points)", r"task: task.parquet lacks the columns \['points'\]"),
        ("task", "*, 1 AS extra", r"unknown ones \['extra'\]"),
        ("task", "* REPLACE (ask_amount::DOUBLE AS ask_amount)", r"task: .* binary fractions in \['ask_amount'\]"),
        ("task", "* REPLACE ('20260302-zzz' AS run_id)", "task: .* some rows are of another run"),
        ("task", "* REPLACE (DATE '2026-03-03' AS business_date)", "task: .* some rows are of another run"),
        ("task", "* REPLACE (NULL AS kind)", "task: .*not-null"),
        ("task", "* REPLACE ('a' || chr(0) AS kind)", "task: .*"),
        ("task", "* REPLACE (1e15::DECIMAL(38, 4) AS ask_amount)", "task: .*"),
        ("open_item", "* REPLACE ('M9' AS stage)", "open_item: .*open_item_stage_values"),
        ("task", "* REPLACE ('same' AS task_id)", "could not create unique index"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(
    warehouse_url: str, tmp_path: Path, table: str, select: str, match: str
) -> None:
    files = write_tables(tmp_path, A)
    _change(files[table], select)
    with step(warehouse_url, NIGHT, "publish", A.run_id) as attempt, _refused(warehouse_url, match):
        publish(warehouse_url, attempt, A, files)


def test_a_damaged_file_and_missing_and_unknown_tables_are_refused(warehouse_url: str, tmp_path: Path) -> None:
    files = write_tables(tmp_path, A)
    with step(warehouse_url, NIGHT, "publish", A.run_id) as attempt:
        with _refused(warehouse_url, r"missing tables \['task'\], unknown \['tusk'\]"):
            publish(
                warehouse_url, attempt, A, {**{n: f for n, f in files.items() if n != "task"}, "tusk": files["task"]}
            )
        with _refused(warehouse_url, "do not hold the rows that were counted"):
            counted = RunRecord(**{**A.__dict__, "counts": {**dict.fromkeys(RESULTS, 20), "task": 21}})
            publish(warehouse_url, attempt, counted, files)
        files["task"].write_bytes(files["task"].read_bytes()[:-20])
        with _refused(warehouse_url, "task: .* cannot be read"):
            publish(warehouse_url, attempt, A, files)


def test_columns_are_matched_by_name_and_types_by_value(warehouse_url: str, tmp_path: Path) -> None:
    files = write_tables(tmp_path, A)
    backwards = ", ".join(f'"{c.name}"' for c in reversed(list(RESULTS["task"].columns)))
    _change(files["task"], backwards.replace('"rank"', "CAST(rank AS SMALLINT) AS rank"))
    with step(warehouse_url, NIGHT, "publish", A.run_id) as attempt:
        publish(warehouse_url, attempt, A, files)
    assert _read(warehouse_url, "SELECT min(task_id), max(rank) FROM collections.task") == [("task_id 0", 19)]


# --- a step that was taken over, answers that were lost --------------------------------------------------------------


def test_a_late_publisher_is_refused_and_its_successor_publishes(warehouse_url: str, tmp_path: Path) -> None:
    files = write_tables(tmp_path, A)
    with step(warehouse_url, NIGHT, "publish", A.run_id) as late:
        with psycopg.connect(warehouse_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [late.holder.info.backend_pid])
        with step(warehouse_url, NIGHT, "publish", A.run_id, wait_seconds=10) as successor:
            with pytest.raises(FenceError, match="taken over"):
                publish(warehouse_url, late, A, files)
            publish(warehouse_url, successor, A, files)
            with pytest.raises(FenceError, match="taken over"):
                publish(warehouse_url, late, A, files)
    assert _read(warehouse_url, "SELECT count(*) FROM collections.task") == [(20,)]


def test_taken_over_between_loading_and_showing(
    warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write_tables(tmp_path, A)
    show = publishing._show

    def overtaken_first(*args: object) -> None:
        with psycopg.connect(warehouse_url) as admin:
            admin.execute("UPDATE store.run_step SET token = token + 1")
        show(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(publishing, "_show", overtaken_first)
    with step(warehouse_url, NIGHT, "publish", A.run_id) as late, pytest.raises(FenceError, match="taken over"):
        publish(warehouse_url, late, A, files)
    assert _read(warehouse_url, "SELECT count(*) FROM collections.run") == [(0,)]
    monkeypatch.undo()
    published(warehouse_url, tmp_path, A)
    assert _read(warehouse_url, "SELECT count(*) FROM collections.task") == [(20,)]
    assert _loading(warehouse_url) == set(), "what the late one left behind is gone"


def test_the_answer_to_commit_is_lost(warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server committed, the client never hears it: the next attempt finds the step done."""
    show = publishing._show

    def unheard(connection: psycopg.Connection, *args: object) -> None:
        show(connection, *args)  # type: ignore[arg-type]
        connection.close()
        connection.execute("SELECT 1")

    monkeypatch.setattr(publishing, "_show", unheard)
    with pytest.raises(WarehouseError, match="connection to the warehouse broke"):
        published(warehouse_url, tmp_path, A)
    monkeypatch.undo()
    with step(warehouse_url, NIGHT, "publish", A.run_id) as again:
        assert again.already_done
        assert publish(warehouse_url, again, A, {}) == dict.fromkeys(RESULTS, 20)
    assert _read(warehouse_url, "SELECT count(*) FROM collections.task") == [(20,)]


def test_the_server_ends_the_connections_while_tables_are_loaded(
    warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = publishing._copy

    def cut(*args: object) -> None:
        with psycopg.connect(warehouse_url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        copy(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(publishing, "_copy", cut)
    with pytest.raises(WarehouseError):
        published(warehouse_url, tmp_path, A)
    assert _read(warehouse_url, "SELECT count(*) FROM collections.run") == [(0,)]
    monkeypatch.undo()
    published(warehouse_url, tmp_path, A)
    assert _read(warehouse_url, "SELECT count(*) FROM collections.task") == [(20,)]


# --- readers ----------------------------------------------------------------------------------------------------------


def test_an_open_transaction_sees_its_night_and_blocks_nobody(warehouse_url: str, tmp_path: Path) -> None:
    published(warehouse_url, tmp_path, A, 10)
    with connect(warehouse_url, "finance_ro") as reader, connect(warehouse_url, "finance_ro") as second:
        before = content(reader)
        second.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        second.execute("SELECT count(*) FROM collections.task")  # its locks stay until it ends
        published(warehouse_url, tmp_path, B, 30)  # a wait for those locks ends with an error or never
        assert content(reader) == before
        assert second.execute("SELECT count(*) FROM collections.task").fetchone() == (30,)
        reader.commit()
        assert reader.execute("SELECT count(*) FROM collections.task").fetchone() == (30,)


def test_a_reader_never_sees_half_a_night_and_never_waits(warehouse_url: str, tmp_path: Path) -> None:
    """Runs of 10 and 30 rows take turns while a reader counts three tables in one statement, over and over."""
    published(warehouse_url, tmp_path, A, 10, account_flag__state="'proposed'")
    done = threading.Event()
    seen: set[tuple[object, ...]] = set()

    def poll() -> None:
        with connect(warehouse_url, "finance_ro", autocommit=True) as reader:
            reader.execute("SET lock_timeout = '2s'")  # nothing else of its time is the publication's doing
            while not done.is_set():
                seen.update(
                    reader.execute(
                        "SELECT (SELECT max(run_id) FROM collections.run),"
                        " (SELECT count(*) FROM collections.open_item WHERE business_date = '2026-03-02'),"
                        " (SELECT count(*) FROM collections.quarantine),"
                        " (SELECT count(*) FROM collections.supply_hold)"
                    ).fetchall()
                )

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(poll)
        try:
            for run, rows, active in ((B, 30, "'active'"), (A, 10, "'proposed'"), (B, 30, "'active'")):
                published(
                    warehouse_url, tmp_path, run, rows, account_flag__flag="'stop_supply'", account_flag__state=active
                )
            published(warehouse_url, tmp_path, record(run="dddddddddddd"), 30)
        finally:
            done.set()
        reading.result()
    assert {(row[0], *row[1:3]) for row in seen} <= {
        (A.run_id, 10, 10),
        (B.run_id, 30, 30),
        (record(run="dddddddddddd").run_id, 30, 30),
    }
    assert {(B.run_id, 30, 30, 30), (A.run_id, 10, 10, 0)} <= seen
