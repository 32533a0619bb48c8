"""Two years of the demo ledger: every month end and some days between, as the newest night tells them and by replay;
every day, against the files of the ledger; and the month ends as a chain of nights, each with the results of the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from huikuan.engine import duck
from huikuan.engine.graph import Model, load_models, needed_for
from huikuan.ledger.demo import generate
from huikuan.policy import Policy, load_policy
from huikuan.policy.finance_relations import close_days
from huikuan.settings import DEFAULT_POLICY
from huikuan.warehouse.tables import BUCKETS, RESULTS
from tests.models.ledgers import fetch

BUSINESS_DATE = date(2026, 7, 1)
AS_OF = BUSINESS_DATE - timedelta(days=1)
MONTHS = 24
MONTH_ENDS = [row[0] for row in close_days(AS_OF, MONTHS)]
DAYS = [AS_OF - timedelta(days=back) for back in (7, 46, 85, 131, 190, 251, 333, 402, 477, 555, 640, 701)]
SAME = ("open_amount", "overdue_amount", "overdue_share_pct", "sales", "receipts", "write_offs", "dso_simple", "bpdso",
        "add", "dso_countback", "dso_true", "cei", "cei_monthly")  # fmt: skip
"""Figures of a close that are the same whichever night tells them, as long as nobody dates an entry back. Days late are
not among them: money that came in then and was applied to its invoice later counts for the month in which it came."""


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder, through=AS_OF, accounts=80, faults=False)  # as quarantine leaves it
    return {path.stem: path for path in folder.glob("*.parquet")}


@pytest.fixture(scope="module")
def policy() -> Policy:
    content = load_policy(DEFAULT_POLICY).model_dump(by_alias=True)
    content["finance"]["trend_months"] = MONTHS
    return Policy.model_validate(content)


@contextmanager
def session(
    policy: Policy, ledger: dict[str, Path], business_date: date, before: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """``before``: results of the night before, which is the close that the month opens with, too."""
    inputs = duck.Inputs(business_date=business_date, policy=policy, ledger=ledger, previous=before, opening=before)
    with duck.session(inputs, RESULTS) as connection:
        yield connection


def close_on(connection: duckdb.DuckDBPyConnection, days: list[date]) -> None:
    """Let the night close on these days too."""
    rows = [(day, day.replace(day=1), day.replace(day=1) - timedelta(days=1)) for day in days]
    connection.executemany("INSERT INTO policy.close_day VALUES (?, ?, ?, FALSE, NULL)", rows)
    connection.execute(
        "UPDATE policy.close_day AS c SET after_on = COALESCE("
        "(SELECT MAX(b.closed_on) FROM policy.close_day AS b WHERE b.closed_on < c.closed_on), DATE '0001-01-01')"
    )


@pytest.fixture(scope="module")
def newest(policy: Policy, ledger: dict[str, Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The newest night, closing on the sampled days too; every invariant is checked on it."""
    with session(policy, ledger, BUSINESS_DATE) as connection:
        close_on(connection, DAYS)
        duck.run_models(connection, BUSINESS_DATE)
        duck.check_invariants(connection, BUSINESS_DATE)
        yield connection


def items(connection: duckdb.DuckDBPyConnection, table: str, closed_on: date | None = None) -> list[tuple[Any, ...]]:
    only = "" if closed_on is None else f"WHERE closed_on = DATE '{closed_on}'"
    return connection.execute(
        f"SELECT company_id, account_id, document_id, seq, currency, bucket, open_amount FROM {table} {only}"
        " ORDER BY ALL"
    ).fetchall()


def test_the_years_are_told(newest: duckdb.DuckDBPyConnection) -> None:
    """Every month end of two years has money open in several buckets, so that what follows compares something."""
    told = dict(
        newest.execute("SELECT closed_on, COUNT(DISTINCT bucket) FROM part_close GROUP BY closed_on").fetchall()
    )
    assert set(told) == set(MONTH_ENDS) | set(DAYS)
    assert len(MONTH_ENDS) == MONTHS + 1
    assert min(told[day] for day in MONTH_ENDS[:12]) >= 5 and min(told.values()) >= 2


def test_every_month_rolls_forward_into_the_next(newest: duckdb.DuckDBPyConnection) -> None:
    months = fetch(newest, "SELECT * FROM month_balance ORDER BY company_id, currency, month")
    assert len(months) >= MONTHS * 2
    for before, after in pairwise(months):
        if (before["company_id"], before["currency"]) == (after["company_id"], after["currency"]):
            assert before["closing"] == after["opening"]


@pytest.mark.parametrize("closed_on", MONTH_ENDS[1:], ids=str)
def test_a_month_end_by_replay(
    newest: duckdb.DuckDBPyConnection, policy: Policy, ledger: dict[str, Path], closed_on: date
) -> None:
    """On the night itself all invariants hold: buckets, allowance and its movement, reps and segments add up."""
    business_date = closed_on + timedelta(days=1)
    told = (
        'SELECT name, scope, "window", value, unit, numerator, denominator FROM metric'
        f" WHERE dimension = 'company' AND NOT is_total AND closed_on = DATE '{closed_on}' AND name IN {SAME}"
        " ORDER BY ALL"
    )
    with session(policy, ledger, business_date) as replay:
        duck.run_models(replay, business_date)
        duck.check_invariants(replay, business_date)
        assert items(replay, "open_item") == items(newest, "close_item", closed_on) != []
        found, expected = replay.execute(told).fetchall(), newest.execute(told).fetchall()
    assert {row[0] for row in found} == set(SAME)
    assert found == expected


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_a_day_by_replay(newest: duckdb.DuckDBPyConnection, policy: Policy, ledger: dict[str, Path], day: date) -> None:
    business_date = day + timedelta(days=1)
    wanted = {"open_item"}
    for model in reversed(load_models()):
        if model.name in wanted:
            wanted |= model.inputs
    with session(policy, ledger, business_date) as replay:
        duck.run_models(replay, business_date, [model for model in load_models() if model.name in wanted])
        assert items(replay, "open_item") == items(newest, "close_item", day) != []


def raw(ledger: dict[str, Path]) -> duckdb.DuckDBPyConnection:
    """The files of the ledger, and nothing of the models."""
    connection = duckdb.connect()
    for name, path in ledger.items():
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{path}')")
    return connection


@pytest.mark.parametrize("unnamed", [0, 3], ids=["as it is", "every third allocation names no instalment"])
def test_every_day_against_the_ledger(policy: Policy, ledger: dict[str, Path], tmp_path: Path, unnamed: int) -> None:
    """What each bucket held on each of 731 days, as the newest night tells it and counted from the files; also where
    instalments that are named and instalments that are not share a document, which is filled anew at every close.
    """
    if unnamed:
        vague = tmp_path / "allocation.parquet"
        duckdb.sql(
            f"SELECT * REPLACE (CASE WHEN MD5_NUMBER_LOWER(allocation_id) % {unnamed} > 0 THEN seq END AS seq)"
            f" FROM '{ledger['allocation']}'"
        ).write_parquet(str(vague))
        ledger = {**ledger, "allocation": vague}
    days = [MONTH_ENDS[-1] + timedelta(days=n) for n in range((AS_OF - MONTH_ENDS[-1]).days + 1)]
    assert len(days) == 731
    told = """
        SELECT company_id, currency, closed_on, bucket, SUM(open_amount), COUNT(*) FROM close_item
        GROUP BY ALL ORDER BY ALL
    """
    with session(policy, ledger, BUSINESS_DATE) as connection:
        close_on(connection, sorted(set(days) - set(MONTH_ENDS)))
        duck.run_models(connection, BUSINESS_DATE, needed_for({"close_item"}))
        found = connection.execute(told).fetchall()
        ((again,),) = connection.execute("SELECT COUNT(*) FROM mixed_document").fetchall()
    with raw(ledger) as connection:
        expected = connection.execute(COUNTED, {"first": days[0], "last": days[-1]}).fetchall()
    assert (again > 50) == bool(unnamed)
    assert {row[2] for row in found} == set(days)
    assert {row[3] for row in found} == set(BUCKETS)
    assert found == expected


COUNTED = """
    WITH day AS (SELECT UNNEST(GENERATE_SERIES($first, $last, INTERVAL 1 DAY))::DATE AS on_date),

    -- what settled a document, and from when on: when it, its document and its source were all there
    fact AS (
        SELECT
            a.company_id, a.document_id, a.seq, a.amount,
            GREATEST(a.allocated_on, d.issued_on, COALESCE(r.received_on, c.issued_on, a.allocated_on)) AS from_on
        FROM allocation AS a
        INNER JOIN document AS d USING (company_id, document_id)
        LEFT JOIN receipt AS r
            ON a.source_kind = 'receipt' AND r.company_id = a.company_id AND r.receipt_id = a.source_id
        LEFT JOIN document AS c
            ON a.source_kind = 'credit_note' AND c.company_id = a.company_id AND c.document_id = a.source_id
    ),

    line AS (
        SELECT
            d.company_id, d.currency, d.document_id, i.seq, d.issued_on, COALESCE(i.due_on, d.due_on) AS due_on,
            COALESCE(i.amount, d.amount) AS amount
        FROM document AS d
        LEFT JOIN instalment AS i USING (company_id, document_id)
        WHERE d.kind <> 'credit_note'
    ),

    owed AS (
        SELECT
            l.*, t.on_date,
            COALESCE(SUM(f.amount) FILTER (WHERE f.seq = l.seq), 0) AS meant,
            COALESCE(SUM(f.amount), 0) AS settled
        FROM line AS l
        INNER JOIN day AS t ON l.issued_on <= t.on_date
        LEFT JOIN fact AS f
            ON l.company_id = f.company_id AND l.document_id = f.document_id AND f.from_on <= t.on_date
        GROUP BY ALL
    ),

    -- what names the instalment is its own, up to its amount
    told AS (SELECT *, LEAST(amount, meant) AS named FROM owed),

    -- the rest of the document's money goes to whatever is due first
    filled AS (
        SELECT
            *, amount - named AS room, settled - SUM(named) OVER document AS rest,
            SUM(amount - named) OVER (document ORDER BY due_on, seq) - (amount - named) AS room_before
        FROM told
        WINDOW document AS (PARTITION BY company_id, document_id, on_date)
    ),

    opened AS (
        SELECT
            company_id, currency, on_date, room - LEAST(GREATEST(rest - room_before, 0), room) AS open_amount,
            on_date - due_on AS late
        FROM filled
    )

    SELECT
        company_id, currency, on_date,
        CASE
            WHEN late <= 0 THEN 'not_due'
            WHEN late <= 30 THEN 'd1_30'
            WHEN late <= 60 THEN 'd31_60'
            WHEN late <= 90 THEN 'd61_90'
            WHEN late <= 180 THEN 'd91_180'
            WHEN late <= 365 THEN 'd181_365'
            ELSE 'd366_plus'
        END AS bucket,
        SUM(open_amount), COUNT(*)
    FROM opened
    WHERE open_amount > 0
    GROUP BY ALL
    ORDER BY ALL
"""

Movements = list[dict[tuple[str, str, bool], dict[str, Any]]]


def passed_on(names: set[str]) -> tuple[Model, ...]:
    """The models that yield ``names``, with all that they read tonight, of the night before and of the opening."""
    models = needed_for(names)
    read = {source for model in models for source in model.outside if source.startswith(("previous.", "opening."))}
    wanted = names | {source.partition(".")[2] for source in read}
    return models if wanted == names else passed_on(wanted)


@pytest.fixture(scope="module")
def chain(policy: Policy, ledger: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Movements:
    """24 month ends, one night after the other, oldest first: each reads what the one before has written."""
    folder = tmp_path_factory.mktemp("chain")
    models = passed_on({"provision_movement"})
    before: Path | None = None
    nights: Movements = []
    for closed_on in reversed(MONTH_ENDS[:MONTHS]):
        business_date = closed_on + timedelta(days=1)
        with session(policy, ledger, business_date, before) as connection:
            duck.run_models(connection, business_date, models)
            before = folder / f"{closed_on}"
            duck.write_results(connection, before, RESULTS, business_date=business_date, run_id="r")
            rows = fetch(connection, "SELECT * FROM provision_movement")
        nights.append({(row["company_id"], row["currency"], row["is_total"]): row for row in rows})
        assert {row["month"] for row in rows} == {closed_on.replace(day=1)}
    return nights


SIGNS = {"charge": 1, "release": -1, "write_off": -1, "recovery": 1, "fx": 1}


def test_every_month_opens_with_what_the_last_one_closed_with(chain: Movements) -> None:
    assert len(chain) == MONTHS
    assert set(chain[0]) <= set(chain[-1])
    assert {is_total for *_, is_total in chain[-1]} == {False, True}
    for before, after in pairwise(chain):
        assert set(before) <= set(after), "nobody's allowance is lost"
        for key, row in after.items():
            assert row["opening"] == (before[key]["closing"] if key in before else 0), (key, row["month"])
    assert sum(row["opening"] != 0 for night in chain[1:] for row in night.values()) > 100


def test_the_movements_of_two_years_lead_to_the_last_close(chain: Movements) -> None:
    for key, last in chain[-1].items():
        rows = [night[key] for night in chain if key in night]
        assert rows[0]["opening"] == 0
        moved = sum(sign * row[name] for row in rows for name, sign in SIGNS.items())
        assert rows[0]["opening"] + moved == last["closing"], key
    for name in ("charge", "release", "write_off"):
        for is_total in (False, True):
            assert any(row[name] > 0 for night in chain for key, row in night.items() if key[2] == is_total), name
    assert any(row["fx"] > 0 for night in chain for row in night.values())
    assert any(row["fx"] < 0 for night in chain for row in night.values())


def test_write_offs_of_two_years_are_those_of_the_ledger(chain: Movements, ledger: dict[str, Path]) -> None:
    """Month by month, in each currency; and in the functional one, at the last rate of the month, to the cent."""
    written = """
        WITH written AS (
            SELECT
                a.company_id, d.currency, a.amount,
                LAST_DAY(GREATEST(a.allocated_on, d.issued_on)) AS closed_on
            FROM allocation AS a
            INNER JOIN document AS d USING (company_id, document_id)
            WHERE a.source_kind = 'write_off' AND GREATEST(a.allocated_on, d.issued_on) <= $last
        ),
        rated AS (
            SELECT
                w.*, c.functional_currency,
                CASE WHEN w.currency = c.functional_currency THEN 1 ELSE (
                    SELECT ARG_MAX(f.rate, f.on_date) FROM fx_rate AS f
                    WHERE
                        f.from_currency = w.currency AND f.to_currency = c.functional_currency
                        AND f.on_date <= w.closed_on
                ) END AS rate
            FROM written AS w
            INNER JOIN company AS c USING (company_id)
        )
        SELECT company_id, currency, FALSE AS is_total, closed_on, SUM(amount) FROM rated GROUP BY ALL
        UNION ALL
        SELECT company_id, functional_currency, TRUE, closed_on, ROUND(SUM(amount * rate), 2) FROM rated GROUP BY ALL
    """
    with raw(ledger) as connection:
        rows = connection.execute(written, {"last": AS_OF}).fetchall()
    expected = {(*key, closed_on.replace(day=1)): Decimal(str(amount)) for *key, closed_on, amount in rows}
    found = {
        (*key, row["month"]): row["write_off"] for night in chain for key, row in night.items() if row["write_off"]
    }
    assert found == expected
    assert len({month for *_, month in found}) >= 6 and len({currency for _, currency, *_ in found}) == 3
    for key in chain[-1]:
        total = sum(night[key]["write_off"] for night in chain if key in night)
        assert total == sum(amount for (*each, _), amount in expected.items() if tuple(each) == key)
