"""Role by table by verb, with the roles really taken on: what is not listed here must be refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import psycopg
import pytest
from warehouse_samples import NIGHT, published, record, write_tables

from huikuan.errors import FenceError
from huikuan.warehouse.connect import ROLES, Role, connect
from huikuan.warehouse.fence import step
from huikuan.warehouse.migrate import REP_VIEWS, view_texts
from huikuan.warehouse.publish import publish
from huikuan.warehouse.tables import RESULTS, STORE

READ = frozenset({"SELECT"})
KEEP = frozenset({"SELECT", "INSERT", "UPDATE"})
WRITE_DOWN = frozenset({"SELECT", "INSERT"})
ALL = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"})

TABLES = {table.name for table in STORE.tables.values()}
MAY: dict[Role, dict[str, frozenset[str]]] = {
    "owner": {f"store.{name}": ALL for name in TABLES},
    "migrator": {f"store.{name}": ALL for name in TABLES},
    "loader": {
        "store.run_step": KEEP,
        **{f"store.{name}": READ for name in ("run", "published", "archived_run", "month_lock")},
    },
    "mailer": {
        "store.run_step": KEEP,
        "store.message": KEEP,
        "store.message_action": WRITE_DOWN,
        **{f"store.{name}": READ for name in ("statement_batch", "statement", "statement_decision")},
    },
    "desk": {
        f"store.{name}": WRITE_DOWN
        for name in (
            *("referral_batch", "referral_item", "referral_decision", "sanction_override", "statement_batch"),
            *("statement", "statement_decision", "statement_reply", "statement_handover", "month_lock"),
        )
    },
    "finance_ro": {},
    "auditor": {f"store.{name}": READ for name in TABLES},
    "rep": {},
}
STATEMENTS = {
    "SELECT": "SELECT 1 FROM {} LIMIT 1",
    "INSERT": "INSERT INTO {} DEFAULT VALUES",
    "UPDATE": "UPDATE {} SET {} = NULL WHERE FALSE",
    "DELETE": "DELETE FROM {} WHERE FALSE",
    "TRUNCATE": "TRUNCATE {}",
}
REACHED = (psycopg.errors.NotNullViolation, psycopg.errors.CheckViolation)


@pytest.fixture(scope="module")
def url(module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A warehouse with one published night."""
    published(module_warehouse_url, tmp_path_factory.mktemp("runs"), record())
    return module_warehouse_url


def _allowed(connection: psycopg.Connection, relation: str, column: str) -> frozenset[str]:
    """The verbs that the current role can really use on a relation; nothing is kept."""
    verbs = set()
    for verb, statement in STATEMENTS.items():
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(statement.format(relation, column))
            verbs.add(verb)
        except REACHED:
            verbs.add(verb)
        except psycopg.Error as error:
            if "row-level security" in str(error):  # the verb is granted; which rows, other tests ask
                verbs.add(verb)
    return frozenset(verbs)


@pytest.mark.parametrize("role", ROLES)
def test_tables(url: str, role: Role) -> None:
    with psycopg.connect(url, options=f"-c role=huikuan_{role}") as connection:
        found = {
            f"store.{table.name}": _allowed(connection, f"store.{table.name}", next(iter(table.columns)).name)
            for table in STORE.tables.values()
        }
    assert found == {f"store.{name}": MAY[role].get(f"store.{name}", frozenset()) for name in TABLES}


@pytest.mark.parametrize("role", ROLES)
def test_published_partitions(url: str, role: Role) -> None:
    """A partition can be reached by its own name too: nobody but its owner may, not even the loader who filled it."""
    with psycopg.connect(url, options=f"-c role=huikuan_{role}") as connection:
        found = {name: _allowed(connection, f"store.{name}__20260302_1", "run_id") for name in RESULTS}
    assert found == {name: ALL if role in {"owner", "migrator"} else frozenset() for name in RESULTS}


@pytest.mark.parametrize("role", ROLES)
def test_views(url: str, role: Role) -> None:
    with psycopg.connect(url, options=f"-c role=huikuan_{role}") as connection:
        found = {name: _allowed(connection, f"collections.{name}", "business_date") for name in view_texts()}
    if role in {"owner", "migrator"}:
        assert all("SELECT" in verbs for verbs in found.values())
    else:
        of_all = view_texts()
        seen = REP_VIEWS if role == "rep" else of_all
        assert found == {name: READ if name in seen else frozenset() for name in of_all}


def test_finance_cannot_write_even_what_a_mistaken_grant_allows(url: str) -> None:
    with connect(url, "finance_ro") as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("CREATE TEMP TABLE x (a int)")


def test_finance_never_sees_mail_content_or_addresses(url: str) -> None:
    with connect(url, "finance_ro") as connection:
        columns = {c.name for c in connection.execute("SELECT * FROM collections.message").description or ()}
        assert not columns & {"content", "address", "accounts"}
        for relation in ("store.message", "store.open_item", "loading.x"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT * FROM {relation}")
            connection.rollback()


@pytest.mark.parametrize("role", ROLES)
def test_only_the_migrator_changes_tables(url: str, role: Role) -> None:
    with psycopg.connect(url, options=f"-c role=huikuan_{role}") as connection:
        allowed = []
        for statement in (
            "CREATE TABLE store.x (a int)",
            "CREATE TABLE loading.x (a int)",
            "CREATE VIEW collections.x AS SELECT 1",
            "ALTER TABLE store.run ADD COLUMN x int",
            "DROP VIEW collections.task",
            "CREATE TABLE public.x (a int)",
        ):
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(statement)
                allowed.append(statement)
            except psycopg.errors.InsufficientPrivilege:
                continue
    assert len(allowed) == (5 if role in {"owner", "migrator"} else 0)


FUNCTIONS = {
    "store.new_partitions(DATE '2026-03-02', '20260302-x', 1)": {"loader"},
    "store.seal_partition('task', DATE '2026-03-02', 1, 0)": {"loader"},
    """store.attach_run('{"business_date": "2026-03-02", "run_id": "20260302-x"}', 1)""": {"loader"},
    "store.show_run(DATE '2026-03-02', '20260302-x', 1)": {"loader"},
    """store.record_stopped('{"business_date": "2026-03-02", "run_id": "20260302-x"}', 1)""": {"loader"},
    "store.partition_name('task', DATE '2026-03-02', 1)": {"loader"},
    "store.kept_because('20260302-aaaaaaaaaaaa')": {"loader"},
    "store.drop_archived_run('20260302-aaaaaaaaaaaa', '{}', 'x')": {"loader"},
    "store.sees_everything()": {"loader", "mailer", "desk", "auditor"},
    "store.seen_reps('x')": {"loader", "mailer", "desk", "auditor"},
    "store.seen_accounts('x')": {"loader", "mailer", "desk", "auditor"},
    "store.check_token(DATE '2026-03-02', 1)": set(),
    "store.insert_run('{}')": set(),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("call", FUNCTIONS)
def test_functions(url: str, call: str, role: Role) -> None:
    """Whoever may call gets an answer, or a refusal of the token; everyone else is refused the function."""
    with psycopg.connect(url, options=f"-c role=huikuan_{role}") as connection:
        try:
            connection.execute(f"SELECT {call}")
            reached = True
        except psycopg.errors.InsufficientPrivilege:
            reached = False
        except psycopg.Error as error:
            reached = error.sqlstate in {"HK001", "HK004", "23502"}
        connection.rollback()
    assert reached == (role in FUNCTIONS[call] | {"owner", "migrator"})


def test_functions_with_the_owners_rights_trust_no_search_path(url: str) -> None:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT proname, prosecdef, proconfig FROM pg_proc WHERE pronamespace = 'store'::regnamespace"
        ).fetchall()
    assert len([row for row in rows if row[1]]) == 9
    for name, definer, config in rows:
        path = [setting for setting in config or () if setting.startswith("search_path=")]
        assert path == (["search_path=pg_catalog, pg_temp"] if definer else ["search_path=pg_catalog"]), name


@pytest.mark.parametrize("table", ["run", "published", "task; DROP TABLE store.run", "pg_class", ""])
def test_functions_know_result_tables_only(url: str, table: str) -> None:
    with connect(url, "loader") as connection, pytest.raises(psycopg.Error, match="no result table") as caught:
        connection.execute("SELECT store.partition_name(%s, %s, 1)", [table, NIGHT])
    assert caught.value.sqlstate == "HK002"


def test_the_loader_writes_only_rows_of_the_run_and_only_until_the_table_is_closed(url: str) -> None:
    night = date(2026, 3, 9)
    row = (
        "INSERT INTO loading.aging_summary__20260309_1 VALUES (%s, %s, 'n', 's', 'd1_30', 1, 'CNY', DATE '2026-03-08')"
    )
    with step(url, night, "publish", "x"), connect(url, "loader", autocommit=True) as connection:
        connection.execute("SELECT store.new_partitions(%s, '20260309-x', 1)", [night])
        connection.execute(row, [night, "20260309-x"])
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(row, [night, "20260309-y"])
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(row, [NIGHT, "20260309-x"])
        for verb in ("SELECT * FROM", "DELETE FROM", "TRUNCATE"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"{verb} loading.aging_summary__20260309_1")
        with pytest.raises(psycopg.Error, match="2 rows of aging_summary were sent, 1 arrived"):
            connection.execute("SELECT store.seal_partition('aging_summary', %s, 1, 2)", [night])
        connection.execute("SELECT store.seal_partition('aging_summary', %s, 1, 1)", [night])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(row, [night, "20260309-x"])


def test_a_step_belongs_to_one_role(url: str) -> None:
    take = "INSERT INTO store.run_step VALUES (DATE '2026-03-10', %s, 1, 'x', 'running', now())"
    for role, own, other in (("loader", "publish", "send"), ("mailer", "send", "publish")):
        with connect(url, role) as connection:  # type: ignore[arg-type]
            connection.execute(take, [own])
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                connection.execute(take, [other])


def test_the_mailer_cannot_finish_the_night(url: str) -> None:
    with connect(url, "mailer") as connection:
        done = connection.execute("UPDATE store.run_step SET token = 99 WHERE step = 'publish'")
        assert done.rowcount == 0


def test_publishing_with_somebody_elses_token_is_refused(url: str, tmp_path: Path) -> None:
    run = record(date(2026, 3, 11))
    files = write_tables(tmp_path, run)
    with step(url, run.business_date, "publish", "x") as attempt:
        attempt.token += 1
        with pytest.raises(FenceError, match="taken over"):
            publish(url, attempt, run, files)
