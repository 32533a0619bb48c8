"""What finance measures as relations: the days it closes on, the windows it looks back on, rates, bands and causes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import MO, relativedelta

from huikuan.policy.finance import FinancePolicy, Portfolio
from huikuan.policy.parts import DayRange

TO_DATE = "mtd"
"""Window that begins with the month of the close."""

Columns = dict[str, str]
Rows = list[tuple[Any, ...]]
_AMOUNT = "DECIMAL(18,4)"
_RATE = "DECIMAL(18,15)"

CLOSE_DAY: Columns = {
    "closed_on": "DATE",
    "month": "DATE",
    "previous_close": "DATE",
    "is_month_end": "BOOLEAN",
    "after_on": "DATE",
}
CLOSE_WINDOW: Columns = {
    "closed_on": "DATE",
    "window": "VARCHAR",
    "months": "INTEGER",
    "opening_on": "DATE",
    "days": "INTEGER",
}
CLOSE_MONTH: Columns = {
    "closed_on": "DATE",
    "place": "INTEGER",
    "month_from": "DATE",
    "month_to": "DATE",
    "days": "INTEGER",
}


def finance_relations(
    finance: FinancePolicy, buckets: Sequence[tuple[str, DayRange]], business_date: date
) -> list[tuple[str, Columns, Rows]]:
    """Name, columns and rows of every relation. ``buckets`` are the ageing buckets in their order with their days."""
    as_of = business_date - timedelta(days=1)
    closes = close_days(as_of, finance.trend_months)
    return [
        ("close_day", CLOSE_DAY, closes),
        ("close_window", CLOSE_WINDOW, _close_windows(closes, finance.windows_months)),
        ("close_month", CLOSE_MONTH, _close_months(closes, finance.countback_months)),
        ("bucket", *_buckets(buckets)),
        *_provision(finance, buckets, as_of),
        *_forecast(finance, business_date),
        *_reps(finance, as_of),
        (
            "root_cause",
            {"reason_code": "VARCHAR", "cause": "VARCHAR"},
            [(code, cause) for cause, codes in finance.root_causes.items() for code in codes],
        ),
        (
            "statement_parameter",
            {"reply_days": "INTEGER", "remind_every_days": "INTEGER"},
            [(finance.statements.reply_days, finance.statements.remind_every_days)],
        ),
    ]


def month_end(day: date) -> date:
    """Last day of the month of a day."""
    return day + relativedelta(day=31)


def close_days(as_of: date, months: int) -> Rows:
    """``as_of`` and the ``months`` month ends before it, newest first; each with the month it lies in, the month end
    before it, whether it ends a month itself, and the day after which facts are new at it: for the first close all are.
    """
    days = [as_of, *(month_end(as_of - relativedelta(months=back)) for back in range(1, months + 1))]
    befores = [day.replace(day=1) - timedelta(days=1) for day in days]
    return [
        (day, day.replace(day=1), before, day == month_end(day), date.min if day == days[-1] else before)
        for day, before in zip(days, befores, strict=True)
    ]


def window_opening(closed_on: date, months: int) -> date:
    """The close before a window of whole months: a month end for a month end, else the same day of an earlier month."""
    earlier = closed_on - relativedelta(months=months)
    return month_end(earlier) if closed_on == month_end(closed_on) else earlier


def _close_windows(closes: Rows, windows: Sequence[int]) -> Rows:
    rows: Rows = []
    for closed_on, month, previous_close, *_ in closes:
        rows.append((closed_on, TO_DATE, 1, previous_close, (closed_on - month).days + 1))
        for months in windows:
            opening = window_opening(closed_on, months)
            rows.append((closed_on, f"m{months}", months, opening, (closed_on - opening).days))
    return rows


def _close_months(closes: Rows, months: int) -> Rows:
    """The calendar months that a count-back passes, newest first; the first ends at the close."""
    rows: Rows = []
    for closed_on, month, *_ in closes:
        for place in range(1, months + 1):
            month_from = month - relativedelta(months=place - 1)
            month_to = min(month_end(month_from), closed_on)
            rows.append((closed_on, place, month_from, month_to, (month_to - month_from).days + 1))
    return rows


def _buckets(buckets: Sequence[tuple[str, DayRange]]) -> tuple[Columns, Rows]:
    names = [name for name, _ in buckets]
    rows: Rows = [
        (name, place, bound.first, names[place] if place < len(names) else None)
        for place, (name, bound) in enumerate(buckets, start=1)
    ]
    return {"bucket": "VARCHAR", "place": "INTEGER", "first_day": "INTEGER", "next_bucket": "VARCHAR"}, rows


def _share(percent: Decimal | None) -> Decimal | None:
    return None if percent is None else percent / 100


def _provision(
    finance: FinancePolicy, buckets: Sequence[tuple[str, DayRange]], as_of: date
) -> list[tuple[str, Columns, Rows]]:
    provision = finance.provision
    rates: Rows = [
        (
            portfolio.portfolio,
            bucket,
            _share(_given(portfolio, bucket)),
            _share(portfolio.fallback_rates_pct[bucket]),  # type: ignore[index]
            _share(portfolio.least_rate_pct),
            portfolio.forward_factor,
        )
        for portfolio in provision.portfolios
        for bucket, _ in buckets
    ]
    return [
        (
            "portfolio",
            {"segment": "VARCHAR", "portfolio": "VARCHAR"},
            [(segment, portfolio.portfolio) for portfolio in provision.portfolios for segment in portfolio.segments],
        ),
        (
            "portfolio_rate",
            {
                "portfolio": "VARCHAR",
                "bucket": "VARCHAR",
                "rate": _RATE,
                "fallback_rate": _RATE,
                "least_rate": _RATE,
                "forward_factor": _RATE,
            },
            rates,
        ),
        (
            "provision_parameter",
            {"cohorts_from": "DATE", "min_reached": _AMOUNT},
            [(as_of - relativedelta(months=provision.history_months), provision.min_reached_functional)],
        ),
        (
            "specific_rate",
            {"rule_id": "VARCHAR", "rate": _RATE},
            [(rule.rule_id, _share(rule.rate_pct)) for rule in provision.specific],
        ),
        (
            "write_off_cause",
            {"rule_id": "VARCHAR", "cause": "VARCHAR"},
            [(rule.rule_id, rule.cause) for rule in provision.write_off],
        ),
        ("write_off_paper", {"kind": "VARCHAR"}, [(kind,) for kind in provision.papers]),
        (
            "provision_opening",
            {"company_id": "VARCHAR", "currency": "VARCHAR", "amount": _AMOUNT},
            [
                (company, currency, amount)
                for company, amounts in provision.opening.items()
                for currency, amount in amounts.items()
            ],
        ),
    ]


def _given(portfolio: Portfolio, bucket: str) -> Decimal | None:
    return portfolio.rates_pct[bucket] if portfolio.rates_pct is not None else None  # type: ignore[index]


def _forecast(finance: FinancePolicy, business_date: date) -> list[tuple[str, Columns, Rows]]:
    forecast = finance.forecast
    monday = business_date + relativedelta(weekday=MO(-1))
    return [
        (
            "forecast_parameter",
            {
                "weeks": "INTEGER",
                "prior": _AMOUNT,
                "unknown_kept": _RATE,
                "monday": "DATE",
                "errors_from": "DATE",
                "learn_until": "DATE",
            },
            [
                (
                    forecast.weeks,
                    forecast.prior_promises,
                    _share(forecast.unknown_kept_pct),
                    monday,
                    monday - timedelta(weeks=forecast.error_weeks),
                    business_date - timedelta(days=1, weeks=forecast.weeks),
                )
            ],
        ),
        (
            "forecast_week",
            {"place": "INTEGER", "week_from": "DATE", "week_to": "DATE"},
            [
                (place, monday + timedelta(weeks=place - 1), monday + timedelta(weeks=place, days=-1))
                for place in range(1, forecast.weeks + 1)
            ],
        ),
        (
            "forecast_band",
            {"band": "INTEGER", "over": "INTEGER", "up_to": "INTEGER"},
            [(place, band.over, band.up_to) for place, band in enumerate(forecast.bands, start=1)],
        ),
    ]


def _reps(finance: FinancePolicy, as_of: date) -> list[tuple[str, Columns, Rows]]:
    reps = finance.reps
    return [
        (
            "habit",
            {"habit": "VARCHAR", "is_higher_worse": "BOOLEAN", "tolerance": _AMOUNT},
            [(name, weak.worse == "higher", weak.tolerance) for name, weak in reps.habits.items()],
        ),
        (
            "rep_parameter",
            {"window_from": "DATE", "min_items": "INTEGER", "follow_up_days": "INTEGER"},
            [(as_of - relativedelta(months=reps.window_months), reps.min_items, reps.follow_up_days)],
        ),
    ]
