"""Overrides (人工干预): what people decide against the rules, with author, reason and expiry.

A row is written once. What ends one is another row. A release counts at once in ``collections.supply_hold``; whatever
holds a customer back waits for the night, which looks at the money again, and for an approver.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg.rows import class_row

from huikuan.errors import ReferralError
from huikuan.referrals.batch_rows import Run, alone, last_run
from huikuan.referrals.people import Account, Ledger, accounts, decider, free_text, has_promise, open_ledger
from huikuan.warehouse.connect import connect
from huikuan.warehouse.tables import FLAGS

Effect = Literal["exempt", "impose", "accept_promise"]
EFFECTS: tuple[Effect, ...] = ("exempt", "impose", "accept_promise")
_ALONE = "overrides"


@dataclass(frozen=True)
class Override:
    """One override as it stands: ``ended_on`` is the business date on which a person ended it."""

    override_id: str
    company_id: str
    account_id: str
    flag: str | None
    effect: str
    promise_id: str | None
    author: str
    reason: str
    from_on: date
    expires_on: date
    ended_on: date | None
    ended_by: str | None


def add(
    url: str,
    lake: Path,
    *,
    account_id: str,
    effect: Effect,
    author: str,
    reason: str,
    expires_on: date,
    company_id: str | None = None,
    flag: str | None = None,
    promise_id: str | None = None,
    from_on: date | None = None,
) -> str:
    """Write an override and return its id; the same one again gives the same id.

    ``exempt`` releases an account from one sanction, or from all without ``flag``; ``accept_promise`` does so while the
    promise is open; ``impose`` proposes a sanction whatever the entry rules say, for somebody else to approve.
    ``company_id`` may be left out where only one company has the account; ``from_on`` is the business date on which it
    is written, by default the newest published one.

    Raises ReferralError when the author may not decide or is the account's own rep and would release it; when account,
    promise or sanction are unknown; when the reason is missing, or the dates do not fit.
    """
    with alone(url, _ALONE) as connection:
        run = _newest(connection)
        ledger = open_ledger(lake, run.run_id, run.snapshot_id)
        account = _account(ledger, account_id, company_id)
        written_on = from_on or run.business_date
        _check_form(effect, flag, promise_id, expires_on, written_on, run)
        _check_author(ledger, account, author, releases=effect != "impose")
        if promise_id:
            _check_promise(connection, run, ledger, account, promise_id)
        row = {
            "company_id": account.company_id,
            "account_id": account.account_id,
            "flag": flag,
            "effect": effect,
            "promise_id": promise_id,
            "ends_override_id": None,
            "author": author,
            "reason": _checked_reason(reason),
            "from_on": written_on,
            "expires_on": expires_on,
        }
        override_id = _insert(connection, row)
        connection.commit()
    return override_id


def end(url: str, lake: Path, override_id: str, *, author: str, reason: str, from_on: date | None = None) -> str:
    """End an override before it expires; returns the id of the row that ends it.

    Raises ReferralError when it is unknown, expired or ended already, or the author may not decide; the account's own
    rep may end what releases it, and nothing else.
    """
    with alone(url, _ALONE) as connection:
        run = _newest(connection)
        written_on = from_on or run.business_date
        found = next(iter(_read(connection, "override_id = %s", override_id)), None)
        if found is None:
            raise ReferralError(f"There is no override {override_id!r}.", "`huikuan override list` shows them.")
        if found.ended_on:
            raise ReferralError(f"{override_id} was ended by {found.ended_by} on {found.ended_on}.", "Nothing to do.")
        if found.expires_on < written_on:
            raise ReferralError(f"{override_id} expired on {found.expires_on}.", "Nothing to do.")
        _check_day(written_on, run)
        ledger = open_ledger(lake, run.run_id, run.snapshot_id)
        known = accounts(ledger, [found.account_id]).get((found.company_id, found.account_id))
        _check_author(ledger, known, author, releases=found.effect == "impose")
        row = {
            "company_id": found.company_id,
            "account_id": found.account_id,
            "flag": found.flag,
            "effect": "end",
            "promise_id": None,
            "ends_override_id": override_id,
            "author": author,
            "reason": _checked_reason(reason),
            "from_on": written_on,
            "expires_on": found.expires_on,
        }
        ending = _insert(connection, row)
        connection.commit()
    return ending


def in_force(url: str, *, on: date | None = None) -> list[Override]:
    """Overrides, the newest first: all of them, or those that count on a business date."""
    with connect(url, "desk") as connection:
        if on is None:
            return _read(connection, "true")
        return _read(connection, "from_on <= %s AND expires_on >= %s AND coalesce(ended_on > %s, true)", on, on, on)


def _read(connection: psycopg.Connection[Any], where: str, *values: object) -> list[Override]:
    names = ", ".join(column.name for column in fields(Override))
    with connection.cursor(row_factory=class_row(Override)) as cursor:
        return cursor.execute(
            f"SELECT {names} FROM collections.sanction_override WHERE {where} ORDER BY from_on DESC, override_id",
            values,
        ).fetchall()


def _newest(connection: psycopg.Connection[Any]) -> Run:
    """The newest published night: its date is written down, its ledger says who may decide."""
    run = last_run(connection)
    if run is None:
        raise ReferralError("No night is published yet, so nobody's rights are known.", "Run the night first.")
    return run


def _account(ledger: Ledger, account_id: str, company_id: str | None) -> Account:
    found = [
        account
        for account in accounts(ledger, [account_id]).values()
        if company_id is None or account.company_id == company_id
    ]
    if not found:
        where = f" of {company_id}" if company_id else ""
        raise ReferralError(f"{account_id!r} is not an account{where}.", "Check the id; case matters.")
    if len(found) > 1:
        companies = ", ".join(sorted(account.company_id for account in found))
        raise ReferralError(f"{account_id} is an account of {companies}.", "Say which company is meant.")
    return found[0]


def _check_form(
    effect: str, flag: str | None, promise_id: str | None, expires_on: date, written_on: date, run: Run
) -> None:
    if effect not in EFFECTS:
        raise ReferralError(f"{effect!r} is no effect of an override.", f"Known: {', '.join(EFFECTS)}.")
    if flag is not None and flag not in FLAGS:
        raise ReferralError(f"{flag!r} is no sanction.", f"Known: {', '.join(FLAGS)}.")
    if effect == "impose" and flag is None:
        raise ReferralError("An override that imposes must name the sanction.", f"Give one of {', '.join(FLAGS)}.")
    if (effect == "accept_promise") != (promise_id is not None):
        raise ReferralError(
            "A promise belongs to the effect accept_promise, and to no other.", "Give both, or neither."
        )
    _check_day(written_on, run)
    if expires_on < written_on:
        raise ReferralError(
            f"It would expire on {expires_on}, before it begins on {written_on}.", "Give a later last day."
        )


def _check_promise(
    connection: psycopg.Connection[Any], run: Run, ledger: Ledger, account: Account, promise_id: str
) -> None:
    """The next night would not count a promise that is over: the customer would be supplied for one day by mistake."""
    rows = connection.execute(
        "SELECT state FROM collections.promise_status WHERE business_date = %s AND company_id = %s AND promise_id = %s",
        [run.business_date, account.company_id, promise_id],
    ).fetchall()
    judged = {row[0] for row in rows} - {"open"}
    if judged or not has_promise(ledger, (account.company_id, account.account_id), promise_id):
        state = f": it is {judged.pop().replace('_', ' ')}" if judged else ""
        raise ReferralError(
            f"{account.account_id} made no promise {promise_id!r} that still stands{state}.",
            "Give the id of an open promise of this account.",
        )


def _check_day(written_on: date, run: Run) -> None:
    """A night that was published has not seen what is written now, so nothing is dated back."""
    if written_on < run.business_date:
        raise ReferralError(
            f"{written_on} is before the newest published night, {run.business_date}, which cannot know of it.",
            "Leave the business date out.",
        )


def _check_author(ledger: Ledger, account: Account | None, author: str, *, releases: bool) -> None:
    decider(ledger, author)
    if releases and account is not None and account.rep_id == author:
        raise ReferralError(
            f"{author} is in charge of {account.account_id} and cannot release it.", "Ask the manager above."
        )


def _checked_reason(reason: str) -> str:
    text = free_text(reason, "reason")
    if not text:
        raise ReferralError("An override needs a reason.", "Say why, for those who read it later.")
    return text


def _insert(connection: psycopg.Connection[Any], row: dict[str, Any]) -> str:
    """Write a row, unless the same one stands already and was not ended; returns its id."""
    columns = ", ".join(row)
    same = " AND ".join(f"o.{name} IS NOT DISTINCT FROM %s" for name in row)
    earlier = connection.execute(
        "SELECT o.override_id, e.override_id IS NOT NULL FROM store.sanction_override AS o"
        " LEFT JOIN store.sanction_override AS e ON e.ends_override_id = o.override_id"
        f" WHERE {same} ORDER BY 2 LIMIT 1",
        list(row.values()),
    ).fetchone()
    if earlier and not earlier[1]:
        return str(earlier[0])
    count = connection.execute("SELECT count(*) FROM store.sanction_override").fetchall()[0][0]
    content = json.dumps([count, row], sort_keys=True, ensure_ascii=False, default=str)
    override_id = f"{row['from_on']:%Y%m%d}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
    marks = ", ".join(["%s"] * len(row))
    connection.execute(
        f"INSERT INTO store.sanction_override (override_id, {columns}, created_at) VALUES (%s, {marks}, now())",
        [override_id, *row.values()],
    )
    return override_id
