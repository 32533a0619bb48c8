"""The attached workbook: every row of a list, typed, with a header that stays and a filter.

Text is only ever written as text: a customer called ``=1+1`` stays that. Every return code is looked at, because
XlsxWriter drops what it does not like without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter

from huikuan.currencies import minor_units as currency_digits
from huikuan.errors import OutreachError
from huikuan.outreach.cards import by_customer, has_own_talk
from huikuan.outreach.changes import change_detail, change_label
from huikuan.outreach.kinds import label, sanction, todo, why
from huikuan.outreach.lines import Line
from huikuan.outreach.news import Goal
from huikuan.outreach.sanctions import proposal_reason, release_reason, resumed, warning, warning_todo
from huikuan.outreach.sentences import cover_sentence
from huikuan.outreach.talk import talk, terms
from huikuan.outreach.teams import Member
from huikuan.outreach.worklists import (
    Approval,
    Changed,
    DataOwnerReport,
    Digest,
    Escalation,
    Proposed,
    Release,
    StatementRequest,
    Warned,
    Worklist,
    listed,
)
from huikuan.playbook import ORDER
from huikuan.wording import Wording, clean, minor_units

_LONG = 2000  # characters of a cell; Excel takes 32,767
_ROWS = 1_000_000  # of Excel's 1,048,576
_A4 = 9

Cell = str | tuple[str, ...] | int | Decimal | date | None
"""A tuple is text of several lines."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: a header of (title, width in characters), and rows of typed cells.

    ``currency_column`` is the place of the ISO code that says how many decimals the amounts of a row have.
    """

    title: str
    header: tuple[tuple[str, int], ...]
    rows: list[tuple[Cell, ...]]
    currency_column: int | None = None


def workbook(worklist: Worklist, wording: Wording, created: datetime) -> bytes:
    """The workbook of one mail; same worklist, same bytes. Raises OutreachError when a cell cannot be written."""
    return book_of(sheets(worklist, wording), created)


def book_of(pages: Iterable[Sheet], created: datetime) -> bytes:
    """A workbook of these sheets; same rows, same bytes. Raises OutreachError when a cell cannot be written."""
    target = BytesIO()
    book = xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"created": created.replace(tzinfo=None)})
    for sheet in pages:
        _write(book, sheet)
    book.close()
    return target.getvalue()


def sheets(worklist: Worklist, wording: Wording) -> list[Sheet]:
    """What the workbook holds: lists, their invoices and what is new; a batch; or failed rules and rows left out."""
    if isinstance(worklist, DataOwnerReport):
        return _data_sheets(worklist, wording)
    if isinstance(worklist, Approval):
        return [_proposal_sheet(worklist.proposals, wording)]
    if isinstance(worklist, StatementRequest):
        return []
    lines, found = listed(worklist), []
    if lines:
        own = _own(lines)
        pages = (
            _list_sheet(worklist, lines, own, wording),
            _talk_sheet(worklist, lines, own, wording),
            _item_sheet(lines, wording),
        )
        found += [page for page in pages if page.rows]
    if worklist.changes:
        found.append(_change_sheet(worklist.changes, wording))
    if worklist.releases:
        found.append(_release_sheet(worklist.releases, wording))
    if worklist.goals:
        found.append(_month_sheet(worklist.goals, wording))
    if isinstance(worklist, Escalation):
        return found + list(_team_sheets(worklist, wording))
    if worklist.warnings:
        found.append(_warning_sheet(worklist.warnings, wording))
    return found


def _list_sheet(worklist: Digest | Escalation, lines: Sequence[Line], own: Sequence[bool], wording: Wording) -> Sheet:
    header = (
        (wording.text("No."), 5),
        (wording.text("Planned today"), 9),
        (wording.text("Company"), 10),
        (wording.text("Account"), 14),
        (wording.text("Customer"), 32),
        (wording.text("Task"), 14),
        (wording.text("Currency"), 9),
        (wording.text("Ask for"), 16),
        (wording.text("Overdue"), 16),
        (wording.text("Days late"), 10),
        (wording.text("Stage"), 7),
        (wording.text("Risk"), 6),
        (wording.text("Why"), 50),
        (wording.text("What to do"), 50),
        (wording.text("What to say"), 60),
        (wording.text("Contact"), 18),
        (wording.text("Phone"), 18),
        (wording.text("Do by"), 12),
        (wording.text("Best day"), 12),
        (wording.text("Listed since"), 12),
        (wording.text("Terms to offer"), 40),
    )
    rows = [
        row
        for place, (line, is_own) in enumerate(zip(lines, own, strict=True), 1)
        for row in _list_rows(place, line, _said(worklist, line, is_own, wording), wording)
    ]
    return Sheet(wording.text("List"), header, rows, currency_column=6)


def _own(lines: Sequence[Line]) -> list[bool]:
    """Which lines have a talk of their own: the others wait, or a talk above with the same customer has them in it."""
    groups = by_customer(line for line in lines if line.is_planned)
    own = {id(line) for group in groups for n, line in enumerate(group) if has_own_talk(line, group[:n])}
    return [id(line) in own for line in lines]


def _said(worklist: Digest | Escalation, line: Line, is_own: bool, wording: Wording) -> str | None:
    if line.is_planned and line.script_id and not is_own:
        return wording.text("Part of the talk above.")
    script = talk(line, worklist.reader, worklist.truth, wording.locale) if is_own else None
    return script.say if script else None


def _list_rows(place: int, line: Line, said: str | None, wording: Wording) -> Iterable[tuple[Cell, ...]]:
    """One row per currency of the account: amounts in different currencies never share a row."""
    overdue = {money.currency: money.amount for money in line.overdue}
    currencies: list[str | None] = [*dict.fromkeys([*([line.ask.currency] if line.ask else []), *overdue])]
    advice = terms(line, wording.locale) or None
    for currency in currencies or [None]:
        yield (
            place,
            wording.text("yes") if line.is_planned else wording.text("no"),
            line.company_id,
            line.account_id,
            line.name,
            label(line.kind, wording),
            currency,
            line.ask.amount if line.ask and line.ask.currency == currency else None,
            overdue.get(currency) if currency else None,
            line.days_late,
            line.stage,
            line.risk_grade,
            why(line, wording),
            todo(line, wording),
            said,
            line.contact.name if line.contact else None,
            line.contact.phone if line.contact else None,
            line.due_on,
            line.act_on,
            line.waiting_since,
            advice,
        )


def _talk_sheet(worklist: Digest | Escalation, lines: Sequence[Line], own: Sequence[bool], wording: Wording) -> Sheet:
    """The whole talk of each task that is for today, a row each, from its opening to what follows (会谈指南)."""
    talks = [
        (place, line, script)
        for place, (line, is_own) in enumerate(zip(lines, own, strict=True), 1)
        if is_own and (script := talk(line, worklist.reader, worklist.truth, wording.locale))
    ]
    titles = {part.key: part.title for _, _, script in talks for part in script.sections}
    parts = [key for key in ORDER if key in titles]
    header = (
        (wording.text("No."), 5),
        (wording.text("Customer"), 24),
        (wording.text("Task"), 12),
        *((titles[key], 32) for key in parts),
    )
    rows: list[tuple[Cell, ...]] = [
        (place, line.name, label(line.kind, wording), *(script.section(key) or None for key in parts))
        for place, line, script in talks
    ]
    return Sheet(wording.text("Talks"), header, rows)


def _item_sheet(lines: Sequence[Line], wording: Wording) -> Sheet:
    header = (
        (wording.text("Company"), 10),
        (wording.text("Account"), 14),
        (wording.text("Customer"), 32),
        (wording.text("Invoice"), 20),
        (wording.text("Instalment"), 10),
        (wording.text("Currency"), 9),
        (wording.text("To collect"), 16),
        (wording.text("In dispute"), 16),
        (wording.text("Due on"), 12),
        (wording.text("Days late"), 10),
    )
    rows: dict[tuple[str, str, int], tuple[Cell, ...]] = {}  # an account with two tasks has its invoices once
    for line in lines:
        for item, number in zip(line.items, line.numbers, strict=True):
            rows[item.company_id, item.document_id, item.seq] = (
                item.company_id,
                item.account_id,
                line.name,
                number,
                item.seq,
                item.currency,
                item.collectable_amount,
                item.disputed_amount,
                item.due_on,
                item.days_past_due,
            )
    return Sheet(wording.text("Overdue invoices"), header, list(rows.values()), currency_column=5)


def _change_sheet(changes: Sequence[Changed], wording: Wording) -> Sheet:
    header = (
        (wording.text("Company"), 10),
        (wording.text("Account"), 14),
        (wording.text("Customer"), 32),
        (wording.text("What"), 18),
        (wording.text("Currency"), 9),
        (wording.text("Amount"), 16),
        (wording.text("Detail"), 40),
        (wording.text("Day"), 12),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            each.company_id,
            each.account_id,
            each.name,
            change_label(each.row.change, wording),
            each.row.currency or None,
            each.row.amount,
            change_detail(each, wording),
            each.promised_for,
        )
        for each in changes
    ]
    return Sheet(wording.text("Changes"), header, rows, currency_column=4)


def _month_sheet(goals: Sequence[Goal], wording: Wording) -> Sheet:
    header = (
        (wording.text("Currency"), 9),
        (wording.text("Target"), 16),
        (wording.text("Received"), 16),
        (wording.text("Promised"), 16),
        (wording.text("Missing"), 16),
    )
    rows: list[tuple[Cell, ...]] = [
        (goal.currency, goal.target, goal.received, goal.committed, goal.gap) for goal in goals
    ]
    return Sheet(wording.text("Month"), header, rows, currency_column=0)


def _team_sheets(escalation: Escalation, wording: Wording) -> Iterable[Sheet]:
    """People, accounts that nobody has spoken to for long, and who stands in for whom."""
    if escalation.team:
        yield _team_sheet(escalation.team, wording)
    if escalation.quiet:
        yield _quiet_sheet(escalation.quiet, wording)
    if escalation.covers:
        header = ((wording.text("Who works on whose customers"), 90), (wording.text("Customers"), 10))
        rows: list[tuple[Cell, ...]] = [(cover_sentence(each, wording), each.accounts) for each in escalation.covers]
        yield Sheet(wording.text("Stand-ins"), header, rows)


def _team_sheet(team: Sequence[Member], wording: Wording) -> Sheet:
    """A row per person and currency; counts stand in the first one only, so that a column can be summed."""
    header = (
        (wording.text("Person"), 24),
        (wording.text("Today"), 9),
        (wording.text("Waiting"), 9),
        (wording.text("Done"), 9),
        (wording.text("Oldest waits since"), 14),
        (wording.text("Not spoken to for long"), 12),
        (wording.text("Currency"), 9),
        (wording.text("To ask for"), 16),
        (wording.text("Target"), 16),
        (wording.text("Received"), 16),
        (wording.text("Promised"), 16),
        (wording.text("Missing"), 16),
    )
    rows: list[tuple[Cell, ...]] = []
    for each in team:
        asked = {money.currency: money.amount for money in each.asked}
        month = {goal.currency: goal for goal in each.goals}
        for n, currency in enumerate([*dict.fromkeys([*asked, *month])] or [None]):
            goal = month.get(currency) if currency else None
            counts = (each.planned, each.waiting, each.done, each.oldest, each.quiet)
            rows.append(
                (
                    each.name,
                    *(counts if n == 0 else (None,) * len(counts)),
                    currency,
                    asked.get(currency) if currency else None,
                    *((goal.target, goal.received, goal.committed, goal.gap) if goal else (None,) * 4),
                )
            )
    return Sheet(wording.text("Team"), header, rows, currency_column=6)


def _quiet_sheet(lines: Sequence[Line], wording: Wording) -> Sheet:
    header = (
        (wording.text("Company"), 10),
        (wording.text("Account"), 14),
        (wording.text("Customer"), 32),
        (wording.text("Rep"), 20),
        (wording.text("Currency"), 9),
        (wording.text("Overdue"), 16),
        (wording.text("Days late"), 10),
        (wording.text("Listed since"), 12),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            line.company_id,
            line.account_id,
            line.name,
            line.rep_name,
            money.currency if money else None,
            money.amount if money else None,
            line.days_late,
            line.waiting_since,
        )
        for line in lines
        for money in line.overdue or (None,)
    ]
    return Sheet(wording.text("Not spoken to for long"), header, rows, currency_column=4)


def _release_sheet(releases: Sequence[Release], wording: Wording) -> Sheet:
    header = (
        (wording.text("Company"), 10),
        (wording.text("Account"), 14),
        (wording.text("Customer"), 32),
        (wording.text("Sanction"), 22),
        (wording.text("Why"), 50),
        (wording.text("What to do"), 50),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            release.company_id,
            release.account_id,
            release.name,
            sanction(flag, wording),
            release_reason(reason, wording),
            resumed(flag, wording),
        )
        for release in releases
        for flag, reason in release.ended
    ]
    return Sheet(wording.text("Releases"), header, rows)


def _warning_sheet(warnings: Sequence[Warned], wording: Wording) -> Sheet:
    header = (
        (wording.text("Company"), 10),
        (wording.text("Account"), 14),
        (wording.text("Customer"), 32),
        (wording.text("Risk"), 6),
        (wording.text("Why"), 50),
        (wording.text("What to do"), 50),
        (wording.text("Rule"), 36),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            each.company_id,
            each.account_id,
            each.name,
            each.risk_grade,
            warning(each, wording),
            warning_todo(each, wording),
            each.rule_id,
        )
        for each in warnings
    ]
    return Sheet(wording.text("Early warnings"), header, rows)


def _proposal_sheet(proposals: Sequence[Proposed], wording: Wording) -> Sheet:
    header = (
        (wording.text("No."), 5),
        (wording.text("Company"), 10),
        (wording.text("Account"), 14),
        (wording.text("Customer"), 32),
        (wording.text("Sanction"), 22),
        (wording.text("Currency"), 9),
        (wording.text("Overdue"), 16),
        (wording.text("Days late"), 10),
        (wording.text("Stage"), 7),
        (wording.text("Risk"), 6),
        (wording.text("Why"), 50),
        (wording.text("Rule"), 36),
        (wording.text("Delivered on"), 12),
        (wording.text("First proposed"), 12),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            each.row.position,
            each.row.company_id,
            each.row.account_id,
            each.name,
            sanction(each.row.flag, wording),
            each.overdue.currency if each.overdue else None,
            each.overdue.amount if each.overdue else None,
            each.row.days_past_due,
            each.row.stage,
            each.row.risk_grade,
            proposal_reason(each, wording),
            each.row.reason,
            each.row.evidence_on,
            each.row.proposed_since,
        )
        for each in proposals
    ]
    return Sheet(wording.text("Proposals"), header, rows, currency_column=5)


def _data_sheets(report: DataOwnerReport, wording: Wording) -> list[Sheet]:
    rules = Sheet(
        wording.text("Failed rules"),
        (
            (wording.text("Rule"), 36),
            (wording.text("Weight"), 10),
            (wording.text("Table"), 14),
            (wording.text("Failed"), 10),
            (wording.text("Looked at"), 10),
            (wording.text("What it asks for"), 70),
        ),
        [
            (rule.rule_id, rule.severity, rule.table_name, rule.failed_count, rule.total_count, rule.description)
            for rule in report.rules
        ],
    )
    rows = Sheet(
        wording.text("Rows left out"),
        (
            (wording.text("Table"), 14),
            (wording.text("Row (from 0)"), 12),
            (wording.text("Rule"), 36),
            (wording.text("Why it was left out"), 90),
        ),
        [(row.table_name, row.row_number, row.rule_id, row.reason) for row in report.quarantined[:_ROWS]],
    )
    return [rules, rows]


def _write(book: Any, sheet: Sheet) -> None:
    page = book.add_worksheet(clean(sheet.title, 31))
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    day = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"})
    plain = book.add_format({"valign": "top", "text_wrap": True})
    amounts = {
        digits: book.add_format({"num_format": "#,##0" + ("." + "0" * digits if digits else ""), "valign": "top"})
        for digits in range(5)
    }
    for column, (title, width) in enumerate(sheet.header):
        page.set_column(column, column, width)
        _written(page.write_string(0, column, clean(title), head), sheet, 0, column)
    for number, row in enumerate(sheet.rows, start=1):
        code = row[sheet.currency_column] if sheet.currency_column is not None else None
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                result = page.write_string(number, column, clean(cell, _LONG), plain)
            elif isinstance(cell, tuple):
                result = page.write_string(number, column, "\n".join(clean(part, _LONG) for part in cell), plain)
            elif isinstance(cell, Decimal):
                digits = currency_digits(str(code))
                result = page.write_number(number, column, minor_units(cell, str(code)), amounts[min(digits, 4)])
            elif isinstance(cell, int):
                result = page.write_number(number, column, cell, plain)
            elif isinstance(cell, date):
                result = page.write_datetime(number, column, datetime.combine(cell, time()), day)
            else:
                result = page.write_blank(number, column, None, plain)
            _written(result, sheet, number, column)
    page.set_paper(_A4)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, max(len(sheet.rows), 1), len(sheet.header) - 1)


def _written(result: int, sheet: Sheet, row: int, column: int) -> None:
    if result != 0:
        raise OutreachError(
            f"Row {row}, column {sheet.header[column][0]} of the workbook cannot be written (code {result}).",
            "The list is too long for a workbook, or a text is: split the reader's accounts over more people.",
        )
