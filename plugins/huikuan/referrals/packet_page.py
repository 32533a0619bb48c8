"""The pages of a packet as plain data in the reader's language: texts, tables and their alignment; no layout.

The template lays them out and says nothing of its own, so that one template serves both languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from huikuan.letters.table import NONE, SHORT, Table, column, cut, long_day, table
from huikuan.referrals import packet_sections as sections
from huikuan.referrals.packet_claim import Claim, Total
from huikuan.referrals.packet_history import money, name
from huikuan.referrals.packet_missing import missing
from huikuan.referrals.packet_papers import Check
from huikuan.referrals.packet_rows import Facts
from huikuan.referrals.packet_sections import Case
from huikuan.referrals.packet_words import listed, word
from huikuan.wording import Wording


def pages(case: Case, wording: Wording) -> dict[str, Any]:
    """Everything that the template needs, as JSON types."""
    facts, text = case.facts, wording.text
    run = facts.run
    return {
        "lang": "zh" if wording.locale == "zh_CN" else "en",
        "region": "cn" if wording.locale == "zh_CN" else "gb",
        "title": text("Legal packet"),
        "confidential": text("Confidential"),
        "running": f"{cut(facts.account.name, 40)} · {cut(facts.key[1], 40)}",
        "as_of": text("as of %(day)s", day=wording.day(run.as_of)),
        "footer": text("Run %(run)s, policy %(policy)s", run=run.run_id, policy=run.policy_version),
        "page": text("Page {page} of {pages}").replace("{pages}", "{page}").split("{page}"),
        "name": cut(facts.account.name, SHORT),
        "parties": _parties(facts, wording),
        "standing": _standing(facts, wording),
        "amounts": [money(wording, total.claim, total.currency) for total in case.claim.totals],
        "claim_label": text("Claim with interest"),
        "claim_title": text("What is claimed"),
        "claim": _totals(case.claim, wording),
        "claim_notes": _claim_notes(case, wording),
        "score": {"pct": case.score_pct, "title": text("Completeness"), "text": f"{case.score_pct} %"},
        "missing": _missing_table(case.checks, wording),
        "sections": [
            sections.items_section(case, wording),
            sections.chronology_section(case, wording),
            sections.papers_section(case, wording),
            sections.contract_section(facts, wording),
            sections.persons_section(facts, wording),
            sections.sanctions_section(facts, wording),
            sections.about_section(case, wording),
        ],
        "signature": [text("Checked by"), text("Day"), text("Signature")],
    }


def _parties(facts: Facts, wording: Wording) -> list[dict[str, Any]]:
    text, account = wording.text, facts.account
    creditor = [
        (text("Name"), cut(facts.company.name, SHORT)),
        (text("Company"), cut(facts.key[0], SHORT)),
        (text("Rep in charge"), cut(name(facts, account.rep_id) or NONE, SHORT)),
        (text("Close of books"), wording.day(facts.run.as_of)),
    ]
    debtor = [
        (text("Name"), cut(account.name, SHORT)),
        (text("Account"), cut(facts.key[1], SHORT)),
        (text("Tax number"), cut(account.tax_id or NONE, SHORT)),
        (text("Country"), cut(account.country or NONE, SHORT)),
        (text("Status"), word(wording, "status", account.status)),
        (text("Segment"), word(wording, "segment", account.segment)),
        (text("Identity verified"), long_day(account.verified_on, wording)),
    ]
    return [{"title": text("Creditor"), "rows": creditor}, {"title": text("Debtor"), "rows": debtor}]


def _standing(facts: Facts, wording: Wording) -> list[tuple[str, str]]:
    """Where the account stands, as pairs of label and value."""
    text, status = wording.text, facts.status
    return [
        (text("Stage"), status.stage if status else NONE),
        (text("Oldest due date"), long_day(status.oldest_due_on if status else None, wording)),
        (text("Step of the ladder"), word(wording, "step", status.ladder_step if status else None)),
        (text("Risk grade"), status.risk_grade if status else NONE),
        (text("Payment pattern"), word(wording, "pattern", status.pattern if status else None)),
        (text("Nature of the arrears"), word(wording, "nature", status.arrears_nature if status else None)),
    ]


def _totals(claim: Claim, wording: Wording) -> Table:
    text = wording.text
    columns = [
        column(text("Currency"), mm=16),
        *(
            column(title, align="right", fr=1)
            for title in (
                text("Open"),
                text("Credits"),
                text("In dispute"),
                text("Not yet due"),
                text("Overdue, undisputed"),
                text("Interest"),
                text("Claim"),
            )
        ),
    ]
    return table(columns, [_total_row(total, wording) for total in claim.totals], text("Nothing is open."))


def _total_row(total: Total, wording: Wording) -> list[str]:
    amounts = (
        total.open_amount,
        -total.credit,
        total.disputed,
        total.not_due,
        total.principal,
        total.interest,
        total.claim,
    )
    return [total.currency, *(wording.money(amount, total.currency) for amount in amounts)]


def _claim_notes(case: Case, wording: Wording) -> list[str]:
    text = wording.text
    notes = [text("Claim = overdue, undisputed amount + interest. Currencies are never added up.")]
    if any(total.disputed for total in case.claim.totals):
        notes.append(text("What is in dispute is not part of the claim: see the papers of the dispute first."))
    if any(total.has_unknown_rate for total in case.claim.totals):
        notes.append(text("Interest is not complete: some items have no known rate."))
    if case.facts.account.status == "insolvent":
        notes.append(
            text(
                "The debtor is insolvent: file a proof of claim. What is not yet due belongs into it as well; interest "
                "ends on the day on which the proceedings were opened, which the ledger does not hold."
            )
        )
    return notes


def _missing_table(checks: Sequence[Check], wording: Wording) -> Table:
    text = wording.text
    columns = [column(text("What is missing"), fr=3), column(text("What to do"), fr=2)]
    return table(columns, [list(pair) for pair in missing(checks, wording)], text("Nothing is missing."))


def unprintable_note(characters: Sequence[str], wording: Wording) -> str:
    """The note about characters that the font lacks; empty when there are none."""
    if not characters:
        return ""
    codes = [f"U+{ord(character):04X}" for character in characters]
    return wording.text(
        "Characters that cannot be printed stand as their code in brackets: %(codes)s.",
        codes=listed(wording, codes, 40),
    )
