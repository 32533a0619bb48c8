"""The command line's approvals: batches to read and to answer. The same as Airflow offers, for those without it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from huikuan.cli.options import As, BusinessDate, Lake, Warehouse, cells, console, prepared, say, table
from huikuan.wording import clean

app = typer.Typer(help="Proposed sanctions and their approval (惩戒审批).", no_args_is_help=True)

BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="Id of the batch (批次).")]
Note = Annotated[str | None, typer.Option(help="Kept with the decision (备注).")]


@app.command("list")
def list_batches(
    business_date: BusinessDate,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Batches of a business date and what was answered."""
    from huikuan.referrals.batch_rows import of_date

    url, _ = prepared(lake, warehouse)
    shown = table("批次 Batches", "批次 batch", "审批人 approver", "行 lines", "提出 opened", "答复 answer")
    for batch, answers in of_date(url, business_date.date()):
        answer = ", ".join(f"{_ANSWERS[choice]} {count}" for choice, count in sorted(answers.items())) or _OPEN
        opened = f"{batch.opened_at:%Y-%m-%d %H:%M %Z}"
        shown.add_row(*cells(batch.batch_id, batch.approver_id, batch.item_count, opened, answer))
    console.print(shown)


@app.command("show")
def show_batch(batch_id: BatchId, lake: Lake = None, warehouse: Warehouse = None) -> None:
    """One batch, line by line, as its approver sees it."""
    from huikuan.referrals.asking import SANCTIONS, both, overdue
    from huikuan.referrals.batch_rows import named_items

    url, folder = prepared(lake, warehouse)
    batch, items, names = named_items(url, folder, batch_id)
    shown = table(
        f"批次 Batch {batch.batch_id} · 审批人 approver {clean(batch.approver_id)}",
        *(
            "#",
            "客户 account",
            "惩戒 sanction",
            "逾期金额 overdue",
            "天数 days",
            "阶段 stage",
            "依据 reason",
            "上一步 before",
        ),
    )
    for item in items:
        account = names.get((item.company_id, item.account_id))
        shown.add_row(
            *cells(
                item.position,
                f"{item.company_id}/{item.account_id} {account.name if account else ''}",
                both(SANCTIONS.get(item.flag, item.flag)),
                overdue(item),
                item.days_past_due,
                f"{item.stage} {item.risk_grade}",
                f"{item.reason} ({item.proposed_by})",
                f"{item.evidence or ''} {item.evidence_on or ''}",
            )
        )
    console.print(shown)
    say(f"内容哈希 content hash {batch.content_hash}")


@app.command()
def approve(
    batch_id: BatchId,
    by: As,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="Account or line that is not approved (不予批准); may be repeated.")
    ] = None,
    note: Note = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Approve a batch (批准), all of it or without some accounts."""
    _decide(batch_id, "approve", by, leave_out or [], note, lake, warehouse)


@app.command()
def reject(batch_id: BatchId, by: As, note: Note = None, lake: Lake = None, warehouse: Warehouse = None) -> None:
    """Reject a batch (否决)."""
    _decide(batch_id, "reject", by, [], note, lake, warehouse)


_OPEN = "待答复 none yet"
_ANSWERS = {"approved": "批准 approved", "rejected": "否决 rejected", "left_out": "剔除 left out"}


def _decide(
    batch_id: str,
    choice: str,
    by: str,
    leave_out: list[str],
    note: str | None,
    lake: Path | None,
    warehouse: str | None,
) -> None:
    from huikuan.referrals.decisions import decide

    url, folder = prepared(lake, warehouse)
    given = decide(
        url,
        folder,
        batch_id,
        "approve" if choice == "approve" else "reject",
        by=by,
        via="command",
        leave_out=leave_out,
        note=note,
    )
    counts = f"批准 approved {given.approved}, 否决 rejected {given.rejected}, 剔除 left out {given.left_out}"
    known = "" if given.is_new else f" (已于 {given.decided_at:%Y-%m-%d %H:%M} 记录 recorded before)"
    say(f"{batch_id}: {counts}{known}")
