"""How long the questions that finance asks most take with three years of nights: planning and running, as finance.

A warehouse gets a partition per night and table that the questions read. The newest night and the last month end hold
100,000 accounts; the nights between hold a few rows, because a question reads one night and the number of partitions
is what the others cost it. By itself: ``python tests/bench/questions.py``. ``BENCH_QUESTION_ACCOUNTS`` and
``BENCH_QUESTION_NIGHTS`` make it smaller.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import psycopg

from huikuan.settings import Settings
from huikuan.warehouse.connect import connect, start_embedded, stop_embedded
from huikuan.warehouse.migrate import migrate
from huikuan.warehouse.questions import Question, ask, questions
from huikuan.warehouse.tables import RESULTS

ACCOUNTS = int(os.environ.get("BENCH_QUESTION_ACCOUNTS", "100000"))
NIGHTS = int(os.environ.get("BENCH_QUESTION_NIGHTS", "1095"))
DAY = date(2026, 6, 30)
ROUNDS = 5
THIN = 20  # accounts of a night between
REPS = 300
COMPANY = "'C' || (1 + i % 2)"
FEED = {
    "company": "'C' || i, 'Company ' || i, 'CNY', 'Asia/Shanghai', 'CN'",
    "account": f"{COMPANY}, 'A' || i, 'Customer ' || i, (ARRAY['standard','key','strategic','government'])[1 + i % 4],"
    " 'collection_led', 'R' || i % {reps}, 'active', 'CN', NULL",
    "account_status": f"{COMPANY}, 'A' || i, 'R' || i % {{reps}}, 'standard', 'M' || i % 5, 'M0', 'B', 40, 'steady',"
    " 'non_malicious', (i * 7919 % 100003) * (i % 3), (i * 7919 % 100003) * 2, CASE WHEN i % 4 > 0 THEN 150000 END,"
    " (i * 7919 % 100003) * 2 > 150000 AND i % 4 > 0, DATE '{day}' - i % 200, NULL, NULL, 50, NULL, NULL, 60, 'B', 0",
    "account_balance": f"{COMPANY}, 'A' || i, 'CNY', 100 + i, CASE WHEN i % 5 = 0 THEN i ELSE 0 END, 100 + i, 0, 0,"
    " 100 + i, i % 1000, 100, i, 0, 0, 0, 0, 0, i % 400",
    "account_flag": f"{COMPANY}, 'A' || i, 'stop_supply', (ARRAY['active','released','proposed'])[1 + i % 3],"
    " DATE '{day}' - i % 90, 'R1', now(), 'rule', NULL, NULL, 'policy:1', 'R1', NULL, FALSE",
    "rep": "'R' || i, 'Rep ' || i, 'rep', 'M' || i % 20, TRUE",
    "metric": "m.name, 'company/C1/rep/R' || i || '/total/CNY', 'C1', CASE WHEN i = 0 THEN 'company' ELSE 'rep' END,"
    " CASE WHEN i = 0 THEN '' ELSE 'R' || i END, 'CNY', TRUE, (DATE '{as_of}' - 30 * m.back), w, 42.5,"
    " 'pct', 1, 2, NULL",
    "roll_rate": "'company/C' || i || '/currency/CNY' || b || c, 'C' || i, 'company', '', 'CNY', FALSE, 'm1', b, c,"
    " 1000, 500, 0.5",
    "provision_movement": "'C' || i, 'CNY', TRUE, date_trunc('month', DATE '{as_of}'), 1, 2, 1, 0, 0, 0, 2, 0, 0",
    "cash_forecast": "'C' || (1 + i % 2), 'CNY', DATE '{day}' - (i / 26)::integer * 7,"
    " DATE '{day}' - (i % 26)::integer * 7, 'total', 1000, 990, TRUE",
    "root_cause": "'company/C' || i || '/total/CNY/' || b, 'C' || i, 'company', '', 'CNY', TRUE, b, 10, 1000, 12.5",
}
SOURCE = {
    "company": "generate_series(1, 2) AS s (i)",
    "rep": "generate_series(0, {reps} - 1) AS s (i)",
    "metric": (
        "generate_series(0, {reps} - 1) AS s (i) CROSS JOIN unnest(ARRAY['mtd', 'm1', 'm3', 'm12', 'as_of']) AS w"
        " CROSS JOIN LATERAL (SELECT n AS name, back FROM unnest(ARRAY['dso_simple', 'dso_countback', 'bpdso',"
        " 'promise_kept_pct', 'cei', 'days_late', 'sales', 'receipts', 'open_amount', 'coverage_pct']) AS n,"
        " generate_series(0, CASE WHEN s.i = 0 THEN 12 ELSE 0 END) AS back) AS m"
    ),
    "roll_rate": (
        "generate_series(1, 2) AS s (i), unnest(ARRAY['not_due','d1_30','d31_60','d61_90']) AS b,"
        " unnest(ARRAY['paid','d31_60','written_off','rolled']) AS c"
    ),
    "provision_movement": "generate_series(1, 2) AS s (i)",
    "cash_forecast": "generate_series(0, 51) AS s (i)",
    "root_cause": "generate_series(1, 2) AS s (i), unnest(ARRAY['product','service','unknown','loose_terms']) AS b",
}
RELEASED = "generate_series(1, {accounts}) AS s (i)"


def measure() -> tuple[list[tuple[Question, float, float, int]], int]:
    """Per question: milliseconds of planning and altogether (medians), and its rows; and the partitions there are."""
    with tempfile.TemporaryDirectory(prefix="huikuan-bench-") as name:
        home = Path(name)
        home.chmod(0o755)
        url = start_embedded(home / "postgres")
        try:
            migrate(url)
            partitions = _fill(url)
            return [_timed(url, question) for question in questions()], partitions
        finally:
            stop_embedded(Settings(home=home, lake=home, mail=home, warehouse_url=None))


def page(found: list[tuple[Question, float, float, int]], partitions: int) -> list[str]:
    """The section of docs/benchmarks.md."""
    slowest = max(total for _, _, total, _ in found)
    return [
        "## Questions of finance",
        "",
        "The ten queries of [finance-queries.md](finance-queries.md), asked as finance, with row-level security in",
        f"force, of {NIGHTS:,} nights in {partitions:,} partitions. The newest night and the last month end hold",
        f"{ACCOUNTS:,} accounts, the nights between {THIN}: a question reads one night, and what the others cost it is",
        f"their number. A new connection for each question; median of {ROUNDS} after the first, which fills caches.",
        "",
        "| question | rows | planning, ms | planned and run, ms |",
        "|---|---:|---:|---:|",
        *(f"| {question.en} | {rows} | {plan:.0f} | {total:.0f} |" for question, plan, total, rows in found),
        "",
        f"Slowest = {slowest:.0f} ms (aim: each under 200 ms).",
    ]


def _fill(url: str) -> int:
    month_end = DAY.replace(day=1)
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("SET synchronous_commit = off")
        for back in range(NIGHTS - 1, -1, -1):
            day = DAY - timedelta(days=back)
            _night(admin, day, ACCOUNTS if day in (DAY, month_end) else THIN)
        for table in FEED:
            admin.execute(f"ANALYZE ONLY store.{table}")
        admin.execute("ANALYZE store.published")
        [(partitions,)] = admin.execute(
            "SELECT count(*) FROM pg_inherits AS i INNER JOIN pg_class AS c ON i.inhrelid = c.oid WHERE c.relkind = 'r'"
        ).fetchall()
    return int(partitions)


def _night(admin: psycopg.Connection, day: date, accounts: int) -> None:
    run, as_of = f"{day:%Y%m%d}-aaaaaaaaaaaa", day - timedelta(days=1)
    values = {"day": day, "as_of": as_of, "accounts": accounts, "reps": REPS if accounts == ACCOUNTS else 2}
    with admin.transaction():
        for table, columns in FEED.items():
            name = f"store.{table}__{day:%Y%m%d}_1"
            admin.execute(
                f"CREATE TABLE {name} PARTITION OF store.{table}"
                f" FOR VALUES FROM ('{day}', '{run}') TO ('{day}', '{run}' || chr(1))"
            )
            names = ", ".join(f'"{column.name}"' for column in RESULTS[table].columns)
            source = SOURCE.get(table, RELEASED).format(**values)
            admin.execute(
                f"INSERT INTO {name} ({names})"
                f" SELECT '{day}', '{run}', {columns.format(**values)}, '{as_of}' FROM {source}"
            )
            if accounts == ACCOUNTS:
                admin.execute(f"ANALYZE {name}")
        admin.execute("INSERT INTO store.published VALUES (%s, %s)", [day, run])


def _timed(url: str, question: Question) -> tuple[Question, float, float, int]:
    plans, totals, rows = [], [], 0
    with connect(url, "finance_ro") as connection:
        for _ in range(ROUNDS + 1):
            started = time.perf_counter()
            rows = len(ask(connection, question, DAY)[1])
            totals.append((time.perf_counter() - started) * 1000)
            text = connection.execute(f"EXPLAIN (SUMMARY) {question.query(DAY)}").fetchall()  # type: ignore[arg-type]
            plans.append(float(text[-1][0].split(":")[1].removesuffix("ms")))
            connection.rollback()
    return question, statistics.median(plans[1:]), statistics.median(totals[1:]), rows


if __name__ == "__main__":
    sys.stdout.write("\n".join(page(*measure())) + "\n")
