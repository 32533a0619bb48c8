"""The command line's access: database logins that may query the warehouse, and whose rows they see."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from huikuan.cli.options import Lake, Warehouse, cells, console, prepared, say, table

app = typer.Typer(help="Database logins that may query (数据库登录权限).", no_args_is_help=True)

LoginName = Annotated[str, typer.Option("--login", metavar="LOGIN", help="Login of the database; it exists already.")]


@app.command("grant")
def grant_access(
    login: LoginName,
    rep: Annotated[
        str | None, typer.Option(metavar="REP", help="rep_id: own accounts; of a manager, the team's.")
    ] = None,
    finance: Annotated[bool, typer.Option("--finance", help="All rows of all views, as finance.")] = False,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Let a login query the views: as a rep its own accounts only (只见本人客户), or as finance everything."""
    from huikuan.warehouse import access

    if (rep is None) != finance:
        raise typer.BadParameter("Say either --rep R or --finance.", param_hint="--rep / --finance")
    url, _ = prepared(lake, warehouse)
    access.grant(url, login, rep_id=rep, granted_by=f"operator:{getpass.getuser()}")
    say(f"已授权 granted: {login} → {rep or 'finance 财务'}")


@app.command("revoke")
def revoke_access(login: LoginName, lake: Lake = None, warehouse: Warehouse = None) -> None:
    """Take it back (撤销); the login itself stays."""
    from huikuan.warehouse import access

    url, _ = prepared(lake, warehouse)
    access.revoke(url, login)
    say(f"已撤销 revoked: {login}")


@app.command("list")
def list_access(lake: Lake = None, warehouse: Warehouse = None) -> None:
    """Logins that may query, and as whom."""
    from huikuan.warehouse import access

    url, _ = prepared(lake, warehouse)
    shown = table("数据库登录 Logins", *("登录 login", "角色 role", "业务员 rep", "授权人 by", "时间 at"))
    for each in access.logins(url):
        at = f"{each.granted_at:%Y-%m-%d %H:%M %z}" if each.granted_at else None
        shown.add_row(*cells(each.login, each.reader, each.rep_id, each.granted_by, at))
    console.print(shown)
