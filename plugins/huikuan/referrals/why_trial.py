"""Trials: what a later night would say of an account if something were added to the ledger, by really computing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path

import duckdb

from huikuan.referrals.why_replay import Added, Row, Stored, as_it_would_be, fetch

STANDING = ("proposed", "held", "approved", "active")
"""States of a sanction that somebody may want to end."""
HYPOTHETICAL = "why"
"""How the ids of rows that are added begin."""

_COMPARED = ("stage", "risk_grade", "risk_score", "pattern", "arrears_nature", "ladder_step")


@dataclass(frozen=True)
class Outcome:
    """What a night says of the account. ``flags`` maps sanctions to their state; one that is held back is ``held``."""

    stage: str
    risk_grade: str
    risk_score: int
    pattern: str | None
    arrears_nature: str | None
    ladder_step: str | None
    flags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """Rows added to the ledger, and the business date of the night that is asked.

    ``is_repaired``: what was quarantined of the account is not in doubt any more.
    """

    day: date
    added: Added
    is_repaired: bool = False


@dataclass(frozen=True)
class Idea:
    """Something that may change the account: trials, and the claims that their outcomes prove."""

    trials: Sequence[Trial]
    claims: Callable[[Sequence[Outcome]], list[Row]]


def prove(stored: Stored, ideas: Sequence[Idea], folder: Path) -> list[Row]:
    """Every claim of every idea, in their order: one replay per night, two at a time."""
    trials = [trial for idea in ideas for trial in idea.trials]
    days = sorted({trial.day for trial in trials})

    def run(day: date) -> list[Outcome]:
        asked = [trial for trial in trials if trial.day == day]
        repaired = [place for place, trial in enumerate(asked) if trial.is_repaired]
        with as_it_would_be(stored, day, [trial.added for trial in asked], folder / f"{day}", repaired) as con:
            return outcomes(con, len(asked))

    with ThreadPoolExecutor(2) as pool:
        found = {day: iter(made) for day, made in zip(days, pool.map(run, days), strict=True)}
    return [claim for idea in ideas for claim in idea.claims([next(found[trial.day]) for trial in idea.trials])]


def outcomes(con: duckdb.DuckDBPyConnection, copies: int) -> list[Outcome]:
    """One per copy of the account, in their order."""
    number = "CAST(split_part(account_id, '~', 1) AS INTEGER)"
    flags: list[dict[str, str]] = [{} for _ in range(copies)]
    for place, flag, state in con.execute(
        f"SELECT {number}, flag, CASE WHEN is_held THEN 'held' ELSE state END FROM account_flag ORDER BY flag"
    ).fetchall():
        flags[place][flag] = state
    found = fetch(con, f"SELECT {number} AS place, {', '.join(_COMPARED)} FROM account_status ORDER BY place")
    return [
        Outcome(
            **{name: row[name] for name in _COMPARED} | {"risk_score": int(row["risk_score"])},
            flags=flags[row["place"]],
        )
        for row in found
    ]


def published_outcome(status: Row, flags: Sequence[Row]) -> Outcome:
    """What the night itself says, from its published rows."""
    states = {row["flag"]: "held" if row["is_held"] else row["state"] for row in flags}
    return Outcome(**{name: status[name] for name in _COMPARED}, flags=states)


def effects(before: Outcome, after: Outcome) -> list[Row]:
    """Everything that is not the same, sanctions last; a state of None is no row at all."""
    found: list[Row] = [
        {"what": name, "before": getattr(before, name), "after": getattr(after, name)}
        for name in _COMPARED
        if getattr(before, name) != getattr(after, name)
    ]
    for flag in [*before.flags, *(flag for flag in after.flags if flag not in before.flags)]:
        was, became = before.flags.get(flag), after.flags.get(flag)
        if was != became:
            found.append({"what": f"flag:{flag}", "before": was, "after": became})
    return found


def ends(flag: str, after: Outcome) -> bool:
    """Whether a sanction does not stand any more."""
    return after.flags.get(flag) in (None, "released")


def morning(day: date) -> datetime:
    """Two o'clock in UTC, as the ledger keeps moments."""
    return datetime.combine(day, time(2), UTC)
