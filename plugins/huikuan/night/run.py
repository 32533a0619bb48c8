"""One whole night in one process: the command line's way, and the way of tests and benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from huikuan.night import steps
from huikuan.settings import Settings


@dataclass(frozen=True)
class Night:
    """What a night came to. ``counts`` are rows per published table, empty when the gate stopped it."""

    business_date: date
    snapshot_id: str
    run_id: str
    gate: str
    counts: dict[str, int]


def run_night(
    business_date: date,
    *,
    ledger: str,
    source: str | None = None,
    policy: Path,
    settings: Settings,
    refresh: bool = False,
    is_backfill: bool = False,
    report: steps.Report | None = None,
) -> Night:
    """extract ▸ validate ▸ classify ▸ publish; steps already done with the same inputs are not done again."""
    snapshot_id = steps.extract(
        business_date, ledger=ledger, source=source, settings=settings, refresh=refresh, report=report
    )
    validated = steps.validate(
        business_date, snapshot_id, policy=policy, settings=settings, is_backfill=is_backfill, report=report
    )
    steps.classify(business_date, validated.run_id, settings=settings, report=report)
    counts = steps.publish(business_date, validated.run_id, settings=settings, report=report)
    return Night(business_date, snapshot_id, validated.run_id, validated.gate, counts)
