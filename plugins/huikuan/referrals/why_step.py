"""The next sanction that only time and missing notices keep away (下一步惩戒): the first day it can be proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from huikuan.policy.ladder import Sanction
from huikuan.policy.model import PolicyBody
from huikuan.referrals.why_replay import Added, Row, Stored
from huikuan.referrals.why_trial import HYPOTHETICAL, STANDING, Idea, Outcome, Trial, morning

_DAY = timedelta(days=1)


def next_step(stored: Stored, body: PolicyBody, facts: Mapping[str, Any]) -> list[Idea]:
    """At most one idea: the sanction is proposed on that day and not on the day before.

    It is proved by replaying both nights, with the missing notices delivered on the first days that count. Nothing
    when the account has no next step, the sanction stands already, or something else than time keeps it away.
    """
    status, today = facts["status"], stored.identity.business_date
    if status["ladder_next_on"] is None or status["oldest_due_on"] is None:
        return []
    notices = missing(
        facts["notices"], status["ladder_next_step"], max(status["ladder_next_on"], today), status["oldest_due_on"]
    )
    sanction = _sanction(body, status["ladder_next_step"], notices)
    earliest = _earliest(body, facts, sanction, notices, today)
    if earliest is None:
        return []
    day = entry_day(facts["rules"], sanction.flag, status["oldest_due_on"], earliest)
    if day is None:
        return []
    added = _notice_rows(stored, facts["accepted"], notices)
    nights = [night for night in (day, day - _DAY) if night > today]

    def claims(outcomes: Sequence[Outcome]) -> list[Row]:
        state, *before = (outcome.flags.get(sanction.flag) for outcome in outcomes)
        if state not in STANDING or any(each in STANDING for each in before):
            return []
        named = [{"notice": each["notice"], "on": each["on"]} for each in notices]
        return [{"kind": "step", "flag": sanction.flag, "state": state, "seen_on": day, "notices": named}]

    return [Idea([Trial(night, added) for night in nights], claims)]


def missing(notices: Sequence[Row], first: str, first_on: date, oldest_due_on: date) -> list[Row]:
    """The notices from ``first`` on, each on the first day that counts; none when ``first`` is a sanction."""
    places = [place for place, notice in enumerate(notices) if notice["notice"] == first]
    found: list[Row] = []
    for notice in notices[places[0] :] if places else []:
        on = first_on
        if found:
            wait = timedelta(days=max(notice["wait_days"], 1))
            on = max(oldest_due_on + timedelta(days=notice["from_days"]), found[-1]["on"] + wait)
        found.append({"notice": notice["notice"], "place": notice["place"], "on": on})
    return found


def entry_day(rules: Sequence[Row], flag: str, oldest_due_on: date, earliest: date) -> date | None:
    """The first day on which an entry rule can hold if all but the days past due stays; None: the rest keeps it off."""
    days = []
    for rule in rules:
        others = [each["is_met"] for each in rule["conditions"] if each["fact"] != "days_past_due"]
        if rule["decision"] == f"flag:{flag}" and all(others):
            late = [each["over"] for each in rule["conditions"] if each["fact"] == "days_past_due" and each["over"]]
            days.append(max(earliest, oldest_due_on + timedelta(days=int(max(late, default=0)) + 1)))
    return min(days, default=None)


def _sanction(body: PolicyBody, step: str, notices: Sequence[Row]) -> Sanction:
    """The first sanction after notices, else the one that is the next step itself."""
    return body.ladder.sanctions[0] if notices else next(each for each in body.ladder.sanctions if each.flag == step)


def _earliest(
    body: PolicyBody, facts: Mapping[str, Any], sanction: Sanction, notices: Sequence[Row], today: date
) -> date | None:
    """The first day as far as waiting decides; None when the sanction stands already."""
    if notices:
        earliest: date = notices[-1]["on"] + timedelta(days=max(sanction.wait_days, 1))
    else:
        earliest = max(facts["status"]["ladder_next_on"], today + _DAY)
    standing = next((row for row in facts["flags"] if row["flag"] == sanction.flag), None)
    if standing is None or standing["state"] == "released":
        return earliest
    if standing["state"] != "rejected":
        return None
    rested: date = standing["since"] + timedelta(days=body.ladder.rejected_rest_days)
    return max(earliest, rested)


def _notice_rows(stored: Stored, accepted: Sequence[Row], notices: Sequence[Row]) -> Added:
    """Rows that show the delivery of each notice, of a kind that the policy accepts for it; letters go first."""
    own = {"company_id": stored.key[0], "account_id": stored.key[1]}
    added: dict[str, list[Row]] = {}
    for notice in notices:
        kinds = [row for row in accepted if row["place"] == notice["place"]]
        kind = min(kinds, key=lambda row: (row["source"] != "contact", row["channel"] != "letter", row["outcome"]))
        mark = f"{HYPOTHETICAL}-{notice['place']}"
        if kind["source"] == "contact":
            row = {"log_id": mark, "contacted_at": morning(notice["on"])}
            row |= {"channel": kind["channel"], "outcome": kind["outcome"]}
            added.setdefault("contact_log", []).append(own | row)
        else:
            row = {"message_id": mark, "kind": kind["channel"], "sent_on": notice["on"]}
            added.setdefault("notice", []).append(own | row)
    return added
