"""What the commands share: options, where they point to, and how a line or a table reaches the screen."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from huikuan.settings import Settings
from huikuan.wording import LOCALES, clean

if TYPE_CHECKING:
    from huikuan.warehouse.export import Format

DAY = ["%Y-%m-%d"]
BusinessDate = Annotated[datetime, typer.Option("--date", formats=DAY, help="Business date (业务日).")]
Lake = Annotated[Path | None, typer.Option(help="Folder of snapshots, runs and results.")]
PolicyPath = Annotated[
    Path | None,
    typer.Option("--policy", help="Policy (回款政策): a file, or a folder of versions."),
]
Warehouse = Annotated[str | None, typer.Option(help="postgresql:// URL; default: the embedded server.")]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Customer account (客户).")]
As = Annotated[str, typer.Option("--as", metavar="REP", help="rep_id of the person who decides (决定人).")]
Company = Annotated[str | None, typer.Option(help="Company (公司), where several have this account.")]

_LONGEST = 400
console = Console(highlight=False)


def settings_of(lake: Path | None, warehouse: str | None, policies: Path | None = None) -> Settings:
    """The environment's settings; a lake of one's own brings its own embedded warehouse and mail folder."""
    settings = Settings.from_environment()
    if lake is not None:
        home = lake.absolute()
        settings = dataclasses.replace(settings, home=home, lake=home, mail=home / "mail")
    if policies is not None:
        settings = dataclasses.replace(settings, policies=policies)
    return settings if warehouse is None else dataclasses.replace(settings, warehouse_url=warehouse)


def prepared(lake: Path | None, warehouse: str | None) -> tuple[str, Path]:
    """URL of the warehouse, running and migrated, and the folder of the lake."""
    from huikuan.night.steps import prepare

    settings = settings_of(lake, warehouse)
    return prepare(settings), settings.lake


def locale_of(given: str) -> str:
    """A language that we speak; raises BadParameter, which names those that we do."""
    if given not in LOCALES:
        raise typer.BadParameter(f"{given} is not one of {', '.join(LOCALES)}.", param_hint="--locale")
    return given


def file_format_of(out: Path, named: str | None = None) -> Format:
    """How to write a file: as named, else by its name; raises BadParameter, which names the formats that we know."""
    from huikuan.warehouse.export import FORMATS

    wanted = named or out.suffix.removeprefix(".").lower()
    for known in FORMATS:
        if wanted == known:
            return known
    hint = "--out" if named is None else "--format"
    raise typer.BadParameter(f"{wanted or out.name} is not one of {', '.join(FORMATS)}.", param_hint=hint)


def say(line: str) -> None:
    """A line as it is: no markup, and not broken, so that a path in it can be copied."""
    console.print(line, markup=False, soft_wrap=True)


def table(title: str, *columns: str) -> Table:
    """An empty table whose cells fold, but for the first: an id must stay whole to be copied."""
    made = Table(title=title, title_justify="left")
    for place, name in enumerate(columns):
        made.add_column(name, overflow="fold", no_wrap=place == 0)
    return made


def cells(*values: object) -> list[str]:
    """Values as text that can neither move a terminal's cursor nor be read as markup."""
    return [clean("–" if value is None else str(value), _LONGEST).replace("[", "\\[") for value in values]
