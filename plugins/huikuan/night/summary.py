"""The night in figures, for whoever watches it run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from huikuan.night.lake import run_folder
from huikuan.night.run import Night
from huikuan.settings import Settings

_BALANCES = """
SELECT company_id, currency, COUNT(*) AS accounts, SUM(open_amount), SUM(overdue_amount), SUM(free_credit)
FROM read_parquet(?) GROUP BY company_id, currency ORDER BY company_id, currency
"""
_SANCTIONS = """
SELECT CASE WHEN is_held THEN state || ' (held)' ELSE state END AS state, COUNT(*) FROM read_parquet(?)
GROUP BY 1 ORDER BY 1
"""
_OVER_CAP = "SELECT company_id, accounts, accounts_pct FROM read_parquet(?) WHERE is_over ORDER BY 1, 2"
_STAGES = "SELECT stage, COUNT(*) FROM read_parquet(?) GROUP BY stage ORDER BY stage"


def show_night(console: Console, night: Night, settings: Settings, mails: Mapping[str, int] | None) -> None:
    """Print balances per company and currency, stages, and where everything lies."""
    folder = run_folder(settings.lake, night.run_id)
    verdict = {"open": "green", "no_contact": "yellow", "stop": "red"}[night.gate]
    console.print(
        f"\n[bold]Night of {night.business_date}[/]  run {night.run_id}  gate [bold {verdict}]{night.gate}[/]"
    )
    if night.counts:
        _show_figures(console, folder / "tables", night)
    where = {"data quality": f"{folder / 'quality' / 'report.html'}"}
    if night.counts:
        where["results"] = f"{settings.lake / 'results' / f'{night.business_date}'}"
    if mails is not None:
        sent = ", ".join(f"{count} {state}" for state, count in sorted(mails.items()) if count) or "none"
        where["mails"] = f"{settings.mail / f'{night.business_date}'} ({sent})"
    for name, path in where.items():
        console.print(f"{name:13}{path}", soft_wrap=True, markup=False)  # a path that is broken cannot be opened


def _show_figures(console: Console, tables: Path, night: Night) -> None:
    balances = Table(title="Balances 余额", title_justify="left")
    for name in ("company", "currency"):
        balances.add_column(name)
    for name in ("accounts", "open", "overdue", "free credit"):
        balances.add_column(name, justify="right")
    with duckdb.connect() as connection:
        for company, currency, accounts, *amounts in connection.execute(
            _BALANCES, [str(tables / "account_balance.parquet")]
        ).fetchall():
            balances.add_row(company, currency, f"{accounts:,}", *(f"{amount:,.2f}" for amount in amounts))
        stages = connection.execute(_STAGES, [str(tables / "account_status.parquet")]).fetchall()
        sanctions = connection.execute(_SANCTIONS, [str(tables / "account_flag.parquet")]).fetchall()
        over = connection.execute(_OVER_CAP, [str(tables / "sanction_cap.parquet")]).fetchall()
    console.print(balances)
    console.print("accounts by stage: " + "  ".join(f"{stage} {count:,}" for stage, count in stages))
    console.print(
        f"open items {night.counts['open_item']:,}  tasks {night.counts['task']:,}"
        f"  early warnings {night.counts['early_warning']:,}  quarantined rows {night.counts['quarantine']:,}"
    )
    console.print("sanctions 惩戒: " + ("  ".join(f"{state} {count:,}" for state, count in sanctions) or "none"))
    for company, accounts, pct in over:
        console.print(
            f"[bold yellow]{company}: {accounts:,} accounts ({pct} %) with new sanctions exceed the policy's cap:"
            " all are held, nobody is asked about them[/]"
        )
