"""The nights that a back-test can replay: what the lake holds of each, and the two policies it is replayed under.

A night can be replayed when its run, its snapshot and what validation said of it are in the lake. The quarantine and
the gate are those of the stored run: a policy decides on rows, not on which rows are fit to be decided on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from huikuan.errors import HuikuanError, PolicyError, SnapshotError
from huikuan.ledger import snapshot as snapshots
from huikuan.night import lake as lakes
from huikuan.policy import Policy, load_policy, policy_in_force
from huikuan.settings import Settings
from huikuan.warehouse.connect import connect, warehouse_url

_Load = Callable[[Path], Policy]
_PUBLISHED = """
SELECT run_id FROM collections.run WHERE status = 'published' AND business_date BETWEEN %s AND %s ORDER BY business_date
"""


class BacktestError(HuikuanError):
    """Nights cannot be replayed, or a replay does not give what was published."""


@dataclass(frozen=True)
class Night:
    """A stored run with the policies of both sides; ``policies`` holds A's and B's."""

    identity: lakes.RunIdentity
    folder: Path
    gate: str
    policies: tuple[Policy, Policy]

    @property
    def business_date(self) -> date:
        return self.identity.business_date

    @property
    def is_in_force(self) -> bool:
        """Whether A is the policy under which the run was published."""
        return self.policies[0].hash == self.identity.policy_hash


def published_runs(settings: Settings, first: date, last: date) -> list[str]:
    """Run ids that readers of the warehouse see for the business dates from ``first`` to ``last``, in their order."""
    if first > last:
        raise BacktestError(f"{first} is later than {last}.", "Give the earlier day first.")
    with connect(warehouse_url(settings), "auditor") as connection:
        runs = [str(run_id) for (run_id,) in connection.execute(_PUBLISHED, [first, last]).fetchall()]
    if not runs:
        raise BacktestError(
            f"No night from {first} to {last} was published in this warehouse.",
            "Choose dates with published nights (SELECT business_date FROM collections.run), or another warehouse.",
        )
    return runs


def stored_nights(lake: Path, run_ids: Sequence[str], policy_a: Path | None, policy_b: Path) -> list[Night]:
    """Runs of the lake with their policies, in the order given.

    ``policy_a`` None takes the policy that was in force on each night, from the run itself. A folder holds several
    versions, and each night takes the one in force on its date; a single file is taken whatever its effective_from
    says, since that is the question. Raises BacktestError when runs or snapshots are missing.
    """
    identities = [_identity(lake, run_id) for run_id in run_ids]
    missing = [found for found in identities if not (_snapshot_folder(lake, found) / snapshots.MANIFEST).is_file()]
    if missing:
        named = ", ".join(f"{found.business_date} ({found.snapshot_id})" for found in missing[:5])
        raise BacktestError(
            f"The lake has no snapshot any more for {len(missing)} of {len(identities)} nights: {named}.",
            "Begin after them with --from, or restore the lake's snapshots folder from the backup: a night cannot be "
            "replayed without its ledger.",
        )
    load = cache(load_policy)
    return [_night(lake, found, policy_a, policy_b, load) for found in identities]


def gaps(nights: Sequence[Night]) -> list[date]:
    """Days between the first and the last night on which nothing was published."""
    there = {night.business_date for night in nights}
    return [day for day in _days(min(there), max(there)) if day not in there]


def known_company(company: str | None, known: set[str]) -> None:
    """Raise BacktestError when ``company`` is not one of those that the nights know."""
    if company is not None and company not in known:
        raise BacktestError(
            f"There is no company {company!r} in these nights.", f"Known are {', '.join(sorted(known))}."
        )


def companies(lake: Path, nights: Sequence[Night]) -> set[str]:
    """Companies of the snapshots, whether they have accounts or not."""
    files = [_snapshot_folder(lake, night.identity) / "company.parquet" for night in nights]
    names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT DISTINCT company_id FROM read_parquet([{names}])").fetchall()
    return {str(row[0]) for row in found}


def previous_tables(lake: Path, night: Night) -> Path | None:
    """The stored results that the first night continues from; None when it was the first of all."""
    run_id = night.identity.previous_run_id
    if run_id is None:
        return None
    try:
        lakes.sealed_tables(lake, run_id)
    except SnapshotError as error:
        raise BacktestError(
            f"The night of {night.business_date} continues from run {run_id}, which cannot be used: {error.problem}",
            "Begin with a later night, or restore the lake's runs folder from the backup.",
        ) from error
    return lakes.run_folder(lake, run_id) / "tables"


def load_ledger(lake: Path, night: Night) -> dict[str, Path]:
    """The snapshot's files by table, each verified against its hash."""
    try:
        taken = snapshots.load(lake, night.identity.snapshot_id)
        lakes.check_quality(night.folder)
    except SnapshotError as error:
        raise BacktestError(
            f"The night of {night.business_date} cannot be replayed: {error.problem}", error.remedy
        ) from error
    return {name: file.path for name, file in taken.tables.items()}


def changes(a: Policy, b: Policy) -> list[tuple[str, str, str]]:
    """(key, value under A, value under B) of everything that differs; a value that one side lacks is empty.

    Entries of lists are called by what they are about (``stages.M3.from``), so that an inserted one is not read as a
    change of all that follow.
    """
    left, right = (
        dict(_flat("", policy.model_dump(mode="json", by_alias=True, exclude={"hash"}))) for policy in (a, b)
    )
    keys = [*left, *(key for key in right if key not in left)]
    return [(key, left.get(key, ""), right.get(key, "")) for key in keys if left.get(key) != right.get(key)]


def _identity(lake: Path, run_id: str) -> lakes.RunIdentity:
    try:
        return lakes.read_identity(lake, run_id)
    except SnapshotError as error:
        raise BacktestError(
            f"Run {run_id} is published, but the lake does not hold it: {error.problem}",
            "Name the lake that belongs to this warehouse with --lake, or begin after this night.",
        ) from error


def _snapshot_folder(lake: Path, identity: lakes.RunIdentity) -> Path:
    return lake / "snapshots" / f"{identity.business_date}" / identity.snapshot_id


def _night(lake: Path, identity: lakes.RunIdentity, policy_a: Path | None, policy_b: Path, load: _Load) -> Night:
    folder = lakes.run_folder(lake, identity.run_id)
    sides = (path if path is None else _version(path, identity.business_date) for path in (policy_a, policy_b))
    a, b = (_in_force(lake, identity) if path is None else load(path) for path in sides)
    return Night(identity, folder, _gate(folder), (a, b))


def _version(path: Path, day: date) -> Path:
    return policy_in_force(path, day) if path.is_dir() else path


def _in_force(lake: Path, identity: lakes.RunIdentity) -> Policy:
    remedy = "Name policy A as a file, or begin after that night."
    try:
        return lakes.read_policy(lake, identity.run_id, identity.policy_hash)
    except PolicyError as error:
        raise BacktestError(
            f"The policy of the night of {identity.business_date} has the form of another version of the program: "
            f"{error.problem}",
            remedy,
        ) from error
    except SnapshotError as error:
        raise BacktestError(error.problem, remedy) from error


def _gate(folder: Path) -> str:
    try:
        return str(json.loads((folder / "quality" / "gate.json").read_text(encoding="utf-8"))["state"])
    except FileNotFoundError as error:
        raise BacktestError(
            f"Run {folder.name} has lost what validation said of it.",
            "Begin after that night, or restore the lake's runs folder from the backup.",
        ) from error


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


_CALLED_BY = ("rule_id", "stage", "bucket", "grade", "flag", "notice", "kind")


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _flat(f"{key}.{name}" if key else str(name), part)
    elif isinstance(value, list) and any(isinstance(part, dict) for part in value):
        for place, part in enumerate(value, start=1):
            name = next((part[word] for word in _CALLED_BY if word in part), place)
            yield from _flat(f"{key}.{name}", part)
    elif isinstance(value, list):
        yield key, ", ".join(map(str, value))
    else:
        yield key, "null" if value is None else str(value)
