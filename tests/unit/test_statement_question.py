"""The page for the approver of statements: what it shows, and that text of the ledger does nothing in it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from huikuan.finance.asking import MOST_ROWS, body, subject
from huikuan.finance.batches import Batch, Line
from huikuan.outreach.message import bodies, compose
from huikuan.outreach.rows import Reader, StatementBatch
from huikuan.outreach.worklists import StatementRequest, Truth
from huikuan.referrals.people import Account
from tests.outreach_samples import POLICY
from tests.referral_samples import POISON

OPENED = datetime(2026, 7, 1, 1, tzinfo=UTC)


def batch(count: int) -> Batch:
    return Batch("202606-C1-0a1b", "C1", date(2026, 6, 30), date(2026, 7, 1), "r", "F-WU", "f" * 64, count, OPENED)


def line(position: int, **changes: object) -> Line:
    owed = {"open_amount": "1200.50", "free_credit": "200", "balance": "1000.50"}
    given: dict[str, object] = {
        "statement_id": f"s{position}",
        "position": position,
        "company_id": "C1",
        "account_id": f"A{position}",
        "number": f"202606-C1-A{position}",
        "locale": "en",
        "contact_id": "K1",
        "balances": {"USD": owed, "CNY": {**owed, "balance": str(Decimal("-1234567.8"))}},
        "page_count": 3,
        "file_hash": "0" * 64,
    }
    return Line(**{**given, **changes})  # type: ignore[arg-type]


def shown(lines: list[Line], name: str = "One Ltd") -> str:
    names = {(each.company_id, each.account_id): Account(each.company_id, each.account_id, "R", name) for each in lines}
    return body(batch(len(lines)), lines, names, OPENED)


def test_a_line_shows_account_number_balances_pages_and_whether_there_is_a_contact() -> None:
    page = shown([line(1), line(2, contact_id=None)])
    cells = "`CNY` -1,234,567.80; `USD` 1,000.50 | 3 |"
    assert f"| 1 | `C1/A1` `One Ltd` | `202606-C1-A1` | {cells} ✓ |" in page
    assert f"| 2 | `C1/A2` `One Ltd` | `202606-C1-A2` | {cells} ✗ |" in page
    for fact in ("`202606-C1-0a1b`", f"`{'f' * 64}`", "截止日 Cut-off: 2026-06-30", "`F-WU`", "2026-07-01 01:00 UTC"):
        assert fact in page


@pytest.mark.parametrize("name", POISON)
def test_text_of_the_ledger_stays_within_its_cell_and_its_code_span(name: str) -> None:
    page = shown([line(1, account_id=name, number=name)], name)
    table = [row for row in page.splitlines() if row.startswith("|")]
    assert {row.count("|") for row in table} == {7}
    assert len(table) == 3
    assert table[-1].count("`") == 10, "five spans, each closed"
    assert "\u202e" not in page
    outside = "".join(table[-1].split("`")[::2])
    assert not set("<>{}[]*") & set(outside)


def test_what_is_not_listed_is_counted() -> None:
    page = shown([line(n) for n in range(1, MOST_ROWS + 4)])
    assert sum(row.startswith("|") for row in page.splitlines()) == MOST_ROWS + 2
    assert "Statements that are not shown here: 3. The whole batch: `python -m huikuan statements show" in page
    assert "未在此列出的对账函：3 份" in page
    assert "not shown here" not in shown([line(1)])


def test_the_subject_names_the_batch_alone() -> None:
    assert subject(batch(7)) == "对账函审批 Statements to approve · 202606-C1-0a1b · 7"


@pytest.mark.parametrize(
    ("locale", "subject_line", "sentence"),
    [
        ("en", "8 statements to approve", "None leaves before you have approved it."),
        ("zh_CN", "8 份对账函待批准", "未经您批准，一封也不寄出。"),
    ],
)
def test_the_mail_to_the_approver_asks_in_both_languages(locale: str, subject_line: str, sentence: str) -> None:
    reader = Reader("F-WU", "Wu", "wu@example.com", locale, None, "finance", is_active=True)
    waiting = tuple(
        (POISON[1], StatementBatch(f"202606-{company}-x", "f" * 64, "F-WU", company, date(2026, 6, 30), 4, OPENED))
        for company in ("C1", "C2")
    )
    truth = Truth(date(2026, 7, 1), date(2026, 6, 30), None, None, "r")
    request = StatementRequest(reader, truth, waiting, OPENED, "Asia/Shanghai", "https://airflow.example.com/actions")
    mail = compose(request, POLICY, OPENED)
    text, html = bodies(request, POLICY)
    assert (mail.kind, mail.recipient, mail.subject, mail.accounts) == ("statement_approval", "F-WU", subject_line, [])
    assert b".xlsx" not in mail.content
    for body_text in (text, html):
        assert sentence in body_text
        assert "202606-C1-x" in body_text
        assert "python -m huikuan statements decide 202606-C2-x approve --as F-WU" in body_text
    assert "<script>" not in html
