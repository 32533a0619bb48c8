"""The command line's nights: run one, write its mails, generate a ledger to try it on."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from huikuan.cli.options import DAY, BusinessDate, Lake, PolicyPath, Warehouse, console, say, settings_of
from huikuan.settings import Settings


def night(
    ledger: Annotated[str, typer.Option(help="Folder, file or database URL of the ledger.")],
    business_date: BusinessDate,
    source: Annotated[str | None, typer.Option(help="Foreign schema: a folder of include/sql/ledger.")] = None,
    policy: PolicyPath = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
    refresh: Annotated[bool, typer.Option(help="Read the ledger again even if that was done.")] = False,
    backfill: Annotated[bool, typer.Option(help="A night of the past: nobody is contacted.")] = False,
    with_mails: Annotated[
        bool, typer.Option("--outreach/--no-outreach", help="Write the morning's mails as .eml files too.")
    ] = True,
) -> None:
    """Run one night: extract ▸ validate ▸ classify ▸ publish, then the morning's mails."""
    from huikuan.night.run import run_night
    from huikuan.night.summary import show_night

    settings = settings_of(lake, warehouse, policy)
    outcome = run_night(
        business_date.date(),
        ledger=ledger,
        source=source,
        policy=settings.policies,
        settings=settings,
        refresh=refresh,
        is_backfill=backfill,
        report=say,
    )
    mails = write_mails(business_date.date(), settings) if with_mails else None
    show_night(console, outcome, settings, mails)
    if outcome.gate == "stop":
        raise typer.Exit(3)


def outreach(
    business_date: BusinessDate,
    policy: PolicyPath = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Write the mails of a published night as .eml files; what was written before is not written again."""
    states = write_mails(business_date.date(), settings_of(lake, warehouse, policy))
    say(", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "no mails")


def demo_ledger(
    target: Annotated[Path, typer.Argument(help="Folder to write; made when missing.")],
    through: Annotated[datetime, typer.Option(formats=DAY, help="Last day of the ledger.")],
    accounts: Annotated[int, typer.Option(help="Customer accounts.")] = 400,
    seed: Annotated[int, typer.Option(help="Same seed, same ledger.")] = 20260101,
    csv: Annotated[bool, typer.Option(help="CSV files instead of Parquet.")] = False,
    erp: Annotated[str | None, typer.Option(help="Load it into this PostgreSQL as a foreign ERP too.")] = None,
) -> None:
    """Generate a believable ledger of two companies in the contract's form."""
    from huikuan.ledger.demo import generate, load_as_erp

    counts = generate(
        target, through=through.date(), accounts=accounts, seed=seed, file_format="csv" if csv else "parquet"
    )
    for table, rows in counts.items():
        say(f"  {table}: {rows:,} rows")
    if erp is not None:
        load_as_erp(erp, target)
        say("loaded as the foreign ERP: read it with --source demo_erp")


def write_mails(business_date: date, settings: Settings) -> dict[str, int]:
    """Mails as files, each as of the moment at which its window opens: files contact nobody, so none expires."""
    from huikuan.night.steps import prepare
    from huikuan.outreach import EmlFolder, send_messages, write_messages
    from huikuan.policy import load_policy, policy_in_force

    bounds = load_policy(policy_in_force(settings.policies, business_date)).outreach
    opening = bounds.window(business_date)[0]
    url = prepare(settings)
    write_messages(url, settings.lake, business_date, bounds, written_at=opening)
    folder = EmlFolder(settings.mail)
    result = send_messages(url, settings.lake, business_date, folder, bounds, now=opening, at_opening=True)
    states: dict[str, int] = result.get("states", {})
    return states
