"""What would change the decisions about an account, as sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from huikuan.referrals.why_replay import Row
from huikuan.referrals.why_terms import Terms
from huikuan.wording import Wording, clean

_ITEMS_NAMED = 3


def change_sentences(facts: Mapping[str, Any], wording: Wording) -> list[str]:
    """One sentence or two per claim, in their order."""
    tell = {
        "nothing": _nothing,
        "payment": _payment,
        "exemption": _exemption,
        "approval": _approval,
        "promise": _promise,
        "repair": _repair,
        "step": _step,
        "grade": _grade,
    }
    terms = Terms(wording.locale)
    return [tell[claim["kind"]](claim, facts, wording, terms) for claim in facts["changes"]]


def _nothing(claim: Row, _: Mapping[str, Any], wording: Wording, terms: Terms) -> str:
    day = wording.day(claim["seen_on"])
    if not claim["effects"]:
        return wording.text("If nobody does anything, nothing is different on %(day)s.", day=day)
    return wording.text(
        "If nobody does anything: %(effects)s on %(day)s.", effects=_effects(claim, wording, terms), day=day
    )


def _payment(claim: Row, _: Mapping[str, Any], wording: Wording, terms: Terms) -> str:
    values = {
        "amounts": _amounts(claim["payments"], wording),
        "by": wording.day(claim["by"]),
        "items": _items(claim["items"], wording),
        "effects": _effects(claim, wording, terms),
        "day": wording.day(claim["seen_on"]),
    }
    if claim["is_least"]:
        return wording.text(
            "A payment of at least %(amounts)s received by %(by)s for %(items)s: %(effects)s on %(day)s. One minor "
            "unit less does not do that.",
            **values,
        )
    return wording.text(
        "A payment of %(amounts)s received by %(by)s for %(items)s: %(effects)s on %(day)s; less may do.", **values
    )


def _exemption(claim: Row, _: Mapping[str, Any], wording: Wording, terms: Terms) -> str:
    return wording.text(
        "No payment ends %(sanctions)s; an override that exempts the customer, written by %(by)s, does: %(effects)s on "
        "%(day)s.",
        sanctions=wording.listed(map(terms, claim["flags"])),
        by=wording.day(claim["by"]),
        effects=_effects(claim, wording, terms),
        day=wording.day(claim["seen_on"]),
    )


def _approval(claim: Row, facts: Mapping[str, Any], wording: Wording, terms: Terms) -> str:
    return wording.text(
        "If %(who)s approves %(sanction)s on %(by)s: %(effects)s on %(day)s.",
        who=person(claim["approver_id"], facts),
        sanction=terms(claim["flag"]),
        by=wording.day(claim["by"]),
        effects=_effects(claim, wording, terms),
        day=wording.day(claim["seen_on"]),
    )


def _promise(claim: Row, _: Mapping[str, Any], wording: Wording, terms: Terms) -> str:
    values = {
        "amounts": _amounts(claim["payments"], wording),
        "by": wording.day(claim["by"]),
        "due": wording.day(claim["promised_for"]),
        "effects": _effects(claim, wording, terms),
        "day": wording.day(claim["seen_on"]),
    }
    if claim["is_least"]:
        return wording.text(
            "A promise of at least %(amounts)s for %(due)s, made by %(by)s: %(effects)s on %(day)s while it is open.",
            **values,
        )
    return wording.text(
        "A promise of %(amounts)s for %(due)s, made by %(by)s: %(effects)s on %(day)s while it is open; less may do.",
        **values,
    )


def _repair(claim: Row, _: Mapping[str, Any], wording: Wording, terms: Terms) -> str:
    return wording.text(
        "If the rows in quarantine are corrected by %(by)s and the amounts stay: %(effects)s on %(day)s.",
        by=wording.day(claim["by"]),
        effects=_effects(claim, wording, terms),
        day=wording.day(claim["seen_on"]),
    )


def _step(claim: Row, _: Mapping[str, Any], wording: Wording, terms: Terms) -> str:
    values = {
        "sanction": terms(claim["flag"]),
        "state": terms(claim["state"]),
        "day": wording.day(claim["seen_on"]),
    }
    if not claim["notices"]:
        return wording.text("If nothing else changes, %(sanction)s is %(state)s on %(day)s, not earlier.", **values)
    notices = (f"{terms(each['notice'])} ({wording.day(each['on'])})" for each in claim["notices"])
    return wording.text(
        "With %(notices)s delivered on these days, %(sanction)s is %(state)s on %(day)s, not earlier.",
        notices=wording.listed(notices),
        **values,
    )


def _grade(claim: Row, _: Mapping[str, Any], wording: Wording, terms: Terms) -> str:
    return wording.text(
        "Grade %(grade)s allows %(points)s points; the score is %(score)s. Most comes from %(lines)s.",
        grade=claim["grade"],
        points=wording.quantity(claim["at_most"]),
        score=wording.number(claim["score"]),
        lines=wording.listed(f"{terms(line['fact'])} {line['points']}" for line in claim["largest"]),
    )


def _effects(claim: Row, wording: Wording, terms: Terms) -> str:
    """``stage M3 → M2, risk grade D → C``; what is not there at all is ``none``."""
    score = next((each for each in claim["effects"] if each["what"] == "risk_score"), None)
    told = [each for each in claim["effects"] if each is not score or len(claim["effects"]) == 1]
    if not told:
        return wording.text("nothing changes")
    return wording.listed(_effect(each, wording, terms) for each in told)


def _effect(effect: Row, wording: Wording, terms: Terms) -> str:
    names = {
        "stage": wording.text("stage"),
        "risk_grade": wording.text("grade"),
        "risk_score": wording.text("score"),
        "pattern": wording.text("pattern"),
        "arrears_nature": wording.text("nature"),
        "ladder_step": wording.text("step reached"),
    }
    what = names.get(effect["what"]) or terms(effect["what"].removeprefix("flag:"))
    before, after = (terms("none" if state is None else str(state)) for state in (effect["before"], effect["after"]))
    return f"{what} {before} → {after}"


def _amounts(payments: Sequence[Row], wording: Wording) -> str:
    return wording.listed(f"{each['currency']} {wording.money(each['amount'], each['currency'])}" for each in payments)


def _items(paid: Sequence[Row], wording: Wording) -> str:
    """The first documents a payment goes to, by the number that the customer knows."""
    numbers = list(dict.fromkeys(clean(each["number"] or each["document_id"], 40) for each in paid))
    named = wording.listed(numbers[:_ITEMS_NAMED])
    rest = len(numbers) - _ITEMS_NAMED
    if rest <= 0:
        return named
    return wording.text("%(items)s and %(rest)s more", items=named, rest=wording.number(rest))


def person(rep_id: str | None, facts: Mapping[str, Any]) -> str:
    """``Chen (M-CHEN)``; the id alone where the ledger does not know it."""
    if rep_id is None:
        return "–"
    name = facts["people"].get(rep_id)
    return f"{clean(name, 40)} ({clean(rep_id, 30)})" if name else clean(rep_id, 40)
