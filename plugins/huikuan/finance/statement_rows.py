"""What a statement of account (对账函) shows, read from one night: the rows, and whether they lead to its balance."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from huikuan.errors import FinanceError
from huikuan.letters.facts import AccountKey, NightFiles, grouped, session
from huikuan.settings import INCLUDE
from huikuan.wording import reader_locale

QUERIES = INCLUDE / "sql" / "statement"
_AT_ONCE = 2000
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Account:
    """The customer. ``exposure_functional`` is empty when a rate is missing."""

    name: str
    status: str
    locale: str | None
    country: str | None
    exposure_functional: Decimal | None
    owes: bool
    do_not_contact_until: date | None = None


@dataclass(frozen=True)
class Contact:
    """Somebody at the customer with an address."""

    contact_id: str
    role: str
    name: str
    email: str


@dataclass(frozen=True)
class Balance:
    """An account in one currency at the cut-off."""

    currency: str
    open_amount: Decimal
    free_credit: Decimal

    @property
    def owed(self) -> Decimal:
        """What the customer is asked to confirm."""
        return self.open_amount - self.free_credit


@dataclass(frozen=True)
class Item:
    """An open item; ``seq`` of ``parts`` instalments. ``days_late`` counts to the cut-off."""

    document_id: str
    seq: int
    parts: int
    number: str | None
    kind: str | None
    is_retention: bool
    issued_on: date | None
    due_on: date
    currency: str
    amount: Decimal
    open_amount: Decimal
    days_late: int


@dataclass(frozen=True)
class Credit:
    """A receipt or credit note that is not wholly applied; without number and day: the sum of all of them."""

    currency: str
    kind: str
    number: str | None
    on_date: date | None
    amount: Decimal
    free_amount: Decimal


@dataclass(frozen=True)
class Movement:
    """What moved the balance: positive what the customer owes more. Kind ``opening``: all before the month."""

    currency: str
    on_date: date | None
    kind: str
    number: str | None
    amount: Decimal


@dataclass(frozen=True)
class Part:
    """One currency of a statement: opening + movements = closing = open items − credits."""

    balance: Balance
    opening: Decimal
    items: tuple[Item, ...]
    credits: tuple[Credit, ...]
    movements: tuple[Movement, ...]


@dataclass(frozen=True)
class Statement:
    """Everything that the statement of one account shows, apart from who sends it."""

    key: AccountKey
    cut_off: date
    account: Account
    contact: Contact | None
    parts: tuple[Part, ...]

    @property
    def locale(self) -> str:
        """The account's language; where the ledger names none, that of its country."""
        return reader_locale(self.account.locale or ("zh_CN" if self.account.country == "CN" else "en"))

    @property
    def held_until(self) -> date | None:
        """First day on which we may write to the customer, if that is after the business date."""
        until = self.account.do_not_contact_until
        return until if until and until > self.cut_off + timedelta(days=1) else None

    @property
    def item_count(self) -> int:
        """Open items over all currencies."""
        return sum(len(part.items) for part in self.parts)


_PARTS: dict[str, type] = {
    "account": Account,
    "contacts": Contact,
    "balances": Balance,
    "items": Item,
    "credits": Credit,
    "movements": Movement,
}


def accounts_of(night: NightFiles, company_id: str) -> list[AccountKey]:
    """Accounts of a company that have a balance of any kind that night, in the order of their ids."""
    with session(night, None) as con:
        return con.execute(
            "SELECT DISTINCT company_id, account_id FROM night.account_balance WHERE company_id = ? ORDER BY ALL",
            [company_id],
        ).fetchall()


def read_statements(
    night: NightFiles, keys: Sequence[AccountKey], above: Decimal, roles: Sequence[str]
) -> dict[AccountKey, Statement | FinanceError]:
    """Statements of those accounts that owe more than ``above`` in functional currency, read for many at a time; each
    to somebody in one of these roles, the first role first.

    An account without a rate for a currency it owes in gets one, whatever it owes. Insolvent and closed accounts get
    none: what they owe is filed with an administrator, or was. In place of a statement stands the error of an account
    whose rows do not lead to its balance.
    """
    found: dict[AccountKey, Statement | FinanceError] = {}
    for start in range(0, len(keys), _AT_ONCE):
        found |= _read(night, keys[start : start + _AT_ONCE], above, roles)
    return found


def _read(
    night: NightFiles, keys: Collection[AccountKey], above: Decimal, roles: Sequence[str]
) -> dict[AccountKey, Statement | FinanceError]:
    with session(night, keys) as con:
        rows: dict[str, dict[AccountKey, tuple[Any, ...]]] = {
            name: grouped(con, kind, QUERIES / f"{name}.sql", night.identity.as_of) for name, kind in _PARTS.items()
        }
    rows["contacts"] = _chosen(rows["contacts"], roles)
    wanted = [key for key in sorted(keys) if any(_is_due(account, above) for account in rows["account"].get(key, ()))]
    return {
        key: _statement(key, night.identity.as_of, {name: of.get(key, ()) for name, of in rows.items()})
        for key in wanted
    }


def contacts_of(
    night: NightFiles, keys: Collection[AccountKey], roles: Sequence[str]
) -> dict[AccountKey, tuple[Contact, ...]]:
    """People with an address in one of these roles at each of these accounts, whom a statement goes to first."""
    with session(night, keys) as con:
        return _chosen(grouped(con, Contact, QUERIES / "contacts.sql", night.identity.as_of), roles)


def _chosen(contacts: Mapping[AccountKey, Sequence[Contact]], roles: Sequence[str]) -> dict[AccountKey, Any]:
    """Those in the roles, the first role first; in one role in the order in which they are."""
    place = {role: n for n, role in enumerate(roles)}
    return {
        key: tuple(sorted((each for each in of if each.role in place), key=lambda contact: place[contact.role]))
        for key, of in contacts.items()
    }


def _is_due(account: Account, above: Decimal) -> bool:
    is_enough = account.exposure_functional is None or account.exposure_functional > above
    return account.status == "active" and account.owes and is_enough


def _statement(key: AccountKey, cut_off: date, rows: dict[str, tuple[Any, ...]]) -> Statement | FinanceError:
    balances = {balance.currency: balance for balance in rows["balances"]}
    moved = {movement.currency for movement in rows["movements"] if movement.kind != "opening"}
    parts = []
    for currency in sorted(balances.keys() | moved):
        balance = balances.get(currency) or Balance(currency, _NOTHING, _NOTHING)
        part = _part(balance, rows)
        if why := _flaw(part):
            return FinanceError(
                f"The statement of account {key[1]} of company {key[0]} does not add up in {currency}: {why}.",
                "Look at the account in the ledger (applied twice, or left out by validation?), then prepare it again.",
            )
        parts.append(part)
    contact = next(iter(rows["contacts"]), None)
    return Statement(key, cut_off, rows["account"][0], contact, tuple(parts))


def _part(balance: Balance, rows: dict[str, tuple[Any, ...]]) -> Part:
    """The rows of one currency; credits that the night knows only as a total are one row."""
    items, unapplied, movements = (
        tuple(row for row in rows[name] if row.currency == balance.currency)
        for name in ("items", "credits", "movements")
    )
    if sum((credit.free_amount for credit in unapplied), _NOTHING) != balance.free_credit:
        total = Credit(balance.currency, "credit", None, None, balance.free_credit, balance.free_credit)
        unapplied = (total,) if balance.free_credit else ()
    return Part(
        balance=balance,
        opening=sum((movement.amount for movement in movements if movement.kind == "opening"), _NOTHING),
        items=items,
        credits=unapplied,
        movements=tuple(movement for movement in movements if movement.kind != "opening"),
    )


def _flaw(part: Part) -> str | None:
    """Why the customer could not follow the statement; None when all of it adds up."""
    if any(item.issued_on is None for item in part.items):
        return "an open item has no document in the snapshot"
    if sum((item.open_amount for item in part.items), _NOTHING) != part.balance.open_amount:
        return "its items are not what the balance says is open"
    closing = sum((movement.amount for movement in part.movements), part.opening)
    if closing != part.balance.owed:
        return f"opening and movements give {closing:f}, the balance is {part.balance.owed:f}"
    return None
