"""Nights to replay: real ones with answers of people between them, and hand-made replays for what is shown of them.

The ledger of the real ones, over the nights of 1, 2, 3, 5 and 6 July 2026 (nobody ran the 4th):

- P1 … P4 (C1, CNY): three months late, every notice delivered. P2 is left out, the others are approved; P4 pays on
  2 July.
- BOUND: 28 days late on 1 July, so the bound between M1 and M2 passes over it on the 4th.
- WAIT: its last notice was delivered on 26 June, so it may be proposed from 3 July.
- SMALL: 60 CNY overdue.
- U1 (C2, USD): as P1, and its approver does not answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from huikuan.backtest.replay import COMPARED
from huikuan.night.run import run_night
from huikuan.referrals import batches, decisions
from huikuan.settings import DEFAULT_POLICY, Settings
from tests.integration.warehouse_samples import record, write_tables
from tests.models.ledgers import complete, write

DAYS = tuple(date(2026, 7, day) for day in (1, 2, 3, 5, 6))
GAP = date(2026, 7, 4)
BOUND = '=HYPERLINK("http://evil.example","客户")'
LATE = ("P1", "P2", "P3", "P4")
SECOND_VERSION_FROM = date(2026, 7, 5)


def edited(*changes: tuple[str, str]) -> str:
    """The default policy with exact texts replaced, each of which must stand in it once."""
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def ledger_rows() -> dict[str, list[dict[str, Any]]]:
    notices = {"reminder": ("phone", "spoke", "2026-04-10"), "warning": ("letter", "delivered", "2026-05-10")}
    final = {"final": ("letter", "delivered", "2026-06-10")}
    delivered = dict.fromkeys((*LATE, "U1"), notices | final)
    delivered["WAIT"] = notices | {"final": ("letter", "delivered", "2026-06-26")}
    company = {"U1": {"company_id": "C2"}}
    amounts = {**dict.fromkeys((*LATE, "U1"), 20000), "WAIT": 15000, BOUND: 7000, "SMALL": 60, "NOT-DUE": 900}
    due = {BOUND: date(2026, 6, 3), "NOT-DUE": date(2026, 9, 1)}
    reps = {"SMALL": "R4", "U1": "R5"}
    return complete(
        {
            "company": [{}, {"company_id": "C2", "name": "Second Ltd", "functional_currency": "USD"}],
            "rep": [
                {"rep_id": "R1", "manager_id": "R2"},
                {"rep_id": "R4", "manager_id": "R2"},
                {"rep_id": "R5", "manager_id": "R6"},
                {"rep_id": "R2", "role": "manager", "manager_id": "R3"},
                {"rep_id": "R6", "role": "manager", "manager_id": "R3"},
                {"rep_id": "R3", "role": "manager"},
            ],
            "account": [
                {"account_id": account, "rep_id": reps.get(account, "R1")} | company.get(account, {})
                for account in amounts
            ],
            "document": [
                {
                    "document_id": f"D{number}",
                    "account_id": account,
                    "amount": amount,
                    "due_on": due.get(account, date(2026, 4, 1)),
                    "currency": "USD" if account in company else "CNY",
                }
                | company.get(account, {})
                for number, (account, amount) in enumerate(amounts.items())
            ],
            "receipt": [{"receipt_id": "r", "account_id": "P4", "received_on": date(2026, 7, 2), "amount": 20000}],
            "allocation": [{"source_id": "r", "document_id": "D3", "amount": 20000}],
            "contact_log": [
                {
                    "log_id": f"{account}-{notice}",
                    "account_id": account,
                    "contacted_at": f"{day} 02:00:00+00:00",
                    "channel": channel,
                    "outcome": outcome,
                }
                | company.get(account, {})
                for account, contacts in delivered.items()
                for notice, (channel, outcome, day) in contacts.items()
            ],
            "load_log": [
                {"table_name": table, "complete_through": date(2026, 7, 31)} for table in ("receipt", "document")
            ],
        },
        DAYS[0],
    )


def lay_policies(folder: Path) -> Path:
    """Two versions: the default one, and from 5 July one that calls from the second stage on only."""
    folder.mkdir()
    (folder / "2026.4.yaml").write_text(edited(), encoding="utf-8")
    second = edited(
        ('version: "2026.4"', 'version: "2026.5"'),
        ("effective_from: 2000-01-01", f"effective_from: {SECOND_VERSION_FROM}"),
        ("call: {from_stage: M1", "call: {from_stage: M2"),
    )
    (folder / "2026.5.yaml").write_text(second, encoding="utf-8")
    return folder


def store_nights(settings: Settings) -> None:
    """Run the nights into lake and warehouse under ``policies`` in the home; R2 answers for C1 after the first."""
    assert settings.warehouse_url
    folder = settings.home / "ledger"
    folder.mkdir()
    write(ledger_rows(), folder)
    policies = lay_policies(settings.home / "policies")
    for day in DAYS:
        night = run_night(day, ledger=str(folder), policy=policies, settings=settings)
        assert night.gate == "open"
        if day == DAYS[0]:
            _answer(settings.warehouse_url, settings.lake, day)


def _answer(url: str, lake: Path, day: date) -> None:
    """R2 leaves P2 out and approves the rest of what R2 is asked."""
    assert len(batches.open_batches(url, lake, day)) == 2
    with psycopg.connect(url) as connection:
        [(batch,)] = connection.execute("SELECT batch_id FROM store.referral_batch WHERE approver_id = 'R2'").fetchall()
    given = decisions.decide(url, lake, batch, "approve", by="R2", via="command", leave_out=["P2"])
    assert (given.approved, given.left_out) == (3, 1)


# --- hand-made replays -----------------------------------------------------------------------------------------------


def lay_replay(
    folder: Path, nights: int = 3, rows: int = 40, *, b: Mapping[str, str] | None = None, **both: str
) -> Path:
    """A finished replay of lawful rows: ``<table>__<column>`` to SQL over the row number, ``b`` for that side alone."""
    checks = ("reproduced", "published")
    days = [date(2026, 3, 2) + timedelta(days=number) for number in range(nights)]
    for day in days:
        home = folder / "nights" / f"{day}"
        for side, given in (("a", both), ("b", {**both, **(b or {})})):
            tables = write_tables(home / side, replace(record(day)), rows, **given)
            for name in set(tables) - set(COMPARED):
                tables[name].unlink()
        _lay_companies(home / "both", day)
    content = {
        "nights": [
            {
                "business_date": f"{day}",
                "run_id": f"{day:%Y%m%d}-aaaaaaaaaaaa",
                "snapshot_id": f"{day:%Y%m%d}-s1",
                "gate": "open",
                "check": checks[number % 2],
                "note": "",
                "run_twice": 30,
            }
            for number, day in enumerate(days)
        ],
        "gaps": [],
        "policies": {side: {"version": [f"2026.{side}"], "hash": [side * 64]} for side in "ab"},
        "changes": [{"key": "stages.M2.from", "a": "31", "b": "26"}],
    }
    (folder / "replay.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def _lay_companies(folder: Path, day: date) -> None:
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT DATE '{day}' AS business_date, * FROM (VALUES ('C1', 'CNY'), ('C2', 'JPY'))"
            f" AS t(company_id, functional_currency)) TO '{folder / 'company.parquet'}' (FORMAT parquet)"
        )
