"""What the gate says: one function per reason, in both languages, with the figures and the remedy.

Sentences name tables and rules, never customers. What the gate then does with the night (publish or not) is said once,
by its state, and not by each reason.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from huikuan.currencies import minor_units
from huikuan.quality.model import Reason


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Half-up to the currency's minor unit (two digits for a code that is none)."""
    return amount.quantize(Decimal(1).scaleb(-minor_units(currency)), rounding=ROUND_HALF_UP)


def money(amount: Decimal, currency: str) -> str:
    """Code and amount, rounded, with thousands separators."""
    return f"{currency} {rounded(amount, currency):,f}"


def rows_lost(table: str, most: int) -> Reason:
    return Reason(
        "gate.rows_present",
        f"The ledger has no row of {table} tonight, while recent nights had up to {most:,}. "
        f"Check the feed of {table} and extract again.",
        f"今晚账簿的 {table} 没有任何行，而最近几晚最多有 {most:,} 行。请检查 {table} 的数据来源后重新抽取。",
    )


def companies_quarantined(rows: int) -> Reason:
    return Reason(
        "gate.rows_present",
        f"No row of company is left, {rows:,} of {rows:,} were quarantined, so no receivable has an owner. "
        "Repair company (the report names the rules that caught its rows) and extract again.",
        f"company 的 {rows:,} 行全部被隔离，应收款没有所属公司。请按报告所列规则修正 company 后重新抽取。",
    )


def no_company(accounts: int, documents: int) -> Reason:
    return Reason(
        "gate.rows_present",
        f"The ledger has {accounts:,} accounts and {documents:,} documents, and no company. "
        "Deliver company with one row per selling company and extract again.",
        f"账簿有 {accounts:,} 个客户、{documents:,} 张单据，却没有任何公司。"
        "请提供 company 表（每家销售公司一行）后重新抽取。",
    )


def empty_ledger(accounts: int) -> Reason:
    return Reason(
        "gate.rows_present",
        f"The ledger is empty at as-of: {accounts:,} accounts, no document, and no earlier night had any. "
        "There is nobody to contact. If this is not a first night, check the feeds.",
        f"截止日账簿为空：{accounts:,} 个客户，没有单据，以前各晚也没有。没有可联系的客户。"
        "若并非首次运行，请检查数据来源。",
    )


def too_much_quarantined(
    table: str, unit: str, bad: str, total: str, share: Decimal, limit: Decimal, is_doubled: bool, rule_id: str
) -> Reason:
    """``unit``: the currency of ``bad`` and ``total``, or "rows"; ``rule_id``: the rule that caught most rows."""
    rows_en, rows_zh = (" rows", " 行") if unit == "rows" else ("", "")
    twice_en = f"In {table} every row stands twice: the file was delivered doubled. " if is_doubled else ""
    twice_zh = f"{table} 的每一行都出现了两次：文件被重复送达。" if is_doubled else ""
    return Reason(
        f"gate.quarantined_share.{table}",
        f"{twice_en}{share:.2f} % of {table} was quarantined ({bad} of {total}{rows_en}), above the policy's {limit} "
        f"%. Most rows were caught by {rule_id}. Repair the feed of {table} and extract again.",
        f"{twice_zh}{table} 有 {share:.2f}% 被隔离（{total}{rows_zh}中的 {bad}{rows_zh}），超过政策规定的 {limit}%。"
        f"主要规则：{rule_id}。请修正 {table} 的数据来源后重新抽取。",
    )


def incomplete(table: str, through: date | None, as_of: date) -> Reason:
    state_en = f"is complete through {through} only" if through else "is not named in load_log"
    state_zh = f"只完整到 {through}" if through else "在 load_log 中没有记录"
    return Reason(
        "gate.complete",
        f"The feed of {table} {state_en}, and the books close on {as_of}: who has paid may look overdue. "
        f"Nobody is contacted on these figures. Load {table} through {as_of} and run the night again.",
        f"{table} 的数据{state_zh}，而截止日为 {as_of}：已付款的客户可能显示为逾期。"
        f"不据此联系任何人。请将 {table} 载入至 {as_of} 后重新运行。",
    )


def not_delivered(table: str) -> Reason:
    return Reason(
        "gate.delivered",
        f"{table} is not in tonight's ledger although most recent nights had it: what it tells or checks is missing. "
        f"Nobody is contacted on these figures. Deliver {table} and run the night again.",
        f"今晚的账簿中没有 {table}，而最近多数夜晚都有：相关信息和核对因此缺失。"
        f"不据此联系任何人。请补充 {table} 后重新运行。",
    )


def unusual_volume(table: str, rows: int, usual: Decimal, nights: int, low: Decimal, high: Decimal) -> Reason:
    return Reason(
        f"gate.volume.{table}",
        f"{table} has {rows:,} rows tonight; the median of the last {nights} nights is {usual:,.0f}, and {low:,.0f} to "
        f"{high:,.0f} would be usual. Nobody is contacted on these figures. Check whether the feed of {table} was cut "
        "or repeated; if the change is real, widen the policy's bounds for one night.",
        f"{table} 今晚有 {rows:,} 行；最近 {nights} 晚的中位数为 {usual:,.0f}，正常范围为 {low:,.0f} 到 {high:,.0f}。"
        f"不据此联系任何人。请检查 {table} 的数据是否残缺或重复；若变化属实，请在政策中临时放宽范围。",
    )


def no_control_total(as_of: date) -> Reason:
    return Reason(
        "gate.tie_out",
        f"The ledger's control total for {as_of} is not there, so the receivables cannot be tied out. "
        f"Nobody is contacted on these figures. Deliver control_total with the balances of {as_of} and run again.",
        f"账簿缺少 {as_of} 的总账余额（control_total），无法核对应收账款。不据此联系任何人。"
        f"请提供 {as_of} 的余额后重新运行。",
    )


def not_tied_out(
    company: str, as_of: date, kept: str, left_out: str, control: str | None, difference: str, currency: str
) -> Reason:
    """Amounts are texts of ``money``; ``control`` is None when the general ledger gives no balance."""
    control_en = f"the general ledger says {control}" if control else "the general ledger gives no balance"
    control_zh = f"总账为 {control}" if control else "总账没有余额"
    return Reason(
        "gate.tie_out",
        f"Company {company}, {currency}, at {as_of}: open items less free credit are {kept} (quarantined rows would "
        f"add {left_out}), {control_en}; the difference is {difference}. Nobody is contacted on these figures. "
        "Find the missing or surplus entries, or correct control_total, and run again.",
        f"公司 {company}，{currency}，{as_of}：未清金额减未核销款为 {kept}（被隔离的行另计 {left_out}），{control_zh}，"
        f"差额 {difference}。不据此联系任何人。请查明缺失或多余的分录，或更正 control_total 后重新运行。",
    )
