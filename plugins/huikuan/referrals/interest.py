"""Interest for late payment: which rate an item bears, and what has accrued at the close of books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from huikuan.currencies import minor_units
from huikuan.policy.interest import InterestPolicy, StatutoryRate

_HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Rate:
    """A rate in percent, per year or per day, and where it comes from.

    ``basis`` names the law by locale; it is empty for an agreed rate. ``country`` is the one whose law gives the rate.
    """

    pct: Decimal
    per: str
    """year or day"""
    source: str
    """agreed or statutory"""
    country: str | None = None
    basis: tuple[tuple[str, str], ...] = ()


def rate_for(
    policy: InterestPolicy, *, company_id: str, currency: str, countries: Mapping[str, str | None], due_on: date
) -> Rate | None:
    """The rate of an item, or None when none is agreed and no law on file covers it.

    ``countries`` holds the ISO code of the ``account`` and of the ``company``. Statutory rates are fixed by the first
    overdue day (GB: the base rate on the reference date before it), so a later change of the rate leaves them alone.
    """
    agreed = policy.agreed_annual_pct_by_company.get(company_id, {}).get(
        currency, policy.agreed_annual_pct.get(currency)
    )
    if agreed is not None:
        return Rate(agreed, "year", "agreed")
    for whose in policy.statutory_country:
        country = (countries.get(whose) or "").upper()
        if country not in policy.statutory:
            continue
        by_law = _in_force(policy.statutory[country], due_on + timedelta(days=1))
        if by_law is None:  # this law holds, from before the file knows its rates: another country's is no substitute
            return None
        basis = (("en", by_law.basis.en), ("zh_CN", by_law.basis.zh))
        if by_law.daily_pct is not None:
            return Rate(by_law.daily_pct, "day", "statutory", country, basis)
        if by_law.annual_pct is not None:
            return Rate(by_law.annual_pct, "year", "statutory", country, basis)
    return None


def interest(amount: Decimal, rate: Rate, days: int, *, year_days: int, currency: str) -> Decimal:
    """Simple interest on ``amount`` for ``days``, rounded once, half up, to the currency's minor unit."""
    per_days = 1 if rate.per == "day" else year_days
    exact = amount * rate.pct * days / (_HUNDRED * per_days)
    return exact.quantize(Decimal(1).scaleb(-minor_units(currency)), ROUND_HALF_UP)


def _in_force(rates: tuple[StatutoryRate, ...], overdue_on: date) -> StatutoryRate | None:
    found = [rate for rate in rates if rate.overdue_from <= overdue_on]
    return found[-1] if found else None
