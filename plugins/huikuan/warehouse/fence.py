"""Steps of a night, each done once: an advisory lock against a second process, a token against a late one.

Airflow may run a task twice at once, and a killed task's orphan may write after its successor began. So each step has
a row in ``store.run_step``: whoever starts takes the lock of that row and the next token; every transaction of the
step checks the token; a step finished with the same inputs is never done again. This row decides, not the scheduler.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import psycopg
from psycopg.types.json import Jsonb

from huikuan.errors import FenceError, WarehouseError
from huikuan.warehouse.connect import Role, connect

StepName = Literal[
    "extract",
    "validate",
    "classify",
    "publish",
    "outbox",
    "approval",
    "approval_reminder",
    "statement_approval",
    "statements",
    "send",
]
STEP_ROLES: dict[str, Role] = {
    "extract": "loader",
    "validate": "loader",
    "classify": "loader",
    "publish": "loader",
    "outbox": "mailer",
    "approval": "mailer",
    "approval_reminder": "mailer",
    "statement_approval": "mailer",
    "statements": "mailer",
    "send": "mailer",
}
_THIS_ROW = "business_date = %s AND step = %s"


@dataclass
class Step:
    """One attempt at one step of one night; made by ``step``."""

    business_date: date
    name: str
    role: Role
    token: int
    already_done: bool
    result: dict[str, Any] | None
    holder: psycopg.Connection
    """The connection whose life is the lock's."""

    def guard(self, connection: psycopg.Connection) -> None:
        """Raise FenceError unless this attempt still holds the step; nobody can take it until the transaction ends."""
        row = connection.execute(
            f"SELECT token = %s AND state = 'running' FROM store.run_step WHERE {_THIS_ROW} FOR UPDATE",
            [self.token, self.business_date, self.name],
        ).fetchone()
        if row is None or not row[0]:
            raise taken_over(self.name, self.business_date)

    def finish(self, result: dict[str, Any], connection: psycopg.Connection | None = None) -> None:
        """Mark the step finished and keep what it hands on: ids and counts.

        Within the transaction of ``connection`` when given, so that the step is finished exactly when its work is
        committed; otherwise at once.
        """
        target = connection or self.holder
        updated = target.execute(
            "UPDATE store.run_step SET state = 'finished', finished_at = now(), result = %s"
            f" WHERE {_THIS_ROW} AND token = %s AND state = 'running'",
            [Jsonb(result), self.business_date, self.name, self.token],
        )
        if updated.rowcount != 1:
            raise taken_over(self.name, self.business_date)
        self.result = result


@contextmanager
def step(
    url: str, business_date: date, name: StepName, inputs: str, *, wait_seconds: float = 0, redo: bool = False
) -> Iterator[Step]:
    """Hold one step of one night while the body runs.

    ``inputs`` is a digest of what the step works on. ``Step.already_done`` is true when the step was finished with the
    same inputs: its ``result`` is what it handed on then. Otherwise the attempt gets a new token, and the body calls
    ``finish``; a body that ends without it leaves the step to be done again. ``redo`` does a finished step once more.

    Raises FenceError when another process still holds the step after ``wait_seconds``.
    """
    role = STEP_ROLES.get(name)
    if role is None:
        raise WarehouseError(f"No step is called {name}.", f"Known steps: {', '.join(STEP_ROLES)}.")
    with connect(url, role, autocommit=True) as holder:
        _lock(holder, business_date, name, wait_seconds)
        try:
            yield _attempt(holder, business_date, name, role, inputs, redo)
        finally:
            # A connection that merely closes gives the lock back only when the server notices; one that broke has.
            with suppress(psycopg.OperationalError):
                holder.execute("SELECT pg_advisory_unlock_all()")


def _attempt(holder: psycopg.Connection, business_date: date, name: str, role: Role, inputs: str, redo: bool) -> Step:
    """The finished attempt with the same inputs, else a new one."""
    row = holder.execute(
        f"SELECT token, result FROM store.run_step WHERE {_THIS_ROW} AND state = 'finished' AND inputs = %s",
        [business_date, name, inputs],
    ).fetchone()
    if row is not None and not redo:
        return Step(business_date, name, role, row[0], True, row[1], holder)
    token = next_token(holder, business_date, name, inputs)
    return Step(business_date, name, role, token, False, None, holder)


def taken_over(name: str, business_date: date) -> FenceError:
    """The error of an attempt that has been overtaken."""
    return FenceError(
        f"Step {name} of {business_date} has been taken over by a later attempt, or is finished.",
        "Nothing was written. Leave it to the other attempt; it stands in store.run_step.",
    )


def _lock(holder: psycopg.Connection, business_date: date, name: str, wait_seconds: float) -> None:
    """Take the advisory lock of the step for as long as the connection lives."""
    key = f"huikuan step {name} {business_date:%Y-%m-%d}"
    if wait_seconds <= 0:
        row = holder.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key]).fetchone()
        locked = bool(row and row[0])
    else:
        holder.execute("SELECT set_config('lock_timeout', %s, false)", [f"{max(1, round(wait_seconds * 1000))}ms"])
        try:
            holder.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [key])
            locked = True
        except psycopg.errors.LockNotAvailable:
            locked = False
        holder.execute("RESET lock_timeout")
    if not locked:
        raise _busy(holder, business_date, name)


def _busy(holder: psycopg.Connection, business_date: date, name: str) -> FenceError:
    row = holder.execute(
        f"SELECT extract(epoch FROM now() - started_at)::bigint, token FROM store.run_step WHERE {_THIS_ROW}",
        [business_date, name],
    ).fetchone()
    since = f"for {row[0]} s (attempt {row[1]})" if row else "and is just beginning"
    return FenceError(
        f"Another process holds step {name} of {business_date}, {since}.",
        "Wait until it ends. If it hangs, end that process: its lock goes with it, and this step can be run again.",
    )


def next_token(holder: psycopg.Connection, business_date: date, name: str, inputs: str) -> int:
    """Begin an attempt at a step, whoever else is at it, and return its token."""
    row = holder.execute(
        "INSERT INTO store.run_step AS s (business_date, step, token, inputs, state, started_at)"
        " VALUES (%s, %s, 1, %s, 'running', now())"
        " ON CONFLICT (business_date, step) DO UPDATE SET token = s.token + 1, inputs = excluded.inputs,"
        " state = 'running', started_at = now(), finished_at = NULL, result = NULL RETURNING token",
        [business_date, name, inputs],
    ).fetchone()
    if row is None:
        raise WarehouseError(f"Step {name} of {business_date} gave no token.", "Check the rights on store.run_step.")
    return int(row[0])
