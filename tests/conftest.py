"""Fixtures for every test: one embedded PostgreSQL per session, a migrated database of its own for whoever asks."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from huikuan.settings import Settings
from huikuan.warehouse.connect import start_embedded, stop_embedded
from huikuan.warehouse.migrate import migrate

os.environ.pop("COLUMNS", None)  # test processes side by side are told the width of a screen that they do not have

_TEMPLATE = "huikuan"


class _OneAirflowAtATime(LoadFileScheduling):
    """Each file whole in one process; those with an Airflow one after the other: it fills a processor alone."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "tests/dags" if file.startswith("tests/dags/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _OneAirflowAtATime | None:
    """Used where test processes run side by side with ``--dist loadfile``."""
    return _OneAirflowAtATime(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of an empty database on an embedded server that only these tests use; durability is off, for speed."""
    home = Path(tempfile.mkdtemp(prefix="huikuan-tests-"))
    home.chmod(0o755)  # run by root, the server is a user of its own and must get in
    url = start_embedded(home / "postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield url
    stop_embedded(Settings(home=home, lake=home / "lake", mail=home / "mail", warehouse_url=None))
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def _template(postgres: str) -> str:
    migrate(postgres)
    return postgres


def in_database(url: str, database: str) -> str:
    """The same server, another database."""
    return f"postgresql://postgres:@/{database}?host={conninfo_to_dict(url)['host']}"


@pytest.fixture(scope="session")
def new_database(postgres: str) -> Callable[..., str]:
    """Make a database, empty or a copy of ``template``, and return its URL; all go with the server in the end."""

    def make(template: str = "template0") -> str:
        name = f"t_{uuid4().hex[:12]}"
        with psycopg.connect(in_database(postgres, "postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return in_database(postgres, name)

    return make


@pytest.fixture
def warehouse_url(_template: str, new_database: Callable[..., str]) -> str:
    """A migrated warehouse of this test's own."""
    return new_database(_TEMPLATE)


@pytest.fixture(scope="module")
def module_warehouse_url(_template: str, new_database: Callable[..., str]) -> str:
    """A migrated warehouse that the tests of one module share."""
    return new_database(_TEMPLATE)
