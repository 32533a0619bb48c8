"""Validate one snapshot: judge every rule, quarantine, decide, report."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huikuan.ledger.contract import TABLES, dated_by
from huikuan.quality import gate as gates
from huikuan.quality import quarantine, relations, report
from huikuan.quality.model import Evidence, Gate, PastNight, Rule, RuleResult, UniqueKey, Validation
from huikuan.quality.rules import ORDER, catalogue
from huikuan.quality.suites import Judge, open_judge

if TYPE_CHECKING:
    import duckdb
    import numpy as np

    from huikuan.ledger.snapshot import Snapshot
    from huikuan.policy.calendar import Calendars
    from huikuan.policy.model import GatePolicy

EXAMPLES = 20
"""Rows shown per rule in the report; quarantine.parquet holds them all."""


@dataclass
class Findings:
    """What has been found so far."""

    results: list[RuleResult] = field(default_factory=list)
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def validate(
    snapshot: Snapshot,
    business_date: date,
    gate_policy: GatePolicy,
    volumes: dict[str, list[int]],
    folder: Path,
    calendars: Calendars | None = None,
    history: Sequence[PastNight] = (),
) -> Validation:
    """Judge ``snapshot`` for the night of ``business_date``.

    ``volumes``: rows that counted on recent nights per table, newest first. ``calendars``: what the policy says about
    work calendars; with it, years that no government has announced yet are reported. ``history``: how the nights before
    were judged, newest first; it is shown, and decides nothing. Writes into ``folder``:
    ``data_quality.parquet``, ``quarantine.parquet``, ``report.html`` and ``gate.json``. The rows left out of the night
    are the distinct (table_name, row_number) of ``quarantine.parquet``. Same snapshot, date, policy and volumes: same
    answer, whatever the order of rows in the files, but for which of several identical copies is kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    as_of = business_date - timedelta(days=1)
    files = {table: snapshot.path(table) for table in TABLES if snapshot.has(table)}
    with tempfile.TemporaryDirectory(dir=folder, prefix=".spill-") as scratch:
        connection = relations.open_relations(files, as_of, Path(scratch))
        try:
            findings = _judge_all(connection, open_judge(), set(files))
            gate, evidence, results = gates.decide(connection, as_of, gate_policy, volumes, set(files))
            findings.results.extend([*results, *_later(connection, files)])
            if calendars is not None and "company" in files:
                findings.results.append(_announced(connection, business_date, calendars))
            quarantine.write(connection, catalogue(), folder / "quarantine.parquet")
            money = quarantine.money_left_out(connection)
            _write_results(connection, findings.results, folder / "data_quality.parquet")
        finally:
            connection.close()
    _write_gate(gate, evidence, folder / "gate.json")
    tonight = past_night(business_date, gate, evidence, findings.results)
    page = report.Page(business_date, snapshot.snapshot_id, gate, evidence, money, (tonight, *history))
    report.write(folder / "report.html", page, findings.results, findings.examples)
    return Validation(gate, findings.results, folder)


def past_night(business_date: date, gate: Gate, evidence: Evidence, results: Sequence[RuleResult]) -> PastNight:
    """A night in four figures, as the trend shows it."""
    rows = [result for result in results if not result.rule_id.startswith("gate.")]
    return PastNight(
        business_date,
        gate.state,
        left_out=sum(result.failed_count for result in rows if result.severity == "critical"),
        warned=sum(result.failed_count for result in rows if result.severity == "warning"),
        untied=sum(1 for row in evidence.tie_out if not row.is_equal),
    )


def _judge_all(connection: duckdb.DuckDBPyConnection, judge: Judge, delivered: set[str]) -> Findings:
    """All first stages before any later one, then table by table in dependency order.

    So a document's instalments have been looked at on their own when their sum is, and a row that refers to a
    quarantined row is caught in the same pass: the order of tables is the fixed point.
    """
    findings = Findings()
    rules = [rule for rule in catalogue() if {rule.table, *rule.needs} <= delivered]
    rows: dict[str, Any] = {}
    for table, group in groupby((rule for rule in rules if rule.stage == 0), key=lambda rule: rule.table):
        stage = list(group)
        frame = relations.first_frame(connection, table, stage)
        rows[table] = frame.data.index
        _judge(connection, judge, frame, stage, findings)
    relations.prepare_facts(connection)
    for (table, _), group in groupby(
        (rule for rule in rules if rule.stage > 0), key=lambda rule: (rule.table, rule.stage)
    ):
        stage = list(group)
        _judge(connection, judge, relations.later_frame(connection, rows[table], stage), stage, findings)
    return findings


def _judge(
    connection: duckdb.DuckDBPyConnection,
    judge: Judge,
    frame: relations.Frame,
    rules: Sequence[Rule],
    findings: Findings,
) -> None:
    """Judge the rules of one table and stage, and take the rows that failed critical ones out."""
    total = len(frame.data)
    failed = judge(f"{rules[0].table}_{rules[0].stage}", frame, rules) if total else {}
    for rule in rules:
        rows = failed.get(rule.rule_id)
        bad = [] if rows is None or not len(rows) else _record(connection, rule, rows)
        if len(bad):
            findings.examples[rule.rule_id] = quarantine.examples(connection, rule, bad, EXAMPLES)
        findings.results.append(
            RuleResult(
                rule.rule_id,
                rule.severity,
                rule.table,
                len(bad),
                total,
                rule.description_en,
                rule.description_zh,
                rule.remedy,
            )
        )


def _record(connection: duckdb.DuckDBPyConnection, rule: Rule, rows: np.ndarray[Any, Any]) -> Sequence[int]:
    """Quarantine what a critical rule caught; the rows that count as failed."""
    if isinstance(rule.check, UniqueKey):
        settled = relations.settle_keys(connection, rule, rows)
        for note, caught in settled.items():
            quarantine.mark(connection, rule, caught, note)
        return sorted([*settled["copy"], *settled["conflict"]])
    if rule.severity == "critical":
        quarantine.mark(connection, rule, rows)  # type: ignore[arg-type]  # an array of ints is a sequence of them
    return rows  # type: ignore[return-value]


def _later(connection: duckdb.DuckDBPyConnection, files: dict[str, Path]) -> list[RuleResult]:
    """How many rows of each dated table are dated after as-of: left for later, not faulted."""
    results = []
    for name in ORDER:
        if name not in files or dated_by(TABLES[name]) is None:
            continue
        total = gates.count(connection, f"raw.{name}")
        left = total - gates.count(connection, f"feed.{name}")
        results.append(
            RuleResult(
                f"{name}.after_as_of", "info", name, left, total,
                f"Rows of {name} dated after as-of are left for a later night.",
                f"{name} 中日期晚于截止日的行留待以后处理。",
            )
        )  # fmt: skip
    return results


def _announced(connection: duckdb.DuckDBPyConnection, business_date: date, calendars: Calendars) -> RuleResult:
    """How many companies have a calendar that is about to reach a year whose notice is not known."""
    rows = connection.execute("SELECT calendar FROM counted.company WHERE calendar IS NOT NULL").fetchall()
    ahead = business_date + timedelta(days=calendars.warn_days_ahead)
    known = {calendar: calendars.announced_through(calendar) for (calendar,) in rows}
    late = {calendar: year for calendar, year in known.items() if year is not None and year < ahead.year}
    missing = ", ".join(f"{calendar} (to {year})" for calendar, year in sorted(late.items()))
    return RuleResult(
        "company.calendar.announced", "warning", "company", sum(calendar in late for (calendar,) in rows), len(rows),
        f"The holidays and make-up workdays of {ahead.year} are known" + (f"; not yet: {missing}." if late else "."),
        f"{ahead.year} 年的节假日和调休安排已知" + (f"；尚缺：{missing}。" if late else "。"),
        "Update the holidays package once the notice is out, or put its days into the policy (calendars.own); until "
        "then that year has its fixed holidays and no make-up workdays.",
    )  # fmt: skip


def _write_results(connection: duckdb.DuckDBPyConnection, results: list[RuleResult], target: Path) -> None:
    """``data_quality.parquet``: the output contract's columns without business_date, run_id and as_of."""
    import pandas as pd

    names = ("rule_id", "severity", "table_name", "failed_count", "total_count", "description")
    rows = pd.DataFrame([{name: getattr(result, name) for name in names} for result in results], columns=list(names))
    connection.register("rows", rows)
    literal = str(target).replace("'", "''")
    connection.execute(
        "COPY (SELECT rule_id, severity, table_name, failed_count::BIGINT AS failed_count, "
        "total_count::BIGINT AS total_count, description FROM rows ORDER BY rule_id) "
        f"TO '{literal}' (FORMAT parquet, COMPRESSION zstd)"
    )
    connection.unregister("rows")


def _write_gate(gate: Gate, evidence: Evidence, target: Path) -> None:
    document = {**asdict(gate), "evidence": asdict(evidence)}
    target.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
