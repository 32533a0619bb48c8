"""What the approver answered to a batch of statements, statement by statement, written once and never changed.

An answer counts only for what was shown: the files are hashed again when it comes, and the run must still be the one
that readers see.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from huikuan.errors import FinanceError
from huikuan.finance.batches import Batch, Line, check_files, lines_of, needed
from huikuan.letters.facts import open_night, session
from huikuan.night import lake as lakes
from huikuan.referrals.batch_rows import Run, alone, last_run
from huikuan.referrals.batches import obstacle
from huikuan.referrals.decisions import Choice, Via, chosen
from huikuan.referrals.people import free_text
from huikuan.warehouse.connect import connect

log = logging.getLogger(__name__)

_Key = tuple[str, str, str]


@dataclass(frozen=True)
class Decision:
    """What was recorded about a batch: statements per choice."""

    batch_id: str
    decided_by: str
    decided_at: datetime
    approved: int
    rejected: int
    left_out: int
    is_new: bool
    """False when the same answer had been recorded before."""


def decide(
    url: str,
    lake: Path,
    batch_id: str,
    choice: Choice,
    *,
    by: str,
    via: Via,
    leave_out: Sequence[str] = (),
    note: str | None = None,
    shown_hash: str | None = None,
) -> Decision:
    """Record the answer of the approver ``by``, all statements in one transaction; the same answer again is fine.

    ``leave_out`` names accounts or lines whose statement is not approved although the rest is. ``shown_hash`` is the
    hash that the approver saw, where something else than this module showed it.

    Raises FinanceError, and writes nothing, when: the batch is unknown; ``by`` is not its approver or has the role no
    longer; another answer was recorded; the date has another run by now; the files are not what was prepared.
    ReferralError when ``leave_out`` names nothing, or more than one thing.
    """
    with alone(url, f"statements {batch_id}") as connection:
        batch = needed(connection, batch_id)
        lines = lines_of(connection, batch_id)
        _check_authority(batch, by, shown_hash)
        choices = chosen(lines, choice, leave_out)
        if recorded := _recorded(connection, lines, batch):
            return _same(batch, choices, recorded)
        check_current(connection, lake, batch)
        at = _insert(connection, batch, lines, choices, by, via, free_text(note or "", "note") or None)
        connection.commit()
        log.info("statements %s: %s by %s via %s", batch_id, choice, by, via)
        return _summary(batch, (choices, by, at), is_new=True)


def find(url: str, batch_id: str) -> Decision | None:
    """The answer that was recorded for a batch, or None. Raises FinanceError when there is no such batch."""
    with connect(url, "desk") as connection:
        batch = needed(connection, batch_id)
        recorded = _recorded(connection, lines_of(connection, batch_id), batch)
    return _summary(batch, recorded, is_new=False) if recorded else None


def standing(url: str, batch_ids: Collection[str]) -> list[str]:
    """Those of the batches whose run is still the date's last: the others can be neither answered nor sent any more."""
    with connect(url, "desk") as connection:
        rows = connection.execute(
            "SELECT b.batch_id FROM store.statement_batch AS b INNER JOIN collections.last_run AS l"
            " ON b.business_date = l.business_date AND b.run_id = l.run_id WHERE b.batch_id = ANY(%s) ORDER BY 1",
            [list(batch_ids)],
        ).fetchall()
    return [row[0] for row in rows]


def unanswered(url: str, batch_ids: Collection[str], *, younger_than: timedelta) -> list[str]:
    """Those of the batches that nobody has answered, prepared less than so long ago by the database's clock."""
    with connect(url, "desk") as connection:
        rows = connection.execute(
            """
            SELECT b.batch_id FROM store.statement_batch AS b
            WHERE b.batch_id = ANY(%s) AND b.opened_at > now() - %s::interval AND NOT EXISTS (
                SELECT FROM store.statement AS s INNER JOIN store.statement_decision AS d USING (statement_id)
                WHERE s.batch_id = b.batch_id
            )
            ORDER BY b.batch_id
            """,
            [list(batch_ids), younger_than],
        ).fetchall()
    return [row[0] for row in rows]


def _check_authority(batch: Batch, by: str, shown_hash: str | None) -> None:
    if by != batch.approver_id:
        raise FinanceError(
            f"Batch {batch.batch_id} is for {batch.approver_id} to answer, not for {by}.",
            "Ask that person; if they are away for long, give another the role in the ledger and prepare anew.",
        )
    if shown_hash is not None and shown_hash != batch.content_hash:
        raise FinanceError(
            f"What was shown is not batch {batch.batch_id}: the hashes differ.",
            "Nothing was decided. Ask again, or answer with `python -m huikuan statements decide`.",
        )


def check_current(connection: psycopg.Connection[Any], lake: Path, batch: Batch) -> None:
    """Raise FinanceError when the batch is no longer what was prepared, or its approver may not decide any more."""
    run = last_run(connection, batch.business_date)
    if run is None or obstacle(run) or run.run_id != batch.run_id:
        raise FinanceError(
            f"The rows of {batch.business_date} have changed since batch {batch.batch_id} was prepared.",
            "Nothing was decided. Prepare the statements of that date again, and answer the new batch.",
        )
    check_files(lake, batch)
    _check_role(connection, lake, batch, run)


def _check_role(connection: psycopg.Connection[Any], lake: Path, batch: Batch, run: Run) -> None:
    """The approver must have the role today: by the newest night, under the policy of the batch's run."""
    newest = last_run(connection) or run
    role = lakes.read_policy(lake, run.run_id, run.policy_hash).finance.statements.approver_role
    with session(open_night(lake, newest.run_id), None) as con:
        row = con.execute(
            "SELECT count(*) FROM ledger.rep WHERE rep_id = ? AND role = ? AND coalesce(is_active, true)",
            [batch.approver_id, role],
        ).fetchone()
    if row is None or row[0] != 1:
        raise FinanceError(
            f"{batch.approver_id} is not an active person with the role {role} any more.",
            "Nothing was decided. Prepare the statements again: they are put before whoever has that role now.",
        )


_Recorded = tuple[dict[_Key, str], str, datetime]
"""Choices by statement, who decided, and when."""


def _recorded(connection: psycopg.Connection[Any], lines: Sequence[Line], batch: Batch) -> _Recorded | None:
    rows = connection.execute(
        "SELECT s.statement_id, d.choice, d.decided_by, d.decided_at FROM store.statement_decision AS d"
        " INNER JOIN store.statement AS s USING (statement_id) WHERE s.batch_id = %s",
        [batch.batch_id],
    ).fetchall()
    if not rows:
        return None
    keys = {line.statement_id: line.key for line in lines}
    return {keys[row[0]]: str(row[1]) for row in rows}, rows[0][2], rows[0][3]


def _same(batch: Batch, wanted: dict[_Key, str], recorded: _Recorded) -> Decision:
    choices, by, _ = recorded
    if wanted != choices:
        raise FinanceError(
            f"Batch {batch.batch_id} was answered already by {by}, and differently.", "An answer is never changed."
        )
    return _summary(batch, recorded, is_new=False)


def _insert(
    connection: psycopg.Connection[Any],
    batch: Batch,
    lines: Sequence[Line],
    choices: dict[_Key, str],
    by: str,
    via: Via,
    note: str | None,
) -> datetime:
    """One row per statement, all at the same moment of the database, which is returned."""
    [(at,)] = connection.execute("SELECT now()").fetchall()
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO store.statement_decision (statement_id, choice, decided_by, decided_on, decided_at,"
            " content_hash, via, note) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (line.statement_id, choices[line.key], by, batch.business_date, at, batch.content_hash, via, note)
                for line in lines
            ],
        )
    return at  # type: ignore[no-any-return]


def _summary(batch: Batch, recorded: _Recorded, *, is_new: bool) -> Decision:
    choices, by, at = recorded
    given = list(choices.values())
    return Decision(
        batch_id=batch.batch_id,
        decided_by=by,
        decided_at=at,
        approved=given.count("approved"),
        rejected=given.count("rejected"),
        left_out=given.count("left_out"),
        is_new=is_new,
    )
