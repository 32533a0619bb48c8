"""The command line's month lock: close a month, correct a closed one, show its versions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from huikuan.cli.options import As, BusinessDate, Lake, Warehouse, cells, console, prepared, say, settings_of, table

app = typer.Typer(help="Closed months (关账).", no_args_is_help=True)

Company = Annotated[str, typer.Argument(metavar="COMPANY", help="Company (公司).")]
Month = Annotated[datetime, typer.Argument(metavar="MONTH", formats=["%Y-%m"], help="Month (月份), such as 2026-06.")]


@app.command()
def lock(company: Company, month: Month, by: As, lake: Lake = None, warehouse: Warehouse = None) -> None:
    """Close a month on the figures that readers see now (关账); one that is closed stays as it is."""
    from huikuan.finance import months

    url, folder = prepared(lake, warehouse)
    made = months.lock(url, folder, company, month.date(), by)
    say(f"{company} {made.month:%Y-%m}: 版本 version {made.version}, {made.run_id}, {made.content_hash[:16]}")


@app.command()
def correct(
    company: Company,
    month: Month,
    by: As,
    reason: Annotated[str, typer.Option(help="Why (更正原因); kept with the version.")],
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Write another version of a closed month (更正); the ones before stay readable."""
    from huikuan.finance import months

    url, folder = prepared(lake, warehouse)
    made = months.correct(url, folder, company, month.date(), reason, by)
    say(f"{company} {made.month:%Y-%m}: 版本 version {made.version}, {made.run_id}, {made.content_hash[:16]}")
    _tell_gaps(url, company, month.date())


@app.command()
def show(company: Company, month: Month, lake: Lake = None, warehouse: Warehouse = None) -> None:
    """Every version of a month."""
    from huikuan.finance import months
    from huikuan.warehouse.connect import connect

    url, _ = prepared(lake, warehouse)
    with connect(url, "desk") as connection:
        known = months.versions(connection, company, month.date())
    title = f"{company} {month:%Y-%m}"
    shown = table(title, "版本 version", "批次 run", "关账人 by", "时间 at", "原因 reason", "哈希 hash")
    for each in known:
        at = f"{each.locked_at:%Y-%m-%d %H:%M %Z}"
        shown.add_row(*cells(each.version, each.run_id, each.locked_by, at, each.reason, each.content_hash[:16]))
    console.print(shown)
    _tell_gaps(url, company, month.date())


def _tell_gaps(url: str, company: str, month: date) -> None:
    """Where the months beside this one do not follow, and what to do."""
    from huikuan.finance import months

    for gap in months.gaps(url, company, month):
        wrong = months.before(gap.month) if gap.month == month else gap.month
        say(f"不衔接 does not follow: {gap}")
        say(
            f"  → run the night of {months.closing_date(wrong)} again, then `huikuan month correct {company}"
            f" {wrong:%Y-%m}`: 重跑该夜后更正该月"
        )


@app.command()
def propose(business_date: BusinessDate, lake: Lake = None, warehouse: Warehouse = None) -> None:
    """Propose next month's targets from a published night (下月回款目标建议): files to look at, and then to load."""
    from huikuan.finance import proposals

    settings, day = settings_of(lake, warehouse), business_date.date()
    targets = proposals.proposed(settings, day)
    month = proposals.month_of(day)
    shown = table(f"{month:%Y-%m}", "业务员 rep", "公司 company", "币种 currency", "客户 accounts", "目标 target")
    for (company, rep, currency), amounts in sorted(proposals.by_rep(targets).items()):
        shown.add_row(*cells(rep or None, company, currency, len(amounts), f"{sum(amounts):,.2f}"))
    console.print(shown)
    for path in proposals.write(settings.lake, month, targets):
        say(f"已写出 written: {path}")
