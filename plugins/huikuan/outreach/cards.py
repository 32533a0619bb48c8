"""A list as a mail shows it: a card per customer with its tasks, then one short row for each other task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from huikuan.outreach.kinds import because, days_late, label, main_money, reason, standing, todo
from huikuan.outreach.lines import Line, Money
from huikuan.outreach.offers import PAPERWORK
from huikuan.outreach.rows import AccountKey, Reader
from huikuan.outreach.sentences import person, phone_link
from huikuan.outreach.talk import talk, terms
from huikuan.outreach.worklists import Truth
from huikuan.playbook import Script
from huikuan.wording import Wording, clean

STEPS = 3
"""Tasks that a card shows; more of one customer are in the workbook."""
_ABOUT_ALL = ("offer_plan", "escalate", "prepare_referral")
"""Talks about all that is overdue in a currency: another talk that asks for a part of it would contradict them."""
_ABOUT_A_PART = ("call", "visit", "chase_promise", "ask_commitment", "close_gap")
_TERMS_MATTER = ("offer_plan", "escalate")
"""Tasks after which supply goes on under terms that somebody has to choose."""


@dataclass(frozen=True)
class Step:
    """One task of a card as text, ready to print."""

    label: str
    do: str
    person: str
    """Whom to talk to, where it is not the card's person; else empty."""
    phone: str
    phone_link: str
    say: str
    """What the rep says; empty without a script."""
    answer: str
    """The objection to expect, and the answer to it; of the first task only."""
    offer: tuple[str, ...]
    """How far to bargain, and what may be offered; of the first task only."""
    note: str
    """Why, since when it waits, and which day suits best."""


@dataclass(frozen=True)
class Card:
    """One customer with all of today's tasks."""

    place: int
    name: str
    account: str
    currency: str
    amount: str
    late: str
    is_late: bool
    figures: str
    """``USD 12,000.00 · 34 days late``"""
    person: str
    """Whom to talk to, with the role."""
    phone: str
    """The number as the ledger has it."""
    phone_link: str
    """``tel:`` and digits only, or empty."""
    why: str
    steps: tuple[Step, ...]
    hidden: int


@dataclass(frozen=True)
class Row:
    """One task in a line or two."""

    place: int
    name: str
    account: str
    label: str
    late: str
    is_late: bool
    currency: str
    amount: str
    figures: str
    person: str
    """The name alone."""
    phone: str
    phone_link: str
    rep: str
    """Who is in charge, where that is not the reader."""


def by_customer(lines: Iterable[Line]) -> list[list[Line]]:
    """Lines of each account, accounts in the order of their first line."""
    groups: dict[AccountKey, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.key, []).append(line)
    return list(groups.values())


def has_own_talk(line: Line, before: Iterable[Line]) -> bool:
    """Whether a task needs a talk of its own: what was said once is not said again, nor anything against it.

    ``before``: tasks of the same customer that come first.
    """
    return all(line.kind != other.kind and not _is_part_of(line, other) for other in before)


def cards(groups: Sequence[Sequence[Line]], reader: Reader, truth: Truth, wording: Wording) -> list[Card]:
    """A card for each group of lines, numbered from 1."""
    return [_card(place, lines, reader, truth, wording) for place, lines in enumerate(groups, start=1)]


def _card(place: int, lines: Sequence[Line], reader: Reader, truth: Truth, wording: Wording) -> Card:
    first = lines[0]
    money = _owed(first)
    currency, amount, late = _figures(money, first, wording)
    steps = tuple(_step(line, lines[:n], reader, truth, wording) for n, line in enumerate(lines[:STEPS]))
    return Card(
        place=place,
        name=clean(first.name),
        account=clean(first.account_id, 30),
        currency=currency,
        amount=amount,
        late=late,
        is_late=first.days_late > 0,
        figures=" · ".join(filter(None, [f"{currency} {amount}".strip(), late])),
        person=_person(first, wording),
        phone=_phone(first),
        phone_link=phone_link(_phone(first)),
        why=wording.joined(standing(first, wording)),
        steps=steps,
        hidden=len(lines) - len(steps),
    )


def _step(line: Line, before: Sequence[Line], reader: Reader, truth: Truth, wording: Wording) -> Step:
    """``before``: tasks above it on the card."""
    is_first, is_own = not before, has_own_talk(line, before)
    is_said = is_first or (is_own and line.kind not in PAPERWORK)
    script = talk(line, reader, truth, wording.locale) if is_said else None
    own = list(reason(line, wording))
    is_brief = not is_own
    is_other = script is not None and not is_first and line.contact != before[0].contact
    return Step(
        label=label(line.kind, wording),
        do=wording.joined(own or [wording.text("Part of the talk above.")]) if is_brief else todo(line, wording),
        person=_person(line, wording) if is_other else "",
        phone=_phone(line) if is_other else "",
        phone_link=phone_link(_phone(line)) if is_other else "",
        say=script.say if script else "",
        answer=wording.joined(script.section("objection")) if script and is_first else "",
        offer=_offer(line, script, wording) if script and is_first else (),
        note="" if is_brief else wording.joined([*because(line, wording), *when(line, truth, wording)]),
    )


def _person(line: Line, wording: Wording) -> str:
    """Whom to talk to, with the role, and that there is no number where there is none."""
    who = person(line.contact, wording)
    return f"{who} · {wording.text('no number on file')}" if line.contact and not _phone(line) else who


def _is_part_of(line: Line, other: Line) -> bool:
    """Whether ``line`` asks for money that the talk of ``other`` is about already."""
    if other.kind not in _ABOUT_ALL or line.kind not in _ABOUT_A_PART or line.ask is None or other.ask is None:
        return False
    return line.ask.currency == other.ask.currency


def _offer(line: Line, script: Script, wording: Wording) -> tuple[str, ...]:
    """The figures that the policy allows: how far to bargain, payments of a plan or a discount, terms from now on."""
    offers, given = line.offers, script.section("offer")
    bargaining = script.section("bargaining") if offers.anchor else ()
    payments = _payments(line, wording) if offers.plan and given else ""
    discount = given if offers.discount else ()
    advice = terms(line, wording.locale) if line.kind in _TERMS_MATTER else ""
    return tuple(filter(None, (*bargaining, payments, *discount, advice)))


def _payments(line: Line, wording: Wording) -> str:
    """``In parts: USD 300.00 on 7 Jul 2025 · USD 100.00 on 4 Aug 2025``"""
    currency = line.ask.currency if line.ask else ""
    parts = [(wording.money(part.amount, currency), wording.day(part.due_on)) for part in line.offers.plan]
    listed = " · ".join(wording.text("%(amount)s on %(day)s", amount=amount, day=day) for amount, day in parts)
    return wording.text("In parts, %(currency)s: %(payments)s.", currency=clean(currency, 3), payments=listed)


def when(line: Line, truth: Truth, wording: Wording) -> list[str]:
    """Since when a task waits, and which day suits the customer best."""
    sentences = []
    if line.waiting_since and line.waiting_since < truth.business_date:
        sentences.append(wording.text("On your list since %(day)s.", day=wording.day(line.waiting_since)))
    if line.act_on == truth.business_date:
        sentences.append(wording.text("Today is the best day for it."))
    elif line.act_on:
        sentences.append(wording.text("Best day: %(day)s.", day=wording.day(line.act_on)))
    return sentences


def rows(lines: Iterable[Line], start: int, wording: Wording, *, of_others: bool = False) -> list[Row]:
    """A short row for each line, numbered from ``start``; ``of_others``: other people's work, so with their names."""
    return [_row(place, line, wording, of_others) for place, line in enumerate(lines, start=start)]


def _row(place: int, line: Line, wording: Wording, of_others: bool) -> Row:
    currency, amount, late = _figures(main_money(line), line, wording)
    return Row(
        place=place,
        name=clean(line.name),
        account=clean(line.account_id, 30),
        label=label(line.kind, wording),
        late=late,
        is_late=line.days_late > 0,
        currency=currency,
        amount=amount,
        figures=" · ".join(filter(None, [f"{currency} {amount}".strip(), late])),
        person=clean(line.contact.name, 40) if line.contact else "",
        phone=_phone(line),
        phone_link=phone_link(_phone(line)),
        rep=wording.text("Rep: %(name)s", name=clean(line.rep_name, 40)) if of_others and line.rep_name else "",
    )


def _owed(line: Line) -> Money | None:
    """All that is overdue in the currency of the first task; else what the task is about."""
    main = main_money(line)
    return next((money for money in line.overdue if main and money.currency == main.currency), main)


def _figures(money: Money | None, line: Line, wording: Wording) -> tuple[str, str, str]:
    currency = clean(money.currency, 3) if money else ""
    amount = wording.money(money.amount, money.currency) if money else ""
    return currency, amount, days_late(line.days_late, wording)


def _phone(line: Line) -> str:
    return clean(line.contact.phone, 30) if line.contact else ""
