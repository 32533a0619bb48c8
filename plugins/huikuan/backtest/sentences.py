"""What a policy difference says in one breath, in both languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

Summary = Sequence[Sequence[str]]
"""Rows of the table summary: name, scope, value, unit."""

EFFECTS: dict[str, tuple[str, str]] = {
    "new": ("only under B", "新增"),
    "dropped": ("only under A", "减少"),
    "earlier": ("earlier", "提前"),
    "later": ("later", "推后"),
    "ended_earlier": ("ended earlier", "提前解除"),
    "ended_later": ("ended later", "推后解除"),
    "other_nights": ("on other nights in between", "中间夜晚不同"),
    "other_state": ("in another state", "状态不同"),
}
"""What can become of a sanction under B, in the order in which a reader asks for it."""

WORDS: dict[str, str] = {
    "stop_supply": "停止供货",
    "stop_service": "停止服务",
    "terminate_authorization": "终止授权",
    "reputation_notice": "信誉通告",
    "legal_referral": "移交法务",
    "reminder": "提醒",
    "warning": "警告",
    "final_notice": "最后通知",
    "proposed": "待审批",
    "approved": "已批准",
    "active": "执行中",
    "rejected": "已否决",
    "released": "已解除",
    "steady": "稳定",
    "drags_on": "久拖不决",
    "erratic": "一波三折",
    "excuses": "饱受折磨",
    "never_pays": "根本不回款",
    "non_malicious": "非恶意拖欠",
    "suspected_malicious": "涉嫌恶意拖欠",
}
"""Chinese of the codes that policy and tables write; the code stays beside it, for those who look it up there."""

CHECKS: dict[str, tuple[str, str]] = {
    "reproduced": ("✓ in full, as published", "✓ 全部重算，与发布一致"),
    "published": ("✓ published rows", "✓ 采用已发布的结果"),
    "differs": ("✗ differs", "✗ 不一致"),
    "other_policy": ("another policy was in force", "当时为其他政策"),
}
"""What the check of a night says of side A."""

_WORDS: dict[str, tuple[str, str]] = {
    "new": ("propose sanctions for {n} more {accounts}{money}", "多惩戒 {n} 个客户{money}"),
    "dropped": ("spare {n} that A proposes{money}", "少惩戒 {n} 个{money}"),
    "earlier": ("begin with {n} earlier{money}", "提前 {n} 个{money}"),
    "later": ("begin with {n} later{money}", "推后 {n} 个{money}"),
    "ended_earlier": ("release {n} earlier{money}", "提前解除 {n} 个{money}"),
    "ended_later": ("hold {n} longer{money}", "推后解除 {n} 个{money}"),
}


@dataclass(frozen=True)
class Sentence:
    """The same in both languages."""

    en: str
    zh: str


def headline(summary: Summary) -> Sentence:
    """The first sentence of the page and of the command: what B would have done, and to how much money."""
    nights = int(_total(summary, "nights"))
    over, zh_over = f"Over {nights} night{'s' if nights != 1 else ''}, policy B", f"{nights} 个夜晚中，政策 B"
    parts = [(effect, int(_total(summary, f"sanctioned_{effect}"))) for effect in _WORDS]
    said = [_part(effect, count, summary) for effect, count in parts if count]
    moved = int(_total(summary, "moved_accounts"))
    if said:
        return Sentence(
            f"{over} would {_joined([part.en for part in said])}.",
            f"{zh_over} 会{'，'.join(part.zh for part in said)}。",
        )
    if moved:
        return Sentence(
            f"{over} changes no sanction; {moved:,} {_accounts(moved)} would stand elsewhere on at least one night.",
            f"{zh_over} 不改变任何惩戒；{moved:,} 个客户至少有一晚的状态不同。",
        )
    tasks = _total(summary, "tasks_b") - _total(summary, "tasks_a")
    if tasks:
        return Sentence(
            f"{over} changes only who is to do what: {tasks:+,.0f} tasks.", f"{zh_over} 只改变任务：{tasks:+,.0f} 项。"
        )
    return Sentence(f"{over} moves nobody: everybody stands where A puts them.", f"{zh_over} 与政策 A 结果相同。")


def termed(codes: str) -> str:
    """Codes with their Chinese: ``stop_supply proposed, …`` becomes ``stop_supply 停止供货 proposed 待审批, …``."""
    words = codes.split(" ")
    shown = ((word.rstrip(","), "," if word.endswith(",") else "") for word in words)
    return " ".join(f"{word} {WORDS[word]}{comma}" if word in WORDS else f"{word}{comma}" for word, comma in shown)


def by_effect(summary: Summary) -> list[tuple[str, str, int]]:
    """(effect, flag, accounts) of every sanction that runs otherwise, in the order of EFFECTS."""
    order = list(EFFECTS)
    rows = [
        (name.removeprefix("sanction_"), scope.removeprefix("flag/"), int(Decimal(value)))
        for name, scope, value, _ in summary
        if name.startswith("sanction_")
    ]
    return sorted(rows, key=lambda row: (order.index(row[0]), row[1]))


def checked(nights: Sequence[Mapping[str, str]]) -> list[Sentence]:
    """How far the replay of A gave the published rows; what is missing is said first."""
    count = Counter(night["check"] for night in nights)
    in_force = len(nights) - count["other_policy"]
    lines = [_not_reproduced(night) for night in nights if night["check"] == "differs"]
    if in_force:
        lines.append(_reproduced(len(nights), in_force, count["reproduced"], count["published"]))
    else:
        lines.append(
            Sentence(
                "Policy A was in force on none of these nights: its replay cannot be checked against published rows.",
                "这些夜晚均非政策 A 生效，无法与已发布的结果核对。",
            )
        )
    return lines


def _reproduced(nights: int, in_force: int, reproduced: int, published: int) -> Sentence:
    en = f"Policy A was in force on {in_force} of {nights} nights. On {reproduced} it was computed again in full and "
    en += "gives the published rows exactly"
    zh = f"{nights} 晚中有 {in_force} 晚由政策 A 生效：其中 {reproduced} 晚全部重算，与已发布的结果逐行一致"
    if published:
        en += f"; on {published} its published rows are taken, and all that the policies share was computed again and "
        en += "is as published"
        zh += f"；{published} 晚直接采用已发布的结果，两个政策共有的部分经重算一致"
    return Sentence(f"{en}.", f"{zh}。")


def _not_reproduced(night: Mapping[str, str]) -> Sentence:
    day, note = night["business_date"], night["note"]
    return Sentence(
        f"{day}: the replay under the policy in force differs from what was published: {note}.",
        f"{day}：按当时生效的政策重算，与已发布的结果不同：{note}。",
    )


def limits(changed_sections: Sequence[str], gaps: Sequence[str]) -> list[Sentence]:
    """What a reader must know before acting on the figures."""
    lines = [
        Sentence(
            "People's decisions are those that were really taken. What B alone proposes was never put before anybody, "
            "so it stays proposed; customers pay here as they did under the policy of the time.",
            "审批结果均为真实发生的决定。仅 B 提出的惩戒从未送审，因此一直停留在“待审批”；"
            "客户的付款行为也按当时的实际情况。",
        )
    ]
    unread = [name for name in ("gate", "outreach", "approvals") if name in changed_sections]
    if unread:
        lines.append(
            Sentence(
                f"The policies also differ in {', '.join(unread)}, which a replay does not read: the gate is that of "
                "each night, and nobody is contacted.",
                f"两个政策在 {'、'.join(unread)} 上也不同，但重算不涉及：数据闸门沿用当晚的结论，也不联系任何人。",
            )
        )
    if gaps:
        days = "day" if len(gaps) == 1 else "days"
        lines.append(
            Sentence(
                f"Nothing was published on {len(gaps)} {days} in between: {', '.join(gaps[:10])}"
                f"{' …' if len(gaps) > 10 else ''}.",
                f"其间有 {len(gaps)} 天没有发布结果：{'、'.join(gaps[:10])}{' …' if len(gaps) > 10 else ''}。",
            )
        )
    return lines


def money(value: Decimal, currency: str) -> str:
    """An amount without minor units, with its ISO code: nobody compares policies by the cent."""
    return f"{currency} {value:,.0f}"


def _part(effect: str, count: int, summary: Summary) -> Sentence:
    en, zh = _WORDS[effect]
    amounts: dict[str, Decimal] = {}
    for name, _, value, unit in summary:
        if name == f"sanctioned_{effect}_overdue" and Decimal(value):
            amounts[unit] = amounts.get(unit, Decimal(0)) + Decimal(value)
    listed = [money(amount, unit) for unit, amount in sorted(amounts.items())]
    text = en.format(
        n=f"{count:,}", accounts=_accounts(count), money=f" ({', '.join(listed)} overdue)" if listed else ""
    )
    return Sentence(text, zh.format(n=f"{count:,}", money=f"（逾期 {'、'.join(listed)}）" if listed else ""))


def _total(summary: Summary, name: str) -> Decimal:
    """Sum over scopes; only counts are asked for, money never."""
    return sum((Decimal(row[2]) for row in summary if row[0] == name), Decimal(0))


def _accounts(count: int) -> str:
    return "account" if count == 1 else "accounts"


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
