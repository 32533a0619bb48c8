"""What is claimed: open items with the interest they bear, and totals per currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from huikuan.policy.interest import InterestPolicy
from huikuan.referrals.interest import Rate, interest, rate_for
from huikuan.referrals.packet_rows import Facts, Item

_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Line:
    """An open item; ``claimed`` is what is undisputed and overdue at the close of books.

    ``interest`` is what ``claimed`` bore since the due date, None when no rate is known for it.
    """

    item: Item
    claimed: Decimal
    rate: Rate | None
    interest: Decimal | None


@dataclass(frozen=True)
class Total:
    """The claim in one currency: open − credit = net = disputed + not_due + principal; claim = principal + interest."""

    currency: str
    open_amount: Decimal
    credit: Decimal
    net: Decimal
    disputed: Decimal
    not_due: Decimal
    principal: Decimal
    interest: Decimal
    claim: Decimal
    has_unknown_rate: bool


@dataclass(frozen=True)
class Claim:
    """All open items, by currency and due date, and one total per currency: currencies are never summed."""

    lines: tuple[Line, ...]
    totals: tuple[Total, ...]

    @property
    def late(self) -> list[Item]:
        """Overdue items with something owed, disputed or not: what has to be proved."""
        return [line.item for line in self.lines if line.item.days_late > 0 and line.item.net_amount > 0]


def claim_of(facts: Facts, policy: InterestPolicy) -> Claim:
    """The claim of an account at the close of books."""
    lines = tuple(_line(item, facts, policy) for item in facts.items)
    grouped = groupby(lines, key=lambda line: line.item.currency)
    return Claim(lines, tuple(_total(currency, list(group)) for currency, group in grouped))


def _line(item: Item, facts: Facts, policy: InterestPolicy) -> Line:
    if item.days_late == 0 or item.collectable_amount == 0:
        return Line(item, _NOTHING, None, _NOTHING)
    rate = rate_for(
        policy,
        company_id=facts.key[0],
        currency=item.currency,
        countries={"account": facts.account.country, "company": facts.company.calendar},
        due_on=item.due_on,
    )
    if rate is None:
        return Line(item, item.collectable_amount, None, None)
    accrued = interest(
        item.collectable_amount, rate, item.days_late, year_days=policy.year_days, currency=item.currency
    )
    return Line(item, item.collectable_amount, rate, accrued)


def _total(currency: str, lines: Sequence[Line]) -> Total:
    items = [line.item for line in lines]
    open_amount = sum((item.open_amount for item in items), _NOTHING)
    net = sum((item.net_amount for item in items), _NOTHING)
    disputed = sum((item.disputed_amount for item in items), _NOTHING)
    principal = sum((line.claimed for line in lines), _NOTHING)
    accrued = sum((line.interest or _NOTHING for line in lines), _NOTHING)
    return Total(
        currency=currency,
        open_amount=open_amount,
        credit=open_amount - net,
        net=net,
        disputed=disputed,
        not_due=net - disputed - principal,
        principal=principal,
        interest=accrued,
        claim=principal + accrued,
        has_unknown_rate=any(line.interest is None for line in lines),
    )
