"""Amounts, days and names as people say them on the phone: £12,400, 12,400元, Friday 3 July, 7月3日（周五）."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import get_currency_name

from huikuan.wording import Wording, clean

_SIGNS = {"GBP": "£", "EUR": "€", "USD": "US$"}
_ENGLISH = Locale.parse("en_GB")
_CHINESE = Locale.parse("zh_CN")
_LEGAL_FORM = re.compile(
    r"(?<=..)(?:股份有限公司|有限责任公司|有限公司|[\s,]+(?:Ltd|Limited|plc|LLP|Inc|GmbH|AG|S\.A|B\.V)\.?)$",
    re.IGNORECASE,
)
_LONG_NUMBER = re.compile(r"\d{11,}")
_NAME_LENGTH = 24
ACCOUNT_LENGTH = 40


@lru_cache(maxsize=4096)
def money(amount: Decimal, currency: str | None, locale: str) -> str:
    """The amount without decimals that are all zero, and its currency as it is said; without currency the figure."""
    figure = Wording(locale).money(amount, currency or "XXX")
    whole, point, decimals = figure.rpartition(".")
    figure = whole if point and not decimals.strip("0") else figure
    if currency is None:
        return figure
    if locale == "zh_CN":
        return figure + ("元" if currency == "CNY" else get_currency_name(currency, locale=_CHINESE))
    return f"{_SIGNS[currency]}{figure}" if currency in _SIGNS else f"{currency} {figure}"


@lru_cache(maxsize=4096)
def day(on: date, business_date: date, locale: str) -> str:
    """Day with its weekday; the year only where it is not the year of ``business_date``."""
    same = on.year == business_date.year
    if locale == "zh_CN":
        return format_date(on, f"{'' if same else 'y年'}M月d日（EEE）", locale=_CHINESE)
    return format_date(on, f"EEEE d MMMM{'' if same else ' y'}", locale=_ENGLISH)


@lru_cache(maxsize=64)
def month(on: date, locale: str) -> str:
    """7月, July."""
    return format_date(on, "M月" if locale == "zh_CN" else "MMMM", locale=_CHINESE if locale == "zh_CN" else _ENGLISH)


@lru_cache(maxsize=4096)
def name(text: str | None) -> str:
    """A person's or document's name from the ledger as one inert line; empty when there is none."""
    return clean(text, _NAME_LENGTH)


@lru_cache(maxsize=4096)
def company(text: str | None, limit: int = _NAME_LENGTH) -> str:
    """A company's name without its legal form: nobody says that on the phone."""
    return clean(_LEGAL_FORM.sub("", (text or "").strip()), limit)


def numbers(documents: Sequence[str]) -> tuple[list[str], bool]:
    """How document numbers are said, and whether by their last four digits: nobody reads out twenty."""
    known = [name(number) for number in documents if name(number)]
    if known and all(_LONG_NUMBER.fullmatch(number) for number in known):
        return [number[-4:] for number in known], True
    return known, False


def listed(parts: Sequence[str], locale: str, *, is_whole: bool = True) -> str:
    """Parts as they are said one after the other; ``is_whole``: no others follow."""
    if locale == "zh_CN":
        return "、".join(parts)
    if is_whole and len(parts) > 1:
        return f"{', '.join(parts[:-1])} and {parts[-1]}"
    return ", ".join(parts)
