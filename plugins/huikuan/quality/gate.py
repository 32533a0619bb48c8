"""The gate: may tonight's figures be published, and may anybody be contacted on them?

``stop`` publishes nothing: the night would be meaningless. ``no_contact`` publishes and contacts nobody: the figures
are what the ledger says, but the ledger may not yet say everything. Each reason is a full sentence with its remedy.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import duckdb

from huikuan.quality import quarantine, sentences
from huikuan.quality.model import (
    Completeness,
    Evidence,
    Gate,
    GateState,
    Reason,
    RuleResult,
    Share,
    TieOut,
    Volume,
)
from huikuan.quality.relations import open_relations
from huikuan.quality.rules import catalogue
from huikuan.quality.sentences import money, rounded

if TYPE_CHECKING:
    from huikuan.policy.model import GatePolicy

Verdict = tuple[GateState, Reason]

AMOUNT_TABLES = ("document", "instalment", "receipt", "allocation")
"""Tables whose quarantined share of the amount can stop the night."""


def decide(
    connection: duckdb.DuckDBPyConnection,
    as_of: date,
    policy: GatePolicy,
    volumes: dict[str, list[int]],
    delivered: set[str],
) -> tuple[Gate, Evidence, list[RuleResult]]:
    """The gate over the relations of ``relations.open_relations`` after all rules were judged.

    ``volumes``: rows that counted on recent nights, newest first, per table; ``delivered``: tables of the snapshot.
    """
    evidence = Evidence()
    results: list[RuleResult] = []
    verdicts = [
        *_structure(connection, volumes, results),
        *_shares(connection, policy, evidence, results),
        *_deliveries(volumes, delivered, results),
        *_completeness(connection, as_of, policy, delivered, evidence, results),
        *_volumes(connection, policy, volumes, evidence, results),
        *_tie_out(connection, as_of, delivered, evidence, results),
    ]
    state: GateState = "open"
    wanted: GateState
    for wanted in ("no_contact", "stop"):
        if any(verdict == wanted for verdict, _ in verdicts):
            state = wanted
    verdicts.sort(key=lambda verdict: verdict[0] != "stop")
    return Gate(state, [reason for _, reason in verdicts]), evidence, results


def count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Rows of a relation."""
    found = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
    assert found is not None  # noqa: S101  # count(*) always yields a row
    return int(found[0])


def _structure(
    connection: duckdb.DuckDBPyConnection, volumes: dict[str, list[int]], results: list[RuleResult]
) -> Iterator[Verdict]:
    """Nothing to work on: the first nights of an empty ledger may be published, a ledger that lost its rows may not."""
    rows = {table: count(connection, f"feed.{table}") for table in ("company", "account", "document")}
    had = {table: max(volumes.get(table, []), default=0) for table in rows}
    lost = [table for table in rows if rows[table] == 0 and had[table] > 0]
    for table in lost:
        yield "stop", sentences.rows_lost(table, had[table])
    if not lost and rows["company"] > 0 and count(connection, "counted.company") == 0:
        yield "stop", sentences.companies_quarantined(rows["company"])
    elif not lost and rows["company"] == 0 and (rows["account"] or rows["document"]):
        yield "stop", sentences.no_company(rows["account"], rows["document"])
    elif not lost and rows["document"] == 0:
        yield "no_contact", sentences.empty_ledger(rows["account"])
    missing = sum(1 for table in rows if rows[table] == 0)
    results.append(
        RuleResult(
            "gate.rows_present", "critical", "document", missing, len(rows),
            "company, account and document have rows.", "company、account、document 都有数据行。",
        )
    )  # fmt: skip


def _shares(
    connection: duckdb.DuckDBPyConnection, policy: GatePolicy, evidence: Evidence, results: list[RuleResult]
) -> Iterator[Verdict]:
    """Quarantined part of the amount per table and currency; rows without a readable amount are measured by count."""
    limit = policy.max_quarantined_share_pct
    for table in AMOUNT_TABLES:
        is_doubled = _is_doubled(connection, table)
        above = 0
        measured = list(_measure(connection, table))
        for unit, bad, total in measured:
            share = bad * 100 / total
            is_small = share <= limit
            above += not is_small
            part, whole = (f"{size:,.0f}" if unit == "rows" else money(size, unit) for size in (bad, total))
            evidence.shares.append(Share(table, unit, part, whole, f"{share:.2f}", is_small))
            if not is_small:
                rule_id = _main_rule(connection, table)
                yield (
                    "stop",
                    sentences.too_much_quarantined(table, unit, part, whole, share, limit, is_doubled, rule_id),
                )
        results.append(
            RuleResult(
                f"gate.quarantined_share.{table}", "critical", table, above, len(measured),
                f"At most {limit} % of the amount of {table} is quarantined, per currency.",
                f"{table} 每个币种被隔离的金额不超过 {limit}%。",
            )
        )  # fmt: skip


def _measure(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[tuple[str, Decimal, Decimal]]:
    """(currency or "rows", quarantined, total) where anything was delivered; copies count like any other row."""
    codes = next(r.check.values for r in catalogue() if r.rule_id == "document.currency.iso")  # type: ignore[union-attr]
    currency, source = "f.currency", f"feed.{table} AS f"
    if table in ("instalment", "allocation"):  # their currency is their document's
        currency = "d.currency"
        source = f"facts.{table} AS f LEFT JOIN raw.document AS d ON f.document_row = d.file_row_number"
    found = connection.execute(
        f"""
        WITH summed AS (
            SELECT
                CASE WHEN f.amount IS NOT NULL THEN {currency} END AS currency,
                f.file_row_number IN (SELECT row_number FROM left_out.{table}) AS is_bad,
                sum(abs(f.amount)) AS amount,
                count(*) AS items
            FROM {source} GROUP BY ALL
        ), measured AS (
            SELECT *, coalesce(list_contains($codes, currency), FALSE) AS is_money FROM summed
        )
        SELECT
            CASE WHEN is_money THEN currency ELSE 'rows' END AS unit,
            coalesce(sum(CASE WHEN is_money THEN amount ELSE items END) FILTER (is_bad), 0)::DECIMAL(38, 4),
            CASE WHEN any_value(is_money) THEN sum(amount)
                ELSE (SELECT sum(items) FROM summed) END::DECIMAL(38, 4)
        FROM measured GROUP BY unit ORDER BY unit
        """,
        {"codes": list(codes)},
    ).fetchall()
    yield from ((unit, bad, total) for unit, bad, total in found if total > 0)


def _is_doubled(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether every row of the table stands twice."""
    found = connection.execute(
        "SELECT count(DISTINCT row_number) FROM quarantined WHERE table_name = $table AND note = 'copy'",
        {"table": table},
    ).fetchone()
    copies = int(found[0]) if found else 0
    return copies > 0 and copies * 2 == count(connection, f"feed.{table}")


def _main_rule(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    found = connection.execute(
        "SELECT rule_id FROM quarantined WHERE table_name = $table GROUP BY rule_id ORDER BY count(*) DESC, 1 LIMIT 1",
        {"table": table},
    ).fetchone()
    return str(found[0]) if found else ""


def _deliveries(volumes: dict[str, list[int]], delivered: set[str], results: list[RuleResult]) -> Iterator[Verdict]:
    """A table that most recent nights had and this one lacks: without it a check or a feature would go off silently.

    A table given up on purpose is missed until half of the remembered nights have gone without it.
    """
    nights = max((len(history) for history in volumes.values()), default=0)
    gone = sorted(t for t, history in volumes.items() if 2 * len(history) > nights and t not in delivered)
    results.append(
        RuleResult(
            "gate.delivered", "critical", "load_log", len(gone), len(volumes),
            "Every table that recent nights had is delivered tonight.",
            "近几晚都有的表，今晚都已提供。",
        )
    )  # fmt: skip
    for table in gone:
        yield "no_contact", sentences.not_delivered(table)


def _completeness(
    connection: duckdb.DuckDBPyConnection,
    as_of: date,
    policy: GatePolicy,
    delivered: set[str],
    evidence: Evidence,
    results: list[RuleResult],
) -> Iterator[Verdict]:
    if "load_log" not in delivered:
        results.append(
            RuleResult(
                "gate.complete", "info", "load_log", 0, 0,
                "The ledger has no load_log: how far its feeds are complete is not known.",
                "账簿没有 load_log：无法得知数据是否完整。",
            )
        )  # fmt: skip
        return
    through: dict[str, date] = dict(
        connection.execute("SELECT table_name, complete_through FROM counted.load_log").fetchall()
    )
    incomplete = 0
    for table in policy.complete_tables:
        day = through.get(table)
        is_complete = day is not None and day >= as_of
        evidence.completeness.append(Completeness(table, day.isoformat() if day else None, is_complete))
        if is_complete:
            continue
        incomplete += 1
        yield "no_contact", sentences.incomplete(table, day, as_of)
    for table in sorted(set(through) - set(policy.complete_tables)):
        known = through[table]
        evidence.completeness.append(Completeness(table, known.isoformat(), known >= as_of, is_required=False))
    results.append(
        RuleResult(
            "gate.complete", "critical", "load_log", incomplete, len(policy.complete_tables),
            f"The feeds of {', '.join(policy.complete_tables)} are complete through as-of.",
            f"{'、'.join(policy.complete_tables)} 的数据完整到截止日。",
        )
    )  # fmt: skip


def _volumes(
    connection: duckdb.DuckDBPyConnection,
    policy: GatePolicy,
    volumes: dict[str, list[int]],
    evidence: Evidence,
    results: list[RuleResult],
) -> Iterator[Verdict]:
    """Rows that count tonight (copies and quarantined ones included: a feed is judged as it came)."""
    bounds = policy.volume
    for table in bounds.tables:
        rows = count(connection, f"feed.{table}")
        history = volumes.get(table, [])[: bounds.history_nights]
        rule_id = f"gate.volume.{table}"
        if len(history) < bounds.min_history:
            evidence.volumes.append(Volume(table, rows, len(history), None, True))
            en = f"Only {len(history)} earlier nights are known: the volume of {table} is not judged."
            results.append(RuleResult(rule_id, "info", table, 0, rows, en, f"历史不足，未判断 {table} 的数据量。"))
            continue
        usual = Decimal(str(median(history)))
        low, high = usual * bounds.min_ratio, usual * bounds.max_ratio
        is_usual = low <= rows <= high or usual == 0
        evidence.volumes.append(Volume(table, rows, len(history), f"{usual:,.0f}", is_usual))
        en = f"{table} has {bounds.min_ratio} to {bounds.max_ratio} times the median rows of recent nights."
        zh = f"{table} 的行数在最近中位数的 {bounds.min_ratio} 到 {bounds.max_ratio} 倍之间。"
        results.append(RuleResult(rule_id, "critical", table, int(not is_usual), 1, en, zh))
        if not is_usual:
            yield "no_contact", sentences.unusual_volume(table, rows, usual, len(history), low, high)


def _tie_out(
    connection: duckdb.DuckDBPyConnection,
    as_of: date,
    delivered: set[str],
    evidence: Evidence,
    results: list[RuleResult],
) -> Iterator[Verdict]:
    """Σ open − Σ free credit against the general ledger, to the currency's minor unit, quarantined rows added back."""
    if "control_total" not in delivered:
        results.append(
            RuleResult(
                "gate.tie_out", "info", "control_total", 0, 0,
                "The ledger has no control_total: it could not be tied out to the general ledger.",
                "账簿没有 control_total：无法与总账核对。",
            )
        )  # fmt: skip
        return
    controls = {
        (company, currency): balance
        for company, currency, balance in connection.execute(
            "SELECT company_id, currency, balance FROM counted.control_total WHERE as_of = getvariable('as_of')"
        ).fetchall()
    }
    en = "Open items less free credit equal the general ledger's control account, per company and currency."
    zh = "每家公司每个币种的未清金额减未核销款等于总账余额。"
    if not controls:
        results.append(RuleResult("gate.tie_out", "critical", "control_total", 1, 1, en, zh))
        yield "no_contact", sentences.no_control_total(as_of)
        return
    balances = _balances(connection)
    different = 0
    for company, currency in sorted({*controls, *balances}):
        kept, left_out = balances.get((company, currency), (Decimal(0), Decimal(0)))
        control = controls.get((company, currency))
        difference = kept + left_out - (control or Decimal(0))
        is_equal = rounded(difference, currency) == 0
        shown, added, off = (money(amount, currency) for amount in (kept, left_out, difference))
        balance = None if control is None else money(control, currency)
        evidence.tie_out.append(TieOut(company, currency, shown, added, balance, off, is_equal, str(left_out)))
        if not is_equal:
            different += 1
            yield "no_contact", sentences.not_tied_out(company, as_of, shown, added, balance, off, currency)
    results.append(RuleResult("gate.tie_out", "critical", "control_total", different, len(evidence.tie_out), en, zh))


def balance_left_out(files: dict[str, Path], quarantined: Path, as_of: date) -> dict[tuple[str, str], Decimal]:
    """Per company and currency, what the quarantined rows of a snapshot would add to the balance of any day."""
    with tempfile.TemporaryDirectory(prefix="huikuan-") as scratch:
        connection = open_relations(files, as_of, Path(scratch))
        try:
            quarantine.read(connection, quarantined)
            return {key: left_out for key, (_, left_out) in _balances(connection).items()}
        finally:
            connection.close()


def _balances(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """Per company and currency: (what the kept rows add up to, what quarantined rows would add).

    Identical copies are no money. A write-off counts when its document does, in the document's currency; receipts and
    credit notes lower the balance whether they are allocated or not, so their allocations cancel out.
    """
    found = connection.execute(
        """
        WITH write_offs AS (
            SELECT * FROM feed.allocation WHERE source_kind = 'write_off'
        ), documents AS (
            SELECT company_id, document_id, any_value(currency) AS currency, min(issued_on) AS issued_on
            FROM raw.document AS d SEMI JOIN write_offs AS w USING (company_id, document_id)
            GROUP BY company_id, document_id
        ), effects AS (
            SELECT 'document' AS table_name, file_row_number, company_id, currency,
                CASE WHEN kind = 'credit_note' THEN -amount ELSE amount END AS effect
            FROM feed.document
            UNION ALL
            SELECT 'receipt', file_row_number, company_id, currency, -amount FROM feed.receipt
            UNION ALL
            SELECT 'allocation', a.file_row_number, a.company_id, d.currency, -a.amount
            FROM write_offs AS a
            JOIN documents AS d ON a.company_id = d.company_id AND a.document_id = d.document_id
            WHERE d.issued_on <= getvariable('as_of')
        ), bad AS (
            SELECT table_name, row_number, bool_or(note = 'copy') AS is_copy FROM quarantined GROUP BY ALL
        )
        SELECT e.company_id, e.currency,
            coalesce(sum(e.effect) FILTER (b.row_number IS NULL), 0)::DECIMAL(38, 4),
            coalesce(sum(e.effect) FILTER (b.row_number IS NOT NULL AND NOT b.is_copy), 0)::DECIMAL(38, 4)
        FROM effects AS e
        LEFT JOIN bad AS b ON e.table_name = b.table_name AND e.file_row_number = b.row_number
        WHERE e.company_id IS NOT NULL AND e.currency IS NOT NULL
        GROUP BY e.company_id, e.currency
        """
    ).fetchall()
    return {(company, currency): (kept, left_out) for company, currency, kept, left_out in found}
