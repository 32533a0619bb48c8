"""Minor units of currencies as ISO 4217 states them.

Locale data (CLDR) rounds some currencies as people do in shops (dinars without para); books are kept to ISO's digits.
"""

from __future__ import annotations

_NONE = frozenset(
    (
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
        *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
    )
)
_THREE = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
_FOUR = frozenset(("CLF", "UYW"))


def minor_units(currency: str) -> int:
    """Digits after the point in the books of this currency (ISO 4217 list one): JPY 0, CNY 2, KWD 3, CLF 4."""
    if currency in _NONE:
        return 0
    if currency in _THREE:
        return 3
    return 4 if currency in _FOUR else 2
