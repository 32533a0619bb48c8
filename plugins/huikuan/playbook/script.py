"""A script filled in for one task: what to say first, and the talk behind it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from typing import Any
from unicodedata import east_asian_width

from huikuan.playbook import spoken, texts
from huikuan.playbook.facts import Facts
from huikuan.playbook.view import View
from huikuan.policy.playbooks import Terms

SPOKEN_FIRST = ("opening", "topic", "ask")
ORDER = (
    "opening",
    "topic",
    "facts",
    "bargaining",
    "ask",
    "offer",
    "objection",
    "empathy",
    "benefit",
    "follow_up",
    "approach",
    "hint",
)
"""Sections of a talk in their order; a script that does not write one takes the part for the case, if there is one."""

CARD_LENGTH = {"zh_CN": 90, "en": 60}
"""Most that ``say`` may be long, as ``card_length`` counts, as long as names are of usual length."""
_BRIEFEST = 3

_OF_SUBSTANCE = ("small_defect", "penalty_interest")
"""Special cases that a public body can have too; its other reasons are matters of budget and approval."""


@dataclass(frozen=True)
class Section:
    """A piece of the talk under its heading; plain text, one line per paragraph."""

    key: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Script:
    """What a rep says. ``say`` fits a card on a phone; ``sections`` are the whole talk in its order. Plain text."""

    script_id: str
    locale: str
    opening: str
    say: str
    sections: tuple[Section, ...]

    def section(self, key: str) -> tuple[str, ...]:
        """Lines of a section; none when the talk does without it."""
        return next((section.lines for section in self.sections if section.key == key), ())


class Phrases:
    """Phrases that templates use as ``p.…``: sections of ``parts/phrase``, each filled in when it is first needed."""

    def __init__(self, locale: str, values: dict[str, Any]) -> None:
        self._locale = locale
        self._values = values

    def __getattr__(self, name: str) -> str:
        if name.startswith("_") or name not in texts.sections(self._locale, "parts/phrase"):
            raise AttributeError(name)
        phrase = texts.one_line(texts.fill(self._locale, "parts/phrase", name, self._values), self._locale)
        self.__dict__[name] = phrase
        return phrase


def render(script_id: str, facts: Facts, locale: str) -> Script:
    """The script with the facts filled in, in one of LOCALES.

    What is not known is left out or said in general words; text from the ledger stays text. A card that would be too
    long is said more briefly. Raises PlaybookError when the script does not exist in that language or uses a name that
    is not there.
    """
    for brief in range(_BRIEFEST + 1):
        values = _values(facts, locale, brief)
        first = {key: _section(script_id, key, values, locale) for key in SPOKEN_FIRST}
        say = ("" if locale == "zh_CN" else " ").join(line for lines in first.values() for line in lines)
        if card_length(say, locale) <= CARD_LENGTH[locale]:
            break
    found = {key: first[key] if key in first else _section(script_id, key, values, locale) for key in ORDER}
    return Script(
        script_id,
        locale,
        first["opening"][0],
        say,
        tuple(Section(key, _title(key, locale), lines) for key, lines in found.items() if lines),
    )


def card_length(say: str, locale: str) -> float:
    """Length of a card: in Chinese full-width characters (a Latin letter or a figure is half of one), else words."""
    if locale == "zh_CN":
        return sum(1 if east_asian_width(character) in "WFA" else 0.5 for character in say)
    return len(say.split())


def _section(script_id: str, key: str, values: dict[str, Any], locale: str) -> tuple[str, ...]:
    """Lines of one section: the script's own, else the part for the case."""
    is_written = key in texts.sections(locale, script_id)
    text = texts.fill(locale, script_id, key, values) if is_written else _part_for(key, values)
    return texts.paragraphs(text, locale)


@cache
def _title(key: str, locale: str) -> str:
    return texts.one_line(texts.fill(locale, "parts/title", key, {}), locale)


def terms_text(terms: Terms, grade: str | None, business: Decimal | None, currency: str | None, locale: str) -> str:
    """Advice on terms (账期建议) in words."""
    f = {"grade": grade or "", "business": "" if business is None else spoken.about(business, currency, locale)}
    return texts.one_line(texts.fill(locale, "parts/terms", terms, {"f": f}), locale)


def _values(facts: Facts, locale: str, brief: int) -> dict[str, Any]:
    """What templates may name: the case, ``f`` (facts in words), ``p`` (phrases), ``part`` (a section of parts/).

    ``brief``: 1 leaves out the hook, 2 our company's name, 3 the documents' numbers as well.
    """
    values: dict[str, Any] = {
        "stage": facts.stage,
        "orientation": facts.orientation,
        "nature": facts.nature,
        "segment": facts.segment,
        "special": facts.special,
        "temperament": facts.temperament,
        "brief": brief,
        "track": _track(facts),
        "step": _step(facts),
        "excuse": _excuse(facts),
        "f": View(facts, locale),
    }
    values["part"] = partial(_part, locale, values)
    values["p"] = Phrases(locale, values)
    return values


def _part(locale: str, values: dict[str, Any], name: str) -> str:
    file, _, section = name.partition(".")
    return texts.fill(locale, f"parts/{file}", section, values)


def _track(facts: Facts) -> str:
    """How the customer is handled: public bodies and bad faith come before the orientation."""
    if facts.segment == "government":
        return "government"
    return "suspected" if facts.nature == "suspected_malicious" else facts.orientation or "any"


def _step(facts: Facts) -> str:
    """What follows when the ask is not met."""
    track = _track(facts)
    if track in ("government", "suspected"):
        return track
    return "strategic" if facts.segment == "strategic" else facts.stage or "M1"


def _excuse(facts: Facts) -> str:
    """Which objection to be ready for."""
    track = _track(facts)
    if facts.special is None or (track == "government" and facts.special not in _OF_SUBSTANCE):
        return track
    return facts.special


def _part_for(key: str, values: dict[str, Any]) -> str:
    """The part that a script takes when it has no section of its own; empty when there is none."""
    track = values["track"]
    is_own_track = track in ("government", "suspected")
    names = {
        "objection": values["excuse"],
        "empathy": track if is_own_track else values["excuse"],
        "benefit": track if is_own_track else values["segment"] or "standard",
        "follow_up": values["step"],
        "approach": track,
        "hint": values["temperament"],
        "facts": "any",
    }
    name = names.get(key)
    text: str = values["part"](f"{key}.{name}") if name else ""
    return text
