"""What a mail says about yesterday and about the month (昨日变化、回款进度)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from huikuan.outreach.kinds import sanction, shown
from huikuan.outreach.lines import Money
from huikuan.outreach.news import Goal
from huikuan.outreach.pictures import HEIGHT, WIDTH, Picture, bar
from huikuan.outreach.sanctions import release_notices
from huikuan.outreach.worklists import CHANGES, Changed, Release
from huikuan.wording import Wording, clean


@dataclass(frozen=True)
class News:
    """One row of what changed, ready to print."""

    label: str
    name: str
    account: str
    detail: str
    why: str
    is_bad: bool


@dataclass(frozen=True)
class Month:
    """The month in one currency, ready to print."""

    currency: str
    target: str
    received: str
    promised: str
    missing: str
    share: str
    sentence: str
    """All of it in words: the text beside the picture for those who do not see it."""
    picture: Picture
    width: int
    height: int
    is_beyond: bool
    """The parts are more than the target: somebody paid, or promised, beyond his own."""


def news(changes: Iterable[Changed], releases: Iterable[Release], wording: Wording) -> list[News]:
    """What was released, with what to do again; then the other changes in their order."""
    told = release_notices(releases, wording)
    found = [News(wording.text("Released"), row.name, row.account, row.do, row.why, False) for row in told]
    return found + [_news(each, wording) for each in changes]


def change_label(change: str, wording: Wording) -> str:
    """The kind of change in a word or two; one of a later version is printed as it is."""
    names = {
        "paid": wording.text("Paid"),
        "kept": wording.text("Promise kept"),
        "broken": wording.text("Promise broken"),
        "promised": wording.text("New promise"),
        "released": wording.text("Released"),
        "sanctioned": wording.text("Sanction began"),
        "late": wording.text("Later stage"),
    }
    return names.get(change) or clean(change.replace("_", " "), 30)


def change_detail(each: Changed, wording: Wording) -> str:
    """How much, until when, or which sanction."""
    row = each.row
    amount = shown(Money(row.currency, row.amount), wording) if row.amount is not None and row.currency else ""
    if row.change == "sanctioned":
        return sanction(row.subject_id, wording)
    if row.change == "late":
        return wording.text("Now %(stage)s", stage=clean(row.subject_id, 3))
    if row.change == "broken" and amount:
        return wording.text("%(amount)s did not come", amount=amount)
    if row.change == "promised" and amount and each.promised_for:
        return wording.text("%(amount)s for %(day)s", amount=amount, day=wording.day(each.promised_for))
    return amount


def _news(each: Changed, wording: Wording) -> News:
    return News(
        label=change_label(each.row.change, wording),
        name=clean(each.name),
        account=clean(each.account_id, 30),
        detail=change_detail(each, wording),
        why="",
        is_bad=each.row.change in ("broken", "late"),
    )


def change_summary(
    changes: Sequence[Changed], releases: Sequence[Release], wording: Wording, *, brief: bool = False
) -> str:
    """Every kind of change with its number and its sums per currency: ``3 paid (CNY 120,000.00) · 1 promise broken``.

    ``brief``: rounded sums, for a line that must be short.
    """
    parts = [
        _summed(change, [each for each in changes if each.row.change == change], wording, brief) for change in CHANGES
    ]
    if releases:
        parts.append(wording.count("%(n)s released", "%(n)s released", len(releases)))
    return " · ".join(filter(None, parts))


def _summed(change: str, rows: list[Changed], wording: Wording, brief: bool) -> str:
    if not rows:
        return ""
    n = len(rows)
    counts = {
        "paid": wording.count("%(n)s paid", "%(n)s paid", n),
        "kept": wording.count("%(n)s promise kept", "%(n)s promises kept", n),
        "broken": wording.count("%(n)s promise broken", "%(n)s promises broken", n),
        "promised": wording.count("%(n)s new promise", "%(n)s new promises", n),
        "sanctioned": wording.count("%(n)s sanction began", "%(n)s sanctions began", n),
        "late": wording.count("%(n)s moved to a later stage", "%(n)s moved to a later stage", n),
    }
    sums = wording.listed(_sums(rows, wording, brief))
    return wording.text("%(count)s (%(sums)s)", count=counts[change], sums=sums) if sums else counts[change]


def _sums(rows: list[Changed], wording: Wording, brief: bool) -> Iterator[str]:
    found: dict[str, Decimal] = {}
    for each in rows:
        if each.row.amount is not None and each.row.currency:
            found[each.row.currency] = found.get(each.row.currency, Decimal(0)) + each.row.amount
    for currency in sorted(found):
        code = clean(currency, 3)
        yield wording.short_money(found[currency], code) if brief else shown(Money(currency, found[currency]), wording)


def months(goals: Iterable[Goal], wording: Wording, domain: str) -> list[Month]:
    """One row per currency."""
    return [_month(goal, wording, domain) for goal in goals]


def _month(goal: Goal, wording: Wording, domain: str) -> Month:
    currency = clean(goal.currency, 3)
    target, received, promised, missing = (
        wording.money(amount, goal.currency) for amount in (goal.target, goal.received, goal.committed, goal.gap)
    )
    share = wording.percent(100 * goal.received / goal.target) if goal.target else "–"
    sentence = wording.text(
        "%(currency)s: target %(target)s, received %(received)s (%(share)s), promised %(promised)s, "
        "missing %(missing)s.",
        currency=currency,
        target=target,
        received=received,
        share=share,
        promised=promised,
        missing=missing,
    )
    return Month(
        currency,
        target,
        received,
        promised,
        missing,
        share,
        sentence,
        bar(goal, domain),
        width=WIDTH,
        height=HEIGHT,
        is_beyond=goal.received + goal.committed + goal.gap > goal.target,
    )
