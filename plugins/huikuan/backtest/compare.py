"""A back-test from its question to its page: the two steps that a scheduler calls, and both at once for a terminal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from huikuan.backtest import page, sentences
from huikuan.backtest.difference import difference, read_record, remove_nights
from huikuan.backtest.nights import Night, companies, known_company, published_runs, stored_nights
from huikuan.backtest.replay import replay
from huikuan.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """What a back-test came to; ``rows`` counts them per table."""

    page: Path
    rows: dict[str, int]
    summary: list[list[str]]
    headline: sentences.Sentence
    checked: list[sentences.Sentence]


def compare(
    settings: Settings,
    first: date,
    last: date,
    *,
    policy_a: Path | None,
    policy_b: Path,
    company: str | None = None,
    folder: Path | None = None,
    say: Callable[[str], None],
    verify: bool = False,
) -> Outcome:
    """Replay the published nights from ``first`` to ``last`` under both policies and write what differs.

    The parameters are those of ``replay_nights``; ``company`` shows the accounts of that one only.
    """
    home = replay_nights(
        settings,
        first,
        last,
        policy_a=policy_a,
        policy_b=policy_b,
        company=company,
        folder=folder,
        say=say,
        verify=verify,
    )
    return report(home, company)


def replay_nights(
    settings: Settings,
    first: date,
    last: date,
    *,
    policy_a: Path | None,
    policy_b: Path,
    company: str | None = None,
    folder: Path | None = None,
    say: Callable[[str], None],
    verify: bool = False,
) -> Path:
    """Replay into ``folder``, else into a folder of the lake named after the question; returns it.

    ``policy_a`` None is the policy that was in force on each night. All companies are replayed: ``company`` is a part
    of the question, and is refused here, before the work, when there is none of that name. ``verify`` computes A again
    in full on every night, not on some.
    """
    run_ids = published_runs(settings, first, last)
    nights = stored_nights(settings.lake, run_ids, policy_a, policy_b)
    known_company(company, companies(settings.lake, nights))
    home = folder or settings.lake / "backtests" / _name(nights, company)
    home.mkdir(parents=True, exist_ok=True)
    say(f"replaying {len(nights)} nights from {nights[0].business_date} to {nights[-1].business_date}")
    replay(settings.lake, nights, home, say, verify=verify)
    return home


def report(folder: Path, company: str | None = None) -> Outcome:
    """Tables and page of a replay; the replayed nights themselves are removed, being large and easily made again."""
    rows = difference(folder, company)
    shown = page.write(folder)
    remove_nights(folder)
    record = read_record(folder)
    summary = record["summary"]
    return Outcome(shown, rows, summary, sentences.headline(summary), sentences.checked(record["nights"]))


def _name(nights: Sequence[Night], company: str | None) -> str:
    """The same question on the same runs has the same folder."""
    runs = [(night.identity.run_id, *(policy.hash for policy in night.policies)) for night in nights]
    asked = [company, *runs]
    digest = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:12]
    return f"{nights[0].business_date:%Y%m%d}-{nights[-1].business_date:%Y%m%d}-{digest}"
