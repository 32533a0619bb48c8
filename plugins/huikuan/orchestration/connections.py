"""Where the ledger, the warehouse and the mail server of this installation are.

Three Airflow connections, each with a default that needs nothing:

- ``huikuan_ledger``, else ``HUIKUAN_LEDGER`` and ``HUIKUAN_LEDGER_SOURCE`` of the environment; there is no third;
- ``huikuan_warehouse``, else ``HUIKUAN_WAREHOUSE`` of the environment, else the embedded PostgreSQL;
- ``huikuan_smtp``, else mails are written as ``.eml`` files.

A password stands in a connection and nowhere else: it is masked in the logs as soon as it is read here, and it is
neither handed on through XCom nor accepted in a param, since params are shown to everybody who may look at a run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, urlencode

from huikuan.errors import HuikuanError

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from huikuan.settings import Settings

LEDGER = "huikuan_ledger"
WAREHOUSE = "huikuan_warehouse"
SMTP = "huikuan_smtp"

_OURS = {"path", "source", "ops_address"}
"""Extras that mean something here; all others belong into the URL's query, such as sslmode."""


class ConnectionIncompleteError(HuikuanError):
    """A connection is missing or does not say what is needed."""


@dataclass(frozen=True)
class Ledger:
    """Where the ledger is (a path or a URL, maybe with a password: never printed) and how its tables are read."""

    where: str = field(repr=False)
    source: str | None


def ledger(params: Mapping[str, Any]) -> Ledger:
    """The ledger of this run: param, else connection, else environment; the param ``source`` goes with any of them."""
    named = params.get("source") or None
    if where := params.get("ledger"):
        _refuse_password(where)
        return Ledger(where, named)
    if connection := _find(LEDGER):
        return Ledger(url_of(connection), named or connection.extra_dejson.get("source"))
    if where := os.environ.get("HUIKUAN_LEDGER"):
        return Ledger(where, named or os.environ.get("HUIKUAN_LEDGER_SOURCE") or None)
    raise ConnectionIncompleteError(
        "No ledger is configured.",
        f"Add the Airflow connection {LEDGER}: a database, or any type with the extra "
        '{"path": "/folder/of/csv/or/parquet"}; a ledger with other column names also needs the extra "source".',
    )


def settings() -> Settings:
    """The installation's folders, and the warehouse of the connection where there is one."""
    from huikuan.settings import Settings

    found = Settings.from_environment()
    connection = _find(WAREHOUSE)
    return replace(found, warehouse_url=url_of(connection)) if connection else found


def smtp() -> Connection | None:
    """The mail server's connection, or None: mails become files then."""
    return _find(SMTP)


def url_of(connection: Connection) -> str:
    """Path or URL of a connection: the extra ``path``, else a URL put together from its fields."""
    extra = connection.extra_dejson
    if path := extra.get("path"):
        return str(path)
    query = urlencode({key: value for key, value in extra.items() if key not in _OURS})
    if not connection.host and "host" not in extra:
        raise ConnectionIncompleteError(
            f"The connection {connection.conn_id} names neither a host nor a path.",
            'Give it a host, or the extra {"path": "…"} for files.',
        )
    scheme = {"postgres": "postgresql"}.get(connection.conn_type or "", connection.conn_type)
    login = quote(connection.login, safe="") if connection.login else ""
    password = ":" + quote(connection.password, safe="") if connection.password else ""
    at = "@" if login or password else ""
    port = f":{connection.port}" if connection.port else ""
    address = f"{login}{password}{at}{connection.host or ''}{port}"
    return f"{scheme}://{address}/{connection.schema or ''}" + (f"?{query}" if query else "")


def _find(name: str) -> Connection | None:
    """The connection, its password masked in every spelling it may take in a message; None when there is none."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException
    from airflow.sdk.log import mask_secret

    try:
        connection: Connection = Connection.get(name)
    except AirflowNotFoundException:
        return None
    if connection.password:
        for spelling in {connection.password, quote(connection.password, safe=""), quote_plus(connection.password)}:
            mask_secret(spelling)
    return connection


def _refuse_password(where: str) -> None:
    """Params are stored and shown in the clear."""
    authority = where.split("://", 1)[1].split("/", 1)[0] if "://" in where else ""
    if ":" in authority.rpartition("@")[0]:
        raise ConnectionIncompleteError(
            "The param ledger holds a password, which everybody who sees this run could read.",
            f"Put the database into the Airflow connection {LEDGER} and leave the param empty.",
        )
