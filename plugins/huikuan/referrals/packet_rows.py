"""Rows that a legal packet is made of: small and frozen, one dataclass per kind of fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from huikuan.errors import ReferralError
from huikuan.letters.facts import AccountKey
from huikuan.night.lake import RunIdentity


class PacketError(ReferralError):
    """A legal packet cannot be built."""


@dataclass(frozen=True)
class Company:
    """The creditor (债权人)."""

    name: str
    timezone: str
    calendar: str


@dataclass(frozen=True)
class Account:
    """The debtor (债务人), as the ledger knows it."""

    name: str
    segment: str
    status: str
    locale: str | None
    country: str | None
    tax_id: str | None
    verified_on: date | None
    rep_id: str | None


@dataclass(frozen=True)
class Status:
    """Where the account stood that night; ``notice_evidence`` shows that the last notice so far was delivered."""

    stage: str
    risk_grade: str
    pattern: str | None
    arrears_nature: str | None
    oldest_due_on: date | None
    ladder_step: str | None
    notice_evidence: str | None


@dataclass(frozen=True)
class Item:
    """One open instalment; ``days_late`` is the accountant's count, at the close of books."""

    document_id: str
    seq: int
    number: str | None
    kind: str
    contract_id: str | None
    issued_on: date
    due_on: date
    currency: str
    amount: Decimal
    open_amount: Decimal
    net_amount: Decimal
    disputed_amount: Decimal
    collectable_amount: Decimal
    days_late: int
    is_retention: bool


@dataclass(frozen=True)
class Balance:
    """The account in one currency."""

    currency: str
    open_amount: Decimal
    free_credit: Decimal
    net_amount: Decimal
    credit_balance: Decimal
    disputed_amount: Decimal


@dataclass(frozen=True)
class Flag:
    """A sanction of that night. ``decided_at`` is local time of the company."""

    flag: str
    state: str
    since: date
    decided_by: str | None
    decided_at: datetime | None
    reason: str
    evidence: str | None
    evidence_on: date | None
    proposed_by: str | None


@dataclass(frozen=True)
class Promise:
    """A promise to pay, and what became of it."""

    promise_id: str
    currency: str
    amount: Decimal
    made_on: date
    promised_for: date
    number: str | None
    state: str
    received_amount: Decimal
    level: int


@dataclass(frozen=True)
class Dispute:
    """A dispute about a document; ``amount`` None is all of it."""

    dispute_id: str
    document_id: str
    number: str
    currency: str
    opened_on: date
    amount: Decimal | None
    reason_code: str | None
    owner_rep_id: str | None
    resolve_by: date | None
    resolved_on: date | None


@dataclass(frozen=True)
class Paper:
    """A piece of evidence in our hands."""

    evidence_id: str
    kind: str
    obtained_on: date
    document_id: str | None
    number: str | None
    uri: str | None


@dataclass(frozen=True)
class Talk:
    """An entry of the contact log; ``contacted_at`` is local time of the company."""

    log_id: str
    contacted_at: datetime
    channel: str
    outcome: str
    rep_id: str | None
    reason_code: str | None
    note: str | None
    next_step_on: date | None


@dataclass(frozen=True)
class Receipt:
    """Money received."""

    receipt_id: str
    received_on: date
    currency: str
    amount: Decimal
    method: str | None


@dataclass(frozen=True)
class Credit:
    """A credit note, or an amount written off; ``number`` is the document it lowers."""

    source_id: str
    kind: str
    on_date: date
    currency: str
    amount: Decimal
    number: str | None


@dataclass(frozen=True)
class Contact:
    """A person at the customer."""

    contact_id: str
    role: str
    name: str
    email: str | None
    phone: str | None


@dataclass(frozen=True)
class Contract:
    """The agreement behind documents (B1: know the transaction)."""

    contract_id: str
    project: str | None
    specification: str | None
    quantity: Decimal | None
    amount: Decimal | None
    signed_on: date | None
    acceptance_criteria: str | None
    acceptance_method: str | None
    accepted_on: date | None
    payment_method: str | None
    demand_trigger: str | None


@dataclass(frozen=True)
class Notice:
    """A mail to the customer that its server accepted."""

    message_id: str
    kind: str
    sent_on: date


@dataclass(frozen=True)
class Decision:
    """What an approver decided on a proposed sanction."""

    batch_id: str
    flag: str
    choice: str
    proposed_by: str
    decided_by: str
    decided_on: date


@dataclass(frozen=True)
class Override:
    """What a person decided against the rules."""

    override_id: str
    flag: str | None
    effect: str
    author: str
    reason: str
    from_on: date
    expires_on: date


@dataclass(frozen=True)
class Facts:
    """Everything that the packet of one account says. ``people`` maps rep_id to name."""

    key: AccountKey
    run: RunIdentity
    company: Company
    account: Account
    status: Status | None
    items: tuple[Item, ...]
    balances: tuple[Balance, ...]
    flags: tuple[Flag, ...]
    promises: tuple[Promise, ...]
    disputes: tuple[Dispute, ...]
    papers: tuple[Paper, ...]
    talks: tuple[Talk, ...]
    receipts: tuple[Receipt, ...]
    credits: tuple[Credit, ...]
    contacts: tuple[Contact, ...]
    contracts: tuple[Contract, ...]
    notices: tuple[Notice, ...]
    decisions: tuple[Decision, ...]
    overrides: tuple[Override, ...]
    people: Mapping[str, str]
