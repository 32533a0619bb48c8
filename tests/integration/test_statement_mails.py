"""Approved statements as mails: each account's own files to its own contact, once, and only while it still may."""

from __future__ import annotations

import csv
import email
import email.policy
import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from typer.testing import CliRunner

from huikuan.cli import app
from huikuan.errors import FinanceError
from huikuan.finance.batches import prepare
from huikuan.finance.decisions import decide
from huikuan.finance.statement_mails import write_statements
from huikuan.ledger.demo import generate
from huikuan.night.run import run_night
from huikuan.outreach import EmlFolder, Smtp, SmtpServer, send_messages
from huikuan.outreach.eligibility import OTHER_DOMAIN
from huikuan.outreach.reading import newest_snapshot
from huikuan.policy import Policy, load_policy
from huikuan.policy.finance import StatementPolicy
from huikuan.settings import DEFAULT_POLICY, Settings
from tests.mail_catcher import (
    IMPATIENT,
    PASSWORD,
    USER,
    Authority,
    Catcher,
    hang_up,
    mail_server,
    make_authority,
    silent,
)
from tests.outbox_samples import empty

pytestmark = pytest.mark.fonts
DAY = date(2026, 7, 1)
COUNTS = "SELECT state, count(*) FROM store.message WHERE kind = 'statement' GROUP BY 1 ORDER BY 1"


def query(url: str, text: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(text, values).fetchall()  # type: ignore[arg-type]


@dataclass(frozen=True)
class Post:
    """A night, the approved statements of one company, and who may get them."""

    url: str
    lake: Path
    company: str
    batch_id: str
    approved: int
    policy: Policy

    def write(self, *domains: str, at: datetime | None = None, **options: Any) -> dict[str, int]:
        """Write the mails, for these domains of customers, when the first window opens unless ``at`` says otherwise."""
        statements, outreach = allowed(self.policy, *domains), self.policy.outreach
        at = at or outreach.window(DAY)[0]
        return write_statements(self.url, self.lake, self.batch_id, outreach, statements, written_at=at, **options)

    def send(self, way: Any, *domains: str, at: datetime | None = None) -> dict[str, Any]:
        """One run of the sender."""
        return send_messages(
            self.url,
            self.lake,
            DAY,
            way,
            self.policy.outreach,
            now=at or self.policy.outreach.window(DAY)[0],
            environment="production",
            may_get_statement=allowed(self.policy, *domains).may_receive,
        )

    def states(self) -> dict[str, int]:
        return dict(query(self.url, COUNTS))

    def reasons(self) -> set[str]:
        return {row[0] for row in query(self.url, "SELECT last_error FROM store.message WHERE kind = 'statement'")}


def allowed(policy: Policy, *domains: str) -> StatementPolicy:
    return policy.finance.statements.model_copy(update={"recipient_domains": domains})


@pytest.fixture(scope="module")
def night(module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> Post:
    """Forty accounts whose only contact is a payer at ``<account>.example``; one statement is left out."""
    home = tmp_path_factory.mktemp("post")
    url, ledger = module_warehouse_url, home / "ledger"
    generate(ledger, through=date(2026, 6, 30), accounts=40, file_format="csv")
    with (ledger / "account.csv").open(encoding="utf-8", newline="") as file:
        accounts = [(row["company_id"], row["account_id"]) for row in csv.DictReader(file)]
    with (ledger / "contact.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["company_id", "contact_id", "account_id", "role", "name", "email"])
        for company, account in accounts:
            writer.writerow([company, f"K-{account}", account, "payer", "Payer", f"ap@{account}.example".lower()])
    settings = Settings(home=home, lake=home / "lake", mail=home / "mail", warehouse_url=url)
    run_night(DAY, ledger=str(ledger), policy=DEFAULT_POLICY, settings=settings)
    company = str(
        query(url, "SELECT company_id FROM collections.account_balance GROUP BY 1 ORDER BY count(*) DESC")[0][0]
    )
    lake, policy = settings.lake, load_policy(DEFAULT_POLICY)
    batch_id = str(prepare(url, lake, DAY, company).batch_id)
    with pytest.raises(FinanceError, match="No statement of batch"):
        write_statements(url, lake, batch_id, policy.outreach, allowed(policy, "*"))
    [(by,)] = query(url, "SELECT approver_id FROM store.statement_batch")
    approved = decide(url, lake, batch_id, "approve", by=by, via="command", leave_out=["#2"]).approved
    assert approved >= 5
    return Post(url, lake, company, batch_id, approved, policy)


@pytest.fixture
def post(night: Post) -> Post:
    """With an empty outbox."""
    empty(night.url)
    return night


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


def smtp(post: Post, catcher: Catcher, authority: Authority, **options: Any) -> Smtp:
    sender = post.policy.outreach.sender
    return Smtp(
        SmtpServer("localhost", catcher.port, sender, user=USER, password=PASSWORD, cafile=authority.cafile, **options)
    )


def test_each_contact_gets_its_own_statement_once(post: Post, tmp_path: Path) -> None:
    url, lake, company, approved = post.url, post.lake, post.company, post.approved
    outreach, everybody = post.policy.outreach, allowed(post.policy, "*")
    opening = outreach.window(DAY)[0]

    assert post.write() == {"parked": approved}
    assert post.write("*") == {"queued": approved}
    way = EmlFolder(tmp_path / "mail")

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
    assert post.write("*") == {"queued": 1}
    sent = query(url, "SELECT message_id, recipient, address, content FROM store.message WHERE state = 'sent'")
    assert len(sent) == approved - 1
    stored = {
        row[0]: row[1:] for row in query(url, "SELECT statement_id, account_id, file_hash, number FROM store.statement")
    }
    for message_id, recipient, address, content in sent:
        mail = email.message_from_bytes(bytes(content), policy=email.policy.default)
        account, file_hash, number = stored[message_id.strip("<>").partition("@")[0]]
        pdf, book = mail.iter_attachments()
        assert recipient == f"{company}/{account}/{number}"
        assert mail["To"] == address == f"ap@{account}.example".lower()
        assert hashlib.sha256(pdf.get_content()).hexdigest() == file_hash
        assert account in str(pdf.get_filename())
        assert str(book.get_filename()).endswith(".xlsx")
        assert mail["Content-Language"] in ("zh-CN", "en")
        body = mail.get_body()
        assert body is not None
        assert number in body.get_content()


def test_silence_after_data_parks_a_statement_and_it_never_leaves_again(post: Post, authority: Authority) -> None:
    """The first mail's server keeps it and says nothing, the second one's hangs up: both may have arrived."""
    post.write("*")
    with mail_server(authority.server_context()) as catcher:
        answers = iter([silent, hang_up])
        catcher.faults["KEPT"] = lambda server: next(answers, lambda _: None)(server)
        first = post.send(smtp(post, catcher, authority, **IMPATIENT), "*")
        catcher.faults.clear()
        assert (first["sent_now"], post.states()) == (post.approved - 2, {"parked": 2, "sent": post.approved - 2})
        for _ in range(2):
            assert post.send(smtp(post, catcher, authority), "*")["sent_now"] == 0
        assert post.write("*") == {}, "what may have arrived is not written again"
        assert post.send(smtp(post, catcher, authority), "*")["sent_now"] == 0
        assert len(catcher.kept) == len(set(catcher.recipients)) == post.approved
    assert post.states() == {"parked": 2, "sent": post.approved - 2}


@contextmanager
def newer_snapshot(lake: Path, table: str, change: str) -> Iterator[None]:
    """The ledger of the date, taken once more, with other values in one table; gone again afterwards."""
    folder = newest_snapshot(lake, DAY)
    assert folder is not None
    stem, _, number = folder.name.rpartition("-s")
    later = folder.with_name(f"{stem}-s{int(number) + 1}")
    shutil.copytree(folder, later)
    with duckdb.connect() as duck:
        (later / f"{table}.parquet").unlink()
        duck.execute(
            f"COPY (SELECT * REPLACE ({change}) FROM read_parquet('{folder / table}.parquet'))"
            f" TO '{later / table}.parquet' (FORMAT parquet)"
        )
    try:
        yield
    finally:
        shutil.rmtree(later)


@pytest.mark.parametrize(
    ("table", "change", "state", "reason"),
    [
        ("contact", "'new-' || email AS email", "parked", "the contact has this address no longer"),
        ("contact", "'K-other' AS contact_id", "parked", "the contact has this address no longer"),
        ("account", "'closed' AS status", "suppressed", "the account is insolvent or closed by now, or not in"),
        ("account", "'insolvent' AS status", "suppressed", "the account is insolvent or closed by now, or not in"),
        (
            "account",
            "DATE '2026-07-02' AS do_not_contact_until",
            "parked",
            "the customer must not be contacted before 2026-07-02",
        ),
    ],
)
def test_what_changed_after_the_mail_was_written_keeps_it(
    post: Post, authority: Authority, table: str, change: str, state: str, reason: str
) -> None:
    post.write("*")
    with mail_server(authority.server_context()) as catcher, newer_snapshot(post.lake, table, change):
        assert post.send(smtp(post, catcher, authority), "*")["sent_now"] == 0
        assert catcher.kept == []
    assert post.states() == {state: post.approved}
    [said] = post.reasons()
    assert said.startswith(reason)


def test_only_domains_of_the_policy_get_one(post: Post, authority: Authority) -> None:
    """Nobody, one listed domain in whatever case, or all; a list that shrank after writing holds at sending, too."""
    assert post.write() == {"parked": post.approved}
    assert post.reasons() == {OTHER_DOMAIN}
    [(address,), *_] = query(post.url, "SELECT address FROM store.message ORDER BY message_id")
    domain = address.rpartition("@")[2]
    assert post.write(domain.upper()) == {"queued": 1, "parked": post.approved - 1}
    assert post.write("*") == {"queued": post.approved - 1}
    with mail_server(authority.server_context()) as catcher:
        assert post.send(smtp(post, catcher, authority), domain)["sent_now"] == 1
        assert catcher.recipients == [address]
        assert post.states() == {"parked": post.approved - 1, "sent": 1}
        assert post.write("*") == {"queued": post.approved - 1}
        assert post.send(smtp(post, catcher, authority), "*")["sent_now"] == post.approved - 1
        assert len(set(catcher.recipients)) == len(catcher.kept) == post.approved


def test_a_window_that_passed_is_written_again_once(post: Post, authority: Authority) -> None:
    post.write("*")
    evening = post.policy.outreach.window(DAY)[1] + timedelta(minutes=1)
    with mail_server(authority.server_context()) as catcher:
        assert post.send(smtp(post, catcher, authority), "*", at=evening)["sent_now"] == 0
        assert post.states() == {"expired": post.approved}
        assert post.write("*", at=evening) == {"queued": post.approved}
        assert post.write("*", at=evening) == {}
        assert post.send(smtp(post, catcher, authority), "*", at=evening)["sent_now"] == 0, "the window is tomorrow's"
        tomorrow = post.policy.outreach.window(DAY + timedelta(days=1))[0]
        assert post.send(smtp(post, catcher, authority), "*", at=tomorrow)["sent_now"] == post.approved
        assert len(set(catcher.recipients)) == len(catcher.kept) == post.approved


def test_a_public_holiday_has_no_window(post: Post) -> None:
    """Written on 1 October: China is at work again on the 8th."""
    holiday = post.policy.outreach.window(date(2026, 10, 1))[0]
    [(calendar,)] = query(
        post.url, "SELECT DISTINCT calendar FROM collections.company WHERE company_id = %s", post.company
    )
    assert calendar == "CN"
    assert post.write("*", at=holiday, is_workday=post.policy.calendars.is_workday) == {"queued": post.approved}
    windows = query(post.url, "SELECT DISTINCT not_before, not_after, timezone FROM store.message")
    [(first, last, zone)] = windows
    assert (first, last) == post.policy.outreach.window(date(2026, 10, 8), zone)


def test_the_command_writes_what_the_policy_allows(post: Post, tmp_path: Path) -> None:
    """The default policy allows nobody; called again it has nothing to add once the mails are under way."""
    text = DEFAULT_POLICY.read_text(encoding="utf-8")

    def run(policy: Path) -> str:
        arguments = ["statements", "mail", post.batch_id, "--policy", str(policy), "--lake", str(post.lake)]
        result = CliRunner().invoke(app, [*arguments, "--warehouse", post.url])
        assert result.exit_code == 0, result.output
        return result.output

    assert f"{post.approved} parked" in run(DEFAULT_POLICY)
    everybody = tmp_path / "policy.yaml"
    changed, count = re.subn(r"(\n +)(approver_role: finance\n)", r'\1recipient_domains: ["*"]\1\2', text)
    assert count == 1
    everybody.write_text(changed, encoding="utf-8")
    assert f"{post.approved} queued" in run(everybody)
    assert "already" in run(everybody)
    assert post.states() == {"queued": post.approved}
    missing = CliRunner().invoke(
        app, ["statements", "mail", "202606-X-0", "--lake", str(post.lake), "--warehouse", post.url]
    )
    assert missing.exit_code != 0
    assert post.states() == {"queued": post.approved}
