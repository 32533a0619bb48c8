"""Bring the warehouse's tables, functions, rights and views up to date: ``python -m huikuan.warehouse.migrate``.

Three layers, in one transaction, so that nobody ever sees part of it:

1. roles and schemas, made when missing: needs a login that may create both, once;
2. Alembic's migrations: tables, functions and rights, owned by ``huikuan_owner``;
3. the views of schema ``collections``, made from ``include/sql/views/*.sql`` whenever one of those files or a table
   behind them changed.
"""

from __future__ import annotations

import hashlib
import re
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Connection, text

from huikuan.errors import WarehouseError
from huikuan.settings import INCLUDE, Settings
from huikuan.warehouse.connect import ROLES, label, warehouse_url
from huikuan.warehouse.tables import STORE

VIEWS = INCLUDE / "sql" / "views"
SCHEMAS = {
    "store": "Tables of the warehouse: every run of every night, steps and outbox.",
    "loading": "Tables that are being loaded; they move to store when their run is published.",
    "collections": "What readers query: the current run of each business date.",
}
READERS = ("migrator", "loader", "mailer", "desk", "finance_ro", "auditor")
REP_VIEWS = (
    *("account", "account_balance", "account_change", "account_flag", "account_status", "calendar_day", "company"),
    *("decision_reason", "early_warning", "handover", "metric", "metric_daily", "metric_month_end", "open_item"),
    *("promise_status", "provision", "release_list", "rep", "rep_performance", "roll_rate", "root_cause"),
    *("target_gap", "task", "task_end", "terms_advice", "write_off_candidate"),
)
"""What a rep's own login may query: views whose every row is about one account or one rep, companies and days."""
_LOCK = 4_851_320_007  # any number that no other user of advisory locks in this database has
_LOCK_TIMEOUT = "15s"
_COLUMN_LINE = re.compile(r"column (\w+): (.+)")
_VIEW_READ = re.compile(r"\b(?:FROM|JOIN) collections\.(\w+)")


def migrate(url: str) -> None:
    """Upgrade to the newest revision and views; does nothing when all is current.

    Safe when several processes call it at once: one works, the others wait and find nothing to do. Raises
    WarehouseError when the login may not, or a reader keeps a view in use.
    """
    parameters = conninfo_to_dict(url.replace("+psycopg", "", 1))
    parameters.setdefault("connect_timeout", "10")
    parameters["application_name"] = "huikuan migrate"
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(make_conninfo("", **parameters)),
        poolclass=sqlalchemy.NullPool,
    )
    try:
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
            _upgrade(connection)
    except sqlalchemy.exc.DBAPIError as error:
        raise _explained(error, url) from error


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def as_owner(connection: Connection) -> None:
    """Make roles and schemas that are missing, then act as ``huikuan_owner`` until the transaction ends."""
    known = set(connection.scalars(text("SELECT rolname FROM pg_roles WHERE rolname LIKE 'huikuan%'")))
    for role in ROLES:
        if f"huikuan_{role}" not in known:
            _create_role(connection, role)
    if not connection.scalar(text("SELECT pg_has_role('huikuan_migrator', 'huikuan_owner', 'SET')")):
        connection.execute(text("GRANT huikuan_owner TO huikuan_migrator"))
    if not connection.scalar(text("SELECT pg_has_role('huikuan_owner', 'SET')")):
        connection.execute(text("GRANT huikuan_migrator TO CURRENT_USER"))
    for schema, comment in SCHEMAS.items():
        if not connection.scalar(text("SELECT to_regnamespace(:schema) IS NOT NULL"), {"schema": schema}):
            connection.execute(text(f"CREATE SCHEMA {schema} AUTHORIZATION huikuan_owner"))
            connection.execute(text(f"COMMENT ON SCHEMA {schema} IS '{comment}'"))
    connection.execute(text("SET LOCAL ROLE huikuan_owner"))


def concerns_contract(
    item: Any,
    name: str | None,
    kind: str,
    reflected: bool,
    compare_to: Any,  # noqa: ARG001 - Alembic calls it with five arguments
) -> bool:
    """Whether Alembic compares this object with the metadata: partitions and other schemas are not of the contract."""
    if kind == "table" and reflected:
        return item.schema == "store" and "__" not in str(name) and name != "alembic_version"
    return True


def view_texts(folder: Path = VIEWS) -> dict[str, str]:
    """Every view of schema ``collections``: name to ``SELECT``, each after the views that it reads."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}
    if not texts:
        raise WarehouseError(
            f"There are no views in {folder}.", "Check the checkout, or HUIKUAN_INCLUDE: it names the folder include/."
        )
    order = TopologicalSorter({name: _VIEW_READ.findall(select) for name, select in texts.items()}).static_order()
    return {name: texts[name] for name in order}


def _upgrade(connection: Connection) -> None:
    config = alembic_config(connection)
    as_owner(connection)
    head = ScriptDirectory.from_config(config).get_current_head()
    here = MigrationContext.configure(connection, opts={"version_table_schema": "store"}).get_current_revision()
    texts = view_texts()
    wanted = _views_comment(texts, str(head))
    if here == head and wanted == connection.scalar(text("SELECT obj_description('collections'::regnamespace)")):
        return
    _drop_views(connection)
    if here != head:
        command.upgrade(config, "head")
    for name, select in texts.items():
        _create_view(connection, name, select)
    readers = ", ".join(f"huikuan_{role}" for role in READERS)
    connection.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA collections TO {readers}"))
    for name in REP_VIEWS:
        connection.execute(text(f'GRANT SELECT ON collections."{name}" TO huikuan_rep'))
    connection.execute(text(f"COMMENT ON SCHEMA collections IS '{wanted}'"))


def _views_comment(texts: dict[str, str], revision: str) -> str:
    """The comment of schema ``collections``; its digest tells whether the views there are made from these files."""
    digest = hashlib.sha256(repr((sorted(texts.items()), REP_VIEWS, revision)).encode()).hexdigest()
    return f"{SCHEMAS['collections']} Made from include/sql/views, digest {digest[:16]}."


def _drop_views(connection: Connection) -> None:
    names = connection.scalars(text("SELECT viewname FROM pg_views WHERE schemaname = 'collections'")).all()
    if names:
        connection.execute(text("DROP VIEW " + ", ".join(f'collections."{name}"' for name in names)))


def _create_view(connection: Connection, name: str, select: str) -> None:
    """Make one view with its comment and those of its columns."""
    cursor = connection.connection.cursor()
    cursor.execute(f'CREATE VIEW collections."{name}" AS\n{select}')
    view = sql.Identifier("collections", name)
    comment, said = view_comments(name, select)
    cursor.execute(sql.SQL("COMMENT ON VIEW {} IS {}").format(view, sql.Literal(comment)))
    columns = cursor.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", [f'collections."{name}"']
    ).fetchall()
    for (column,) in columns:
        if column in said:
            target = sql.Identifier("collections", name, column)
            cursor.execute(sql.SQL("COMMENT ON COLUMN {} IS {}").format(target, sql.Literal(said[column])))


def view_comments(name: str, select: str) -> tuple[str, dict[str, str]]:
    """What a view's file says about the view, and about columns by name.

    The head of the file is the view's comment, but for its lines ``-- column <name>: …``. A column that has no such
    line means what it means in the table of the view's name, else in the first view or table that the view reads.
    """
    head = [line.removeprefix("--").strip() for line in select.splitlines() if line.startswith("--")]
    tables = list(dict.fromkeys([name, *re.findall(r"\bstore\.(\w+)", select)]))
    columns: dict[str, str] = {}
    for table in reversed([STORE.tables[f"store.{found}"] for found in tables if f"store.{found}" in STORE.tables]):
        columns |= {column.name: str(column.comment) for column in table.columns}
    for read in reversed(_VIEW_READ.findall(select)):
        columns |= view_comments(read, (VIEWS / f"{read}.sql").read_text(encoding="utf-8"))[1]
    for line in head:
        if found := _COLUMN_LINE.fullmatch(line):
            columns[found[1]] = found[2]
    return " ".join(line for line in head if not _COLUMN_LINE.fullmatch(line)), columns


def _create_role(connection: Connection, role: str) -> None:
    """Make a role that cannot log in. Roles belong to the whole server: another database's migration may be first."""
    connection.execute(
        text(
            f"DO $$ BEGIN CREATE ROLE huikuan_{role} NOLOGIN;"
            f" EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
    )


def _explained(error: sqlalchemy.exc.DBAPIError, url: str) -> WarehouseError:
    cause = error.orig
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return WarehouseError(
            f"The login of the warehouse {label(url)} may not migrate it: {cause.diag.message_primary}.",
            "The first time use a login that may create roles and schemas; later one that has huikuan_migrator.",
        )
    if isinstance(cause, psycopg.errors.LockNotAvailable):
        return WarehouseError(
            f"Somebody keeps a view or table of the warehouse {label(url)} in use, so it cannot be changed now.",
            "Try again, or end the long transaction (pg_stat_activity shows it).",
        )
    if isinstance(cause, psycopg.errors.DependentObjectsStillExist):
        return WarehouseError(
            f"Views of your own stand on views that change now: {cause.diag.message_detail}.",
            "Drop them, migrate, and make them again.",
        )
    if isinstance(cause, psycopg.OperationalError):
        return WarehouseError(
            f"The warehouse {label(url)} does not answer ({type(cause).__name__}).",
            "Check that PostgreSQL runs, that host, port, database, user and password are right.",
        )
    return WarehouseError(
        f"The warehouse {label(url)} cannot be migrated: {cause}.", "This is a fault of the migration: report it."
    )


if __name__ == "__main__":
    migrate(warehouse_url(Settings.from_environment()))
