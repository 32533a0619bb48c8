"""Mails leave in the morning of whoever reads them: a company in Shanghai, one in London, one in New York."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from huikuan.outreach import (
    EmlFolder,
    Smtp,
    SmtpServer,
    attention,
    send_messages,
    tell,
    write_approval_requests,
    write_messages,
    write_reminders,
)
from huikuan.outreach.eligibility import IsWorkday
from huikuan.outreach.people import zone_of
from huikuan.outreach.rows import Company, Flag, Night, Reader, Status
from huikuan.outreach.transport import LostError
from tests.mail_catcher import PASSWORD, USER, Authority, Catcher, mail_server, make_authority
from tests.outbox_samples import rows
from tests.outreach_samples import POLICY as SAMPLE
from tests.outreach_samples import RULES, lay_batch, proposal, publish_night, run_record, task

POLICY = SAMPLE.model_copy(update={"send_from": time(7, 30), "send_until": time(18)})
SUMMER = date(2026, 7, 1)  # a Wednesday
HOLIDAY = date(2026, 7, 3)  # a Friday, Independence Day observed; China and England work
SHORT, LONG = date(2026, 3, 29), date(2026, 10, 25)  # Sundays on which London's clocks change
SHANGHAI, LONDON, NEW_YORK = (ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/London", "America/New_York"))
COMPANIES = [
    Company("CN", "Shanghai Co.", "CNY", "CN", SHANGHAI.key),
    Company("GB", "London Ltd", "GBP", "GB", LONDON.key),
    Company("US", "New York Inc.", "USD", "US", NEW_YORK.key),
]
ABOVE = {"R-CN": "M-CN", "R-GB": "M-GB", "R-US": "M-US", "M-GB": "M-WEST", "M-US": "M-WEST"}
OF_COMPANY = {"R-CN": SHANGHAI, "M-CN": SHANGHAI, "R-GB": LONDON, "M-GB": LONDON, "R-US": NEW_YORK, "M-US": NEW_YORK}
HOME = OF_COMPANY | {"M-WEST": SHANGHAI}
"""Whose clock counts for whom: M-WEST leads people in two zones, so it is the policy's."""


def the_night(day: date, companies: list[Company] = COMPANIES) -> Night:
    """One rep with one account and one task per company, each below a manager of one company, two of them below one."""
    run = run_record(
        run_id=f"{day:%Y%m%d}-0123456789ab",
        business_date=day,
        as_of=day - timedelta(days=1),
        snapshot_id=f"{day:%Y%m%d}-s1",
    )
    keys = {rep_id: (rep_id[2:], f"A-{rep_id[2:]}") for rep_id in ("R-CN", "R-GB", "R-US")}
    readers = [
        Reader(rep_id, rep_id, f"{rep_id.lower()}@example.test", "en", above, role, True)
        for rep_id, above in {**ABOVE, "M-CN": None, "M-WEST": None, "F-DATA": None}.items()
        for role in [{"R": "rep", "M": "manager", "F": "finance"}[rep_id[0]]]
    ]
    tasks = [task(rep_id, key, "call", 1, None, None) for rep_id, key in keys.items()]
    tasks += [task(ABOVE[rep_id], key, "escalate", 1, None, None) for rep_id, key in keys.items()]
    return Night(
        run=run,
        tasks=[replace(row, due_on=day, first_listed_on=day) for row in tasks],
        statuses={key: Status(*key, rep_id, "M0", None, "C", False, None) for rep_id, key in keys.items()},
        readers={reader.rep_id: reader for reader in readers},
        names={key: f"Customer {key[1]}" for key in keys.values()},
        companies={company.company_id: company for company in companies},
        policy=RULES,
        charges={(key[0], rep_id) for rep_id, key in keys.items()},
        payments_complete_to=run.as_of,
        ties_out=True,
    )


@dataclass
class Morning:
    """A night whose mails are written, and a real mail server."""

    url: str
    lake: Path
    day: date
    catcher: Catcher
    authority: Authority

    def send(self, moment: datetime, is_workday: IsWorkday | None = None) -> dict[str, Any]:
        server = SmtpServer(
            "localhost", self.catcher.port, POLICY.sender, user=USER, password=PASSWORD, cafile=self.authority.cafile
        )
        given: dict[str, Any] = {"now": moment, "environment": "production", "is_workday": is_workday}
        return send_messages(self.url, self.lake, self.day, Smtp(server), POLICY, **given)

    def readers(self) -> set[str]:
        """rep_id of everybody who has got mail."""
        return {address.partition("@")[0].upper() for address in self.catcher.recipients}

    def at(self, hour: int, minute: int, zone: ZoneInfo, days: int = 0) -> datetime:
        """A moment by the clock on a wall in that zone, so many days after the business date."""
        return datetime.combine(self.day + timedelta(days=days), time(hour, minute), zone)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def morning(warehouse_url: str, tmp_path: Path, authority: Authority) -> Iterator[Callable[[date], Morning]]:
    """Publish the night of a date and write its mails."""
    with mail_server(authority.server_context()) as catcher:

        def begin(day: date, companies: list[Company] = COMPANIES) -> Morning:
            publish_night(warehouse_url, tmp_path, the_night(day, companies))
            assert write_messages(warehouse_url, tmp_path, day, POLICY) == {"queued": 7}
            return Morning(warehouse_url, tmp_path, day, catcher, authority)

        yield begin


@pytest.mark.parametrize("day", [SUMMER, SHORT, LONG, date(2026, 3, 8), date(2026, 11, 1)])
def test_each_mail_leaves_at_half_past_seven_of_its_own_clock(morning: Callable[[date], Morning], day: date) -> None:
    """Also where clocks change: London's on 29 March and 25 October, New York's on 8 March and 1 November."""
    here = morning(day)
    for zone in (SHANGHAI, LONDON, NEW_YORK):
        before = here.readers()
        here.send(here.at(7, 30, zone) - timedelta(seconds=1))
        assert here.readers() == before
        here.send(here.at(7, 30, zone))
        assert here.readers() - before == {rep_id for rep_id, home in HOME.items() if home == zone}
    assert len(here.catcher.recipients) == 7
    assert {zone for (zone,) in rows(here.url, "timezone")} == {SHANGHAI.key, LONDON.key, NEW_YORK.key}


@pytest.mark.parametrize("day", [SUMMER, SHORT, LONG])
def test_each_mail_expires_at_six_of_its_own_clock(morning: Callable[[date], Morning], day: date) -> None:
    here = morning(day)
    gone: set[str] = set()
    for zone in (SHANGHAI, LONDON, NEW_YORK):
        evening = here.at(18, 0, zone)
        send_messages(here.url, here.lake, day, _Closed(), POLICY, now=evening)
        assert _in_state(here.url, "expired") == gone
        result = send_messages(here.url, here.lake, day, _Closed(), POLICY, now=evening + timedelta(seconds=1))
        gone |= {rep_id for rep_id, home in HOME.items() if home == zone}
        assert _in_state(here.url, "expired") == gone
        assert result["waiting"] == 7 - len(gone)
    assert here.catcher.recipients == []


def test_the_morning_lasts_until_the_last_window_closes(
    morning: Callable[[date], Morning], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Shanghai that is six in the morning of the next day, and somebody may still let a mail go until then."""
    here = morning(SUMMER)
    _park(here.url, "R-US", "the address is outside our own domains")
    assert (here.send(here.at(7, 30, SHANGHAI))["waiting"], here.readers()) == (3, {"R-CN", "M-CN", "M-WEST"})
    late = here.at(17, 0, NEW_YORK)
    assert late.astimezone(SHANGHAI).date() == SUMMER + timedelta(days=1)
    result = here.send(late)
    assert (result["waiting"], result["held"]) == (0, 1)
    [(message_id,)] = rows(here.url, "message_id", "state = 'parked'")
    monkeypatch.setattr(attention, "_decider", lambda *_: None)  # who may decide is another test's question
    attention.release(here.url, here.lake, message_id, by="M-US", now=here.at(17, 10, NEW_YORK))
    assert here.send(here.at(17, 15, NEW_YORK))["sent_now"] == 1
    assert here.send(here.at(18, 1, NEW_YORK))["held"] == 0


@pytest.mark.parametrize("shown", ["accounts", "'[]'::jsonb"])
def test_a_holiday_holds_the_mail_of_its_own_company_alone(morning: Callable[[date], Morning], shown: str) -> None:
    """New York rests on 3 July 2026; in its morning it is evening in Shanghai, on the same day of the calendar.

    The same for a list with nothing to do, which shows no account.
    """
    here = morning(HOLIDAY)
    with psycopg.connect(here.url) as connection:
        connection.execute(f"UPDATE store.message SET accounts = {shown}")
    for zone in (SHANGHAI, LONDON, NEW_YORK):
        here.send(here.at(7, 30, zone), RULES.calendars.is_workday)
    assert here.readers() == {"R-CN", "M-CN", "R-GB", "M-GB", "M-WEST"}
    reasons = set(rows(here.url, "recipient, state, last_error", "state <> 'sent'"))
    rest = "2026-07-03 is no workday of calendar US"
    assert reasons == {("R-US", "suppressed", rest), ("M-US", "suppressed", rest)}


def test_the_day_is_that_of_the_reader(morning: Callable[[date], Morning]) -> None:
    """At five in the afternoon in New York it is the next day in Shanghai, which may be one of rest."""
    here = morning(HOLIDAY - timedelta(days=1))
    here.send(here.at(17, 0, NEW_YORK), RULES.calendars.is_workday)
    assert here.readers() == {"R-US", "M-US"}
    asked: set[date] = set()
    tomorrow = morning(SUMMER)

    def is_workday(_: str, day: date) -> bool:
        asked.add(day)
        return True

    tomorrow.send(tomorrow.at(17, 0, NEW_YORK), is_workday)
    assert asked == {SUMMER}


def test_files_are_all_written_at_once(morning: Callable[[date], Morning], tmp_path: Path) -> None:
    """No moment lies in the windows of Shanghai and New York; each file is written as of its own."""
    here = morning(SUMMER)
    first = POLICY.window(SUMMER)[0]
    result = send_messages(here.url, here.lake, SUMMER, EmlFolder(tmp_path / "m"), POLICY, now=first, at_opening=True)
    assert result["states"] == {"sent": 7}
    assert dict(rows(here.url, "recipient, sent_at")) == {
        rep_id: here.at(7, 30, zone).astimezone(UTC) for rep_id, zone in HOME.items()
    }


def test_people_are_told_of_what_failed_in_their_own_morning(morning: Callable[[date], Morning]) -> None:
    """Shanghai's is told while New York sleeps; New York's is told once its own mails have left, not before."""
    here = morning(SUMMER)
    here.send(here.at(7, 30, SHANGHAI))
    _park(here.url, "R-CN", "it may have arrived", attempts=1)
    _park(here.url, "R-US", "it may have arrived", attempts=1)
    assert tell(here.url, here.lake, SUMMER, POLICY, now=here.at(7, 31, SHANGHAI)) == 1
    assert rows(here.url, "recipient, timezone", "kind = 'undelivered'") == [("M-CN", SHANGHAI.key)]
    here.send(here.at(7, 30, LONDON))
    assert tell(here.url, here.lake, SUMMER, POLICY, now=here.at(7, 31, LONDON)) == 0
    here.send(here.at(7, 30, NEW_YORK))
    assert tell(here.url, here.lake, SUMMER, POLICY, now=here.at(7, 31, NEW_YORK)) == 1
    told = rows(here.url, "recipient, not_before, not_after", "kind = 'undelivered' AND recipient = 'M-US'")
    assert told == [("M-US", here.at(7, 30, NEW_YORK), here.at(18, 0, NEW_YORK))]


def test_nobody_is_told_after_their_own_window(morning: Callable[[date], Morning]) -> None:
    here = morning(SUMMER)
    here.send(here.at(7, 30, SHANGHAI))
    here.send(here.at(7, 30, NEW_YORK))
    _park(here.url, "R-CN", "it may have arrived", attempts=1)
    assert tell(here.url, here.lake, SUMMER, POLICY, now=here.at(18, 1, SHANGHAI)) == 0


def test_a_zone_that_does_not_exist_is_the_policys(morning: Callable[..., Morning]) -> None:
    """Validation takes such a company out; should one come through, its mails still leave."""
    night = the_night(SUMMER, [COMPANIES[0], COMPANIES[1], replace(COMPANIES[2], timezone="Mars/Olympus")])
    assert {rep_id: zone_of(night, night.readers[rep_id], POLICY) for rep_id in ("R-US", "M-US", "M-GB")} == {
        "R-US": SHANGHAI.key,
        "M-US": SHANGHAI.key,
        "M-GB": LONDON.key,
    }
    here = morning(SUMMER, list(night.companies.values()))
    here.send(here.at(7, 30, SHANGHAI))
    assert here.readers() == {"R-CN", "M-CN", "R-US", "M-US", "M-WEST"}


def test_whoever_has_no_accounts_has_the_policys_zone() -> None:
    night = the_night(SUMMER)
    assert zone_of(night, night.readers["F-DATA"], POLICY) == SHANGHAI.key
    nobody = replace(night, charges=set())
    assert zone_of(nobody, night.readers["R-US"], POLICY) == SHANGHAI.key


@pytest.mark.parametrize(
    ("approver", "hours", "zone", "first", "last"),
    [
        ("M-CN", 10, SHANGHAI, "07:30+08:00", "15:00+08:00"),
        ("M-GB", 10, LONDON, "07:30+01:00", "08:00+01:00"),
        ("M-US", 10, SHANGHAI, "07:30+08:00", "15:00+08:00"),  # its own window opens after the deadline
        ("M-US", 20, NEW_YORK, "07:30-04:00", "13:00-04:00"),
    ],
)
def test_who_is_asked_is_asked_before_the_deadline(
    morning: Callable[[date], Morning], approver: str, hours: int, zone: ZoneInfo, first: str, last: str
) -> None:
    """Opened at five in Shanghai. The deadline is told by the approver's own clock, whenever the mail leaves."""
    here = morning(SUMMER)
    opened = here.at(5, 0, SHANGHAI)
    key = (approver[2:], f"A-{approver[2:]}")
    _ask(here, proposal(key, 1, "stop_supply", approver_id=approver, batch_id="20260701-0f1e2d3c4b"), opened)
    given: dict[str, Any] = {"answer_within_hours": hours, "written_at": opened}
    asked = ["20260701-0f1e2d3c4b"]
    assert write_approval_requests(here.url, here.lake, SUMMER, POLICY, asked, **given) == {"queued": 1}
    given |= {"remind_after_hours": 6, "written_at": opened + timedelta(hours=6)}
    assert write_reminders(here.url, here.lake, SUMMER, POLICY, asked, **given) == {"queued": 1}
    for row in rows(here.url, "not_before, not_after, timezone, content", "kind LIKE 'approval%'"):
        assert [_clock(moment, zone) for moment in row[:2]] == [first, last]
        assert row[2] == zone.key
        until = (opened + timedelta(hours=hours)).astimezone(OF_COMPANY[approver])
        assert f"{until:%H:%M} (UTC{until.isoformat()[-6:]})" in _text(row[3])


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="minutes").partition("T")[2]


def _text(content: bytes) -> str:
    part = email.message_from_bytes(content, policy=email.policy.default).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def _ask(here: Morning, row: Any, opened: datetime) -> None:
    """Put one proposal before an approver, in a night published again with it."""
    night = the_night(here.day)
    flag = Flag(row.company_id, row.account_id, row.flag, "proposed", row.reason, row.approver_id)
    again = replace(night.run, run_id=f"{here.day:%Y%m%d}-ffffffffffff")
    publish_night(here.url, here.lake, replace(night, run=again, flags=[flag]))
    lay_batch(here.url, again.run_id, [row], opened)
    with psycopg.connect(here.url) as connection:
        connection.execute("UPDATE store.referral_batch SET business_date = %s", [here.day])


class _Closed:
    """A server that never takes anything, for those who come too late to ask."""

    leaves_the_house = False

    def prepare(self, _: object) -> None:
        raise LostError("closed")

    def deliver(self, mail: object) -> None:
        raise AssertionError(mail)

    def close(self) -> None:
        """Nothing to end."""


def _in_state(url: str, state: str) -> set[str]:
    return {recipient for (recipient,) in rows(url, "recipient", f"state = '{state}'")}


def _park(url: str, recipient: str, because: str, attempts: int = 0) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            "UPDATE store.message SET state = 'parked', last_error = %s, attempts = %s WHERE recipient = %s"
            " AND kind IN ('digest', 'escalation')",
            [because, attempts, recipient],
        )
