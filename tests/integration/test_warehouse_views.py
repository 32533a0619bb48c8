"""What readers query: the supply hold is right, a date's rows come from its current run's partitions, and soon."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from warehouse_samples import published, record

from huikuan.warehouse.connect import connect

HOLD = {"account_flag__flag": "'stop_supply'", "account_flag__state": "'active'"}
RELEASED = {"account_flag__flag": "'stop_supply'", "account_flag__state": "'released'"}
MARCH_2, MARCH_3, MARCH_4 = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)


def _holds(url: str) -> set[tuple[str, str, date]]:
    with connect(url, "finance_ro") as connection:
        rows = connection.execute(
            "SELECT company_id, account_id, business_date FROM collections.supply_hold"
        ).fetchall()
        assert len(rows) == len(set(rows))
        return set(rows)


def _all(rows: int, night: date) -> set[tuple[str, str, date]]:
    return {(f"C{1 + i % 2}", f"A{i}", night) for i in range(rows)}


def test_only_an_active_stop_of_supply_holds(warehouse_url: str, tmp_path: Path) -> None:
    flags = "['stop_supply', 'stop_service', 'stop_supply', 'stop_supply', 'stop_supply', 'stop_supply'][1 + i]"
    states = "['active', 'active', 'proposed', 'approved', 'rejected', 'released'][1 + i]"
    published(warehouse_url, tmp_path, record(MARCH_2), 6, account_flag__flag=flags, account_flag__state=states)
    assert _holds(warehouse_url) == {("C1", "A0", MARCH_2)}
    with connect(warehouse_url, "finance_ro") as connection:
        since, reason = connection.execute("SELECT since, reason FROM collections.supply_hold").fetchall()[0]
        assert (since, reason) == (MARCH_2, "reason 0")


def test_the_newest_night_counts_in_whatever_order_nights_are_published(warehouse_url: str, tmp_path: Path) -> None:
    published(warehouse_url, tmp_path, record(MARCH_3), 4, **HOLD)
    published(warehouse_url, tmp_path, record(MARCH_2), 4, **RELEASED)  # an older night, done again later
    assert _holds(warehouse_url) == _all(4, MARCH_3)
    published(warehouse_url, tmp_path, record(MARCH_4), 4, **RELEASED)
    assert _holds(warehouse_url) == set(), "released in the same night"


def test_a_night_done_again_counts_as_it_is_shown_now(warehouse_url: str, tmp_path: Path) -> None:
    first, second = record(MARCH_2, "aaaaaaaaaaaa"), record(MARCH_2, "bbbbbbbbbbbb")
    published(warehouse_url, tmp_path, first, 4, **HOLD)
    published(warehouse_url, tmp_path, second, 4, **RELEASED)
    assert _holds(warehouse_url) == set()
    published(warehouse_url, tmp_path, first, 4, **HOLD)
    assert _holds(warehouse_url) == _all(4, MARCH_2)


def test_a_company_that_is_missing_tonight_keeps_its_holds(warehouse_url: str, tmp_path: Path) -> None:
    published(warehouse_url, tmp_path, record(MARCH_2), 4, **HOLD)
    only_c1 = {f"{table}__company_id": "'C1'" for table in ("account_status", "account_flag")}
    published(warehouse_url, tmp_path, record(MARCH_3), 4, **RELEASED, **only_c1)
    assert _holds(warehouse_url) == {("C2", "A1", MARCH_2), ("C2", "A3", MARCH_2)}


def test_no_night_yet_means_no_holds(warehouse_url: str) -> None:
    assert _holds(warehouse_url) == set()


# --- many nights ------------------------------------------------------------------------------------------------------

NIGHTS = 200


@pytest.fixture(scope="module")
def crowded(module_warehouse_url: str) -> str:
    """Two hundred nights with two runs each in account_balance; the second run of each is current."""
    with psycopg.connect(module_warehouse_url) as admin:
        for night in range(NIGHTS):
            day = date(2025, 1, 1) + timedelta(days=night)
            for run in ("a", "b"):
                name, run_id = f"store.account_balance__{day:%Y%m%d}_{run}", f"{day:%Y%m%d}-{run}"
                admin.execute(
                    f"CREATE TABLE {name} PARTITION OF store.account_balance"
                    f" FOR VALUES FROM ('{day}', '{run_id}') TO ('{day}', '{run_id}' || chr(1))"
                )
                admin.execute(
                    f"INSERT INTO {name} SELECT '{day}', '{run_id}', 'C1', 'A' || i, 'CNY', {', '.join('0' * 14)}, 0,"
                    f" '{day}' FROM generate_series(1, 5) i"
                )
            admin.execute("INSERT INTO store.published VALUES (%s, %s)", [day, f"{day:%Y%m%d}-b"])
        admin.execute("ANALYZE store.account_balance")
        admin.execute("ANALYZE store.published")
    return module_warehouse_url


@pytest.fixture
def reader(crowded: str) -> Iterator[psycopg.Connection]:
    with connect(crowded, "finance_ro") as connection:
        yield connection


def _partitions(connection: psycopg.Connection, query: str, parameters: list[object] | None = None) -> set[str]:
    """Partitions that a statement read, by EXPLAIN ANALYZE."""
    plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN (ANALYZE) {query}", parameters).fetchall())
    lines = [line for line in plan.splitlines() if "account_balance__" in line and "never executed" not in line]
    return {found for line in lines for found in re.findall(r" on (account_balance__\w+)", line)}


def test_a_date_is_read_from_its_own_partitions(reader: psycopg.Connection) -> None:
    query = "SELECT * FROM collections.account_balance WHERE business_date = '2025-03-01'"
    assert reader.execute(query).rowcount == 5
    assert _partitions(reader, query) <= {"account_balance__20250301_a", "account_balance__20250301_b"}


def test_the_newest_date_is_read_from_its_own_partitions(reader: psycopg.Connection) -> None:
    """The date is known only when the statement runs."""
    query = (
        "SELECT * FROM collections.account_balance"
        " WHERE business_date = (SELECT max(business_date) FROM collections.run)"
    )
    newest = "SELECT * FROM collections.account_balance WHERE business_date = (SELECT DATE '2025-07-19')"
    assert reader.execute(newest).rowcount == 5
    assert len(_partitions(reader, newest)) <= 2
    assert _partitions(reader, query) == set()  # no run is recorded in this warehouse


def test_all_dates_show_the_current_run_of_each(reader: psycopg.Connection) -> None:
    rows = reader.execute("SELECT run_id, count(*) FROM collections.account_balance GROUP BY 1").fetchall()
    assert len(rows) == NIGHTS
    assert all(run_id.endswith("-b") and count == 5 for run_id, count in rows)
