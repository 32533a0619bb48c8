"""Reading a morning's rows: published ones from the warehouse, names and addresses from the snapshot.

Personal data is not published, so names, phones and addresses come from the Parquet snapshot of the run's ledger.
Rows that validation quarantined are left out here too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import psycopg
from psycopg.rows import class_row

from huikuan.errors import OutreachError
from huikuan.night import lake as lakes
from huikuan.outreach.news import Change, End, Handover, Recovery, read_goals, read_recoveries
from huikuan.outreach.offers import EARLY
from huikuan.outreach.rows import (
    AccountKey,
    Balance,
    Cap,
    Company,
    Contact,
    EarlyWarning,
    Flag,
    Item,
    Night,
    Promise,
    PromiseState,
    Proposal,
    Quarantined,
    Reader,
    Receipt,
    Rule,
    Run,
    SentStatement,
    StatementBatch,
    Status,
    Target,
    Task,
    TermsAdvice,
    by_account,
)

_WAITS = "x.state = 'proposed' AND x.is_held IS NOT TRUE"
"""Proposals that are, or will be, put before an approver; those held back by the cap are not."""
_TIE_OUT = "gate.tie_out"
"""The rule of validation that compares the ledger with the general ledger."""
_KEYS = {"early": ("company_id", "account_id", "currency"), "promise": ("company_id", "promise_id")}
"""Columns of keys that are not an account's."""
_DIFFERENCE = "currency, shown_amount, stated_amount, document_id"
_COMPANY = "company_id, name, functional_currency, calendar, timezone"
_Any = TypeVar("_Any")
_One = TypeVar("_One", Status, TermsAdvice)


def snapshot_folder(lake: Path, snapshot_id: str, business_date: date) -> Path:
    """Folder of a snapshot; raises OutreachError when it is not there."""
    folder = lake / "snapshots" / business_date.isoformat() / snapshot_id
    if not (folder / "manifest.json").is_file():
        raise OutreachError(
            f"Snapshot {snapshot_id} of {business_date} is not in the lake, so names and addresses are missing.",
            "Point HUIKUAN_LAKE at the lake of the night, or restore the snapshot's folder.",
        )
    return folder


def newest_snapshot(lake: Path, business_date: date) -> Path | None:
    """Folder of the newest finished snapshot of the date (ids end in s1, s2, …), or None."""
    finished = [path.parent for path in (lake / "snapshots" / business_date.isoformat()).glob("*/manifest.json")]
    numbered = [(int(number), path) for path in finished if (number := path.name.rpartition("-s")[2]).isdigit()]
    return max(numbered)[1] if numbered else None


def newest_run(connection: psycopg.Connection[Any], business_date: date) -> Run | None:
    """The last word on a date: the run that readers see, or a later one that the gate stopped; None before both."""
    with connection.cursor(row_factory=class_row(Run)) as cursor:
        return cursor.execute(
            """
            SELECT run_id, business_date, as_of, snapshot_id, gate, gate_reasons, is_backfill, status, policy_hash
            FROM collections.last_run WHERE business_date = %s
            """,
            [business_date],
        ).fetchone()


def read_night(connection: psycopg.Connection[Any], lake: Path, run: Run) -> Night:
    """Read all rows of one run. A run that the gate stopped has no published rows, only its quality results."""
    return read_rows(connection, lake, read_frame(connection, lake, run))


def read_frame(connection: psycopg.Connection[Any], lake: Path, run: Run) -> Night:
    """The night without anybody's rows: who there is, the state of the data, and what is few."""
    snapshot, quality = _folders(lake, run)
    is_published = run.status == "published"
    with duckdb.connect() as duck:
        ledger = _Ledger(duck, snapshot, quality)
        return Night(
            run=run,
            readers={reader.rep_id: reader for reader in read_readers(duck, snapshot, quality)},
            companies=ledger.companies(),
            charges=read_charges(connection, run),
            caps=_select(connection, run, Cap, "sanction_cap", "x.is_over ORDER BY x.company_id, x.transition DESC"),
            recoveries=_recoveries(connection, run) if is_published else [],
            policy=lakes.read_policy(lake, run.run_id, run.policy_hash) if is_published else None,
            payments_complete_to=ledger.complete_through("receipt"),
            **_read_quality(quality),
        )


def read_rows(
    connection: psycopg.Connection[Any], lake: Path, frame: Night, people: Collection[str] | None = None
) -> Night:
    """The night with the rows that mails to these people may show, and to those above them who are among the people.

    None reads everybody's. Lists of whoever is not among them would lack rows, so do not make them.
    """
    run = frame.run
    if run.status != "published":
        return frame
    published = _read_published(connection, run, _share(connection, frame, people))
    recoveries = [row for row in frame.recoveries if people is None or row.rep_id in people]
    return replace(frame, **published, **_read_snapshot(*_folders(lake, run), published, recoveries))


def _folders(lake: Path, run: Run) -> tuple[Path, Path]:
    """(snapshot, quality results) of a run."""
    quality = lake / "runs" / run.business_date.isoformat() / run.run_id / "quality"
    return snapshot_folder(lake, run.snapshot_id, run.business_date), quality


@dataclass(frozen=True)
class _Share:
    """Whose rows are wanted: conditions on a row ``x`` with the values that they need; everybody's when empty."""

    accounts: str = "true"
    people: str = "true"
    approvals: str = "true"
    values: dict[str, Any] = field(default_factory=dict)


def _share(connection: psycopg.Connection[Any], frame: Night, people: Collection[str] | None) -> _Share:
    """Accounts that these people have a task or news of, are in charge of, or stand in for; and where a manager is
    among them, those that nobody is in charge of.
    """
    if people is None:
        return _Share()
    leads = any(frame.readers[rep_id].role == "manager" for rep_id in people if rep_id in frame.readers)
    found = connection.execute(
        """
        WITH night AS (SELECT %(day)s::date AS business_date, %(run)s AS run_id)
        SELECT company_id, account_id FROM collections.task NATURAL JOIN night WHERE rep_id = ANY(%(people)s)
        UNION
        SELECT company_id, account_id FROM collections.account_status NATURAL JOIN night
        WHERE rep_id = ANY(%(people)s) OR (%(leads)s AND rep_id IS NULL)
        UNION
        SELECT company_id, account_id FROM collections.account_change NATURAL JOIN night WHERE rep_id = ANY(%(people)s)
        UNION
        SELECT company_id, account_id FROM collections.handover NATURAL JOIN night
        WHERE rep_id = ANY(%(people)s) OR works_rep_id = ANY(%(people)s)
        """,
        {"day": frame.run.business_date, "run": frame.run.run_id, "people": list(people), "leads": leads},
    ).fetchall()
    accounts, arrays = _among("share", found)
    return _Share(
        accounts,
        "x.rep_id = ANY(%(people)s)",
        "(x.approver_id IS NULL OR x.approver_id = ANY(%(people)s))",
        {**arrays, "people": list(people)},
    )


def read_referrals(connection: psycopg.Connection[Any], lake: Path, run: Run, batch_ids: Iterable[str]) -> Night:
    """Read what the mails to approvers are made of: the unanswered lines of these batches, as far as they are of this
    run, and the proposals as they were published, which say whose approval each one needs.
    """
    snapshot, quality = _folders(lake, run)
    asked = "x.choice IS NULL AND x.batch_id = ANY(%(batches)s) ORDER BY x.approver_id, x.batch_id, x.position"
    proposals = _select(connection, run, Proposal, "referral", asked, {"batches": list(batch_ids)})
    with duckdb.connect() as duck:
        ledger = _Ledger(duck, snapshot, quality)
        accounts = {(row.company_id, row.account_id) for row in proposals}
        return Night(
            run=run,
            flags=_select(connection, run, Flag, "account_flag", _WAITS),
            proposals=proposals,
            readers={reader.rep_id: reader for reader in read_readers(duck, snapshot, quality)},
            companies=ledger.companies(),
            charges=read_charges(connection, run),
            names=dict(ledger.pairs("account", "account_id", "name", accounts)),
            payments_complete_to=ledger.complete_through("receipt"),
            **_read_quality(quality),
        )


def read_statement_batches(
    connection: psycopg.Connection[Any], lake: Path, run: Run, batch_ids: Iterable[str]
) -> Night:
    """Read what the mails to approvers of statements are made of: those of these batches of this run that nobody has
    answered.
    """
    snapshot, quality = _folders(lake, run)
    names = ", ".join(f"b.{column.name}" for column in fields(StatementBatch))
    with connection.cursor(row_factory=class_row(StatementBatch)) as cursor:
        batches = cursor.execute(
            f"""
            SELECT {names} FROM store.statement_batch AS b WHERE b.run_id = %s AND b.batch_id = ANY(%s)
            AND NOT EXISTS (
                SELECT FROM store.statement AS s INNER JOIN store.statement_decision AS d USING (statement_id)
                WHERE s.batch_id = b.batch_id
            )
            ORDER BY b.approver_id, b.company_id, b.batch_id
            """,
            [run.run_id, list(batch_ids)],
        ).fetchall()
    with duckdb.connect() as duck:
        ledger = _Ledger(duck, snapshot, quality)
        return Night(
            run=run,
            statement_batches=batches,
            readers={reader.rep_id: reader for reader in read_readers(duck, snapshot, quality)},
            companies=ledger.companies(),
            charges=read_charges(connection, run),
            payments_complete_to=ledger.complete_through("receipt"),
            **_read_quality(quality),
        )


def _read_published(connection: psycopg.Connection[Any], run: Run, share: _Share) -> dict[str, Any]:
    """Published rows that some mail may show: tasks, their accounts, accounts that nobody is in charge of, what
    happened to sanctions tonight, and what is different since the night before.
    """
    key = "x.company_id, x.account_id"

    def rows(kind: type[_Any], view: str, where: str, order: str, whose: str = share.accounts) -> list[_Any]:
        return _select(connection, run, kind, view, f"{whose} AND {where} ORDER BY {order}", share.values)

    def among(kind: type[_Any], view: str, where: str, order: str, **keys: Collection[tuple[str, ...]]) -> list[_Any]:
        """Rows where ``where`` may ask whether a key is among some, as ``{name}``."""
        conditions = {name: _among(name, wanted) for name, wanted in keys.items()}
        found = where.format(**{name: condition for name, (condition, _) in conditions.items()})
        values = {name: array for _, arrays in conditions.values() for name, array in arrays.items()}
        return _select(connection, run, kind, view, f"{found} ORDER BY {order}", values)

    tasks: list[Task] = rows(Task, "task", "true", "x.rank, x.task_id")
    flags: list[Flag] = rows(
        Flag,
        "account_flag",
        f"({share.accounts} AND x.state = 'released' OR ({share.accounts} OR {share.approvals}) AND {_WAITS})",
        f"{key}, x.flag",
        whose="true",
    )
    warnings: list[EarlyWarning] = rows(EarlyWarning, "early_warning", "x.since = x.business_date", f"{key}, x.warning")
    changes: list[Change] = rows(Change, "account_change", "true", f"{key}, x.change, x.subject_id, x.currency")
    listed = {(row.company_id, row.account_id) for row in tasks}
    released = [flag for flag in flags if flag.state == "released"]
    told = listed | {(row.company_id, row.account_id) for row in (*changes, *warnings, *released)}  # type: ignore[attr-defined]
    nobodys: list[Status] = rows(Status, "account_status", "x.rep_id IS NULL", key)
    shown = listed | {(row.company_id, row.account_id) for row in nobodys}
    early = {(row.company_id, row.account_id, row.currency) for row in tasks if row.kind in EARLY and row.currency}
    chased = {
        (row.company_id, row.subject_id) for row in tasks if row.kind == "chase_promise" and row.subject_id is not None
    }
    return {
        "tasks": tasks,
        "statuses": _keyed([*among(Status, "account_status", "{told}", key, told=told), *nobodys]),
        "balances": by_account(
            among(Balance, "account_balance", "x.overdue_amount > 0 AND {shown}", "x.currency", shown=shown)
        ),
        "items": by_account(
            among(
                Item,
                "open_item",
                "(x.days_past_due > 0 AND {shown} OR x.collectable_amount > 0 AND {early})",
                "x.due_on, x.document_id, x.seq",
                shown=shown,
                early=early,
            )
        ),
        "promise_states": {
            (row.company_id, row.promise_id): row
            for row in among(PromiseState, "promise_status", "{promise}", "x.company_id, x.promise_id", promise=chased)
        },
        "reasons": _task_reasons(connection, run, share),
        "flags": flags,
        "warnings": warnings,
        "changes": changes,
        "ends": rows(End, "task_end", "true", "x.task_id", share.people),
        "handovers": rows(Handover, "handover", "true", key),
        "targets": {
            (row.company_id, row.account_id, row.currency): row
            for row in among(Target, "target_gap", "{early}", f"{key}, x.currency", early=early)
        },
        "terms": _keyed(among(TermsAdvice, "terms_advice", "{shown}", key, shown=listed)),
        "goals": read_goals(connection, run.business_date, run.run_id, share.people, share.values),
    }


def _among(name: str, wanted: Collection[tuple[str, ...]]) -> tuple[str, dict[str, list[str]]]:
    """A condition that the key of a row ``x`` is among these, and the arrays that it needs."""
    columns = _KEYS.get(name, ("company_id", "account_id"))
    arrays = {f"{name}_{column}": [each[place] for each in wanted] for place, column in enumerate(columns)}
    asked = ", ".join(f"%({array})s::text[]" for array in arrays)
    return f"({', '.join(f'x.{column}' for column in columns)}) IN (SELECT * FROM unnest({asked}))", arrays


def read_charges(connection: psycopg.Connection[Any], run: Run) -> set[tuple[str, str | None]]:
    """Who is in charge of accounts of which company, accounts that no mail shows included; nobody in a stopped run."""
    if run.status != "published":
        return set()
    rows = connection.execute(
        "SELECT DISTINCT company_id, rep_id FROM collections.account_status WHERE business_date = %s AND run_id = %s",
        [run.business_date, run.run_id],
    )
    return set(rows.fetchall())


def _recoveries(connection: psycopg.Connection[Any], run: Run) -> list[Recovery]:
    """What the last week brought in, on its first day."""
    return read_recoveries(connection, run.business_date) if run.business_date.weekday() == 0 else []


def _select(
    connection: psycopg.Connection[Any],
    run: Run,
    kind: type[_Any],
    view: str,
    where: str,
    values: Mapping[str, Any] | None = None,
) -> list[_Any]:
    """Rows of ``collections.<view>`` of this run, as dataclasses whose fields name the columns."""
    columns = ", ".join(f"x.{field.name}" for field in fields(kind))  # type: ignore[arg-type]
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(
            f"SELECT {columns} FROM collections.{view} AS x "
            f"WHERE x.business_date = %(business_date)s AND x.run_id = %(run_id)s AND {where}",
            {"business_date": run.business_date, "run_id": run.run_id, **(values or {})},
        ).fetchall()


def _task_reasons(connection: psycopg.Connection[Any], run: Run, share: _Share) -> dict[str, list[str]]:
    """task_id → rule_ids that put the task into the list."""
    reasons: dict[str, list[str]] = {}
    for decision, rule_id in connection.execute(
        f"""
        SELECT x.decision, x.rule_id FROM collections.decision_reason AS x
        WHERE x.business_date = %(business_date)s AND x.run_id = %(run_id)s AND {share.accounts}
          AND starts_with(x.decision, 'task:') ORDER BY x.decision, x.rule_id
        """,
        {"business_date": run.business_date, "run_id": run.run_id, **share.values},
    ):
        reasons.setdefault(decision.removeprefix("task:"), []).append(rule_id)
    return reasons


def _read_snapshot(
    snapshot: Path, quality: Path, published: dict[str, Any], recoveries: list[Recovery]
) -> dict[str, Any]:
    """Names, people, promises and printed numbers behind the published rows; quarantined rows are left out."""
    statuses: dict[AccountKey, Status] = published["statuses"]
    items: dict[AccountKey, list[Item]] = published["items"]
    tasks: list[Task] = published["tasks"]
    changes: list[Change] = published["changes"]
    told: list[Task | Change | Recovery] = [*tasks, *changes, *recoveries]
    accounts = statuses.keys() | {(row.company_id, row.account_id) for row in told}
    about: list[Task | Change] = [*tasks, *changes]
    subjects = {(row.company_id, row.subject_id) for row in about if row.subject_id}
    with duckdb.connect() as duck:
        ledger = _Ledger(duck, snapshot, quality)
        disputes = dict(ledger.pairs("dispute", "dispute_id", "document_id", subjects))
        documents = {(item.company_id, item.document_id) for group in items.values() for item in group}
        statements = _sent_statements(ledger, subjects)
        disputes |= {key: each.document_id for key, each in statements.items() if each.document_id}
        documents |= {(company, document) for (company, _), document in disputes.items()} | subjects
        promises = ledger.keyed("promise", "company_id, promise_id, amount, currency, promised_for", subjects)
        receipts = ledger.keyed("receipt", "company_id, receipt_id, amount, currency, received_on", subjects)
        contacts = ledger.keyed("contact", "company_id, account_id, contact_id, role, name, phone", accounts, key=1)
        return {
            "names": dict(ledger.pairs("account", "account_id", "name", accounts)),
            "contacts": by_account([Contact(*row) for row in contacts]),
            "orientations": dict(ledger.pairs("account", "account_id", "orientation", accounts)),
            "promises": {(row[0], row[1]): Promise(*row[1:]) for row in promises},
            "receipts": {(row[0], row[1]): Receipt(*row[2:]) for row in receipts},
            "statements": statements,
            "disputed_documents": disputes,
            "dispute_reasons": dict(ledger.pairs("dispute", "dispute_id", "reason_code", subjects)),
            "numbers": dict(ledger.pairs("document", "document_id", "number", documents)),
        }


def _sent_statements(ledger: _Ledger, numbers: Iterable[tuple[str, str]]) -> dict[tuple[str, str], SentStatement]:
    """Statements of account that tasks are about, each with the difference that its last answer told."""
    wanted = set(numbers)
    answers = ledger.keyed("statement_reply", f"company_id, number, {_DIFFERENCE}", wanted)
    told = {(row[0], row[1]): row[2:] for row in answers}
    sent = ledger.keyed("statement", "company_id, number, cut_off, sent_on", wanted)
    return {(row[0], row[1]): SentStatement(*row[1:], *told.get((row[0], row[1]), ())) for row in sent}


def read_readers(duck: duckdb.DuckDBPyConnection, snapshot: Path, quality: Path | None) -> list[Reader]:
    """Everyone in the ledger's rep table, who is active or not. Empty role means rep, empty is_active means true."""
    rows = _Ledger(duck, snapshot, quality).rows(
        "rep",
        "rep_id, name, email, coalesce(locale, 'en'), manager_id, coalesce(role, 'rep'), coalesce(is_active, true)",
    )
    return [Reader(*row) for row in rows if row[0] and row[2]]


def read_companies(duck: duckdb.DuckDBPyConnection, snapshot: Path, quality: Path | None) -> dict[str, Company]:
    """The ledger's company table by company_id."""
    return _Ledger(duck, snapshot, quality).companies()


def read_customers(
    duck: duckdb.DuckDBPyConnection, snapshot: Path
) -> tuple[dict[AccountKey, str], dict[tuple[str, str, str], str], dict[AccountKey, date]]:
    """Status of each account, address of each contact by (company_id, account_id, contact_id), and the first day on
    which an account may be contacted, of those that have one.
    """
    ledger = _Ledger(duck, snapshot, None)
    accounts = ledger.rows("account", "company_id, account_id, coalesce(status, 'active'), do_not_contact_until")
    contacts = ledger.rows("contact", "company_id, account_id, contact_id, email")
    return (
        {(row[0], row[1]): row[2] for row in accounts},
        {(row[0], row[1], row[2]): row[3] for row in contacts},
        {(row[0], row[1]): row[3] for row in accounts if row[3]},
    )


@dataclass(frozen=True)
class _Ledger:
    """One snapshot, read through DuckDB; ``quality`` is the folder of the run's quarantine, if there is one."""

    duck: duckdb.DuckDBPyConnection
    snapshot: Path
    quality: Path | None

    def rows(self, table: str, columns: str, where: str = "true", values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of one table in the order of the file; none when the ledger has no such (optional) table."""
        path = self.snapshot / f"{table}.parquet"
        if not path.is_file():
            return []
        quarantine = self.quality / "quarantine.parquet" if self.quality else None
        given: list[Any] = [str(path), *values]
        if quarantine and quarantine.is_file():
            where += """ AND file_row_number NOT IN
                (SELECT row_number FROM read_parquet(?) WHERE table_name = ? AND row_number IS NOT NULL)"""
            given += [str(quarantine), table]
        query = f"SELECT {columns} FROM read_parquet(?, file_row_number = true) WHERE {where} ORDER BY file_row_number"
        return self.duck.execute(query, given).fetchall()

    def keyed(self, table: str, columns: str, keys: Iterable[tuple[Any, Any]], key: int = 1) -> list[tuple[Any, ...]]:
        """Rows whose first column and column number ``key`` are among ``keys``."""
        wanted = set(keys)
        name = columns.split(", ")[key]
        ids = sorted({second for _, second in wanted})
        rows = self.rows(table, columns, f"{name} IN (SELECT unnest(?::VARCHAR[]))", [ids]) if ids else []
        return [row for row in rows if (row[0], row[key]) in wanted]

    def pairs(
        self, table: str, key: str, value: str, keys: Iterable[tuple[Any, Any]]
    ) -> list[tuple[tuple[str, str], str]]:
        """((company_id, key), value) of the wanted keys, without empty values."""
        rows = self.keyed(table, f"company_id, {key}, {value}", keys)
        return [((company, own), text) for company, own, text in rows if text is not None]

    def companies(self) -> dict[str, Company]:
        """company_id → company."""
        return {row[0]: Company(*row) for row in self.rows("company", _COMPANY, "company_id IS NOT NULL")}

    def complete_through(self, table: str) -> date | None:
        """Through which day the feed of a table is complete, as its load log says; None when it says nothing."""
        days = [row[0] for row in self.rows("load_log", "complete_through", "table_name = ?", [table]) if row[0]]
        return max(days, default=None)


def _read_quality(quality: Path) -> dict[str, Any]:
    """Failed rules, quarantined rows and the outcome of the comparison with the general ledger."""
    results, rows = quality / "data_quality.parquet", quality / "quarantine.parquet"
    if not (results.is_file() and rows.is_file()):
        raise OutreachError(
            f"The quality results of run {quality.parent.name} are not in the lake.",
            "Point HUIKUAN_LAKE at the lake of the night, or run the night again.",
        )
    with duckdb.connect() as duck:
        rules = [
            Rule(*row)
            for row in duck.execute(
                "SELECT rule_id, severity, table_name, failed_count, total_count, description FROM read_parquet(?) "
                "ORDER BY severity, table_name, rule_id",
                [str(results)],
            ).fetchall()
        ]
        quarantined = duck.execute(
            "SELECT table_name, row_number, rule_id, reason FROM read_parquet(?) ORDER BY ALL", [str(rows)]
        ).fetchall()
    compared = [rule for rule in rules if rule.rule_id == _TIE_OUT and rule.total_count]
    return {
        "rules": [rule for rule in rules if rule.failed_count],
        "ties_out": all(not rule.failed_count for rule in compared) if compared else None,
        "quarantined": [Quarantined(*row) for row in quarantined],
        "quarantined_rows": len({(table, number) for table, number, _, _ in quarantined}),
    }


def _keyed(rows: list[_One]) -> dict[AccountKey, _One]:
    """The one row of each account."""
    return {(row.company_id, row.account_id): row for row in rows}
