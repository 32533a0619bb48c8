"""Replaying stored nights under two policies, A and B.

Where A is the policy in force, its rows are the published ones: the identity of a run says so; the replay proves it.
Everything that the difference of the policies cannot reach is computed again from the snapshot and must be as published
on every night; the rest is computed again under A too on some nights, or on all of them when asked. A difference means
that a night is not the function of its inputs that everything here relies on, and ends the back-test.

Models that read, through whichever others, neither a policy relation whose rows differ between A and B nor a result of
the night before that differs run once for both. The others run in a database of their own per side that hides the
shared one. What reads nothing of the night before needs no order, so it runs ahead, for several nights at once.

    <folder>/nights/<business date>/{a,b}/<table>.parquet     the results of both sides
    <folder>/replay.json                                      what was replayed, and what the checks said
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from huikuan.backtest.nights import BacktestError, Night, changes, gaps, load_ledger, previous_tables
from huikuan.columns import key_columns
from huikuan.engine import duck
from huikuan.engine.graph import Model, deciding_models, dependents
from huikuan.errors import InvariantError
from huikuan.night import lake as lakes
from huikuan.policy.relations import relations
from huikuan.warehouse.tables import RESULTS

NIGHTS = "nights"
SIDES = ("a", "b")
COMPARED = (
    "account_status",
    "account_flag",
    "sanction_cap",
    "early_warning",
    "task",
    "decision_reason",
    "promise_status",
)
"""Results that a policy decides: replayed, compared, and checked against what was published."""

_MARK = ".replay"
_FULL_EVERY = 10
_AHEAD = 3
_MEMORY = "1GB"  # of each night that is open: the one being decided and those ahead
_REPORT_SECONDS = 5
Report = Callable[[str], None]


@dataclass(frozen=True)
class Replayed:
    """One night, replayed. ``run_twice`` counts the models that the two sides could not share.

    ``check``: ``reproduced``, everything was computed again under A and is as published; ``published``, A's rows are
    the published ones, and what the policies' difference cannot reach was computed again and is as published;
    ``differs``, for the reason in ``note``; ``other_policy``, A was not in force.
    """

    business_date: str
    run_id: str
    snapshot_id: str
    gate: str
    check: str
    note: str
    run_twice: int


@dataclass(frozen=True)
class _Shared:
    """A night that is open: the relations that both sides share stand in ``connection``'s main schema."""

    connection: duckdb.DuckDBPyConnection
    inputs: tuple[duck.Inputs, duck.Inputs]
    made: frozenset[str]
    close: Callable[[], None]


def replay(lake: Path, nights: Sequence[Night], folder: Path, say: Report, *, verify: bool = False) -> list[Replayed]:
    """Replay ``nights``, which follow each other, into ``folder``; what an earlier replay left there is replaced.

    Each side continues from its own results of the night before, the first night from the stored ones. ``verify``
    computes A again on every night. Raises BacktestError when a side breaks an invariant, or when A is the policy in
    force and its rows are not the published ones.
    """
    with _fresh(folder / NIGHTS) as work:
        done = _replay(lake, nights, work, say, verify=verify)
    _write_record(folder, nights, done)
    return done


@contextmanager
def _fresh(work: Path) -> Iterator[Path]:
    """An empty folder for replayed nights, removed when they fail. A folder that no replay made is left alone."""
    if work.exists() and not (work / _MARK).exists():
        raise BacktestError(
            f"{work} was not made by a back-test, and would be removed.", "Give another folder with --out."
        )
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    (work / _MARK).touch()
    try:
        yield work
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def _replay(lake: Path, nights: Sequence[Night], work: Path, say: Report, *, verify: bool) -> list[Replayed]:
    done: list[Replayed] = []
    stored = previous_tables(lake, nights[0])
    before, differing = (stored, stored), frozenset[str]()
    tell = _now_and_then(say)
    with ThreadPoolExecutor(_workers()) as pool, _opened_ahead(pool, lake, nights, work) as opened:
        for place, (night, shared) in enumerate(zip(nights, opened, strict=True)):
            home = work / f"{night.business_date}"
            is_last = place == len(nights) - 1
            excuse = _excuse(night, done[-1] if done else None)
            is_full = verify or excuse is not None or is_last or place % _FULL_EVERY == 0
            try:
                reached = _decide(pool, night, shared, before, differing, home, both_sides=is_full)
                check, note = _check(lake, night, excuse, shared.connection, home, is_full or not reached)
            finally:
                shared.close()
            _put_together(home, lakes.sealed_tables(lake, night.identity.run_id) if excuse is None else None)
            before, differing = (home / "a", home / "b"), reached & set(RESULTS)
            done.append(_replayed(night, check, note, len(reached)))
            tell(f"{night.business_date}: night {len(done)} of {len(nights)}", is_last)
    return done


def _workers() -> int:
    """Nights keep a core busy each, less the time in which they read and write; more than four only take memory."""
    return min((os.cpu_count() or 2) + 1, 4)


# --- what both sides share -------------------------------------------------------------------------------------------


@contextmanager
def _opened_ahead(
    pool: ThreadPoolExecutor, lake: Path, nights: Sequence[Night], work: Path
) -> Iterator[Iterator[_Shared]]:
    """The nights in their order, a few opened before their turn; what is left open by an error is closed."""
    waiting: deque[Future[_Shared]] = deque()

    def opened() -> Iterator[_Shared]:
        for place in range(len(nights) + _AHEAD):
            if place < len(nights):
                waiting.append(pool.submit(_open, lake, nights[place], work))
            if place >= _AHEAD:
                yield waiting.popleft().result()

    try:
        yield opened()
    finally:
        for future in waiting:
            if not future.cancel():
                with suppress(Exception):
                    future.result().close()


def _open(lake: Path, night: Night, work: Path) -> _Shared:
    """Open the night's ledger and run what depends neither on a difference of the policies nor on the night before."""
    ledger = load_ledger(lake, night)
    a, b = (
        duck.Inputs(
            business_date=night.business_date,
            policy=policy,
            ledger=ledger,
            quarantine=night.folder / "quality" / "quarantine.parquet",
            gate=night.gate,
        )
        for policy in night.policies
    )
    models = deciding_models()
    later = dependents(models, _differing_relations(a, b) | {f"previous.{name}" for name in RESULTS})
    with ExitStack() as stack:
        connection = stack.enter_context(duck.session(a, RESULTS, memory=_MEMORY))
        connection.execute("SET threads = 1")  # nights and sides run side by side instead
        made = [model for model in models if model.name not in later]
        _run(connection, made, a, night, work / f"{night.business_date}" / "both")
        _write_company(connection, night, work / f"{night.business_date}" / "both" / "company.parquet")
        return _Shared(connection, (a, b), frozenset(model.name for model in made), stack.pop_all().close)


def _differing_relations(a: duck.Inputs, b: duck.Inputs) -> set[str]:
    """Relations of the policy that do not have the same rows on both sides."""
    sides = (
        {f"policy.{relation.name}": (relation.columns, relation.rows) for relation in made}
        for made in (relations(side.policy, side.business_date, side.gate) for side in (a, b))
    )
    left, right = sides
    return {name for name in left.keys() | right.keys() if left.get(name) != right.get(name)}


def _write_company(connection: duckdb.DuckDBPyConnection, night: Night, path: Path) -> None:
    """The currency in which each company counts, for those who read the results."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(
        f"COPY (SELECT DATE '{night.business_date}' AS business_date, company_id, functional_currency"
        f" FROM ledger.company) TO '{_quoted(path)}' (FORMAT parquet)"
    )


# --- each side -------------------------------------------------------------------------------------------------------


def _decide(
    pool: ThreadPoolExecutor,
    night: Night,
    shared: _Shared,
    before: tuple[Path | None, Path | None],
    differing: frozenset[str],
    home: Path,
    *,
    both_sides: bool,
) -> frozenset[str]:
    """Run the rest of a night; names of the models that the difference of the sides reaches.

    What both share goes into ``home``/both, the rest into ``home``/own_b, and /own_a for ``both_sides``. ``before`` are
    the results of the night before; ``differing`` names those that may not be the same on both sides.
    """
    a, b = (_after(inputs, folder) for inputs, folder in zip(shared.inputs, before, strict=True))
    models = deciding_models()
    reached = dependents(models, _differing_relations(a, b) | {f"previous.{name}" for name in differing})
    duck.replace_previous(shared.connection, b, RESULTS)
    once = [model for model in models if model.name not in reached | shared.made]
    _run(shared.connection, once, b, night, home / "both")
    own = [model for model in models if model.name in reached]
    sides = {"b": b, "a": a} if both_sides else {"b": b}
    jobs = [pool.submit(_run_side, shared.connection, side, own, sides[side], night, home) for side in sides]
    for job in jobs:
        job.result()
    return reached


def _after(inputs: duck.Inputs, folder: Path | None) -> duck.Inputs:
    return duck.Inputs(**{**vars(inputs), "previous": folder})


def _run_side(
    connection: duckdb.DuckDBPyConnection,
    side: str,
    models: Sequence[Model],
    inputs: duck.Inputs,
    night: Night,
    home: Path,
) -> None:
    """Run what the sides do not share, in a database of this side."""
    if not models:
        return
    own = duck.variant(connection, f"side_{side}", inputs, RESULTS)
    try:
        _run(own, models, inputs, night, home / f"own_{side}")
        if inputs.policy.hash != night.identity.policy_hash:  # the policy in force was checked by its night
            _check_invariants(own, night, side)
    finally:
        own.close()


def _put_together(home: Path, published: dict[str, Path] | None) -> None:
    """Folders a and b with links to each side's tables: A's are the published ones where these are given."""
    for side in SIDES:
        (home / side).mkdir()
        tables = {path.stem: path for folder in ("both", f"own_{side}") for path in (home / folder).glob("*.parquet")}
        if side == "a" and published is not None:
            tables = published
        for name, path in tables.items():
            (home / side / f"{name}.parquet").symlink_to(path.absolute())


def _check_invariants(connection: duckdb.DuckDBPyConnection, night: Night, side: str) -> None:
    try:
        duck.check_invariants(connection, night.business_date, with_figures=False)
    except InvariantError as error:
        raise BacktestError(
            f"Under policy {side.upper()} the night of {night.business_date} would not have been published: "
            f"{error.problem}",
            "Mend that policy; include/sql/invariants says what must hold whatever the policy is.",
        ) from error


def _run(
    connection: duckdb.DuckDBPyConnection, models: Sequence[Model], inputs: duck.Inputs, night: Night, folder: Path
) -> None:
    """Run models and write those of their results that are compared, or that the next night reads."""
    duck.run_models(connection, inputs.business_date, models)
    kept = _kept() & {model.name for model in models}
    duck.write_results(
        connection,
        folder,
        {name: RESULTS[name] for name in RESULTS if name in kept},
        business_date=inputs.business_date,
        run_id=night.identity.run_id,
    )


def _kept() -> set[str]:
    read = {name.removeprefix("previous.") for model in deciding_models() for name in model.outside}
    return (read | set(COMPARED)) & set(RESULTS)


# --- against what was published --------------------------------------------------------------------------------------


def _check(
    lake: Path, night: Night, excuse: str | None, connection: duckdb.DuckDBPyConnection, home: Path, is_whole: bool
) -> tuple[str, str]:
    """Compare what was computed for A with the published rows; ``check`` and ``note`` of Replayed."""
    if not night.is_in_force:
        return "other_policy", ""
    made = {path.stem: path for folder in ("both", "own_a") for path in (home / folder).glob("*.parquet")}
    found = _first_difference(connection, lakes.sealed_tables(lake, night.identity.run_id), made)
    if found is None:
        return ("reproduced" if is_whole else "published"), ""
    if excuse is None:
        raise BacktestError(
            f"The night of {night.business_date}, replayed under the policy in force, does not give the rows that run "
            f"{night.identity.run_id} published: {found}.",
            "Do not trust this back-test. Something decides rows and is not in the run's identity: report it with the "
            "run's folder.",
        )
    return "differs", f"{excuse}; {found}"


def _excuse(night: Night, last: Replayed | None) -> str | None:
    """Why A's rows need not be the published ones; None when they must be."""
    if not night.is_in_force:
        return "another policy was in force"
    if night.identity.code_version != lakes.code_version():
        return f"published by version {night.identity.code_version}"
    if last is not None and night.identity.previous_run_id != last.run_id:
        return f"continues from run {night.identity.previous_run_id}, which was published again since"
    if last is not None and last.check in {"differs", "other_policy"}:
        return "follows a night whose rows are not the published ones"
    return None


def _first_difference(
    connection: duckdb.DuckDBPyConnection, stored: dict[str, Path], made: dict[str, Path]
) -> str | None:
    """The first table whose rows differ but for run_id, with the number of keys and the first of them."""
    for name in COMPARED:
        if name not in made:
            continue
        if name not in stored:
            return f"there was no table {name} then"
        columns = _columns(connection, made[name])
        if columns != _columns(connection, stored[name]):
            return f"{name} had other columns then"
        keys = _differing_keys(connection, name, columns, stored[name], made[name])
        if keys:
            first = "; ".join(", ".join(map(str, key)) for key in keys[:3])
            return f"{name} differs in {len(keys):,} keys, the first are {first}"
    return None


def _differing_keys(
    connection: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], stored: Path, made: Path
) -> list[tuple[Any, ...]]:
    """Keys of the rows that only one of two files holds, by one pass over both."""
    names = ", ".join(f'"{column}"' for column in columns)
    key = ", ".join(f'"{column}"' for column in key_columns(RESULTS[name]) if column in columns)
    return connection.execute(
        f"SELECT DISTINCT {key} FROM (SELECT {names} FROM (SELECT {names}, 1 AS side FROM {_parquet(stored)}"
        f" UNION ALL SELECT {names}, -1 FROM {_parquet(made)}) GROUP BY {names} HAVING SUM(side) <> 0) ORDER BY {key}"
    ).fetchall()


def _columns(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Types by name, without what is another one in every replay or the same in every row."""
    found = connection.execute(f"DESCRIBE SELECT * FROM {_parquet(path)}").fetchall()
    return {str(row[0]): str(row[1]) for row in found if row[0] not in {"run_id", "business_date"}}


def _parquet(path: Path) -> str:
    return f"read_parquet('{_quoted(path)}')"


# --- the record ------------------------------------------------------------------------------------------------------


def _replayed(night: Night, check: str, note: str, run_twice: int) -> Replayed:
    identity = night.identity
    return Replayed(f"{night.business_date}", identity.run_id, identity.snapshot_id, night.gate, check, note, run_twice)


def _write_record(folder: Path, nights: Sequence[Night], done: Sequence[Replayed]) -> None:
    a, b = nights[-1].policies
    record = {
        "nights": [vars(each) for each in done],
        "gaps": [f"{day}" for day in gaps(nights)],
        "policies": {
            side: {
                "version": sorted({night.policies[place].version for night in nights}),
                "hash": sorted({night.policies[place].hash for night in nights}),
            }
            for place, side in enumerate(SIDES)
        },
        "changes": [dict(zip(("key", "a", "b"), change, strict=True)) for change in changes(a, b)],
    }
    (folder / "replay.json").write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _now_and_then(say: Report) -> Callable[[str, bool], None]:
    """Say a line at most every few seconds, and always the last."""
    said = time.monotonic()

    def tell(line: str, is_last: bool) -> None:
        nonlocal said
        if is_last or time.monotonic() - said >= _REPORT_SECONDS:
            said = time.monotonic()
            say(line)

    return tell


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
