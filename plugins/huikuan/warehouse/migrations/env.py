"""Alembic's entry: runs the migrations of the warehouse on the connection that the caller hands in, as the owner."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, Engine

from huikuan.warehouse.migrate import as_owner, concerns_contract
from huikuan.warehouse.tables import STORE


def run(connection: Connection) -> None:
    as_owner(connection)
    context.configure(
        connection=connection,
        target_metadata=STORE,
        version_table_schema="store",
        include_schemas=True,
        include_object=concerns_contract,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes["connection"]
if isinstance(given, Engine):
    with given.begin() as connection:
        run(connection)
else:
    run(given)
