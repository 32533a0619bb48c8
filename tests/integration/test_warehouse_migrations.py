"""Migrations: one history, equal to the contract, safe to run twice, at once, and without a superuser."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy
from alembic.config import Config
from psycopg.conninfo import conninfo_to_dict
from pytest_alembic.tests import (
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)

from huikuan.columns import allowed_values
from huikuan.errors import WarehouseError
from huikuan.finance.months import FIGURES
from huikuan.warehouse import migrate as migration
from huikuan.warehouse.connect import connect
from huikuan.warehouse.migrate import alembic_config, migrate, view_texts
from huikuan.warehouse.tables import RESULTS, STORE

__all__ = [
    "test_model_definitions_match_ddl",
    "test_single_head_revision",
    "test_up_down_consistency",
    "test_upgrade",
]


@pytest.fixture(name="alembic_config")
def _config() -> Config:
    return alembic_config()


@pytest.fixture
def alembic_engine(new_database: Callable[..., str]) -> sqlalchemy.Engine:
    url = new_database()
    return sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))


def _everything(url: str) -> list[tuple[object, ...]]:
    """Tables, columns, comments, constraints, functions and rights: what a migration leaves."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT c.relname, c.relkind::text, c.relacl::text, a.attname, format_type(a.atttypid, a.atttypmod),"
            " col_description(c.oid, a.attnum), obj_description(c.oid), pg_get_viewdef(c.oid)"
            " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
            " WHERE c.relnamespace::regnamespace::text IN ('store', 'collections', 'loading')"
            " AND c.relkind IN ('r', 'p', 'v')"
            " UNION ALL SELECT p.proname, 'f', p.proacl::text, NULL, pg_get_functiondef(p.oid), NULL, NULL, NULL"
            " FROM pg_proc p WHERE p.pronamespace = 'store'::regnamespace ORDER BY 1, 2, 4"
        ).fetchall()


def test_migrating_again_changes_nothing(warehouse_url: str) -> None:
    before = _everything(warehouse_url)
    migrate(warehouse_url)
    assert _everything(warehouse_url) == before
    assert len(before) > 150


def test_two_processes_may_migrate_at_once(new_database: Callable[..., str], warehouse_url: str) -> None:
    url = new_database()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(migrate, [url, url])
    assert _everything(url) == _everything(warehouse_url)


def test_every_table_view_and_column_says_what_it_is(module_warehouse_url: str) -> None:
    silent = [
        (row[0], row[3])
        for row in _everything(module_warehouse_url)
        if row[1] in {"p", "r", "v"} and row[0] != "alembic_version" and not (row[5] and row[6])
    ]
    assert silent == []


def test_a_column_of_a_view_says_what_it_means_in_that_view(module_warehouse_url: str) -> None:
    """From its own file, else from the table behind it: never from a table of another thing."""
    said = {(row[0], row[3]): row[5] for row in _everything(module_warehouse_url) if row[1] == "v"}
    assert len(said) > 400
    assert said["company", "name"] == "Legal name."
    assert said["account", "name"] == "Customer's name."
    assert said["metric", "name"] != said["account", "name"]
    assert str(said["supply_hold", "since"]).startswith("Business date on which the hold began")
    assert str(said["calendar_day", "week_from"]) == "Monday of the week."
    assert said["metric_daily", "cei"] == said["metric_month_end", "cei"], "from the view that it reads"
    for name, table in RESULTS.items():
        assert {c.name: c.comment for c in table.columns}.items() <= {
            column: comment for (view, column), comment in said.items() if view == name
        }.items()


def test_the_database_refuses_values_outside_a_closed_set(module_warehouse_url: str) -> None:
    with psycopg.connect(module_warehouse_url) as connection:
        checks = dict(
            connection.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE contype = 'c' AND connamespace = 'store'::regnamespace"
            ).fetchall()
        )
    closed = [(table, c) for table in STORE.tables.values() for c in table.columns if allowed_values(c)]
    assert len(closed) > 8
    for table, column in closed:
        check = checks[f"{table.name}_{column.name}_values"]
        assert [part.split("'")[1] for part in check.split(", ")] == list(allowed_values(column) or ())


def test_every_output_table_has_a_view_with_its_columns(module_warehouse_url: str) -> None:
    with connect(module_warehouse_url, "finance_ro") as connection:
        for name, table in RESULTS.items():
            cursor = connection.execute(f"SELECT * FROM collections.{name} WHERE FALSE")
            assert [c.name for c in cursor.description or ()] == [c.name for c in table.columns]
    others = {"run", "last_run", "message", "delivered_notice", "supply_hold", "release_list", "referral"}
    wide = {"calendar_day", "metric_daily", "metric_month_end"}
    closed = {"month_lock", "closed_month_chain", *(f"closed_{name}" for name in FIGURES)}
    written = {"sanction_override", "statement", "statement_reply", "statement_handover"}
    assert set(view_texts()) == {*RESULTS, *others, *wide, *closed, *written}


def test_a_changed_view_is_made_afresh_with_its_rights(
    warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, select in view_texts().items():
        (tmp_path / f"{name}.sql").write_text(select, encoding="utf-8")
    (tmp_path / "run.sql").write_text("-- Shorter.\nSELECT run_id FROM store.run\n", encoding="utf-8")
    monkeypatch.setattr(migration.view_texts, "__defaults__", (tmp_path,))
    migrate(warehouse_url)
    with connect(warehouse_url, "finance_ro") as connection:
        cursor = connection.execute("SELECT * FROM collections.run")
        assert [c.name for c in cursor.description or ()] == ["run_id"]


def test_a_view_of_somebody_else_on_ours_is_not_swept_away(
    warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("CREATE VIEW public.my_report AS SELECT count(*) FROM collections.task")
    (tmp_path / "task.sql").write_text("-- Shorter.\nSELECT task_id FROM store.task\n", encoding="utf-8")
    monkeypatch.setattr(migration.view_texts, "__defaults__", (tmp_path,))
    with pytest.raises(WarehouseError, match="my_report"):
        migrate(warehouse_url)
    with psycopg.connect(warehouse_url) as connection:
        assert connection.execute("SELECT * FROM public.my_report").fetchone() == (0,)


def test_no_views_is_an_error_that_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=str(tmp_path)):
        view_texts(tmp_path)


def _login(admin_url: str, options: str) -> tuple[str, str]:
    """A login of its own on the test server, and its URL."""
    name = f"login_{uuid4().hex[:8]}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN {options}")
    parameters = conninfo_to_dict(admin_url)
    return name, f"postgresql://{name}@/{parameters['dbname']}?host={parameters['host']}"


def test_a_migrator_needs_no_superuser(new_database: Callable[..., str], module_warehouse_url: str) -> None:
    """Where the roles exist, a login with huikuan_migrator and CREATE on the database is enough."""
    url = new_database()
    name, login = _login(url, "")
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"GRANT huikuan_migrator TO {name}")
        admin.execute(f"GRANT CREATE ON DATABASE {conninfo_to_dict(url)['dbname']} TO {name}")
    migrate(login)
    assert _everything(url) == _everything(module_warehouse_url)


def test_a_login_without_the_right_is_told_which_it_needs(
    new_database: Callable[..., str], module_warehouse_url: str
) -> None:
    assert module_warehouse_url  # the roles exist
    _, login = _login(new_database(), "")
    with pytest.raises(WarehouseError, match="may not migrate") as caught:
        migrate(login)
    assert "huikuan_migrator" in caught.value.remedy


def test_a_server_that_does_not_answer() -> None:
    with pytest.raises(WarehouseError, match="does not answer") as caught:
        migrate("postgresql://u:s3cr3t-canary@127.0.0.1:1/d")
    assert "canary" not in str(caught.value)
