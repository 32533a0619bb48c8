"""Interest on what is paid late (逾期利息): the rate that was agreed, else the one that the law gives."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from huikuan.policy.parts import Part

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Percent = Annotated[Decimal, Field(ge=0)]


class Basis(Part):
    """The law that gives the rate, as the packet names it to its reader."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


class StatutoryRate(Part):
    """The rate by law for items whose first overdue day is ``overdue_from`` or later, until the next entry."""

    overdue_from: date
    annual_pct: Percent | None = None
    daily_pct: Percent | None = None
    basis: Basis

    @model_validator(mode="after")
    def _one_rate(self) -> Self:
        if (self.annual_pct is None) == (self.daily_pct is None):
            raise ValueError("give annual_pct or daily_pct, one of them")
        return self


class InterestPolicy(Part):
    """Which rate an item bears; the first that is given counts.

    1. ``agreed_annual_pct_by_company``, by company and currency: the company's own terms of sale.
    2. ``agreed_annual_pct``, by currency: terms that all companies share.
    3. ``statutory``, by the first country of ``statutory_country`` (the debtor's, the seller's) that the law covers.

    An annual rate counts ``year_days`` days in a year; a daily one needs no year. An item that no rate covers bears no
    interest, and the packet says that its rate is missing.
    """

    year_days: int = Field(ge=360, le=366)
    agreed_annual_pct: dict[Currency, Percent]
    agreed_annual_pct_by_company: dict[str, dict[Currency, Percent]]
    statutory_country: tuple[Literal["account", "company"], ...] = Field(min_length=1)
    statutory: dict[Country, tuple[StatutoryRate, ...]]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if len(set(self.statutory_country)) < len(self.statutory_country):
            raise ValueError("statutory_country: an entry stands twice")
        for country, rates in self.statutory.items():
            if not rates:
                raise ValueError(f"statutory {country} holds no rate: give one, or leave the country out")
            for before, rate in pairwise(rates):
                if rate.overdue_from <= before.overdue_from:
                    raise ValueError(
                        f"statutory {country}: the rate from {rate.overdue_from} stands after the one from "
                        f"{before.overdue_from}: put the oldest first, each day once"
                    )
        return self
