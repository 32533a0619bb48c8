"""Stories of several nights, told in YAML: the ledger's dated facts, the nights, and what people did in between.

A file holds stories separated by ``---``. A story is a mapping of

``story``   one sentence: what it shows.
``start``   a date; from then on ``D``, ``D+5`` and ``D-30`` are dates counted from it. Dates may also be written out.
``policy``  what this story changes in the default policy, merged into it key by key (a list replaces a list), or the
            name of a file in ``policies`` that says so; or a list of such changes: versions that lie side by side, of
            which each night takes the one in force.
``ledger``  the facts by table, only the columns that matter. The same ledger is given every night: what is dated after
            the close of books (the day before the business date) does not count yet. ``letters`` is short for entries
            of the contact log: account → days on which a letter reached it.
``nights``  a list, in order, of

    ``date``    the business date: the morning on which people act.
    ``skip``    why this night was missed: nothing is computed, the next night follows the one before.
    ``gate``    ``no_contact`` when the night's data was in doubt; open otherwise.
    ``without`` tables of the ledger that did not arrive this night.
    ``lost``    accounts of which no row of the ledger arrived this night; what people decided is known all the same.
    ``expect``  by table, all rows that must come out, each with only the columns that the story names. Of
                ``decision_reason`` only the decisions and rules that the story names are looked at.
    ``then``    what people did on that business date; later nights know it:
                ``approve``, ``reject``, ``leave_out``: accounts whose standing proposals the approver answered. In
                place of an account a mapping may say ``account_id``, ``flag`` and ``by``, the person who answered.
                ``letter_delivered``: accounts that got a letter.
                Any other key is a table: rows are added, or, where the key is known already, changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from huikuan.engine import duck
from huikuan.engine.graph import deciding_models
from huikuan.errors import HuikuanError, InvariantError
from huikuan.ledger.contract import OWN_TABLES
from huikuan.policy import Policy, load_policy, policy_in_force
from huikuan.settings import DEFAULT_POLICY
from huikuan.warehouse.tables import RESULTS
from tests.models.ledgers import complete, fetch, write

Row = dict[str, Any]
Ledger = dict[str, list[Row]]

POLICIES = Path(__file__).parent / "policies"
STORY_KEYS = {"story", "start", "policy", "ledger", "nights"}
NIGHT_KEYS = {"date", "skip", "gate", "without", "lost", "expect", "then"}
CHOICES = {"approve": "approved", "reject": "rejected", "leave_out": "left_out"}
KEYS = {
    "account": "account_id",
    "rep": "rep_id",
    "promise": "promise_id",
    "dispute": "dispute_id",
    "sanction_override": "override_id",
}
"""Tables whose rows a later day may change, and what tells their rows apart within a story."""

PEOPLE: list[Row] = [
    {"rep_id": "rep-li", "name": "Li", "manager_id": "manager-chen"},
    {"rep_id": "manager-chen", "name": "Chen", "manager_id": "director-wang", "role": "manager"},
    {"rep_id": "director-wang", "name": "Wang", "role": "manager"},
    {"rep_id": "legal-zhao", "name": "Zhao", "role": "legal"},
]
"""Everybody whom a story may name without introducing them."""


@dataclass
class Telling:
    """A story half told: the facts so far, and the results of the last night."""

    folder: Path
    start: date
    ledger: Ledger
    previous: Path | None = None
    flags: list[Row] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def read(path: Path) -> Iterator[Row]:
    """The stories of one file, with ``D+5`` replaced by dates. Raises AssertionError for a key that means nothing."""
    for raw in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        name = f"{path.name}: {raw.get('story')}"
        assert set(raw) <= STORY_KEYS, f"{name}: unknown key {set(raw) - STORY_KEYS}"
        story = _dated(raw, raw.get("start"))
        for told in story["nights"]:
            assert set(told) <= NIGHT_KEYS, f"{name}: unknown key {set(told) - NIGHT_KEYS} of a night"
        assert any(told.get("expect") for told in story["nights"]), f"{name}: expects nothing"
        days = [told["date"] for told in story["nights"]]
        assert days == sorted(set(days)), f"{name}: the nights do not follow each other"
        yield story


def tell(story: Row, folder: Path) -> list[str]:
    """Play the story night by night; what did not come out as told, as sentences for a person. Empty: all did."""
    start = story.get("start") or story["nights"][0]["date"]
    telling = Telling(folder, start, _opening(story.get("ledger") or {}, start))
    nights = [told for told in story["nights"] if "skip" not in told]
    policies = _policies(story.get("policy") or {}, [told["date"] for told in nights], folder / "policy")
    for told in nights:
        try:
            _play(telling, told, policies[told["date"]])
        except HuikuanError as error:  # the night broke off: there is nothing to go on from
            return [*telling.failures, f"night of {told['date']}: {error.problem}"]
    return telling.failures


def _play(telling: Telling, told: Row, policy: Policy) -> None:
    """One night of a story: what came out against what was told, and what people did with it."""
    day: date = told["date"]
    full = complete_ledger(telling.ledger, telling.start)
    ledger = {
        table: rows
        if table in OWN_TABLES
        else [row for row in rows if row.get("account_id") not in told.get("lost", ())]
        for table, rows in full.items()
        if table not in told.get("without", ())
    }
    place, gate = telling.folder / str(day), told.get("gate", "open")
    with night(ledger, day, policy, place, telling.previous, gate) as connection:
        try:
            duck.check_invariants(connection, day, with_figures=False)
        except InvariantError as error:
            telling.failures.append(f"night of {day}: {error.problem}")
        for table, expected in (told.get("expect") or {}).items():
            lines = differences(table, rows_of(connection, table), expected)
            telling.failures += [f"night of {day}, {line}" for line in lines]
        telling.flags = rows_of(connection, "account_flag")
    telling.previous = place / "results"
    _act(telling, day, told.get("then") or {})


@contextmanager
def night(
    ledger: Ledger, day: date, policy: Policy, folder: Path, previous: Path | None = None, gate: str = "open"
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The models that decide, run on a whole ledger after the night whose results lie in ``previous``.

    Leaves this night's results in ``folder / "results"``, written as a real night writes them.
    """
    folder.mkdir(parents=True)
    inputs = duck.Inputs(business_date=day, policy=policy, ledger=write(ledger, folder), previous=previous, gate=gate)
    with duck.session(inputs, RESULTS) as connection:
        duck.run_models(connection, day, deciding_models())
        yield connection
        duck.write_results(connection, folder / "results", RESULTS, business_date=day, run_id=f"{day:%Y%m%d}-story")


def rows_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[Row]:
    """All rows of a result; points in time as text in UTC."""
    described = connection.execute(f"DESCRIBE {table}").fetchall()
    times = [row[0] for row in described if row[1] == "TIMESTAMP WITH TIME ZONE"]
    replaced = ", ".join(f"CAST({name} AS VARCHAR) AS {name}" for name in times)
    return fetch(connection, f"SELECT * {f'REPLACE ({replaced}) ' if times else ''}FROM {table}")


def differences(table: str, found: Sequence[Row], expected: Sequence[Row]) -> list[str]:
    """Expected rows that no found row fits, and found rows that nobody expected; the most particular match first."""
    if table == "decision_reason":
        named = {(want["decision"], want["rule_id"]) for want in expected}
        found = [row for row in found if (row["decision"], row["rule_id"]) in named]
    left, missing = list(found), []
    for want in sorted(expected, key=len, reverse=True):
        unknown = set(want) - set(found[0]) if found else set()
        assert not unknown, f"{table} has no column {', '.join(sorted(unknown))}"
        fit = next((row for row in left if all(_plain(row[name]) == _plain(want[name]) for name in want)), None)
        if fit is None:
            missing.append(want)
        else:
            left.remove(fit)
    columns = list(dict.fromkeys(name for want in expected for name in want))
    return [f"{table}: missing {_words(want)}" for want in missing] + [
        f"{table}: unexpected {_words({name: row[name] for name in columns or list(row)[:6]})}" for row in left
    ]


def _act(telling: Telling, day: date, deeds: Mapping[str, Any]) -> None:
    """Add to the ledger what people did on this business date."""
    for deed, rows in deeds.items():
        if deed in CHOICES:
            for row in rows:
                _decide(telling, day, CHOICES[deed], row if isinstance(row, dict) else {"account_id": row})
        elif deed == "letter_delivered":
            _add(telling.ledger, "contact_log", [letter(account, day) for account in rows])
        else:
            _add(telling.ledger, deed, _filled(deed, rows, day))


def _decide(telling: Telling, day: date, choice: str, about: Row) -> None:
    """Record an answer to every proposal that stands for the account, as the approver's batch of that day would."""
    wanted = {name: about[name] for name in ("company_id", "account_id", "flag") if name in about}
    standing = [row for row in telling.flags if row["state"] == "proposed" and wanted.items() <= row.items()]
    if not standing:
        telling.failures.append(f"business date {day}: nothing stands proposed for {_words(about)} to be {choice}")
    for row in standing:
        decider = about.get("by") or row["approver_id"]
        if decider is None:
            telling.failures.append(f"business date {day}: nobody is asked about {row['flag']} of {_words(about)}")
            continue
        _add(telling.ledger, "referral_decision", [decision(row, choice, decider, day)])


def decision(proposal: Row, choice: str, decider: str, day: date) -> Row:
    """The answer to a proposal (a row of account_flag), in the batch of that person and business date."""
    same = {name: proposal[name] for name in ("company_id", "account_id", "flag", "proposed_by")}
    made = {"choice": choice, "decided_by": decider, "decided_on": day, "decided_at": _morning(day)}
    return same | made | {"batch_id": f"{day:%Y%m%d}-{decider}"}


def _add(ledger: Ledger, table: str, rows: Sequence[Row]) -> None:
    """Add rows; one whose key is known already changes that row."""
    known = ledger.setdefault(table, [])
    for row in rows:
        key = KEYS.get(table, "")
        same = next((old for old in known if key in row and old.get(key) == row[key]), None)
        if same is None:
            known.append(dict(row))
        else:
            same.update(row)


def _opening(tables: Mapping[str, Any], start: date) -> Ledger:
    """The ledger as the story gives it, with what it need not say."""
    ledger = {table: _filled(table, rows, start) for table, rows in tables.items() if table != "letters"}
    letters = [letter(account, day) for account, days in tables.get("letters", {}).items() for day in days]
    return ledger | {"contact_log": [*ledger.get("contact_log", []), *letters]}


def _filled(table: str, rows: Sequence[Row], day: date) -> list[Row]:
    """Rows of our own tables and of the contact log with plain defaults; others as they are."""
    fill = {"contact_log": _contact, "notice": _notice, "sanction_override": override}.get(table)
    return [fill(row, day) if fill else dict(row) for row in rows]


def letter(account: str, day: date) -> Row:
    return _contact({"account_id": account, "contacted_at": day, "channel": "letter", "outcome": "delivered"}, day)


def _contact(row: Row, day: date) -> Row:
    on: date = row.get("contacted_at", day)
    full = {"company_id": "C1", "account_id": "A1"} | row | {"contacted_at": _morning(on)}
    return {"log_id": f"{full['channel']}-{full['account_id']}-{on}"} | full


def _notice(row: Row, day: date) -> Row:
    return {"company_id": "C1", "account_id": "A1", "kind": "notice", "sent_on": day} | row


def override(row: Row, day: date) -> Row:
    """An override of this day; a row that only says when a known one ended stays as it is."""
    if "ended_on" in row:
        return dict(row)
    plain = {"override_id": f"override-{day}", "company_id": "C1", "account_id": "A1"}
    return plain | {"author": "manager-chen", "from_on": day} | row


def complete_ledger(ledger: Mapping[str, Sequence[Row]], start: date) -> Ledger:
    """The plain defaults of hand-written ledgers, with the people of the stories."""
    people = {"rep": PEOPLE, "account": [{"account_id": "A1"}]} | dict(ledger)
    accounts = [{"rep_id": "rep-li"} | row for row in people["account"]]
    return complete(people | {"account": accounts}, start)


def _policies(changes: Row | str | list[Row | str], days: Sequence[date], folder: Path) -> dict[date, Policy]:
    """The policy in force on each of these days, of the versions that the story speaks of."""
    if not changes:
        return dict.fromkeys(days, _default_policy())
    folder.mkdir(parents=True)
    for number, change in enumerate(changes if isinstance(changes, list) else [changes]):
        if isinstance(change, str):
            change = yaml.safe_load((POLICIES / f"{change}.yaml").read_text(encoding="utf-8"))
        write_policy(change, folder / f"{number}.yaml")
    versions = {file: load_policy(file) for file in folder.iterdir()}
    return {day: versions[policy_in_force(folder, day)] for day in days}


@cache
def _default_policy() -> Policy:
    return load_policy(DEFAULT_POLICY)


def write_policy(change: Row, file: Path) -> Path:
    """The default policy with this change laid over it, as a file of its own."""
    default = yaml.safe_load(DEFAULT_POLICY.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump(merged(default, change), allow_unicode=True, sort_keys=False), encoding="utf-8")
    return file


def merged(base: Any, change: Any) -> Any:
    """``change`` laid over ``base``: mappings key by key, everything else replaced."""
    if isinstance(base, dict) and isinstance(change, dict):
        return base | {key: merged(base.get(key), value) for key, value in change.items()}
    return change


def _dated(value: Any, start: date | None) -> Any:
    """``D+5`` as a date, wherever it stands."""
    if isinstance(value, dict):
        return {key: _dated(part, start) for key, part in value.items()}
    if isinstance(value, list):
        return [_dated(part, start) for part in value]
    if isinstance(value, str) and (match := re.fullmatch(r"D([+-]\d+)?", value)):
        assert start is not None, f"{value} needs `start`"
        return start + timedelta(days=int(match[1] or 0))
    return value


def _morning(day: date) -> datetime:
    """Two o'clock in UTC, ten in Shanghai: the same calendar day in both."""
    return datetime.combine(day, time(2), UTC)


def _plain(value: Any) -> Any:
    """Numbers compare by value, not by how many zeros they carry; everything else by its text."""
    if isinstance(value, bool) or value is None:
        return value
    return f"{Decimal(str(value)).normalize():f}" if isinstance(value, int | float | Decimal) else str(value)


def _words(row: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{name}: {_plain(value)}" for name, value in row.items()) + "}"
