"""Ways into the warehouse: roles, and what a person reads when the way is closed."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from psycopg.conninfo import conninfo_to_dict

from huikuan.errors import WarehouseError
from huikuan.settings import Settings
from huikuan.warehouse import connect as ways
from huikuan.warehouse.connect import ROLES, Role, connect, engine, role_conninfo, stop_embedded

SECRET = "s3cr3t-canary"


@pytest.mark.parametrize("role", ROLES)
def test_a_connection_acts_as_its_role(module_warehouse_url: str, role: Role) -> None:
    with connect(module_warehouse_url, role) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (f"huikuan_{role}",)
        assert connection.execute("SELECT current_setting('application_name')").fetchone() == (f"huikuan {role}",)


def test_an_engine_acts_as_its_role_too(module_warehouse_url: str) -> None:
    with engine(module_warehouse_url, "auditor").connect() as connection:
        assert connection.scalar(sqlalchemy.text("SELECT current_user")) == "huikuan_auditor"


def test_finance_reads_only_and_not_for_ever(module_warehouse_url: str) -> None:
    with connect(module_warehouse_url, "finance_ro") as connection:
        assert connection.execute("SHOW default_transaction_read_only").fetchone() == ("on",)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("1min",)


def test_options_of_the_url_are_kept(module_warehouse_url: str) -> None:
    url = f"{module_warehouse_url}&options=-c%20search_path%3Dcollections"
    with connect(url, "loader") as connection:
        assert connection.execute("SHOW search_path").fetchone() == ("collections",)
        assert connection.execute("SELECT current_user").fetchone() == ("huikuan_loader",)


def test_sqlalchemy_urls_are_understood(module_warehouse_url: str) -> None:
    with connect(module_warehouse_url.replace("postgresql://", "postgresql+psycopg://"), "desk") as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("huikuan_desk",)


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(WarehouseError, match=r"127\.0\.0\.1:1, database wh does not answer") as caught:
        connect(f"postgresql://someone:{SECRET}@127.0.0.1:1/wh", "loader")
    assert SECRET not in repr(caught.getrepr(chain=True))


@pytest.mark.parametrize("url", [f"mysql://u:{SECRET}@h/d", "warehouse", f"postgresql://u:{SECRET}@[h/d"])
def test_a_url_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(WarehouseError, match="warehouse URL") as caught:
        role_conninfo(url, "loader")
    assert SECRET not in str(caught.value)


def test_an_empty_database_says_migrate(new_database: Callable[..., str], module_warehouse_url: str) -> None:
    assert module_warehouse_url  # the roles exist on this server: the tables of the new database do not
    with pytest.raises(WarehouseError, match="has no tables yet") as caught:
        connect(new_database(), "loader")
    assert "huikuan.warehouse.migrate" in caught.value.remedy


def test_a_login_may_only_be_what_it_was_granted(module_warehouse_url: str) -> None:
    with psycopg.connect(module_warehouse_url, autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS bi_tool")
        admin.execute("CREATE ROLE bi_tool LOGIN")
        admin.execute("GRANT huikuan_finance_ro TO bi_tool")
    parameters = conninfo_to_dict(module_warehouse_url)
    url = f"postgresql://bi_tool@/{parameters['dbname']}?host={parameters['host']}"
    with connect(url, "finance_ro") as connection:
        assert connection.execute("SELECT count(*) FROM collections.run").fetchone() == (0,)
    with pytest.raises(WarehouseError, match="may not act as huikuan_loader") as caught:
        connect(url, "loader")
    assert "GRANT huikuan_loader" in caught.value.remedy


def test_a_url_that_is_set_is_taken_and_nothing_is_started(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home", tmp_path, tmp_path, "postgresql+psycopg://u@h/d")
    assert ways.warehouse_url(settings) == "postgresql://u@h/d"
    stop_embedded(settings)
    assert not (tmp_path / "home").exists()


def test_root_is_told_which_folder_hides_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    hidden = tmp_path / "private"
    hidden.mkdir(mode=0o700)
    with pytest.raises(WarehouseError, match="cannot pass the folder") as caught:
        ways.start_embedded(hidden / "postgres")
    assert "HUIKUAN_HOME" in caught.value.remedy
    assert hidden.stat().st_mode & 0o077 == 0, "permissions that somebody chose must stay"


def _start(folder: Path) -> str:
    return ways.start_embedded(folder)


def test_two_processes_start_one_server_and_it_can_be_stopped(open_folder: Path) -> None:
    """The first call initialises, starts and makes the database; a second one at the same time finds it done."""
    settings = Settings(open_folder, open_folder, open_folder, None)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        urls = pool.map(_start, [open_folder / "postgres"] * 2)
    assert len(set(urls)) == 1
    with psycopg.connect(urls[0]) as connection:
        assert connection.execute("SHOW max_locks_per_transaction").fetchone() == ("1024",)
        assert connection.execute(
            "SELECT datlocprovider::text, datlocale FROM pg_database WHERE datname = current_database()"
        ).fetchone() == ("b", "C.UTF-8")
    stop_embedded(settings)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(urls[0])
    assert ways.warehouse_url(settings) == urls[0], "a stopped server starts again, in the same process too"
    beside = ways.start_embedded(open_folder / "postgres", "airflow")
    with psycopg.connect(beside) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("airflow",)
    stop_embedded(dataclasses.replace(settings, warehouse_url="postgresql://u@h/d"))
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(beside)
