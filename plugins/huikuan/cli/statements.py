"""The command line's statements of account: prepare them, look at them, answer for them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

import typer

from huikuan.cli.options import (
    DAY,
    As,
    BusinessDate,
    Lake,
    PolicyPath,
    Warehouse,
    cells,
    console,
    prepared,
    say,
    settings_of,
    table,
)

app = typer.Typer(help="Statements of account (对账函).", no_args_is_help=True)

BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="Id of the batch (批次).")]
CompanyId = Annotated[str, typer.Option("--company", help="Company (公司).")]


@app.command()
def prepare(business_date: BusinessDate, company: CompanyId, lake: Lake = None, warehouse: Warehouse = None) -> None:
    """Prepare a company's statements as of the close of books before a business date."""
    from huikuan.finance.batches import prepare as make

    url, folder = prepared(lake, warehouse)
    done = make(url, folder, business_date.date(), company)
    say(f"{done.batch_id or '–'}: 对账函 statements {done.statements}, 未能生成 not made {len(done.failed)}")
    for account_id, reason in done.failed.items():
        console.print(" ", *cells(account_id, reason))
    if done.batch_id:
        say(f"{folder / 'statements' / done.batch_id}")


@app.command("list")
def list_batches(business_date: BusinessDate, lake: Lake = None, warehouse: Warehouse = None) -> None:
    """Batches of a business date and what was answered."""
    from huikuan.finance.batches import of_date
    from huikuan.warehouse.connect import connect

    url, _ = prepared(lake, warehouse)
    with connect(url, "desk") as connection:
        batches = of_date(connection, business_date.date())
    shown = table(
        "对账函批次 Batches", "批次 batch", "截止日 cut-off", "审批人 approver", "份 statements", "答复 answer"
    )
    for batch, answers in batches:
        answer = ", ".join(f"{_ANSWERS[choice]} {count}" for choice, count in sorted(answers.items())) or _OPEN
        shown.add_row(*cells(batch.batch_id, batch.cut_off, batch.approver_id, batch.item_count, answer))
    console.print(shown)


@app.command()
def show(batch_id: BatchId, lake: Lake = None, warehouse: Warehouse = None) -> None:
    """One batch, statement by statement."""
    from huikuan.finance.batches import lines_of, needed
    from huikuan.warehouse.connect import connect

    url, _ = prepared(lake, warehouse)
    with connect(url, "desk") as connection:
        batch, lines = needed(connection, batch_id), lines_of(connection, batch_id)
    shown = table(
        f"批次 Batch {batch.batch_id}", "#", "客户 account", "编号 number", "余额 balance", "页 pages", "联系人 contact"
    )
    for line in lines:
        owed = ", ".join(f"{currency} {each['balance']}" for currency, each in sorted(line.balances.items()))
        account = f"{line.company_id}/{line.account_id}"
        shown.add_row(*cells(line.position, account, line.number, owed, line.page_count, line.contact_id))
    console.print(shown)
    say(f"内容哈希 content hash {batch.content_hash}")


@app.command()
def decide(
    batch_id: BatchId,
    choice: Annotated[Literal["approve", "reject"], typer.Argument(help="approve (批准) or reject (否决).")],
    by: As,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="Account or line that is not approved (不予批准); may be repeated.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="Kept with the decision (备注).")] = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Answer a batch, all of it or without some accounts."""
    from huikuan.finance.decisions import decide as record

    url, folder = prepared(lake, warehouse)
    given = record(url, folder, batch_id, choice, by=by, via="command", leave_out=leave_out or [], note=note)
    counts = f"批准 approved {given.approved}, 否决 rejected {given.rejected}, 剔除 left out {given.left_out}"
    known = "" if given.is_new else f" (已于 {given.decided_at:%Y-%m-%d %H:%M} 记录 recorded before)"
    say(f"{batch_id}: {counts}{known}")


@app.command()
def mail(batch_id: BatchId, policy: PolicyPath = None, lake: Lake = None, warehouse: Warehouse = None) -> None:
    """Write the approved statements of a batch into the outbox as mails to the customers (发件箱)."""
    from huikuan.finance.batches import needed
    from huikuan.finance.statement_mails import write_statements
    from huikuan.night.steps import prepare as prepare_warehouse
    from huikuan.outreach.reasons import STATES
    from huikuan.policy import load_policy, policy_in_force
    from huikuan.warehouse.connect import connect

    settings = settings_of(lake, warehouse, policy)
    url = prepare_warehouse(settings)
    with connect(url, "desk") as connection:
        day = needed(connection, batch_id).business_date
    held = load_policy(policy_in_force(settings.policies, day))
    counts = write_statements(
        url,
        settings.lake,
        batch_id,
        held.outreach,
        held.finance.statements,
        is_workday=held.calendars.is_workday,
    )
    entered = ", ".join(f"{number} {state} {STATES[state]}" for state, number in sorted(counts.items()))
    say(f"{batch_id}: {entered or '已在发件箱 in the outbox already'}")


@app.command()
def reply(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the statement (编号).")],
    outcome: Annotated[
        Literal["confirmed", "differs", "undeliverable"],
        typer.Argument(help="confirmed (无误), differs (不符) or undeliverable (无法送达)."),
    ],
    received_on: Annotated[datetime, typer.Option("--on", formats=DAY, help="Day on which it arrived (回函日).")],
    by: As,
    uri: Annotated[str | None, typer.Option(help="Where the stamped paper is kept (盖章回函).")] = None,
    amount: Annotated[str | None, typer.Option(help="Balance in the customer's books (对方余额).")] = None,
    currency: Annotated[str | None, typer.Option(help="Its currency, where the statement has several.")] = None,
    document: Annotated[str | None, typer.Option(help="Document that the difference is about (单据).")] = None,
    note: Annotated[str | None, typer.Option(help="What else was said (备注).")] = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Write down what a customer answered (回函); no reply is no confirmation."""
    from huikuan.finance.replies import Reply
    from huikuan.finance.replies import reply as record

    try:
        stated = None if amount is None else Decimal(amount)
    except InvalidOperation:
        raise typer.BadParameter(f"{amount} is not an amount such as 1234.50.", param_hint="--amount") from None
    url, folder = prepared(lake, warehouse)
    said = Reply(outcome, received_on.date(), currency, stated, document, uri, note)
    done = record(url, folder, number, said, by=by)
    known = "" if done.is_new else " (已记录 recorded before)"
    say(f"{number} {done.company_id}/{done.account_id}: {outcome}, #{done.position}{known}")


@app.command()
def handed(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the statement (编号).")],
    handed_on: Annotated[
        datetime, typer.Option("--on", formats=DAY, help="Day on which the customer got it (送达日).")
    ],
    by: As,
    note: Annotated[str | None, typer.Option(help="How: visit, courier and its number (方式).")] = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Write down that a person delivered a printed statement (纸质送达), so that its answer is chased."""
    from huikuan.finance.replies import hand_over

    url, folder = prepared(lake, warehouse)
    done = hand_over(url, folder, number, handed_on.date(), by=by, note=note)
    known = "" if done.is_new else " (已记录 recorded before)"
    say(f"{number} {done.company_id}/{done.account_id}: 送达 handed over {handed_on:%Y-%m-%d}, #{done.position}{known}")


_OPEN = "待答复 none yet"
_ANSWERS = {"approved": "批准 approved", "rejected": "否决 rejected", "left_out": "剔除 left out"}
