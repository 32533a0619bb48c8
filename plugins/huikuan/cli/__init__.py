"""The command line: every step that Airflow runs, without Airflow."""

from __future__ import annotations

import logging
import sys

import typer
from rich.console import Console

from huikuan.cli import access, mail, month, night, outbox, overrides, policy, referrals, statements
from huikuan.cli.ageing import ageing
from huikuan.cli.export import export
from huikuan.cli.packet import packet
from huikuan.cli.report import report
from huikuan.cli.retention import retention
from huikuan.cli.why import why
from huikuan.errors import HuikuanError

app = typer.Typer(
    name="huikuan", help="Huikuan 回款: nightly receivables collections.", no_args_is_help=True, add_completion=False
)
app.command()(night.night)
app.command()(night.outreach)
app.command()(why)
app.command()(packet)
app.command()(export)
app.command()(ageing)
app.command()(retention)
app.command()(report)
app.add_typer(referrals.app, name="referrals")
app.add_typer(overrides.app, name="override")
app.add_typer(policy.app, name="policy")
app.add_typer(mail.app, name="mail")
app.add_typer(outbox.app, name="outbox")
app.add_typer(access.app, name="access")
app.add_typer(statements.app, name="statements")
app.add_typer(month.app, name="month")
app.command("demo-ledger")(night.demo_ledger)


@app.callback()
def _root() -> None:
    """Nightly receivables collections (回款)."""


def main() -> None:
    """Run a command; an error that a person can mend is shown as problem and remedy, without a traceback."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except HuikuanError as error:
        shown = Console(stderr=True, highlight=False)
        shown.print("[bold red]✗[/] ", end="")
        shown.print(error.problem, markup=False)
        shown.print("  [bold]→[/] ", end="")
        shown.print(error.remedy, markup=False)
        sys.exit(2)
