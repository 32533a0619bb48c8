"""What a packet lacks and what to do about it, in plain words."""

from __future__ import annotations

from collections.abc import Iterable

from huikuan.referrals.packet_papers import Check
from huikuan.referrals.packet_words import listed, word
from huikuan.wording import Wording

REQUIREMENT_TEXTS: dict[str, tuple[str, str]] = {
    "contract": ("Signed contract", "Get the signed contract from sales and file it."),
    "delivery_note": ("Delivery notes", "Ask the warehouse or the carrier for the signed notes."),
    "acceptance_certificate": (
        "Acceptance certificates",
        "Let the customer's acceptor sign, or prove that the goods are in use.",
    ),
    "tax_invoice": ("Tax invoices", "Ask finance for copies, and for proof that the customer got them."),
    "document_numbers": ("Invoice numbers that the customer knows", "Enter the printed numbers in the ledger."),
    "stamped_statement": (
        "Stamped statement, younger than the oldest overdue invoice",
        "Send a statement of account for confirmation and get it back with the stamp.",
    ),
    "correspondence": ("Correspondence about the debt", "File letters, mails and messages that speak of the debt."),
    "last_notice": ("Last notice delivered", "Deliver it with proof: a registered letter or a visit."),
    "identity_verified": (
        "Identity of the debtor verified",
        "Look the debtor up in the company register; note the day.",
    ),
    "tax_id": ("Tax number of the debtor", "Take it from the company register or from an invoice."),
    "contact_persons": ("Decision maker, acceptor and payer by name", "Ask sales who they are."),
    "contract_facts": ("Facts of the contract", "Ask sales and enter them in the ledger."),
    "interest_rate": ("Interest rate", "Let legal name the law that applies, and enter its rate in the policy."),
    "approval": ("Approval of the referral", "A manager has to approve it before anything is filed."),
}
"""Title of each requirement, and what to do when it is not met."""
CONTRACT_TITLES = {
    "project": "Project",
    "specification": "Goods and specification",
    "quantity": "Quantity",
    "amount": "Contract amount",
    "signed_on": "Signed on",
    "acceptance_criteria": "Acceptance criteria",
    "acceptance_method": "Acceptance method",
    "accepted_on": "Accepted on",
    "payment_method": "Way of payment",
    "demand_trigger": "What makes it payable",
}


def missing(checks: Iterable[Check], wording: Wording) -> tuple[tuple[str, str], ...]:
    """What is missing and what to do about it, in plain words; one pair per requirement that is not met."""
    return tuple(
        (_what_is_missing(check, wording), wording.text(REQUIREMENT_TEXTS[check.name][1]))
        for check in checks
        if not check.is_met
    )


def _what_is_missing(check: Check, wording: Wording) -> str:
    title = wording.text(REQUIREMENT_TEXTS[check.name][0])
    if check.needed == 1 and not check.lacking:
        return wording.text("%(title)s: missing.", title=title)
    names = [lacking(check.name, code, wording) for code in check.lacking]
    return wording.text(
        "%(title)s: %(have)s of %(needed)s there. Missing: %(names)s.",
        title=title,
        have=check.have,
        needed=check.needed,
        names=listed(wording, names, 3),
    )


def lacking(requirement: str, code: str, wording: Wording) -> str:
    if requirement == "contact_persons":
        return word(wording, "role", code)
    return wording.text(CONTRACT_TITLES[code]) if requirement == "contract_facts" else code
