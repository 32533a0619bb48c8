"""Why: the whole chain of one account on the published run of one night (决策依据), and what would change it.

Everything comes from the lake: the rows that readers see, the snapshot they were computed from, and the policy, gate
and quarantine of that run. The account is replayed, so that what is not published (facts, rules that did not hold,
what a credit went to) can be shown too, and so that the published rows are checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from huikuan.columns import duckdb_type, key_columns
from huikuan.engine.graph import deciding_models
from huikuan.errors import WarehouseError
from huikuan.ledger.duck import name, text
from huikuan.night import lake as lakes
from huikuan.referrals.why_change import find_changes, look_ahead
from huikuan.referrals.why_replay import Row, Stored, WhyError, as_it_was, cut_out, fetch, rows
from huikuan.settings import Settings
from huikuan.warehouse.connect import embedded_folder, warehouse_url
from huikuan.warehouse.publish import current_run
from huikuan.warehouse.tables import RESULTS

PARTS = (
    "items",
    "balances",
    "credits",
    "consumption",
    "disputes",
    "promises",
    "quarantine",
    "scorecard",
    "grades",
    "warnings",
    "notices",
    "accepted",
    "deliveries",
    "contacts",
    "flags",
    "sanctions",
    "overrides",
    "decisions",
    "caps",
    "tasks",
    "points",
)
"""What is read from the night as it was: one query of include/sql/why each."""
FACTS: dict[str, tuple[str, ...]] = {
    "arrears": (
        "days_past_due",
        "oldest_due_on",
        "known_late_on",
        "longest_open_days",
        "overdue_functional",
        "overdue_share_pct",
        "disputed_share_pct",
        "overdue_disputes",
    ),
    "exposure": (
        "has_balance",
        "exposure_functional",
        "credit_limit",
        "limit_used_pct",
        "is_blocked",
        "is_over_limit",
    ),
    "payment": (
        "days_late_weighted",
        "days_late_medium",
        "days_late_short",
        "days_late_spread",
        "days_late_trend",
        "late_share_pct",
        "part_payment_share_pct",
        "paid_share_pct",
        "receipts_count",
        "last_received_on",
        "days_since_receipt",
        "rhythm_ratio",
    ),
    "promises": (
        "broken_promises",
        "kept_promises",
        "promise_level",
        "promised_share_pct",
        "promise_due_in_days",
        "promise_moved_times",
    ),
    "contacts": ("contacts_count", "unanswered_share_pct", "refused_contacts", "reasoned_contacts"),
    "profile": ("profile_pct", "segment", "status", "is_insolvent", "grade_worsened_times"),
}
"""Facts of model account_fact by what they are about."""
CHECKED = ("account_status", "account_flag", "promise_status", "open_item", "early_warning", "decision_reason")
"""Published results that the replay must give again."""

_CONSTANT = ("business_date", "run_id", "as_of")
_WHOLE = frozenset({"status", "facts", "chain"})


def explain(settings: Settings, business_date: date, account_id: str, company_id: str | None = None) -> Row:
    """Everything that ``huikuan why`` shows, as a mapping that can be written as JSON.

    Raises WhyError when nothing was published for that date or the account is not one of it, SnapshotError when the
    lake lacks a file or holds a damaged one.
    """
    run_id, found_in, note = find_run(settings, business_date)
    with TemporaryDirectory(prefix="huikuan-why-") as work:
        folder = Path(work)
        stored = cut_out(settings.lake, run_id, account_id, company_id, folder)
        deciding_models()  # once, before two threads ask for it
        with ThreadPoolExecutor(2) as pool:
            ahead = pool.submit(look_ahead, stored, folder)
            facts = _collect(stored)
            facts["changes"] = find_changes(stored, facts, ahead.result(), folder)
    facts["run"] = _run(stored, found_in, note)
    return facts


def find_run(settings: Settings, business_date: date) -> tuple[str, str, str | None]:
    """Id of the published run of a date, where it was found (warehouse, lake), and why not in the warehouse.

    The warehouse has the word; where it cannot be reached, the lake's link to the results that were published last.
    """
    note = "no warehouse is set up here"
    if settings.warehouse_url or (embedded_folder(settings) / "PG_VERSION").exists():
        try:
            run = current_run(warehouse_url(settings), business_date, "auditor")
        except WarehouseError as error:
            note = error.problem
        else:
            if run is None:
                raise _unpublished(settings.lake, business_date, "in this warehouse")
            return run.run_id, "warehouse", None
    link = settings.lake / "results" / f"{business_date}"
    if not link.exists():
        raise _unpublished(settings.lake, business_date, f"in the lake {settings.lake}; {note}")
    return link.resolve().parent.name, "lake", note


def _unpublished(lake: Path, business_date: date, where: str) -> WhyError:
    days = sorted(path.name for path in (lake / "results").glob("????-??-??"))
    near = sorted(days, key=lambda day: abs((date.fromisoformat(day) - business_date).days))[:3]
    known = f"Nights nearby: {', '.join(sorted(near))}." if near else "The lake holds no published night at all."
    stopped = [path for path in (lake / "runs" / f"{business_date}").glob("*/quality/gate.json") if _is_stopped(path)]
    why = f" The gate stopped it: {stopped[0].with_name('report.html')} says why." if stopped else ""
    return WhyError(f"No night of {business_date} is published {where}.{why}", f"{known} Choose one with --date.")


def _is_stopped(path: Path) -> bool:
    return bool(json.loads(path.read_text(encoding="utf-8")).get("state") == "stop")


# --- the night as it was ---------------------------------------------------------------------------------------------


def _collect(stored: Stored) -> Row:
    """All parts, from one replay of the night."""
    today, as_of = stored.identity.business_date, stored.identity.as_of
    with as_it_was(stored) as con:

        def read(query: str) -> list[Row]:
            return rows(con, query, today, as_of)

        [header] = read("header")
        facts: Row = {
            "header": header,
            "people": {row["rep_id"]: row["name"] for row in read("people")},
            "status": _one(read("status"), stored),
            **{part: read(part) for part in PARTS},
            "rules": _rules(read("rules")),
            "facts": _grouped(_one(read("facts"), stored)),
            "is_doubtful": stored.is_doubtful,
            "check": _check(con, stored),
        }
        chain = read("chain")
    facts["quarantine"] = [{**row, "row": json.loads(row["row"])} for row in facts["quarantine"]]
    facts["flags"] = [
        {**row, "decided_at": row["decided_at"] and row["decided_at"].replace(tzinfo=UTC)} for row in facts["flags"]
    ]
    facts["ladder"] = _ladder(facts["notices"], facts["deliveries"], chain[0] if chain else None)
    facts["people"] = {who: facts["people"][who] for who in _named(facts) if who in facts["people"]}
    return facts


def _one(found: Sequence[Row], stored: Stored) -> Row:
    if len(found) != 1:
        raise WhyError(
            f"Run {stored.identity.run_id} has no row of account {stored.key[1]}.",
            "The lake and the snapshot do not belong together: restore both from one backup.",
        )
    return found[0]


def _rules(conditions: Sequence[Row]) -> list[Row]:
    """Rules in their order, with their conditions; ``decides``: the first of its decision of which all are met."""
    found: dict[str, Row] = {}
    for row in conditions:
        rule = found.setdefault(
            row["rule_id"], {key: row[key] for key in ("decision", "rule_id", "outcome")} | {"conditions": []}
        )
        rule["conditions"].append(
            {key: row[key] for key in ("fact", "over", "up_to", "is_unknown", "fact_value", "is_met")}
        )
    decided: set[str] = set()
    for rule in found.values():
        rule["holds"] = all(condition["is_met"] for condition in rule["conditions"])
        rule["decides"] = rule["holds"] and rule["decision"] not in decided
        decided |= {rule["decision"]} if rule["holds"] else set()
    return list(found.values())


def _grouped(facts: Row) -> dict[str, Row]:
    return {group: {fact: facts[fact] for fact in names} for group, names in FACTS.items()}


def _ladder(notices: Sequence[Row], deliveries: Sequence[Row], chain: Row | None) -> list[Row]:
    """Each notice with the delivery that counted, one after the other (models/ladder/notice_chain.sql).

    ``early`` are deliveries that came too soon after the notice before.
    """
    steps: list[Row] = []
    before: date | None = None
    is_open = chain is not None
    for notice in notices:
        own = [row for row in deliveries if row["place"] == notice["place"]]
        first_on = before + timedelta(days=max(notice["wait_days"], 1)) if before is not None else None
        fits = [row for row in own if is_open and (first_on is None or row["delivered_on"] >= first_on)]
        delivery = fits[0] if fits else None
        early = [row for row in own if is_open and first_on is not None and row["delivered_on"] < first_on]
        is_open = delivery is not None
        before = delivery["delivered_on"] if delivery else None
        is_next = chain is not None and chain["next_notice"] == notice["notice"]
        steps.append(
            {
                **notice,
                "delivery": delivery,
                "early": early if delivery is None else [],
                "is_next": is_next,
                "earliest_on": chain["next_on"] if chain and is_next else None,
            }
        )
    return steps


_PERSON_COLUMNS = ("rep_id", "manager_id", "owner_rep_id", "approver_id", "decided_by", "proposed_by", "author")


def _named(facts: Mapping[str, Any]) -> set[str]:
    """Everybody whom some row names."""
    found = {row[column] for row in _all_rows(facts) for column in _PERSON_COLUMNS if row.get(column)}
    return {str(who) for who in found}


def _all_rows(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for part in value.values():
            yield from _all_rows(part)
    elif isinstance(value, list):
        for part in value:
            yield from _all_rows(part)


def _run(stored: Stored, found_in: str, note: str | None) -> Row:
    identity = stored.identity
    return {
        "run_id": identity.run_id,
        "business_date": identity.business_date,
        "as_of": identity.as_of,
        "snapshot_id": identity.snapshot_id,
        "previous_run_id": identity.previous_run_id,
        "policy_version": identity.policy_version,
        "policy_hash": identity.policy_hash,
        "code_version": identity.code_version,
        "code_version_now": lakes.code_version(),
        "is_backfill": identity.is_backfill,
        "gate": stored.gate["state"],
        "gate_reasons": stored.gate["reasons"],
        "found_in": found_in,
        "note": note,
    }


# --- the check -------------------------------------------------------------------------------------------------------


def _check(con: duckdb.DuckDBPyConnection, stored: Stored) -> Row:
    """Rows compared, and every value that the replay gives differently."""
    differences: list[Row] = []
    compared = 0
    for table in CHECKED:
        made, published = (_by_key(con, stored, schema, table) for schema in ("main", "published"))
        compared += len(published)
        differences += _differences(table, published, made)
    return {"tables": list(CHECKED), "rows": compared, "differences": differences}


def _by_key(con: duckdb.DuckDBPyConnection, stored: Stored, schema: str, table: str) -> dict[tuple[str, ...], Row]:
    """Rows as text in the contract's types, by key."""
    contract = RESULTS[table]
    columns = [column for column in contract.columns if column.name not in _CONSTANT]
    cast = ", ".join(
        f"CAST(CAST({name(column.name)} AS {duckdb_type(column)}) AS VARCHAR) AS {name(column.name)}"
        for column in columns
    )
    company, account = map(text, stored.key)
    found = fetch(con, f"SELECT {cast} FROM {schema}.{table} WHERE company_id = {company} AND account_id = {account}")
    key = [column for column in key_columns(contract) if column not in _CONSTANT]
    return {tuple(str(row[column]) for column in key): row for row in found}


def _differences(table: str, published: Mapping[Any, Row], made: Mapping[Any, Row]) -> Iterator[Row]:
    for key in sorted(set(published) | set(made)):
        one, other = published.get(key), made.get(key)
        place = {"table": table, "key": "/".join(key)}
        if one is None or other is None:
            there = "a row" if one is not None else None
            yield {**place, "column": None, "published": there, "replayed": None if there else "a row"}
            continue
        for column in one:
            if one[column] != other[column]:
                yield {**place, "column": column, "published": one[column], "replayed": other[column]}


# --- as JSON ---------------------------------------------------------------------------------------------------------


def as_json(facts: Row) -> str:
    """Amounts as strings, days and moments in ISO form; everything outside ASCII is escaped, so no text can act."""
    return json.dumps(facts, ensure_ascii=True, indent=2, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
