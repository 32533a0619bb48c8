"""What a rep may offer in one talk (开口、分期、折扣、付款日、账期), within the limits of the policy of the run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from huikuan.outreach.rows import Company, Item, Task, TermsAdvice
from huikuan.playbook import Anchor, Discount, Instalment, ask_anchor, early_discount, payment_plan
from huikuan.policy import Policy
from huikuan.wording import minor_units

BARGAINED = ("ask_commitment", "close_gap")
"""Tasks that ask for less than is owed, so that there is something to bargain about."""
_PLANNED = ("call", "offer_plan", "escalate", "prepare_referral")
"""Tasks in whose talks the customer may have to pay by and by."""
EARLY = ("pre_due_reminder", *BARGAINED)
"""Tasks that may ask for what is not due yet."""
PAPERWORK = ("send_statement", "chase_statement", "collect_evidence")
"""Their amounts say what a paper is about; nobody is asked to pay them, and a paper needs no bank day."""
_OPEN = ("resolve_dispute", "file_claim")
"""Tasks whose day is for our own answer; what the customer has to send, it sends before."""


@dataclass(frozen=True, slots=True)
class Offers:
    """Offers of one task, each within the policy's limits; what cannot be offered is empty."""

    pay_by: date | None = None
    """First day on which the customer's money can arrive; for a paper the day by which it should be here."""
    next_contact_on: date | None = None
    """The workday after it, when the money or the paper is looked for."""
    anchor: Anchor | None = None
    plan: tuple[Instalment, ...] = ()
    discount: Discount | None = None
    terms: TermsAdvice | None = None


NOTHING = Offers()


@dataclass(frozen=True, slots=True)
class Owed:
    """What an account owes in the currency of the task."""

    currency: str
    ask: Decimal
    collectable: Decimal
    """Overdue or not."""
    behind: tuple[Item, ...]
    """Items that make up ``ask``."""


def offers(
    task: Task, owed: Owed | None, grade: str | None, company: Company | None, terms: TermsAdvice | None, policy: Policy
) -> Offers:
    """The offers of one task. ``owed`` None: it asks for no money."""
    free_day = partial(policy.calendars.send_day, company.calendar) if company else _same
    first_on = task.due_on if task.kind in PAPERWORK else task.pay_on
    if owed is None or first_on is None or task.kind in _OPEN:
        return Offers(terms=terms)
    limits = policy.playbooks
    return Offers(
        pay_by=first_on,
        next_contact_on=free_day(first_on + timedelta(days=1)),
        anchor=(
            ask_anchor(owed.ask, max(owed.ask, owed.collectable), owed.currency, limits.ask_anchor)
            if task.kind in BARGAINED
            else None
        ),
        plan=(
            payment_plan(
                minor_units(owed.ask, owed.currency), owed.currency, first_on, grade, limits.plan, bank_day=free_day
            )
            if task.kind in _PLANNED and minor_units(owed.ask, owed.currency) > 0
            else ()
        ),
        discount=_discount(owed, first_on, grade, policy) if task.kind in EARLY else None,
        terms=terms,
    )


def _discount(owed: Owed, pay_by: date, grade: str | None, policy: Policy) -> Discount | None:
    """Only where nothing of it is overdue: nobody is paid for being late."""
    if not owed.behind or any(item.days_past_due > 0 for item in owed.behind):
        return None
    due_on = min(item.due_on for item in owed.behind)
    return early_discount(owed.ask, owed.currency, due_on, pay_by, grade, policy.playbooks.discount)


def _same(day: date) -> date:
    return day
