"""Codes of ledger and night as people read them in a packet. A code that nobody foresaw is shown as it is."""

from __future__ import annotations

from collections.abc import Sequence

from huikuan.wording import Wording

_FLAG = {
    "stop_supply": "stop of supply",
    "stop_service": "stop of service",
    "terminate_authorization": "end of authorization",
    "reputation_notice": "reputation notice",
    "legal_referral": "legal referral",
}
_REASON = {
    "brand": "brand",
    "product": "product",
    "legacy_issue": "legacy issue",
    "service": "service",
    "loose_terms": "loose credit terms",
    "customer_habit": "customer's habit",
    "market_policy": "market or policy",
}
WORDS: dict[str, dict[str, str]] = {
    "segment": {
        "standard": "standard",
        "key": "key account",
        "strategic": "strategic",
        "government": "government",
    },
    "status": {"active": "active", "insolvent": "insolvent", "closed": "closed"},
    "document": {
        "invoice": "invoice",
        "debit_note": "debit note",
        "credit_note": "credit note",
        "opening_balance": "opening balance",
    },
    "paper": {
        "contract": "signed contract",
        "delivery_note": "delivery note",
        "acceptance_certificate": "acceptance certificate",
        "tax_invoice": "tax invoice",
        "stamped_statement": "stamped statement",
        "correspondence": "correspondence",
        "guarantee": "guarantee",
    },
    "channel": {
        "phone": "phone",
        "visit": "visit",
        "mail": "mail",
        "letter": "letter",
        "message": "message",
    },
    "outcome": {
        "no_answer": "no answer",
        "wrong_person": "wrong person",
        "spoke": "spoke",
        "promised": "promised to pay",
        "disputed": "disputes the claim",
        "refused": "refuses to pay",
        "delivered": "delivered",
    },
    "reason": _REASON,
    "promise": {
        "open": "still open",
        "kept": "kept",
        "partially_kept": "kept in part",
        "broken": "broken",
        "withdrawn": "withdrawn",
    },
    "method": {
        "cash": "cash",
        "bank_transfer": "bank transfer",
        "third_party": "third party",
        "bill": "bill of exchange",
        "other": "other",
    },
    "role": {
        "decision_maker": "decision maker",
        "acceptor": "acceptor",
        "payer": "payer",
        "other": "other",
    },
    "flag": _FLAG,
    "state": {
        "proposed": "proposed",
        "approved": "approved",
        "rejected": "rejected",
        "active": "in force",
        "released": "released",
    },
    "choice": {"approved": "approved", "rejected": "rejected", "left_out": "left out, not approved"},
    "effect": {
        "exempt": "exempted from",
        "impose": "imposed",
        "accept_promise": "promise accepted, pausing",
    },
    "notice": {"reminder": "reminder", "warning": "warning", "final_notice": "final notice"},
    "step": {"reminder": "reminder", "warning": "warning", "final_notice": "final notice", **_FLAG},
    "pattern": {
        "steady": "pays steadily",
        "drags_on": "drags on",
        "erratic": "pays erratically",
        "excuses": "endless excuses",
        "never_pays": "never pays",
    },
    "nature": {"non_malicious": "not malicious", "suspected_malicious": "suspected malicious"},
}
"""Codes by family, in English; the catalogue holds the Chinese."""


def word(wording: Wording, family: str, code: str | None) -> str:
    """The code in the reader's language; a dash for none."""
    if not code:
        return "–"
    known = WORDS[family].get(code)
    return wording.text(known) if known else code.replace("_", " ")


def listed(wording: Wording, names: Sequence[str], most: int = 6) -> str:
    """Names one after the other; of many the first, and how many more there are."""
    comma = "、" if wording.locale == "zh_CN" else ", "
    shown = comma.join(names[:most])
    rest = len(names) - most
    return wording.text("%(names)s and %(rest)s more", names=shown, rest=rest) if rest > 0 else shown
