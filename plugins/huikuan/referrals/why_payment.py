"""Payments worth trying: those at which a bound of the policy is met, the most overdue item first.

Nothing here says what a payment does; why_change.py lets the models say it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from huikuan.currencies import minor_units
from huikuan.policy.model import PolicyBody
from huikuan.policy.rules import Fact, as_range

_MOST_PARTS = 20_000
"""Parts of payments that are tried at most, all payments together."""
_FEWEST = 6


@dataclass(frozen=True)
class Owed:
    """An instalment with money owed. ``room`` is what a payment in order of due date puts there before it goes on."""

    document_id: str
    seq: int | None
    number: str | None
    currency: str
    days_past_due: int
    net: Decimal
    collectable: Decimal
    tolerance: Decimal
    rate: Decimal | None
    room: Decimal


@dataclass(frozen=True)
class Payment:
    """An amount per currency, in whole minor units. ``depth`` orders payments of an account: item, and amount of it."""

    amounts: Mapping[str, Decimal]
    last_currency: str
    depth: tuple[int, Decimal]


def candidates(
    body: PolicyBody,
    owed: Sequence[Owed],
    credit_limit: Decimal | None,
    functional_currency: str,
    notice_days: Iterable[int] = (),
) -> list[Payment]:
    """Payments at which a bound is met, the smallest first: of stages, of the ladder's entries and of the scorecard.

    ``notice_days`` are days past due that no item may exceed for a delivered notice to belong to older arrears. Of an
    account with very many items only the first are tried, in this order: each payment touches every item.
    """
    entries, score = _entry_bounds(body), _score_bounds(body)
    stages = [bound.first - 1 for bound in body.stages if bound.first > 0]
    found = [pay_until(owed, days) for days in (*stages, *_days(entries))]
    found.append(pay_items(owed, len(owed)))
    if all(item.rate is not None for item in owed):  # else amounts and shares in functional currency are unknown
        half = Decimal(5).scaleb(-minor_units(functional_currency) - 1)
        for bounds in (entries, score):
            found += [pay_more_than(owed, value, is_collected=True) for value in _overdue_values(owed, bounds, half)]
            found += [pay_more_than(owed, value) for value in _exposure_values(owed, bounds, credit_limit, half)]
    found += [pay_until(owed, days) for days in (*sorted(notice_days), *_days(score))]
    by_amount = {tuple(sorted(each.amounts.items())): each for each in found if each is not None}
    most = max(_FEWEST, _MOST_PARTS // max(len(owed), 1))
    return sorted(list(by_amount.values())[:most], key=lambda payment: payment.depth)


def _entry_bounds(body: PolicyBody) -> dict[Fact, list[Decimal]]:
    """Every number that an entry rule of the ladder compares a fact with."""
    found: dict[Fact, list[Decimal]] = {}
    for sanction in body.ladder.sanctions:
        for rule in sanction.entries:
            for fact, condition in rule.when.items():
                known = as_range(condition)
                ends = [known.over, known.up_to] if known else []
                found.setdefault(fact, []).extend(end for end in ends if end is not None)
    return found


def _score_bounds(body: PolicyBody) -> dict[Fact, list[Decimal]]:
    """Every number at which a band of the scorecard ends."""
    return {
        component: [band.up_to for band in score.bands if band.up_to is not None]
        for component, score in body.risk.components.items()
    }


def _days(bounds: Mapping[Fact, Sequence[Decimal]]) -> list[int]:
    """Days past due that no item may exceed."""
    return [int(days) for days in bounds.get("days_past_due", ())]


def _overdue_values(owed: Sequence[Owed], bounds: Mapping[Fact, Sequence[Decimal]], half: Decimal) -> Iterator[Decimal]:
    """How much more than this must be collected for a bound on overdue amounts or shares to be met.

    What is compared is rounded half up, amounts to the minor unit and shares to a hundredth: ``half`` a unit may stay.
    """
    collectable = sum((item.collectable * rate_of(item) for item in owed), Decimal(0))
    overdue = sum((item.collectable * rate_of(item) for item in owed if item.days_past_due > 0), Decimal(0))
    yield from (overdue - bound - half for bound in bounds.get("overdue_functional", ()))
    for share in bounds.get("overdue_share_pct", ()):
        kept = (share + Decimal("0.005")) / 100
        if kept < 1:
            yield (overdue - kept * collectable) / (1 - kept)


def _exposure_values(
    owed: Sequence[Owed], bounds: Mapping[Fact, Sequence[Decimal]], credit_limit: Decimal | None, half: Decimal
) -> Iterator[Decimal]:
    """How much more than this must be paid for a bound on what is owed in all to be met, or the limit kept.

    The share of the limit that is used is rounded to four decimals.
    """
    exposure = sum((item.net * rate_of(item) for item in owed), Decimal(0))
    yield from (exposure - bound - half for bound in bounds.get("exposure_functional", ()))
    if credit_limit:
        yield exposure - credit_limit - half
        for share in bounds.get("limit_used_pct", ()):
            yield exposure - credit_limit * (share + Decimal("0.00005")) / 100 - half


def pay_until(owed: Sequence[Owed], days: int) -> Payment | None:
    """Pay in order until no item of more than ``days`` counts: the last of them down to its tolerance."""
    late = [place for place, item in enumerate(owed) if item.days_past_due > days and item.collectable > item.tolerance]
    if not late:
        return None
    last = owed[late[-1]]
    return _payment(owed, late[-1], last.room - last.tolerance)


def pay_more_than(owed: Sequence[Owed], value: Decimal, *, is_collected: bool = False) -> Payment | None:
    """Pay in order the smallest amount that is worth more than ``value`` in functional currency.

    ``is_collected`` counts only what lowers the collectable amount: a payment that cannot go around a dispute first
    lowers the rest of that document, and is spent on the dispute before it reaches the next.
    """
    if value < 0:
        return None
    rest = value
    for place, item in enumerate(owed):
        counted = item.collectable if is_collected else item.room
        step = unit(item.currency)
        amount = ((rest / rate_of(item) / step).to_integral_value(ROUND_FLOOR) + 1) * step
        if amount <= counted:
            return _payment(owed, place, amount)
        rest -= counted * rate_of(item)
        if rest < 0:
            return _payment(owed, place, counted)
    return None


def pay_items(owed: Sequence[Owed], count: int) -> Payment | None:
    """Pay the first ``count`` items in full."""
    return _payment(owed, count - 1, owed[count - 1].room) if count else None


def _payment(owed: Sequence[Owed], last: int, amount: Decimal) -> Payment | None:
    """Everything before item ``last`` and ``amount`` of it; a part of a minor unit counts as one: nobody can pay it."""
    totals: dict[str, Decimal] = {}
    for place, item in enumerate(owed[: last + 1]):
        part = amount if place == last else item.room
        if part > 0:
            totals[item.currency] = totals.get(item.currency, Decimal(0)) + part
    if not totals:
        return None
    amounts = {currency: whole(total, currency) for currency, total in totals.items()}
    currency = owed[last].currency if amount > 0 else list(totals)[-1]
    return Payment(amounts, currency, (last, amount))


def with_less(payments: Iterable[Payment]) -> Iterator[Mapping[str, Decimal]]:
    """Each payment, and the same with one minor unit less."""
    for payment in payments:
        yield payment.amounts
        less = payment.amounts[payment.last_currency] - unit(payment.last_currency)
        yield {**payment.amounts, payment.last_currency: less}


def applied(owed: Sequence[Owed], amounts: Mapping[str, Decimal]) -> list[tuple[Owed, Decimal]]:
    """Which items a payment goes to: in each currency the most overdue first."""
    rest = dict(amounts)
    found = []
    for item in owed:
        part = min(item.room, rest.get(item.currency, Decimal(0)))
        if part > 0:
            found.append((item, part))
            rest[item.currency] -= part
    return found


def rate_of(item: Owed) -> Decimal:
    """What a unit of the item's currency is worth; 1 where that is not known."""
    return item.rate if item.rate is not None else Decimal(1)


def unit(currency: str) -> Decimal:
    """The smallest amount of a currency that can be paid."""
    return Decimal(1).scaleb(-minor_units(currency))


def whole(amount: Decimal, currency: str) -> Decimal:
    """The smallest amount that can be paid and is not less."""
    return amount.quantize(unit(currency), ROUND_CEILING)
