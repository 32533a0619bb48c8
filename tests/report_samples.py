"""Figures of a finance report as no ledger needs to give them: full tables, long names, everything there or nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta

from huikuan.finance.advice import SENTENCES
from huikuan.finance.report_rows import EXPOSURES, HABITS, QUERIES, REPS, Figures, Row
from huikuan.warehouse.tables import BUCKETS, FLAGS

DAY = date(2026, 9, 1)
AS_OF = DAY - timedelta(days=1)
LONG = "Wirtschaftsprüfungs- und Maschinenbaugesellschaft der Vereinigten Nordseehäfen mbH & Co. KG"
CAUSES = ("customer_habit", "product", "service", "loose_terms", "market_policy", "unknown")


def full(name: str = LONG, *, scale: int = 1_000_000, off: Decimal = Decimal(0)) -> Figures:
    """Every table at its longest."""
    return _figures(
        {
            "figures": _metrics(),
            "ageing": [
                {"name": "open_amount", "bucket": bucket, "value": Decimal(scale) / place}
                for place, bucket in enumerate(BUCKETS, start=1)
            ],
            "roll": _rates(),
            "exposures": [
                {
                    "name": name,
                    "account_id": f"A{n}",
                    "rep": name,
                    "exposure_functional": Decimal(scale) / n,
                    "overdue_functional": Decimal(scale) / n / 2,
                    "days_past_due": 1000,
                    "risk_grade": "E",
                    "flags": ",".join(FLAGS[:2]),
                    "unrated": 3,
                }
                for n in range(1, EXPOSURES + 1)
            ],
            "sanctions": [
                {"flag": flag, "active": 12, "waiting": 3, "released": 1, "overdue": Decimal(scale)} for flag in FLAGS
            ],
            "reps": [
                {
                    "rep": name,
                    "overdue": Decimal(scale),
                    "received": Decimal(scale),
                    "collection_rate_pct": Decimal("87.65"),
                    "kept_pct": Decimal(50),
                    "kept_amount_pct": None,
                }
                for _ in range(REPS)
            ],
            "habits": [
                {"rep": name, "habit": habit, "value": Decimal("52.4923"), "benchmark": Decimal("31.272")}
                for habit in sorted(SENTENCES, key=lambda key: -len(SENTENCES[key]))[:HABITS]
            ],
            "forecast": _forecast(scale),
            "movement": [
                {"month": AS_OF.replace(day=1)}
                | dict.fromkeys(("opening", "charge", "release", "write_off", "recovery", "fx"), Decimal(scale))
                | {"closing": Decimal(scale)}
            ],
            "causes": [
                {"cause": cause, "accounts": 5, "overdue_amount": Decimal(scale), "share_pct": Decimal("16.67")}
                for cause in CAUSES
            ],
            "tie_out": [
                {
                    "currency": "CNY",
                    "ledger_balance": Decimal(scale),
                    "quarantined": Decimal(0),
                    "control_balance": Decimal(scale) - off,
                    "difference": off,
                    "state": "differs" if off else "tied",
                }
            ],
        }
    )


def empty() -> Figures:
    """A company of which nothing is known yet."""
    return _figures({path.stem: [] for path in QUERIES.glob("*.sql")})


def _figures(rows: dict[str, list[Row]]) -> Figures:
    return Figures("HD", LONG, "CNY", DAY, AS_OF, "20260901-abc", "2026.4", rows)


def _metrics() -> list[dict[str, Any]]:
    names = (
        ("dso_countback", "as_of"), ("dso_simple", "m3"), ("bpdso", "m3"), ("add", "m3"), ("days_to_pay", "m3"),
        ("days_late", "m3"), ("open_amount", "as_of"), ("overdue_share_pct", "as_of"), ("cei", "m3"),
        ("promise_kept_amount_pct", "m3"), ("forecast_error_pct", "w1"),
    )  # fmt: skip
    return [
        {
            "name": name,
            "closed_on": AS_OF + relativedelta(months=-back, day=31),
            "window": window,
            "value": Decimal(40 + 3 * back),
            "note": None,
        }
        for name, window in names
        for back in range(13)
    ]


def _rates() -> list[dict[str, Any]]:
    share = Decimal("0.111111111111111")
    return [
        {"from_bucket": start, "to_bucket": end, "from_amount": Decimal(100), "rate": share}
        for start in BUCKETS
        for end in ("paid", *BUCKETS, "written_off", "rolled")
    ]


def _forecast(scale: int) -> list[dict[str, Any]]:
    return [
        {
            "week_from": DAY + timedelta(weeks=week),
            "component": component,
            "expected": Decimal(scale),
            "actual": Decimal(scale) if component == "total" and week == 0 else None,
        }
        for week in range(13)
        for component in ("promise", "plan", "behaviour", "new_sales", "total")
    ]
