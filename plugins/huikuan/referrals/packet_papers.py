"""What a claim needs before a court, what of it is there, and the completeness score.

Every requirement counts the same. Its share is what is there of what is needed (papers per overdue document, persons,
facts of the contract); the score is the mean of the shares in whole percent, rounded down: 100 means complete. A
requirement that needs nothing here (no acceptance agreed, insolvent debtor) is left out of the mean.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from fractions import Fraction

from huikuan.referrals.packet_claim import Claim
from huikuan.referrals.packet_rows import Contract, Facts, Item
from huikuan.warehouse.tables import FLAGS

KEY_ROLES = ("decision_maker", "acceptor", "payer")
CONTRACT_FACTS = tuple(
    field.name for field in fields(Contract) if field.name not in {"contract_id", "project", "accepted_on"}
)
"""What must be known of the transaction (B1): goods, quantity, amount, time, acceptance, payment, trigger."""


@dataclass(frozen=True)
class Check:
    """One requirement: how much of it is there, and the documents, persons or facts that lack it."""

    name: str
    have: int
    needed: int
    lacking: tuple[str, ...] = ()

    @property
    def is_met(self) -> bool:
        """Whether nothing is missing."""
        return self.have >= self.needed


@dataclass(frozen=True)
class Case:
    """What the requirements look at; ``last_notice`` is the policy's last notice before sanctions."""

    facts: Facts
    claim: Claim
    last_notice: str


def check(case: Case) -> tuple[Check, ...]:
    """Every requirement, in the order of REQUIREMENTS."""
    return tuple(count(name, case) for name, count in REQUIREMENTS.items())


def score_pct(checks: Collection[Check]) -> int:
    """Completeness in whole percent, rounded down."""
    shares = [Fraction(min(entry.have, entry.needed), entry.needed) for entry in checks if entry.needed]
    return int(100 * sum(shares) / len(shares)) if shares else 100


def contracts_behind(facts: Facts) -> tuple[Contract, ...]:
    """Contracts of the open documents; the newest of the account where no document names one."""
    named = {item.contract_id for item in facts.items}
    behind = tuple(contract for contract in facts.contracts if contract.contract_id in named)
    return behind or facts.contracts[-1:]


def proofs(facts: Facts, kind: str) -> set[str]:
    """Ids of documents that a paper of this kind proves."""
    return {paper.document_id for paper in facts.papers if paper.kind == kind and paper.document_id}


def label(item: Item) -> str:
    """How a document is called: its number, else its id."""
    return item.number or item.document_id


def _per_document(name: str, items: Collection[Item], proved: Collection[str]) -> Check:
    needed = {item.document_id: label(item) for item in items}
    lacking = tuple(number for document_id, number in needed.items() if document_id not in proved)
    return Check(name, len(needed) - len(lacking), len(needed), lacking)


def _goods(case: Case) -> list[Item]:
    """Overdue items about goods or work: a debit note is about neither."""
    return [item for item in case.claim.late if item.kind != "debit_note"]


def _contract(name: str, case: Case) -> Check:
    """At least one signed contract in our hands."""
    return Check(name, int(any(paper.kind == "contract" for paper in case.facts.papers)), 1)


def _delivery(name: str, case: Case) -> Check:
    """Per overdue invoice a delivery note; an acceptance certificate proves delivery too."""
    proved = proofs(case.facts, "delivery_note") | proofs(case.facts, "acceptance_certificate")
    return _per_document(name, _goods(case), proved)


def _acceptance(name: str, case: Case) -> Check:
    """Per overdue invoice whose contract asks for acceptance, the certificate."""
    asked = {c.contract_id for c in case.facts.contracts if c.acceptance_method or c.acceptance_criteria}
    needed = [item for item in _goods(case) if item.contract_id in asked]
    return _per_document(name, needed, proofs(case.facts, "acceptance_certificate"))


def _tax_invoice(name: str, case: Case) -> Check:
    """Per overdue document the tax invoice."""
    return _per_document(name, case.claim.late, proofs(case.facts, "tax_invoice"))


def _numbers(name: str, case: Case) -> Check:
    """Per overdue document the number that the customer knows."""
    return _per_document(name, case.claim.late, {item.document_id for item in case.claim.late if item.number})


def _statement(name: str, case: Case) -> Check:
    """A stamped statement that is younger than the oldest overdue document: an older one does not speak of the debt."""
    first = min((item.issued_on for item in case.claim.late), default=None)
    young = any(
        paper.kind == "stamped_statement" and (first is None or paper.obtained_on >= first)
        for paper in case.facts.papers
    )
    return Check(name, int(young), 1)


def _correspondence(name: str, case: Case) -> Check:
    """Letters or mails in which the debt is discussed."""
    return Check(name, int(any(paper.kind == "correspondence" for paper in case.facts.papers)), 1)


def _identity(name: str, case: Case) -> Check:
    """The debtor's identity was verified."""
    return Check(name, int(case.facts.account.verified_on is not None), 1)


def _tax_id(name: str, case: Case) -> Check:
    """The debtor's tax number."""
    return Check(name, int(bool(case.facts.account.tax_id)), 1)


def _persons(name: str, case: Case) -> Check:
    """Decision maker, acceptor and payer are known by name."""
    known = {contact.role for contact in case.facts.contacts}
    lacking = tuple(role for role in KEY_ROLES if role not in known)
    return Check(name, len(KEY_ROLES) - len(lacking), len(KEY_ROLES), lacking)


def _contract_facts(name: str, case: Case) -> Check:
    """The facts of the transaction, in every contract behind the claim."""
    behind = contracts_behind(case.facts)
    if not behind:
        return Check(name, 0, len(CONTRACT_FACTS), CONTRACT_FACTS)
    lacking = [fact for contract in behind for fact in CONTRACT_FACTS if getattr(contract, fact) is None]
    return Check(
        name,
        len(CONTRACT_FACTS) * len(behind) - len(lacking),
        len(CONTRACT_FACTS) * len(behind),
        tuple(dict.fromkeys(lacking)),
    )


def _last_notice(name: str, case: Case) -> Check:
    """The last notice was really delivered; an insolvent debtor needs none."""
    if case.facts.account.status == "insolvent":
        return Check(name, 0, 0)
    status = case.facts.status
    passed = status and status.notice_evidence and status.ladder_step in (case.last_notice, *FLAGS)
    return Check(name, int(bool(passed)), 1)


def _rates(name: str, case: Case) -> Check:
    """An interest rate for every claimed item."""
    claimed = [line for line in case.claim.lines if line.claimed > 0]
    lacking = tuple(dict.fromkeys(line.item.currency for line in claimed if line.interest is None))
    return Check(name, sum(line.interest is not None for line in claimed), len(claimed), lacking)


def _approval(name: str, case: Case) -> Check:
    """The legal referral was approved by a person."""
    approved = any(
        flag.flag == "legal_referral" and flag.state in {"approved", "active"} and flag.decided_by
        for flag in case.facts.flags
    )
    return Check(name, int(approved), 1)


REQUIREMENTS: dict[str, Callable[[str, Case], Check]] = {
    "contract": _contract,
    "delivery_note": _delivery,
    "acceptance_certificate": _acceptance,
    "tax_invoice": _tax_invoice,
    "document_numbers": _numbers,
    "stamped_statement": _statement,
    "correspondence": _correspondence,
    "last_notice": _last_notice,
    "identity_verified": _identity,
    "tax_id": _tax_id,
    "contact_persons": _persons,
    "contract_facts": _contract_facts,
    "interest_rate": _rates,
    "approval": _approval,
}
"""Papers and facts that a claim needs, in the order in which the packet lists them."""
