"""The gate: may tonight's figures be published, and may anybody be contacted on them?

``stop`` publishes nothing: the night would be meaningless. ``no_contact`` publishes and contacts nobody: the figures
are what the ledger says, but the ledger may not yet say everything. Each reason is a full sentence with its remedy.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import TYPE_CHECKING

import duckdb
from babel.core import UnknownLocaleError
from babel.numbers import get_currency_precision

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
from huikuan.quality.rules import catalogue

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


def _result(rule_id: str, severity: str, table: str, failed: int, total: int, en: str, zh: str) -> RuleResult:
    return RuleResult(rule_id, severity, table, failed, total, en, zh)  # type: ignore[arg-type]


def _structure(
    connection: duckdb.DuckDBPyConnection, volumes: dict[str, list[int]], results: list[RuleResult]
) -> Iterator[Verdict]:
    """Nothing to work on: the first nights of an empty ledger may be published, a ledger that lost its rows may not."""
    rows = {table: count(connection, f"feed.{table}") for table in ("company", "account", "document")}
    had = {table: max(volumes.get(table, []), default=0) for table in rows}
    lost = [table for table in rows if rows[table] == 0 and had[table] > 0]
    for table in lost:
        yield (
            "stop",
            Reason(
                "gate.rows_present",
                f"The ledger has no row of {table} tonight, while recent nights had up to {had[table]:,}; nothing is "
                f"published and the last published night stays in force. Check the feed of {table} and extract again.",
                f"今晚账簿的 {table} 没有任何行，而最近几晚最多有 {had[table]:,} 行；本晚不发布，沿用上一次发布的结果。"
                f"请检查 {table} 的数据来源后重新抽取。",
            ),
        )
    if not lost and rows["company"] > 0 and count(connection, "counted.company") == 0:
        yield (
            "stop",
            Reason(
                "gate.rows_present",
                f"All {rows['company']:,} rows of company were quarantined, so no receivable has an owner; nothing is "
                "published. Repair company (the report names the rules that caught its rows) and extract again.",
                f"company 的 {rows['company']:,} 行全部被隔离，应收款没有所属公司；本晚不发布。"
                "请按报告所列规则修正 company 后重新抽取。",
            ),
        )
    elif not lost and rows["company"] == 0 and (rows["account"] or rows["document"]):
        yield (
            "stop",
            Reason(
                "gate.rows_present",
                f"The ledger has {rows['account']:,} accounts and {rows['document']:,} documents, and no "
                "company; nothing "
                "is published. Deliver company with one row per selling company and extract again.",
                f"账簿有 {rows['account']:,} 个客户、{rows['document']:,} 张单据，却没有任何公司；本晚不发布。"
                "请提供 company 表（每家销售公司一行）后重新抽取。",
            ),
        )
    elif not lost and rows["document"] == 0:
        yield (
            "no_contact",
            Reason(
                "gate.rows_present",
                f"The ledger is empty at as-of: {rows['account']:,} accounts, no document, and no earlier "
                "night had any. "
                "Empty tables are published and nobody is contacted. If this is not a first night, check the feeds.",
                f"截止日账簿为空：{rows['account']:,} 个客户，没有单据，以前各晚也没有。发布空表，不联系任何人。"
                "若并非首次运行，请检查数据来源。",
            ),
        )
    missing = sum(1 for table in rows if rows[table] == 0)
    results.append(
        _result(
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
        doubled = _doubled(connection, table)
        above = 0
        measured = list(_measure(connection, table))
        for unit, bad, total in measured:
            share = bad * 100 / total
            is_small = share <= limit
            above += not is_small
            amounts = [f"{bad:,.0f}", f"{total:,.0f}"] if unit == "rows" else [_money(bad, unit), _money(total, unit)]
            evidence.shares.append(Share(table, unit, amounts[0], amounts[1], f"{share:.2f}", is_small))
            if not is_small:
                yield "stop", _too_much(table, unit, amounts, share, limit, doubled, _main_rule(connection, table))
        results.append(
            _result(
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


def _doubled(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
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


def _too_much(
    table: str, unit: str, amounts: list[str], share: Decimal, limit: Decimal, doubled: bool, rule_id: str
) -> Reason:
    of_en = f"{amounts[0]} of {amounts[1]}" + (" rows" if unit == "rows" else "")
    of_zh = f"{amounts[1]} 中的 {amounts[0]}" + (" 行" if unit == "rows" else "")
    twice_en = f"In {table} every row stands twice: the file was delivered doubled. " if doubled else ""
    twice_zh = f"{table} 的每一行都出现了两次：文件被重复送达。" if doubled else ""
    return Reason(
        f"gate.quarantined_share.{table}",
        f"{twice_en}{share:.2f} % of {table} was quarantined ({of_en}), above the policy's {limit} %; nothing is "
        f"published. Most rows were caught by {rule_id}. Repair the feed of {table} and extract again.",
        f"{twice_zh}{table} 有 {share:.2f}% 被隔离（{of_zh}），超过政策规定的 {limit}%；本晚不发布。"
        f"主要规则：{rule_id}。请修正 {table} 的数据来源后重新抽取。",
    )


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
            _result(
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
        state_en = f"is complete through {day} only" if day else "is not named in load_log"
        state_zh = f"只完整到 {day}" if day else "在 load_log 中没有记录"
        yield (
            "no_contact",
            Reason(
                "gate.complete",
                f"The feed of {table} {state_en}, and the books close on {as_of}: people who have paid may "
                "look overdue. "
                f"The tables are published and nobody is contacted. Load {table} through {as_of} and run the "
                "night again.",
                f"{table} 的数据{state_zh}，而截止日为 {as_of}：已付款的客户可能显示为逾期。"
                f"结果照常发布，但不联系任何人。请将 {table} 载入至 {as_of} 后重新运行。",
            ),
        )
    results.append(
        _result(
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
            results.append(_result(rule_id, "info", table, 0, rows, en, f"历史不足，未判断 {table} 的数据量。"))
            continue
        usual = Decimal(str(median(history)))
        low, high = usual * bounds.min_ratio, usual * bounds.max_ratio
        is_usual = low <= rows <= high or usual == 0
        evidence.volumes.append(Volume(table, rows, len(history), f"{usual:,.0f}", is_usual))
        en = f"{table} has {bounds.min_ratio} to {bounds.max_ratio} times the median rows of recent nights."
        zh = f"{table} 的行数在最近中位数的 {bounds.min_ratio} 到 {bounds.max_ratio} 倍之间。"
        results.append(_result(rule_id, "critical", table, int(not is_usual), 1, en, zh))
        if not is_usual:
            yield (
                "no_contact",
                Reason(
                    rule_id,
                    f"{table} has {rows:,} rows tonight; the median of the last {len(history)} nights is "
                    f"{usual:,.0f}, and "
                    f"{low:,.0f} to {high:,.0f} would be usual. The tables are published and nobody is "
                    "contacted. Check "
                    f"whether the feed of {table} was cut or repeated; if the change is real, release the "
                    "night by hand.",
                    f"{table} 今晚有 {rows:,} 行；最近 {len(history)} 晚的中位数为 {usual:,.0f}，正常范围为 "
                    f"{low:,.0f} 到 "
                    f"{high:,.0f}。结果照常发布，但不联系任何人。请检查 {table} 的数据是否残缺或重复；"
                    "若变化属实，请人工放行。",
                ),
            )


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
            _result(
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
        results.append(_result("gate.tie_out", "critical", "control_total", 1, 1, en, zh))
        yield (
            "no_contact",
            Reason(
                "gate.tie_out",
                f"The ledger's control total for {as_of} is not there, so the receivables cannot be tied out. "
                "The tables are "
                f"published and nobody is contacted. Deliver control_total with the balances of {as_of} and run again.",
                f"账簿缺少 {as_of} 的总账余额（control_total），无法核对应收账款。结果照常发布，但不联系任何人。"
                f"请提供 {as_of} 的余额后重新运行。",
            ),
        )
        return
    balances = _balances(connection)
    different = 0
    for company, currency in sorted({*controls, *balances}):
        kept, left_out = balances.get((company, currency), (Decimal(0), Decimal(0)))
        control = controls.get((company, currency))
        difference = kept + left_out - (control or Decimal(0))
        is_equal = _round(difference, currency) == 0
        figures = [_money(amount, currency) for amount in (kept, left_out, difference)]
        shown = None if control is None else _money(control, currency)
        evidence.tie_out.append(TieOut(company, currency, figures[0], figures[1], shown, figures[2], is_equal))
        if not is_equal:
            different += 1
            yield "no_contact", _mismatch(company, currency, as_of, figures, shown)
    results.append(_result("gate.tie_out", "critical", "control_total", different, len(evidence.tie_out), en, zh))


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


def _mismatch(company: str, currency: str, as_of: date, figures: list[str], control: str | None) -> Reason:
    kept, left_out, difference = figures
    control_en = f"the general ledger says {control}" if control else "the general ledger gives no balance"
    control_zh = f"总账为 {control}" if control else "总账没有余额"
    return Reason(
        "gate.tie_out",
        f"Company {company}, {currency}, at {as_of}: open items less free credit are {kept} (quarantined rows "
        "would add "
        f"{left_out}), {control_en}; the difference is {difference}. The tables are published and nobody is contacted. "
        "Find the missing or surplus entries, or correct control_total, and run again.",
        f"公司 {company}，{currency}，{as_of}：未清金额减未核销款为 {kept}（被隔离的行另计 {left_out}），{control_zh}，"
        f"差额 {difference}。结果照常发布，但不联系任何人。请查明缺失或多余的分录，或更正 control_total 后重新运行。",
    )


def _digits(currency: str) -> int:
    try:
        return get_currency_precision(currency)
    except (KeyError, UnknownLocaleError):
        return 2


def _round(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-_digits(currency)), rounding=ROUND_HALF_UP)


def _money(amount: Decimal, currency: str) -> str:
    """Code and amount in the currency's minor unit, with thousands separators."""
    return f"{currency} {_round(amount, currency):,f}"
