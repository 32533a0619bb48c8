"""The command line's outbox: mails that did not leave by themselves, and what people decide about them."""

from __future__ import annotations

import getpass
from collections import Counter
from datetime import datetime
from typing import Annotated

import typer

from huikuan.cli.options import DAY, As, Lake, Warehouse, cells, console, prepared, say, table

app = typer.Typer(help="Mails that wait for a person (发件箱).", no_args_is_help=True)

MessageId = Annotated[str, typer.Argument(metavar="ID", help="Id of the mail (邮件), or its first eight characters.")]
Reason = Annotated[str, typer.Option(help="Why (理由).")]
Note = Annotated[str | None, typer.Option("--reason", help="Why (理由).")]


@app.command("list")
def list_mails(
    state: Annotated[list[str] | None, typer.Option(help="State (状态); may be repeated. Default: unsettled.")] = None,
    business_date: Annotated[
        datetime | None, typer.Option("--date", formats=DAY, help="Business date (业务日); default: the newest.")
    ] = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Mails of a business date that are parked, refused, in doubt, on their way or deferred."""
    from huikuan.outreach.attention import SEEN_BY_DEFAULT, mails, short
    from huikuan.warehouse.tables import MESSAGE_STATES

    url, _ = prepared(lake, warehouse)
    day = business_date.date() if business_date else None
    everything = mails(url, day, MESSAGE_STATES)
    mails(url, day, state or ())  # refuses a state that is not known
    wanted = [mail for mail in everything if mail.state in (state or SEEN_BY_DEFAULT)]
    if wanted:
        shown = table(
            f"发件箱 Outbox {wanted[0].business_date}",
            *("编号 id", "类型 kind", "收件人 reader", "状态 state", "次数 tries", "截止 until", "原因 why"),
        )
        for mail in wanted:
            until = f"{mail.not_after:%m-%d %H:%M %Z}"
            row = (short(mail.message_id), mail.kind, mail.recipient, mail.state, mail.attempts, until, mail.last_error)
            shown.add_row(*cells(*row))
        console.print(shown)
    counts = Counter(mail.state for mail in everything)
    say(", ".join(f"{number} {name}" for name, number in sorted(counts.items())) or "没有邮件 no mails")


@app.command("release")
def release_mail(
    by: As,
    message_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Id of the mail (邮件).")] = None,
    held_on: Annotated[
        datetime | None,
        typer.Option("--held-on", formats=DAY, help="Instead of an id: all of this date that were never tried."),
    ] = None,
    reason: Note = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Let a parked mail leave after all (放行); one that may have arrived may then come twice."""
    from huikuan.outreach.attention import release, release_held

    if (message_id is None) == (held_on is None):
        raise typer.BadParameter("Give the id of a mail, or --held-on with a date.")
    url, folder = prepared(lake, warehouse)
    if held_on is not None:
        count = release_held(url, folder, held_on.date(), by=by, reason=reason)
        say(f"已放行 released {count}")
    elif message_id is not None:
        mail = release(url, folder, message_id, by=by, reason=reason)
        say(f"已放行 released: {mail.kind} → {mail.recipient}")


@app.command("drop")
def drop_mail(message_id: MessageId, by: As, reason: Reason, lake: Lake = None, warehouse: Warehouse = None) -> None:
    """Decide that a mail does not leave (放弃)."""
    from huikuan.outreach.attention import drop

    url, folder = prepared(lake, warehouse)
    mail = drop(url, folder, message_id, by=by, reason=reason)
    say(f"已放弃 dropped: {mail.kind} → {mail.recipient}")


@app.command("retry")
def retry_mail(
    message_id: MessageId,
    by: Annotated[
        str | None, typer.Option("--as", metavar="REP", help="rep_id; default: this machine's login.")
    ] = None,
    reason: Note = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Try a refused mail, or one in doubt, once more (重试), after the cause is mended."""
    from huikuan.outreach.attention import retry

    url, _ = prepared(lake, warehouse)
    mail = retry(url, message_id, by=by or f"operator:{getpass.getuser()}", reason=reason)
    say(f"将再发送 will be tried again: {mail.kind} → {mail.recipient}")


@app.command("log")
def show_log(
    message_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="One mail; default: all.")] = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """What was done about mails (处理记录): who, when, why, and what stood there before."""
    from huikuan.outreach.attention import actions, short

    url, _ = prepared(lake, warehouse)
    shown = table(
        "处理记录 Decisions",
        *("编号 id", "时间 at", "动作 action", "谁 who", "理由 why", "前 before", "后 after", "此前原因"),
    )
    for row in actions(url, message_id):
        at = f"{row.decided_at:%Y-%m-%d %H:%M %Z}"
        values = (row.action, row.decided_by, row.reason, row.state_before, row.state_after, row.error_before)
        shown.add_row(*cells(short(row.message_id), at, *values))
    console.print(shown)
