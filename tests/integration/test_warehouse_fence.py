"""Fences: one process at a time, each step once, and a late one is refused."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from datetime import date
from multiprocessing.synchronize import Event

import psycopg
import pytest
from warehouse_samples import NIGHT

from huikuan.errors import FenceError, WarehouseError
from huikuan.warehouse.connect import connect
from huikuan.warehouse.fence import step

SPAWN = multiprocessing.get_context("spawn")


def _row(url: str, name: str = "publish", night: date = NIGHT) -> tuple[object, ...] | None:
    with connect(url, "auditor") as connection:
        return connection.execute(
            "SELECT token, inputs, state, result, finished_at IS NOT NULL FROM store.run_step"
            " WHERE business_date = %s AND step = %s",
            [night, name],
        ).fetchone()


def test_a_finished_step_with_the_same_inputs_is_already_done(warehouse_url: str) -> None:
    with step(warehouse_url, NIGHT, "publish", "a") as first:
        assert (first.already_done, first.token, first.result) == (False, 1, None)
        first.finish({"rows": 3})
    with step(warehouse_url, NIGHT, "publish", "a") as again:
        assert (again.already_done, again.token, again.result) == (True, 1, {"rows": 3})
    assert _row(warehouse_url) == (1, "a", "finished", {"rows": 3}, True)


def test_other_inputs_make_a_new_attempt(warehouse_url: str) -> None:
    with step(warehouse_url, NIGHT, "publish", "a") as first:
        first.finish({"rows": 3})
    with step(warehouse_url, NIGHT, "publish", "b") as other:
        assert (other.already_done, other.token) == (False, 2)
        assert _row(warehouse_url) == (2, "b", "running", None, False)


def test_steps_and_nights_do_not_hold_each_other(warehouse_url: str) -> None:
    with (
        step(warehouse_url, NIGHT, "publish", "a"),
        step(warehouse_url, NIGHT, "classify", "a") as other_step,
        step(warehouse_url, date(2026, 3, 3), "publish", "a") as other_night,
        step(warehouse_url, NIGHT, "send", "a") as mail,
    ):
        assert not (other_step.already_done or other_night.already_done or mail.already_done)


def test_a_step_that_fails_is_free_at_once_and_done_again(warehouse_url: str) -> None:
    with pytest.raises(ZeroDivisionError), step(warehouse_url, NIGHT, "extract", "a"):
        raise ZeroDivisionError
    with step(warehouse_url, NIGHT, "extract", "a") as again:
        assert (again.already_done, again.token) == (False, 2)


def test_a_body_that_does_not_finish_leaves_the_step_to_be_done(warehouse_url: str) -> None:
    with step(warehouse_url, NIGHT, "extract", "a"):
        pass
    with step(warehouse_url, NIGHT, "extract", "a") as again:
        assert not again.already_done


def test_a_second_process_is_told_how_long_the_first_has_been_at_it(warehouse_url: str) -> None:
    with step(warehouse_url, NIGHT, "publish", "a"):
        with psycopg.connect(warehouse_url) as admin:
            admin.execute("UPDATE store.run_step SET started_at = now() - interval '125 seconds'")
        with (
            pytest.raises(FenceError, match=r"holds step publish of 2026-03-02, for 12\d s \(attempt 1\)"),
            step(warehouse_url, NIGHT, "publish", "a"),
        ):
            pytest.fail("two hold one step")


def test_waiting_has_an_end(warehouse_url: str) -> None:
    with step(warehouse_url, NIGHT, "publish", "a"):
        began = time.monotonic()
        with pytest.raises(FenceError), step(warehouse_url, NIGHT, "publish", "a", wait_seconds=0.5):
            pytest.fail("two hold one step")
        assert time.monotonic() - began > 0.4


def _hold(url: str, inside: Event, leave: Event) -> None:
    with step(url, NIGHT, "publish", "a") as mine:
        inside.set()
        leave.wait(600)
        mine.finish({"by": "first"})


def test_a_second_process_that_waits_finds_the_step_done(warehouse_url: str) -> None:
    inside, leave = SPAWN.Event(), SPAWN.Event()
    first = SPAWN.Process(target=_hold, args=(warehouse_url, inside, leave))
    first.start()
    assert inside.wait(600)
    with pytest.raises(FenceError), step(warehouse_url, NIGHT, "publish", "a"):
        pytest.fail("two hold one step")
    leave.set()
    with step(warehouse_url, NIGHT, "publish", "a", wait_seconds=600) as second:
        assert (second.already_done, second.result) == (True, {"by": "first"})
    first.join()
    assert first.exitcode == 0


def test_a_killed_process_lets_go(warehouse_url: str) -> None:
    inside, leave = SPAWN.Event(), SPAWN.Event()
    first = SPAWN.Process(target=_hold, args=(warehouse_url, inside, leave))
    first.start()
    assert inside.wait(600)
    os.kill(first.pid or 0, signal.SIGKILL)
    first.join()
    with step(warehouse_url, NIGHT, "publish", "a", wait_seconds=600) as second:
        assert (second.already_done, second.token) == (False, 2)


def test_a_late_process_whose_lock_was_lost_can_neither_write_nor_finish(warehouse_url: str) -> None:
    """The connection that holds the lock breaks while the process lives on: the token is what stops it."""
    with step(warehouse_url, NIGHT, "publish", "a") as late:
        with psycopg.connect(warehouse_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [late.holder.info.backend_pid])
        with (
            step(warehouse_url, NIGHT, "publish", "a", wait_seconds=10) as successor,
            connect(warehouse_url, "loader") as connection,
        ):
            with pytest.raises(FenceError, match="taken over"):
                late.guard(connection)
            connection.rollback()
            with pytest.raises(FenceError, match="taken over"):
                late.finish({}, connection)
            connection.rollback()
            successor.guard(connection)
            successor.finish({"by": "successor"}, connection)
            connection.commit()
    assert _row(warehouse_url) == (2, "a", "finished", {"by": "successor"}, True)


def test_finishing_in_a_transaction_that_fails_does_not_finish(warehouse_url: str) -> None:
    with step(warehouse_url, NIGHT, "publish", "a") as mine, connect(warehouse_url, "loader") as connection:
        mine.finish({"rows": 1}, connection)
        connection.rollback()
    assert _row(warehouse_url) == (1, "a", "running", None, False)


def test_nobody_takes_a_step_over_while_a_guarded_transaction_is_open(warehouse_url: str) -> None:
    with step(warehouse_url, NIGHT, "publish", "a") as mine, connect(warehouse_url, "loader") as connection:
        mine.guard(connection)
        with connect(warehouse_url, "loader") as thief:
            thief.execute("SET LOCAL lock_timeout = '200ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                thief.execute("UPDATE store.run_step SET token = token + 1 WHERE step = 'publish'")


def test_an_unknown_step_is_refused(warehouse_url: str) -> None:
    with pytest.raises(WarehouseError, match="No step is called guess"), step(warehouse_url, NIGHT, "guess", "a"):  # type: ignore[arg-type]
        pytest.fail("unknown step")


def test_a_finished_step_can_be_done_once_more_on_purpose(warehouse_url: str) -> None:
    with step(warehouse_url, NIGHT, "extract", "a") as first:
        first.finish({"snapshot_id": "s1"})
    with step(warehouse_url, NIGHT, "extract", "a", redo=True) as again:
        assert (again.already_done, again.token) == (False, 2)
        again.finish({"snapshot_id": "s2"})
    assert _row(warehouse_url, "extract") == (2, "a", "finished", {"snapshot_id": "s2"}, True)
