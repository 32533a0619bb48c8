"""The command line's ageing of any day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from huikuan.cli.options import DAY, Lake, Warehouse, cells, console, file_format_of, prepared, say, table

if TYPE_CHECKING:
    from huikuan.finance.ageing import Bucket, By, Moved, Tie
    from huikuan.warehouse.export import Column


def ageing(
    as_of: Annotated[datetime, typer.Option("--as-of", formats=DAY, help="Close of books (截止日) to look at.")],
    company: Annotated[str | None, typer.Option(help="Only this company (公司).")] = None,
    by: Annotated[
        Literal["account", "document"] | None, typer.Option(help="Rows per account (客户) or per document (单据), too.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File for the rows of --by: .csv, .xlsx or .parquet; replaced when it is there.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show of --by, and of documents that differ.")] = 50,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Ageing of any day (任意日账龄) by replay, beside the published night, and its tie to the control total.

    Exit code 1 when it does not tie to the general ledger.
    """
    from huikuan.finance import ageing as ages

    if out is not None and by is None:
        raise typer.BadParameter("Say which rows with --by account or --by document.", param_hint="--out")
    file_format = file_format_of(out) if out is not None else None
    url, folder = prepared(lake, warehouse)
    found = ages.ageing(url, folder, as_of.date(), company, by)
    say(f"截止 as of {found.as_of}: 快照 snapshot {found.replayed_from}, 已发布 published {found.published_run or '–'}")
    _show_buckets(found.buckets)
    if by is not None and out is not None and file_format is not None:
        from huikuan.warehouse.export import write_rows

        written = write_rows(out, file_format, _columns(by), found.rows, "the ageing")
        say(f"已导出 exported {written:,} 行 rows: {out}")
    elif by is not None:
        _show_rows(by, found.rows, limit)
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


def _columns(by: By) -> list[Column]:
    from huikuan.finance.ageing import titles
    from huikuan.warehouse.export import Column

    amounts = {name: Column(name, "numeric", 18, 4) for name in ("replayed", "published", "difference")}
    others = {"seq": Column("seq", "int8")}
    return [(amounts | others).get(name) or Column(name, "text") for name in titles(by)]


def _show_rows(by: By, rows: Sequence[tuple[Any, ...]], limit: int) -> None:
    from huikuan.finance.ageing import titles

    shown = table(f"账龄 ageing: {len(rows):,}", *titles(by))
    for row in rows[:limit]:
        shown.add_row(*cells(*row[:-3], *map(_amount, row[-3:])))
    console.print(shown)
    if len(rows) > limit:
        say(f"… 另有 and {len(rows) - limit:,} more; --out writes them all")


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
