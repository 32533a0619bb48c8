"""The command line's why: the whole chain of one account, for whoever has to explain a decision."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from huikuan.cli.options import Account, BusinessDate, Company, Lake, Warehouse, locale_of, settings_of

DIFFERENT = 4
"""Exit code when the replay does not give the published rows."""
_NARROWEST = 180
"""Columns where nobody looks at the width: a file, a pipe."""


def why(
    account: Account,
    business_date: BusinessDate,
    company: Company = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
    locale: Annotated[str, typer.Option(help="Language of sentences and figures: en or zh_CN.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON: amounts as strings, days as ISO.")] = False,
) -> None:
    """Why an account stands where it stands: items, facts, rules, ladder, tasks, and what would change it (决策依据).

    Exit code 4: the replay does not give the rows that were published.
    """
    from huikuan.referrals.why import as_json as written
    from huikuan.referrals.why import explain
    from huikuan.referrals.why_page import show

    wanted = locale_of(locale)
    facts = explain(settings_of(lake, warehouse), business_date.date(), account, company)
    if as_json:
        typer.echo(written(facts))
    else:
        show(facts, _console(), wanted)
    if facts["check"]["differences"]:
        raise typer.Exit(DIFFERENT)


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=max(console.width, _NARROWEST))
