"""What is to be done and why, per kind of task, in one or two short sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from huikuan.outreach.lines import Line, Money
from huikuan.wording import Wording, clean

_NUMBERS_SHOWN = 2


def label(kind: str, wording: Wording) -> str:
    """The kind of task in a word or two; one of a later policy is printed as it is."""
    names = {
        "pre_due_reminder": wording.text("Reminder"),
        "call": wording.text("Phone call"),
        "visit": wording.text("Visit"),
        "send_statement": wording.text("Statement"),
        "chase_statement": wording.text("Statement reply"),
        "collect_evidence": wording.text("Papers"),
        "ask_commitment": wording.text("Commitment"),
        "chase_promise": wording.text("Promise"),
        "close_gap": wording.text("Gap"),
        "resolve_dispute": wording.text("Dispute"),
        "offer_plan": wording.text("Plan"),
        "escalate": wording.text("Decision"),
        "prepare_referral": wording.text("Legal file"),
        "tell_release": wording.text("Good news"),
        "thank_payment": wording.text("Thanks"),
        "file_claim": wording.text("Claim"),
        "appoint": wording.text("No rep"),
    }
    return names.get(kind) or clean(kind.replace("_", " "), 30)


def sanction(flag: str, wording: Wording) -> str:
    """The name of a sanction; one of a later policy is printed as it is."""
    names = {
        "stop_supply": wording.text("Stop supply"),
        "stop_service": wording.text("Stop service"),
        "terminate_authorization": wording.text("Terminate authorization"),
        "reputation_notice": wording.text("Reputation notice"),
        "legal_referral": wording.text("Legal referral"),
    }
    return names.get(flag) or clean(flag.replace("_", " "), 40)


def days_late(days: int, wording: Wording) -> str:
    """``34 days late``, or that it is not overdue."""
    return wording.count("%(n)s day late", "%(n)s days late", days) if days else wording.text("not overdue")


def main_money(line: Line) -> Money | None:
    """The amount that stands in the row's own columns: what to ask for, what came in, else what is overdue longest."""
    if line.ask is None and line.receipt is not None:
        return Money(line.receipt.currency, line.receipt.amount)
    return line.ask or next(iter(line.overdue), None)


def shown(money: Money | None, wording: Wording) -> str:
    """``USD 12,000.00`` that is not broken over two lines, or nothing."""
    return f"{clean(money.currency, 3)}\u00a0{wording.money(money.amount, money.currency)}".strip() if money else ""


def why(line: Line, wording: Wording) -> str:
    """Why the row is here."""
    return wording.joined([*because(line, wording), *standing(line, wording)])


def because(line: Line, wording: Wording) -> Iterator[str]:
    """What is special about this task; often nothing."""
    yield from reason(line, wording)
    if line.is_floor:
        yield wording.text("Nobody has spoken to them for a long time.")


def reason(line: Line, wording: Wording) -> Iterator[str]:
    """What the task itself is about, where its kind does not say it all."""
    sentences = {
        "appoint": wording.text("Nobody is in charge of this customer."),
        "file_claim": wording.text("The customer is insolvent: only what is filed in time is counted."),
        "send_statement": wording.text("No recent signed statement is on file."),
        "collect_evidence": wording.text("Part of what is overdue has no signed delivery note or acceptance on file."),
        "ask_commitment": wording.text("There is a target for this month, but no promise."),
        "close_gap": wording.text("What is promised for this month is less than the target."),
        "prepare_referral": wording.text("The next step is legal."),
    }
    if line.kind == "chase_promise":
        yield _promised(line, wording)
    elif line.kind == "chase_statement":
        yield _silent(line, wording)
    elif line.kind == "resolve_dispute":
        yield _disputed(line, wording)
    elif line.kind == "tell_release" and line.subject_id:
        yield wording.text("Ended: %(sanctions)s.", sanctions=sanction(line.subject_id, wording))
    elif line.kind == "thank_payment" and line.receipt:
        yield wording.text(
            "Paid %(amount)s on %(day)s.",
            amount=shown(main_money(line), wording),
            day=wording.day(line.receipt.received_on),
        )
    elif line.kind in sentences:
        yield sentences[line.kind]


def standing(line: Line, wording: Wording) -> list[str]:
    """How the account stands; the same for all its tasks in one currency."""
    return [*_standing(line, wording)] or [
        wording.text("Stage %(stage)s, risk %(grade)s.", stage=line.stage, grade=line.risk_grade or "–")
    ]


def _standing(line: Line, wording: Wording) -> Iterator[str]:
    if line.oldest_due_on:
        yield _unpaid(line, line.oldest_due_on, wording)
    if line.stage_previous and line.stage_previous < line.stage:
        yield wording.text("Moved from %(before)s to %(now)s.", before=line.stage_previous, now=line.stage)
    if line.is_over_limit:
        yield wording.text("Over the credit limit.")
    if len(line.overdue) > 1:
        amounts = wording.listed(shown(each, wording) for each in line.overdue)
        yield wording.text("Overdue: %(amounts)s.", amounts=amounts)


def _promised(line: Line, wording: Wording) -> str:
    if not (line.promise and line.promised_for):
        return wording.text("A promise to pay is due; the money is not here.")
    values = {"promised": shown(line.promise, wording), "day": wording.day(line.promised_for)}
    if line.promise_received:
        came = shown(Money(line.promise.currency, line.promise_received), wording)
        return wording.text("Promised %(promised)s for %(day)s; only %(came)s came.", came=came, **values)
    return wording.text("Promised %(promised)s for %(day)s; the money is not here.", **values)


def _silent(line: Line, wording: Wording) -> str:
    if not (line.statement and line.statement.sent_on):
        return wording.text("A statement has not come back.")
    of, sent = wording.day(line.statement.cut_off), wording.day(line.statement.sent_on)
    return wording.text("The statement as of %(day)s, sent on %(sent)s, has not come back.", day=of, sent=sent)


def _disputed(line: Line, wording: Wording) -> str:
    if line.statement and line.statement.stated_amount is not None and line.statement.shown_amount is not None:
        currency = line.statement.currency or ""
        theirs = shown(Money(currency, line.statement.stated_amount), wording)
        ours = shown(Money(currency, line.statement.shown_amount), wording)
        day = wording.day(line.statement.cut_off)
        said = wording.text(
            "As of %(day)s their books show %(theirs)s, ours %(ours)s.", day=day, theirs=theirs, ours=ours
        )
        if not line.disputed_number:
            return said
        number = clean(line.disputed_number, 30)
        return wording.joined([said, wording.text("It is about %(number)s.", number=number)])
    if line.disputed_number:
        return wording.text("Disputes invoice %(number)s.", number=clean(line.disputed_number, 30))
    return wording.text("Disputes an invoice.")


def _unpaid(line: Line, oldest: date, wording: Wording) -> str:
    values = {
        "day": wording.day(oldest),
        "numbers": wording.listed(clean(number, 30) for number in line.unpaid[:_NUMBERS_SHOWN]),
    }
    count, rest = len(line.unpaid), len(line.unpaid) - _NUMBERS_SHOWN
    if line.kind == "pre_due_reminder":
        return wording.count(
            "Due on %(day)s: invoice %(numbers)s.", "Due from %(day)s on: invoices %(numbers)s.", count, **values
        )
    if rest > 0:
        return wording.text("Unpaid since %(day)s: invoices %(numbers)s and %(rest)s more.", rest=rest, **values)
    return wording.count(
        "Unpaid since %(day)s: invoice %(numbers)s.", "Unpaid since %(day)s: invoices %(numbers)s.", count, **values
    )


def todo(line: Line, wording: Wording) -> str:
    """The one thing to do."""
    by, amount = wording.day(line.due_on), shown(main_money(line), wording)
    return _inside(line, by, wording) or (
        _with_amount(line, by, amount, wording) if amount else _without_amount(line, by, wording)
    )


def _inside(line: Line, by: str, wording: Wording) -> str | None:
    """What does not begin with asking for a sum."""
    if line.kind == "appoint":
        return wording.text("Name a rep today.")
    if line.kind == "escalate":
        who = clean(line.rep_name, 40)
        if who:
            return wording.text("Ask %(rep)s what the customer said; decide the next step by %(day)s.", rep=who, day=by)
        return wording.text("Decide the next step by %(day)s.", day=by)
    if line.kind == "resolve_dispute":
        return wording.text("Agree what is right, who mends it and when it is paid, by %(day)s.", day=by)
    if line.kind == "chase_statement":
        return wording.text("Get the statement back by %(day)s, signed, or what differs; silence is no yes.", day=by)
    if line.kind == "prepare_referral":
        return wording.text("Complete the file for legal by %(day)s: papers, statement, talks.", day=by)
    if line.kind == "chase_promise":
        return _chase(line, wording)
    if line.kind == "tell_release":
        return wording.text("Tell them the good news, and agree on the next payment day.")
    if line.kind == "call" and line.ask is None and not line.overdue:
        return wording.text("Ask how things are, and when the next payment comes.")
    return None


def _chase(line: Line, wording: Wording) -> str:
    if line.offers.pay_by is None:
        return wording.text("Ask for proof of payment. If nothing was sent: the amount and a new day, within a week.")
    day = wording.day(line.offers.pay_by)
    return wording.text(
        "Ask for proof of payment. If nothing was sent: the amount and a new day, %(day)s at the latest.", day=day
    )


def _with_amount(line: Line, by: str, amount: str, wording: Wording) -> str:
    values = {"amount": amount, "day": by}
    sentences = {
        "pre_due_reminder": wording.text("Remind them of %(amount)s, and ask whether all papers are there.", **values),
        "visit": wording.text("Go and see who decides; bring the statement, ask for %(amount)s and a day.", **values),
        "send_statement": wording.text(
            "Send the statement over %(amount)s; get it back, signed, by %(day)s.", **values
        ),
        "collect_evidence": wording.text("Get the signed papers for %(amount)s by %(day)s.", **values),
        "ask_commitment": wording.text("Ask how much comes this month, and when; %(amount)s is wanted.", **values),
        "close_gap": wording.text("Ask what else can come this month: %(amount)s is missing.", **values),
        "offer_plan": wording.text(
            "Offer instalments for %(amount)s: the first now, the rest on fixed days.", **values
        ),
        "thank_payment": wording.text("Thank them for %(amount)s, and agree on the next payment day.", **values),
        "file_claim": wording.text("File a proof of claim for %(amount)s with the administrator by %(day)s.", **values),
    }
    return sentences.get(line.kind) or wording.text(
        "Ask for %(amount)s and a payment day; repeat both before you hang up.", **values
    )


def _without_amount(line: Line, by: str, wording: Wording) -> str:
    sentences = {
        "thank_payment": wording.text("Thank them for the payment, and agree on the next payment day."),
        "send_statement": wording.text("Send the statement; get it back, signed, by %(day)s.", day=by),
        "collect_evidence": wording.text("Get the signed papers by %(day)s.", day=by),
        "file_claim": wording.text("File a proof of claim with the administrator by %(day)s.", day=by),
    }
    return sentences.get(line.kind) or wording.text("Ask for the payment day, and note it.")
