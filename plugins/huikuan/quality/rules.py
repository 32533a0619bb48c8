"""The rule catalogue: from the contract what the contract says, from ``include/sql/quality`` what the business says.

A business rule is one SQL file whose head says what it is (see ``README.md`` beside them); adding a file adds a rule.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.numbers import list_currencies
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Table

from huikuan.calendars import known_calendars
from huikuan.columns import allowed_values, key_columns
from huikuan.ledger.contract import TABLES, required_columns
from huikuan.quality.model import Holds, InSet, Known, Present, Query, Rule, Severity, UniqueKey
from huikuan.settings import INCLUDE

RULES_FOLDER = INCLUDE / "sql" / "quality"

ORDER = (
    "company", "rep", "account", "contract", "document", "instalment", "receipt", "allocation", "dispute", "promise",
    "contact", "evidence", "contact_log", "target", "measure", "coverage", "fx_rate", "control_total", "load_log",
)  # fmt: skip
"""Parents before children: a row that refers to a quarantined row is seen after that row was quarantined."""

SOFT_REFERENCES = frozenset(
    {
        ("rep", "manager_id"),  # escalations of this rep go to nobody; the rep still works
        ("account", "rep_id"),  # the account goes to managers as a hole; its money must not vanish
        ("document", "contract_id"),  # the contract is background; the claim stands without it
        ("document", "references_document_id"),  # the credit note is free credit; it is money all the same
        ("promise", "document_id"),  # the promise counts for the account
        ("evidence", "document_id"),  # the paper counts for the account
        ("contact_log", "rep_id"),  # the contact took place, whoever made it
    }
)
"""References whose failure is a warning. All others are critical: without its parent the row cannot be placed."""

REMEDY_PRESENT = "Fill the column in the source, or in the SELECT that yields this table."
REMEDY_SET = "Correct the value, or map the source's own values in the SELECT that yields this table."


@cache
def catalogue() -> tuple[Rule, ...]:
    """All rules, by table in dependency order, then stage, then id."""
    rules = [*_contract_rules(), *(_read(path) for path in sorted(RULES_FOLDER.glob("*.sql")))]
    return tuple(sorted(rules, key=lambda rule: (ORDER.index(rule.table), rule.stage, rule.rule_id)))


def _contract_rules() -> Iterator[Rule]:
    for table in TABLES.values():
        yield _unique(table)
        for name in required_columns(table):
            yield _present(table, name)
        for column in table.columns:
            yield from _sets(table, column)
        for constraint in table.constraints:
            if isinstance(constraint, ForeignKeyConstraint):
                yield _known(table, constraint)
            elif isinstance(constraint, CheckConstraint):
                yield _holds(table, constraint)
    yield _calendar()


def _unique(table: Table) -> Rule:
    columns = tuple(key_columns(table))
    names = ", ".join(columns)
    return Rule(
        rule_id=f"{table.name}.key_unique",
        table=table.name,
        severity="critical",
        description_en=f"Each {names} stands in one row of {table.name} only.",
        description_zh=f"{table.name} 的主键（{names}）不得重复。",
        remedy="Deliver each row once; of rows with one key and different content, correct or remove the wrong one.",
        check=UniqueKey(columns),
    )


def _present(table: Table, name: str) -> Rule:
    return Rule(
        rule_id=f"{table.name}.{name}.present",
        table=table.name,
        severity="critical",
        description_en=f"{name} is filled in every row of {table.name}.",
        description_zh=f"{table.name} 的 {name} 不得为空。",
        remedy=REMEDY_PRESENT,
        check=Present(name),
    )


def _sets(table: Table, column: Column[str]) -> Iterator[Rule]:
    """Closed sets of the contract, ISO currencies, time zones. A wrong value in an optional column is a warning."""
    values, suffix = allowed_values(column), "in_set"
    en, zh = f"one of {', '.join(values or ())}", f"以下值之一：{'、'.join(values or ())}"
    if column.name.endswith("currency"):
        values, suffix = _currencies(), "iso"
        en, zh = "an ISO 4217 code such as CNY", " ISO 4217 币种代码，如 CNY"
    elif column.name == "timezone":
        values, suffix = tuple(sorted(zoneinfo.available_timezones())), "known"
        en, zh = "an IANA time zone such as Asia/Shanghai", " IANA 时区，如 Asia/Shanghai"
    if values is None:
        return
    severity: Severity = "warning" if column.nullable else "critical"
    yield Rule(
        rule_id=f"{table.name}.{column.name}.{suffix}",
        table=table.name,
        severity=severity,
        description_en=f"{table.name}.{column.name} is {en}.",
        description_zh=f"{table.name} 的 {column.name} 必须是{zh}。",
        remedy=REMEDY_SET,
        check=InSet(column.name, values),
    )


def _calendar() -> Rule:
    """A warning, though the column is required: without its holidays a company's money is still all right."""
    return Rule(
        rule_id="company.calendar.known",
        table="company",
        severity="warning",
        description_en="company.calendar is an ISO 3166 country such as CN, or a part of one such as GB-SCT.",
        description_zh="company 的 calendar 必须是 ISO 3166 国家代码（如 CN）或其地区（如 GB-SCT）。",
        remedy="Correct the value, or map it in the SELECT that yields this table; until then Monday to Friday are "
        "workdays.",
        check=InSet("calendar", known_calendars()),
    )


@cache
def _currencies() -> tuple[str, ...]:
    """Codes of money: ISO's "no currency" and "for testing" are none."""
    return tuple(sorted(set(list_currencies()) - {"XXX", "XTS"}))


def _known(table: Table, constraint: ForeignKeyConstraint) -> Rule:
    mine = tuple(constraint.column_keys)
    parent = constraint.elements[0].column.table
    column = mine[-1]
    soft = (table.name, column) in SOFT_REFERENCES
    return Rule(
        rule_id=f"{table.name}.{column}.known",
        table=table.name,
        severity="warning" if soft else "critical",
        description_en=f"The {column} of {table.name} is a row of {parent.name} that was not quarantined.",
        description_zh=f"{table.name} 的 {column} 必须能在 {parent.name} 中找到，且该行未被隔离。",
        remedy=f"Deliver the missing row of {parent.name} (or repair the quarantined one), or correct {column}.",
        check=Known(mine, parent.name, tuple(element.column.name for element in constraint.elements)),
        stage=2 if parent is table else 1,  # a table that refers to itself must have been judged before
        needs=(parent.name,),
    )


def _holds(table: Table, constraint: CheckConstraint) -> Rule:
    expression = str(constraint.sqltext)
    column, _, condition = str(constraint.name).partition("_")
    return Rule(
        rule_id=f"{table.name}.{column}.{condition}",
        table=table.name,
        severity="critical",
        description_en=f"In {table.name}, {expression}.",
        description_zh=f"{table.name} 必须满足 {expression}。",
        remedy="Correct the value in the source; signs are told by the kind of row, never by the amount.",
        check=Holds(expression),
    )


def _read(path: Path) -> Rule:
    """One business rule. Its file's head is ``-- key: value`` lines, continued by indented ones.

    A missing key is an error of the developer, not of a ledger.
    """
    text = path.read_text(encoding="utf-8")
    head: dict[str, str] = {}
    key = ""
    for line in text.splitlines():
        if not line.startswith("-- "):
            break
        if line.startswith("--   "):
            head[key] += " " + line.strip("- ")
            continue
        key, _, value = line[3:].partition(": ")
        head[key] = value.strip()
    severity = head["severity"]
    if severity not in ("critical", "warning"):
        raise ValueError(f"{path.name}: severity is critical or warning, not {severity!r}")
    return Rule(
        rule_id=path.stem,
        table=path.stem.split(".")[0],
        severity=severity,  # type: ignore[arg-type]  # checked above
        description_en=head["en"],
        description_zh=head["zh"],
        remedy=head["remedy"],
        check=Query(text),
        stage=int(head["stage"]),
        needs=tuple(head.get("needs", "").split()),
    )
