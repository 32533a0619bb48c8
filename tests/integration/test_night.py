"""Whole nights on real and generated ledgers: the figures, the faults that feeds have, and the same night twice."""

from __future__ import annotations

import csv
import dataclasses
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from huikuan.cli.night import write_mails
from huikuan.errors import LedgerError, PolicyError
from huikuan.finance import months
from huikuan.ledger.demo import generate
from huikuan.night import steps
from huikuan.night.run import Night, run_night
from huikuan.outreach import EmlFolder, send_messages, write_messages
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY, PROJECT, Settings
from huikuan.warehouse.connect import connect
from huikuan.warehouse.tables import RESULTS

SHARED = PROJECT.parent / "shared"
IBM = SHARED / "data" / "ibm_late_payments"
DAY = date(2026, 6, 30)


@pytest.fixture
def settings(tmp_path: Path, warehouse_url: str) -> Settings:
    return Settings(home=tmp_path, lake=tmp_path / "lake", mail=tmp_path / "mail", warehouse_url=warehouse_url)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty accounts as CSV files, complete through the close of books of DAY."""
    folder = tmp_path_factory.mktemp("demo")
    generate(folder, through=date(2026, 6, 29), accounts=60, file_format="csv")
    return folder


@pytest.fixture
def ledger(demo: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(demo, tmp_path / "ledger"))


def night(settings: Settings, ledger: Path, day: date = DAY, **options: Any) -> Night:
    return run_night(day, ledger=str(ledger), policy=DEFAULT_POLICY, settings=settings, **options)


def query(settings: Settings, text: str) -> list[tuple[Any, ...]]:
    assert settings.warehouse_url
    with connect(settings.warehouse_url, "finance_ro") as connection:
        return connection.execute(text).fetchall()  # type: ignore[arg-type]


def edit(path: Path, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    changed = change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(changed)


def fingerprint(folder: Path) -> dict[str, tuple[int, str]]:
    """Rows and an order-free digest of every result file, whatever run made it."""
    with duckdb.connect() as connection:
        return {
            name: connection.execute(
                "SELECT COUNT(*), CAST(SUM(CAST(hash(t::VARCHAR) AS HUGEINT)) AS VARCHAR)"
                f" FROM (SELECT * EXCLUDE (run_id) FROM read_parquet('{folder}/{name}.parquet')) AS t"
            ).fetchone()
            for name in RESULTS
        }  # type: ignore[return-value]


def mails(settings: Settings, day: date = DAY) -> list[str]:
    return sorted(path.name for path in (settings.mail / str(day)).glob("*.eml"))


@pytest.mark.parametrize(
    ("day", "total", "by_bucket", "by_stage"),
    [
        (
            date(2013, 7, 1),
            (84, 52, Decimal("5119.85")),
            {"not_due": (72, Decimal("4284.29")), "d1_30": (12, Decimal("835.56"))},
            {"M0": (69, Decimal("4077.90")), "M1": (15, Decimal("1041.95"))},
        ),
        (
            date(2013, 3, 1),
            (88, 60, Decimal("5465.28")),
            {"not_due": (79, Decimal("4821.27")), "d1_30": (9, Decimal("644.01"))},
            {"M0": (76, Decimal("4585.47")), "M1": (11, Decimal("792.81")), "M2": (1, Decimal("87.00"))},
        ),
    ],
)
def test_ibm_ledger(
    settings: Settings,
    day: date,
    total: tuple[Any, ...],
    by_bucket: dict[str, tuple[Any, ...]],
    by_stage: dict[str, tuple[Any, ...]],
) -> None:
    done = night(settings, IBM, day, source="ibm_late_payments")
    assert done.gate == "open"
    assert query(
        settings,
        "SELECT COUNT(*), COUNT(DISTINCT account_id), SUM(open_amount) FROM collections.open_item"
        f" WHERE business_date = '{day}'",
    ) == [total]
    for column, expected in (("bucket", by_bucket), ("stage", by_stage)):
        found = query(settings, f"SELECT {column}, COUNT(*), SUM(open_amount) FROM collections.open_item GROUP BY 1")
        assert {name: tuple(figures) for name, *figures in found} == expected
    [(buckets, open_amount)] = query(
        settings,
        "SELECT SUM(not_due + d1_30 + d31_60 + d61_90 + d91_180 + d181_365 + d366_plus), SUM(open_amount)"
        " FROM collections.account_balance",
    )
    assert buckets == open_amount == total[2]
    with duckdb.connect() as connection:
        assert connection.execute(
            f"SELECT COUNT(*) FROM read_parquet('{settings.lake}/results/{day}/open_item.parquet')"
        ).fetchone() == (total[0],)


def test_the_damaged_copy_is_refused(settings: Settings) -> None:
    with pytest.raises(LedgerError, match="zeros"):
        night(
            settings, IBM / "excel_damaged_copy_(leading_zeros_lost).csv", date(2013, 7, 1), source="ibm_late_payments"
        )


def test_balances_tie_to_the_general_ledger(settings: Settings, ledger: Path) -> None:
    assert night(settings, ledger).gate == "open"
    with duckdb.connect() as connection:
        control = connection.execute(
            f"SELECT company_id, currency, CAST(balance AS DECIMAL(18,4)) FROM read_csv('{ledger}/control_total.csv',"
            f" all_varchar = true) WHERE as_of = '2026-06-29' ORDER BY ALL"
        ).fetchall()
        left_out = connection.execute(
            "SELECT company_id, currency, CAST(amount AS DECIMAL(18,4))"
            f" FROM read_csv('{ledger}/document.csv', all_varchar = true)"
            " WHERE due_on IS NULL AND kind <> 'credit_note' AND document_id NOT IN"
            f" (SELECT document_id FROM read_csv('{ledger}/instalment.csv', all_varchar = true))"
        ).fetchall()
    published = query(
        settings,
        "SELECT company_id, currency, SUM(open_amount) - SUM(free_credit) FROM collections.account_balance"
        " GROUP BY 1, 2 ORDER BY 1, 2",
    )
    assert len(left_out) == 1, "the demo plants one invoice without a due date"
    expected = {(company, currency): balance for company, currency, balance in control if balance}
    company, currency, amount = left_out[0]
    expected[company, currency] -= amount
    assert {(company, currency): balance for company, currency, balance in published if balance} == expected


def test_the_same_night_twice_gives_the_same_rows(
    settings: Settings, ledger: Path, tmp_path: Path, new_database: Callable[..., str]
) -> None:
    first = night(settings, ledger)
    other = dataclasses.replace(settings, lake=tmp_path / "lake2", warehouse_url=new_database("huikuan"))
    for path in sorted(ledger.glob("*.csv")):  # rows come in another order
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join([lines[0], *sorted(lines[1:], reverse=True)]), encoding="utf-8")
    assert night(other, ledger).counts == first.counts
    here, there = (fingerprint(s.lake / "results" / str(DAY)) for s in (settings, other))
    for name in set(RESULTS) - {"quarantine"}:  # which of two identical rows was kept depends on their order
        assert here[name] == there[name], name
    assert here["quarantine"][0] == there["quarantine"][0]


def test_a_finished_night_is_not_done_again(settings: Settings, ledger: Path) -> None:
    lines: list[str] = []
    first = night(settings, ledger)
    before = fingerprint(settings.lake / "results" / str(DAY))
    second = night(settings, ledger, report=lines.append)
    assert second == first
    assert "already extracted" in lines[0]
    assert fingerprint(settings.lake / "results" / str(DAY)) == before
    third = night(settings, ledger, refresh=True)
    assert third.snapshot_id != first.snapshot_id
    assert query(settings, "SELECT COUNT(DISTINCT run_id) FROM collections.open_item") == [(1,)]


def test_a_lost_lake_is_made_again(settings: Settings, ledger: Path) -> None:
    first = night(settings, ledger)
    shutil.rmtree(settings.lake)
    assert night(settings, ledger).counts == first.counts


def test_a_ledger_corrected_after_the_lake_was_lost_is_published(settings: Settings, ledger: Path) -> None:
    first = night(settings, ledger)
    shutil.rmtree(settings.lake)
    edit(ledger / "account.csv", lambda rows: [{**rows[0], "name": "Corrected 更正"}, *rows[1:]])
    second = night(settings, ledger)
    assert second.snapshot_id == first.snapshot_id  # the numbers begin anew with the lake
    assert second.run_id != first.run_id
    assert query(settings, "SELECT DISTINCT run_id FROM collections.account_status") == [(second.run_id,)]


def test_damaged_results_are_made_again(settings: Settings, ledger: Path) -> None:
    first = night(settings, ledger)
    damaged = settings.lake / "results" / str(DAY) / "open_item.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-10])
    assert night(settings, ledger) == first
    assert fingerprint(settings.lake / "results" / str(DAY))["open_item"][0] == first.counts["open_item"]


def test_a_later_stop_holds_the_mails_that_were_waiting(settings: Settings, ledger: Path) -> None:
    night(settings, ledger)
    assert settings.warehouse_url
    policy = load_policy(DEFAULT_POLICY).outreach
    opening = policy.window(DAY)[0]
    write_messages(settings.warehouse_url, settings.lake, DAY, policy, written_at=opening)
    edit(ledger / "document.csv", lambda rows: rows + rows)
    assert night(settings, ledger).gate == "stop"
    folder = EmlFolder(settings.mail)
    send_messages(settings.warehouse_url, settings.lake, DAY, folder, policy, now=opening, at_opening=True)
    assert all(name.startswith("data_owner-") for name in mails(settings))
    assert query(settings, "SELECT DISTINCT state FROM collections.message WHERE kind = 'digest'") == [("suppressed",)]


def test_a_policy_of_the_future_is_refused(settings: Settings, ledger: Path, tmp_path: Path) -> None:
    policy = tmp_path / "next.yaml"
    text = DEFAULT_POLICY.read_text(encoding="utf-8").replace(
        "effective_from: 2000-01-01", "effective_from: 2026-07-01"
    )
    policy.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match="2026-07-01"):
        run_night(DAY, ledger=str(ledger), policy=policy, settings=settings)


def test_next_night_knows_yesterday(settings: Settings, ledger: Path) -> None:
    first = night(settings, ledger, date(2026, 6, 29))
    assert first.gate == "open"
    night(settings, ledger, DAY)
    [(kept, listed)] = query(
        settings,
        "SELECT COUNT(*) FILTER (WHERE first_listed_on = '2026-06-29'), COUNT(*) FROM collections.task"
        f" WHERE business_date = '{DAY}'",
    )
    assert 0 < kept <= listed
    assert query(
        settings,
        f"SELECT COUNT(*) FROM collections.account_status WHERE business_date = '{DAY}' AND stage_previous IS NULL",
    ) == [(0,)]


def test_a_month_opens_with_its_last_close_as_it_is_known_now(settings: Settings, ledger: Path) -> None:
    """May is run again with a customer insolvent: June opens with the newer close, a closed month with what it pins."""
    assert settings.warehouse_url
    close, later, may = date(2026, 6, 1), date(2026, 6, 2), date(2026, 5, 1)

    def allowance(column: str, run: Night) -> dict[str, Decimal]:
        rows = query(
            settings,
            f"SELECT company_id, {column} FROM collections.provision_movement"
            f" WHERE business_date = '{run.business_date}' AND run_id = '{run.run_id}' AND is_total",
        )
        return {company: amount for company, amount in rows if amount}

    first = night(settings, ledger, close)
    before = allowance("closing", first)
    second = night(settings, ledger, later)
    assert allowance("opening", second) == before
    locked = min(before)
    months.lock(settings.warehouse_url, settings.lake, locked, may, "huikuan")
    assert night(settings, ledger, later) == second  # the lock pins what all see
    edit(ledger / "account.csv", lambda rows: [{**row, "status": "insolvent"} for row in rows])
    after = allowance("closing", night(settings, ledger, close))
    assert set(after) == set(before) and all(after[company] != before[company] for company in after)
    opened = night(settings, ledger, later)
    assert allowance("opening", opened) == {**after, locked: before[locked]}
    with (ledger / "rep.csv").open(encoding="utf-8", newline="") as file:
        finance = min(row["rep_id"] for row in csv.DictReader(file) if row["role"] == "finance")
    months.correct(settings.warehouse_url, settings.lake, locked, may, "insolvent since May", finance)
    again = night(settings, ledger, later)
    assert again.snapshot_id == opened.snapshot_id and again.run_id != opened.run_id
    assert allowance("opening", again) == after


def test_a_receipts_feed_that_did_not_load(settings: Settings, ledger: Path) -> None:
    def behind(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [{**row, "complete_through": "2026-06-28"} if row["table_name"] == "receipt" else row for row in rows]

    edit(ledger / "load_log.csv", behind)
    done = night(settings, ledger)
    assert done.gate == "no_contact"
    assert done.counts["open_item"] > 0
    states = write_mails(DAY, settings)
    assert states["suppressed"] > 0
    names = mails(settings)
    assert names, "the data owner is told"
    assert all(name.startswith("data_owner-") for name in names)
    [(reasons,)] = query(settings, "SELECT gate_reasons FROM collections.run")
    assert any("receipt" in reason["en"] and "2026-06-28" in reason["en"] for reason in reasons)


def test_a_table_that_was_there_every_night_and_is_gone(settings: Settings, ledger: Path) -> None:
    assert night(settings, ledger, date(2026, 6, 29)).gate == "open"
    (ledger / "load_log.csv").unlink()
    done = night(settings, ledger)
    assert done.gate == "no_contact"
    [(reasons,)] = query(settings, f"SELECT gate_reasons FROM collections.run WHERE business_date = '{DAY}'")
    assert any("load_log" in reason["en"] for reason in reasons)


def test_a_feed_twice_in_one_file_publishes_nothing(settings: Settings, ledger: Path) -> None:
    edit(ledger / "document.csv", lambda rows: rows + rows)
    done = night(settings, ledger)
    assert done.gate == "stop"
    assert done.counts == {}
    assert query(settings, "SELECT COUNT(*) FROM collections.open_item") == [(0,)]
    assert query(settings, "SELECT status, gate FROM collections.run") == [("stopped", "stop")]
    write_mails(DAY, settings)
    names = mails(settings)
    assert names
    assert all(name.startswith("data_owner-") for name in names)


def test_chinese_files_in_gb18030(settings: Settings, ledger: Path) -> None:
    expected = query(settings, "SELECT 1") and night(settings, ledger).counts
    for path in ledger.glob("*.csv"):
        path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    with pytest.raises(LedgerError, match="GB18030"):
        night(settings, ledger)
    (ledger / "source.yaml").write_text("encoding: gb18030\n", encoding="utf-8")
    assert night(settings, ledger).counts == expected


def test_a_renamed_column(settings: Settings, ledger: Path) -> None:
    path = ledger / "document.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("account_id", "acount_id", 1), encoding="utf-8")
    with pytest.raises(LedgerError, match=r"acount_id.*account_id"):
        night(settings, ledger)


def test_thousands_separators_are_stated_never_guessed(settings: Settings, ledger: Path) -> None:
    def grouped(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [{**rows[0], "amount": f"{Decimal(rows[0]['amount']):,}"}, *rows[1:]]

    edit(ledger / "receipt.csv", lambda rows: sorted(rows, key=lambda row: -Decimal(row["amount"])))
    expected = night(settings, ledger).counts
    edit(ledger / "receipt.csv", grouped)
    with pytest.raises(LedgerError, match=r"(?s)receipt.*amount.*row 2") as refused:
        night(settings, ledger)
    assert "thousands" in str(refused.value)
    (ledger / "source.yaml").write_text('thousands: ","\n', encoding="utf-8")
    assert night(settings, ledger).counts == expected


def test_an_empty_ledger(settings: Settings, ledger: Path) -> None:
    for path in ledger.glob("*.csv"):
        if path.stem not in {"company", "rep", "load_log", "fx_rate"}:
            path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    done = night(settings, ledger)
    assert done.gate == "no_contact"
    assert done.counts["open_item"] == 0


def test_a_back_fill_contacts_nobody(settings: Settings, ledger: Path) -> None:
    night(settings, ledger, is_backfill=True)
    write_mails(DAY, settings)
    assert mails(settings) == []


def test_changed_bytes_in_the_lake_are_noticed(settings: Settings, ledger: Path) -> None:
    snapshot_id = steps.extract(DAY, ledger=str(ledger), settings=settings)
    [document] = settings.lake.glob(f"snapshots/*/{snapshot_id}/document.parquet")
    content = bytearray(document.read_bytes())
    content[len(content) // 2] ^= 1
    document.chmod(0o644)
    document.write_bytes(content)
    with pytest.raises(Exception, match="document"):
        steps.validate(DAY, snapshot_id, policy=DEFAULT_POLICY, settings=settings)


@pytest.fixture(autouse=True)
def _no_open_transactions(warehouse_url: str) -> Iterator[None]:
    """A night leaves no session behind that could hold a lock."""
    yield
    with psycopg.connect(warehouse_url) as connection:
        rows = connection.execute(
            "SELECT application_name, state FROM pg_stat_activity WHERE datname = current_database()"
            # PostgreSQL's own workers (autovacuum) are shown beside the sessions of people and programs
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle'"
        ).fetchall()
    assert rows == []
