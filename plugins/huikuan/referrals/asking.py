"""The question to an approver, as one Markdown page in Chinese and English.

Everything that comes from the ledger stands in code spans, which know no HTML, no links and no Markdown; what could
end a span or a cell of the table is replaced. Nothing here is ever a template.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Protocol, get_args

from huikuan.policy.rules import Fact
from huikuan.referrals.batch_rows import Batch, Item, needed
from huikuan.referrals.decisions import check_current
from huikuan.referrals.people import Account, AccountKey, accounts
from huikuan.warehouse.connect import connect
from huikuan.wording import Wording, clean

_CHINESE, _ENGLISH = Wording("zh_CN", "approvals"), Wording("en", "approvals")
_IN_CELLS = str.maketrans({"|": "｜", "`": "ˋ"})

SANCTIONS = {
    "stop_supply": "Stop supply",
    "stop_service": "Stop service",
    "terminate_authorization": "Terminate authorization",
    "reputation_notice": "Reputation notice",
    "legal_referral": "Legal referral",
}
_SPECIAL = {
    "days_past_due": "days late",
    "overdue_functional": "overdue",
    "exposure_functional": "owed in all",
    "is_over_limit": "over the credit limit",
    "is_insolvent": "insolvent",
    "limit_used_pct": "credit limit used, %",
}
FACTS: dict[str, str] = {
    fact: _SPECIAL.get(fact) or fact.removesuffix("_pct").replace("_", " ") + (", %" if fact.endswith("_pct") else "")
    for fact in get_args(Fact)
}
"""How people call the facts of a rule; the catalogue holds the Chinese."""
_BOUNDS = {"over ": "> ", "up to ": "≤ ", "true": "✓", "false": "✗", "unknown": "?"}


class AnyBatch(Protocol):
    """What every batch has that one person answers."""

    @property
    def batch_id(self) -> str:
        """A function of what is shown."""

    @property
    def business_date(self) -> date:
        """Of the night that it is made from."""

    @property
    def approver_id(self) -> str:
        """rep_id of the only person who may answer."""

    @property
    def content_hash(self) -> str:
        """SHA-256 of what is shown."""


@dataclass(frozen=True)
class Question:
    """A batch as it is put before its approver. ``time_left`` was read from the database's clock; it may be gone."""

    batch: AnyBatch
    subject: str
    body: str
    time_left: timedelta


def question(url: str, lake: Path, batch_id: str, answer_within: timedelta, zone: tzinfo) -> Question:
    """What to show for a batch now. ``zone`` is that of the deadline's clock.

    Raises ReferralError when nobody should be asked: an answer would be refused.
    """
    with connect(url, "desk") as connection:
        batch = needed(connection, batch_id)
        items, ledger = check_current(connection, lake, batch)
        [(now,)] = connection.execute("SELECT now()").fetchall()
    names = accounts(ledger, {item.account_id for item in items})
    answer_by = batch.opened_at + answer_within
    text = body(batch, items, names, answer_by.astimezone(zone))
    return Question(batch, subject(batch), text, answer_by - now)


def subject(batch: Batch) -> str:
    """One line that names the question: no two batches share it, and it holds nothing from the ledger."""
    return f"惩戒审批 Sanctions to approve · {batch.batch_id} · {batch.item_count}"


def body(batch: Batch, items: Iterable[Item], names: Mapping[AccountKey, Account], answer_by: datetime) -> str:
    """Batch, hash, what an answer means, and one line of a table per proposed sanction."""
    head = ("#", "Account", "Sanction", "Overdue", "Days late", "Stage, grade", "Why", "Step before", "Proposed")
    rows = [_row(item, names.get((item.company_id, item.account_id))) for item in items]
    sentences = (
        both("Approve: each line below may take effect from the next night on, if its reason still holds then."),
        both("Accounts that are not approved: their ids, or the numbers of their lines, into leave_out."),
        both("No answer is not an approval. If the rows change before you answer, nothing is applied."),
    )
    return page(batch, answer_by, {}, sentences, head, rows)


def page(
    batch: AnyBatch,
    answer_by: datetime,
    facts: Mapping[str, str],
    sentences: Iterable[str],
    head: Sequence[str],
    rows: Iterable[Iterable[str]],
) -> str:
    """What every approver reads: the batch and its hash, further ``facts`` by name, what an answer means, a table.

    Names of facts and titles of the table are English texts of the catalogue; values and cells are Markdown.
    """
    known = {
        "Batch": code(batch.batch_id),
        "Content hash": code(batch.content_hash, 64),
        "Business date": f"{batch.business_date}",
        **facts,
        "Approver": code(batch.approver_id),
        "Answer by": f"{answer_by:%Y-%m-%d %H:%M %Z}",
    }
    return "\n".join(
        [
            *(f"- {both(name)}: {value}" for name, value in known.items()),
            "",
            *(line for sentence in sentences for line in (sentence, "")),
            _line(both(title) if title != "#" else title for title in head),
            _line("---" for _ in head),
            *(_line(row) for row in rows),
            "",
        ]
    )


def _row(item: Item, account: Account | None) -> Iterator[str]:
    yield str(item.position)
    yield f"{code(f'{item.company_id}/{item.account_id}')} {code(account.name) if account else ''}".strip()
    yield both(SANCTIONS.get(item.flag, item.flag))
    yield overdue(item)
    yield "–" if item.days_past_due is None else str(item.days_past_due)
    yield f"{item.stage} · {item.risk_grade}"
    yield "; ".join([code(item.reason), *conditions(item)])
    yield f"{code(item.evidence)} {item.evidence_on or ''}".strip() if item.evidence else "–"
    yield f"{code(item.proposed_by)} {item.proposed_since}"


def overdue(item: Item) -> str:
    """The overdue amount with its currency; a dash where a rate is missing."""
    if item.overdue_functional is None:
        return "–"
    currency = item.currency or ""
    return f"{clean(currency, 3)} {_ENGLISH.money(item.overdue_functional, currency)}".strip()


def conditions(item: Item) -> list[str]:
    """Each condition of the rule with the fact that met it: ``逾期天数 days late 75 (> 60)``."""
    return [_condition(part, item.inputs) for part in (item.threshold or "").split(", ") if part]


def _condition(part: str, inputs: Mapping[str, Any]) -> str:
    fact, _, bound = part.partition(" ")
    if fact not in FACTS or not bound:
        return code(part)
    for word, sign in _BOUNDS.items():
        bound = bound.replace(word, sign)
    facts = inputs.get("facts") or inputs
    value = _value(facts[fact]) if fact in facts else ""
    return f"{both(FACTS[fact])} {value} ({code(bound)})".replace("  ", " ")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return "?" if value is None else code(str(value))


def both(text: str) -> str:
    """A text of ours in Chinese and English."""
    chinese = _CHINESE.text(text)
    return text if chinese == text else f"{chinese} {text}"


def code(text: str, limit: int = 60) -> str:
    """Text of the ledger as a code span within a cell of a table."""
    return f"`{clean(text, limit).translate(_IN_CELLS) or '–'}`"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
