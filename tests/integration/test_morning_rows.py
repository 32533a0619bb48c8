"""The rows of a morning, published and read back: what the mails are made of is what the night found."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from huikuan.cli import app
from huikuan.errors import OutreachError
from huikuan.outreach.news import Recovery, read_recoveries
from huikuan.outreach.people import groups
from huikuan.outreach.reading import newest_run, read_frame, read_night, read_rows
from huikuan.outreach.rows import Night, Reader
from huikuan.outreach.worklists import (
    Digest,
    Escalation,
    check_scope,
    digests,
    each_digest,
    each_escalation,
    escalations,
)
from huikuan.warehouse.connect import connect
from tests.morning_samples import MONDAY, account, morning
from tests.outreach_samples import publish_night, run_record


def read_back(url: str, lake: Path, day: date) -> Night:
    with connect(url, "mailer") as connection:
        run = newest_run(connection, day)
        assert run is not None
        return read_night(connection, lake, run)


def in_order(night: Night) -> Night:
    """The same night with its lists as the database sorts them."""
    return replace(
        night,
        tasks=sorted(night.tasks, key=lambda row: (row.rank, row.task_id)),
        flags=sorted(night.flags, key=lambda row: (row.company_id, row.account_id, row.flag)),
        warnings=sorted(night.warnings, key=lambda row: (row.company_id, row.account_id)),
        changes=sorted(night.changes, key=lambda row: (row.company_id, row.account_id, row.change)),
        ends=sorted(night.ends, key=lambda row: row.task_id),
        handovers=sorted(night.handovers, key=lambda row: (row.company_id, row.account_id)),
        goals=sorted(night.goals, key=lambda row: (row.rep_id or "", row.currency)),
        recoveries=[],
    )


def test_a_morning_is_read_as_it_was_published(warehouse_url: str, tmp_path: Path) -> None:
    tuesday = MONDAY + timedelta(days=1)
    night = morning(tuesday)
    publish_night(warehouse_url, tmp_path, night)
    found = read_back(warehouse_url, tmp_path, tuesday)
    assert in_order(found) == in_order(night)
    for worklist in [*digests(found), *escalations(found)]:
        check_scope(worklist, found)


@pytest.mark.parametrize("day", [MONDAY, MONDAY + timedelta(days=1)])
@pytest.mark.parametrize("size", [1, 4, 500])
def test_lists_are_the_same_whoever_is_read_together(warehouse_url: str, tmp_path: Path, size: int, day: date) -> None:
    """A company of any size is read team by team; nobody's mail may know of it."""
    night = morning(day)
    above = Reader("M-TOP", "Wang Top", "top@example.test", "en", None, "manager", True)
    below = {rep: replace(row, manager_id=row.manager_id or "M-TOP") for rep, row in night.readers.items()}
    orphan = Reader("R-ORPHAN", "Ole Orphan", "ole@example.test", "en", "GONE", "rep", True)
    readers = below | {"M-TOP": above, "R-ORPHAN": orphan}
    publish_night(warehouse_url, tmp_path, replace(night, readers=readers))
    whole = read_back(warehouse_url, tmp_path, day)
    found: list[Digest | Escalation] = []
    with connect(warehouse_url, "mailer") as connection:
        frame = read_frame(connection, tmp_path, whole.run)
        for group in groups(frame, size):
            part = read_rows(connection, tmp_path, frame, group.people)
            lists = [*each_digest(part, group.digests), *each_escalation(part, "https://a.test", group.escalations)]
            for worklist in lists:
                check_scope(worklist, part)
            found += lists
    wanted = [*digests(whole), *escalations(whole, "https://a.test")]
    key = attrgetter("__class__.__name__", "reader.rep_id")
    for one, other in zip(sorted(found, key=key), sorted(wanted, key=key), strict=True):
        assert asdict(one) == asdict(other), one.reader.rep_id


def test_targets_of_a_rep_are_summed_per_currency(warehouse_url: str, tmp_path: Path) -> None:
    night = morning()
    publish_night(warehouse_url, tmp_path, night)
    [goal] = [row for row in read_back(warehouse_url, tmp_path, MONDAY).goals if row.rep_id == "R-EN"]
    assert (goal.currency, goal.target, goal.received) == ("USD", Decimal(900000), Decimal(310000))


def test_a_week_of_recoveries_is_read_on_mondays(warehouse_url: str, tmp_path: Path) -> None:
    """Of the last seven days and not of the eighth: tasks that money ended, promises that were kept."""
    for days, number in ((8, 1), (4, 2), (0, 3)):
        day = MONDAY - timedelta(days=days)
        night = morning(day)
        run = run_record(business_date=day, as_of=day - timedelta(days=1), run_id=f"{day:%Y%m%d}-0123456789a{number}")
        ends = [replace(row, amount=Decimal(number), task_id=f"{row.task_id}-{number}") for row in night.ends[:1]]
        kept = [replace(row, amount=Decimal(10 * number)) for row in night.changes if row.change == "kept"][:1]
        run = replace(run, snapshot_id=f"{day:%Y%m%d}-s1")
        publish_night(warehouse_url, tmp_path, replace(night, run=run, ends=ends, changes=kept, goals=[]))
    with connect(warehouse_url, "mailer") as connection:
        found = read_recoveries(connection, MONDAY)
    assert [(row.amount, row.is_promise_kept) for row in found] == [(2, False), (3, False), (20, True), (30, True)]
    assert found[0] == Recovery(
        *account("R-ZH", 1), "R-ZH", "call", "CNY", Decimal(2), None, MONDAY - timedelta(days=4), False
    )
    assert read_back(warehouse_url, tmp_path, MONDAY).recoveries == found
    assert read_back(warehouse_url, tmp_path, MONDAY - timedelta(days=4)).recoveries == []


def test_the_command_line_writes_a_preview(warehouse_url: str, tmp_path: Path) -> None:
    publish_night(warehouse_url, tmp_path, morning())
    out = tmp_path / "out"
    where = ["--date", "2025-06-30", "--lake", str(tmp_path), "--warehouse", warehouse_url]
    shown = CliRunner().invoke(
        app, ["mail", "preview", "--rep", "R-EN", "--out", str(out), "--no-png", "--locale", "zh_CN", *where]
    )
    assert shown.exit_code == 0, shown.output
    names = ["2025-06-30-digest-R-EN.eml", "2025-06-30-digest-R-EN.html"]
    assert shown.output.split() == [str(out / name) for name in names]
    assert "您的催款清单" in (out / names[1]).read_text(encoding="utf-8")
    nobody = CliRunner().invoke(app, ["mail", "preview", "--rep", "R-LEFT", "--no-png", *where])
    assert isinstance(nobody.exception, OutreachError)
    assert "gets no list on 2025-06-30" in nobody.exception.problem
    early = CliRunner().invoke(
        app, ["mail", "gallery", "--out", str(out), "--date", "2025-06-29", "--lake", str(tmp_path), *where[4:]]
    )
    assert isinstance(early.exception, OutreachError)
