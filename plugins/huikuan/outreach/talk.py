"""What to say (话术): the script of a task filled in with the account's own facts. The one door to the playbook."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from huikuan.errors import PlaybookError
from huikuan.outreach.lines import Line
from huikuan.outreach.rows import Reader
from huikuan.outreach.worklists import Truth, Week
from huikuan.playbook import (
    Drill,
    Facts,
    Script,
    Story,
    StoryFacts,
    drill_of_week,
    render,
    success_story,
    terms_text,
)

log = logging.getLogger(__name__)

_PAPERS_TAKE = 5
"""Days that hold three workdays in any week without holidays."""
_SATURDAY = 5


def talk(line: Line, reader: Reader, truth: Truth, locale: str) -> Script | None:
    """The talk of a task; None when it has no script, or one that this version does not know."""
    return _rendered(line.script_id, facts(line, reader, truth), locale) if line.script_id else None


@lru_cache(maxsize=256)  # a mail and its workbook say the same
def _rendered(script_id: str, known: Facts, locale: str) -> Script | None:
    try:
        return render(script_id, known, locale)
    except PlaybookError as error:
        log.warning("a mail goes without the script %s in %s: %s", script_id, locale, error.problem)
        return None


def facts(line: Line, reader: Reader, truth: Truth) -> Facts:
    """All that the rows say about the task; what they do not say stays unknown."""
    offers = line.offers
    currency = line.ask.currency if line.ask else line.overdue[0].currency if line.overdue else None
    return Facts(
        business_date=truth.business_date,
        stage=line.stage,
        orientation=line.orientation,
        nature=line.nature,
        segment=line.segment,
        special=line.special,
        account_name=line.name,
        contact_name=line.contact.name if line.contact else None,
        rep_name=reader.name,
        company_name=line.company_name,
        currency=line.receipt.currency if line.receipt and not line.ask else currency,
        ask_amount=line.ask.amount if line.ask else None,
        owed_amount=next((money.amount for money in line.overdue if money.currency == currency), None),
        documents=_documents(line),
        days_past_due=line.days_late or None,
        due_on=line.oldest_due_on if line.kind == "pre_due_reminder" else None,
        promised_amount=line.promise.amount if line.promise else None,
        promised_for=line.promised_for,
        promise_received=line.promise_received,
        promise_level=line.promise_level,
        disputed_amount=line.ask.amount if line.ask and line.kind == "resolve_dispute" else None,
        dispute_reason=line.dispute_reason,
        resolve_by=_resolve_by(line, truth),
        statement_on=_statement_on(line, truth),
        received_amount=line.receipt.amount if line.receipt else None,
        received_on=line.receipt.received_on if line.receipt else None,
        released_flag=line.subject_id if line.kind == "tell_release" else None,
        target_amount=line.target.target if line.target else None,
        committed_amount=line.target.committed if line.target else None,
        gap_amount=_gap(line),
        pay_by=max(offers.pay_by, truth.business_date) if offers.pay_by else None,  # nobody is given a day gone by
        next_contact_on=_ahead(offers.next_contact_on, truth),
        anchor=offers.anchor,
        plan=offers.plan,
        discount=offers.discount,
    )


def _resolve_by(line: Line, truth: Truth) -> date | None:
    """The day of our answer, where the customer's papers, which have three workdays, can be here before it."""
    is_time = line.due_on > truth.business_date + timedelta(days=_PAPERS_TAKE) and line.due_on.weekday() < _SATURDAY
    return line.due_on if line.kind == "resolve_dispute" and is_time else None


def _statement_on(line: Line, truth: Truth) -> date | None:
    """Close of books of the statement that the talk is about: one that goes out today, or that the customer has."""
    if line.kind == "send_statement":
        return truth.as_of
    return line.statement.cut_off if line.statement else None


def _documents(line: Line) -> tuple[str, ...]:
    """Invoices that the talk is about; which of them lack papers is not known."""
    if line.kind == "resolve_dispute" and line.disputed_number:
        return (line.disputed_number,)
    return () if line.kind == "collect_evidence" else line.unpaid


def _ahead(day: date | None, truth: Truth) -> date | None:
    return day if day and day > truth.business_date else None


def _gap(line: Line) -> Decimal | None:
    """What is missing, unless the talk opens with more: nobody names the one and asks for the other."""
    opens_at = line.offers.anchor.open_at if line.offers.anchor else Decimal(0)
    return line.target.gap if line.target and opens_at <= line.target.gap else None


def terms(line: Line, locale: str) -> str:
    """Which terms of payment to offer from now on (账期建议); empty when the night advises none.

    A public body pays by its rules: nobody proposes a deposit to it.
    """
    advice = line.offers.terms
    if advice is None or line.segment == "government":
        return ""
    return terms_text(advice.terms, line.risk_grade, advice.business_functional, line.functional_currency, locale)


def drill(truth: Truth, locale: str) -> Drill:
    """The drill card (演练卡) of the week."""
    return drill_of_week(truth.business_date, locale)


def story(week: Week, truth: Truth, locale: str) -> Story | None:
    """The success story: figures of the night, the colleague's name, and the customer's only where it is the reader's.

    What the colleague said is not on record, so the story does not say it.
    """
    row = week.recovery
    if row is None:
        return None
    known = StoryFacts(
        truth.business_date,
        row.amount,
        row.currency,
        rep_name=week.rep_name,
        account_name=week.account_name,
        days_past_due=row.days_past_due,
        is_promise_kept=row.is_promise_kept,
    )
    return success_story(known, locale)
