"""Drill cards (演练卡) for the weekly mail, and the success story of the week from a real recovery (A6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from huikuan.errors import PlaybookError
from huikuan.playbook import spoken, texts


@dataclass(frozen=True)
class Drill:
    """A scenario to practise: what the customer says, good answers, and what to avoid. Plain text."""

    drill_id: str
    title: str
    scenario: str
    objection: str
    good: tuple[str, ...]
    avoid: str


@dataclass(frozen=True)
class StoryFacts:
    """A recovery: money that came, how late, and the kind of task that came before it, where one did."""

    business_date: date
    amount: Decimal
    currency: str
    rep_name: str | None = None
    account_name: str | None = None
    days_past_due: int | None = None
    received_on: date | None = None
    talks_count: int = 0
    worked: str | None = None
    is_promise_kept: bool = False


@dataclass(frozen=True)
class Story:
    """A success story in words. Plain text."""

    title: str
    story: str
    lesson: str


def drill_ids(locale: str) -> list[str]:
    """Every drill card of a language."""
    return texts.names(locale, "drills")


def drill(drill_id: str, locale: str) -> Drill:
    """One card. Raises PlaybookError when there is none of that name."""
    if drill_id not in drill_ids(locale):
        raise PlaybookError(
            f"There is no drill card {drill_id} in {locale}.", f"Take one of {', '.join(drill_ids(locale))}."
        )
    pieces = {
        key: texts.fill(locale, f"drills/{drill_id}", key, {}) for key in Drill.__annotations__ if key != "drill_id"
    }
    lines = {key: texts.paragraphs(text, locale) for key, text in pieces.items()}
    return Drill(
        drill_id,
        title=" ".join(lines["title"]),
        scenario=" ".join(lines["scenario"]),
        objection=" ".join(lines["objection"]),
        good=lines["good"],
        avoid=" ".join(lines["avoid"]),
    )


def drill_of_week(business_date: date, locale: str) -> Drill:
    """The card of this week: one after the other, the same for everybody."""
    cards = drill_ids(locale)
    return drill(cards[business_date.toordinal() // 7 % len(cards)], locale)


def success_story(facts: StoryFacts, locale: str) -> Story:
    """The story of one recovery. What is not known is left out."""
    told = texts.sections(locale, "parts/story")
    f = {
        "rep": spoken.name(facts.rep_name),
        "account": spoken.company(facts.account_name, spoken.ACCOUNT_LENGTH),
        "amount": spoken.money(facts.amount, facts.currency, locale),
        "days": max(0, facts.days_past_due or 0),
        "received_on": spoken.day(facts.received_on, facts.business_date, locale) if facts.received_on else "",
        "talks": facts.talks_count,
        "worked": facts.worked if facts.worked in told else "",
        "is_promise_kept": facts.is_promise_kept,
    }
    values: dict[str, Any] = {"f": f, "part": partial(_part, locale)}
    title, story, lesson = (
        texts.one_line(texts.fill(locale, "stories/success", key, values), locale)
        for key in ("title", "story", "lesson")
    )
    return Story(title, story, lesson)


def _part(locale: str, name: str) -> str:
    file, _, section = name.partition(".")
    return texts.fill(locale, f"parts/{file}", section, {})
