"""The numbered sections of a packet, each as a title, paragraphs and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from huikuan.letters.table import LONG, NONE, SHORT, Table, column, cut, iso, section, table
from huikuan.referrals.interest import Rate
from huikuan.referrals.packet_claim import Claim, Line, Total
from huikuan.referrals.packet_history import KINDS, Event, name
from huikuan.referrals.packet_missing import CONTRACT_TITLES, REQUIREMENT_TEXTS, lacking
from huikuan.referrals.packet_papers import Check, contracts_behind, label
from huikuan.referrals.packet_rows import Contract, Facts, Flag
from huikuan.referrals.packet_words import listed, word
from huikuan.wording import Wording


@dataclass(frozen=True)
class Case:
    """Everything that the pages of one packet show."""

    facts: Facts
    claim: Claim
    checks: tuple[Check, ...]
    score_pct: int
    events: tuple[Event, ...]
    year_days: int


def items_section(case: Case, wording: Wording) -> dict[str, Any]:
    text = wording.text
    tables = [
        _items_table([line for line in case.claim.lines if line.item.currency == total.currency], total, wording)
        for total in case.claim.totals
    ]
    intro = [
        text(
            "Days late are counted at the close of books. Interest is simple, on what is overdue and undisputed "
            "(column Claimed), from the day after the due date, rounded once per item. "
            "What was paid late before bears none here."
        )
    ]
    rates = {line.rate: None for line in case.claim.lines if line.rate is not None}
    intro += [_rate_sentence(rate, case.year_days, wording) for rate in rates]
    return section(text("Open items and interest"), intro, tables or [table([], [], text("Nothing is open."))])


def _rate_sentence(rate: Rate, year_days: int, wording: Wording) -> str:
    pct = f"{rate.pct.normalize():f}"
    law = dict(rate.basis).get(wording.locale, "")
    if rate.per == "day":
        return wording.text("%(pct)s %% a day by law (%(country)s): %(law)s", pct=pct, country=rate.country, law=law)
    values: dict[str, object] = {"pct": pct, "days": year_days}
    if rate.source == "agreed":
        return wording.text("%(pct)s %% a year of %(days)s days, as agreed.", **values)
    return wording.text(
        "%(pct)s %% a year of %(days)s days by law (%(country)s): %(law)s", country=rate.country, law=law, **values
    )


def _items_table(lines: Sequence[Line], total: Total, wording: Wording) -> Table:
    """Items in one currency and their sums. Credits and rates have a column where items differ in them."""
    text, currency = wording.text, total.currency
    has_credits = total.credit != 0
    has_rates = len({line.rate for line in lines if line.claimed}) > 1
    columns = [
        column(text("Number"), fr=1),
        column(text("Issued"), mm=16),
        column(text("Due"), mm=16),
        column(text("Days late"), align="right", mm=10),
        column(text("Amount"), align="right", mm=18),
        column(text("Open"), align="right", mm=18),
        *([column(text("Credits"), align="right", mm=17)] if has_credits else []),
        column(text("In dispute"), align="right", mm=17),
        column(text("Claimed"), align="right", mm=18),
        *([column(text("Rate"), align="right", mm=13)] if has_rates else []),
        column(text("Interest"), align="right", mm=16),
    ]
    rows = [_item_row(line, has_credits, has_rates, wording) for line in lines]
    sums = [
        total.open_amount,
        *([-total.credit] if has_credits else []),
        total.disputed,
        total.principal,
    ]
    amounts = [wording.money(amount, currency) for amount in sums]
    title = text("Total")
    rate = [""] if has_rates else []
    rows.append([f"{title} {currency}", *[""] * 4, *amounts, *rate, wording.money(total.interest, currency)])
    return table(columns, rows, "", total=1, title=currency, small=has_credits and has_rates)


def _item_row(line: Line, has_credits: bool, has_rates: bool, wording: Wording) -> list[str]:
    item = line.item
    number = label(item) if item.seq == 1 else f"{label(item)} / {item.seq}"
    if item.is_retention:
        retention = wording.text("retention")
        number = f"{number} ({retention})"
    credit = [item.net_amount - item.open_amount] if has_credits else []
    amounts = (item.amount, item.open_amount, *credit, item.disputed_amount, line.claimed)
    return [
        cut(number, SHORT),
        item.issued_on.isoformat(),
        item.due_on.isoformat(),
        str(item.days_late),
        *(wording.money(amount, item.currency) for amount in amounts),
        *([_short_rate(line.rate, wording) if line.claimed else ""] if has_rates else []),
        NONE if line.interest is None else wording.money(line.interest, item.currency),
    ]


def _short_rate(rate: Rate | None, wording: Wording) -> str:
    """The percentage; the paragraphs above the table say per what."""
    return f"{rate.pct.normalize():f}%" if rate else wording.text("unknown")


def chronology_section(case: Case, wording: Wording) -> dict[str, Any]:
    """Events since the oldest open document was issued; what was before is in the data."""
    text = wording.text
    first = min((line.item.issued_on for line in case.claim.lines), default=None)
    shown = [event for event in case.events if first is None or event.on_date >= first]
    intro = [text("Times are local times of the creditor.")]
    if first is not None and len(shown) < len(case.events):
        intro.append(
            text(
                "Shown since %(day)s, when the oldest open document was issued; %(n)s earlier events are in the data.",
                day=wording.day(first),
                n=len(case.events) - len(shown),
            )
        )
    columns = [
        column(text("Day"), mm=17),
        column(text("Time"), mm=10),
        column(text("Kind"), mm=19),
        column(text("What happened"), fr=1),
        column(text("Who"), mm=27),
    ]
    rows = [
        [
            event.on_date.isoformat(),
            event.clock,
            text(KINDS[event.kind]),
            cut(event.text, LONG),
            cut(event.who, SHORT),
        ]
        for event in shown
    ]
    return section(text("Chronology"), intro, [table(columns, rows, text("Nothing is on record."))])


def papers_section(case: Case, wording: Wording) -> dict[str, Any]:
    text = wording.text
    return section(
        text("Papers"),
        [],
        [_kinds_table(case, wording), _matrix(case, wording), _paper_list(case.facts, wording)],
    )


def _kinds_table(case: Case, wording: Wording) -> Table:
    """Every requirement with what is there of it."""
    text = wording.text
    columns = [
        column(text("Requirement"), fr=3),
        column(text("There"), align="right", mm=14),
        column(text("Needed"), align="right", mm=20),
        column(text("Missing"), fr=3),
    ]
    rows = [
        [
            text(REQUIREMENT_TEXTS[check.name][0]),
            str(check.have) if check.needed else NONE,
            str(check.needed) if check.needed else text("none here"),
            listed(wording, [lacking(check.name, code, wording) for code in check.lacking])
            or ("" if check.is_met else text("missing")),
        ]
        for check in case.checks
    ]
    return table(columns, rows, "", title=text("What a claim needs"))


def _matrix(case: Case, wording: Wording) -> Table:
    """Per overdue document the day on which each paper was obtained."""
    kinds = ("delivery_note", "acceptance_certificate", "tax_invoice")
    found: dict[tuple[str, str], date] = {}
    for paper in case.facts.papers:
        if paper.document_id:
            found.setdefault((paper.document_id, paper.kind), paper.obtained_on)
    columns = [
        column(wording.text("Document"), fr=1),
        *(column(word(wording, "paper", kind).capitalize(), mm=32) for kind in kinds),
    ]
    documents = {item.document_id: label(item) for item in case.claim.late}
    rows = [
        [cut(number, SHORT), *(iso(found.get((document_id, kind))) for kind in kinds)]
        for document_id, number in documents.items()
    ]
    return table(
        columns, rows, wording.text("No document is overdue."), title=wording.text("Papers per overdue document")
    )


def _paper_list(facts: Facts, wording: Wording) -> Table:
    """Papers about the open documents, and those that are about no document."""
    text = wording.text
    about = {item.document_id for item in facts.items}
    columns = [
        column(text("Paper"), mm=34),
        column(text("Obtained"), mm=17),
        column(text("Document"), fr=1),
        column(text("Kept at"), fr=2),
    ]
    rows = [
        [
            word(wording, "paper", paper.kind).capitalize(),
            paper.obtained_on.isoformat(),
            cut(paper.number or paper.document_id or NONE, SHORT),
            cut(paper.uri or NONE, SHORT),
        ]
        for paper in facts.papers
        if paper.document_id is None or paper.document_id in about
    ]
    return table(columns, rows, text("No papers are on file."), title=text("List of papers"))


def contract_section(facts: Facts, wording: Wording) -> dict[str, Any]:
    text = wording.text
    tables = [_contract_table(contract, wording) for contract in contracts_behind(facts)]
    return section(text("Contracts"), [], tables or [table([], [], text("No contract is on file."))])


def _contract_table(contract: Contract, wording: Wording) -> Table:
    columns = [column("", mm=44), column("", fr=1)]
    rows = []
    for fact, title in CONTRACT_TITLES.items():
        value = getattr(contract, fact)
        if isinstance(value, date):
            shown = wording.day(value)
        elif value is None:
            shown = NONE
        else:
            shown = value if isinstance(value, str) else wording.quantity(value)
        rows.append([wording.text(title), cut(shown, LONG)])
    return table(columns, rows, "", title=wording.text("Contract %(number)s", number=cut(contract.contract_id, SHORT)))


def persons_section(facts: Facts, wording: Wording) -> dict[str, Any]:
    text = wording.text
    columns = [
        column(text("Role"), mm=34),
        column(text("Name"), fr=2),
        column(text("Phone"), fr=2),
        column(text("Mail"), fr=3),
    ]
    rows = [
        [
            word(wording, "role", contact.role).capitalize(),
            *(cut(value or NONE, SHORT) for value in (contact.name, contact.phone, contact.email)),
        ]
        for contact in facts.contacts
    ]
    return section(text("Persons at the debtor"), [], [table(columns, rows, text("Nobody is known by name."))])


def sanctions_section(facts: Facts, wording: Wording) -> dict[str, Any]:
    text = wording.text
    columns = [
        column(text("Sanction"), mm=34),
        column(text("State"), mm=22),
        column(text("Since"), mm=17),
        column(text("Decided by"), fr=2),
        column(text("Rule and evidence"), fr=3),
    ]
    rows = [_flag_row(flag, facts, wording) for flag in facts.flags]
    return section(text("Sanctions"), [], [table(columns, rows, text("No sanction stands."))])


def _flag_row(flag: Flag, facts: Facts, wording: Wording) -> list[str]:
    decided = name(facts, flag.decided_by) or NONE
    if flag.decided_at:
        decided = f"{decided}, {flag.decided_at:%Y-%m-%d %H:%M}"
    evidence = flag.reason
    if flag.evidence:
        evidence = f"{evidence}; {flag.evidence}" + (f" ({flag.evidence_on})" if flag.evidence_on else "")
    return [
        word(wording, "flag", flag.flag).capitalize(),
        word(wording, "state", flag.state),
        flag.since.isoformat(),
        cut(decided, SHORT),
        cut(evidence, SHORT),
    ]


def about_section(case: Case, wording: Wording) -> dict[str, Any]:
    text, run = wording.text, case.facts.run
    paragraphs = [
        text(
            "Made from snapshot %(snapshot)s by run %(run)s under policy %(policy)s. The same inputs give the same "
            "packet; the zip holds the data and the SHA-256 of every file.",
            snapshot=run.snapshot_id,
            run=run.run_id,
            policy=run.policy_version,
        ),
        text(
            "The completeness score is the mean over all requirements of what is there of what is needed, each counted "
            "the same, rounded down."
        ),
    ]
    return section(text("About this packet"), paragraphs, [])
