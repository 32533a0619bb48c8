"""A morning's outbox written by hand: a ledger, a published run, and mails whose content nobody needs to render."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time as time_module
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from email import policy as email_policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import psycopg
from psycopg.types.json import Jsonb

from huikuan.policy.outreach import OutreachPolicy
from huikuan.warehouse.publish import RunRecord
from tests.integration.warehouse_samples import published, record
from tests.mail_catcher import Authority
from tests.referral_samples import lay_ledger

DAY = date(2026, 3, 2)  # a Monday
MORNING = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai
WRITTEN_AT = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)
POLICY = OutreachPolicy(
    sender="huikuan@example.com",
    domain="example.com",
    timezone="Asia/Shanghai",
    send_from=time(7, 30),
    send_until=time(18),
    max_mails=10_000,
)
MANAGER, OWNER = "M-CHEN", "F-WU"


def people(reps: int) -> str:
    """Rows of the ledger's rep table: so many reps, their manager, the manager above, and the data owner."""
    rows = [f"('R-{n:04}', 'Rep', 'rep.{n}@example.com', '{MANAGER}', 'rep', TRUE)" for n in range(reps)]
    rows += [
        f"('{MANAGER}', 'Chen', 'chen@example.com', 'M-BOSS', 'manager', TRUE)",
        "('M-BOSS', 'Boss', 'boss@example.com', NULL, 'manager', TRUE)",
        f"('{OWNER}', 'Wu', 'wu@example.com', 'M-BOSS', 'finance', TRUE)",
    ]
    return ", ".join(rows)


def address(recipient: str) -> str:
    """The address that ``people`` gives somebody."""
    known = {MANAGER: "chen", "M-BOSS": "boss", OWNER: "wu"}
    return f"{known.get(recipient) or f'rep.{int(recipient[2:])}'}@example.com"


def lay_morning(url: str, lake: Path, reps: int = 4) -> RunRecord:
    """A snapshot in the lake and a published run of DAY."""
    lay_ledger(lake, DAY, reps=people(reps))
    run = record(DAY)
    published(url, lake / "tables", run)
    return run


def fill(url: str, mails: Iterable[tuple[str, str]], run_id: str, *, size: int = 200, **changes: Any) -> list[str]:
    """Put mails of (kind, recipient) into the outbox, queued; returns their Message-IDs. ``changes``: column values."""
    rows = [_row(kind, recipient, run_id, size) | changes for kind, recipient in mails]
    names = list(rows[0])
    marks = ", ".join(f"%({name})s" for name in names)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO store.message ({', '.join(names)}) VALUES ({marks})", rows)
    return [row["message_id"] for row in rows]


def _row(kind: str, recipient: str, run_id: str, size: int) -> dict[str, Any]:
    message_id = f"<{uuid5(NAMESPACE_URL, f'{kind}|{recipient}|{run_id}')}@example.com>"
    message = EmailMessage(policy=email_policy.SMTP)
    message["From"], message["To"], message["Subject"] = POLICY.sender, address(recipient), kind
    message["Message-ID"], message["Date"] = message_id, format_datetime(WRITTEN_AT)
    message.set_content(f".\r\n..{kind}\r\n" + "x" * 70 + "\r\n" * (size // 72))
    content = message.as_bytes()
    not_before, not_after = POLICY.window(DAY)
    return {
        "message_id": message_id,
        "business_date": DAY,
        "run_id": run_id,
        "kind": kind,
        "recipient": recipient,
        "address": address(recipient),
        "subject": kind,
        "content": content,
        "content_hash": hashlib.sha256(content).hexdigest(),
        "accounts": Jsonb([]),
        "state": "queued",
        "attempts": 0,
        "token": 0,
        "created_at": WRITTEN_AT,
        "not_before": not_before,
        "not_after": not_after,
    }


def states(url: str) -> dict[str, str]:
    """Message-ID → state."""
    return dict(rows(url, "message_id, state"))


def rows(url: str, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    """Rows of the outbox, by kind and recipient."""
    with psycopg.connect(url) as connection:
        query = f"SELECT {columns} FROM store.message WHERE {where} ORDER BY kind, recipient"
        return connection.execute(query).fetchall()


def empty(url: str) -> None:
    """An outbox without mails, for the next test."""
    with psycopg.connect(url) as connection:
        connection.execute("TRUNCATE store.message, store.message_action")
        connection.execute("DELETE FROM store.run_step WHERE step = 'send'")


PROCESS = """
import sys
from pathlib import Path
from huikuan.outreach import Smtp, SmtpServer, send_messages
from tests.mail_catcher import PASSWORD, USER
from tests.outbox_samples import DAY, MORNING, POLICY
url, lake, port, cafile = sys.argv[1:]
server = SmtpServer("localhost", int(port), POLICY.sender, user=USER, password=PASSWORD, cafile=Path(cafile))
print("ready", flush=True)
sys.stdin.readline()
print(send_messages(url, Path(lake), DAY, Smtp(server), POLICY, now=MORNING, environment="production")["sent_now"])
"""


def sender_process(url: str, lake: Path, port: int, authority: Authority) -> subprocess.Popen[str]:
    """A sender as a process of its own; it says ``ready``, waits for a line, and says how many mails it sent."""
    root = Path(__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, url, str(lake), str(port), str(authority.cafile)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{root / 'plugins'}:{root}"},
    )


_LOCKS = """
SELECT count(*) FROM pg_locks AS l INNER JOIN pg_database AS d ON l.database = d.oid
WHERE l.locktype = 'advisory' AND d.datname = current_database()
"""


def wait_until_alone(url: str) -> None:
    """The server notices within moments that a client died; only then do its locks go."""
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(_LOCKS).fetchone() != (0,):
            time_module.sleep(0.1)
