"""The question to the approver of a batch of statements, as one Markdown page in Chinese and English.

The page is that of ``huikuan.referrals.asking``, with its ways of showing text of the ledger harmlessly.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any

from huikuan.errors import FinanceError
from huikuan.finance.batches import Batch, Line, Manifest, lines_of, needed, read_manifest
from huikuan.finance.decisions import check_current
from huikuan.referrals.asking import Question, both, code, page
from huikuan.referrals.batch_rows import last_run
from huikuan.referrals.people import Account, AccountKey, accounts, open_ledger
from huikuan.warehouse.connect import connect
from huikuan.wording import Wording

MOST_ROWS = 200
"""Statements that the page lists; of the others it gives the number. A page is no place to read a thousand."""
MOST_FAILED = 20
_HEAD = ("#", "Account", "Number", "Balance", "Pages", "Contact")
_ENGLISH = Wording("en")


def question(url: str, lake: Path, batch_id: str, answer_within: timedelta, zone: tzinfo) -> Question:
    """What to show for a batch now. ``zone`` is that of the deadline's clock.

    Raises FinanceError when nobody should be asked: an answer would be refused.
    """
    with connect(url, "desk") as connection:
        batch = needed(connection, batch_id)
        check_current(connection, lake, batch)
        run, lines = last_run(connection, batch.business_date), lines_of(connection, batch_id)
        [(now,)] = connection.execute("SELECT now()").fetchall()
    if run is None:
        raise FinanceError(f"No night of {batch.business_date} is recorded.", "Run the night of that date first.")
    manifest = read_manifest(lake, batch)
    ledger = open_ledger(lake, run.run_id, run.snapshot_id)
    names = accounts(ledger, {line.account_id for line in lines[:MOST_ROWS]})
    answer_by = batch.opened_at + answer_within
    return Question(
        batch, subject(batch), body(batch, lines, names, answer_by.astimezone(zone), manifest), answer_by - now
    )


def subject(batch: Batch) -> str:
    """One line that names the question: no two batches share it, and it holds nothing from the ledger."""
    return f"对账函审批 Statements to approve · {batch.batch_id} · {batch.item_count}"


def body(
    batch: Batch,
    lines: Sequence[Line],
    names: Mapping[AccountKey, Account],
    answer_by: datetime,
    manifest: Manifest,
) -> str:
    """Batch, hash, cut-off, what an answer means, whose statement could not be made and why, and one line of a table
    for each of the first statements.
    """
    facts = {"Company": code(batch.company_id), "Cut-off": f"{batch.cut_off}"}
    sentences = [
        both("Approve: each statement below goes to its customer by mail; without a contact, a person prints it."),
        both("Contact: who gets it; ✗ nobody has an address, ⏸ not before that day: a person prints it."),
        both("Accounts that are not approved: their ids, or the numbers of their lines, into leave_out."),
        both("No answer is not an approval. If a file or the night changes before you answer, nothing is applied."),
    ]
    if (hidden := len(lines) - MOST_ROWS) > 0:
        text = both("Statements that are not shown here: %(n)s. The whole batch:").replace("%(n)s", f"{hidden:,}")
        command = f"python -m huikuan statements show {shlex.quote(batch.batch_id)}"
        sentences.append(f"{text} {code(command, 120)}")
    if failed := manifest.failed:
        text = both("Accounts that get no statement, because it could not be made: %(n)s.")
        sentences.append(text.replace("%(n)s", f"{len(failed):,}"))
        sentences += [f"{code(account_id)} {code(why, 200)}" for account_id, why in list(failed.items())[:MOST_FAILED]]
    rows = [_row(line, names.get(line.key[:2]), manifest.statements[line.key[:2]]) for line in lines[:MOST_ROWS]]
    return page(batch, answer_by, facts, sentences, _HEAD, rows)


def _row(line: Line, account: Account | None, named: Mapping[str, Any]) -> Iterator[str]:
    yield str(line.position)
    yield f"{code(f'{line.company_id}/{line.account_id}')} {code(account.name) if account else ''}".strip()
    yield code(line.number)
    yield "; ".join(_balances(line))
    yield str(line.page_count)
    yield f"⏸ {named['held_until']}" if named["held_until"] else both(named["contact_role"]) if line.contact_id else "✗"


def _balances(line: Line) -> Iterator[str]:
    """The balance in each currency, in the order of their codes; amounts in different currencies are never summed."""
    for currency, shown in sorted(line.balances.items()):
        yield f"{code(currency, 3)} {_ENGLISH.money(Decimal(shown['balance']), currency)}"
