"""What a mail says, in short sentences: why a row is here, what to do about it, and how far the data can be trusted.

Templates hold layout only; they print what is made here, so the HTML and the text part say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import quote

from huikuan.outreach.rows import Contact
from huikuan.outreach.worklists import (
    Approval,
    DataOwnerReport,
    Digest,
    Escalation,
    Line,
    Money,
    Truth,
    Worklist,
    listed,
)
from huikuan.wording import Wording, clean

SUBJECT_LENGTH = 50
_PHONE_CHARACTERS = frozenset("0123456789+")
_NUMBERS_SHOWN = 3


@dataclass(frozen=True)
class Entry:
    """One row of a list as text, ready to print."""

    place: int
    name: str
    account: str
    currency: str
    amount: str
    late: str
    """``34 days late``, or that it is not overdue."""
    is_late: bool
    figures: str
    """``USD 12,000.00 · 34 days late``, for the text part."""
    why: str
    do: str
    person: str
    """Whom to talk to, with the number as the ledger has it."""
    phone_link: str
    """``tel:`` and digits only, or empty."""


@dataclass(frozen=True)
class Total:
    """What the list asks for in one currency."""

    currency: str
    amount: str
    accounts: str


def entries(lines: Iterable[Line], wording: Wording) -> list[Entry]:
    """The rows of a list, numbered from 1."""
    return [_entry(place, line, wording) for place, line in enumerate(lines, start=1)]


def _entry(place: int, line: Line, wording: Wording) -> Entry:
    money = main_money(line)
    number = clean(line.contact.phone, 30) if line.contact else ""
    currency = clean(money.currency, 3) if money else ""
    amount = wording.money(money.amount, money.currency) if money else ""
    late = days_late(line.days_late, wording)
    return Entry(
        place=place,
        name=clean(line.name),
        account=clean(line.account_id, 30),
        currency=currency,
        amount=amount,
        late=late,
        is_late=line.days_late > 0,
        figures=" · ".join(filter(None, [f"{currency} {amount}".strip(), late])),
        why=why(line, wording),
        do=todo(line, wording),
        person=f"{_person(line.contact, wording)} {number}".strip(),
        phone_link=phone_link(number),
    )


def days_late(days: int, wording: Wording) -> str:
    """``34 days late``, or that it is not overdue."""
    return wording.count("%(n)s day late", "%(n)s days late", days) if days else wording.text("not overdue")


def main_money(line: Line) -> Money | None:
    """The amount that stands in the row's own columns: what to ask for, else what is overdue the longest."""
    return line.ask or next(iter(line.overdue), None)


def phone_link(number: str) -> str:
    """A ``tel:`` link of digits and a leading plus; empty when the text does not look like one phone number."""
    kept = "".join(character for character in number if character in _PHONE_CHARACTERS)
    looks_right = 5 <= len(kept) <= 16 and "+" not in kept[1:] and len(kept) * 2 >= len(number)
    return f"tel:{quote(kept, safe='+')}" if looks_right else ""


def money_asked(lines: Iterable[Line]) -> list[tuple[str, Decimal, int]]:
    """(currency, amount, accounts) over a list: an account with several tasks counts once, with its largest amount."""
    return _sums((line.company_id, line.account_id, main_money(line)) for line in lines)


def _sums(rows: Iterable[tuple[str, str, Money | None]]) -> list[tuple[str, Decimal, int]]:
    """(currency, amount, accounts) of (company_id, account_id, money); an account counts once, with its largest amount.

    Sorted by the number of accounts, then by currency: amounts in different currencies are not compared.
    """
    largest: dict[tuple[str, str, str], Decimal] = {}
    for company_id, account_id, money in rows:
        if money:
            key = (company_id, account_id, money.currency)
            largest[key] = max(largest.get(key, Decimal(0)), money.amount)
    totals: dict[str, tuple[Decimal, int]] = {}
    for (_, _, currency), amount in largest.items():
        before, accounts = totals.get(currency, (Decimal(0), 0))
        totals[currency] = (before + amount, accounts + 1)
    return [
        (currency, amount, accounts)
        for currency, (amount, accounts) in sorted(totals.items(), key=lambda item: (-item[1][1], item[0]))
    ]


def totals(lines: Iterable[Line], wording: Wording) -> list[Total]:
    """One line per currency for the head of the mail."""
    return [
        Total(
            clean(currency, 3),
            wording.money(amount, currency),
            wording.count("%(n)s customer", "%(n)s customers", accounts),
        )
        for currency, amount, accounts in money_asked(lines)
    ]


def why(line: Line, wording: Wording) -> str:
    """Why the row is here."""
    standing = wording.text("Stage %(stage)s, risk %(grade)s.", stage=line.stage, grade=line.risk_grade or "–")
    return wording.joined([*_why(line, wording)] or [standing])


def _why(line: Line, wording: Wording) -> Iterator[str]:
    if line.kind == "appoint":
        yield wording.text("Nobody is in charge of this customer.")
    if line.kind == "chase_promise":
        yield _promised(line, wording)
    if line.kind == "resolve_dispute":
        yield _disputed(line, wording)
    if line.kind == "file_claim":
        yield wording.text("The customer is insolvent: only what is filed in time is counted.")
    if line.oldest_due_on:
        yield _unpaid(line, line.oldest_due_on, wording)
    if line.stage_previous and line.stage_previous < line.stage:
        yield wording.text("Moved from %(before)s to %(now)s.", before=line.stage_previous, now=line.stage)
    if line.is_over_limit:
        yield wording.text("Over the credit limit.")
    if line.overdue and line.overdue != (main_money(line),):
        amounts = ", ".join(
            f"{clean(each.currency, 3)} {wording.money(each.amount, each.currency)}" for each in line.overdue
        )
        yield wording.text("Overdue: %(amounts)s.", amounts=amounts)


def _promised(line: Line, wording: Wording) -> str:
    if line.promise and line.promised_for:
        return wording.text(
            "Promised %(currency)s %(amount)s for %(day)s; the money is not here.",
            currency=clean(line.promise.currency, 3),
            amount=wording.money(line.promise.amount, line.promise.currency),
            day=wording.day(line.promised_for),
        )
    return wording.text("A promise to pay is due; the money is not here.")


def _disputed(line: Line, wording: Wording) -> str:
    if line.disputed_number:
        return wording.text("Disputes invoice %(number)s.", number=clean(line.disputed_number, 30))
    return wording.text("Disputes an invoice.")


def _unpaid(line: Line, oldest: date, wording: Wording) -> str:
    values = {
        "day": wording.day(oldest),
        "numbers": ", ".join(clean(number, 30) for number in line.unpaid[:_NUMBERS_SHOWN]),
    }
    rest = len(line.unpaid) - _NUMBERS_SHOWN
    if rest > 0:
        return wording.text("Unpaid since %(day)s: invoices %(numbers)s and %(rest)s more.", rest=rest, **values)
    return wording.count(
        "Unpaid since %(day)s: invoice %(numbers)s.",
        "Unpaid since %(day)s: invoices %(numbers)s.",
        len(line.unpaid),
        **values,
    )


def todo(line: Line, wording: Wording) -> str:
    """The one thing to do."""
    by = wording.day(line.due_on)
    money = main_money(line)
    amount = f"{clean(money.currency, 3)} {wording.money(money.amount, money.currency)}" if money else ""
    if line.kind == "appoint":
        return wording.text("Name a rep today.")
    if line.kind == "escalate":
        who = clean(line.rep_name, 40)
        if who:
            return wording.text("Ask %(rep)s what the customer said; decide the next step by %(day)s.", rep=who, day=by)
        return wording.text("Decide the next step by %(day)s.", day=by)
    if line.kind == "resolve_dispute":
        return wording.text("Agree what is right, who mends it and when it is paid, by %(day)s.", day=by)
    if line.kind == "file_claim":
        if not amount:
            return wording.text("File a proof of claim with the administrator by %(day)s.", day=by)
        return wording.text(
            "File a proof of claim for %(amount)s with the administrator by %(day)s.", amount=amount, day=by
        )
    if line.kind == "chase_promise":
        return wording.text("Ask for the bank slip. If nothing was sent: a new day, this week, and the amount.")
    if not amount:
        return wording.text("Ask for the payment day, and note it.")
    return wording.text("Ask for %(amount)s and a payment day; repeat both before you hang up.", amount=amount)


def _person(contact: Contact | None, wording: Wording) -> str:
    if contact is None:
        return wording.text("No contact on file: find out who pays.")
    roles = {
        "decision_maker": wording.text("decides"),
        "acceptor": wording.text("accepts the goods"),
        "payer": wording.text("pays"),
    }
    name = clean(contact.name, 40)
    role = roles.get(contact.role)
    return wording.text("%(name)s (%(role)s)", name=name, role=role) if role else name


def lead(worklist: Worklist, wording: Wording) -> str:
    """The greeting and what the mail is about."""
    hello = wording.text("Good morning, %(name)s.", name=clean(worklist.reader.name, 40))
    if isinstance(worklist, DataOwnerReport):
        about = gate_sentence(worklist, wording)
    elif isinstance(worklist, Digest):
        about = _digest_lead(worklist, wording)
    elif isinstance(worklist, Approval):
        about = _approval_lead(worklist, wording)
    else:
        about = _escalation_lead(worklist, wording)
    return wording.joined([hello, about])


def _digest_lead(digest: Digest, wording: Wording) -> str:
    if digest.lines:
        return wording.text("Start at the top: the order is by urgency and money.")
    if digest.releases or digest.warnings:
        return wording.text("Nobody has to be called today, but something about your customers has changed.")
    return wording.text("Nothing to do today: no customer of yours needs a call.")


def _escalation_lead(escalation: Escalation, wording: Wording) -> str:
    if listed(escalation):
        return wording.text("These customers need you: the usual calls did not help, or nobody is in charge.")
    if escalation.held or escalation.to_approve or escalation.without_approver or escalation.releases:
        return wording.text("No customer was escalated today, but read what became of the sanctions.")
    return wording.text("Nothing to decide today: no customer was escalated, and each has a rep.")


def _approval_lead(approval: Approval, wording: Wording) -> str:
    if approval.kind == "approval_reminder":
        return wording.count(
            "You have not answered yet: %(n)s proposed sanction still waits for you.",
            "You have not answered yet: %(n)s proposed sanctions still wait for you.",
            len(approval.proposals),
        )
    return wording.count(
        "%(n)s proposed sanction needs your approval before it may begin.",
        "%(n)s proposed sanctions need your approval before they may begin.",
        len(approval.proposals),
    )


def truth_line(truth: Truth, wording: Wording) -> str:
    """As of when, how far payments are in, and whether the figures tie out with the general ledger."""
    complete = (
        wording.text("payments complete to %(day)s", day=wording.day(truth.payments_complete_to))
        if truth.payments_complete_to
        else wording.text("payments: not known how complete")
    )
    tied = {
        True: wording.text("ties out with the general ledger"),
        False: wording.text("does NOT tie out with the general ledger"),
        None: wording.text("not compared with the general ledger"),
    }[truth.ties_out]
    return " · ".join([wording.text("Books closed %(day)s", day=wording.day(truth.as_of)), complete, tied])


def subject(worklist: Worklist, wording: Wording) -> str:
    """At most 50 characters with count and money, without names: it shows on a locked phone."""
    if isinstance(worklist, DataOwnerReport):
        return _data_subject(worklist, wording)
    if isinstance(worklist, Approval):
        parts = _approval_counts(worklist, wording)
        asked = _sums((each.row.company_id, each.row.account_id, each.overdue) for each in worklist.proposals)
    elif isinstance(worklist, Escalation):
        parts, asked = _escalation_counts(worklist, wording), money_asked(listed(worklist))
    else:
        parts, asked = _digest_counts(worklist, wording), money_asked(worklist.lines)
    if not parts:
        return wording.text("Nothing to do today, %(day)s", day=wording.day(worklist.truth.business_date))
    return _first_that_fits(parts, [wording.short_money(amount, clean(currency, 3)) for currency, amount, _ in asked])


def _first_that_fits(parts: list[str], sums: list[str]) -> str:
    """All counts and sums, else fewer sums with a sign that there are more, else the counts, else the first count."""
    candidates = [" · ".join([*parts, *sums])]
    candidates += [" · ".join([*parts, *sums[:kept], f"+{len(sums) - kept}"]) for kept in range(len(sums) - 1, 0, -1)]
    candidates += [" · ".join(parts[:kept]) for kept in range(len(parts), 0, -1)]
    return next((text for text in candidates if len(text) <= SUBJECT_LENGTH), parts[0][:SUBJECT_LENGTH])


def _digest_counts(digest: Digest, wording: Wording) -> list[str]:
    """Tasks and promises; what else is new stands in the subject of a day without tasks only."""
    promises = sum(line.kind == "chase_promise" for line in digest.lines)
    if digest.lines:
        counts = [wording.count("%(n)s task today", "%(n)s tasks today", len(digest.lines))]
        return counts + ([wording.count("%(n)s promise", "%(n)s promises", promises)] if promises else [])
    counts = [_released(len(digest.releases), wording)] if digest.releases else []
    if digest.warnings:
        counts.append(wording.count("%(n)s early warning", "%(n)s early warnings", len(digest.warnings)))
    return counts


def _escalation_counts(escalation: Escalation, wording: Wording) -> list[str]:
    """What is held back first: it may mean that all other figures are wrong."""
    counts = []
    if escalation.held:
        held = sum(each.accounts for each in escalation.held)
        counts.append(wording.count("%(n)s sanction held back", "%(n)s sanctions held back", held))
    if escalation.lines:
        counts.append(wording.count("%(n)s to decide", "%(n)s to decide", len(escalation.lines)))
    if escalation.to_approve:
        counts.append(wording.count("%(n)s to approve", "%(n)s to approve", escalation.to_approve))
    if escalation.ownerless:
        counts.append(wording.count("%(n)s without a rep", "%(n)s without a rep", len(escalation.ownerless)))
    if escalation.without_approver:
        without = escalation.without_approver
        counts.append(wording.count("%(n)s without an approver", "%(n)s without an approver", without))
    if escalation.releases and not counts:
        counts.append(_released(len(escalation.releases), wording))
    return counts


def _approval_counts(approval: Approval, wording: Wording) -> list[str]:
    count = len(approval.proposals)
    if approval.kind == "approval_reminder":
        return [wording.count("Reminder: %(n)s to approve", "Reminder: %(n)s to approve", count)]
    return [wording.count("%(n)s sanction to approve", "%(n)s sanctions to approve", count)]


def _released(count: int, wording: Wording) -> str:
    return wording.count("%(n)s customer released", "%(n)s customers released", count)


def _data_subject(report: DataOwnerReport, wording: Wording) -> str:
    if report.gate == "stop":
        return wording.text("Ledger stopped: no lists and no mails today")
    if report.gate == "no_contact":
        return wording.text("Ledger in doubt: nobody is contacted today")
    if report.parked_mails:
        return wording.text("%(count)s mails held back: please check", count=report.parked_mails)
    if report.quarantined_rows:
        return wording.count(
            "%(n)s ledger row left out tonight", "%(n)s ledger rows left out tonight", report.quarantined_rows
        )
    return wording.text("Ledger: not known how complete payments are")


def foot(run_id: str, attached: bool, wording: Wording) -> str:
    """The last line: what is attached, and where the mail comes from."""
    rest = wording.text("Sent by the nightly run %(run)s; replies are not read.", run=run_id)
    return wording.joined([wording.text("All rows are in the attached workbook."), rest] if attached else [rest])


def gate_sentence(report: DataOwnerReport, wording: Wording) -> str:
    """What the night did because of the state of the ledger."""
    return {
        "open": wording.text("The lists were made; the mails go out as usual."),
        "no_contact": wording.text("The figures were published, but nobody was contacted: they may be wrong."),
        "stop": wording.text("Nothing was published and nobody was contacted. Yesterday's figures still stand."),
    }[report.gate]
