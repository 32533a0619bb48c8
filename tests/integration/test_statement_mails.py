"""Approved statements as mails: each account's own files to its own contact, once, and only while it still may."""

from __future__ import annotations

import csv
import email
import email.policy
import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from huikuan.errors import FinanceError
from huikuan.finance.batches import prepare
from huikuan.finance.decisions import decide
from huikuan.finance.statement_mails import write_statements
from huikuan.ledger.demo import generate
from huikuan.night.run import run_night
from huikuan.outreach import EmlFolder, send_messages
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY, Settings

pytestmark = pytest.mark.fonts
DAY = date(2026, 7, 1)
COUNTS = "SELECT state, count(*) FROM store.message WHERE kind = 'statement' GROUP BY 1 ORDER BY 1"


def query(url: str, text: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(text, values).fetchall()  # type: ignore[arg-type]


def test_each_contact_gets_its_own_statement_once(module_warehouse_url: str, tmp_path: Path) -> None:
    url, ledger = module_warehouse_url, tmp_path / "ledger"
    generate(ledger, through=date(2026, 6, 30), accounts=40, file_format="csv")
    with (ledger / "account.csv").open(encoding="utf-8", newline="") as file:
        accounts = [(row["company_id"], row["account_id"]) for row in csv.DictReader(file)]
    with (ledger / "contact.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["company_id", "contact_id", "account_id", "role", "name", "email"])
        for company, account in accounts:
            writer.writerow([company, f"K-{account}", account, "payer", "Payer", f"ap@{account}.example".lower()])
    settings = Settings(home=tmp_path, lake=tmp_path / "lake", mail=tmp_path / "mail", warehouse_url=url)
    run_night(DAY, ledger=str(ledger), policy=DEFAULT_POLICY, settings=settings)
    company = str(
        query(url, "SELECT company_id FROM collections.account_balance GROUP BY 1 ORDER BY count(*) DESC")[0][0]
    )
    lake, policy = settings.lake, load_policy(DEFAULT_POLICY)
    outreach, nobody = policy.outreach, policy.finance.statements
    everybody = nobody.model_copy(update={"recipient_domains": ("*",)})
    batch_id = str(prepare(url, lake, DAY, company).batch_id)
    with pytest.raises(FinanceError, match="No statement of batch"):
        write_statements(url, lake, batch_id, outreach, everybody)
    [(by,)] = query(url, "SELECT approver_id FROM store.statement_batch")
    approved = decide(url, lake, batch_id, "approve", by=by, via="command", leave_out=["#2"]).approved
    assert approved >= 5
    opening = outreach.window(DAY)[0]

    assert write_statements(url, lake, batch_id, outreach, nobody, written_at=opening) == {"parked": approved}
    assert write_statements(url, lake, batch_id, outreach, everybody, written_at=opening) == {"queued": approved}
    way = EmlFolder(settings.mail)

    def send(may: Any) -> int:
        result = send_messages(
            url, lake, DAY, way, outreach, now=opening, at_opening=True, environment="production", may_get_statement=may
        )
        return int(result["sent_now"])

    first = query(url, "SELECT message_id FROM store.message WHERE kind = 'statement' ORDER BY 1")[0][0]
    changed = "UPDATE store.message SET recipient = recipient || '!' WHERE message_id = %s RETURNING 1"
    query(url, changed, first)  # a mail that is for another account than its statement
    assert send(everybody.may_receive) == approved - 1
    assert query(url, COUNTS) == [("parked", 1), ("sent", approved - 1)]
    assert send(everybody.may_receive) == 0
    query(url, "UPDATE store.message SET recipient = rtrim(recipient, '!') WHERE kind = 'statement' RETURNING 1")
    assert write_statements(url, lake, batch_id, outreach, everybody, written_at=opening) == {"queued": 1}
    sent = query(url, "SELECT message_id, recipient, address, content FROM store.message WHERE state = 'sent'")
    assert len(sent) == approved - 1
    stored = {
        row[0]: row[1:] for row in query(url, "SELECT statement_id, account_id, file_hash, number FROM store.statement")
    }
    for message_id, recipient, address, content in sent:
        mail = email.message_from_bytes(bytes(content), policy=email.policy.default)
        account, file_hash, number = stored[message_id.strip("<>").partition("@")[0]]
        pdf, book = mail.iter_attachments()
        assert recipient == f"{company}/{account}"
        assert mail["To"] == address == f"ap@{account}.example".lower()
        assert hashlib.sha256(pdf.get_content()).hexdigest() == file_hash
        assert account in str(pdf.get_filename())
        assert str(book.get_filename()).endswith(".xlsx")
        body = mail.get_body()
        assert body is not None
        assert number in body.get_content()
