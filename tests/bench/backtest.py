"""How long a back-test of thirty nights takes, and whether the same policy on both sides gives no difference.

The nights are real ones, in a lake and a warehouse of their own, with answers of the approvers between them, so that
sanctions stand in every state. What is measured is the command as a person gives it, start of the process included.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg

from huikuan.backtest.sentences import headline
from huikuan.ledger.demo import generate
from huikuan.ledger.snapshot import load
from huikuan.night import lake as lakes
from huikuan.night import steps
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY, Settings
from huikuan.warehouse.connect import stop_embedded

NIGHTS = int(os.environ.get("BENCH_NIGHTS", "30"))
ACCOUNTS = int(os.environ.get("BENCH_BACKTEST_ACCOUNTS", "10000"))
SECONDS, ROWS = 60, 0
"""The aims: wall time of thirty nights of 10,000 accounts, and rows that differ under the same policy."""

OTHER = {  # a stricter policy: what it says otherwise reaches stages, grades, the ladder, sanctions and tasks
    "{stage: M1, from: 1, to: 30}": "{stage: M1, from: 1, to: 25}",
    "{stage: M2, from: 31, to: 60}": "{stage: M2, from: 26, to: 60}",
    "      wait_days: 7 # after the last notice": "      wait_days: 5 # after the last notice",
    "overdue_functional: {over: 10000}": "overdue_functional: {over: 5000}",
}
Say = Callable[[str], None]

_ANSWERS = """
WITH proposed AS (
    SELECT f.*, s.stage, s.risk_grade, 'B-' || f.business_date || '-' || f.approver_id AS batch
    FROM collections.account_flag AS f
    JOIN collections.account_status AS s USING (business_date, company_id, account_id)
    WHERE f.business_date = %(day)s AND f.state = 'proposed' AND NOT f.is_held AND f.approver_id IS NOT NULL
), batches AS (
    INSERT INTO store.referral_batch
    SELECT batch, business_date, MAX(run_id), approver_id, 'hash', COUNT(*), now() FROM proposed GROUP BY 1, 2, 4
), items AS (
    INSERT INTO store.referral_item (batch_id, position, company_id, account_id, flag, reason, proposed_by,
        proposed_since, stage, risk_grade)
    SELECT batch, ROW_NUMBER() OVER (PARTITION BY batch ORDER BY company_id, account_id, flag), company_id, account_id,
        flag, reason, proposed_by, since, stage, risk_grade
    FROM proposed
)
INSERT INTO store.referral_decision (batch_id, company_id, account_id, flag, choice, proposed_by, decided_by,
    decided_on, decided_at, content_hash, via)
SELECT batch, company_id, account_id, flag,
    CASE WHEN hashtext(account_id) %% 5 = 0 THEN 'left_out' ELSE 'approved' END,
    proposed_by, approver_id, business_date, now(), 'hash', 'command'
FROM proposed WHERE hashtext(account_id || business_date) %% 3 <> 0 -- a third is answered on a later day
"""


@dataclass(frozen=True)
class Diff:
    """One run of the command: wall and CPU time, peak memory, rows that differ, nights by what the check said."""

    seconds: float
    cpu: float
    memory_mb: float
    rows: int
    checks: dict[str, int]
    headline: str


@dataclass(frozen=True)
class Measured:
    """The same policy on both sides, and another one; seconds that the nights took to store."""

    nights: int
    accounts: int
    stored: float
    same: Diff
    other: Diff


def measure(work: Path, last: date, say: Say, *, nights: int = NIGHTS, accounts: int = ACCOUNTS) -> Measured:
    """Store ``nights`` up to ``last`` below ``work`` and compare policies over all of them, as the command does."""
    home = work / "backtest"
    home.mkdir()
    home.chmod(0o755)  # run by root, the embedded server is a user of its own and must get in
    settings = Settings(home=home, lake=home, mail=home / "mail", warehouse_url=None)
    try:
        say(f"storing {nights} nights of {accounts:,} accounts …")
        started = time.perf_counter()
        generate(home / "ledger", through=last, accounts=accounts, history="open")
        store_nights(settings, home / "ledger", last, nights, say)
        stored = time.perf_counter() - started
        other = home / "other.yaml"
        other.write_text(other_policy(), encoding="utf-8")
        first = last - timedelta(days=nights - 1)
        found = [_diff(home, policy, first, last) for policy in (DEFAULT_POLICY, other)]
        for each in found:
            say(f"  policy diff: {each.seconds:.1f} s ({each.cpu:.0f} of CPU), {each.rows:,} rows: {each.headline}")
        return Measured(nights, accounts, stored, *found)
    finally:
        stop_embedded(settings)


def other_policy() -> str:
    """The policy in force, but for what OTHER changes."""
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    for old, new in OTHER.items():
        if text.count(old) != 1:
            raise SystemExit(f"{DEFAULT_POLICY} does not say {old!r} once: mend OTHER in {__file__}")
        text = text.replace(old, new)
    return text


def store_nights(settings: Settings, ledger: Path, last: date, nights: int, say: Say) -> list[str]:
    """Store and publish consecutive nights up to ``last`` by the nightly steps; their run ids.

    Facts dated after as-of do not count, so one ledger serves all nights; its files being the same, what validation
    said of the first night is true of each, and is copied: validating is not what is measured here.
    """
    from huikuan.quality import validate  # Great Expectations takes seconds to import

    url = steps.prepare(settings)
    rules = load_policy(DEFAULT_POLICY)
    run_ids: list[str] = []
    verdict: Path | None = None
    for number in range(nights):
        day = last - timedelta(days=nights - 1 - number)
        snapshot_id = steps.extract(day, ledger=str(ledger), settings=settings, report=_silent)
        identity = lakes.RunIdentity(
            business_date=day,
            snapshot_id=snapshot_id,
            snapshot_hash="",
            previous_run_id=run_ids[-1] if run_ids else None,
            policy_version=rules.version,
            policy_hash=rules.hash,
            code_version=lakes.code_version(),
            volumes_hash="",
            is_backfill=False,
        )
        folder = lakes.write_identity(settings.lake, identity, DEFAULT_POLICY)
        if verdict is None:
            validate(load(settings.lake, snapshot_id), last, rules.gate, {}, folder / "quality")
            lakes.seal_quality(folder)
            verdict = folder / "quality"
        else:
            shutil.copytree(verdict, folder / "quality")
        steps.classify(day, identity.run_id, settings=settings, report=_silent)
        steps.publish(day, identity.run_id, settings=settings, report=_silent)
        with psycopg.connect(url) as connection:
            answers = connection.execute(_ANSWERS, {"day": day}).rowcount
        say(f"  stored {day}; {answers} sanctions decided")
        run_ids.append(identity.run_id)
    return run_ids


def _silent(line: str) -> None:
    """Progress of single steps is not shown."""


def _diff(home: Path, policy: Path, first: date, last: date) -> Diff:
    """``policy diff in-force POLICY`` in a process of its own."""
    with tempfile.TemporaryDirectory(dir=home) as out:
        command = [sys.executable, "-m", "huikuan", "policy", "diff", "in-force", str(policy)]
        command += ["--from", f"{first}", "--to", f"{last}", "--lake", str(home), "--out", out]
        started = time.perf_counter()
        with tempfile.TemporaryFile("w+") as said:
            process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.perf_counter() - started
            said.seek(0)
            output = said.read()
        if process.returncode:
            raise SystemExit(output)
        record = json.loads((Path(out) / "replay.json").read_text(encoding="utf-8"))
    checks: dict[str, int] = {}
    for night in record["nights"]:
        checks[night["check"]] = checks.get(night["check"], 0) + 1
    return Diff(
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / 1024,
        _differences(record),
        checks,
        headline(record["summary"]).en,
    )


def _differences(record: dict[str, Any]) -> int:
    """Rows that say that something differs, and tasks that only one side has."""
    tasks = sum(int(float(row[2])) for row in record["summary"] if row[0].startswith("tasks_only_"))
    return tasks + sum(int(record["rows"][name]) for name in ("move", "sanction", "moved_account", "reason"))


def lines(found: Measured) -> list[str]:
    """The section of docs/benchmarks.md."""
    return [
        "## Back-test",
        "",
        f"`policy diff` over {found.nights} published nights of {found.accounts:,} accounts (a ledger generated as"
        " above, approvers answering between the nights), as a command: start of the process, check of every"
        " snapshot, replay, tables and page.",
        "",
        "| policy B | seconds (of CPU) | peak memory, MB | differing rows | nights, by their check |",
        "|---|---:|---:|---:|---|",
        *(
            f"| {name} | {diff.seconds:.1f} ({diff.cpu:.0f}) | {diff.memory_mb:,.0f} | {diff.rows:,} | {_words(diff)} |"
            for name, diff in (("the policy in force itself", found.same), ("a stricter one", found.other))
        ),
        "",
        f"The stricter one: {found.other.headline}",
        "",
        f"Longest = {max(found.same.seconds, found.other.seconds):.1f} s (aim for 30 nights of 10,000 accounts: at most"
        f" {SECONDS} s); the same policy gives {found.same.rows} differences (aim: {ROWS}).",
        "",
    ]


def _words(diff: Diff) -> str:
    return ", ".join(f"{count} {check}" for check, count in sorted(diff.checks.items()))
