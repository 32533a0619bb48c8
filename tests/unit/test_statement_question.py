"""The page for the approver of statements: what it shows, and that text of the ledger does nothing in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from huikuan.finance.asking import MOST_FAILED, MOST_ROWS, body, subject
from huikuan.finance.batches import Batch, Line, Manifest
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


def shown(
    lines: list[Line],
    name: str = "One Ltd",
    failed: Mapping[str, str] | None = None,
    held: Mapping[str, str] | None = None,
) -> str:
    names = {(each.company_id, each.account_id): Account(each.company_id, each.account_id, "R", name) for each in lines}
    statements = {
        each.key[:2]: {
            "contact_role": "payer" if each.contact_id else None,
            "held_until": (held or {}).get(each.account_id),
        }
        for each in lines
    }
    manifest = Manifest(statements, dict(failed or {}))
    return body(batch(len(lines)), lines, names, OPENED, manifest)


def test_a_line_shows_account_number_balances_pages_and_who_gets_it() -> None:
    page = shown([line(1), line(2, contact_id=None), line(3)], held={"A3": "2026-08-01"})
    cells = "`CNY` -1,234,567.80; `USD` 1,000.50 | 3 |"
    assert f"| 1 | `C1/A1` `One Ltd` | `202606-C1-A1` | {cells} 付款人 payer |" in page
    assert f"| 2 | `C1/A2` `One Ltd` | `202606-C1-A2` | {cells} ✗ |" in page
    assert f"| 3 | `C1/A3` `One Ltd` | `202606-C1-A3` | {cells} ⏸ 2026-08-01 |" in page
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


def test_who_gets_none_is_named_with_the_reason() -> None:
    failed = {f"X{n}": f"opening and movements give {n}" for n in range(MOST_FAILED + 5)}
    page = shown([line(1)], failed=failed)
    assert f"未能生成对账函的客户：{MOST_FAILED + 5} 家" in page
    assert f"because it could not be made: {MOST_FAILED + 5}." in page
    assert "`X0` `opening and movements give 0`" in page
    assert f"`X{MOST_FAILED}`" not in page
    assert "could not be made" not in shown([line(1)])


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
        ("en", "4 statements to approve", "None leaves before you have approved it."),
        ("zh_CN", "4 份对账函待批准", "未经您批准，一封也不寄出。"),
    ],
)
def test_the_mail_to_the_approver_asks_in_both_languages(locale: str, subject_line: str, sentence: str) -> None:
    reader = Reader("F-WU", "Wu", "wu@example.com", locale, None, "finance", is_active=True)
    waiting = StatementBatch("202606-C2-x", "f" * 64, "F-WU", "C2", date(2026, 6, 30), 4, OPENED)
    truth = Truth(date(2026, 7, 1), date(2026, 6, 30), None, None, "r")
    page = "https://airflow.example.com/actions"
    request = StatementRequest(reader, truth, POISON[1], waiting, OPENED, "Asia/Shanghai", page)
    mail = compose(request, POLICY, OPENED)
    text, html = bodies(request, POLICY)
    assert (mail.kind, mail.subject, mail.accounts) == ("statement_approval", subject_line, [])
    assert mail.recipient == "F-WU/202606-C2-x", "another batch is told of in a mail of its own"
    assert b".xlsx" not in mail.content
    for body_text in (text, html):
        assert sentence in body_text
        assert "python -m huikuan statements decide 202606-C2-x approve --as F-WU" in body_text
    assert "<script>" not in html
