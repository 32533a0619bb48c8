"""Facts of a legal packet: what one night published about an account, and the ledger's rows behind it.

Rows that validation quarantined are left out, and so is whatever is dated after the close of books.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from huikuan.ledger import duck
from huikuan.letters.facts import AccountKey, NightFiles, add_model, grouped, session
from huikuan.referrals import packet_rows as rows
from huikuan.referrals.packet_rows import Facts, PacketError
from huikuan.settings import INCLUDE

_QUERIES = INCLUDE / "sql" / "packet"
_PARTS: dict[str, type] = {
    "company": rows.Company,
    "account": rows.Account,
    "status": rows.Status,
    "items": rows.Item,
    "balances": rows.Balance,
    "flags": rows.Flag,
    "promises": rows.Promise,
    "disputes": rows.Dispute,
    "papers": rows.Paper,
    "talks": rows.Talk,
    "receipts": rows.Receipt,
    "credits": rows.Credit,
    "contacts": rows.Contact,
    "contracts": rows.Contract,
    "notices": rows.Notice,
    "decisions": rows.Decision,
    "overrides": rows.Override,
}
"""What is read: one query per part, and what its rows are."""


def referred_accounts(night: NightFiles) -> list[AccountKey]:
    """Accounts whose legal referral is approved or active that night, in the order of their ids."""
    with session(night, None) as con:
        return con.execute(
            "SELECT company_id, account_id FROM night.account_flag"
            " WHERE flag = 'legal_referral' AND state IN ('approved', 'active') ORDER BY ALL"
        ).fetchall()


def companies_of(night: NightFiles, account_id: str) -> list[str]:
    """Companies of the ledger that have an account of this id."""
    with session(night, None) as con:
        found = con.execute(
            f"SELECT company_id FROM ledger.account WHERE account_id = {duck.text(account_id)} ORDER BY ALL"
        ).fetchall()
    return [company for (company,) in found]


def read_facts(night: NightFiles, keys: Collection[AccountKey]) -> dict[AccountKey, Facts | PacketError]:
    """Facts by account, read in one go for all of them; in place of facts the error of an account that has none."""
    if not keys:
        return {}
    with session(night, keys) as con:
        add_model(con, night, "paper")
        parts: dict[str, dict[AccountKey, tuple[Any, ...]]] = {
            name: grouped(con, kind, _QUERIES / f"{name}.sql", night.identity.as_of) for name, kind in _PARTS.items()
        }
        people = dict(con.execute("SELECT rep_id, name FROM ledger.rep ORDER BY ALL").fetchall())
    return {
        key: _facts(key, night, {name: found.get(key, ()) for name, found in parts.items()}, people) for key in keys
    }


def _facts(
    key: AccountKey, night: NightFiles, parts: dict[str, tuple[Any, ...]], people: dict[str, str]
) -> Facts | PacketError:
    """One account's facts, or why there are none."""
    company, account, status = (parts.pop(name) for name in ("company", "account", "status"))
    if not company or not account:
        return PacketError(
            f"Account {key[1]} of company {key[0]} is not in the ledger of {night.identity.business_date}"
            " (or its row was quarantined).",
            "Check both ids; the night's data quality report names the rows that were left out.",
        )
    orphans = [item.document_id for item in parts["items"] if item.issued_on is None]
    if orphans:
        return PacketError(
            f"Open document {orphans[0]} of account {key[1]} is not in snapshot {night.identity.snapshot_id}.",
            "The lake does not hold the snapshot that this run was computed from: restore it, or run the night again.",
        )
    return Facts(
        key=key,
        run=night.identity,
        company=company[0],
        account=account[0],
        status=status[0] if status else None,
        people=people,
        **parts,
    )
