"""Logins of people who query the warehouse themselves: reps, who see their own accounts, and finance, which sees all.

A login of the database is made by whoever administers it; here it gets its role, its limits, and, for a rep, the row
in ``store.rep_login`` that says who it is. Limits are set on the login itself, in this database: PostgreSQL takes over
settings of the login only, never those of a role that it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import psycopg
from psycopg import sql

from huikuan.errors import WarehouseError
from huikuan.warehouse.connect import QUERY_TIMEOUT, Role, connect, label

Reader = Literal["rep", "finance_ro"]
_LIMITS = {
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "repeatable read",
    "statement_timeout": QUERY_TIMEOUT,
    "search_path": "collections",
}


@dataclass(frozen=True)
class Login:
    """A login that may query: as finance, or as a rep, whose ``rep_id`` it is."""

    login: str
    reader: Reader
    rep_id: str | None
    granted_by: str | None
    granted_at: datetime | None


def grant(url: str, login: str, *, rep_id: str | None, granted_by: str) -> None:
    """Let a login query the views: its own accounts' rows as this rep, or, without ``rep_id``, all as finance.

    Raises WarehouseError when there is no such login or rep, when a rep's login could see everything anyway, or when
    the warehouse's own login may not grant roles.
    """
    with _administrator(url) as connection:
        _check_login(connection, login, rep_id)
        reader: Reader = "finance_ro" if rep_id is None else "rep"
        name, role = sql.Identifier(login), sql.Identifier(f"huikuan_{reader}")
        connection.execute(sql.SQL("GRANT {} TO {}").format(role, name))
        database = sql.Identifier(connection.info.dbname)
        for setting, value in _LIMITS.items():
            connection.execute(
                sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} = {}").format(
                    name, database, sql.Identifier(setting), sql.Literal(value)
                )
            )
        connection.execute("SET LOCAL ROLE huikuan_owner")
        if rep_id is not None:
            _check_rep(connection, rep_id)
            connection.execute(
                "INSERT INTO store.rep_login AS l (login, rep_id, granted_by, granted_at) VALUES (%s, %s, %s, now())"
                " ON CONFLICT (login) DO UPDATE SET rep_id = excluded.rep_id, granted_by = excluded.granted_by,"
                " granted_at = excluded.granted_at WHERE l.rep_id <> excluded.rep_id",
                [login, rep_id, granted_by],
            )
        else:
            connection.execute("DELETE FROM store.rep_login WHERE login = %s", [login])


def revoke(url: str, login: str) -> None:
    """Take from a login what ``grant`` gave it; the login itself stays. Raises WarehouseError when there is none."""
    with _administrator(url) as connection:
        if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [login]).rowcount:
            raise _no_login(login)
        connection.execute(sql.SQL("REVOKE huikuan_rep, huikuan_finance_ro FROM {}").format(sql.Identifier(login)))
        connection.execute("SET LOCAL ROLE huikuan_owner")
        connection.execute("DELETE FROM store.rep_login WHERE login = %s", [login])


def logins(url: str, role: Role = "auditor") -> list[Login]:
    """Logins that are members of the readers' roles, by name; a rep's login without a rep sees nothing."""
    with connect(url, role) as connection:
        rows = connection.execute(
            "SELECT m.rolname, substr(r.rolname, 9), l.rep_id, l.granted_by, l.granted_at"
            " FROM pg_auth_members AS a"
            " INNER JOIN pg_roles AS m ON a.member = m.oid"
            " INNER JOIN pg_roles AS r ON a.roleid = r.oid"
            " LEFT JOIN store.rep_login AS l ON m.rolname = l.login AND r.rolname = 'huikuan_rep'"
            " WHERE r.rolname IN ('huikuan_rep', 'huikuan_finance_ro') AND m.rolcanlogin AND NOT m.rolsuper"
            " ORDER BY m.rolname, r.rolname"
        ).fetchall()
    return [Login(*row) for row in rows]


@contextmanager
def _administrator(url: str) -> Iterator[psycopg.Connection]:
    """A transaction as the warehouse's own login, which may grant what it administers."""
    try:
        with psycopg.connect(url, application_name="huikuan access") as connection:
            connection.read_only = False  # a reader who tries is told about the right, not about the transaction
            yield connection
    except psycopg.errors.InsufficientPrivilege as error:
        raise WarehouseError(
            f"The login of the warehouse {label(url)} may not grant access: {error.diag.message_primary}.",
            "Use a login with CREATEROLE and ADMIN OPTION on the readers' roles and on that login: the one that"
            " migrated the warehouse first, if it made the login too.",
        ) from error


def _check_login(connection: psycopg.Connection, login: str, rep_id: str | None) -> None:
    row = connection.execute(
        "SELECT rolcanlogin, rolsuper OR rolbypassrls,"
        " EXISTS (SELECT FROM pg_roles AS o WHERE o.rolname LIKE 'huikuan\\_%%' AND o.rolname <> 'huikuan_rep'"
        " AND pg_has_role(r.oid, o.oid, 'MEMBER'))"
        " FROM pg_roles AS r WHERE rolname = %s",
        [login],
    ).fetchone()
    if row is None or not row[0]:
        raise _no_login(login)
    if rep_id is not None and (row[1] or row[2]):
        raise WarehouseError(
            f"The login {login} may see everything: it is no rep's own.",
            "Give the rep a login of its own, without superuser and without another role of the warehouse.",
        )


def _check_rep(connection: psycopg.Connection, rep_id: str) -> None:
    known = connection.execute(
        "SELECT FROM collections.rep WHERE rep_id = %s"
        " AND business_date = (SELECT max(business_date) FROM store.published)",
        [rep_id],
    )
    if not known.rowcount:
        raise WarehouseError(
            f"The newest published night knows no rep {rep_id}.", "Check the id; a new rep is known after one night."
        )


def _no_login(login: str) -> WarehouseError:
    return WarehouseError(
        f"The database has no login {login}.",
        "Let its administrator make one (CREATE ROLE … LOGIN, with a password or another way to prove who it is).",
    )
