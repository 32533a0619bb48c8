"""How amounts, dates and sentences read in the reader's language: Babel for figures, a gettext catalogue for text.

English is the text in code and templates; the ``.po`` files in ``include/locale/zh_CN/LC_MESSAGES`` hold the Chinese.
They are read as they are, so there is no compiled file that could be stale.
"""

from __future__ import annotations

import gettext
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from io import BytesIO
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_compact_decimal, format_decimal

from huikuan.currencies import minor_units as currency_digits
from huikuan.settings import INCLUDE

LOCALES = ("en", "zh_CN")
_SHOWN_AS_SPACE = {"Zl", "Zp"}
_REPLACED = {"Cc", "Cf", "Cs", "Co", "Cn"}
_JOINERS = {"\u200c", "\u200d"}  # zero-width joiners are part of how some scripts and emoji are written


def clean(text: str | None, limit: int = 80) -> str:
    """Ledger text as one safe line of at most ``limit`` characters.

    Line breaks become spaces; other control, direction-changing and unpaired characters become U+FFFD, so that they
    are seen and do nothing. Nothing else changes: 𠮷, quotes, braces and angle brackets stay as they are.
    """
    line = (text or "")[: 4 * limit]
    if not line.isprintable():
        line = "".join(map(_shown, line))
    line = " ".join(line.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _shown(character: str) -> str:
    if character in "\t\n\r\v\f\x85" or unicodedata.category(character) in _SHOWN_AS_SPACE:
        return " "
    hidden = unicodedata.category(character) in _REPLACED and character not in _JOINERS
    return "\ufffd" if hidden else character


def reader_locale(wanted: str | None) -> str:
    """The catalogue for a locale of the ledger: zh, zh-CN and zh_Hans are Chinese, all else English."""
    return "zh_CN" if (wanted or "").replace("-", "_").lower().split("_")[0] == "zh" else "en"


@cache
def translations(locale: str, catalogue: str = "huikuan") -> gettext.NullTranslations:
    """Translations of one of LOCALES. Each kind of text has a catalogue: one word may need two translations."""
    if locale == "en":
        return gettext.NullTranslations()
    compiled = BytesIO()
    with (INCLUDE / "locale" / locale / "LC_MESSAGES" / f"{catalogue}.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=locale))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@dataclass(frozen=True)
class Wording:
    """Everything a template needs to speak one language."""

    locale: str
    catalogue: str = "huikuan"

    @property
    def lang(self) -> str:
        """Value of HTML's lang attribute."""
        return self.locale.replace("_", "-")

    def text(self, message: str, **values: object) -> str:
        """A translated sentence with its values filled in."""
        translated = translations(self.locale, self.catalogue).gettext(message)
        return translated % values if values else translated

    def count(self, one: str, many: str, n: int, **values: object) -> str:
        """A translated sentence that depends on a count, which it may show as %(n)s."""
        return translations(self.locale, self.catalogue).ngettext(one, many, n) % {"n": n, **values}

    def money(self, amount: Decimal, currency: str) -> str:
        """An amount with the digits of its currency, rounded half up, without symbol or code."""
        return format_decimal(minor_units(amount, currency), format=_pattern(currency), locale=_babel(self.locale))

    def number(self, number: int) -> str:
        """A whole number with its groups."""
        return format_decimal(number, format="#,##0", locale=_babel(self.locale))

    def quantity(self, number: Decimal) -> str:
        """A number without a unit, with its groups and at most four decimals."""
        return format_decimal(number, format="#,##0.####", locale=_babel(self.locale))

    def short_money(self, amount: Decimal, currency: str) -> str:
        """Code and rounded amount for a subject line: ``CNY 1.28M``, ``CNY 128万``."""
        return f"{currency} {self.short(amount)}"

    def short(self, amount: Decimal) -> str:
        """A rounded amount for a subject line or the side of a chart: ``1.28M``, ``128万``."""
        # rounded first, because Babel chooses the unit before it rounds: 999,999 would read 1000K
        rounded = Context(prec=4, rounding=ROUND_HALF_UP).plus(amount.quantize(Decimal(1), ROUND_HALF_UP))
        return str(format_compact_decimal(rounded, locale=_babel(self.locale), fraction_digits=1))

    def day(self, day: date) -> str:
        """``3 Jun 2025`` or ``2025年6月3日``: never an order of figures that can be misread."""
        return format_date(day, "y年M月d日" if self.locale == "zh_CN" else "d MMM y", locale=_babel(self.locale))

    def moment(self, moment: datetime, time_zone: str) -> str:
        """``3 Jun 2025, 14:00 (UTC+08:00)``: day and time in a zone, with its distance from UTC."""
        local = moment.astimezone(ZoneInfo(time_zone))
        between = " " if self.locale == "zh_CN" else ", "
        return f"{self.day(local.date())}{between}{local:%H:%M} (UTC{local.isoformat(timespec='minutes')[-6:]})"

    def percent(self, share: Decimal) -> str:
        """A share that is given in percent, with at most one decimal."""
        return (
            format_decimal(share.quantize(Decimal("0.1"), ROUND_HALF_UP), format="#,##0.#", locale=_babel(self.locale))
            + "%"
        )

    def tenths(self, number: Decimal) -> str:
        """A number with exactly one decimal, so that the figures of a column stand under each other."""
        return format_decimal(
            number.quantize(Decimal("0.1"), ROUND_HALF_UP), format="#,##0.0", locale=_babel(self.locale)
        )

    def listed(self, parts: Iterable[str]) -> str:
        """Parts of a sentence one after the other, with the comma of the language."""
        return ("、" if self.locale == "zh_CN" else ", ").join(parts)

    def joined(self, sentences: Iterable[str]) -> str:
        """Sentences one after the other, with a space where the script wants one."""
        return ("" if self.locale == "zh_CN" else " ").join(sentences)


@cache
def _babel(locale: str) -> Locale:
    """Babel's own object: given a name, it would look for the locale's data with every figure."""
    return Locale.parse(locale)


def minor_units(amount: Decimal, currency: str) -> Decimal:
    """The amount rounded half up to the currency's minor unit (JPY 0, USD 2, KWD 3)."""
    return amount.quantize(Decimal(1).scaleb(-currency_digits(currency)), ROUND_HALF_UP)


def _pattern(currency: str) -> str:
    digits = currency_digits(currency)
    return "#,##0" + ("." + "0" * digits if digits else "")
