"""The command line's mails: what somebody gets this morning, to look at before or after it was sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from huikuan.cli.options import BusinessDate, Lake, PolicyPath, Warehouse, locale_of, say, settings_of

app = typer.Typer(help="The morning's mails (邮件): look at them.", no_args_is_help=True)


@app.command()
def preview(
    rep: Annotated[str, typer.Option("--rep", help="rep_id of whoever reads it (收件人).")],
    business_date: BusinessDate,
    out: Annotated[Path | None, typer.Option(help="Folder to write; default: preview/ of the installation.")] = None,
    locale: Annotated[str | None, typer.Option(help="zh_CN or en; default: the reader's.")] = None,
    png: Annotated[bool, typer.Option("--png/--no-png", help="Pictures too: 390 px, 800 px, dark.")] = True,
    policy: PolicyPath = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """A reader's mails of one morning as .eml, HTML and PNG; nothing is sent or recorded."""
    from huikuan.night.steps import prepare
    from huikuan.outreach.preview import preview as write
    from huikuan.outreach.preview import read
    from huikuan.policy import load_policy, policy_in_force

    wanted = locale_of(locale) if locale is not None else None
    settings, day = settings_of(lake, warehouse, policy), business_date.date()
    bounds = load_policy(policy_in_force(settings.policies, day)).outreach
    night = read(prepare(settings), settings.lake, day)
    for path in write(night, rep, bounds, out or settings.home / "preview", locale=wanted, png=png):
        say(str(path))


@app.command()
def gallery(
    business_date: BusinessDate,
    out: Annotated[Path, typer.Option(help="Folder of the pictures; the page stands beside it as <folder>.md.")],
    policy: PolicyPath = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Pictures of a rep's and a manager's mail of one morning in both languages, and a page that shows them (图库)."""
    from huikuan.night.steps import prepare
    from huikuan.outreach.preview import gallery as write
    from huikuan.outreach.preview import read
    from huikuan.policy import load_policy, policy_in_force

    settings, day = settings_of(lake, warehouse, policy), business_date.date()
    bounds = load_policy(policy_in_force(settings.policies, day)).outreach
    say(str(write(read(prepare(settings), settings.lake, day), bounds, out)))
