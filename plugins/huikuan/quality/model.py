"""What validation says: rules, their results, and the decision of the gate."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

Severity = Literal["critical", "warning", "info"]
GateState = Literal["open", "no_contact", "stop"]


@dataclass(frozen=True)
class UniqueKey:
    """No two rows share the values of ``columns``."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class Present:
    """``column`` is not null."""

    column: str


@dataclass(frozen=True)
class InSet:
    """``column`` is null or one of ``values``."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """The key of ``parent`` that ``columns`` name exists there and is not quarantined itself; nulls pass."""

    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


@dataclass(frozen=True)
class Holds:
    """A boolean SQL expression over the row's own columns is not false (a null passes, as in a check constraint)."""

    expression: str


@dataclass(frozen=True)
class Query:
    """A SELECT that yields ``file_row_number`` and ``is_ok`` for each row of ``counted.<table>``."""

    sql: str


Check = UniqueKey | Present | InSet | Known | Holds | Query


@dataclass(frozen=True)
class Rule:
    """One rule of one ledger table.

    ``stage`` orders rules: a rule of a later stage looks at the rows that all earlier stages left. ``needs`` names
    tables without which the rule cannot be checked.
    """

    rule_id: str
    table: str
    severity: Severity
    description_en: str
    description_zh: str
    remedy: str
    check: Check
    stage: int = 0
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuleResult:
    """How many of the rows that a rule looked at failed it. ``severity`` critical means that they are quarantined."""

    rule_id: str
    severity: Severity
    table_name: str
    failed_count: int
    total_count: int
    description: str
    description_zh: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Reason:
    """Why the gate is not open: full sentences with figures, tables and the remedy, in both languages."""

    rule_id: str
    en: str
    zh: str


@dataclass(frozen=True)
class Gate:
    """``open``; ``no_contact``: publish, contact nobody; ``stop``: publish nothing."""

    state: GateState
    reasons: list[Reason]


@dataclass(frozen=True)
class TieOut:
    """Ledger against general ledger for one company and currency, decimal texts of the currency's amounts.

    ``ledger`` is what the night's rows add up to, ``quarantined`` what the rows left out would add (``left_out`` is the
    bare number); ``control`` is None when the general ledger gives no balance.
    """

    company_id: str
    currency: str
    ledger: str
    quarantined: str
    control: str | None
    difference: str
    is_equal: bool
    left_out: str


@dataclass(frozen=True)
class Completeness:
    """How far one feed is complete; ``complete_through`` is an ISO date or None when the load log has no row.

    The gate waits for the feeds that are required, and only shows the others.
    """

    table_name: str
    complete_through: str | None
    is_complete: bool
    is_required: bool = True


@dataclass(frozen=True)
class Volume:
    """Rows that count tonight against the median of recent nights (None: not enough of them)."""

    table_name: str
    rows: int
    nights: int
    median: str | None
    is_usual: bool


@dataclass(frozen=True)
class Share:
    """Quarantined part of one table's amount in one currency, or of its rows where no amount can be read."""

    table_name: str
    unit: str
    quarantined: str
    total: str
    share_pct: str
    is_small: bool


@dataclass(frozen=True)
class Evidence:
    """The figures behind the gate, for the report."""

    tie_out: list[TieOut] = field(default_factory=list)
    completeness: list[Completeness] = field(default_factory=list)
    volumes: list[Volume] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)


@dataclass(frozen=True)
class PastNight:
    """How an earlier night was judged: rows left out, rows that were only warned about, balances that did not tie."""

    business_date: date
    state: GateState
    left_out: int
    warned: int
    untied: int


@dataclass(frozen=True)
class Validation:
    """The outcome of validating one snapshot; everything it names is also in ``folder``."""

    gate: Gate
    results: list[RuleResult]
    folder: Path
