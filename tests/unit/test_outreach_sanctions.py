"""What mails say about sanctions: held back, to approve, ended; early warnings; and the mails to approvers."""

from __future__ import annotations

import html
import re
import shlex
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huikuan.errors import InvariantError, OutreachError
from huikuan.outreach.message import bodies, compose
from huikuan.outreach.outbox import plan_mails
from huikuan.outreach.rows import Cap, EarlyWarning, Flag, Night, Reader
from huikuan.outreach.sanctions import actions_page
from huikuan.outreach.sentences import SUBJECT_LENGTH, subject
from huikuan.outreach.workbook import workbook
from huikuan.outreach.worklists import (
    Approval,
    ApprovalKind,
    Digest,
    Escalation,
    Worklist,
    approvals,
    check_scope,
    digests,
    escalations,
    shown_accounts,
)
from huikuan.wording import Wording
from tests.outreach_samples import (
    BATCH_ID,
    CONTENT_HASH,
    DAY,
    OPENED_AT,
    POLICY,
    WRITTEN_AT,
    asking_night,
    balance,
    eventful_night,
    proposal,
    run_record,
    sample_night,
    status,
    task,
)

GOLDEN = Path(__file__).parents[1] / "golden"
TEN_HOURS = timedelta(hours=10)
PAGE = "https://airflow.example.test/required_actions?response_received=false"
B200, B201 = ("US", "B-200"), ("US", "B-201")


def in_english(night: Night) -> Night:
    return replace(night, readers={key: replace(reader, locale="en") for key, reader in night.readers.items()})


def digest_of(rep_id: str, night: Night) -> Digest:
    return next(each for each in digests(night) if each.reader.rep_id == rep_id)


def approval(kind: ApprovalKind = "approval", night: Night | None = None, page: str | None = PAGE) -> Approval:
    [found] = approvals(night or asking_night(), kind, TEN_HOURS, lambda _: "Asia/Shanghai", page)
    return found


def samples() -> dict[str, Worklist]:
    """Every mail whose wording is agreed, by the name of its file in tests/golden."""
    night, english = eventful_night(), in_english(eventful_night())
    return {
        "eventful-digest-zh_CN": digest_of("R-LI", night),
        "eventful-digest-en": digest_of("R-ANNA", night),
        "eventful-claim-zh_CN": digest_of("L-WU", night),
        "eventful-claim-en": digest_of("L-WU", english),
        "eventful-escalation-zh_CN": escalations(night)[0],
        "eventful-escalation-en": escalations(english)[0],
        "approval-zh_CN": approval(),
        "approval-en": approval(night=in_english(asking_night())),
        "approval_reminder-zh_CN": approval("approval_reminder", page=None),
        "approval_reminder-en": approval("approval_reminder", in_english(asking_night()), page=None),
    }


@pytest.mark.parametrize("name", sorted(samples()))
def test_mails_read_as_agreed(name: str) -> None:
    """The files in tests/golden are what people get: read them before changing them."""
    text, _ = bodies(samples()[name], POLICY)
    assert text == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["eventful-escalation-zh_CN", "approval-en"])
def test_pages_look_as_agreed(name: str) -> None:
    _, page = bodies(samples()[name], POLICY)
    assert page == (GOLDEN / f"{name}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(samples()))
def test_text_and_page_say_the_same(name: str) -> None:
    """Every number and id of the page stands in the text too: each part is complete by itself."""
    text, page = bodies(samples()[name], POLICY)
    content = page[page.index("<h1") :]
    plain = html.unescape(re.sub(r"<[^>]+>", " ", content))
    words, said = (set(re.findall(r"[\w.,/-]+", part)) for part in (plain, text))
    telling = {word for word in words if re.search(r"\d\d|[A-Z]-\d", word)}
    assert len(telling) > 5
    assert telling <= said


def test_sections_are_there_only_when_they_have_rows() -> None:
    for worklist in [*digests(sample_night()), *escalations(sample_night())]:
        text, page = bodies(worklist, POLICY)
        for word in (
            "Released",
            "解除",
            "warnings",
            "预警",
            "approve",
            "审批",
            'class="alarm',
            "policy allows",
            "上限",
        ):
            assert word not in text
            assert word not in page


# --- who hears what ---


def test_releases_go_to_the_rep_in_charge_and_to_the_managers_above() -> None:
    night = eventful_night()
    assert [row.account_id for row in digest_of("R-LI", night).releases] == ["A-103"]
    assert [row.account_id for row in digest_of("R-ANNA", night).releases] == ["B-201"]
    assert digest_of("R-IDLE", night).releases == ()
    [escalation] = escalations(night)
    assert [row.account_id for row in escalation.releases] == ["A-103", "B-201", "B-202"]


def test_a_manager_hears_nothing_of_other_teams() -> None:
    """R-LI works for another manager now, in another company: neither releases nor held sanctions cross over."""
    night = eventful_night()
    other = replace(night.readers["M-CHEN"], rep_id="M-CN")
    night = replace(
        night,
        readers={**night.readers, "M-CN": other, "R-LI": replace(night.readers["R-LI"], manager_id="M-CN")},
    )
    found = {each.reader.rep_id: each for each in escalations(night)}
    assert [row.account_id for row in found["M-CN"].releases] == ["A-103"]
    assert [row.company for row in found["M-CN"].held] == [night.companies["CN"].name]
    assert (found["M-CN"].to_approve, found["M-CN"].without_approver) == (0, 1)
    assert [row.account_id for row in found["M-CHEN"].releases] == ["B-201", "B-202"]
    assert found["M-CHEN"].held == ()
    assert (found["M-CHEN"].to_approve, found["M-CHEN"].without_approver) == (3, 0)


def test_a_company_belongs_to_its_manager_also_when_no_mail_shows_an_account_of_it() -> None:
    """Companies are told from everybody in charge there, not from the accounts that happen to be listed today."""
    night = eventful_night()
    night = replace(night, statuses={}, tasks=[], flags=[], warnings=[])
    assert [row.transition for row in escalations(night)[0].held] == ["proposed"]
    elsewhere = replace(night, charges={("CN", "R-ELSE"), ("US", "R-ANNA")}, readers={**night.readers, "M-ELSE": ELSE})
    assert escalations(elsewhere)[0].held == escalations(elsewhere)[0].held
    found = {each.reader.rep_id: len(each.held) for each in escalations(elsewhere)}
    assert found == {"M-CHEN": 1, "M-ELSE": 1}  # nobody leads R-ELSE: every manager hears of CN
    led = replace(elsewhere, readers={**elsewhere.readers, "R-ELSE": replace(ELSE, rep_id="R-ELSE", role="rep")})
    led = replace(led, readers={**led.readers, "R-ELSE": replace(led.readers["R-ELSE"], manager_id="M-ELSE")})
    assert {each.reader.rep_id: len(each.held) for each in escalations(led)} == {"M-CHEN": 0, "M-ELSE": 1}


ELSE = Reader("M-ELSE", "Else", "else@example.test", "en", None, "manager", True)


def test_only_this_readers_approvals_are_counted() -> None:
    night = eventful_night()
    flags = [replace(flag, approver_id="F-DATA") if flag.approver_id else flag for flag in night.flags]
    [escalation] = escalations(replace(night, flags=flags))
    assert (escalation.to_approve, escalation.without_approver) == (0, 1)


def test_a_day_with_nothing_but_news() -> None:
    """No tasks: the mail still has a subject with a number, a workbook, and does not say that nothing happened."""
    night = replace(in_english(eventful_night()), tasks=[])
    digest = digest_of("R-ANNA", night)
    assert subject(digest, Wording("en")) == "1 customer released · 2 early warnings"
    assert "Nobody has to be called today" in bodies(digest, POLICY)[0]
    book = openpyxl.load_workbook(BytesIO(workbook(digest, Wording("en"), WRITTEN_AT)))
    assert book.sheetnames == ["Releases", "Early warnings"]
    [escalation] = escalations(replace(night, caps=[], statuses={("CN", "A-103"): night.statuses["CN", "A-103"]}))
    assert subject(escalation, Wording("zh_CN")) == "待审批 3 项 · 无人可批 1 项"
    assert "read what became of the sanctions" in bodies(escalation, POLICY)[0]


def test_somebody_in_charge_who_is_no_rep_gets_the_news_too() -> None:
    night = eventful_night()
    night = replace(night, statuses={**night.statuses, B201: status(B201, "F-DATA", "M1", None, 3)})
    found = digest_of("F-DATA", night)
    assert ([row.account_id for row in found.releases], len(found.warnings), found.lines) == (["B-201"], 1, ())


def test_subjects_put_what_is_held_back_first() -> None:
    [escalation] = escalations(in_english(eventful_night()))
    assert subject(escalation, Wording("en")).startswith("37 sanctions held back · 1 to decide")


# --- the sections ---


def test_accounts_of_the_mail_are_those_shown() -> None:
    [escalation] = escalations(eventful_night())
    mail = compose(escalation, POLICY, WRITTEN_AT)
    assert mail.accounts == [("CN", "A-100"), ("CN", "A-103"), ("US", "B-201"), ("US", "B-202")]


def test_held_sanctions_say_what_to_do_and_name_no_account() -> None:
    caps = [
        Cap("CN", "proposed", 1, Decimal("4.04"), None, None),
        Cap("US", "active", 12, Decimal("30.00"), Decimal("5.0000"), Decimal("99.95")),
        Cap("XX", "proposed", 9, Decimal("100.00"), None, None),
    ]
    night = in_english(replace(eventful_night(), caps=caps, charges={*eventful_night().charges, ("XX", None)}))
    text, _ = bodies(escalations(night)[0], POLICY)
    assert "1 new sanction (4% of the customers with money open) is more than the policy allows." in text
    assert "12 approved sanctions would begin today (30% of the customers with money open, 100% of what is" in text
    assert "XX: 9 new sanctions (100% of the customers" in text
    assert text.count("A payments feed that did not load looks like this") == 1


@pytest.mark.parametrize(
    "flag", ["stop_supply", "stop_service", "terminate_authorization", "reputation_notice", "legal_referral", "of_2031"]
)
@pytest.mark.parametrize(
    "reason",
    [
        "release.payment",
        "release.credit",
        "release.write_off",
        "release.dispute",
        "release.promise",
        "release.override",
        "release.exempt",
        "release.facts",
        "release.of_2031",
        "{{ conn.erp.password }}",
        "",
    ],
)
def test_every_release_can_be_said(flag: str, reason: str) -> None:
    """A sanction or a reason of a later policy is printed as it is."""
    night = replace(eventful_night(), flags=[Flag(*B201, flag, "released", reason, None)])
    for each in (night, in_english(night)):
        text, _ = bodies(digest_of("R-ANNA", each), POLICY)
        [told] = re.findall(r"^- (?:Released|解除惩戒): O'Neill <Marine> Supplies \(B-201\) – (.+)$", text, re.M)
        assert len(re.findall(r"[.。]", told)) >= 3  # what to do again, what has ended, why
    assert ("of 2031" in text) == ("of_2031" in flag + reason)


def test_unknown_kinds_and_rules_do_not_stop_a_mail() -> None:
    night = in_english(eventful_night())
    odd = task("R-ANNA", B200, "kind_of_2031", 1, "5", "USD")
    reasons = {row.task_id: ["rule.of_2031", "</td>"] for row in [*night.tasks, odd]}
    night = replace(night, tasks=[*night.tasks, odd], reasons=reasons)
    text, _ = bodies(digest_of("R-ANNA", night), POLICY)
    assert "Ask for USD 5.00" in text
    assert "Warning: something new." in text


def test_claims_ask_for_the_administrator_first() -> None:
    [line] = digest_of("L-WU", eventful_night()).lines
    assert line.contact is not None
    assert (line.contact.name, line.contact.role) == ("管理人", "other")
    night = replace(eventful_night(), contacts={})
    text, _ = bodies(digest_of("L-WU", in_english(night)), POLICY)
    assert "File a proof of claim for CNY 96,000.00 with the administrator by 1 Jul 2025." in text


def crowded(tasks: int, releases: int, warnings: int) -> Night:
    keys = [("CN", f"K-{n:03d}") for n in range(max(tasks, releases, warnings))]
    names = dict.fromkeys(keys, "客户名称很长很长很长很长很长很长很长很长很长很长有限公司")
    return replace(
        sample_night(),
        tasks=[task("R-LI", key, "call", n + 1, "123456789.12", "CNY") for n, key in enumerate(keys[:tasks])]
        + [task("M-CHEN", key, "escalate", n + 1, "123456789.12", "CNY") for n, key in enumerate(keys[:tasks])],
        statuses={key: status(key, "R-LI", "M3", "M2", 70) for key in keys},
        balances={key: [balance(key, "CNY", "223456789.12", 70)] for key in keys},
        names=names,
        flags=[Flag(*key, flag, "released", "release.payment", None) for key in keys[:releases] for flag in LADDER],
        warnings=[EarlyWarning(*key, "limit_nearly_used", "r") for key in keys[:warnings]],
        caps=[Cap("CN", kind, 99, Decimal(50), None, Decimal(50)) for kind in ("proposed", "active")],
    )


LADDER = ("stop_supply", "stop_service", "terminate_authorization", "reputation_notice", "legal_referral")


@pytest.mark.parametrize("rows", [25, 10, 1])
@pytest.mark.parametrize(
    ("tasks", "releases", "warnings"), [(60, 60, 60), (5, 60, 60), (0, 60, 60), (60, 2, 0), (20, 3, 3), (3, 0, 40)]
)
def test_all_sections_together_keep_the_bounds(tasks: int, releases: int, warnings: int, rows: int) -> None:
    """At most 25 rows and 90 KB; a short list is never pushed out; the workbook holds everything."""
    night = crowded(tasks, releases, warnings)
    policy = POLICY.model_copy(update={"max_rows_in_mail": rows})
    lists: list[Digest | Escalation] = [digest_of("R-LI", night), escalations(night)[0]]
    for worklist in lists:
        text, page = bodies(worklist, policy)
        shown = page.count('class="box"') + len(re.findall('scope="row', page))
        if isinstance(worklist, Digest):
            assert shown == min(rows, tasks + min(releases, 6) + warnings)
            told = len(re.findall(r"^\d+\. ", text, re.M))
            assert told >= min(tasks, rows // 2)
        else:
            assert min(rows, tasks) <= shown <= rows
        assert len(page.encode()) < 90_000
        book = openpyxl.load_workbook(BytesIO(workbook(worklist, Wording("en"), WRITTEN_AT)))
        heights = {page.title: page.max_row - 1 for page in book.worksheets}
        assert heights.get("List", 0) == tasks
        assert heights.get("Releases", 0) == releases * len(LADDER)
        assert heights.get("Early warnings", 0) == (warnings if isinstance(worklist, Digest) else 0)


# --- mails to approvers ---


def test_an_approval_says_who_may_answer_what_until_when() -> None:
    found = approval()
    assert found.answer_by == OPENED_AT + TEN_HOURS
    text, page = bodies(found, POLICY)
    for body in (text, page):
        assert BATCH_ID in body
        assert CONTENT_HASH in body
        assert "2025年7月1日 17:05 (UTC+08:00)" in body
        assert "不答复即为不批准" in body
        assert "CN/A-100" in body
        assert "1,295,501.90" not in body  # CNY and USD are never summed
    assert subject(found, Wording("zh_CN")) == "待审批惩戒 3 项 · CNY 128.4万 · USD 1.2万"
    assert subject(approval("approval_reminder"), Wording("en")) == "Reminder: 3 to approve · CNY 1.3M · USD 12K"


def test_the_only_link_is_the_one_from_settings() -> None:
    _, page = bodies(approval(), POLICY)
    assert re.findall('href="([^"]*)"', page) == [PAGE]
    _, page = bodies(approval(page=None), POLICY)
    assert "href" not in page


@pytest.mark.parametrize(
    ("base_url", "page"),
    [
        (None, None),
        ("", None),
        ("http://localhost:8080", "http://localhost:8080/required_actions?response_received=false"),
        ("https://a.test/air_flow-1/", "https://a.test/air_flow-1/required_actions?response_received=false"),
    ],
)
def test_base_url(base_url: str | None, page: str | None) -> None:
    assert actions_page(base_url) == page


@pytest.mark.parametrize(
    "base_url",
    [
        "javascript:alert(1)",
        "airflow.test",
        "/airflow",
        "https://u:p@a.test",
        "https://a.test/?x=1",
        "https://a b",
        'https://a"',
    ],
)
def test_base_url_that_is_none(base_url: str) -> None:
    with pytest.raises(OutreachError, match="base URL"):
        actions_page(base_url)


def test_commands_can_be_pasted_whatever_the_ids_are() -> None:
    found = approval()
    odd = replace(found, reader=replace(found.reader, rep_id="M'; rm -rf ~"))
    text, _ = bodies(odd, POLICY)
    [show, approve, reject] = re.findall(r"^ +python .*$", text, re.M)
    assert shlex.split(show)[-2:] == ["show", BATCH_ID]
    assert shlex.split(approve)[-4:] == ["approve", BATCH_ID, "--as", "M'; rm -rf ~"]
    assert shlex.split(reject)[-4:] == ["reject", BATCH_ID, "--as", "M'; rm -rf ~"]


def test_an_approval_has_an_identity_per_batch_and_kind() -> None:
    night = asking_night()
    later = replace(night, proposals=[replace(row, batch_id="20250701-ffffffffff") for row in night.proposals])
    mails = [
        compose(approval(kind, each), POLICY, WRITTEN_AT)
        for each in (night, later)
        for kind in ("approval", "approval_reminder")
    ]
    assert len({mail.message_id for mail in mails}) == 4
    assert [mail.kind for mail in mails[:2]] == ["approval", "approval_reminder"]
    assert mails[0].content == compose(approval(), POLICY, WRITTEN_AT).content
    assert mails[0].accounts == [("CN", "A-100"), ("CN", "A-104"), ("US", "B-200")]


def test_only_active_people_are_asked() -> None:
    night = asking_night()
    gone = replace(night, readers={**night.readers, "M-CHEN": replace(night.readers["M-CHEN"], is_active=False)})
    assert approvals(gone, "approval", TEN_HOURS, lambda _: "UTC", None) == []
    unknown = replace(night, readers={})
    assert approvals(unknown, "approval", TEN_HOURS, lambda _: "UTC", None) == []


def test_a_line_whose_approver_is_somebody_else_is_an_error() -> None:
    """The scope is what the night published, not what the batch says."""
    night = asking_night()
    check_scope(approval(), night)
    flags = [replace(flag, approver_id="M-ELSE") if flag.account_id == "A-100" else flag for flag in night.flags]
    with pytest.raises(InvariantError, match="outside the reader's scope"):
        check_scope(approval(), replace(night, flags=flags))
    active = [replace(flag, state="active") for flag in night.flags]
    with pytest.raises(InvariantError, match="3 accounts outside"):
        check_scope(approval(), replace(night, flags=active))


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        ("contact_log:L-1", "The notice before was delivered on 20 Jun 2025."),
        ("message:<1@example.test>", "The notice before was delivered on 20 Jun 2025."),
        ("flag:stop_supply", "The step before was Stop supply, since 20 Jun 2025."),
        ("flag:of_2031", "The step before was of 2031, since 20 Jun 2025."),
        ("account:insolvent", "The customer is insolvent."),
        ("pigeon:7", "Evidence: pigeon:7."),
        (None, "No evidence is on file: ask before you approve."),
    ],
)
def test_evidence_is_shown_or_its_absence(evidence: str | None, said: str) -> None:
    night = in_english(
        replace(asking_night(), proposals=[proposal(("CN", "A-100"), 1, "stop_supply", evidence=evidence)])
    )
    assert said in bodies(approval(night=night), POLICY)[0]


def test_who_asked_for_it_is_named_unless_the_policy_did() -> None:
    lines = [
        proposal(("CN", "A-100"), 1, "stop_supply"),
        proposal(("CN", "A-104"), 2, "legal_referral", proposed_by="R-ANNA"),
        proposal(B200, 3, "stop_service", proposed_by="X-GONE"),
    ]
    text, _ = bodies(approval(night=in_english(replace(asking_night(), proposals=lines))), POLICY)
    assert re.findall("Asked for by (.*)[.]", text) == ["Anna Berg", "X-GONE"]


def many_proposals(count: int) -> Night:
    keys = [("CN", f"K-{n:03d}") for n in range(count)]
    lines = [
        proposal(key, n + 1, LADDER[n % 5], overdue_functional=Decimal("123456789012.34"), evidence="flag:stop_supply")
        for n, key in enumerate(keys)
    ]
    return replace(
        sample_night(),
        proposals=lines,
        flags=[Flag(row.company_id, row.account_id, row.flag, "proposed", row.reason, "M-CHEN") for row in lines],
        names=dict.fromkeys(keys, "客户名称很长很长很长很长很长很长很长很长很长很长有限公司"),
    )


def test_a_big_batch_keeps_the_bounds_and_its_numbers() -> None:
    found = approval(night=many_proposals(200))
    text, page = bodies(found, POLICY)
    assert len(re.findall('scope="rowgroup"', page)) == 25
    assert len(page.encode()) < 90_000
    assert "此处显示 25 项，共 200 项" in text
    book = openpyxl.load_workbook(BytesIO(workbook(found, Wording("zh_CN"), WRITTEN_AT)))
    [page] = book.worksheets
    rows = list(page.iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == list(range(1, 201))
    assert rows[0][5:8] == ("CNY", 123456789012.34, 64)
    assert page["G2"].number_format == "#,##0.00"


@pytest.mark.parametrize(
    "text", ["=1+1", "</td><script>alert(1)</script>", "{{ conn.erp.password }}", "Rose\r\nBcc: x@y.test", "\u202eab"]
)
def test_poisoned_text_in_the_new_rows(text: str) -> None:
    night = asking_night()
    lines = [
        replace(
            row,
            reason=text,
            evidence=text,
            proposed_by=text,
            flag=text,
            batch_id=text,
            content_hash=text,
            currency=text[:3],
            stage=text,
            risk_grade=text,
        )
        for row in night.proposals
    ]
    night = replace(
        night,
        proposals=lines,
        names=dict.fromkeys(night.names, text),
        companies={
            key: replace(company, name=text, functional_currency=text) for key, company in night.companies.items()
        },
        flags=[replace(flag, flag=text, reason=text) for flag in night.flags],
        warnings=[replace(row, warning=text, rule_id=text) for row in night.warnings],
    )
    lists: list[Worklist] = [plan.worklist for plan in plan_mails(night, POLICY)]
    for worklist in [*lists, approval(night=night), approval("approval_reminder", night)]:
        mail = compose(worklist, POLICY, WRITTEN_AT)
        plain, page = bodies(worklist, POLICY)
        assert "<script" not in page
        assert not re.search("[\u202a-\u202e]", plain + page)
        assert "\nBcc:" not in plain
        assert "\n" not in mail.subject
        assert not re.search(r'href="(?!tel:\+?[0-9]+"|https://airflow\.example\.test/)', page)


# --- properties ---

KEYS = [(company, f"A{n}") for company in ("CN", "US") for n in range(4)]
PEOPLE = ["R1", "R2", "M1", "M2", "L1"]


@st.composite
def nights(draw: st.DrawFn) -> Night:
    """Any hierarchy, any owners, any sanctions and warnings."""
    roles = st.sampled_from(["rep", "manager", "finance", "legal"])
    readers = {
        rep_id: Reader(
            rep_id,
            rep_id,
            f"{rep_id}@example.test",
            draw(st.sampled_from(["en", "zh_CN"])),
            draw(st.sampled_from([None, "M1", "M2"])),
            draw(roles),
            draw(st.booleans()),
        )
        for rep_id in PEOPLE
    }
    somebody = st.sampled_from([*PEOPLE, "X-GONE", None])
    owners = {key: draw(somebody) for key in KEYS}
    states = st.sampled_from(["proposed", "released"])
    flags = [
        Flag(*key, flag, draw(states), draw(st.sampled_from(["release.payment", "r"])), draw(somebody))
        for key in draw(st.lists(st.sampled_from(KEYS), max_size=8, unique=True))
        for flag in draw(st.lists(st.sampled_from(LADDER), max_size=2, unique=True))
    ]
    asked = [flag for flag in flags if flag.state == "proposed" and flag.approver_id]
    return Night(
        run=run_record(),
        statuses={key: status(key, owner, "M1", None, 5) for key, owner in owners.items()},
        charges={(key[0], owner) for key, owner in owners.items()},
        readers=readers,
        names={key: f"Name of {'/'.join(key)}." for key in KEYS},
        flags=flags,
        caps=[
            Cap(company, "proposed", 9, Decimal(9), None, None)
            for company in draw(st.sets(st.sampled_from(["CN", "US"])))
        ],
        warnings=[EarlyWarning(*key, "w", "r") for key in draw(st.lists(st.sampled_from(KEYS), unique=True))],
        proposals=[
            proposal((flag.company_id, flag.account_id), n, flag.flag, approver_id=flag.approver_id)
            for n, flag in enumerate(asked, start=1)
        ],
    )


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nights())
def test_no_mail_shows_an_account_outside_its_readers_scope(night: Night) -> None:
    """Looked for in the finished text and in the row of the outbox; the scope is worked out anew here."""
    below = {rep_id: everybody_below(night, rep_id) for rep_id in night.readers}
    lists: list[Worklist] = [*digests(night), *escalations(night)]
    for worklist in [*lists, *approvals(night, "approval", TEN_HOURS, lambda _: "UTC", None)]:
        check_scope(worklist, night)
        me = worklist.reader
        if isinstance(worklist, Approval):
            mine = {(f.company_id, f.account_id) for f in night.flags if f.approver_id == me.rep_id}
        elif isinstance(worklist, Digest):
            mine = {key for key, row in night.statuses.items() if row.rep_id == me.rep_id}
        else:
            people = below[me.rep_id] | {None}
            mine = {key for key, row in night.statuses.items() if row.rep_id in people}
        assert set(shown_accounts(worklist)) <= mine
        mail = compose(worklist, POLICY, WRITTEN_AT)
        assert set(mail.accounts) <= mine
        text, page = bodies(worklist, POLICY)
        for key in set(KEYS) - mine:
            assert night.names[key] not in text
            assert night.names[key] not in page


def everybody_below(night: Night, manager_id: str) -> set[str | None]:
    found: set[str | None] = {manager_id}
    for _ in night.readers:
        found |= {key for key, reader in night.readers.items() if reader.manager_id in found}
    return found


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nights())
def test_no_release_is_lost_and_subjects_stay_short(night: Night) -> None:
    """Each release reaches the active person in charge, and a subject is short, has a number and names nobody."""
    released = {(flag.company_id, flag.account_id) for flag in night.flags if flag.state == "released"}
    shown = {each.reader.rep_id: {(r.company_id, r.account_id) for r in each.releases} for each in digests(night)}
    for key in released:
        owner = night.readers.get(night.statuses[key].rep_id or "")
        if owner and owner.is_active:
            assert key in shown[owner.rep_id]
    lists: list[Worklist] = [*digests(night), *escalations(night)]
    for worklist in [*lists, *approvals(night, "approval_reminder", TEN_HOURS, lambda _: "UTC", None)]:
        for locale in ("en", "zh_CN"):
            line = subject(worklist, Wording(locale))
            assert 0 < len(line) <= SUBJECT_LENGTH
            assert "Name of" not in line
            if shown_accounts(worklist):
                assert re.search(r"\d", line)


def test_moments_name_their_distance_from_utc() -> None:
    moment = datetime.fromisoformat("2025-07-01T06:05:00+00:00")
    assert Wording("en").moment(moment, "Asia/Shanghai") == "1 Jul 2025, 14:05 (UTC+08:00)"
    assert Wording("zh_CN").moment(moment, "America/St_Johns") == "2025年7月1日 03:35 (UTC-02:30)"
    assert Wording("en").moment(moment, "UTC") == "1 Jul 2025, 06:05 (UTC+00:00)"


@pytest.mark.parametrize(("share", "text"), [("12.34", "12.3%"), ("4", "4%"), ("0.05", "0.1%"), ("99.95", "100%")])
def test_percent(share: str, text: str) -> None:
    assert Wording("en").percent(Decimal(share)) == text
    assert Wording("zh_CN").percent(Decimal(share)) == text


def test_the_day_of_the_mail_is_the_business_date() -> None:
    assert approval().truth.business_date == DAY
