"""What finance measures, how losses are expected, and what a month end does (财务)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from huikuan.policy.outreach import DOMAIN, domain_of
from huikuan.policy.parts import Part, Segment, check_once
from huikuan.policy.rules import Rule, check_reachable

Bucket = Literal["not_due", "d1_30", "d31_60", "d61_90", "d91_180", "d181_365", "d366_plus"]
EVERY_DOMAIN = "*"
Percent = Annotated[Decimal, Field(ge=0, le=100)]
Cause = Literal[
    "brand", "product", "legacy_issue", "service", "loose_terms", "customer_habit", "market_policy", "unknown"
]
"""Root causes of not paying (C5); ``unknown`` is what nobody has given a reason for."""
Habit = Literal[
    "terms_days",
    "first_contact_days",
    "promises_followed_pct",
    "ask_share_pct",
    "overdue_share_pct",
    "collection_rate_pct",
]
"""What model ``rep_performance`` measures of a rep, and the policy may call weak (C7)."""


class Portfolio(Part):
    """Accounts with one set of loss rates: the first portfolio whose segments hold an account is its own."""

    portfolio: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    segments: tuple[Segment, ...] = Field(min_length=1)
    forward_factor: Decimal = Field(gt=0, le=10, description="Forward-looking factor (前瞻性调整) on every rate.")
    rates_pct: dict[Bucket, Percent] | None = Field(
        default=None, description="Loss rates given by hand, in place of those that history shows."
    )
    fallback_rates_pct: dict[Bucket, Percent] = Field(description="Where history is too short to show a rate.")
    least_rate_pct: Percent = Field(
        default=Decimal(0), description="No rate that history shows is lower: no loss so far is not no loss to come."
    )

    @model_validator(mode="after")
    def _every_bucket(self) -> Self:
        for name, rates in (("rates_pct", self.rates_pct), ("fallback_rates_pct", self.fallback_rates_pct)):
            missing = set(Bucket.__args__) - set(rates) if rates is not None else set()  # type: ignore[attr-defined]
            if missing:
                raise ValueError(f"{name} of {self.portfolio} lacks {', '.join(sorted(missing))}")
        return self


class SpecificRule(Rule):
    """A customer that is taken out of the matrix: ``rate_pct`` of what it owes net is provided for (单项计提)."""

    rate_pct: Percent


class WriteOffRule(Rule):
    """A customer whose debt may have to be written off (核销), and why."""

    cause: Literal["insolvent", "closed", "too_old", "uncollectable"]


class Provision(Part):
    """IFRS 9 simplified approach / 企业会计准则第22号: a matrix per portfolio, and specific allowances beside it."""

    history_months: int = Field(ge=1, description="Items due in so many months before as-of are followed.")
    min_reached_functional: Decimal = Field(ge=0, description="A bucket that less came into shows no rate of its own.")
    portfolios: tuple[Portfolio, ...] = Field(min_length=1)
    specific: tuple[SpecificRule, ...] = ()
    write_off: tuple[WriteOffRule, ...] = ()
    papers: tuple[str, ...] = Field(description="Kinds of evidence that a write-off needs.")
    opening: dict[str, dict[str, Decimal]] = Field(
        default_factory=dict, description="Allowance in the books before the first night, by company and currency."
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        check_once([portfolio.portfolio for portfolio in self.portfolios], "portfolio")
        named = [segment for portfolio in self.portfolios for segment in portfolio.segments]
        check_once(named, "segment")
        missing = set(Segment.__args__) - set(named)  # type: ignore[attr-defined]
        if missing:
            raise ValueError(
                f"segment {', '.join(sorted(missing))} is in no portfolio: nothing would be provided for it"
            )
        check_reachable(self.specific)
        check_reachable(self.write_off)
        return self


class ForecastBand(Part):
    """Days since the day on which a payment was to be expected; bands follow each other, ends are open."""

    over: int | None
    up_to: int | None


class Forecast(Part):
    """Expected receipts by week: promises weighted by the customer's record, the rest by how such items were paid."""

    weeks: int = Field(ge=1, le=26)
    prior_promises: Decimal = Field(
        gt=0, description="Weight of the company's own record against a customer's, in functional currency."
    )
    unknown_kept_pct: Percent = Field(description="What promises are worth in a company where none was judged yet.")
    error_weeks: int = Field(ge=1, le=104, description="Forecasts so old still count for the published error.")
    bands: tuple[ForecastBand, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _no_hole(self) -> Self:
        if self.bands[0].over is not None or self.bands[-1].up_to is not None:
            raise ValueError("forecast.bands: the first needs `over: null`, the last `up_to: null`")
        for before, band in zip(self.bands, self.bands[1:], strict=False):
            if before.up_to is None or band.over != before.up_to:
                raise ValueError(f"forecast.bands: gap or overlap after {before.up_to}")
        return self


class WeakHabit(Part):
    """A rep is weak in a habit when he is worse than the median of his company's reps by more than ``tolerance``."""

    worse: Literal["higher", "lower"]
    tolerance: Decimal = Field(ge=0)


class Reps(Part):
    window_months: int = Field(ge=1)
    min_items: int = Field(ge=1, description="Fewer invoices, talks or promises than this say nothing about a habit.")
    follow_up_days: int = Field(
        ge=1, description="A broken promise is followed when the rep spoke to it in so many days."
    )
    habits: dict[Habit, WeakHabit]


class StatementPolicy(Part):
    """Monthly statements of account (对账函)."""

    from_open_functional: Decimal = Field(ge=0, description="Accounts that owe less get none.")
    reply_days: int = Field(ge=1, description="Days after sending in which the stamped copy should be back.")
    remind_every_days: int = Field(ge=1)
    answer_within_hours: int = Field(
        ge=1, le=720, description="In which a batch is answered; none leaves before. Longer than the longest holiday."
    )
    approver_role: Literal["finance", "manager"] = "finance"
    approvers: dict[str, str] = Field(
        default={},
        description="rep_id of who approves a company's statements, by company_id; of other companies: whoever has "
        "`approver_role` and stands nearest to the company's reps.",
    )
    contact_roles: tuple[Literal["payer", "acceptor", "decision_maker", "other"], ...] = Field(
        default=("payer", "acceptor", "decision_maker"),
        description="Who at the customer may get a statement, the first choice first; nobody: a person prints it.",
    )
    recipient_domains: tuple[str, ...] = Field(
        default=(),
        description="Domains of customers that may get statements by mail; `*`: every address that the ledger names; "
        "empty: none, all are parked for a person.",
    )

    @field_validator("recipient_domains")
    @classmethod
    def _are_domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if entry != EVERY_DOMAIN and not re.fullmatch(DOMAIN, entry):
                raise ValueError(f"{entry!r} is not a domain such as 'example.com', and not `{EVERY_DOMAIN}`")
        return value

    def may_receive(self, address: str) -> bool:
        """Whether a statement may go to this address of a customer."""
        domains = {domain.lower() for domain in self.recipient_domains}
        return EVERY_DOMAIN in domains or domain_of(address) in domains


class Retention(Part):
    """How long result partitions stay in the warehouse; month ends and locked runs stay for ever."""

    daily_months: int = Field(ge=1)
    older_runs_days: int = Field(ge=1, description="Runs that a later one of the same date has replaced.")


class FinancePolicy(Part):
    windows_months: tuple[int, ...] = Field(min_length=1, description="What metrics look back on.")
    trend_months: int = Field(ge=1, le=60, description="Month ends that are measured again every night.")
    countback_months: int = Field(ge=1, le=120)
    root_causes: dict[Cause, tuple[str, ...]] = Field(description="Reason codes of talks and disputes by root cause.")
    provision: Provision
    forecast: Forecast
    reps: Reps
    statements: StatementPolicy
    retention: Retention

    @model_validator(mode="after")
    def _windows(self) -> Self:
        if list(self.windows_months) != sorted(set(self.windows_months)) or self.windows_months[0] < 1:
            raise ValueError("windows_months must grow from 1 or more")
        if self.trend_months < 12:
            raise ValueError("trend_months must be 12 or more: roll rates of a year stand on twelve month ends")
        check_once([code for codes in self.root_causes.values() for code in codes], "reason code")
        return self
