"""What customers answered to statements (回函), and what was delivered on paper: written down by people, once.

Nothing else writes here, and nothing is inferred. Silence is no reply, and a confirmation counts only with the stamped
paper.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg.rows import class_row, dict_row

from huikuan.errors import FinanceError
from huikuan.letters.facts import open_night, session
from huikuan.outreach.outbox import database_time
from huikuan.referrals.batch_rows import alone, last_run
from huikuan.referrals.people import free_text

log = logging.getLogger(__name__)

Outcome = Literal["confirmed", "differs", "undeliverable"]


@dataclass(frozen=True)
class Reply:
    """What a customer said. ``stated_amount`` is the balance in its books, when it differs."""

    outcome: str
    received_on: date
    currency: str | None = None
    stated_amount: Decimal | None = None
    document_id: str | None = None
    uri: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Recorded:
    """What stands: the ``position``-th reply to a statement, of which the last one counts, or delivery of it."""

    statement_id: str
    company_id: str
    account_id: str
    position: int
    is_new: bool
    """False when it was written down before."""


def reply(url: str, lake: Path, number: str, said: Reply, *, by: str) -> Recorded:
    """Write down the reply to the statement with this number; the same as the last one again is fine.

    Raises FinanceError, and writes nothing, when: no approved statement has this number; ``by`` is not an active person
    of the ledger; a confirmation lacks the place of its stamped paper; a difference lacks its amount, its currency is
    not one of the statement's, or its document is not the account's; the day lies before the cut-off.
    """
    said = _tidy(said)
    with alone(url, f"statement reply {number}") as connection:
        row = _statement(connection, number)
        said = _checked(row, said)
        _check_ledger(connection, lake, row, by, said.document_id)
        known = _known(connection, row["statement_id"])
        key = row["statement_id"], row["company_id"], row["account_id"]
        if known and known[-1] == said:
            return Recorded(*key, len(known), is_new=False)
        values = {column.name: getattr(said, column.name) for column in fields(Reply)}
        names = ", ".join(values)
        connection.execute(
            f"INSERT INTO store.statement_reply (statement_id, position, recorded_by, recorded_at, {names})"
            f" VALUES (%(id)s, %(position)s, %(by)s, now(), {', '.join(f'%({name})s' for name in values)})",
            {"id": row["statement_id"], "position": len(known) + 1, "by": by, **values},
        )
        connection.commit()
    log.info("reply %d to statement %s: %s, by %s", len(known) + 1, row["statement_id"], said.outcome, by)
    return Recorded(*key, len(known) + 1, is_new=True)


def hand_over(url: str, lake: Path, number: str, on: date, *, by: str, note: str | None = None) -> Recorded:
    """Write down that a person delivered the paper of a statement on day ``on``; the same day again is fine.

    From the next night on the statement counts as sent, on the first day on which it arrived: its answer is chased when
    it is late, and an earlier reply that it could not be delivered holds no more. It stops no mail.

    Raises FinanceError, and writes nothing, when: no approved statement has this number; ``by`` is not an active person
    of the ledger; the day is no later than the cut-off, lies in the future, or before the day on which it came back.
    """
    with alone(url, f"statement reply {number}") as connection:
        row = _statement(connection, number)
        _check_ledger(connection, lake, row, by)
        key = row["statement_id"], row["company_id"], row["account_id"]
        returned = _came_back(connection, key[0])
        _check_day(on, row["cut_off"], database_time(connection).date(), returned)
        rows = connection.execute(
            "SELECT handed_on, recorded_at FROM store.statement_handover WHERE statement_id = %s ORDER BY position",
            [key[0]],
        ).fetchall()
        for position, delivery in enumerate(rows, start=1):
            if delivery[0] == on and (returned is None or delivery > returned):
                return Recorded(*key, position, is_new=False)
        connection.execute(
            "INSERT INTO store.statement_handover (statement_id, position, handed_on, note, recorded_by, recorded_at)"
            " VALUES (%s, %s, %s, %s, %s, now())",
            [key[0], len(rows) + 1, on, free_text(note or "", "note") or None, by],
        )
        connection.commit()
    log.info("delivery %d of statement %s, by %s", len(rows) + 1, key[0], by)
    return Recorded(*key, len(rows) + 1, is_new=True)


def _came_back(connection: psycopg.Connection[Any], statement_id: str) -> tuple[date, datetime] | None:
    """The day on which it came back and when that was written down, where that is the last reply."""
    return connection.execute(
        "SELECT received_on, recorded_at FROM (SELECT * FROM store.statement_reply WHERE statement_id = %s"
        " ORDER BY position DESC LIMIT 1) AS last WHERE outcome = 'undeliverable'",
        [statement_id],
    ).fetchone()


def _check_day(on: date, cut_off: date, today: date, returned: tuple[date, datetime] | None) -> None:
    if on <= cut_off:
        raise FinanceError(f"A delivery on {on} is older than the statement.", "Give the day on which it arrived.")
    if on > today + timedelta(days=1):  # it may be tomorrow already where the customer is
        raise FinanceError(f"{on} lies in the future.", "Write it down when the customer has it.")
    if returned is not None and on < returned[0]:
        raise FinanceError(
            f"The statement came back on {returned[0]}, after {on}.", "Give the day on which it was delivered again."
        )


def _tidy(said: Reply) -> Reply:
    """Texts without blank ends; an empty text is none."""
    texts = {name: free_text(getattr(said, name) or "", name) or None for name in ("document_id", "uri", "note")}
    return Reply(said.outcome, said.received_on, said.currency, said.stated_amount, **texts)


def _statement(connection: psycopg.Connection[Any], number: str) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            # Of several batches that show the same, and so have the same number, it is the first: a later one is no
            # other statement, and the replies to a number follow each other.
            "SELECT s.statement_id, s.company_id, s.account_id, s.cut_off, s.balances, d.choice"
            " FROM store.statement AS s INNER JOIN store.statement_batch AS b USING (batch_id)"
            " LEFT JOIN store.statement_decision AS d USING (statement_id)"
            " WHERE s.number = %s"
            " ORDER BY (d.choice = 'approved') DESC NULLS LAST, b.opened_at, s.statement_id LIMIT 1",
            [number.strip()],
        ).fetchone()
    if row is None:
        raise FinanceError(
            f"No statement has the number {number!r}.", "The number stands in the head of the statement."
        )
    if row["choice"] != "approved":
        raise FinanceError(
            f"Statement {number} was never approved, so no customer can have answered it.", "Check the number."
        )
    return row


def _checked(row: dict[str, Any], said: Reply) -> Reply:
    """The reply with its currency, when it has what its outcome needs, and nothing else."""
    if said.received_on <= row["cut_off"]:
        raise FinanceError(f"A reply of {said.received_on} is older than the statement.", "Give the day it arrived.")
    if said.outcome == "confirmed" and said.uri is None:
        raise FinanceError(
            "A confirmation counts only with the stamped paper.", "File the paper, and give where it is kept: --uri."
        )
    if said.outcome != "differs":
        if said.stated_amount is not None or said.document_id is not None or said.currency is not None:
            raise FinanceError(f"A reply that is {said.outcome} states no amount.", "Record it as differs.")
        return said
    if said.stated_amount is None:
        raise FinanceError("A difference needs the balance in the customer's books.", "Give it: --amount.")
    currencies = sorted(row["balances"])
    currency = said.currency or (currencies[0] if len(currencies) == 1 else None)
    if currency not in currencies:
        raise FinanceError(
            f"The statement is in {', '.join(currencies)}; the amount is in {currency or 'none of them'}.",
            "Say which: --currency.",
        )
    return Reply(said.outcome, said.received_on, currency, said.stated_amount, said.document_id, said.uri, said.note)


def _check_ledger(
    connection: psycopg.Connection[Any], lake: Path, row: dict[str, Any], by: str, document_id: str | None = None
) -> None:
    """Who writes it down must be an active person, and the document the account's, by the newest night."""
    run = last_run(connection)
    if run is None:
        raise FinanceError("No night is published.", "Restore the warehouse of these statements.")
    with session(open_night(lake, run.run_id), None) as con:
        people = con.execute(
            "SELECT count(*) FROM ledger.rep WHERE rep_id = ? AND coalesce(is_active, true)", [by]
        ).fetchone()
        if people is None or people[0] != 1:
            raise FinanceError(
                f"{by!r} is not an active person of the ledger.",
                "Give the rep_id of who got the reply, or delivered it.",
            )
        key = [row["company_id"], row["account_id"], document_id]
        found = con.execute(
            "SELECT count(*) FROM ledger.document WHERE company_id = ? AND account_id = ? AND document_id = ?", key
        ).fetchone()
    if document_id is not None and not (found and found[0]):
        raise FinanceError(
            f"Account {row['account_id']} has no document {document_id!r}.",
            "Give the document's id, or leave it out.",
        )


def _known(connection: psycopg.Connection[Any], statement_id: str) -> list[Reply]:
    names = ", ".join(column.name for column in fields(Reply))
    with connection.cursor(row_factory=class_row(Reply)) as cursor:
        return cursor.execute(
            f"SELECT {names} FROM store.statement_reply WHERE statement_id = %s ORDER BY position", [statement_id]
        ).fetchall()
