"""``make bench``: how long a night of a million open items takes, and the balances against three other ways.

Every figure is measured in this run; medians of five, the ways taken in turn, so that a noisy machine is noisy for all
of them. The page docs/benchmarks.md is written anew. ``BENCH_ACCOUNTS``, ``BENCH_ROUNDS``, ``BENCH_NIGHTS``,
``BENCH_BACKTEST_ACCOUNTS`` and ``BENCH_REPS`` make it smaller.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import backtest
import duckdb
import mails
import psycopg
import questions
import statements
from duckdb_extensions import import_extension
from rich.console import Console

from huikuan.settings import PROJECT, Settings
from huikuan.warehouse.connect import start_embedded, stop_embedded

ACCOUNTS = int(os.environ.get("BENCH_ACCOUNTS", "100000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
DAY = date(2026, 6, 30)
PAGE = PROJECT / "docs" / "benchmarks.md"
STEPS = ("extract", "validate", "classify", "publish")
WAYS = ("models", "bare", "pandas", "postgres", "all_models")
console = Console(highlight=False)

STEP = """
import sys
from datetime import date
from pathlib import Path
from huikuan.night import steps
from huikuan.settings import DEFAULT_POLICY, Settings
name, ledger, day, given = sys.argv[1], sys.argv[2], date.fromisoformat(sys.argv[3]), sys.argv[4]
settings = Settings.from_environment()
if name == "extract":
    print(steps.extract(day, ledger=ledger, settings=settings), file=sys.stderr)
elif name == "validate":
    print(steps.validate(day, given, policy=DEFAULT_POLICY, settings=settings).run_id, file=sys.stderr)
elif name == "classify":
    steps.classify(day, given, settings=settings)
else:
    steps.publish(day, given, settings=settings)
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="huikuan-bench-") as name:
        work = Path(name)
        work.chmod(0o755)
        ledger = work / "ledger"
        console.print(f"generating a ledger of {ACCOUNTS:,} accounts …")
        started = time.perf_counter()
        rows = generate_ledger(ledger)
        generated = time.perf_counter() - started
        night, snapshot = measure_night(work, ledger)
        with duckdb.connect() as connection:
            [(items, accounts)] = connection.execute(
                f"SELECT COUNT(*), COUNT(DISTINCT account_id) FROM '{work}/home/lake/results/{DAY}/open_item.parquet'"
            ).fetchall()
        stop_embedded(_settings(work))
        clean = clean_copy(work, snapshot)
        os.environ["BENCH_POSTGRES"] = load_postgres(work, clean)
        rounds = measure_ways(clean)
        stop_embedded(Settings(home=work / "pg", lake=work, mail=work, warehouse_url=None))
        compared = backtest.measure(work, DAY, console.print)
    check_figures(rounds)
    asked = questions.page(*questions.measure())
    morning = mails.page([mails.measure(reps) for reps in mails.sizes()])
    month_end = statements.page(statements.measure())
    PAGE.write_text(
        page(rows, items, accounts, generated, night, rounds, compared)
        + "\n".join(["", *morning, "", *month_end, "", *asked, ""]),
        encoding="utf-8",
    )
    console.print(f"\nwritten: {PAGE.relative_to(PROJECT)}")


def generate_ledger(folder: Path) -> dict[str, int]:
    """In a process of its own: a child's peak memory begins with that of the process that forked it."""
    code = (
        "import json, sys\nfrom datetime import date\nfrom pathlib import Path\n"
        "from huikuan.ledger.demo import generate\n"
        "rows = generate(Path(sys.argv[1]), through=date.fromisoformat(sys.argv[2]), accounts=int(sys.argv[3]),"
        " history='open')\nprint(json.dumps(rows))"
    )
    arguments = [sys.executable, "-c", code, str(folder), f"{DAY}", str(ACCOUNTS)]
    result = subprocess.run(arguments, capture_output=True, text=True, check=True)
    return dict(json.loads(result.stdout.splitlines()[-1]))


def _settings(work: Path) -> Settings:
    home = work / "home"
    return Settings(home=home, lake=home / "lake", mail=home / "mail", warehouse_url=None)


def measure_night(work: Path, ledger: Path) -> tuple[dict[str, tuple[float, float]], Path]:
    """Seconds and peak MB of each step, each in a process of its own; and the snapshot's folder."""
    env = os.environ | {"HUIKUAN_HOME": str(work / "home"), "GX_ANALYTICS_ENABLED": "False"}
    measured: dict[str, tuple[float, float]] = {}
    given, snapshot = "-", ""
    for step in STEPS:
        with tempfile.TemporaryFile("w+") as said:
            started = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, "-c", STEP, step, str(ledger), f"{DAY}", given], env=env, stderr=said
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.perf_counter() - started
            said.seek(0)
            output = said.read().strip().splitlines()
        if process.returncode:
            raise SystemExit("\n".join(output))
        if step in {"extract", "validate"}:
            given = output[-1]
        if step == "extract":
            snapshot = given
        measured[step] = (seconds, usage.ru_maxrss / 1024)
        console.print(f"  {step}: {seconds:.1f} s, {usage.ru_maxrss / 1024:,.0f} MB")
    return measured, work / "home" / "lake" / "snapshots" / f"{DAY}" / snapshot


def clean_copy(work: Path, snapshot: Path) -> Path:
    """The snapshot's tables that balances need, without the rows that validation quarantined: all ways read these."""
    folder = work / "clean"
    folder.mkdir()
    [quarantine] = (work / "home" / "lake" / "runs").glob("*/*/quality/quarantine.parquet")
    with duckdb.connect() as connection:
        for path in snapshot.glob("*.parquet"):
            connection.execute(
                f"COPY (SELECT * EXCLUDE (file_row_number) FROM read_parquet('{path}', file_row_number = true) WHERE"
                f" file_row_number NOT IN (SELECT row_number FROM '{quarantine}' WHERE table_name = '{path.stem}'))"
                f" TO '{folder / path.name}' (COMPRESSION zstd)"
            )
    return folder


def load_postgres(work: Path, clean: Path) -> str:
    """A PostgreSQL with the tables that balances need, analysed; returns its URL."""
    url = start_embedded(work / "pg" / "postgres")
    with duckdb.connect() as connection:
        import_extension("postgres_scanner", con=connection)
        connection.execute(f"ATTACH '{url}' AS pg (TYPE postgres)")
        for table in ("document", "instalment", "receipt", "allocation"):
            connection.execute(f"CREATE TABLE pg.public.{table} AS SELECT * FROM '{clean / table}.parquet'")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return url


def measure_ways(clean: Path) -> dict[str, list[dict[str, object]]]:
    rounds: dict[str, list[dict[str, object]]] = {way: [] for way in WAYS}
    for number in range(ROUNDS):
        for way in WAYS:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            result = subprocess.run(
                [sys.executable, str(Path(__file__).with_name("balances.py")), way, str(clean), f"{DAY}"],
                capture_output=True,
                text=True,
                check=False,
            )
            if result.returncode:
                raise SystemExit(result.stderr)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            found = json.loads(result.stdout)
            found["cpu"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            rounds[way].append(found)
            console.print(f"  round {number + 1} {way}: {found['seconds']:.2f} s")
    return rounds


def check_figures(rounds: Mapping[str, list[dict[str, object]]]) -> None:
    """The ways that claim the same figures have them: to the cent, for pandas to its floats."""
    expected = rounds["models"][0]["figures"]
    assert isinstance(expected, dict)
    for way in ("pandas", "postgres"):
        found = rounds[way][0]["figures"]
        assert isinstance(found, dict)
        for name, value in expected.items():
            if abs(found[name] - value) > max(0.05, abs(value) * 1e-9):
                raise SystemExit(f"{way} finds {name} = {found[name]}, the models {value}")


def page(
    rows: Mapping[str, int],
    items: int,
    accounts: int,
    generated: float,
    night: Mapping[str, tuple[float, float]],
    rounds: Mapping[str, list[dict[str, object]]],
    compared: backtest.Measured,
) -> str:
    median = {way: statistics.median(float(str(run["seconds"])) for run in runs) for way, runs in rounds.items()}
    total, peak = sum(seconds for seconds, _ in night.values()), max(memory for _, memory in night.values())
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; every figure is of one run on one machine, so the ratios say more than the seconds.",
        f"Machine: {os.cpu_count()} cores; Python {sys.version.split()[0]}, DuckDB {duckdb.__version__},"
        " PostgreSQL 18 (embedded).",
        "",
        f"Ledger: generated, {ACCOUNTS:,} accounts in {generated:.0f} s: {rows['document']:,} documents, "
        f"{rows['instalment']:,} instalments, {rows['receipt']:,} receipts, {rows['allocation']:,} allocations. "
        f"At the close of books {items:,} items of {accounts:,} accounts are open.",
        "",
        "## A whole night",
        "",
        "Each step in a process of its own, as under Airflow, imports and start-up included.",
        "",
        "| step | seconds | peak memory, MB |",
        "|---|---:|---:|",
        *(f"| {step} | {seconds:.1f} | {memory:,.0f} |" for step, (seconds, memory) in night.items()),
        f"| **night** | **{total:.1f}** | **{peak:,.0f}** |",
        "",
        f"## Account balances, four ways (median of {ROUNDS})",
        "",
        "The models do more than the others: credit netting, disputes, both counts of days, stages.",
        "",
        "| way | seconds (min – median – max) | models ÷ this |",
        "|---|---:|---:|",
    ]
    names = {
        "models": "the models up to `account_balance`",
        "bare": "(a) DuckDB, bare join and group of the same files",
        "pandas": "(b) the same figures in pandas, floats",
        "postgres": "(c) the same figures in SQL on PostgreSQL 18",
        "all_models": "all models",
    }
    for way, words in names.items():
        seconds = sorted(float(str(run["seconds"])) for run in rounds[way])
        lines.append(
            f"| {words} | {seconds[0]:.2f} – {median[way]:.2f} – {seconds[-1]:.2f} |"
            f" {median['models'] / median[way]:.2f} |"
        )
    lines += [
        "",
        f"Models ÷ (a) = {median['models'] / median['bare']:.2f} (aim: at most 2); "
        f"(b) ÷ models = {median['pandas'] / median['models']:.2f} (aim: at least 2); "
        f"(c) ÷ models = {median['postgres'] / median['models']:.2f} (aim: at least 4); "
        f"all models ÷ (a) = {median['all_models'] / median['bare']:.2f} (it was 8.44 before the figures of finance,"
        " which measure a year of month ends anew every night).",
        "",
        *backtest.lines(compared),
        "## Share of each model",
        "",
        "| model | seconds (median) |",
        "|---|---:|",
    ]
    figures = [run["figures"] for run in rounds["all_models"]]
    shares = {
        name.removeprefix("seconds "): statistics.median(float(run[name]) for run in figures if isinstance(run, dict))
        for name in (figures[0] if isinstance(figures[0], dict) else {})
        if name.startswith("seconds ")
    }
    lines += [
        f"| {name} | {seconds:.2f} |"
        for name, seconds in sorted(shares.items(), key=lambda entry: -entry[1])
        if seconds >= 0.005
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
