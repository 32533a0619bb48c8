"""The demo ledger is a ledger: it keeps every rule of the contract, ties out, repeats itself, and extends itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from huikuan.columns import allowed_values, duckdb_type, key_columns
from huikuan.errors import LedgerError
from huikuan.ledger.contract import TABLES, dated_by, required_columns
from huikuan.ledger.demo import generate

THROUGH = date(2026, 3, 31)


def _open(folder: Path, file_format: str = "parquet") -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for table in TABLES:
        path = folder / f"{table}.{file_format}"
        reader = f"read_parquet('{path}')" if file_format == "parquet" else f"read_csv('{path}', all_varchar=true)"
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM {reader}")
    return connection


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("demo")
    generate(target, through=THROUGH, accounts=600)
    return target


@pytest.fixture(scope="module")
def ledger(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with _open(folder) as connection:
        # What the rules speak of: each document once, and its one or more due dates.
        connection.execute("CREATE TABLE paper AS SELECT DISTINCT * FROM document")
        connection.execute(
            """
            CREATE TABLE item AS
            SELECT company_id, document_id, coalesce(i.seq, 1) AS seq, p.account_id, p.currency, p.issued_on,
                coalesce(i.due_on, p.due_on) AS due_on, coalesce(i.amount, p.amount) AS amount,
                coalesce(i.is_retention, false) AS is_retention
            FROM paper AS p LEFT JOIN instalment AS i USING (company_id, document_id)
            WHERE p.kind <> 'credit_note'
            """
        )
        yield connection


def _rows(ledger: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[object, ...]]:
    return ledger.execute(sql).fetchall()


def _one(ledger: duckdb.DuckDBPyConnection, sql: str) -> object:
    row = ledger.execute(sql).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("table", TABLES)
def test_columns_types_and_sets_are_the_contracts(ledger: duckdb.DuckDBPyConnection, table: str) -> None:
    contract = TABLES[table]
    described = {row[0]: row[1] for row in ledger.execute(f"DESCRIBE {table}").fetchall()}
    assert described == {
        c.name: duckdb_type(c).replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE") for c in contract.columns
    }
    for name in required_columns(contract):
        assert _one(ledger, f"SELECT count(*) FROM {table} WHERE {name} IS NULL") == 0, name
    for column in contract.columns:
        values = allowed_values(column)
        if values:
            assert (
                _rows(ledger, f"SELECT DISTINCT {column.name} FROM {table} WHERE {column.name} NOT IN {values}") == []
            )
    assert _one(ledger, f"SELECT count(*) FROM {table}") != 0


@pytest.mark.parametrize("table", TABLES)
def test_every_optional_column_is_used_somewhere(ledger: duckdb.DuckDBPyConnection, table: str) -> None:
    for column in TABLES[table].columns:
        assert _one(ledger, f"SELECT count({column.name}) FROM {table}") != 0, column.name


@pytest.mark.parametrize("table", TABLES)
def test_keys_are_unique_but_for_the_planted_one(ledger: duckdb.DuckDBPyConnection, table: str) -> None:
    key = ", ".join(key_columns(TABLES[table]))
    repeated = _rows(ledger, f"SELECT {key}, count(*) FROM {table} GROUP BY {key} HAVING count(*) > 1")
    if table == "document":
        assert len(repeated) == 1 and repeated[0][-1] == 2
        assert _one(ledger, "SELECT count(*) FROM document") == 1 + int(str(_one(ledger, "SELECT count(*) FROM paper")))
    else:
        assert repeated == []


@pytest.mark.parametrize("table", TABLES)
def test_foreign_keys_are_known(ledger: duckdb.DuckDBPyConnection, table: str) -> None:
    for reference in TABLES[table].foreign_key_constraints:
        mine = list(reference.column_keys)
        theirs = [element.column.name for element in reference.elements]
        match = " AND ".join(f"a.{m} = b.{t}" for m, t in zip(mine, theirs, strict=True))
        unknown = (
            f"SELECT a.* FROM {table} AS a WHERE {' AND '.join(f'a.{m} IS NOT NULL' for m in mine)} "
            f"AND NOT EXISTS (SELECT 1 FROM {reference.referred_table.name} AS b WHERE {match}) LIMIT 3"
        )
        assert _rows(ledger, unknown) == [], mine


@pytest.mark.parametrize("table", [name for name, meaning in TABLES.items() if dated_by(meaning)])
def test_no_fact_is_dated_after_the_last_day(ledger: duckdb.DuckDBPyConnection, table: str) -> None:
    assert _one(ledger, f"SELECT max(CAST({dated_by(TABLES[table])} AS DATE)) FROM {table}") <= THROUGH


RULES = {
    "amounts are positive with two decimals": " UNION ALL ".join(
        f"SELECT '{table}', CAST(amount AS VARCHAR) FROM {table} WHERE amount <= 0 OR amount <> round(amount, 2)"
        for table in ("document", "instalment", "receipt", "allocation", "dispute", "promise", "target")
    ),
    "instalments add up to their document": """
        SELECT document_id FROM instalment JOIN paper USING (company_id, document_id)
        GROUP BY company_id, document_id, paper.amount HAVING sum(instalment.amount) <> paper.amount""",
    "only one document has no due date": """
        SELECT i.document_id FROM item AS i WHERE i.due_on IS NULL
        QUALIFY row_number() OVER (ORDER BY document_id) <> 1""",
    "no more is applied to an instalment than it is worth": """
        SELECT i.document_id, i.seq FROM item AS i
        JOIN allocation AS a ON a.company_id = i.company_id AND a.document_id = i.document_id AND a.seq = i.seq
        GROUP BY i.company_id, i.document_id, i.seq, i.amount HAVING sum(a.amount) > i.amount""",
    "no more is applied to a document than it is worth": """
        SELECT p.document_id FROM paper AS p JOIN allocation AS a USING (company_id, document_id)
        GROUP BY p.company_id, p.document_id, p.amount HAVING sum(a.amount) > p.amount""",
    "no more is applied of a receipt than it brought": """
        SELECT r.receipt_id FROM receipt AS r JOIN allocation AS a
            ON a.company_id = r.company_id AND a.source_kind = 'receipt' AND a.source_id = r.receipt_id
        GROUP BY r.company_id, r.receipt_id, r.amount HAVING sum(a.amount) > r.amount""",
    "no more is applied of a credit note than it grants": """
        SELECT p.document_id FROM paper AS p JOIN allocation AS a
            ON a.company_id = p.company_id AND a.source_kind = 'credit_note' AND a.source_id = p.document_id
        GROUP BY p.company_id, p.document_id, p.amount HAVING sum(a.amount) > p.amount""",
    "an applied receipt is there, of the same account and currency, and not later": """
        SELECT a.allocation_id FROM allocation AS a
        JOIN paper AS p USING (company_id, document_id)
        LEFT JOIN receipt AS r ON r.company_id = a.company_id AND r.receipt_id = a.source_id
        WHERE a.source_kind = 'receipt' AND (r.receipt_id IS NULL OR r.account_id <> p.account_id
            OR r.currency <> p.currency OR a.allocated_on < r.received_on)""",
    "an applied credit note is there, of the same account and currency, and not later": """
        SELECT a.allocation_id FROM allocation AS a
        JOIN paper AS p USING (company_id, document_id)
        LEFT JOIN paper AS c ON c.company_id = a.company_id AND c.document_id = a.source_id AND c.kind = 'credit_note'
        WHERE a.source_kind = 'credit_note' AND (c.document_id IS NULL OR c.account_id <> p.account_id
            OR c.currency <> p.currency OR a.allocated_on < c.issued_on
            OR c.references_document_id IS DISTINCT FROM a.document_id)""",
    "nothing is applied before the document is there": """
        SELECT a.allocation_id FROM allocation AS a JOIN paper AS p USING (company_id, document_id)
        WHERE a.allocated_on < p.issued_on""",
    "credit notes are the target of nothing": """
        SELECT a.allocation_id FROM allocation AS a JOIN paper AS p USING (company_id, document_id)
        WHERE p.kind = 'credit_note'""",
    "a document falls due on or after issue, but for the planted one": """
        SELECT document_id FROM item WHERE due_on < issued_on QUALIFY row_number() OVER (ORDER BY document_id) <> 1""",
    "a dispute is about the document's amount at most, but for the planted one": """
        SELECT d.dispute_id FROM dispute AS d JOIN paper AS p USING (company_id, document_id) WHERE d.amount > p.amount
        QUALIFY row_number() OVER (ORDER BY d.dispute_id) <> 1""",
    "a dispute is opened after issue and resolved after opening": """
        SELECT d.dispute_id FROM dispute AS d JOIN paper AS p USING (company_id, document_id)
        WHERE d.opened_on < p.issued_on OR d.resolved_on < d.opened_on""",
    "a promise is for a later day, but for the planted one": """
        SELECT promise_id FROM promise WHERE promised_for < made_on OR withdrawn_on < made_on
        QUALIFY row_number() OVER (ORDER BY promise_id) <> 1""",
    "a promise is made when its document is there, in its currency, for what is on it": """
        SELECT promise_id FROM promise AS m JOIN paper AS p USING (company_id, document_id)
        WHERE m.made_on < p.issued_on OR m.currency <> p.currency OR m.account_id <> p.account_id
            OR m.amount > p.amount""",
    "a document has one open promise at a time": """
        SELECT a.promise_id FROM promise AS a JOIN promise AS b USING (company_id, document_id)
        WHERE a.promise_id <> b.promise_id AND a.made_on BETWEEN b.made_on AND b.promised_for""",
    "money is received and documents are issued on working days": """
        SELECT receipt_id FROM receipt WHERE isodow(received_on) > 5""",
    "nobody covers for himself, and only for colleagues": """
        SELECT rep_id FROM coverage WHERE rep_id = covered_by OR rep_id[1:2] <> covered_by[1:2] OR to_on < from_on""",
    "mail goes to reserved domains only": """
        SELECT email FROM rep WHERE email NOT LIKE '%.example'
        UNION ALL SELECT email FROM contact WHERE email NOT LIKE '%.example'""",
}


@pytest.mark.parametrize("rule", RULES)
def test_rules(ledger: duckdb.DuckDBPyConnection, rule: str) -> None:
    assert _rows(ledger, f"SELECT * FROM ({RULES[rule]}) LIMIT 3") == []


def test_control_totals_tie_out_on_every_day_they_state(ledger: duckdb.DuckDBPyConnection) -> None:
    """Documents less credit notes, receipts and write-offs dated on or before the day; the repeated row counts once."""
    differing = """
        WITH movement AS (
            SELECT company_id, currency, issued_on AS on_date, if(kind = 'credit_note', -amount, amount) AS amount
            FROM paper
            UNION ALL SELECT company_id, currency, received_on, -amount FROM receipt
            UNION ALL SELECT a.company_id, p.currency, a.allocated_on, -a.amount
            FROM allocation AS a JOIN paper AS p USING (company_id, document_id) WHERE a.source_kind = 'write_off'
        )
        SELECT t.company_id, t.as_of, t.currency, any_value(t.balance), sum(m.amount)
        FROM control_total AS t
        LEFT JOIN movement AS m
            ON m.company_id = t.company_id AND m.currency = t.currency AND m.on_date <= t.as_of
        GROUP BY t.company_id, t.as_of, t.currency
        HAVING any_value(t.balance) <> coalesce(sum(m.amount), 0)
    """
    assert _rows(ledger, differing) == []
    assert _rows(ledger, "SELECT count(DISTINCT as_of) FROM control_total WHERE as_of > DATE '2026-01-30'") == [(60,)]
    assert _one(ledger, "SELECT count(*) FROM control_total WHERE as_of = DATE '2025-06-30'") == 4


def test_every_feed_is_complete_through_the_last_day(ledger: duckdb.DuckDBPyConnection) -> None:
    assert set(_rows(ledger, "SELECT table_name, complete_through FROM load_log")) == {(t, THROUGH) for t in TABLES}


OPEN = """
    WITH applied AS (
        SELECT company_id, document_id, coalesce(seq, 0) AS seq, sum(amount) AS amount FROM allocation GROUP BY ALL
    )
    SELECT i.*, i.amount - coalesce(a.amount, 0) AS open_amount
    FROM item AS i
    LEFT JOIN applied AS a ON a.company_id = i.company_id AND a.document_id = i.document_id AND a.seq = i.seq
    WHERE CAST(substr(i.account_id, 2) AS BIGINT) % 10 <> 7 AND i.amount > coalesce(a.amount, 0)
"""
"""Open instalments of the customers whose allocations say which instalment they are for (nine in ten)."""


def test_the_profile_is_that_of_an_ordinary_ledger(ledger: duckdb.DuckDBPyConnection) -> None:
    items, overdue, accounts = _rows(
        ledger,
        f"SELECT count(*), avg(if(due_on < DATE '{THROUGH}', 1.0, 0.0)), count(DISTINCT account_id) FROM ({OPEN})",
    )[0]
    assert 8 <= items / 540 <= 13  # type: ignore[operator]
    assert 0.15 <= overdue <= 0.35  # type: ignore[operator]
    assert accounts > 500  # type: ignore[operator]
    late = _rows(
        ledger,
        f"SELECT DISTINCT ceil(least(121, DATE '{THROUGH}' - due_on) / 30) FROM ({OPEN}) "
        f"WHERE due_on < DATE '{THROUGH}'",
    )
    assert {row[0] for row in late} == {1, 2, 3, 4, 5}


AWKWARD = {
    "part payments": "SELECT 1 FROM allocation WHERE allocation_id LIKE '%R2'",
    "a linked credit note not applied yet": """
        SELECT 1 FROM paper AS c WHERE kind = 'credit_note' AND references_document_id IS NOT NULL
        AND NOT EXISTS (
            SELECT 1 FROM allocation AS a WHERE a.company_id = c.company_id AND a.source_id = c.document_id
        )""",
    "a free credit note": "SELECT 1 FROM paper WHERE kind = 'credit_note' AND references_document_id IS NULL",
    "retention not due yet": "SELECT 1 FROM item WHERE is_retention AND due_on > DATE '2026-09-30'",
    "retention due": "SELECT 1 FROM item WHERE is_retention AND due_on < DATE '2026-03-31'",
    "a full dispute": "SELECT 1 FROM dispute WHERE amount IS NULL AND resolved_on IS NULL",
    "a part dispute": "SELECT 1 FROM dispute WHERE amount IS NOT NULL AND resolved_on IS NULL",
    "a resolved dispute": "SELECT 1 FROM dispute WHERE resolved_on IS NOT NULL",
    "an open promise": "SELECT 1 FROM promise WHERE promised_for > DATE '2026-03-31' AND withdrawn_on IS NULL",
    "a withdrawn promise": "SELECT 1 FROM promise WHERE withdrawn_on IS NOT NULL",
    "a government buyer who waits for a budget": "SELECT 1 FROM account WHERE segment = 'government' AND needs_budget",
    "an insolvent one": "SELECT 1 FROM account WHERE status = 'insolvent'",
    "a credit balance": """
        SELECT 1 FROM receipt AS r WHERE account_id = 'C1000009'
        AND NOT EXISTS (SELECT 1 FROM allocation AS a WHERE a.source_id = r.receipt_id)""",
    "an account whose rep has left": "SELECT 1 FROM account JOIN rep USING (rep_id) WHERE NOT is_active",
    "an account without rep": "SELECT 1 FROM account WHERE rep_id IS NULL",
    "a write-off": "SELECT 1 FROM allocation WHERE source_kind = 'write_off'",
    "money on account, applied later": """
        SELECT 1 FROM receipt AS r JOIN allocation AS a ON a.company_id = r.company_id AND a.source_id = r.receipt_id
        WHERE a.allocated_on > r.received_on""",
    "an opening balance": "SELECT 1 FROM paper WHERE kind = 'opening_balance'",
    "a debit note": "SELECT 1 FROM paper WHERE kind = 'debit_note'",
    "no limit": "SELECT 1 FROM account WHERE credit_limit IS NULL",
    "a limit of nothing": "SELECT 1 FROM account WHERE credit_limit = 0",
    "an account in two currencies": """
        SELECT 1 FROM paper GROUP BY company_id, account_id HAVING count(DISTINCT currency) > 1""",
    "an allocation that names no instalment": """
        SELECT 1 FROM allocation AS a JOIN instalment USING (company_id, document_id) WHERE a.seq IS NULL""",
    "the same account number in both companies": """
        SELECT 1 FROM account GROUP BY account_id HAVING count(DISTINCT company_id) = 2""",
    "a contact nobody can call": "SELECT 1 FROM contact WHERE phone IS NULL AND email IS NULL",
}


@pytest.mark.parametrize("thing", AWKWARD)
def test_the_awkward_things_are_there(ledger: duckdb.DuckDBPyConnection, thing: str) -> None:
    assert _rows(ledger, f"SELECT * FROM ({AWKWARD[thing]}) LIMIT 1") != []


def test_promises_are_kept_partly_kept_and_broken(ledger: duckdb.DuckDBPyConnection) -> None:
    outcome = dict(
        _rows(
            ledger,
            """
            SELECT CASE WHEN got >= amount THEN 'kept' WHEN got > 0 THEN 'partly' ELSE 'broken' END, count(*)
            FROM (
                SELECT m.promise_id, m.amount, coalesce(sum(a.amount), 0) AS got
                FROM promise AS m
                LEFT JOIN allocation AS a ON a.company_id = m.company_id AND a.document_id = m.document_id
                    AND a.allocated_on BETWEEN m.made_on AND m.promised_for AND a.source_kind = 'receipt'
                WHERE m.promised_for <= DATE '2026-03-31' AND m.withdrawn_on IS NULL
                GROUP BY ALL
            )
            GROUP BY 1
            """,
        )
    )
    assert set(outcome) == {"kept", "partly", "broken"}
    assert min(outcome.values()) > 10  # type: ignore[type-var]


def test_the_planted_faults_are_few_and_small(ledger: duckdb.DuckDBPyConnection) -> None:
    assert _one(ledger, "SELECT count(*) FROM item WHERE due_on IS NULL") == 1
    share = _one(
        ledger,
        """
        SELECT sum(amount) FILTER (WHERE document_id LIKE '%-951' OR document_id LIKE '%-953')
            / sum(amount) FILTER (WHERE issued_on > DATE '2026-01-01') * 100 FROM paper
        """,
    )
    assert share < 0.1  # type: ignore[operator]


def test_without_faults_nothing_is_wrong(tmp_path: Path) -> None:
    generate(tmp_path, through=THROUGH, accounts=60, months=6, faults=False)
    with _open(tmp_path) as ledger:
        assert _one(ledger, "SELECT count(*) FROM document WHERE document_id LIKE '%-95_'") == 0
        assert _one(ledger, "SELECT count(*) - count(DISTINCT (company_id, document_id)) FROM document") == 0


def test_each_company_has_reps_managers_finance_and_legal(ledger: duckdb.DuckDBPyConnection) -> None:
    crew = _rows(
        ledger, "SELECT rep_id[1:2], coalesce(role, 'rep'), count(*) FROM rep WHERE is_active GROUP BY ALL ORDER BY ALL"
    )
    counts = {(company, role): number for company, role, number in crew}
    for company in ("HD", "NG"):
        assert counts[company, "rep"] >= 4  # type: ignore[operator]
        assert all(counts[company, role] >= 1 for role in ("manager", "finance", "legal"))  # type: ignore[operator]
    assert _one(ledger, "SELECT count(*) - count(DISTINCT email) FROM rep") == 0


def _content(folder: Path) -> dict[str, object]:
    with _open(folder) as ledger:
        return {
            table: ledger.execute(f"SELECT count(*), sum(hash(t)) FROM {table} AS t").fetchone() for table in TABLES
        }


def test_same_arguments_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(tmp_path / "a", through=THROUGH, accounts=80, months=8)
    connect = duckdb.connect

    def one_thread() -> duckdb.DuckDBPyConnection:
        return connect(config={"threads": 1})

    monkeypatch.setattr("huikuan.ledger.demo.duckdb.connect", one_thread)
    generate(tmp_path / "b", through=THROUGH, accounts=80, months=8)
    monkeypatch.undo()
    generate(tmp_path / "c", through=THROUGH, accounts=80, months=8, seed=7)
    assert _content(tmp_path / "a") == _content(tmp_path / "b")
    assert _content(tmp_path / "a")["document"] != _content(tmp_path / "c")["document"]


def test_a_later_ledger_holds_the_earlier_one(tmp_path: Path) -> None:
    """Three weeks on, across a month's end, from the same first month: every fact is still there, unchanged."""
    generate(tmp_path / "early", through=date(2026, 3, 18), accounts=80, months=24)
    generate(tmp_path / "late", through=date(2026, 4, 9), accounts=80, months=25)
    with duckdb.connect() as connection:
        for table in TABLES:
            if table in ("load_log", "control_total"):
                continue
            # What happened to a row after the earlier day was not known on it.
            forget = {
                "dispute": "resolved_on",
                "promise": "withdrawn_on",
                "measure": "done_on",
                "contract": "accepted_on",
            }
            known = ", ".join(
                f"if({c.name} > DATE '2026-03-18', NULL, {c.name}) AS {c.name}"
                if c.name == forget.get(table)
                else c.name
                for c in TABLES[table].columns
            )
            lost = connection.execute(
                f"SELECT {known} FROM '{tmp_path}/early/{table}.parquet' "
                f"EXCEPT SELECT {known} FROM '{tmp_path}/late/{table}.parquet' LIMIT 3"
            ).fetchall()
            assert lost == [], table
        balance = "SELECT company_id, currency, balance FROM '{}' WHERE as_of = DATE '2026-03-18' ORDER BY ALL"
        assert connection.execute(balance.format(tmp_path / "early/control_total.parquet")).fetchall() == (
            connection.execute(balance.format(tmp_path / "late/control_total.parquet")).fetchall()
        )


def test_open_history_has_the_same_open_items_and_ties_out(tmp_path: Path) -> None:
    generate(tmp_path / "full", through=THROUGH, accounts=80)
    generate(tmp_path / "open", through=THROUGH, accounts=80, history="open")
    open_documents = """
        SELECT p.company_id, p.document_id, p.amount - coalesce(sum(a.amount), 0) AS open_amount
        FROM (SELECT DISTINCT * FROM document) AS p LEFT JOIN allocation AS a USING (company_id, document_id)
        WHERE p.kind <> 'credit_note' GROUP BY p.company_id, p.document_id, p.amount
        HAVING open_amount > 0 ORDER BY ALL
    """
    balance = """
        SELECT t.company_id, t.currency, t.balance - (
            SELECT sum(if(kind = 'credit_note', -amount, amount)) FROM (SELECT DISTINCT * FROM document) AS p
            WHERE p.company_id = t.company_id AND p.currency = t.currency
        ) + coalesce((
            SELECT sum(amount) FROM receipt AS r WHERE r.company_id = t.company_id AND r.currency = t.currency
        ), 0) + coalesce((
            SELECT sum(a.amount) FROM allocation AS a JOIN (SELECT DISTINCT * FROM document) AS p
            USING (company_id, document_id)
            WHERE a.source_kind = 'write_off' AND p.company_id = t.company_id AND p.currency = t.currency
        ), 0) AS difference
        FROM control_total AS t WHERE as_of = DATE '2026-03-31'
    """
    with _open(tmp_path / "full") as full, _open(tmp_path / "open") as lean:
        assert _rows(lean, open_documents) == _rows(full, open_documents)
        assert int(str(_one(lean, "SELECT count(*) FROM document"))) < int(
            str(_one(full, "SELECT count(*) FROM document"))
        )
        assert {row[2] for row in _rows(lean, balance)} == {0}


def test_csv_holds_the_same_rows(tmp_path: Path) -> None:
    generate(tmp_path / "csv", through=THROUGH, accounts=50, months=3, file_format="csv")
    generate(tmp_path / "parquet", through=THROUGH, accounts=50, months=3)
    with _open(tmp_path / "csv", "csv") as text, _open(tmp_path / "parquet") as typed:
        for table in TABLES:
            keys = ", ".join(key_columns(TABLES[table]))
            as_text = ", ".join(f"CAST({c.name} AS VARCHAR)" for c in TABLES[table].columns)
            assert _rows(text, f"SELECT * FROM {table}") == _rows(
                typed, f"SELECT {as_text} FROM {table} ORDER BY {keys}"
            )


def test_a_second_run_replaces_the_first_whatever_its_format(tmp_path: Path) -> None:
    generate(tmp_path, through=THROUGH, accounts=50, months=1, file_format="csv")
    counts = generate(tmp_path, through=THROUGH, accounts=50, months=1)
    assert {path.name for path in tmp_path.iterdir()} == {f"{table}.parquet" for table in TABLES}
    with _open(tmp_path) as ledger:
        assert counts == {table: _one(ledger, f"SELECT count(*) FROM {table}") for table in TABLES}


@pytest.mark.parametrize(("accounts", "months", "asked"), [(39, 24, "at least 40 accounts"), (400, 0, "one month")])
def test_too_small_a_ledger_is_refused(tmp_path: Path, accounts: int, months: int, asked: str) -> None:
    with pytest.raises(LedgerError) as refused:
        generate(tmp_path, through=THROUGH, accounts=accounts, months=months)
    assert asked in refused.value.remedy


def test_a_hundred_managers_are_a_hundred_people(tmp_path: Path) -> None:
    """Ids grow with the company: a number cut to two digits would make two people one."""
    generate(tmp_path, through=THROUGH, accounts=60_000, months=1)
    with duckdb.connect() as connection:
        people, ids, managers = connection.execute(
            "SELECT COUNT(*), COUNT(DISTINCT rep_id), COUNT(*) FILTER (WHERE role = 'manager')"
            f" FROM '{tmp_path}/rep.parquet'"
        ).fetchall()[0]
        [(unmanaged,)] = connection.execute(
            f"SELECT COUNT(*) FROM '{tmp_path}/rep.parquet' AS r WHERE manager_id IS NOT NULL"
            f" AND manager_id NOT IN (SELECT rep_id FROM '{tmp_path}/rep.parquet')"
        ).fetchall()
    assert managers > 100
    assert people == ids
    assert unmanaged == 0
