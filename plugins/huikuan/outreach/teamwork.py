"""What a manager's mail says about the team (团队)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from huikuan.outreach.news import Goal
from huikuan.outreach.sentences import cover_sentence
from huikuan.outreach.teams import Cover, Member
from huikuan.wording import Wording, clean

_COVERS = 6


@dataclass(frozen=True)
class TeamRow:
    """One person of the team as text, ready to print."""

    name: str
    note: str
    planned: str
    waiting: str
    done: str
    oldest: str
    asked: str
    month: str
    quiet: str
    """Customers that nobody has spoken to for long, or nothing."""


def team_rows(members: Iterable[Member], wording: Wording) -> list[TeamRow]:
    """The rows of the team table."""
    return [_row(member, wording) for member in members]


def _row(member: Member, wording: Wording) -> TeamRow:
    note = wording.text("you") if member.is_reader else "" if member.is_active else wording.text("has left")
    quiet = wording.count(
        "%(n)s customer not spoken to for long", "%(n)s customers not spoken to for long", member.quiet
    )
    return TeamRow(
        name=clean(member.name, 40),
        note=note,
        planned=wording.number(member.planned),
        waiting=wording.number(member.waiting),
        done=wording.number(member.done),
        oldest=wording.day(member.oldest) if member.oldest else "–",
        asked=" · ".join(wording.short_money(money.amount, clean(money.currency, 3)) for money in member.asked),
        month=" · ".join(_month(goal, wording) for goal in member.goals),
        quiet=quiet if member.quiet else "",
    )


def _month(goal: Goal, wording: Wording) -> str:
    """``CNY 36.8K of 1.5M (2.4%)``"""
    code = clean(goal.currency, 3)
    share = wording.percent(100 * goal.received / goal.target) if goal.target else "–"
    target = wording.short_money(goal.target, code).removeprefix(code).strip()
    return wording.text(
        "%(received)s of %(target)s (%(share)s)",
        received=wording.short_money(goal.received, code),
        target=target,
        share=share,
    )


def cover_sentences(covers: Iterable[Cover], wording: Wording) -> list[str]:
    """Who stands in for whom, and what nobody does; the most customers first."""
    found = list(covers)
    sentences = [cover_sentence(cover, wording) for cover in found[:_COVERS]]
    if len(found) > _COVERS:
        more = len(found) - _COVERS
        sentences.append(
            wording.count("%(n)s more is in the attached workbook.", "%(n)s more are in the attached workbook.", more)
        )
    return sentences
