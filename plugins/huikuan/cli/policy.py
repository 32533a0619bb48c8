"""``huikuan policy``: look at a policy before it decides about anybody."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from huikuan.cli.options import DAY, Company, Lake, Warehouse, console, say, settings_of
from huikuan.errors import PolicyError
from huikuan.policy import Policy, load_policy

app = typer.Typer(
    name="policy", help="Policies (回款政策): check them, and see what they would change.", no_args_is_help=True
)

IN_FORCE = "in-force"


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Policy files, or folders of them.")],
) -> None:
    """Load policies and say of each whether it can be used; ends with 2 when one cannot."""
    failed = 0
    for path in files:
        for file in sorted(path.glob("*.yaml")) if path.is_dir() else [path]:
            try:
                policy = load_policy(file)
            except PolicyError as error:
                failed += 1
                say(f"✗ {error.problem}\n  → {error.remedy}")
            else:
                say(f"✓ {file}: {_named(policy)}, OK")
    if failed:
        raise typer.Exit(2)


@app.command()
def diff(
    policy_a: Annotated[str, typer.Argument(metavar="A", help=f"Policy file, folder of versions, or {IN_FORCE}.")],
    policy_b: Annotated[Path, typer.Argument(metavar="B", help="Policy file, or folder of versions.")],
    first: Annotated[datetime, typer.Option("--from", formats=DAY, help="First business date (业务日).")],
    last: Annotated[datetime, typer.Option("--to", formats=DAY, help="Last business date (业务日).")],
    company: Company = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; default: below the lake's backtests.")] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compute A again in full on every night, not on every tenth.")
    ] = False,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Replay stored nights under two policies: who would move where, which sanctions, which tasks, how much money."""
    from huikuan.backtest.compare import compare

    outcome = compare(
        settings_of(lake, warehouse),
        first.date(),
        last.date(),
        policy_a=None if policy_a == IN_FORCE else Path(policy_a),
        policy_b=policy_b,
        company=company,
        folder=out,
        say=say,
        verify=verify,
    )
    _show(outcome.summary)
    say(f"\n{outcome.headline.en}\n{outcome.headline.zh}")
    for line in outcome.checked:
        say(line.en)
    say(f"page  {outcome.page}")
    say(f"tables  {outcome.page.parent}/*.parquet, *.csv")


def _show(summary: list[list[str]]) -> None:
    table = Table(title="Policy difference 政策差异", title_justify="left")
    for name in ("what", "where", "value", "unit"):
        table.add_column(name, justify="right" if name == "value" else "left")
    for name, scope, value, unit in summary:
        table.add_row(name, scope, f"{float(value):,.0f}", unit)
    console.print(table)


def _named(policy: Policy) -> str:
    return f"version {policy.version}, effective from {policy.effective_from}, {policy.hash[:12]}"
