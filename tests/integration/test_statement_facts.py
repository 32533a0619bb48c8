"""What a night knows of statements of account: when they arrived, by mail or on paper, and what was answered."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import psycopg
import pytest

from huikuan.warehouse.own import OwnFacts

JUNE, JULY, AUGUST = date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31)
LATER = "2026-12-31"


class Statements:
    """The statements of one customer in a warehouse. Days are texts; what is written down is so at an hour, UTC."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self.count = url, folder, 0

    def approved(self, number: str, cut_off: date = JUNE, *, mailed: str | None = None) -> str:
        """Prepared and approved, and accepted by the customer's server on a day, at five; returns its id."""
        self.count += 1
        key = f"S{self.count}"
        day = cut_off + timedelta(days=1)
        self._write(
            "INSERT INTO store.statement_batch VALUES (%s, 'C1', %s, %s, 'r', 'F1', 'h', 1, %s)",
            *(key, cut_off, day, f"{day} 03:00Z"),
        )
        self._write(
            "INSERT INTO store.statement VALUES (%s, %s, 1, 'C1', 'A1', %s, %s, 'en', NULL, '{}', 1, 1, 'f')",
            *(key, key, cut_off, number),
        )
        self._write(
            "INSERT INTO store.statement_decision VALUES (%s, 'approved', 'F1', %s, %s, 'h', 'command', NULL)",
            *(key, day, f"{day} 04:00Z"),
        )
        if mailed:
            self._write(
                "INSERT INTO store.message (message_id, business_date, kind, recipient, address, subject, content,"
                " content_hash, accounts, state, attempts, token, created_at, not_before, not_after, sent_at)"
                " VALUES (%s, %s, 'statement', %s, 'a@b.example', 's', '', 'h', '[]', 'sent', 1, 1, now(), now(),"
                " now(), %s)",
                *(key, day, f"C1/A1/{number}", f"{mailed} 05:00Z"),
            )
        return key

    def handed(self, key: str, on: str, *, known: str | None = None) -> None:
        """Delivered on paper; written down on that day or another, at noon."""
        self._write(
            "INSERT INTO store.statement_handover SELECT %s, count(*) + 1, %s, NULL, 'R1', %s"
            " FROM store.statement_handover",
            *(key, on, f"{known or on} 12:00Z"),
        )

    def replied(self, key: str, outcome: str, on: str, *, known: str | None = None, hour: int = 9) -> None:
        """What came of it; written down on that day or another, at nine or another hour."""
        self._write(
            "INSERT INTO store.statement_reply SELECT %s, count(*) + 1, %s, %s, NULL, NULL, NULL, 'dms://1', NULL,"
            " 'R1', %s FROM store.statement_reply",
            *(key, outcome, on, f"{known or on} {hour:02}:00Z"),
        )

    def _write(self, query: str, *values: object) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(query, values)

    def seen(self, as_of: str = LATER) -> dict[str, tuple[str | None, str | None]]:
        """Per number the day on which it arrived and the answer that counts, as of the close of a day."""
        facts = OwnFacts(self.url, date.fromisoformat(as_of) + timedelta(days=1))
        for table in ("statement", "statement_reply"):
            facts.write(table, self.folder / f"{table}.parquet")
        with duckdb.connect() as connection:
            rows = connection.execute(
                f"SELECT number, sent_on::text, outcome FROM '{self.folder}/statement.parquet'"
                f" LEFT JOIN '{self.folder}/statement_reply.parquet' USING (company_id, account_id, number)"
            ).fetchall()
        seen = {number: (sent_on, outcome) for number, sent_on, outcome in rows}
        assert len(seen) == len(rows)
        return seen


@pytest.fixture
def statements(warehouse_url: str, tmp_path: Path) -> Statements:
    return Statements(warehouse_url, tmp_path)


def test_a_statement_on_paper_is_sent_from_the_day_on_which_it_arrived(statements: Statements) -> None:
    statements.handed(statements.approved("N"), "2026-07-03", known="2026-07-06")
    assert statements.seen("2026-07-02") == {"N": (None, None)}
    assert statements.seen("2026-07-03") == {"N": ("2026-07-03", None)}


@pytest.mark.parametrize(("mailed", "handed"), [("2026-07-03", "2026-07-20"), ("2026-07-20", "2026-07-03")])
def test_a_copy_later_on_postpones_nothing(statements: Statements, mailed: str, handed: str) -> None:
    statements.handed(statements.approved("N", mailed=mailed), handed)
    assert statements.seen() == {"N": ("2026-07-03", None)}


def test_the_same_figures_approved_twice_are_one_statement(statements: Statements) -> None:
    first = statements.approved("N")
    statements.approved("N")
    statements.handed(first, "2026-07-03")
    assert statements.seen() == {"N": ("2026-07-03", None)}
    with psycopg.connect(statements.url) as connection:
        shown = connection.execute("SELECT handed_on::text FROM collections.statement").fetchall()
    assert shown == [("2026-07-03",)] * 2


def test_what_came_back_has_not_arrived_until_it_is_delivered_again(statements: Statements) -> None:
    key = statements.approved("N")
    statements.handed(key, "2026-07-03")
    statements.replied(key, "undeliverable", "2026-07-08")
    statements.handed(key, "2026-07-15")
    assert statements.seen("2026-07-07") == {"N": ("2026-07-03", None)}
    assert statements.seen("2026-07-08") == {"N": ("2026-07-03", "undeliverable")}
    assert statements.seen("2026-07-15") == {"N": ("2026-07-15", None)}


def test_a_mail_after_it_came_back_is_a_delivery_too(statements: Statements) -> None:
    key = statements.approved("N", mailed="2026-07-06")
    statements.handed(key, "2026-07-03")
    statements.replied(key, "undeliverable", "2026-07-04")
    assert statements.seen("2026-07-04") == {"N": ("2026-07-03", "undeliverable")}
    assert statements.seen("2026-07-06") == {"N": ("2026-07-06", None)}


@pytest.mark.parametrize(
    ("handed", "known", "is_there"),
    [("2026-07-03", "2026-07-11", False), ("2026-07-10", "2026-07-10", True), ("2026-07-08", "2026-07-08", True)],
    ids=["an old delivery, written down late", "before the return was written down", "on the same day, afterwards"],
)
def test_days_decide_and_not_when_they_were_written_down(
    statements: Statements, handed: str, known: str, is_there: bool
) -> None:
    """It came back on 8 July, which was written down that morning or, where it is told late, on the 12th."""
    key = statements.approved("N")
    late = {"known": "2026-07-12"} if handed == "2026-07-10" else {}
    statements.handed(key, "2026-07-02")
    statements.replied(key, "undeliverable", "2026-07-08", **late)
    statements.handed(key, handed, known=known)
    assert statements.seen() == {"N": (handed, None) if is_there else ("2026-07-02", "undeliverable")}


def test_on_the_same_day_what_was_written_down_last_counts(statements: Statements) -> None:
    key = statements.approved("N")
    statements.handed(key, "2026-07-08")
    statements.replied(key, "undeliverable", "2026-07-08", hour=15)
    assert statements.seen() == {"N": ("2026-07-08", "undeliverable")}


def test_an_answer_stays_whatever_is_delivered_later(statements: Statements) -> None:
    key = statements.approved("N")
    statements.replied(key, "differs", "2026-07-05")
    statements.handed(key, "2026-07-09")
    assert statements.seen() == {"N": ("2026-07-09", "differs")}


def test_a_statement_that_arrived_is_not_forgotten_for_later_ones_that_did_not(statements: Statements) -> None:
    statements.handed(statements.approved("JUNE", JUNE), "2026-07-10")
    statements.approved("JULY", JULY)
    statements.approved("AUGUST", AUGUST)
    assert statements.seen("2026-09-10") == {
        "JUNE": ("2026-07-10", None),
        "JULY": (None, None),
        "AUGUST": (None, None),
    }
