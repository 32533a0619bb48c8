"""The command line's ageing of any day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from huikuan.cli.options import DAY, Lake, Warehouse, cells, console, prepared, say, table

if TYPE_CHECKING:
    from huikuan.finance.ageing import Bucket, Moved, Tie


def ageing(
    as_of: Annotated[datetime, typer.Option("--as-of", formats=DAY, help="Close of books (截止日) to look at.")],
    company: Annotated[str | None, typer.Option(help="Only this company (公司).")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Documents to name where the two differ.")] = 50,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Ageing of any day (任意日账龄) by replay, beside the published night, and its tie to the control total.

    Exit code 1 when it does not tie to the general ledger.
    """
    from huikuan.finance import ageing as ages

    url, folder = prepared(lake, warehouse)
    found = ages.ageing(url, folder, as_of.date(), company)
    say(f"截止 as of {found.as_of}: 快照 snapshot {found.replayed_from}, 已发布 published {found.published_run or '–'}")
    _show_buckets(found.buckets)
    if found.moved:
        _show_moved(found.moved, limit)
    elif found.published_run:
        say("重算与发布一致 replay and publication agree")
    _show_ties(found.ties)
    if not found.is_tied:
        say("与总账不符 it does not tie to the general ledger")
        raise typer.Exit(1)


def _show_buckets(buckets: Sequence[Bucket]) -> None:
    shown = table(
        "账龄 ageing",
        "公司 company",
        "币种 currency",
        "账龄段 bucket",
        "重算 replayed",
        "发布 published",
        "差异 difference",
    )
    for each in buckets:
        difference = each.difference if each.published is not None else None
        amounts = (_amount(each.replayed), _amount(each.published), _amount(difference))
        shown.add_row(*cells(each.company_id, each.currency, each.bucket, *amounts))
    console.print(shown)


def _show_moved(moved: Sequence[Moved], limit: int) -> None:
    title = f"追溯入账 dated back: {len(moved):,}"
    shown = table(title, "单据 document", "期 part", "客户 account", "币种 currency", "重算 replayed", "发布 published")
    for each in moved[:limit]:
        now = f"{_amount(each.replayed)} {each.replayed_bucket or '–'}"
        then = f"{_amount(each.published)} {each.published_bucket or '–'}"
        shown.add_row(*cells(each.document_id, each.seq, each.account_id, each.currency, now, then))
    console.print(shown)
    if len(moved) > limit:
        say(f"… 另有 and {len(moved) - limit:,} more; --limit shows them")


def _show_ties(ties: Sequence[Tie]) -> None:
    shown = table(
        "总账核对 tie-out",
        "公司 company",
        "币种 currency",
        "明细账 ledger",
        "隔离 quarantined",
        "总账 control",
        "差异 difference",
        "状态 state",
    )
    for each in ties:
        amounts = (each.ledger_balance, each.quarantined, each.control_balance, each.difference)
        shown.add_row(*cells(each.company_id, each.currency, *map(_amount, amounts), each.state))
    console.print(shown)


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:,.2f}"
