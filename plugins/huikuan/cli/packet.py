"""The command line's legal packet: for whoever needs one outside the approvals' DAG."""

from __future__ import annotations

from typing import Annotated

import typer

from huikuan.cli.options import Account, BusinessDate, Company, Lake, Warehouse, locale_of, say, settings_of


def packet(
    account: Account,
    business_date: BusinessDate,
    company: Company = None,
    locale: Annotated[str | None, typer.Option(help="zh_CN or en; default: the customer's.")] = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Legal packet of an account (法务移交材料): a PDF and a zip of its data."""
    from huikuan.referrals.packet import packet_command

    wanted = locale_of(locale) if locale is not None else None
    made = packet_command(settings_of(lake, warehouse), account, business_date.date(), wanted, company)
    say(f"材料 packet  {made.pdf}")
    say(f"数据 data    {made.data}")
    say(f"完整度 completeness {made.score_pct} %")
    for line in made.missing:
        say(f"  缺 missing: {line}")
