"""The command line's overrides: what people decide against the rules, with author, reason and expiry."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from huikuan.cli.options import DAY, Account, As, Company, Lake, Warehouse, cells, console, prepared, say, table

app = typer.Typer(help="Decisions against the rules, with expiry (人工干预).", no_args_is_help=True)

OverrideId = Annotated[str, typer.Argument(metavar="ID", help="Id of the override.")]
Reason = Annotated[str, typer.Option(help="Why (理由).")]


@app.command("add")
def add_override(
    account: Account,
    effect: Annotated[str, typer.Option(help="exempt 豁免, impose 强制提议, accept_promise 接受承诺.")],
    until: Annotated[datetime, typer.Option(formats=DAY, help="Last business date on which it counts (有效至).")],
    by: As,
    reason: Reason,
    flag: Annotated[str | None, typer.Option(help="Sanction (惩戒); without it: all of them.")] = None,
    company: Company = None,
    promise: Annotated[str | None, typer.Option(help="Promise that is accepted (承诺).")] = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Write an override. A release counts at once; whatever holds a customer back waits for night and approver."""
    from huikuan.referrals import overrides

    url, folder = prepared(lake, warehouse)
    override_id = overrides.add(
        url,
        folder,
        account_id=account,
        effect=effect,  # type: ignore[arg-type] # checked there, with a remedy
        author=by,
        reason=reason,
        expires_on=until.date(),
        company_id=company,
        flag=flag,
        promise_id=promise,
    )
    say(f"人工干预 override {override_id}")


@app.command("end")
def end_override(
    override_id: OverrideId, by: As, reason: Reason, lake: Lake = None, warehouse: Warehouse = None
) -> None:
    """End an override before it expires (终止)."""
    from huikuan.referrals import overrides

    url, folder = prepared(lake, warehouse)
    ending = overrides.end(url, folder, override_id, author=by, reason=reason)
    say(f"已终止 ended {override_id}: {ending}")


@app.command("list")
def list_overrides(
    on: Annotated[
        datetime | None, typer.Option("--date", formats=DAY, help="Those that count on this business date.")
    ] = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Overrides, the newest first."""
    from huikuan.referrals import overrides

    url, _ = prepared(lake, warehouse)
    shown = table(
        "人工干预 Overrides",
        *("编号 id", "客户 account", "效果 effect", "惩戒 sanction", "期间 from, until", "作者 author", "理由 reason"),
    )
    for row in overrides.in_force(url, on=on.date() if on else None):
        ended = f", 终止 ended {row.ended_on}" if row.ended_on else ""
        shown.add_row(
            *cells(
                row.override_id,
                f"{row.company_id}/{row.account_id}",
                " ".join(filter(None, [row.effect, row.promise_id])),
                row.flag or "全部 all",
                f"{row.from_on}, {row.expires_on}{ended}",
                row.author,
                row.reason,
            )
        )
    console.print(shown)
