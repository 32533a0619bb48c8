"""What people decide in one night's wake, in the nights that follow: real nights, real warehouse, nothing by hand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from huikuan.errors import ReferralError
from huikuan.ledger.contract import OWN_TABLES
from huikuan.ledger.snapshot import latest, load
from huikuan.night.run import Night, run_night
from huikuan.night.steps import extract
from huikuan.referrals import batches, decisions, overrides
from huikuan.settings import DEFAULT_POLICY, Settings
from huikuan.warehouse.connect import connect
from tests.models.ledgers import complete, write

DAYS = [date(2026, 7, 1) + timedelta(days=n) for n in range(4)]
ACCOUNTS = ("A1", "A2", "A3", "A4")


def _ledger() -> dict[str, list[dict[str, Any]]]:
    """Four customers three months late, each with reminder, warning and final notice delivered; A4 pays on 3 July."""
    notices = [
        ("phone", "spoke", "2026-04-10"),
        ("letter", "delivered", "2026-05-10"),
        ("letter", "delivered", "2026-06-10"),
    ]
    return complete(
        {
            "rep": [
                {"rep_id": "R1", "manager_id": "R2"},
                {"rep_id": "R2", "role": "manager", "manager_id": "R3"},
                {"rep_id": "R3", "role": "manager"},
            ],
            "account": [{"account_id": account} for account in ACCOUNTS],
            "document": [
                {"document_id": f"D{account}", "account_id": account, "amount": 20000, "due_on": date(2026, 4, 1)}
                for account in ACCOUNTS
            ],
            "receipt": [{"receipt_id": "r", "account_id": "A4", "received_on": date(2026, 7, 3), "amount": 20000}],
            "allocation": [{"source_id": "r", "document_id": "DA4", "amount": 20000}],
            "contact_log": [
                {
                    "log_id": f"{account}-{number}",
                    "account_id": account,
                    "contacted_at": f"{day} 02:00:00+00:00",
                    "channel": channel,
                    "outcome": outcome,
                }
                for account in ACCOUNTS
                for number, (channel, outcome, day) in enumerate(notices)
            ],
            "load_log": [
                {"table_name": "receipt", "complete_through": date(2026, 7, 31)},
                {"table_name": "document", "complete_through": date(2026, 7, 31)},
            ],
        },
        DAYS[0],
    )


@pytest.fixture
def settings(tmp_path: Path, warehouse_url: str) -> Settings:
    return Settings(home=tmp_path, lake=tmp_path / "lake", mail=tmp_path / "mail", warehouse_url=warehouse_url)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    folder = tmp_path / "ledger"
    folder.mkdir()
    write(_ledger(), folder)
    return folder


def night(settings: Settings, ledger: Path, day: date) -> Night:
    return run_night(day, ledger=str(ledger), policy=DEFAULT_POLICY, settings=settings)


def flags(settings: Settings, day: date) -> dict[str, tuple[str, str | None, str]]:
    """account → state, who decided, reason of its stop of supply."""
    assert settings.warehouse_url
    with connect(settings.warehouse_url, "finance_ro") as connection:
        rows = connection.execute(
            "SELECT account_id, state, decided_by, reason FROM collections.account_flag"
            " WHERE business_date = %s AND flag = 'stop_supply'",
            [day],
        ).fetchall()
    return {account: (state, by, reason) for account, state, by, reason in rows}


def held(settings: Settings) -> list[str]:
    assert settings.warehouse_url
    with connect(settings.warehouse_url, "finance_ro") as connection:
        return [row[0] for row in connection.execute("SELECT account_id FROM collections.supply_hold ORDER BY 1")]


def test_from_proposal_to_release(settings: Settings, ledger: Path) -> None:
    url = settings.warehouse_url
    assert url
    assert night(settings, ledger, DAYS[0]).gate == "open"
    rule = "stop_supply.late_and_large"
    assert flags(settings, DAYS[0]) == dict.fromkeys(ACCOUNTS, ("proposed", None, rule))
    assert held(settings) == [], "nothing is stopped before somebody approves"

    [batch] = batches.open_batches(url, settings.lake, DAYS[0])
    given = decisions.decide(
        url, settings.lake, batch, "approve", by="R2", via="command", leave_out=["A2"], note="A2 pays on Friday"
    )
    assert (given.approved, given.left_out) == (3, 1)
    assert held(settings) == [], "an approval waits for the night, which looks at the money again"

    night(settings, ledger, DAYS[1])
    assert flags(settings, DAYS[1]) == {
        "A1": ("active", "R2", rule),
        "A2": ("rejected", "R2", rule),
        "A3": ("active", "R2", rule),
        "A4": ("active", "R2", rule),
    }
    assert held(settings) == ["A1", "A3", "A4"]

    overrides.add(
        url,
        settings.lake,
        account_id="A3",
        effect="exempt",
        author="R3",
        reason="Agreed with the owner",
        expires_on=DAYS[3],
    )
    assert held(settings) == ["A1", "A4"], "a release by a person counts at once"

    night(settings, ledger, DAYS[2])
    assert flags(settings, DAYS[2])["A3"] == ("released", "R2", "release.override")
    assert held(settings) == ["A1", "A4"]

    night(settings, ledger, DAYS[3])
    found = flags(settings, DAYS[3])
    assert found["A4"] == ("released", "R2", "release.payment")
    assert "A3" not in found, "a release stands in the list for one morning"
    assert held(settings) == ["A1"]
    with connect(url, "finance_ro") as connection:
        released = connection.execute(
            "SELECT account_id, reason FROM collections.release_list WHERE business_date = %s", [DAYS[3]]
        ).fetchall()
    assert released == [("A4", "release.payment")]


def test_a_release_while_the_night_is_at_work_counts_at_once(settings: Settings, ledger: Path) -> None:
    """The snapshot was taken before it was written, and the night is published after it: still nobody is held."""
    url = settings.warehouse_url
    assert url
    night(settings, ledger, DAYS[0])
    [batch] = batches.open_batches(url, settings.lake, DAYS[0])
    decisions.decide(url, settings.lake, batch, "approve", by="R2", via="command")
    night(settings, ledger, DAYS[1])
    assert "A3" in held(settings)
    taken = extract(DAYS[2], ledger=str(ledger), settings=settings)
    overrides.add(
        url, settings.lake, account_id="A3", effect="exempt", author="R3", reason="Agreed", expires_on=DAYS[3]
    )
    assert "A3" not in held(settings)
    assert night(settings, ledger, DAYS[2]).snapshot_id == taken, "the night goes on with what it has"
    assert flags(settings, DAYS[2])["A3"][0] == "active", "it could not know"
    assert "A3" not in held(settings)
    night(settings, ledger, DAYS[3])
    assert flags(settings, DAYS[3])["A3"] == ("released", "R2", "release.override")
    assert "A3" not in held(settings)


def test_an_approval_does_not_outlive_the_amount_it_was_given_for(settings: Settings, ledger: Path) -> None:
    """A credit note arrives late, and the night is made again after it was answered: A1 owes less than was shown."""
    url = settings.warehouse_url
    assert url
    night(settings, ledger, DAYS[0])
    [batch] = batches.open_batches(url, settings.lake, DAYS[0])
    decisions.decide(url, settings.lake, batch, "approve", by="R2", via="command")
    mended = _ledger()
    note = {
        "document_id": "cn",
        "kind": "credit_note",
        "account_id": "A1",
        "amount": 1000,
        "issued_on": date(2026, 6, 1),
    }
    mended["document"].append(mended["document"][0] | note | {"references_document_id": None, "due_on": None})
    write(mended, ledger)
    run_night(DAYS[0], ledger=str(ledger), policy=DEFAULT_POLICY, settings=settings, refresh=True)
    night(settings, ledger, DAYS[1])
    found = flags(settings, DAYS[1])
    assert found["A1"][:2] == ("proposed", None), "the new question about A1 has no answer yet"
    assert {found[account][:2] for account in ("A2", "A3", "A4")} == {("active", "R2")}, "as they were shown"


def test_a_promise_that_is_broken_cannot_be_accepted(settings: Settings, tmp_path: Path) -> None:
    """The night would not count it: the customer would be supplied for one day, and held again on the next."""
    url = settings.warehouse_url
    assert url
    folder = tmp_path / "with-promises"
    folder.mkdir()
    promise = {"company_id": "C1", "account_id": "A1", "currency": "CNY", "amount": 20000, "made_on": date(2026, 6, 1)}
    days = {"broken": date(2026, 6, 20), "open": date(2026, 7, 20)}
    promises = [promise | {"promise_id": name, "promised_for": day} for name, day in days.items()]
    promises[1] |= {"account_id": "A2"}
    write(_ledger() | {"promise": promises}, folder)
    night(settings, folder, DAYS[0])

    def accept(account_id: str, promise_id: str) -> str:
        return overrides.add(
            url,
            settings.lake,
            account_id=account_id,
            effect="accept_promise",
            promise_id=promise_id,
            author="R3",
            reason="Guaranteed",
            expires_on=DAYS[3],
        )

    with pytest.raises(ReferralError, match="made no promise 'broken' that still stands: it is broken"):
        accept("A1", "broken")
    with pytest.raises(ReferralError, match="A1 made no promise 'open'"):
        accept("A1", "open")
    assert overrides.in_force(url) == []
    assert accept("A2", "open")


def test_a_decision_of_the_day_belongs_to_the_next_night(settings: Settings, ledger: Path) -> None:
    """The same night again, after the approval, is the same night: its snapshot holds what was known before."""
    url = settings.warehouse_url
    assert url
    night(settings, ledger, DAYS[0])
    [batch] = batches.open_batches(url, settings.lake, DAYS[0])
    decisions.decide(url, settings.lake, batch, "approve", by="R2", via="command")
    again = run_night(DAYS[0], ledger=str(ledger), policy=DEFAULT_POLICY, settings=settings, refresh=True)
    assert load(settings.lake, again.snapshot_id).tables["referral_decision"].rows == 0
    assert {state for state, _, _ in flags(settings, DAYS[0]).values()} == {"proposed"}
    night(settings, ledger, DAYS[1])
    taken = latest(settings.lake, DAYS[1])
    assert taken is not None
    tables = load(settings.lake, taken.snapshot_id).tables
    assert {name: tables[name].rows for name in OWN_TABLES} == {
        "referral_decision": 4,
        "sanction_override": 0,
        "notice": 0,
        "statement": 0,
        "statement_reply": 0,
    }


def test_a_mail_that_was_really_sent_is_evidence(settings: Settings, ledger: Path) -> None:
    """The outbox says `sent`: it counts from that day on. Whatever only waits, or failed, does not."""
    url = settings.warehouse_url
    assert url
    night(settings, ledger, DAYS[0])
    row = (
        "INSERT INTO store.message (message_id, business_date, kind, recipient, address, subject, content,"
        " content_hash, accounts, state, attempts, token, created_at, not_before, not_after, sent_at)"
        " VALUES (%s, %s, 'notice', %s, 'a@example.com', 's', '', '', %s, %s, 1, 1, now(), now(), now(), %s)"
    )
    with psycopg.connect(url) as connection:
        connection.execute(row, ["<sent@x>", DAYS[0], "c1", '[["C1", "A1"]]', "sent", "2026-07-01 03:00+00"])
        connection.execute(row, ["<parked@x>", DAYS[0], "c2", '[["C1", "A2"]]', "parked", None])
    night(settings, ledger, DAYS[1])
    taken = latest(settings.lake, DAYS[1])
    assert taken is not None
    with psycopg.connect(url) as connection:
        shown = connection.execute("SELECT message_id, account_id FROM collections.delivered_notice").fetchall()
    assert shown == [("<sent@x>", "A1")]
    assert load(settings.lake, taken.snapshot_id).tables["notice"].rows == 1
