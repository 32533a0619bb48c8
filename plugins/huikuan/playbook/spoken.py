"""Amounts, days and names as people say them on the phone: £12,400, 12,400元, Friday 3 July, 7月3日（周五）."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
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
_DEPARTMENT = re.compile(
    r"(?:the )?(?:accounts?|finance|purchas\w*|payments?|credit(?:or)?s?)"
    r"(?: (?:payable|ledger|team|office|control|dept\.?|department))*",
    re.IGNORECASE,
)
_LONG_NUMBER = re.compile(r"\d{11,}")
_WEEKDAYS_KNOWN = 31
"""Days back that people still know the weekday of."""
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
    """Day with its weekday, unless that is long past; the year only where it is not the year of ``business_date``."""
    same, is_past = on.year == business_date.year, (business_date - on).days > _WEEKDAYS_KNOWN
    if locale == "zh_CN":
        return format_date(on, f"{'' if same else 'y年'}M月d日{'' if is_past else '（EEE）'}", locale=_CHINESE)
    return format_date(on, f"{'' if is_past else 'EEEE '}d MMMM{'' if same else ' y'}", locale=_ENGLISH)


def today(locale: str) -> str:
    """How one says the day of the talk."""
    return "今天" if locale == "zh_CN" else "today"


def about(amount: Decimal, currency: str | None, locale: str) -> str:
    """The amount in two figures and zeros, where it is a measure and not a debt."""
    rounded = Context(prec=2, rounding=ROUND_HALF_UP).plus(amount)
    return money(rounded.quantize(Decimal(1)) if rounded >= 1 else rounded, currency, locale)


@lru_cache(maxsize=64)
def month(on: date, locale: str) -> str:
    """7月, July."""
    return format_date(on, "M月" if locale == "zh_CN" else "MMMM", locale=_CHINESE if locale == "zh_CN" else _ENGLISH)


@lru_cache(maxsize=4096)
def name(text: str | None) -> str:
    """A person's or document's name from the ledger as one inert line; empty when there is none."""
    return clean(text, _NAME_LENGTH)


def addressed(text: str | None, locale: str) -> str:
    """A contact as one says hello to; empty for a department, which nobody greets by name in English."""
    called = name(text)
    return "" if locale == "en" and _DEPARTMENT.fullmatch(called) else called


@lru_cache(maxsize=4096)
def company(text: str | None, limit: int = _NAME_LENGTH) -> str:
    """A company's name without its legal form: nobody says that on the phone."""
    return clean(_LEGAL_FORM.sub("", (text or "").strip()), limit)


def numbers(documents: Sequence[str], locale: str) -> tuple[list[str], bool]:
    """How document numbers are said, and whether all by their last four digits: nobody reads out twenty."""
    known = [name(number) for number in documents if name(number)]
    if known and all(_LONG_NUMBER.fullmatch(number) for number in known):
        return [number[-4:] for number in known], True
    tail = "尾号" if locale == "zh_CN" else "one ending "
    return [tail + number[-4:] if _LONG_NUMBER.fullmatch(number) else number for number in known], False


def listed(parts: Sequence[str], locale: str, *, is_whole: bool = True) -> str:
    """Parts as they are said one after the other; ``is_whole``: no others follow."""
    if locale == "zh_CN":
        return "、".join(parts)
    if is_whole and len(parts) > 1:
        return f"{', '.join(parts[:-1])} and {parts[-1]}"
    return ", ".join(parts)
