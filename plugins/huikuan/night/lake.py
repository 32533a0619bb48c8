"""Where a run lies in the lake, and what identifies it.

``<lake>/runs/<business date>/<run id>/`` holds ``run.json`` (the identity), ``policy.yaml`` (the policy as it was),
``quality/`` (verdicts, quarantine, report), ``tables/`` (results) and ``manifest.json`` (hashes of the results,
written last). ``<lake>/results/<business date>`` is a link to the tables of the run that was published.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

import huikuan
from huikuan.errors import SnapshotError
from huikuan.policy import Policy, load_policy
from huikuan.settings import INCLUDE

if TYPE_CHECKING:
    from huikuan.quality.model import PastNight

_VERDICTS = ("gate.json", "quarantine.parquet", "data_quality.parquet")


@dataclass(frozen=True)
class RunIdentity:
    """Everything that decides the rows of a run: equal identities give equal rows, so they share one run id.

    ``opening_run_id`` is the run of the last night of an earlier month, ``locked_run_ids`` the runs to read instead of
    it, for companies whose closed month pins another. A run that has neither keeps the id that it had before there were
    any.
    """

    business_date: date
    snapshot_id: str
    snapshot_hash: str
    previous_run_id: str | None
    policy_version: str
    policy_hash: str
    code_version: str
    volumes_hash: str
    is_backfill: bool
    opening_run_id: str | None = None
    locked_run_ids: dict[str, str] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """``<YYYYMMDD>-<12 hex digits>``."""
        later = ("opening_run_id", "locked_run_ids")
        parts = {name: value for name, value in asdict(self).items() if value or name not in later}
        content = json.dumps(parts, sort_keys=True, default=str)
        return f"{self.business_date:%Y%m%d}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"

    @property
    def as_of(self) -> date:
        """The close of books: the day before the business date."""
        return self.business_date - timedelta(days=1)


@cache
def code_version() -> str:
    """The package's version and a digest of the code and SQL that decide rows, the same wherever they are mounted."""
    digest = hashlib.sha256()
    package = Path(huikuan.__file__).parent
    for name in ("calendars.py", "columns.py", "currencies.py"):
        digest.update((package / name).read_bytes())
    digest.update(f"holidays {version('holidays')}\n".encode())  # its days decide rows, too
    rooms = [package / room for room in ("ledger", "policy", "quality", "engine", "night")]
    queries = [INCLUDE / "sql" / folder for folder in ("models", "invariants", "quality", "ledger")]
    for folder in [*rooms, *queries]:
        for path in sorted(path for path in folder.rglob("*") if path.suffix in {".py", ".sql", ".yaml"}):
            digest.update(f"{folder.name}/{path.relative_to(folder)}\n".encode())
            digest.update(path.read_bytes())
    return f"{huikuan.__version__}+{digest.hexdigest()[:12]}"


def run_folder(lake: Path, run_id: str) -> Path:
    """The folder of a run, whether it exists or not."""
    day = run_id.split("-", 1)[0]
    return lake / "runs" / f"{day[:4]}-{day[4:6]}-{day[6:]}" / run_id


def write_identity(lake: Path, identity: RunIdentity, policy: Path) -> Path:
    """Make the run's folder with its identity and a copy of its policy; returns the folder."""
    folder = run_folder(lake, identity.run_id)
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".policy.{os.getpid()}"
    shutil.copyfile(policy, fresh)
    fresh.replace(folder / "policy.yaml")
    _write_json(folder / "run.json", asdict(identity))
    return folder


def read_identity(lake: Path, run_id: str) -> RunIdentity:
    """The identity of a run. Raises SnapshotError when the lake does not hold it, or holds another under its name."""
    path = run_folder(lake, run_id) / "run.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SnapshotError(f"The lake {lake} holds no run {run_id}.", "Validate the night again.") from error
    content["business_date"] = date.fromisoformat(content["business_date"])
    identity = RunIdentity(**content)
    if identity.run_id != run_id:
        raise SnapshotError(f"{path} was changed after it was written.", "Validate the night again.")
    return identity


def read_policy(lake: Path, run_id: str, policy_hash: str) -> Policy:
    """The policy of a run from its own copy. Raises SnapshotError when it is not the one of this hash."""
    policy = load_policy(run_folder(lake, run_id) / "policy.yaml")
    if policy.hash != policy_hash:
        raise SnapshotError(
            f"The policy kept with run {run_id} is not the one it was published under.",
            "Restore the lake's runs folder from the backup, or run the night again.",
        )
    return policy


def seal_quality(folder: Path) -> None:
    """Remember what validation wrote: classification reads these files later, in another process."""
    quality = folder / "quality"
    _write_json(quality / "manifest.json", {name: _sha256(quality / name) for name in _VERDICTS})


def check_quality(folder: Path) -> None:
    """Raise SnapshotError when what validation wrote is missing or changed."""
    quality = folder / "quality"
    try:
        hashes: dict[str, str] = json.loads((quality / "manifest.json").read_text(encoding="utf-8"))
        changed = [name for name in _VERDICTS if _sha256(quality / name) != hashes.get(name)]
    except FileNotFoundError as error:
        raise SnapshotError(f"{folder} was not validated.", "Validate the night first.") from error
    if changed:
        raise SnapshotError(f"{quality / changed[0]} was changed after validation.", "Validate the night again.")


def quality_history(lake: Path, before: date, limit: int) -> list[PastNight]:
    """How the nights before ``before`` were judged, newest first; the published run of a date speaks for it.

    Nights whose verdicts cannot be read are left out: this is shown to people, and decides nothing.
    """
    nights: list[PastNight] = []
    days = sorted((path for path in (lake / "runs").glob("????-??-??") if path.name < before.isoformat()), reverse=True)
    with duckdb.connect() as connection:
        for day in days:
            if len(nights) == limit:
                break
            if found := _judged(connection, lake, day):
                nights.append(found)
    return nights


def _judged(connection: duckdb.DuckDBPyConnection, lake: Path, day: Path) -> PastNight | None:
    from huikuan.quality.model import PastNight  # Great Expectations takes seconds to import

    published = lake / "results" / day.name
    runs = [published.resolve().parent] if published.is_symlink() else sorted(day.iterdir(), reverse=True)
    for folder in runs:
        try:
            verdict = json.loads((folder / "quality" / "gate.json").read_text(encoding="utf-8"))
            found = connection.execute(
                "SELECT COALESCE(SUM(failed_count) FILTER (severity = 'critical'), 0),"
                " COALESCE(SUM(failed_count) FILTER (severity = 'warning'), 0)"
                " FROM read_parquet(?) WHERE rule_id NOT LIKE 'gate.%'",
                [str(folder / "quality" / "data_quality.parquet")],
            ).fetchone()
        except (OSError, ValueError, duckdb.Error):
            continue
        left_out, warned = found or (0, 0)
        untied = sum(1 for row in verdict["evidence"]["tie_out"] if not row["is_equal"])
        return PastNight(date.fromisoformat(day.name), verdict["state"], int(left_out), int(warned), untied)
    return None


def seal_tables(folder: Path, made: Path) -> None:
    """Put finished tables in place: their hashes are written last, so a half-written run is never read."""
    tables = folder / "tables"
    (folder / "manifest.json").unlink(missing_ok=True)
    if tables.exists():
        shutil.rmtree(tables)
    made.rename(tables)
    _write_json(folder / "manifest.json", {path.name: _sha256(path) for path in sorted(tables.glob("*.parquet"))})


def sealed_tables(lake: Path, run_id: str, only: Collection[str] | None = None) -> dict[str, Path]:
    """Result files of a finished run by table, each checked against its hash; ``only`` some of them, or all."""
    folder = run_folder(lake, run_id)
    try:
        hashes: dict[str, str] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SnapshotError(
            f"The lake {lake} holds no finished results of run {run_id}.",
            "Classify that night again, or use the lake it was computed in: a warehouse and its lake belong together.",
        ) from error
    files = {name.removesuffix(".parquet"): folder / "tables" / name for name in hashes}
    if only is not None:
        files = {name: path for name, path in files.items() if name in only}
    for name, path in files.items():
        if not path.exists() or _sha256(path) != hashes[path.name]:
            raise SnapshotError(f"{path} ({name}) is missing or damaged.", "Classify that night again.")
    return files


def link_results(lake: Path, run_id: str) -> Path:
    """Let ``<lake>/results/<business date>`` name the tables of this run, in one step; returns the link."""
    folder = run_folder(lake, run_id)
    link = lake / "results" / folder.parent.name
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(Path("..", "runs", folder.parent.name, run_id, "tables"))
    fresh.replace(link)
    return link


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_json(path: Path, content: object) -> None:
    """Write and sync under another name, then rename: readers see the whole file or none."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=2, sort_keys=True, default=str, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
