"""What a mail says, in short sentences: why a row is here, what to do about it, and how far the data can be trusted.

Templates hold layout only; they print what is made here, so the HTML and the text part say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from urllib.parse import quote

from huikuan.outreach.kinds import label, main_money, shown
from huikuan.outreach.lines import Line, Money
from huikuan.outreach.offers import PAPERWORK
from huikuan.outreach.rows import Contact
from huikuan.outreach.teams import Cover
from huikuan.outreach.worklists import (
    Approval,
    DataOwnerReport,
    Digest,
    Escalation,
    StatementRequest,
    Truth,
    Worklist,
    listed,
    planned,
)
from huikuan.wording import Wording, clean

SUBJECT_LENGTH = 50
_PHONE_CHARACTERS = frozenset("0123456789+")


def phone_link(number: str) -> str:
    """A ``tel:`` link of digits and a leading plus; empty when the text does not look like one phone number."""
    kept = "".join(character for character in number if character in _PHONE_CHARACTERS)
    looks_right = 5 <= len(kept) <= 16 and "+" not in kept[1:] and len(kept) * 2 >= len(number)
    return f"tel:{quote(kept, safe='+')}" if looks_right else ""


def money_asked(lines: Iterable[Line]) -> list[tuple[str, Decimal, int]]:
    """(currency, amount, accounts) over a list: an account with several tasks counts once, with its largest amount."""
    return _sums((line.company_id, line.account_id, _asked(line)) for line in lines if line.kind not in PAPERWORK)


def _asked(line: Line) -> Money | None:
    return main_money(line) if line.kind == "appoint" else line.ask


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


def summary(lines: Sequence[Line], wording: Wording) -> str:
    """What a list asks for: ``15 tasks with 9 customers: CNY 1,283,501.90 · USD 9,800.00``."""
    if not lines:
        return ""
    tasks = wording.count("%(n)s task", "%(n)s tasks", len(lines))
    customers = wording.count("%(n)s customer", "%(n)s customers", len({line.key for line in lines}))
    sums = " · ".join(shown(Money(currency, amount), wording) for currency, amount, _ in money_asked(lines))
    if not sums:
        return wording.text("%(tasks)s with %(customers)s.", tasks=tasks, customers=customers)
    return wording.text(
        "%(tasks)s with %(customers)s, to ask for: %(sums)s", tasks=tasks, customers=customers, sums=sums
    )


def waiting(lines: Sequence[Line], wording: Wording) -> str:
    """How many tasks do not fit into the day, and where they are."""
    rest = [line for line in lines if not line.is_planned]
    if not rest:
        return ""
    oldest = min((line.waiting_since for line in rest if line.waiting_since), default=None)
    counted = wording.count(
        "%(n)s more task does not fit into today: it waits in the attached workbook.",
        "%(n)s more tasks do not fit into today: they wait in the attached workbook.",
        len(rest),
    )
    since = wording.text("The oldest has waited since %(day)s.", day=wording.day(oldest)) if oldest else ""
    return wording.joined(filter(None, [counted, since]))


def person(contact: Contact | None, wording: Wording) -> str:
    """Whom to talk to, with the role."""
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
    elif isinstance(worklist, StatementRequest):
        about = wording.text("Statements of account are ready. None leaves before you have approved it.")
    else:
        about = _escalation_lead(worklist, wording)
    return wording.joined([hello, about])


def _digest_lead(digest: Digest, wording: Wording) -> str:
    sentences = [*_covered(digest, wording)]
    if planned(digest):
        sentences.append(wording.text("Start at the top: the order is by urgency and money."))
    elif digest.lines:
        sentences.append(wording.text("Nothing is planned for today, but tasks wait: see the workbook."))
    elif digest.releases or digest.warnings or digest.changes:
        sentences.append(wording.text("Nobody has to be called today, but something about your customers has changed."))
    elif not digest.away:
        sentences.append(wording.text("Nothing to do today: no customer of yours needs a call."))
    return wording.joined(sentences)


def _covered(digest: Digest, wording: Wording) -> Iterator[str]:
    """Who works for whom today."""
    for cover in digest.away:
        who = clean(cover.worker_name, 40)
        if who and cover.until_on:
            day = wording.day(cover.until_on)
            yield wording.text("You are away until %(day)s: %(who)s does your list.", day=day, who=who)
        elif who:
            yield wording.text("%(who)s does your list.", who=who)
        else:
            yield wording.text("Nobody does your list while you are away: your manager knows.")
    for cover in digest.stands_in:
        yield cover_sentence(cover, wording)


def cover_sentence(cover: Cover, wording: Wording) -> str:
    """Who works on whose accounts, why, and until when."""
    customers = wording.count("%(n)s customer", "%(n)s customers", cover.accounts)
    values = {"who": clean(cover.rep_name, 40), "customers": customers}
    if cover.worker_name is None:
        if cover.rep_name is None:
            return wording.text("Nobody is in charge of %(customers)s, and nobody works on them.", customers=customers)
        return wording.text("Nobody works on %(customers)s of %(who)s.", **values)
    if cover.rep_name is None:
        whose = wording.text("Nobody is in charge of %(customers)s.", customers=customers)
    elif cover.cause == "left":
        whose = wording.text("%(who)s has left: %(customers)s.", **values)
    elif cover.until_on:
        whose = wording.text("%(who)s is away until %(day)s: %(customers)s.", day=wording.day(cover.until_on), **values)
    else:
        whose = wording.text("%(who)s is away: %(customers)s.", **values)
    worker = clean(cover.worker_name, 40)
    works = wording.text("You work on them.") if cover.is_reader else wording.text("%(who)s works on them.", who=worker)
    return wording.joined([whose, works])


def _escalation_lead(escalation: Escalation, wording: Wording) -> str:
    if listed(escalation):
        return wording.text("These customers need you: the usual calls did not help, or nobody is in charge.")
    if escalation.held or escalation.to_approve or escalation.without_approver or escalation.releases:
        return wording.text("No customer was escalated today, but read what became of the sanctions.")
    if escalation.team:
        return wording.text("Nothing to decide today. This is how your team stands.")
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
    """At most 50 characters with count, money and the one that matters, without names: it shows on a locked phone."""
    if isinstance(worklist, DataOwnerReport):
        return _data_subject(worklist, wording)
    if isinstance(worklist, StatementRequest):
        count = worklist.batch.item_count
        return wording.count("%(n)s statement to approve", "%(n)s statements to approve", count)
    first: tuple[str, ...] = ()
    if isinstance(worklist, Approval):
        parts = _approval_counts(worklist, wording)
        asked = _sums((each.row.company_id, each.row.account_id, each.overdue) for each in worklist.proposals)
    elif isinstance(worklist, Escalation):
        parts, asked = _escalation_counts(worklist, wording), money_asked(planned(worklist))
    else:
        parts, asked = _digest_counts(worklist, wording), money_asked(planned(worklist))
        first = _first(worklist, wording)
    if not parts:
        return wording.text("Nothing to do today, %(day)s", day=wording.day(worklist.truth.business_date))
    sums = [wording.short_money(amount, clean(currency, 3)) for currency, amount, _ in asked]
    return _first_that_fits(parts, sums, first)


def _first(digest: Digest, wording: Wording) -> tuple[str, ...]:
    """The task that comes first, by its kind and amount, or by its kind; a list of one says it all already."""
    if len(planned(digest)) < 2:
        return ()
    line = planned(digest)[0]
    what, money = label(line.kind, wording), main_money(line)
    short = wording.text("first: %(what)s", what=what)
    if money is None:
        return (short,)
    amount = wording.short_money(money.amount, clean(money.currency, 3))
    return wording.text("first: %(what)s %(amount)s", what=what, amount=amount), short


def _first_that_fits(parts: list[str], sums: list[str], first: tuple[str, ...] = ()) -> str:
    """All of it; else what comes first more briefly, or fewer sums with a sign that there are more; else fewer counts.

    Money goes before the last of several counts: how much it is about says more than one count more.

    ``first``: what comes first, in the longest words first.
    """
    some = [[*sums[:kept], f"+{len(sums) - kept}"] for kept in range(len(sums) - 1, 0, -1)]
    wanted = [[*parts, *kept, words] for kept in (sums, *some[-1:]) for words in first]
    wanted += [[*parts[:n], *kept] for n in (len(parts), len(parts) - 1) if n > 1 for kept in (sums, *some) if kept]
    wanted += [[*parts, *kept] for kept in (sums, *some)]
    wanted += [parts[:kept] for kept in range(len(parts), 0, -1)]
    candidates = (" · ".join(filter(None, each)) for each in wanted)
    return next((text for text in candidates if len(text) <= SUBJECT_LENGTH), parts[0][:SUBJECT_LENGTH])


def _digest_counts(digest: Digest, wording: Wording) -> list[str]:
    """Tasks of today; what else is new stands in the subject of a day without tasks only."""
    today = planned(digest)
    if today:
        return [wording.count("%(n)s task", "%(n)s tasks", len(today))]
    if digest.lines:
        return [wording.count("%(n)s task waits", "%(n)s tasks wait", len(digest.lines))]
    counts = [_released(len(digest.releases), wording)] if digest.releases else []
    paid = sum(each.row.change == "paid" for each in digest.changes)
    if paid:
        counts.append(wording.count("%(n)s payment", "%(n)s payments", paid))
    if digest.warnings:
        counts.append(wording.count("%(n)s early warning", "%(n)s early warnings", len(digest.warnings)))
    if digest.changes and not counts:
        counts.append(wording.count("%(n)s change", "%(n)s changes", len(digest.changes)))
    return counts


def _escalation_counts(escalation: Escalation, wording: Wording) -> list[str]:
    """What is held back first: it may mean that all other figures are wrong."""
    counts = []
    if escalation.held:
        held = sum(each.accounts for each in escalation.held)
        counts.append(wording.count("%(n)s sanction held back", "%(n)s sanctions held back", held))
    today = sum(line.is_planned for line in escalation.lines)
    if today:
        counts.append(wording.count("%(n)s to decide", "%(n)s to decide", today))
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
