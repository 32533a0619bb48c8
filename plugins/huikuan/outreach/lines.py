"""One row of a list: a task, or an account that nobody is in charge of, with all that a mail says about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from huikuan.outreach.offers import BARGAINED, NOTHING, Offers, Owed, offers
from huikuan.outreach.rows import AccountKey, Balance, Contact, Item, Night, Receipt, SentStatement, Target, Task

_ASK_FIRST = {
    "resolve_dispute": ("acceptor", "decision_maker", "payer", "other"),
    "collect_evidence": ("acceptor", "payer", "decision_maker", "other"),
    "escalate": ("decision_maker", "payer", "acceptor", "other"),
    "visit": ("decision_maker", "payer", "acceptor", "other"),
    "offer_plan": ("decision_maker", "payer", "acceptor", "other"),
    "ask_commitment": ("decision_maker", "payer", "acceptor", "other"),
    "close_gap": ("decision_maker", "payer", "acceptor", "other"),
    "file_claim": ("other", "decision_maker", "payer", "acceptor"),  # an administrator has none of the usual roles
}
_ASK_FOR_MONEY = ("payer", "decision_maker", "acceptor", "other")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency."""

    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a list: who, how much, how late, why, what to do."""

    company_id: str
    account_id: str
    name: str
    kind: str
    """A kind of task, or appoint (nobody is in charge)."""
    ask: Money | None
    overdue: tuple[Money, ...]
    """Per currency, largest days late first; never summed."""
    days_late: int
    """In the currency asked for."""
    oldest_due_on: date | None
    """First day on which something behind the row's amount fell, or falls, due."""
    due_on: date
    """Day by which it should be done."""
    waiting_since: date | None
    """Business date on which the task first stood in a list."""
    stage: str
    stage_previous: str | None
    risk_grade: str | None
    is_over_limit: bool
    promise: Money | None
    promised_for: date | None
    promise_received: Decimal | None
    promise_level: int | None
    disputed_number: str | None
    dispute_reason: str | None
    statement: SentStatement | None
    """What the task chases, or whose balance the customer's books do not agree with."""
    rep_name: str | None
    """Who is in charge of the account."""
    contact: Contact | None
    items: tuple[Item, ...]
    numbers: tuple[str, ...]
    """Printed number of each item, in the order of ``items``."""
    unpaid: tuple[str, ...]
    """Printed numbers of the invoices behind the row's amount, each once, oldest due date first."""
    rule_ids: tuple[str, ...]
    script_id: str | None = None
    is_planned: bool = True
    """Fits into the person's day; others wait."""
    is_floor: bool = False
    """Nobody has spoken to the account for longer than the policy allows."""
    act_on: date | None = None
    """First day that suits the customer's way of paying."""
    receipt: Receipt | None = None
    """What a task of thanks is about."""
    subject_id: str | None = None
    """Promise, dispute, receipt or sanction that the task is about."""
    company_name: str | None = None
    segment: str | None = None
    nature: str | None = None
    orientation: str | None = None
    special: str | None = None
    target: Target | None = None
    """The month's, where the task is about it."""
    offers: Offers = NOTHING
    functional_currency: str | None = None

    @property
    def key(self) -> AccountKey:
        """(company_id, account_id)"""
        return self.company_id, self.account_id


def task_line(night: Night, task: Task) -> Line:
    """The row of one task."""
    key = (task.company_id, task.account_id)
    ask = Money(task.currency, task.ask_amount) if task.ask_amount is not None and task.currency else None
    return _line(night, key, task.kind, task, ask)


def appoint_line(night: Night, key: AccountKey) -> Line:
    """The row of an overdue account that nobody is in charge of."""
    return _line(night, key, "appoint", None, None)


def _line(night: Night, key: AccountKey, kind: str, task: Task | None, ask: Money | None) -> Line:
    status = night.statuses.get(key)
    balances = sorted(night.balances.get(key, []), key=lambda row: (-row.max_days_past_due, row.currency))
    late = tuple(item for item in night.items.get(key, []) if item.days_past_due > 0)
    behind = list(_behind(night, key, kind, ask, balances))
    subject = (key[0], task.subject_id) if task and task.subject_id else None
    promise = night.promises.get(subject) if subject and kind == "chase_promise" else None
    state = night.promise_states.get(subject) if subject and promise else None
    statement = night.statements.get(subject) if subject else None
    disputed = subject if subject and kind == "resolve_dispute" else None
    document_id = night.disputed_documents.get(disputed, None if statement else disputed[1]) if disputed else None
    owner = night.readers.get(status.rep_id) if status and status.rep_id else None
    company = night.companies.get(key[0])
    asked = [row for row in balances if ask and row.currency == ask.currency]
    collectable = asked[0].collectable_amount if asked else Decimal(0)
    owed = Owed(ask.currency, ask.amount, collectable, tuple(behind)) if ask else None
    grade = status.risk_grade if status else None
    return Line(
        company_id=key[0],
        account_id=key[1],
        name=night.names.get(key, key[1]),
        kind=kind,
        ask=ask,
        overdue=tuple(Money(row.currency, row.overdue_amount) for row in balances),
        days_late=max((row.max_days_past_due for row in (asked if ask else balances)), default=0),
        oldest_due_on=min((item.due_on for item in behind), default=None),
        due_on=task.due_on if task else night.run.business_date,
        waiting_since=task.first_listed_on if task else None,
        stage=status.stage if status else "M0",
        stage_previous=status.stage_previous if status else None,
        risk_grade=grade,
        is_over_limit=bool(status and status.is_over_limit),
        promise=Money(promise.currency, promise.amount) if promise else None,
        promised_for=promise.promised_for if promise else None,
        promise_received=state.received_amount if state else None,
        promise_level=state.level if state else None,
        disputed_number=night.numbers.get((key[0], document_id), document_id) if document_id else None,
        dispute_reason=night.dispute_reasons.get(disputed) if disputed else None,
        statement=statement,
        rep_name=owner.name if owner else None,
        contact=_contact(night.contacts.get(key, []), kind, task.contact_id if task else None),
        items=late,
        numbers=tuple(_number(night, item) for item in late),
        unpaid=tuple(dict.fromkeys(_number(night, item) for item in behind)),
        rule_ids=tuple(night.reasons.get(task.task_id, ())) if task else (),
        script_id=task.script_id if task else None,
        is_planned=task is None or task.is_planned is not False,
        is_floor=bool(task and task.is_floor),
        act_on=task.act_on if task else None,
        receipt=night.receipts.get(subject) if subject and kind == "thank_payment" else None,
        subject_id=task.subject_id if task else None,
        company_name=company.name if company else None,
        segment=status.segment if status else None,
        nature=status.arrears_nature if status else None,
        orientation=night.orientations.get(key),
        special=task.special if task else None,
        target=night.targets.get((*key, ask.currency)) if ask and kind in BARGAINED else None,
        offers=(
            offers(task, owed, grade, company, night.terms.get(key), night.policy) if task and night.policy else NOTHING
        ),
        functional_currency=company.functional_currency if company else None,
    )


def _number(night: Night, item: Item) -> str:
    return night.numbers.get((item.company_id, item.document_id), item.document_id)


def _behind(night: Night, key: AccountKey, kind: str, ask: Money | None, balances: list[Balance]) -> Iterator[Item]:
    """Items that make up the row's amount: what is late in its currency; for a reminder, and where nothing is late
    for a commitment, what falls due next.
    """
    currency = ask.currency if ask else balances[0].currency if balances else None
    items = night.items.get(key, [])
    open_items = [item for item in items if item.currency == currency and item.collectable_amount > 0]
    late = [item for item in open_items if item.days_past_due > 0]
    is_early = kind == "pre_due_reminder" or (kind in BARGAINED and not late)
    if not is_early or ask is None:
        yield from late
        return
    left = ask.amount
    for item in open_items:
        if item.days_past_due == 0 and left > 0:
            left -= item.collectable_amount
            yield item


def _contact(people: list[Contact], kind: str, chosen: str | None) -> Contact | None:
    """Whom the night chose; else somebody with a phone first, then by role."""
    place = {role: place for place, role in enumerate(_ASK_FIRST.get(kind, _ASK_FOR_MONEY))}
    return min(
        people,
        key=lambda who: (who.contact_id != chosen, not who.phone, place.get(who.role, len(place)), who.contact_id),
        default=None,
    )
