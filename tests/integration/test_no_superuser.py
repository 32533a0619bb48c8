"""A site whose server gives us no superuser: one login migrates, another does all of a night's work, a third reads."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from huikuan.cli.night import write_mails
from huikuan.finance import batches, months
from huikuan.ledger.demo import generate
from huikuan.night.run import run_night
from huikuan.settings import DEFAULT_POLICY, Settings
from huikuan.warehouse import access
from huikuan.warehouse.connect import start_embedded, stop_embedded
from huikuan.warehouse.migrate import migrate

DAY, MONTH = date(2026, 7, 1), date(2026, 6, 1)


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """A server of these tests' own, since roles belong to a whole server, and a night on it."""
    home = Path(tempfile.mkdtemp(prefix="huikuan-site-"))
    home.chmod(0o755)
    own = Settings(home=home, lake=home / "lake", mail=home / "mail", warehouse_url=None)
    administrator = start_embedded(home / "postgres")
    try:
        host = conninfo_to_dict(administrator)["host"]
        with psycopg.connect(administrator, autocommit=True) as connection:
            connection.execute("CREATE ROLE site LOGIN CREATEROLE")
            connection.execute("CREATE DATABASE receivables OWNER site")
        migrate(f"postgresql://site@/receivables?host={host}")
        with psycopg.connect(f"postgresql://site@/receivables?host={host}", autocommit=True) as connection:
            connection.execute("CREATE ROLE bi LOGIN")
            connection.execute("CREATE ROLE worker LOGIN NOINHERIT")
            connection.execute("GRANT huikuan_migrator, huikuan_loader, huikuan_mailer, huikuan_desk TO worker")
        yield Settings(home, own.lake, own.mail, f"postgresql://worker@/receivables?host={host}")
    finally:
        stop_embedded(own)
        shutil.rmtree(home)


def test_a_whole_night_and_its_month_end(settings: Settings) -> None:
    url = str(settings.warehouse_url)
    generate(settings.home / "ledger", through=date(2026, 6, 30), accounts=60)
    night = run_night(DAY, ledger=str(settings.home / "ledger"), policy=DEFAULT_POLICY, settings=settings)
    assert night.gate == "open"
    assert write_mails(DAY, settings)
    prepared = batches.prepare(url, settings.lake, DAY, "HD")
    assert prepared.statements > 0
    assert months.lock(url, settings.lake, "HD", MONTH, months.BY_ITSELF).run_id == night.run_id
    access.grant(url.replace("worker@", "site@"), "bi", rep_id=None, granted_by="operator:test")
    with psycopg.connect(url.replace("worker@", "bi@")) as connection:
        [(accounts,)] = connection.execute("SELECT count(*) FROM collections.account_balance").fetchall()
        supers = {row[0] for row in connection.execute("SELECT usename FROM pg_user WHERE usesuper").fetchall()}
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("CREATE TABLE collections.mine (n int)")
    assert (accounts, supers) == (night.counts["account_balance"], {"postgres"})
