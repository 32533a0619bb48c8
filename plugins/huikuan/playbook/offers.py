"""What a rep asks for and may offer (开口、分期、折扣), worked out within the limits of the policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_UP, Context, Decimal

from huikuan.currencies import minor_units as currency_digits
from huikuan.errors import PlaybookError
from huikuan.policy.playbooks import AskAnchor, DiscountLimits, PlanLimits
from huikuan.wording import minor_units

_STRICTEST = "E"
"""An account without a grade is offered what the worst grade is."""


@dataclass(frozen=True)
class Anchor:
    """What to ask for first, what to settle for, and what is really expected; each at least the next."""

    open_at: Decimal
    settle_at: Decimal
    expected: Decimal


@dataclass(frozen=True)
class Instalment:
    """One payment of a plan."""

    due_on: date
    amount: Decimal


@dataclass(frozen=True)
class Discount:
    """Paid by ``pay_by``, ``pay_amount`` settles the whole."""

    pct: Decimal
    pay_amount: Decimal
    pay_by: date


def ask_anchor(expected: Decimal, owed: Decimal, currency: str, anchor: AskAnchor) -> Anchor:
    """Expect 10, ask 20, settle 15; in round figures, as one bargains, and never more than what is owed."""
    expected = min(minor_units(expected, currency), owed)
    open_at = min(max(_round_figure(expected * anchor.ask_factor, currency), expected), owed)
    settle_at = min(max(_round_figure(expected * anchor.settle_factor, currency), expected), open_at)
    return Anchor(open_at, settle_at, expected)


def _round_figure(amount: Decimal, currency: str) -> Decimal:
    """Two figures and zeros: nobody bargains about 96,337.50."""
    return minor_units(Context(prec=2, rounding=ROUND_HALF_UP).plus(amount), currency)


def payment_plan(
    total: Decimal,
    currency: str,
    first_on: date,
    grade: str | None,
    limits: PlanLimits,
    wanted: int | None = None,
    bank_day: Callable[[date], date] = lambda day: day,
) -> tuple[Instalment, ...]:
    """A plan for ``total``: the first payment at least what the policy asks, the others equal, the last the rest.

    All but the last are round figures where that leaves something for the last: they are said on the phone.

    ``wanted`` instalments, or as many as the limits give; both fewer when the time or the amount allows no more.
    ``bank_day`` moves a day on which banks are closed to one on which they are open. The parts sum up to
    ``total`` exactly. Empty when no plan of two payments is possible. Raises PlaybookError when ``total`` is not
    positive or has more digits than its currency.
    """
    if total <= 0 or total != minor_units(total, currency):
        raise PlaybookError(
            f"There is no plan for {total} {currency}: it is not a positive amount in whole minor units.",
            "Give what is owed, rounded to the currency.",
        )
    unit = Decimal(1).scaleb(-currency_digits(currency))
    most = min(limits.max_instalments, 1 + limits.max_days // limits.interval_days, int(total / unit))
    count = most if wanted is None else min(wanted, most)
    if count < 2:
        return ()
    amounts = _amounts(total, unit, count, limits.min_first_pct[grade or _STRICTEST])  # type: ignore[index]
    days = (bank_day(first_on + timedelta(days=limits.interval_days * place)) for place in range(len(amounts)))
    return tuple(map(Instalment, days, amounts)) if len(amounts) > 1 else ()


def _amounts(total: Decimal, unit: Decimal, count: int, min_first_pct: Decimal) -> list[Decimal]:
    """First, equal middle, last with the rest; fewer than ``count`` when a part would be less than one minor unit."""
    least = (total * min_first_pct / 100).quantize(unit, ROUND_CEILING)
    first = _rounded_up(max(least, (total / count).quantize(unit, ROUND_DOWN)), total)
    rest = total - first
    others = min(count - 1, int(rest / unit))
    if others < 1:
        return [total]
    exact = (rest / others).quantize(unit, ROUND_DOWN)
    equal = exact if others == 1 else _rounded_up(exact, exact + exact / 2 / (others - 1))
    return [first, *[equal] * (others - 1), rest - equal * (others - 1)]


def _rounded_up(amount: Decimal, limit: Decimal) -> Decimal:
    """The amount in two figures and zeros, else in three, where that is less than ``limit``; else as it is."""
    figures = (Context(prec=digits, rounding=ROUND_CEILING).plus(amount) for digits in (2, 3))
    return next((Decimal(f"{figure:f}") for figure in figures if figure < limit), amount)


def early_discount(
    amount: Decimal, currency: str, due_on: date, pay_by: date, grade: str | None, limits: DiscountLimits
) -> Discount | None:
    """What may be taken off an amount paid by ``pay_by``; None when that is too late or the grade gets none."""
    pct = limits.by_grade[grade or _STRICTEST]  # type: ignore[index]
    if pct == 0 or amount <= 0 or (due_on - pay_by).days < limits.min_days_early:
        return None
    return Discount(pct, minor_units(amount * (100 - pct) / 100, currency), pay_by)
