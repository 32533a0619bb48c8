"""The chronology: what happened between creditor and debtor, merged from every table and sorted by time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from huikuan.referrals.packet_claim import Claim
from huikuan.referrals.packet_papers import label
from huikuan.referrals.packet_rows import Facts, Promise, Talk
from huikuan.referrals.packet_words import listed, word
from huikuan.wording import Wording

KINDS = {
    "contract": "Contract",
    "arrears": "Arrears",
    "credit": "Credit",
    "receipt": "Receipt",
    "dispute": "Dispute",
    "promise": "Promise",
    "contact": "Contacted",
    "notice": "Notice",
    "paper": "Paper",
    "sanction": "Sanction",
    "decision": "Decision",
}
"""Kinds of event, in the order in which events of one moment stand."""
_PAPERS_IN_TIME = ("stamped_statement", "correspondence", "guarantee", "acceptance_certificate")


@dataclass(frozen=True)
class Event:
    """One line of the chronology; ``clock`` is local time of the company, empty where only the day is known."""

    on_date: date
    clock: str
    kind: str
    source_id: str
    text: str
    who: str


def chronology(facts: Facts, claim: Claim, wording: Wording, notices: Sequence[str]) -> tuple[Event, ...]:
    """All events up to the close of books, oldest first, told in the reader's language.

    ``notices`` names the policy's notices, the last before sanctions last.
    """
    order = list(KINDS)
    events = [
        *_contracts(facts, wording),
        *_arrears(claim, wording),
        *_money(facts, wording),
        *_disputes(facts, wording),
        *(_promise(promise, wording) for promise in facts.promises),
        *_talks(facts, wording, notices),
        *_papers(facts, wording),
        *_sanctions(facts, wording),
    ]
    return tuple(sorted(events, key=lambda e: (e.on_date, e.clock, order.index(e.kind), e.source_id, e.text)))


def money(wording: Wording, amount: Decimal, currency: str) -> str:
    """Code and amount: the code never depends on the reader's language."""
    return f"{currency} {wording.money(amount, currency)}"


def name(facts: Facts, rep_id: str | None) -> str:
    """The person's name, or the id where the ledger knows no name."""
    return facts.people.get(rep_id, rep_id) if rep_id else ""


def _contracts(facts: Facts, wording: Wording) -> Iterator[Event]:
    for contract in facts.contracts:
        known = {"number": contract.contract_id, "project": contract.project or "–"}
        for day, sentence in (
            (contract.signed_on, wording.text("Contract %(number)s signed: %(project)s.", **known)),
            (contract.accepted_on, wording.text("Goods or work of contract %(number)s accepted.", **known)),
        ):
            if day is not None:
                yield Event(day, "", "contract", contract.contract_id, sentence, "")


def _arrears(claim: Claim, wording: Wording) -> Iterator[Event]:
    """The day on which each claimed document became overdue: one line per day, however many documents."""
    days: dict[date, list[str]] = {}
    for line in claim.lines:
        if line.claimed > 0:
            days.setdefault(line.item.due_on + timedelta(days=1), []).append(label(line.item))
    for day, numbers in days.items():
        numbers = list(dict.fromkeys(numbers))
        text = wording.text("Overdue and still unpaid: %(numbers)s.", numbers=listed(wording, numbers))
        yield Event(day, "", "arrears", numbers[0], text, "")


def _money(facts: Facts, wording: Wording) -> Iterator[Event]:
    for receipt in facts.receipts:
        amount = money(wording, receipt.amount, receipt.currency)
        text = (
            wording.text(
                "Received %(amount)s by %(method)s.", amount=amount, method=word(wording, "method", receipt.method)
            )
            if receipt.method
            else wording.text("Received %(amount)s.", amount=amount)
        )
        yield Event(receipt.received_on, "", "receipt", receipt.receipt_id, text, "")
    for credit in facts.credits:
        values = {"amount": money(wording, credit.amount, credit.currency), "number": credit.number or "–"}
        text = (
            wording.text("Written off in our books: %(amount)s of %(number)s; the debt itself stands.", **values)
            if credit.kind == "write_off"
            else wording.text("Credit note over %(amount)s for %(number)s.", **values)
        )
        yield Event(credit.on_date, "", "credit", credit.source_id, text, "")


def _disputes(facts: Facts, wording: Wording) -> Iterator[Event]:
    for dispute in facts.disputes:
        part = (
            money(wording, dispute.amount, dispute.currency)
            if dispute.amount is not None
            else wording.text("all of it")
        )
        number = dispute.number
        text = wording.text(
            "The customer disputes %(number)s (%(part)s). Reason: %(reason)s.",
            number=number,
            part=part,
            reason=word(wording, "reason", dispute.reason_code),
        )
        owner = name(facts, dispute.owner_rep_id)
        yield Event(dispute.opened_on, "", "dispute", dispute.dispute_id, text, owner)
        if dispute.resolved_on is not None:
            text = wording.text("Dispute about %(number)s resolved.", number=number)
            yield Event(dispute.resolved_on, "", "dispute", dispute.dispute_id, text, owner)


def _promise(promise: Promise, wording: Wording) -> Event:
    text = wording.text(
        "Promised %(amount)s for %(day)s: %(state)s; received in time: %(received)s.",
        amount=money(wording, promise.amount, promise.currency),
        day=wording.day(promise.promised_for),
        state=word(wording, "promise", promise.state),
        received=money(wording, promise.received_amount, promise.currency),
    )
    about = wording.text("About %(number)s.", number=promise.number) if promise.number else ""
    return Event(promise.made_on, "", "promise", promise.promise_id, wording.joined(filter(None, (text, about))), "")


def _talks(facts: Facts, wording: Wording, notices: Sequence[str]) -> Iterator[Event]:
    """Contacts and mails; the one that proves the delivery of a notice is a notice."""
    status = facts.status
    proof = status.notice_evidence if status else None
    delivered = word(wording, "notice", _notice_reached(facts, notices)).capitalize()
    for talk in facts.talks:
        kind = "notice" if proof == f"contact_log:{talk.log_id}" else "contact"
        sentences = [] if kind == "contact" else [wording.text("%(notice)s delivered.", notice=delivered)]
        sentences += _said(talk, wording)
        yield Event(
            talk.contacted_at.date(),
            f"{talk.contacted_at:%H:%M}",
            kind,
            talk.log_id,
            wording.joined(sentences),
            name(facts, talk.rep_id),
        )
    for notice in facts.notices:
        is_proof = proof == f"message:{notice.message_id}"
        text = (
            wording.text("%(notice)s sent by mail; the customer's server accepted it.", notice=delivered)
            if is_proof
            else wording.text("Notice sent by mail; the customer's server accepted it.")
        )
        yield Event(notice.sent_on, "", "notice", notice.message_id, text, "")


def _notice_reached(facts: Facts, notices: Sequence[str]) -> str:
    """Name of the notice that the ladder's evidence is about: the last one, once a sanction stands."""
    step = facts.status.ladder_step if facts.status else None
    return step if step is not None and step in notices else notices[-1]


def _said(talk: Talk, wording: Wording) -> list[str]:
    """What the entry of the contact log says, in sentences."""
    said = wording.text(
        "%(channel)s: %(outcome)s.",
        channel=word(wording, "channel", talk.channel).capitalize(),
        outcome=word(wording, "outcome", talk.outcome),
    )
    sentences = [said]
    if talk.reason_code:
        sentences.append(wording.text("Reason given: %(reason)s.", reason=word(wording, "reason", talk.reason_code)))
    if talk.note and talk.note.strip():
        sentences.append(wording.text("“%(note)s”", note=talk.note))
    if talk.next_step_on:
        sentences.append(wording.text("Next step agreed for %(day)s.", day=wording.day(talk.next_step_on)))
    return sentences


def _papers(facts: Facts, wording: Wording) -> Iterator[Event]:
    for paper in facts.papers:
        if paper.kind in _PAPERS_IN_TIME:
            kind = word(wording, "paper", paper.kind).capitalize()
            text = (
                wording.text("%(paper)s obtained for %(number)s.", paper=kind, number=paper.number)
                if paper.number
                else wording.text("%(paper)s obtained.", paper=kind)
            )
            yield Event(paper.obtained_on, "", "paper", paper.evidence_id, text, "")


def _sanctions(facts: Facts, wording: Wording) -> Iterator[Event]:
    """Decisions of people, overrides, and the state in which each sanction stands now."""
    for decision in facts.decisions:
        text = wording.text(
            "%(flag)s: %(choice)s.",
            flag=word(wording, "flag", decision.flag).capitalize(),
            choice=word(wording, "choice", decision.choice),
        )
        who = name(facts, decision.decided_by)
        yield Event(decision.decided_on, "", "decision", decision.batch_id, text, who)
    for override in facts.overrides:
        text = wording.text(
            "%(effect)s %(flag)s until %(day)s. “%(reason)s”",
            effect=word(wording, "effect", override.effect).capitalize(),
            flag=word(wording, "flag", override.flag) if override.flag else wording.text("all sanctions"),
            day=wording.day(override.expires_on),
            reason=override.reason,
        )
        yield Event(override.from_on, "", "decision", override.override_id, text, name(facts, override.author))
    for flag in facts.flags:
        text = wording.text(
            "%(flag)s: %(state)s since this day (rule %(rule)s).",
            flag=word(wording, "flag", flag.flag).capitalize(),
            state=word(wording, "state", flag.state),
            rule=flag.reason,
        )
        yield Event(flag.since, "", "sanction", flag.flag, text, name(facts, flag.decided_by))
