"""What every section of a policy is made of: closed, frozen models, and bands that leave no hole."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Stage = Literal["M0", "M1", "M2", "M3", "M4"]
Segment = Literal["standard", "key", "strategic", "government"]
Points = Annotated[int, Field(ge=0, le=100)]


class Part(BaseModel):
    """A piece of the policy: immutable, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class DayRange(Part):
    """Whole days, both ends included; ``last`` None is open-ended."""

    first: int = Field(alias="from", ge=0)
    last: int | None = Field(alias="to", ge=0)


class Band(Part):
    """``over`` < value ≤ ``up_to``; None is open-ended."""

    over: Decimal | None
    up_to: Decimal | None


class PointBand(Band):
    points: Points


def check_days(bounds: Sequence[DayRange], names: list[str], expected: tuple[str, ...]) -> None:
    """Refuse day ranges that do not cover every day from 0 exactly once, in the expected order of names."""
    if tuple(names) != expected:
        raise ValueError(f"expected {', '.join(expected)} in this order, found {', '.join(names)}")
    following = 0
    for bound, name in zip(bounds, names, strict=True):
        if bound.first > following:
            raise ValueError(f"gap: days {following} to {bound.first - 1} belong to nothing (before {name})")
        if bound.first < following:
            raise ValueError(f"overlap: day {bound.first} of {name} already belongs to the range before")
        if bound.last is None:
            if name != names[-1]:
                raise ValueError(f"{name} is open-ended, so what follows can never be reached")
            return
        if bound.last < bound.first:
            raise ValueError(f"{name} ends (day {bound.last}) before it begins (day {bound.first})")
        following = bound.last + 1
    raise ValueError(f"days from {following} on belong to nothing: the last range needs `to: null`")


def check_bands(bands: Sequence[Band]) -> None:
    """Refuse bands that do not cover every number exactly once, from the lowest up."""
    if not bands:
        raise ValueError("no bands")
    if bands[0].over is not None:
        raise ValueError(f"gap: values up to {bands[0].over} are in no band; the first needs `over: null`")
    for before, band in pairwise(bands):
        if before.up_to is None:
            raise ValueError("a band before the last is open-ended, so what follows can never be reached")
        if band.over is None or band.over < before.up_to:
            raise ValueError(f"overlap: band over {band.over} begins below {before.up_to}, where the one before ends")
        if band.over > before.up_to:
            raise ValueError(f"gap: values over {before.up_to} up to {band.over} are in no band")
    for band in bands:
        if band.over is not None and band.up_to is not None and band.up_to <= band.over:
            raise ValueError(f"band over {band.over} up to {band.up_to} holds no value")
    if bands[-1].up_to is not None:
        raise ValueError(f"gap: values over {bands[-1].up_to} are in no band; the last needs `up_to: null`")


def check_once(names: Sequence[str], what: str) -> None:
    """Refuse a name that stands twice."""
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ValueError(f"{what} {name} stands twice")
