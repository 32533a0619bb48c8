"""Everything that a script may say about an account; what is not known is None, and the script does without it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from huikuan.playbook.offers import Anchor, Discount, Instalment


@dataclass(frozen=True)
class Facts:
    """Facts of one task on the morning of ``business_date``. Amounts are in ``currency``.

    ``documents`` are numbers, most overdue first; ``documents_count`` counts those that are not named as well.
    ``ask_amount`` is what the task asks for, ``owed_amount`` all that is overdue. ``promise_level`` counts promises
    about the same payment. ``missing_papers`` are kinds of evidence. ``plan``, ``discount`` and ``anchor`` come from
    ``offers``.
    """

    business_date: date
    stage: str | None = None
    orientation: str | None = None
    nature: str | None = None
    segment: str | None = None
    special: str | None = None
    temperament: str | None = None
    account_name: str | None = None
    contact_name: str | None = None
    rep_name: str | None = None
    company_name: str | None = None
    cooperation_months: int | None = None
    currency: str | None = None
    ask_amount: Decimal | None = None
    owed_amount: Decimal | None = None
    documents: tuple[str, ...] = ()
    documents_count: int | None = None
    days_past_due: int | None = None
    due_on: date | None = None
    pay_by: date | None = None
    next_contact_on: date | None = None
    payment_method: str | None = None
    promised_amount: Decimal | None = None
    promised_for: date | None = None
    promise_received: Decimal | None = None
    promise_level: int | None = None
    disputed_amount: Decimal | None = None
    undisputed_amount: Decimal | None = None
    dispute_reason: str | None = None
    resolve_by: date | None = None
    missing_papers: tuple[str, ...] = ()
    statement_on: date | None = None
    target_amount: Decimal | None = None
    committed_amount: Decimal | None = None
    gap_amount: Decimal | None = None
    received_amount: Decimal | None = None
    received_on: date | None = None
    released_flag: str | None = None
    anchor: Anchor | None = None
    plan: tuple[Instalment, ...] = ()
    discount: Discount | None = None
