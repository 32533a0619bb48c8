"""Batches (审批批次): the proposed sanctions of one night, put before the one person who may approve them.

A batch is a function of what is asked. Its id ends in the hash of everything that is shown, together with business
date, snapshot, policy and approver: the same question has the same id, and another question is another batch.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from huikuan.errors import ReferralError
from huikuan.referrals.batch_rows import STORED, Item, Run, alone, last_run, newer_nights, read_batch
from huikuan.referrals.people import currencies, decider, open_ledger

log = logging.getLogger(__name__)


def open_batches(url: str, lake: Path, business_date: date) -> list[str]:
    """Open one batch per approver of the date's proposals; returns the ids of all of them, opened before or now.

    Nothing is opened, and the log says why, when there is no published run, the gate is not open, the run is a
    back-fill, or a newer night of the same companies is published: an answer would come too late. Proposals that are
    held back, or that nobody is high enough to approve, belong to no batch.
    """
    with alone(url, f"open {business_date}") as connection:
        run = last_run(connection, business_date)
        if run is None or (why := obstacle(run)):
            log.info("no batches of %s: %s", business_date, why if run else "no night was recorded")
            return []
        asked = [
            (approver_id, items)
            for approver_id, items in sorted(proposals(connection, lake, run).items())
            if _may_be_asked(connection, lake, run, approver_id, items)
        ]
        opened = [_open(connection, run, approver_id, items) for approver_id, items in asked]
        connection.commit()
    log.info("batches of %s, run %s: %d", business_date, run.run_id, len(opened))
    return opened


def _may_be_asked(
    connection: psycopg.Connection[Any], lake: Path, run: Run, approver_id: str, items: Collection[Item]
) -> bool:
    """Whether an answer of this person would count; the log says why not."""
    if newer := newer_nights(connection, run.business_date, {item.company_id for item in items}):
        log.info("no batch for %s: newer nights of %s are published", approver_id, ", ".join(newer))
        return False
    try:
        decider(open_ledger(lake, run.run_id, run.snapshot_id), approver_id)
    except ReferralError as error:
        log.warning("no batch for %s, %d proposals stay open: %s", approver_id, len(items), error.problem)
        return False
    return True


def _open(connection: psycopg.Connection[Any], run: Run, approver_id: str, items: list[Item]) -> str:
    """Write one batch with its items, unless the same question was put before; returns its id."""
    digest = content_hash(run, approver_id, items)
    batch_id = f"{run.business_date:%Y%m%d}-{digest[:10]}"
    done = connection.execute(
        "INSERT INTO store.referral_batch"
        " (batch_id, business_date, run_id, approver_id, content_hash, item_count, opened_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, now()) ON CONFLICT DO NOTHING",
        [batch_id, run.business_date, run.run_id, approver_id, digest, len(items)],
    )
    if done.rowcount:
        marks = ", ".join(["%s"] * (len(STORED) + 1))
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO store.referral_item (batch_id, {', '.join(STORED)}) VALUES ({marks})",
                [[batch_id, *(getattr(item, name) for name in STORED)] for item in items],
            )
        return batch_id
    known = read_batch(connection, batch_id)
    if known is None or known.content_hash != digest:
        raise ReferralError(
            f"Run {run.run_id} already has a batch for {approver_id} that asks something else.",
            "The lake does not hold the ledger of that run: point HUIKUAN_LAKE at the lake of the night.",
        )
    return batch_id


def proposals(connection: psycopg.Connection[Any], lake: Path, run: Run) -> dict[str, list[Item]]:
    """approver → lines of the run as published now, the largest overdue amount first, numbered from 1."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT
                f.approver_id, f.company_id, f.account_id, f.flag, f.reason, f.since AS proposed_since,
                coalesce(f.proposed_by, 'policy:' || %(version)s) AS proposed_by,
                s.stage, s.risk_grade, s.overdue_functional,
                f.business_date - s.oldest_due_on AS days_past_due,
                f.evidence, f.evidence_on, r.threshold, coalesce(r.inputs, '{}') AS inputs
            FROM collections.account_flag AS f
            INNER JOIN collections.account_status AS s USING (business_date, run_id, company_id, account_id)
            LEFT JOIN collections.decision_reason AS r
                ON f.business_date = r.business_date AND f.run_id = r.run_id AND f.company_id = r.company_id
                AND f.account_id = r.account_id AND r.decision = 'flag:' || f.flag AND r.rule_id = f.reason
            WHERE f.business_date = %(date)s AND f.run_id = %(run)s
                AND f.state = 'proposed' AND NOT f.is_held AND f.approver_id IS NOT NULL
            """,
            {"version": run.policy_version, "date": run.business_date, "run": run.run_id},
        ).fetchall()
    if not rows:
        return {}
    known = currencies(open_ledger(lake, run.run_id, run.snapshot_id))
    rows.sort(key=_largest_first)
    groups: dict[str, list[Item]] = {}
    for row in rows:
        approver_id = row.pop("approver_id")
        if row["proposed_by"] == approver_id:  # the models give such a row another approver, or none
            log.warning("%s proposed %s of %s and cannot approve it", approver_id, row["flag"], row["account_id"])
            continue
        group = groups.setdefault(approver_id, [])
        group.append(Item(position=len(group) + 1, currency=known.get(row["company_id"]), **row))
    return groups


def _largest_first(row: Mapping[str, Any]) -> tuple[Any, ...]:
    overdue = row["overdue_functional"]
    return overdue is None, -(overdue or 0), row["company_id"], row["account_id"], row["flag"]


def content_hash(run: Run, approver_id: str, items: Iterable[Item]) -> str:
    """SHA-256 of everything that is shown, and of what it was made from.

    Names are shown too; they come from the snapshot, which is named and never changes.
    """
    shown = {
        "business_date": run.business_date,
        "snapshot_id": run.snapshot_id,
        "policy_hash": run.policy_hash,
        "approver_id": approver_id,
        "items": [asdict(item) for item in items],
    }
    canonical = json.dumps(shown, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(value: object) -> str:
    """Dates and amounts as text that does not depend on how they were read."""
    if isinstance(value, Decimal):
        return f"{value:.4f}"
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")


def obstacle(run: Run) -> str | None:
    """Why nobody is asked about this run; None when people are."""
    if run.is_backfill:
        return "a back-fill: computed for the past, nobody is asked"
    if run.status != "published" or run.gate != "open":
        return f"the gate is {run.gate}"
    return None
