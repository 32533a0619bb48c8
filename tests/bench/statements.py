"""How long the statements of a month end take: 1,000 of mixed sizes, both files of each, written into a lake.

python tests/bench/statements.py
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from huikuan.finance.batches import write_files
from huikuan.finance.statement_rows import Statement
from huikuan.settings import PROJECT

sys.path.insert(0, str(PROJECT))
from tests.statement_samples import CHINESE, statement

SIZES = ((700, 6), (200, 30), (90, 120), (10, 370))
"""(statements, open items in each); 370 items are twelve pages."""
AIM_SECONDS = 60


def measure() -> dict[str, Any]:
    """Write them; returns counts and seconds."""
    made = [_one(n, items) for n, items in enumerate(items for count, items in SIZES for _ in range(count))]
    accounts = [each.key[1] for each in made]
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="huikuan-bench-") as home:
        start = time.perf_counter()
        written = write_files(Path(home) / "batch", made, CHINESE, accounts)
        seconds = time.perf_counter() - start
        size = sum(path.stat().st_size for path in (Path(home) / "batch").iterdir())
    if written["failed"]:
        raise SystemExit(f"{len(written['failed'])} statements failed")
    pages = sum(line["page_count"] for line in written["statements"])
    return {"statements": len(made), "pages": pages, "megabytes": size / 1e6, "seconds": seconds, "load": load}


def _one(n: int, items: int) -> Statement:
    plain = statement("zh_CN" if n % 2 else "en", items, account_id=f"A-{n:05}")
    return replace(plain, account=replace(plain.account, name=f"{plain.account.name} {n}"))


def page(figures: dict[str, Any]) -> list[str]:
    """Lines of the page of benchmarks."""
    return [
        "## Statements",
        "",
        "Statements of account of mixed sizes (6 to 370 open items), PDF and workbook of each, one process per core.",
        "",
        "| statements | pages | MB | time, s | load before |",
        "|---|---|---|---|---|",
        f"| {figures['statements']:,} | {figures['pages']:,} | {figures['megabytes']:.0f} | {figures['seconds']:.1f}"
        f" | {figures['load']:.1f} |",
        "",
        f"Aim: 1,000 statements, PDF and workbook, in under {AIM_SECONDS} s on two cores.",
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(page(measure())) + "\n")
