"""The four steps of a night: extract ▸ validate ▸ classify ▸ publish.

Each may be called again at any time: its fence in the warehouse says whether it was already done with the same inputs.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from huikuan.engine import duck
from huikuan.engine.graph import load_models
from huikuan.errors import SnapshotError
from huikuan.ledger import snapshot as snapshots
from huikuan.ledger.source import open_source
from huikuan.night import lake as lakes
from huikuan.policy import load_policy, policy_in_force
from huikuan.settings import Settings
from huikuan.warehouse.connect import warehouse_url
from huikuan.warehouse.fence import step
from huikuan.warehouse.migrate import migrate
from huikuan.warehouse.own import OwnFacts
from huikuan.warehouse.publish import RunRecord, locked_runs, previous_run, record_stopped
from huikuan.warehouse.publish import publish as publish_run
from huikuan.warehouse.tables import RESULTS

log = logging.getLogger(__name__)
Report = Callable[[str], None]
"""Called with one line of progress at a time."""


@dataclass(frozen=True)
class Validated:
    """What validation hands on: the run's id and the gate's decision."""

    run_id: str
    gate: str


def prepare(settings: Settings) -> str:
    """The URL of a warehouse that runs and is migrated; the first step of a night sees to it for all."""
    url = warehouse_url(settings)
    migrate(url)
    return url


def extract(
    business_date: date,
    *,
    ledger: str,
    source: str | None = None,
    settings: Settings,
    refresh: bool = False,
    report: Report | None = None,
) -> str:
    """Take a snapshot of the ledger; returns its id.

    Files that changed since, or ``refresh``, make a new snapshot; otherwise the one of an earlier attempt is kept.
    """
    say = report or log.info
    url = prepare(settings)
    ledger_source = open_source(ledger, source)
    inputs = _digest(ledger_source.label, source, ledger_source.fingerprint(), str(settings.lake))
    for redo in (refresh, True):
        with step(url, business_date, "extract", inputs, redo=redo) as fence:
            if fence.already_done:
                known = str((fence.result or {})["snapshot_id"])
                if _is_intact(partial(snapshots.load, settings.lake, known), say):
                    say(f"already extracted: snapshot {known} is kept; refresh reads the ledger again")
                    return known
                continue
            say(f"reading {ledger_source.label}")
            taken = snapshots.take(
                ledger_source,
                settings.lake,
                business_date,
                lambda table, rows: say(f"  {table}: {rows:,} rows"),
                OwnFacts(url, business_date),
            )
            fence.finish({"snapshot_id": taken.snapshot_id, "rows": sum(file.rows for file in taken.tables.values())})
            return taken.snapshot_id
    raise AssertionError("a redone step is never already done")


def validate(
    business_date: date,
    snapshot_id: str,
    *,
    policy: Path,
    settings: Settings,
    is_backfill: bool = False,
    report: Report | None = None,
) -> Validated:
    """Check the snapshot against the contract and the business rules; give the run its id and the gate's decision.

    ``policy`` is a file, or a folder of versions of which the one in force on the business date is taken.
    """
    from huikuan.quality import validate as judge  # Great Expectations takes seconds to import

    say = report or log.info
    url = warehouse_url(settings)
    in_force = policy_in_force(policy, business_date)
    rules = load_policy(in_force)
    taken = snapshots.load(settings.lake, snapshot_id)
    before = previous_run(url, business_date)
    opening = previous_run(url, _month_of(business_date) + timedelta(days=1))
    volumes = snapshots.volumes(settings.lake, business_date, rules.gate.volume.history_nights)
    identity = lakes.RunIdentity(
        business_date=business_date,
        snapshot_id=snapshot_id,
        snapshot_hash=_digest({name: file.sha256 for name, file in taken.tables.items()}),
        previous_run_id=before.run_id if before else None,
        policy_version=rules.version,
        policy_hash=rules.hash,
        code_version=lakes.code_version(),
        volumes_hash=_digest(volumes),
        is_backfill=is_backfill,
        opening_run_id=opening.run_id if opening else None,
        locked_run_ids=locked_runs(url, opening) if opening else {},
    )
    folder = lakes.write_identity(settings.lake, identity, in_force)
    for redo in (False, True):
        with step(url, business_date, "validate", f"{identity.run_id} in {settings.lake}", redo=redo) as fence:
            if fence.already_done:
                if _is_intact(partial(lakes.check_quality, folder), say):
                    return Validated(identity.run_id, str((fence.result or {})["gate"]))
                continue
            past = lakes.quality_history(settings.lake, business_date, rules.gate.volume.history_nights)
            verdict = judge(taken, business_date, rules.gate, volumes, folder / "quality", rules.calendars, past)
            lakes.seal_quality(folder)
            for reason in verdict.gate.reasons:
                say(f"  {reason.en}")
            failed = sum(1 for result in verdict.results if result.failed_count and result.severity != "info")
            say(f"gate {verdict.gate.state}: {len(verdict.results)} rules checked, {failed} with findings")
            fence.finish({"run_id": identity.run_id, "gate": verdict.gate.state})
            return Validated(identity.run_id, verdict.gate.state)
    raise AssertionError("a redone step is never already done")


def classify(business_date: date, run_id: str, *, settings: Settings, report: Report | None = None) -> dict[str, int]:
    """Compute the results of a run into the lake and check every invariant on them; returns rows per table.

    A night that the gate stopped has no results: the answer is empty.
    """
    say = report or log.info
    url = warehouse_url(settings)
    folder = lakes.run_folder(settings.lake, run_id)
    identity = lakes.read_identity(settings.lake, run_id)
    if _gate(folder)["state"] == "stop":
        say("the gate is closed: nothing to classify")
        return {}
    for redo in (False, True):
        with step(url, business_date, "classify", f"{run_id} in {settings.lake}", redo=redo) as fence:
            if fence.already_done:
                if _is_intact(partial(lakes.sealed_tables, settings.lake, run_id), say):
                    return dict((fence.result or {})["counts"])
                continue
            counts = _compute(identity, folder, settings.lake, say)
            fence.finish({"run_id": run_id, "counts": counts})
            return counts
    raise AssertionError("a redone step is never already done")


def publish(business_date: date, run_id: str, *, settings: Settings, report: Report | None = None) -> dict[str, int]:
    """Make the run the one that readers of its business date see; returns rows per table.

    A night that the gate stopped is recorded, and readers keep what they had: the answer is empty.
    """
    say = report or log.info
    url = warehouse_url(settings)
    folder = lakes.run_folder(settings.lake, run_id)
    identity = lakes.read_identity(settings.lake, run_id)
    gate = _gate(folder)
    is_stopped = gate["state"] == "stop"
    files = {} if is_stopped else lakes.sealed_tables(settings.lake, run_id)
    run = RunRecord(
        run_id=run_id,
        business_date=business_date,
        as_of=identity.as_of,
        snapshot_id=identity.snapshot_id,
        previous_run_id=identity.previous_run_id,
        policy_version=identity.policy_version,
        policy_hash=identity.policy_hash,
        code_version=identity.code_version,
        gate=gate["state"],
        gate_reasons=gate["reasons"],
        is_backfill=identity.is_backfill,
        status="stopped" if is_stopped else "published",
        counts={},
    )
    with step(url, business_date, "publish", run_id) as fence:
        if is_stopped:
            record_stopped(url, fence, run)
            say("the gate is closed: nothing published, the data owner is told")
            return {}
        counts = publish_run(url, fence, run, files)
        lakes.link_results(settings.lake, run_id)
    say(f"published {sum(counts.values()):,} rows in {len(counts)} tables")
    return counts


def _is_intact(check: Callable[[], object], say: Report) -> bool:
    """Whether the files of a finished step can still be used; lost or damaged ones are said and made again."""
    try:
        check()
    except SnapshotError as error:
        say(f"{error.problem} This step is done again.")
        return False
    return True


def _compute(identity: lakes.RunIdentity, folder: Path, lake: Path, say: Report) -> dict[str, int]:
    """Run the models into a fresh folder, add the verdicts of validation, and seal it."""
    taken = snapshots.load(lake, identity.snapshot_id)
    lakes.check_quality(folder)
    rules = load_policy(folder / "policy.yaml")
    if rules.hash != identity.policy_hash:
        raise SnapshotError(f"The policy in {folder} is not the one of this run.", "Validate the night again.")
    quarantine = folder / "quality" / "quarantine.parquet"
    gate = _gate(folder)
    inputs = duck.Inputs(
        business_date=identity.business_date,
        policy=rules,
        ledger={name: file.path for name, file in taken.tables.items()},
        quarantine=quarantine,
        previous=_previous_tables(lake, identity.previous_run_id),
        opening=_opening_tables(lake, identity.opening_run_id) if identity.opening_run_id else None,
        locked={company: _opening_tables(lake, run_id) for company, run_id in identity.locked_run_ids.items()},
        gate=gate["state"],
        left_out={
            (found["company_id"], found["currency"]): Decimal(found["left_out"])
            for found in gate["evidence"]["tie_out"]
        },
    )
    made = folder / "tables.unfinished"
    shutil.rmtree(made, ignore_errors=True)
    with duck.session(inputs, RESULTS) as connection:
        duck.run_models(connection, identity.business_date, report=lambda *line: log.info("%s: %d rows, %.2f s", *line))
        held = duck.check_invariants(connection, identity.business_date)
        say(f"{len(held)} invariants hold")
        for name in ("data_quality", "quarantine"):
            connection.execute(
                f"CREATE TABLE {name} AS SELECT * FROM read_parquet('{folder / 'quality' / name}.parquet')"
            )
        counts = duck.write_results(
            connection, made, RESULTS, business_date=identity.business_date, run_id=identity.run_id
        )
    lakes.seal_tables(folder, made)
    return counts


def _previous_tables(lake: Path, run_id: str | None) -> Path | None:
    if run_id is None:
        return None
    lakes.sealed_tables(lake, run_id)
    return lakes.run_folder(lake, run_id) / "tables"


def _opening_tables(lake: Path, run_id: str) -> Path:
    """Results of the close that the month opens with; only what the models read of it is looked at."""
    read = {source.partition(".")[2] for model in load_models() for source in model.outside if "opening." in source}
    lakes.sealed_tables(lake, run_id, read)
    return lakes.run_folder(lake, run_id) / "tables"


def _month_of(business_date: date) -> date:
    """First day of the month that the night's close of books lies in: a night of that day or before closed another."""
    return (business_date - timedelta(days=1)).replace(day=1)


def _gate(folder: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((folder / "quality" / "gate.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SnapshotError(f"{folder} was not validated.", "Validate the night first.") from error
    return content


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
