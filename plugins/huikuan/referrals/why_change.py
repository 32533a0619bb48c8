"""What would change the decisions about an account: each claim is worked out from the policy's own bounds, then proved.

A candidate is a payment, in order of the most overdue item first, at which some bound of a rule or of the scorecard is
met. Each is replayed on the next night, and so is the same payment with one minor unit less. Only what the models then
really say is claimed: the smallest candidate that has an effect, and whether one unit less does not have it. Approvals,
promises, exemptions and the next step of the ladder are tried in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from huikuan.policy.model import PolicyBody
from huikuan.policy.rules import as_range
from huikuan.referrals.why_payment import Owed, Payment, applied, candidates, unit, whole, with_less
from huikuan.referrals.why_replay import Added, Row, Stored, as_it_would_be, fetch, rows, unprefixed
from huikuan.referrals.why_step import next_step
from huikuan.referrals.why_trial import (
    HYPOTHETICAL,
    STANDING,
    Idea,
    Outcome,
    Trial,
    effects,
    ends,
    morning,
    outcomes,
    prove,
    published_outcome,
)

_PROMISE_DAYS = 7
_LARGEST = 3


@dataclass(frozen=True)
class Tomorrow:
    """The next night with nothing added: what it says, and the facts it says it from.

    ``promised_functional`` is what open promises still hold, ``received_functional`` what came in on them, both in the
    company's currency.
    """

    day: date
    outcome: Outcome
    owed: Sequence[Owed]
    is_allocated: bool
    facts: Row
    promised_functional: Decimal
    received_functional: Decimal


def look_ahead(stored: Stored, folder: Path) -> Tomorrow:
    """The night after, replayed with nothing new but what the snapshot holds already."""
    today = stored.identity.business_date
    day = today + timedelta(days=1)
    with as_it_would_be(stored, day, [{}], folder / "tomorrow") as con:
        is_allocated = "allocation" in stored.ledger
        owed = [_owed(row, is_allocated) for row in rows(con, "owed", day, today)]
        [facts] = rows(con, "facts", day, today)
        [promised] = fetch(
            con,
            "SELECT COALESCE(SUM(promised_functional), 0) AS promised_functional,"
            " COALESCE(SUM(promised_received_functional), 0) AS received_functional FROM promise_fact",
        )
        return Tomorrow(day, outcomes(con, 1)[0], owed, is_allocated, facts, **promised)


def _owed(row: Row, is_allocated: bool) -> Owed:
    """A payment can be applied around a dispute; laid on the oldest by the night itself, it meets the dispute too."""
    return Owed(
        document_id=unprefixed(row["document_id"]),
        seq=row["seq"],
        number=row["number"],
        currency=row["currency"],
        days_past_due=row["days_past_due"],
        net=row["net_amount"],
        collectable=row["collectable_amount"],
        tolerance=row["tolerance"],
        rate=row["rate"],
        room=row["collectable_amount"] if is_allocated else row["net_amount"],
    )


def find_changes(stored: Stored, facts: Mapping[str, Any], tomorrow: Tomorrow, folder: Path) -> list[Row]:
    """What would change it, as claims that were proved; first of all what happens when nobody does anything.

    ``facts`` are the parts that why.py collected from the night as it was.
    """
    header = facts["header"]
    body = stored.policy.applied_to(header["company_id"], header["segment"])
    payments = candidates(
        body, tomorrow.owed, header["credit_limit"], header["functional_currency"], _notice_days(facts, tomorrow.day)
    )
    ideas = [
        _pay(stored, tomorrow, payments),
        *_approve(stored, tomorrow, facts["flags"]),
        *_promise(stored, tomorrow, body),
        *_repair(stored, tomorrow),
        *next_step(stored, body, facts),
    ]
    before = published_outcome(facts["status"], facts["flags"])
    nothing = {"kind": "nothing", "seen_on": tomorrow.day, "effects": effects(before, tomorrow.outcome)}
    return [nothing, *prove(stored, ideas, folder), *_better_grade(facts)]


def _notice_days(facts: Mapping[str, Any], day: date) -> set[int]:
    """Days past due at which a delivery does not count any more: the oldest item was not late enough by then."""
    from_days = {notice["place"]: notice["from_days"] for notice in facts["notices"]}
    return {(day - row["delivered_on"]).days + from_days[row["place"]] - 1 for row in facts["deliveries"]}


def _claim(kind: str, tomorrow: Tomorrow, after: Outcome, **more: object) -> Row:
    """What is done by the close of the business date, and what the next night says then."""
    seen = {"by": tomorrow.day - timedelta(days=1), "seen_on": tomorrow.day}
    return {"kind": kind, **more, **seen, "effects": effects(tomorrow.outcome, after)}


def _amounts(amounts: Mapping[str, Decimal]) -> list[Row]:
    return [{"currency": currency, "amount": amount} for currency, amount in amounts.items()]


# --- payments --------------------------------------------------------------------------------------------------------


def _pay(stored: Stored, tomorrow: Tomorrow, payments: Sequence[Payment]) -> Idea:
    """Payments, each tried with one unit less too; last an exemption, for what no payment ends."""
    tried = [payment_rows(stored, tomorrow, amounts) for amounts in with_less(payments)]
    trials = [Trial(tomorrow.day, added) for added in [*tried, _exemption_rows(stored)]]

    def claims(found: Sequence[Outcome]) -> list[Row]:
        pairs = list(zip(found[:-1:2], found[1:-1:2], strict=True))
        paid = list(_payment_claims(tomorrow, payments, pairs))
        stuck = [
            flag
            for flag, state in tomorrow.outcome.flags.items()
            if state in STANDING and not any(ends(flag, outcome) for outcome, _ in pairs) and ends(flag, found[-1])
        ]
        return paid + ([_claim("exemption", tomorrow, found[-1], flags=stuck)] if stuck else [])

    return Idea(trials, claims)


def _payment_claims(
    tomorrow: Tomorrow, payments: Sequence[Payment], pairs: Sequence[tuple[Outcome, Outcome]]
) -> Iterator[Row]:
    """For every goal the smallest payment that reaches it; a payment that reaches several is one claim."""
    reached: dict[int, list[Callable[[Outcome], bool]]] = {}
    for goal in _goals(tomorrow.outcome):
        first = next((place for place, (outcome, _) in enumerate(pairs) if goal(outcome)), None)
        if first is not None:
            reached.setdefault(first, []).append(goal)
    for place in sorted(reached):
        outcome, less = pairs[place]
        amounts = payments[place].amounts
        items = [
            {"document_id": item.document_id, "number": item.number, "seq": item.seq, "amount": part}
            for item, part in applied(tomorrow.owed, amounts)
        ]
        is_least = not any(goal(less) for goal in reached[place])
        yield _claim("payment", tomorrow, outcome, payments=_amounts(amounts), items=items, is_least=is_least)


def _goals(base: Outcome) -> list[Callable[[Outcome], bool]]:
    """What somebody may want of a payment: a lower stage, no arrears, a better grade, an end of each sanction."""
    found: list[Callable[[Outcome], bool]] = []
    if base.stage != "M0":
        found += [lambda after: after.stage < base.stage, lambda after: after.stage == "M0"]
    found.append(lambda after: after.risk_grade < base.risk_grade)
    found += [
        lambda after, flag=flag: ends(flag, after)  # type: ignore[misc]
        for flag, state in base.flags.items()
        if state in STANDING
    ]
    return found


def payment_rows(stored: Stored, tomorrow: Tomorrow, amounts: Mapping[str, Decimal]) -> Added:
    """A receipt per currency of the business date, applied to the oldest items where the ledger has allocations."""
    company_id, account_id = stored.key
    today = stored.identity.business_date
    receipts = [
        {
            "company_id": company_id,
            "receipt_id": f"{HYPOTHETICAL}-{currency}",
            "account_id": account_id,
            "received_on": today,
            "currency": currency,
            "amount": amount,
            "method": "bank_transfer",
        }
        for currency, amount in amounts.items()
        if amount > 0
    ]
    if not tomorrow.is_allocated:
        return {"receipt": receipts}
    allocations = [
        {
            "company_id": company_id,
            "allocation_id": f"{HYPOTHETICAL}-{place}",
            "source_kind": "receipt",
            "source_id": f"{HYPOTHETICAL}-{item.currency}",
            "document_id": item.document_id,
            "amount": part,
            "allocated_on": today,
            "seq": item.seq,
        }
        for place, (item, part) in enumerate(applied(tomorrow.owed, amounts))
    ]
    return {"receipt": receipts, "allocation": allocations}


def _exemption_rows(stored: Stored) -> Added:
    company_id, account_id = stored.key
    today = stored.identity.business_date
    override = {
        "override_id": HYPOTHETICAL,
        "company_id": company_id,
        "account_id": account_id,
        "effect": "exempt",
        "author": HYPOTHETICAL,
        "reason": HYPOTHETICAL,
        "from_on": today,
        "expires_on": today + timedelta(days=1),
    }
    return {"sanction_override": [override]}


# --- people ----------------------------------------------------------------------------------------------------------


def _approve(stored: Stored, tomorrow: Tomorrow, flags: Sequence[Row]) -> list[Idea]:
    """An approval today of each proposal that a person is asked about."""
    asked = [row for row in flags if row["state"] == "proposed" and not row["is_held"] and row["approver_id"]]
    return [_approval(stored, tomorrow, row) for row in asked] if stored.gate["state"] == "open" else []


def _approval(stored: Stored, tomorrow: Tomorrow, flag: Row) -> Idea:
    today = stored.identity.business_date
    decision = {
        "batch_id": HYPOTHETICAL,
        "company_id": stored.key[0],
        "account_id": stored.key[1],
        "flag": flag["flag"],
        "choice": "approved",
        "proposed_by": flag["proposed_by"],
        "decided_by": flag["approver_id"],
        "decided_on": today,
        "decided_at": morning(today),
    }
    named = {"flag": flag["flag"], "approver_id": flag["approver_id"]}
    trial = Trial(tomorrow.day, {"referral_decision": [decision]})
    return Idea([trial], lambda found: [_claim("approval", tomorrow, found[0], **named)])


def _promise(stored: Stored, tomorrow: Tomorrow, body: PolicyBody) -> list[Idea]:
    """The smallest promise that pauses what is proposed, where the policy has such a pause.

    A new promise takes the place of one about the same, so what is promised already may count or not: both are tried.
    """
    overdue = tomorrow.facts["overdue_functional"]
    late = [item for item in tomorrow.owed if item.days_past_due > 0 and item.collectable > 0]
    shares = [
        bounds.over
        for rule in body.ladder.pause
        for fact, condition in rule.when.items()
        if fact == "promised_share_pct" and (bounds := as_range(condition)) and bounds.over is not None
    ]
    proposed = [flag for flag, state in tomorrow.outcome.flags.items() if state == "proposed"]
    if not (proposed and overdue and late and shares) or late[0].rate is None:
        return []
    currency, rate = late[0].currency, late[0].rate
    needed = (min(shares) + Decimal("0.005")) / 100 * (overdue + tomorrow.received_functional)
    least = [whole((needed - already) / rate, currency) for already in (tomorrow.promised_functional, Decimal(0))]
    tried = [amount for amount in dict.fromkeys(least) if amount > unit(currency)]
    trials = [
        Trial(tomorrow.day, _promise_rows(stored, currency, each))
        for amount in tried
        for each in (amount, amount - unit(currency))
    ]

    def claims(found: Sequence[Outcome]) -> list[Row]:
        for amount, outcome, less in zip(tried, found[::2], found[1::2], strict=True):
            paused = [flag for flag in proposed if ends(flag, outcome)]
            if paused:
                is_least = not any(ends(flag, less) for flag in paused)
                day = tomorrow.day + timedelta(days=_PROMISE_DAYS - 1)
                more = {"payments": _amounts({currency: amount}), "promised_for": day, "is_least": is_least}
                return [_claim("promise", tomorrow, outcome, **more)]
        return []

    return [Idea(trials, claims)]


def _promise_rows(stored: Stored, currency: str, amount: Decimal) -> Added:
    today = stored.identity.business_date
    promise = {
        "company_id": stored.key[0],
        "promise_id": HYPOTHETICAL,
        "account_id": stored.key[1],
        "currency": currency,
        "amount": amount,
        "made_on": today,
        "promised_for": today + timedelta(days=_PROMISE_DAYS),
    }
    return {"promise": [promise]}


def _repair(stored: Stored, tomorrow: Tomorrow) -> list[Idea]:
    """What is held because a row of the account is in quarantine goes ahead once nothing is in doubt."""

    def claims(found: Sequence[Outcome]) -> list[Row]:
        claim = _claim("repair", tomorrow, found[0])
        return [claim] if claim["effects"] else []

    return [Idea([Trial(tomorrow.day, {}, is_repaired=True)], claims)] if stored.is_doubtful else []


# --- the grade -------------------------------------------------------------------------------------------------------


def _better_grade(facts: Mapping[str, Any]) -> list[Row]:
    """How many points the next better grade allows; which payment gives it stands with the payments."""
    score = facts["status"]["risk_score"]
    better = [row for row in facts["grades"] if row["up_to"] is not None and row["up_to"] < score]
    if not better:
        return []
    lines = [row for row in facts["scorecard"] if row["points"] > 0][:_LARGEST]
    return [
        {
            "kind": "grade",
            "grade": better[-1]["grade"],
            "at_most": better[-1]["up_to"],
            "score": score,
            "largest": [{"fact": row["fact"], "points": row["points"]} for row in lines],
        }
    ]
