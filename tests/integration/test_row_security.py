"""Logins of reps, really used: each sees its own accounts' rows, a manager the team's, finance all, a stranger none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from typer.testing import CliRunner
from warehouse_samples import NIGHT, published, record

from huikuan.cli import app
from huikuan.errors import WarehouseError
from huikuan.warehouse import access
from huikuan.warehouse.connect import connect
from huikuan.warehouse.migrate import REP_VIEWS, view_texts
from huikuan.warehouse.tables import RESULTS

LATER = date(2026, 3, 3)
REPS = 5
ROWS = 20
BY_ACCOUNT = [name for name, table in RESULTS.items() if "account_id" in table.columns]
BY_MEMBER = ("metric", "roll_rate", "root_cause")
# Account Ai belongs to rep R(i % 5); R1, R2 and R3 answer to R0, and R4 to nobody.
SHARED_OUT = {
    "account__rep_id": f"'R' || (i % {REPS})",
    "rep__rep_id": "'R' || i",
    "rep__is_active": "TRUE",
    "rep__manager_id": "CASE WHEN i BETWEEN 1 AND 3 THEN 'R0' END",
    "rep_performance__rep_id": "'R' || i",
    **{f"{table}__dimension": "CASE WHEN i < 10 THEN 'rep' ELSE 'company' END" for table in BY_MEMBER},
    **{f"{table}__member": "CASE WHEN i < 10 THEN 'R' || i ELSE '' END" for table in BY_MEMBER},
    "provision__account_id": "CASE WHEN i < 10 THEN 'A' || i ELSE '' END",
}


@pytest.fixture(scope="module")
def url(module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A warehouse whose night was published twice: the first run holds other money."""
    folder = tmp_path_factory.mktemp("runs")
    published(module_warehouse_url, folder, record(NIGHT, "bbbbbbbbbbbb"), ROWS, **SHARED_OUT)
    published(module_warehouse_url, folder, record(NIGHT), ROWS, **SHARED_OUT)
    return module_warehouse_url


def _new_login(url: str, options: str = "") -> str:
    name = f"person_{uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN {options}")  # type: ignore[arg-type]
    return name


@pytest.fixture(scope="module")
def login(url: str) -> Callable[[str | None], str]:
    """A login that is granted as this rep; None: as finance."""
    known: dict[str | None, str] = {}

    def make(rep_id: str | None) -> str:
        if rep_id not in known:
            known[rep_id] = _new_login(url)
            access.grant(url, known[rep_id], rep_id=rep_id, granted_by="operator:test")
        return known[rep_id]

    return make


@contextmanager
def _as(url: str, name: str) -> Iterator[psycopg.Connection]:
    parameters = conninfo_to_dict(url)
    with psycopg.connect(user=name, host=parameters["host"], dbname=parameters["dbname"]) as connection:
        assert connection.execute("SELECT session_user, current_user").fetchone() == (name, name)
        connection.commit()
        yield connection


def _accounts(connection: psycopg.Connection, view: str) -> set[str]:
    return {row[0] for row in connection.execute(f"SELECT account_id FROM collections.{view}").fetchall()}


def _of(*reps: int, rows: int = ROWS) -> set[str]:
    return {f"A{i}" for i in range(rows) if i % REPS in reps}


@pytest.mark.parametrize("view", BY_ACCOUNT)
def test_a_rep_sees_its_own_accounts(url: str, login: Callable[[str | None], str], view: str) -> None:
    rows = 10 if view == "provision" else ROWS  # the rest of it is about no single account
    with _as(url, login("R1")) as connection:
        assert _accounts(connection, view) == _of(1, rows=rows)
    with _as(url, login("R4")) as connection:
        assert _accounts(connection, view) == _of(4, rows=rows)


@pytest.mark.parametrize("view", BY_ACCOUNT)
def test_a_manager_sees_the_team(url: str, login: Callable[[str | None], str], view: str) -> None:
    with _as(url, login("R0")) as connection:
        assert _accounts(connection, view) == _of(0, 1, 2, 3, rows=10 if view == "provision" else ROWS)


def test_figures_of_reps_and_no_others(url: str, login: Callable[[str | None], str]) -> None:
    for rep_id, seen in (("R1", {"R1"}), ("R0", {"R0", "R1", "R2", "R3"})):
        with _as(url, login(rep_id)) as connection:
            for view, column in (
                *((view, "member") for view in BY_MEMBER),
                ("rep", "rep_id"),
                ("rep_performance", "rep_id"),
            ):
                found = {row[0] for row in connection.execute(f"SELECT {column} FROM {view}").fetchall()}
                assert found == seen, view


def test_finance_sees_all(url: str, login: Callable[[str | None], str]) -> None:
    with _as(url, login(None)) as connection:
        for view in view_texts():
            assert connection.execute(f"SELECT count(*) FROM {view}").fetchone() is not None
        for view in BY_ACCOUNT:
            assert connection.execute(f"SELECT count(*) FROM {view}").fetchone() == (ROWS,), view


def test_a_login_that_is_nobody_sees_nothing(url: str) -> None:
    name = _new_login(url)
    with psycopg.connect(url) as admin:
        admin.execute(f"GRANT huikuan_rep TO {name}")
    with _as(url, name) as connection:
        for view in REP_VIEWS:
            if view not in ("company", "calendar_day"):
                assert connection.execute(f"SELECT count(*) FROM collections.{view}").fetchone() == (0,), view


def test_nothing_else_can_be_reached(url: str, login: Callable[[str | None], str]) -> None:
    others = sorted(set(view_texts()) - set(REP_VIEWS))
    assert {"aging_summary", "message", "month_balance", "run", "supply_hold", "tie_out"} <= set(others)
    refused = (
        *(f"SELECT 1 FROM collections.{view}" for view in others),
        *(f"SELECT 1 FROM store.{table}" for table in ("open_item", "rep_login", "message", "published")),
        "SELECT 1 FROM store.open_item__20260302_2",
        "SELECT store.seen_accounts('postgres')",
        "SET ROLE huikuan_finance_ro",
        "SET ROLE huikuan_owner",
        "SET ROLE postgres",
    )
    with _as(url, login("R1")) as connection:
        connection.autocommit = True
        for statement in refused:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_readers_cannot_write_and_are_limited(url: str, login: Callable[[str | None], str]) -> None:
    for rep_id in ("R1", None):
        with _as(url, login(rep_id)) as connection:
            connection.autocommit = True
            assert connection.execute("SHOW default_transaction_read_only").fetchone() == ("on",)
            assert connection.execute("SHOW statement_timeout").fetchone() == ("1min",)
            # That is a limit, and the reader may lift it. The lock is that no right to write is given anywhere.
            connection.execute("SET default_transaction_read_only = off")
            for table in ("store.task", "store.account", "store.rep_login", "store.message", "store.run"):
                for verb in (
                    "DELETE FROM {}",
                    "UPDATE {} SET company_id = ''",
                    "INSERT INTO {} DEFAULT VALUES",
                    "TRUNCATE {}",
                ):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(verb.format(table))
            for statement in (
                "CREATE TABLE public.x (a int)",
                "CREATE VIEW collections.x AS SELECT 1",
                "DROP VIEW task",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)
            for view in REP_VIEWS:
                with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)):
                    connection.execute(f"DELETE FROM {view}")


def test_a_cheap_function_is_not_asked_before_the_policy(url: str, login: Callable[[str | None], str]) -> None:
    """What a condition of the reader's own gets to see are rows that the policy let through."""
    seen: list[str] = []
    with _as(url, login("R1")) as connection:
        connection.execute("SET TRANSACTION READ WRITE")
        connection.execute(
            "CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001"
            " AS $$ BEGIN RAISE NOTICE '%', $1; RETURN TRUE; END $$"
        )
        connection.add_notice_handler(lambda notice: seen.append(str(notice.message_primary)))
        connection.execute("SELECT count(*) FROM account_balance WHERE pg_temp.leak(account_id)")
    assert set(seen) == _of(1)


def test_a_superseded_run_is_hidden_too(url: str, login: Callable[[str | None], str]) -> None:
    with _as(url, login("R1")) as connection:
        runs = {row[0] for row in connection.execute("SELECT DISTINCT run_id FROM open_item").fetchall()}
    assert runs == {record(NIGHT).run_id}


def test_history_follows_the_account_to_whoever_has_it_now(warehouse_url: str, tmp_path: Path) -> None:
    """A1 goes from R1 to R2 with the second night, and the partition that this night attached is guarded as well."""
    published(warehouse_url, tmp_path, record(NIGHT), ROWS, **SHARED_OUT)
    moved = SHARED_OUT | {"account__rep_id": f"CASE WHEN i = 1 THEN 'R2' ELSE 'R' || (i % {REPS}) END"}
    one, two = (_new_login(warehouse_url) for _ in range(2))
    access.grant(warehouse_url, one, rep_id="R1", granted_by="operator:test")
    access.grant(warehouse_url, two, rep_id="R2", granted_by="operator:test")
    with _as(warehouse_url, one) as connection:
        assert _accounts(connection, "open_item") == _of(1)
    published(warehouse_url, tmp_path, record(LATER), ROWS, **moved)
    for name, accounts in ((one, _of(1) - {"A1"}), (two, _of(2) | {"A1"})):
        with _as(warehouse_url, name) as connection:
            found = connection.execute("SELECT business_date, account_id FROM open_item").fetchall()
            assert set(found) == {(day, account) for day in (NIGHT, LATER) for account in accounts}


def test_who_has_left_sees_nothing(warehouse_url: str, tmp_path: Path) -> None:
    """The login need not be taken back first: the ledger says that R1 has gone, and R2 is no longer in it at all."""
    published(warehouse_url, tmp_path, record(NIGHT), ROWS, **SHARED_OUT)
    logins = {rep_id: _new_login(warehouse_url) for rep_id in ("R0", "R1", "R2")}
    for rep_id, name in logins.items():
        access.grant(warehouse_url, name, rep_id=rep_id, granted_by="operator:test")
    gone = {"rep__is_active": "i <> 1", "rep__rep_id": "CASE WHEN i = 2 THEN 'X' ELSE 'R' || i END"}
    published(warehouse_url, tmp_path, record(LATER), ROWS, **SHARED_OUT | gone)
    for rep_id, accounts in (("R0", _of(0, 1, 3)), ("R1", set()), ("R2", set())):
        with _as(warehouse_url, logins[rep_id]) as connection:
            assert _accounts(connection, "open_item") == accounts


def test_every_result_is_guarded(url: str) -> None:
    """A table that a later migration adds without a policy would show every row to every rep."""
    with psycopg.connect(url) as admin:
        found = dict(
            admin.execute(
                "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AND count(p.oid) = 1"
                " FROM pg_class AS c LEFT JOIN pg_policy AS p ON c.oid = p.polrelid AND p.polroles = '{0}'"
                " WHERE c.relnamespace = 'store'::regnamespace AND c.relkind = 'p' GROUP BY c.oid"
            ).fetchall()
        )
    assert found == dict.fromkeys(RESULTS, True)


# --- granting ---------------------------------------------------------------------------------------------------------


def test_granting_and_taking_back_by_command(url: str) -> None:
    name = _new_login(url)
    runner = CliRunner()
    done = runner.invoke(app, ["access", "grant", "--rep", "R3", "--login", name, "--warehouse", url])
    assert done.exit_code == 0, done.output
    assert f"{name} → R3" in done.output
    assert (name, "rep", "R3") in {(each.login, each.reader, each.rep_id) for each in access.logins(url)}
    shown = runner.invoke(app, ["access", "list", "--warehouse", url], env={"COLUMNS": "250"})
    assert name in shown.output
    with _as(url, name) as connection:
        assert _accounts(connection, "task") == _of(3)
    done = runner.invoke(app, ["access", "revoke", "--login", name, "--warehouse", url])
    assert done.exit_code == 0, done.output
    with _as(url, name) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT 1 FROM collections.task")
    assert name not in {each.login for each in access.logins(url)}


def test_what_cannot_be_granted(url: str, login: Callable[[str | None], str]) -> None:
    with pytest.raises(WarehouseError, match="no login nobody_at_all"):
        access.grant(url, "nobody_at_all", rep_id="R1", granted_by="x")
    with pytest.raises(WarehouseError, match="knows no rep R99"):
        access.grant(url, _new_login(url), rep_id="R99", granted_by="x")
    for everything in (_new_login(url, "SUPERUSER"), _new_login(url, "BYPASSRLS"), login(None)):
        with pytest.raises(WarehouseError, match="may see everything"):
            access.grant(url, everything, rep_id="R1", granted_by="x")
    parameters = conninfo_to_dict(url)
    powerless = f"postgresql://{login('R1')}@/{parameters['dbname']}?host={parameters['host']}"
    with pytest.raises(WarehouseError, match="may not grant"):
        access.grant(powerless, _new_login(url), rep_id="R1", granted_by="x")
    with connect(url, "auditor") as connection:
        assert connection.execute("SELECT count(*) FROM store.rep_login WHERE rep_id = 'R99'").fetchone() == (0,)
    refused = CliRunner().invoke(app, ["access", "grant", "--login", "x", "--warehouse", url])
    assert refused.exit_code == 2
