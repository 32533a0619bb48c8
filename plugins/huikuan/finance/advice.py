"""What a rep should change (C7): the sentence for each habit that table ``rep_performance`` calls weak."""

from __future__ import annotations

from decimal import Decimal

from huikuan.errors import HuikuanError
from huikuan.wording import Wording, reader_locale

CATALOGUE = "reps"
SENTENCES = {
    "terms_days": (
        "Your customers get %(value)s days to pay, usual is %(benchmark)s. Grant the standard terms, and "
        "longer ones only against something in return."
    ),
    "first_contact_days": (
        "A late customer first hears from you after %(value)s days, usual is %(benchmark)s. Call in the first "
        "days after the due date, while the matter is small."
    ),
    "promises_followed_pct": (
        "You follow %(value)s%% of broken promises in time, usual is %(benchmark)s%%. Call on the day after a "
        "promise was broken, and ask for a new day."
    ),
    "ask_share_pct": (
        "Your customers promise %(value)s%% of what is overdue, usual is %(benchmark)s%%. Ask for the whole "
        "amount first, and for a plan for the rest."
    ),
    "overdue_share_pct": (
        "%(value)s%% of what your customers owe is overdue, usual is %(benchmark)s%%. Begin with the largest "
        "items, and ship to late customers only against payment."
    ),
    "collection_rate_pct": (
        "You have brought in %(value)s%% of this month's target, usual is %(benchmark)s%%. Agree on days and "
        "amounts with the customers that carry the target."
    ),
}
"""English sentence by the key in column ``advice``; the Chinese ones are in ``reps.po``."""


def advice(key: str, value: Decimal, benchmark: Decimal, locale: str | None) -> str:
    """The sentence for a weak habit, with the rep's figure and the company's median; HuikuanError for another key."""
    if key not in SENTENCES:
        raise HuikuanError(f"No advice is called {key}.", f"Known: {', '.join(SENTENCES)}.")
    wording = Wording(reader_locale(locale), CATALOGUE)
    shown = {name: wording.quantity(round(number, 1)) for name, number in (("value", value), ("benchmark", benchmark))}
    return wording.text(SENTENCES[key], **shown)
