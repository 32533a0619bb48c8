"""Batches of statements (对账函批次): prepared from one published night, put before one person before they leave.

A batch is a function of what is shown: its id ends in the hash of its manifest, which names every file with its hash
and every statement that could not be made, with the reason. Files lie in the lake under ``statements/<batch_id>/``,
written under another name and renamed last; the rows in the warehouse come after them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from datetime import date, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from huikuan.errors import FinanceError, HuikuanError
from huikuan.finance.statement_files import Files, make_files
from huikuan.finance.statement_page import Sender
from huikuan.finance.statement_rows import QUERIES, Statement, accounts_of, read_statements
from huikuan.letters.facts import AccountKey, NightFiles, add_model, open_night, session
from huikuan.letters.font import find_font
from huikuan.letters.pdf import slugs
from huikuan.night import lake as lakes
from huikuan.policy.finance import StatementPolicy
from huikuan.referrals.batch_rows import Run, alone, last_run
from huikuan.referrals.batches import obstacle

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
_WORTH_A_PROCESS = 100
"""Statements for which it pays to start one more process."""
_NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 9562's namespace of URLs


@dataclass(frozen=True)
class Approver:
    """The person of finance who may answer, and to whom customers return what they signed."""

    rep_id: str
    name: str
    email: str


@dataclass(frozen=True)
class Prepared:
    """What was prepared: the batch, None when no account gets a statement, and the accounts left for a person."""

    batch_id: str | None
    statements: int
    failed: dict[str, str]
    """account_id → why it has none."""
    is_new: bool


@dataclass(frozen=True)
class Batch:
    """Statements put before one person, as they were opened."""

    batch_id: str
    company_id: str
    cut_off: date
    business_date: date
    run_id: str
    approver_id: str
    content_hash: str
    item_count: int
    opened_at: datetime


@dataclass(frozen=True)
class Line:
    """One statement of a batch."""

    statement_id: str
    position: int
    company_id: str
    account_id: str
    number: str
    locale: str
    contact_id: str | None
    balances: dict[str, dict[str, str]]
    page_count: int
    file_hash: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What a decision is about, in the form of all approvals."""
        return self.company_id, self.account_id, "statement"


def prepare(url: str, lake: Path, business_date: date, company_id: str) -> Prepared:
    """Prepare the statements of a company as of the close of books before ``business_date``.

    The same run gives the same batch, which a second call finds. A statement that cannot be made is left for a person
    and named in the manifest with its reason; all others are made.

    Raises FinanceError when the date has no published run, its gate is not open, or nobody may approve; LetterError
    when there is no font.
    """
    with alone(url, f"statements {business_date} {company_id}") as connection:
        run = _run(connection, business_date)
        night = open_night(lake, run.run_id)
        policy = lakes.read_policy(lake, run.run_id, run.policy_hash).finance.statements
        approver = approver_of(night, company_id, policy)
        sender = Sender(_company_name(night, company_id), approver.name, approver.email, policy.reply_days)
        found = read_statements(
            night, accounts_of(night, company_id), policy.from_open_functional, policy.contact_roles
        )
        if not found:
            return Prepared(None, 0, {}, is_new=False)
        find_font()
        work = lake / "statements" / f".{business_date}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        try:
            manifest = write_files(work, found.values(), sender, [account_id for _, account_id in found])
            if not manifest["statements"]:
                return Prepared(None, 0, manifest["failed"], is_new=False)
            head = _head(run, night.identity.as_of, company_id, approver.rep_id)
            batch_id, digest = _seal(work, {**head, **manifest}, company_id, night.identity.as_of)
            is_new = _insert(connection, batch_id, digest, head, manifest["statements"])
            _place(work, lake / "statements" / batch_id)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        connection.commit()
    failed = manifest["failed"]
    log.info("statements of %s, %s: %s, %d failed", business_date, company_id, batch_id, len(failed))
    return Prepared(batch_id, len(manifest["statements"]), failed, is_new)


def _run(connection: psycopg.Connection[Any], business_date: date) -> Run:
    run = last_run(connection, business_date)
    if run is None or (why := obstacle(run)):
        raise FinanceError(
            f"No statements can be made from {business_date}: {why if run else 'no night was recorded'}.",
            "Statements go to customers: they need a published night of that date whose gate is open.",
        )
    return run


def approver_of(night: NightFiles, company_id: str, policy: StatementPolicy) -> Approver:
    """Who approves a company's statements, and whom its customers may ask: active, with the role and an address.

    The policy may name the person. Else: the ledger does not say for which company somebody works, but it says who
    heads whom, and so taken is who is the fewest steps, up and down again, from those in charge of the company's
    accounts, on the average of the accounts; then by id.

    Raises FinanceError when nobody may, or the one whom the policy names may not.
    """
    role, named_id = policy.approver_role, policy.approvers.get(company_id)
    with session(night, None) as con:
        add_model(con, night, "superior")
        query = (QUERIES / "approver.sql").read_text(encoding="utf-8")
        row = con.execute(query, {"role": role, "company": company_id, "named": named_id}).fetchone()
    if row is None and named_id:
        raise FinanceError(
            f"{named_id}, who is to approve the statements of {company_id}, is not active, has no address, or not the "
            f"role {role}.",
            "Correct the ledger, or finance.statements.approvers in the policy.",
        )
    if row is None:
        raise FinanceError(
            f"Nobody in the ledger is active with the role {role}, so nobody could approve statements.",
            "Give one person that role in the ledger, or set finance.statements.approver_role in the policy.",
        )
    return Approver(*row)


def _company_name(night: NightFiles, company_id: str) -> str:
    with session(night, None) as con:
        row = con.execute("SELECT name FROM ledger.company WHERE company_id = ?", [company_id]).fetchone()
    if row is None:
        raise FinanceError(f"The ledger knows no company {company_id}.", "Check the company's id.")
    return str(row[0])


def write_files(
    work: Path, found: Iterable[Statement | FinanceError], sender: Sender, accounts: Sequence[str]
) -> dict[str, Any]:
    """Write both files of each statement into ``work``; returns what was written, and what failed and why."""
    work.mkdir(parents=True)
    lines: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    for account_id, (statement, made) in zip(accounts, _made(list(found), sender), strict=True):
        if isinstance(made, str):
            failed[account_id] = made
            continue
        _write(work / f"{made.stem}.pdf", made.pdf)
        _write(work / f"{made.stem}.xlsx", made.workbook)
        lines.append(_line(len(lines) + 1, statement, made))
    return {"statements": lines, "failed": failed}


def _made(found: list[Statement | FinanceError], sender: Sender) -> Iterator[tuple[Any, Files | str]]:
    """Each statement with its files, in order, or why there are none; by several processes where there are many."""
    jobs = [(statement, sender) for statement in found]
    workers = min(os.cpu_count() or 1, len(jobs) // _WORTH_A_PROCESS)
    if workers < 2:
        yield from ((statement, _make(job)) for statement, job in zip(found, jobs, strict=True))
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from zip(found, pool.map(_make, jobs, chunksize=20), strict=True)


def _make(job: tuple[Statement | FinanceError, Sender]) -> Files | str:
    """The files of one statement; the reason when there can be none. Whatever it holds, it stops no other."""
    statement, sender = job
    if isinstance(statement, FinanceError):
        return statement.problem
    try:
        return make_files(statement, sender)
    except HuikuanError as error:
        return error.problem
    except Exception as error:  # no text of the error: it may quote the customer
        return f"It cannot be laid out ({type(error).__name__})."


def _line(position: int, statement: Statement, made: Files) -> dict[str, Any]:
    return {
        "position": position,
        "company_id": statement.key[0],
        "account_id": statement.key[1],
        "number": made.number,
        "locale": statement.locale,
        "contact_id": statement.contact.contact_id if statement.contact else None,
        "contact_role": statement.contact.role if statement.contact else None,
        "held_until": statement.held_until.isoformat() if statement.held_until else None,
        "balances": {
            part.balance.currency: {
                "open_amount": f"{part.balance.open_amount:f}",
                "free_credit": f"{part.balance.free_credit:f}",
                "balance": f"{part.balance.owed:f}",
            }
            for part in statement.parts
        },
        "item_count": statement.item_count,
        "page_count": made.page_count,
        "stem": made.stem,
        "pdf_hash": made.pdf_hash,
        "workbook_hash": made.workbook_hash,
    }


def _head(run: Run, cut_off: date, company_id: str, approver_id: str) -> dict[str, str]:
    return {
        "company_id": company_id,
        "cut_off": cut_off.isoformat(),
        "business_date": run.business_date.isoformat(),
        "run_id": run.run_id,
        "approver_id": approver_id,
    }


def _seal(work: Path, manifest: dict[str, Any], company_id: str, cut_off: date) -> tuple[str, str]:
    """Write the manifest last; returns the id of the batch and the manifest's hash."""
    content = json.dumps(manifest, sort_keys=True, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
    _write(work / MANIFEST, content)
    digest = hashlib.sha256(content).hexdigest()
    return f"{cut_off:%Y%m}-{slugs([company_id])[0]}-{digest[:10]}", digest


def _write(path: Path, content: bytes) -> None:
    try:
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise FinanceError(
            f"{path.parent} cannot be written: {error.strerror}.", "Free space or correct the folder's permissions."
        ) from error


def _place(work: Path, folder: Path) -> None:
    """Give the finished folder its name. One that is there already holds the same, or is damaged and is replaced."""
    if folder.exists() and _is_whole(folder, (work / MANIFEST).read_bytes()):
        return
    shutil.rmtree(folder, ignore_errors=True)
    work.rename(folder)


def _is_whole(folder: Path, manifest: bytes) -> bool:
    try:
        if (folder / MANIFEST).read_bytes() != manifest:
            return False
        return all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == good for name, good in named(manifest))
    except OSError:
        return False


def named(manifest: bytes) -> list[tuple[str, str]]:
    """Every file of a batch with its hash."""
    lines = json.loads(manifest)["statements"]
    return [
        (f"{line['stem']}.{suffix}", line[name])
        for line in lines
        for suffix, name in (("pdf", "pdf_hash"), ("xlsx", "workbook_hash"))
    ]


def check_files(lake: Path, batch: Batch) -> None:
    """Raise FinanceError unless the lake holds this batch exactly as it was prepared."""
    folder = lake / "statements" / batch.batch_id
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except OSError:
        manifest = b""
    if hashlib.sha256(manifest).hexdigest() != batch.content_hash or not _is_whole(folder, manifest):
        raise FinanceError(
            f"The files of batch {batch.batch_id} are not what was prepared.",
            "Nothing was decided. Prepare the statements of that date again: missing or damaged files are made anew.",
        )


@dataclass(frozen=True)
class Manifest:
    """What was prepared, as the manifest says it."""

    statements: dict[AccountKey, dict[str, Any]]
    failed: dict[str, str]
    """Accounts whose statement could not be made → why."""


def read_manifest(lake: Path, batch: Batch) -> Manifest:
    """What the manifest of a batch says, after ``check_files`` has found it to be what was prepared."""
    content = json.loads((lake / "statements" / batch.batch_id / MANIFEST).read_bytes())
    statements = {(line["company_id"], line["account_id"]): line for line in content["statements"]}
    return Manifest(statements, content["failed"])


def statement_id(batch_id: str, company_id: str, account_id: str) -> str:
    """The id of a statement: a function of batch and account."""
    return str(uuid.uuid5(_NAMESPACE, json.dumps(["statement", batch_id, company_id, account_id])))


def _insert(
    connection: psycopg.Connection[Any], batch_id: str, digest: str, head: dict[str, str], lines: list[dict[str, Any]]
) -> bool:
    """Write the batch with its statements, unless it is there; returns whether it was new."""
    done = connection.execute(
        "INSERT INTO store.statement_batch (batch_id, company_id, cut_off, business_date, run_id, approver_id,"
        " content_hash, item_count, opened_at)"
        " VALUES (%(batch_id)s, %(company_id)s, %(cut_off)s, %(business_date)s, %(run_id)s, %(approver_id)s,"
        " %(content_hash)s, %(item_count)s, now()) ON CONFLICT DO NOTHING",
        {**head, "batch_id": batch_id, "content_hash": digest, "item_count": len(lines)},
    )
    if not done.rowcount:
        return False
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO store.statement (statement_id, batch_id, position, company_id, account_id, cut_off, number,"
            " locale, contact_id, balances, item_count, page_count, file_hash)"
            " VALUES (%(statement_id)s, %(batch_id)s, %(position)s, %(company_id)s, %(account_id)s, %(cut_off)s,"
            " %(number)s, %(locale)s, %(contact_id)s, %(balances)s, %(item_count)s, %(page_count)s, %(pdf_hash)s)",
            [
                {
                    **line,
                    "statement_id": statement_id(batch_id, line["company_id"], line["account_id"]),
                    "batch_id": batch_id,
                    "cut_off": head["cut_off"],
                    "balances": Jsonb(line["balances"]),
                }
                for line in lines
            ],
        )
    return True


def needed(connection: psycopg.Connection[Any], batch_id: str) -> Batch:
    """The batch of this id. Raises FinanceError when there is none."""
    names = ", ".join(column.name for column in fields(Batch))
    with connection.cursor(row_factory=class_row(Batch)) as cursor:
        found = cursor.execute(f"SELECT {names} FROM store.statement_batch WHERE batch_id = %s", [batch_id]).fetchone()
    if found is None:
        raise FinanceError(
            f"There is no batch {batch_id!r}.", "`huikuan statements list --date D` shows those of a date."
        )
    return found


def of_date(connection: psycopg.Connection[Any], business_date: date) -> list[tuple[Batch, dict[str, int]]]:
    """Every batch of a date in the order in which they were opened, with the number of statements per choice."""
    names = ", ".join(column.name for column in fields(Batch))
    with connection.cursor(row_factory=class_row(Batch)) as cursor:
        batches = cursor.execute(
            f"SELECT {names} FROM store.statement_batch WHERE business_date = %s ORDER BY opened_at, batch_id",
            [business_date],
        ).fetchall()
    return [
        (
            batch,
            dict(
                connection.execute(
                    "SELECT d.choice, count(*) FROM store.statement_decision AS d"
                    " INNER JOIN store.statement AS s USING (statement_id) WHERE s.batch_id = %s GROUP BY 1",
                    [batch.batch_id],
                ).fetchall()
            ),
        )
        for batch in batches
    ]


def lines_of(connection: psycopg.Connection[Any], batch_id: str) -> list[Line]:
    """The statements of a batch in their order."""
    names = ", ".join(column.name for column in fields(Line))
    with connection.cursor(row_factory=class_row(Line)) as cursor:
        return cursor.execute(
            f"SELECT {names} FROM store.statement WHERE batch_id = %s ORDER BY position", [batch_id]
        ).fetchall()
