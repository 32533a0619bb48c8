"""The command line's outbox: mails that did not leave by themselves, and what people decide about them."""

from __future__ import annotations

import getpass
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from huikuan.cli.options import DAY, As, Lake, Warehouse, cells, console, prepared, say, table
from huikuan.wording import clean

if TYPE_CHECKING:
    from rich.table import Table

    from huikuan.outreach.attention import Waiting

app = typer.Typer(help="Mails that wait for a person (发件箱).", no_args_is_help=True)

MessageId = Annotated[str, typer.Argument(metavar="ID", help="Id of the mail (邮件), or its first eight characters.")]
Reason = Annotated[str, typer.Option(help="Why (理由).")]
_MOST_REASONS = 5
_ID_SHOWN = 13
"""Characters of a mail's id: enough to be alone, and few enough for a narrow terminal."""
_WHEN = "发送时段内五分钟发出 it leaves within five minutes, in its window (task send of collections_outreach)"
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
    """Mails of a business date that are parked, refused, in doubt, on their way or deferred, and what can be done."""
    from huikuan.outreach.attention import SEEN_BY_DEFAULT, earlier, mails
    from huikuan.warehouse.tables import MESSAGE_STATES

    url, _ = prepared(lake, warehouse)
    day = business_date.date() if business_date else None
    everything = mails(url, day, MESSAGE_STATES)
    mails(url, day, state or ())  # refuses a state that is not known
    wanted = [mail for mail in everything if mail.state in (state or SEEN_BY_DEFAULT)]
    if wanted:
        console.print(_listed(wanted))
        _say_what_can_be_done({mail.state for mail in wanted})
    if not everything:
        say("没有邮件 no mails")
        return
    _sum_up(everything)
    for date, number in earlier(url, everything[0].business_date).items():
        say(f"{date} 还有 still has {number}: python -m huikuan outbox list --date {date}")


def _listed(wanted: list[Waiting]) -> Table:
    """The mails as a table; times as the machine's zone has them."""
    from huikuan.outreach.attention import short
    from huikuan.outreach.reasons import STATES, explained

    shown = table(
        f"发件箱 Outbox {wanted[0].business_date}",
        *("编号 id", "类型 kind", "收件人 reader", "状态 state", "次数 tries", "截止 until", "原因 why"),
    )
    for mail in wanted:
        until = f"{mail.not_after.astimezone():%m-%d %H:%M %z}"
        state, reason = f"{STATES[mail.state]} {mail.state}", explained(mail.last_error)
        row = (short(mail.message_id)[:_ID_SHOWN], mail.kind, mail.recipient, state, mail.attempts, until, reason)
        shown.add_row(*cells(*row))
    return shown


def _say_what_can_be_done(states: set[str]) -> None:
    """The commands for what is in the table."""
    if "parked" in states:
        say("放行 let it leave: outbox release ID --as REP · 放弃 never: outbox drop ID --as REP --reason …")
    if states & {"refused", "unknown"}:
        say("重试 try again: outbox retry ID · 放弃 never: outbox drop ID --as REP --reason …")


def _sum_up(everything: list[Waiting]) -> None:
    """How many are in each state, and why mails are not sent about which nobody has to decide."""
    from huikuan.outreach.reasons import STATES, explained

    counts = Counter(mail.state for mail in everything)
    say(", ".join(f"{number} {name} {STATES[name]}" for name, number in sorted(counts.items())))
    reasons = Counter(mail.last_error for mail in everything if mail.state in ("suppressed", "expired"))
    for reason, number in reasons.most_common(_MOST_REASONS):
        say(f"  {number} × {explained(clean(reason, 200))}")


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
        say(f"已放行 released {count}" + (f": {_WHEN}" if count else ""))
    elif message_id is not None:
        mail = release(url, folder, message_id, by=by, reason=reason)
        say(f"已放行 released: {mail.kind} → {mail.recipient}: {_WHEN}")


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
    say(f"将再发送 will be tried again: {mail.kind} → {mail.recipient}: {_WHEN}")


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
    done = actions(url, message_id)
    for row in done:
        at = f"{row.decided_at.astimezone():%Y-%m-%d %H:%M %z}"
        values = (row.action, row.decided_by, row.reason, row.state_before, row.state_after, row.error_before)
        shown.add_row(*cells(short(row.message_id)[:_ID_SHOWN], at, *values))
    console.print(shown)
    for whole in sorted({row.message_id for row in done}) if message_id else ():
        say(f"邮件服务器日志中的 in the mail server's log: Message-ID {whole}")
