"""What the morning mail says and holds: typical reps, managers, Mondays, stand-ins, bounds, poison, and whose rows."""

from __future__ import annotations

import email
import email.policy
import random
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from email.message import EmailMessage
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from huikuan.outreach.content import share_out
from huikuan.outreach.message import TEMPLATES, bodies, compose, rendered
from huikuan.outreach.news import Change, Goal, Handover, Recovery
from huikuan.outreach.offers import BARGAINED, NOTHING
from huikuan.outreach.people import groups, led_by
from huikuan.outreach.pictures import bar
from huikuan.outreach.rows import AccountKey, Contact, Flag, Item, Night, Reader
from huikuan.outreach.sentences import SUBJECT_LENGTH, subject
from huikuan.outreach.talk import facts, talk
from huikuan.outreach.workbook import sheets, workbook
from huikuan.outreach.worklists import (
    Digest,
    Escalation,
    check_scope,
    digests,
    escalations,
    planned,
    shown_accounts,
)
from huikuan.wording import LOCALES, Wording, clean
from tests.morning_samples import MONDAY, MONTH, account, first_night, morning
from tests.outreach_samples import POLICY, RULES, WRITTEN_AT, balance, run_record, status, task

GOLDEN = Path(__file__).parents[1] / "golden"
PAGES = ("busy-zh", "busy-en", "manager-zh", "manager-en")
PAGE = "https://airflow.example.test/required_actions?response_received=false"
TUESDAY = date(2025, 7, 1)


def digest_of(rep_id: str, night: Night | None = None) -> Digest:
    return next(each for each in digests(night or morning()) if each.reader.rep_id == rep_id)


def escalation_of(rep_id: str, night: Night | None = None) -> Escalation:
    return next(each for each in escalations(night or morning(), PAGE) if each.reader.rep_id == rep_id)


def samples() -> dict[str, Digest | Escalation]:
    """Every mail whose wording is agreed, by the name of its file in tests/golden."""
    return {
        "busy-zh": digest_of("R-ZH"),
        "busy-en": digest_of("R-EN", morning(TUESDAY)),
        "idle": digest_of("R-IDLE"),
        "promises": digest_of("R-PROMISE", morning(TUESDAY)),
        "first-night": digest_of("R-EN", first_night()),
        "stand-in": digest_of("R-STAND", morning(TUESDAY)),
        "away": digest_of("R-AWAY", morning(TUESDAY)),
        "manager-zh": escalation_of("M-ZH"),
        "manager-en": escalation_of("M-EN", morning(TUESDAY)),
    }


@pytest.mark.parametrize("name", sorted(samples()))
def test_mails_read_as_agreed(name: str) -> None:
    """The files in tests/golden are what people get: read them before changing them."""
    text, page = bodies(samples()[name], POLICY)
    assert text == (GOLDEN / f"morning-{name}.txt").read_text(encoding="utf-8")
    if name in PAGES:
        assert page == (GOLDEN / f"morning-{name}.html").read_text(encoding="utf-8")


def opened(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


# --- what it says ---


def test_subjects_say_count_money_and_what_comes_first() -> None:
    assert subject(digest_of("R-ZH"), Wording("zh_CN")) == "14 项任务 · CNY 53.7万 · 首要：分期 CNY 24万"
    assert subject(digest_of("R-EN"), Wording("en")) == "14 tasks · USD 536.6K · first: Plan USD 240K"
    assert subject(digest_of("R-STAND"), Wording("en")) == "1 task · USD 12K"


def test_a_customer_has_one_card_with_its_tasks_in_order() -> None:
    text, page = bodies(digest_of("R-EN"), POLICY)
    assert page.count('class="head"') == 5 + 2  # cards, and on a Monday a story and a drill
    card = text.split("\n\n")[[part.startswith("Start here") for part in text.split("\n\n")].index(True)]
    assert re.findall(r"\[(.+?)\]", card) == ["Plan", "Promise"]
    assert "only USD 30,000.00 came" in card
    assert card.count("Hello Maria Lopez") == 1, "the promise is a part of what the plan is about: one talk"


def test_what_is_not_planned_is_counted_here_and_listed_in_the_workbook() -> None:
    digest = digest_of("R-EN")
    text, _ = bodies(digest, POLICY)
    assert "2 more tasks do not fit into today" in text
    assert "R-EN-14" not in text
    book = openpyxl.load_workbook(BytesIO(workbook(digest, Wording("en"), WRITTEN_AT)))
    page = book["List"]
    marks = {row[3]: row[1] for row in page.iter_rows(min_row=2, values_only=True)}
    assert (marks["R-EN-01"], marks["R-EN-14"], marks["R-EN-15"]) == ("yes", "no", "no")


def test_every_kind_can_be_said_in_both_languages() -> None:
    """Every task has something to do and a reason, with an amount and without one."""
    kinds = ["pre_due_reminder", "call", "visit", "send_statement", "collect_evidence", "ask_commitment"]
    kinds += ["chase_promise", "close_gap", "resolve_dispute", "offer_plan", "escalate", "prepare_referral"]
    kinds += ["tell_release", "thank_payment", "file_claim", "kind_of_2031"]
    key = account("R-EN", 1)
    for locale in LOCALES:
        for ask in ("5", None):
            tasks = [task("R-EN", key, kind, n, ask, "USD", script_id="call_second") for n, kind in enumerate(kinds)]
            night = replace(morning(), tasks=tasks)
            night = replace(night, readers={rep: replace(row, locale=locale) for rep, row in night.readers.items()})
            [page] = [sheet for sheet in sheets(digest_of("R-EN", night), Wording(locale)) if len(sheet.header) == 21]
            assert len(page.rows) == len(kinds) - 1  # to escalate is the manager's
            for row in page.rows:
                assert len(str(row[5])) > 1
                assert len(str(row[12])) > 5
                assert len(str(row[13])) > 5
                assert len(str(row[14])) > 20


def test_the_talk_has_the_accounts_own_facts() -> None:
    digest = digest_of("R-EN")
    by_kind = {line.kind: line for line in planned(digest)}
    known = facts(by_kind["chase_promise"], digest.reader, digest.truth)
    assert (known.promised_amount, known.promise_received, known.promise_level) == (80000, 30000, 1)
    assert (known.contact_name, known.rep_name, known.orientation) == ("Maria Lopez", "Anna Berg", "sales_led")
    assert facts(by_kind["resolve_dispute"], digest.reader, digest.truth).special == "small_defect"
    assert facts(by_kind["thank_payment"], digest.reader, digest.truth).received_amount == Decimal(9800)
    assert facts(by_kind["pre_due_reminder"], digest.reader, digest.truth).due_on == MONDAY + timedelta(days=3)
    assert facts(by_kind["close_gap"], digest.reader, digest.truth).committed_amount == 42500
    script = talk(by_kind["offer_plan"], digest.reader, digest.truth, "en")
    assert script is not None
    assert "Maria Lopez" in script.say


@given(st.lists(st.integers(-2, 12), min_size=1, max_size=13), st.integers(1, 6))
def test_everybody_is_in_one_group_for_each_mail(above: list[int], size: int) -> None:
    """Whatever the hierarchy is: forests, circles, people who are their own managers, managers that do not exist."""
    readers = {
        f"P{n}": Reader(f"P{n}", "", "", "en", None if head < 0 else f"P{head}", "rep", True)
        for n, head in enumerate(above)
    }
    night = Night(run=run_record(), readers=readers)
    found = list(groups(night, size))
    assert sorted(rep for group in found for rep in group.digests) == sorted(readers)
    assert sorted(rep for group in found for rep in group.escalations) == sorted(readers)
    for group in found:
        assert group.digests <= group.people
        assert all(led_by(night, rep) <= group.people for rep in group.escalations)


def test_offers_keep_to_the_policy_of_the_run() -> None:
    """What to open with, payments on workdays that add up, the terms from then on; and nothing without a policy."""
    by_kind = {line.kind: line for line in planned(digest_of("R-ZH"))}
    offers = by_kind["offer_plan"].offers
    assert sum(part.amount for part in offers.plan) == 240000
    assert all(RULES.calendars.is_workday("CN", part.due_on) for part in offers.plan)
    assert offers.next_contact_on == date(2025, 7, 7)  # 4 July is a Friday
    anchor = by_kind["close_gap"].offers.anchor
    assert anchor is not None
    assert (anchor.expected, anchor.settle_at, anchor.open_at) == (17500, 26000, 35000)
    digest = digest_of("R-ZH")
    script = talk(by_kind["close_gap"], digest.reader, digest.truth, "zh_CN")
    assert script is not None
    assert script.section("bargaining")[0].startswith("先开口要35,000元；还价了，落到26,000元；低于17,500元不松口")
    assert "离计划还差17,500元" not in script.say  # the talk opens with more
    text, _ = bodies(digest, POLICY)
    assert "2025年8月4日 34,000.00" in text
    assert "建议月结" in text
    none = {line.kind: line for line in planned(digest_of("R-ZH", replace(morning(), policy=None)))}
    assert none["offer_plan"].offers == NOTHING


def test_early_money_is_worth_a_discount_only_where_nothing_is_late() -> None:
    """Half a month before the due date, with the best grade; an overdue customer gets none."""
    night = morning()
    early, late = account("R-EN", 7), account("R-EN", 6)
    due = Item(*early, "D-7", 1, "USD", MONDAY + timedelta(days=20), Decimal("12000.0000"), Decimal("0.0000"), 0)
    statuses = {key: replace(row, risk_grade="A") for key, row in night.statuses.items()}
    items = night.items | {early: [due]}
    by_key = {
        line.key: line
        for line in planned(digest_of("R-EN", replace(night, statuses=statuses, items=items)))
        if line.kind in BARGAINED
    }
    discount = by_key[early].offers.discount
    assert discount is not None
    assert (discount.pct, discount.pay_amount) == (2, Decimal("11760.00"))
    assert by_key[late].offers.discount is None


def test_the_workbook_has_the_whole_talk_of_each_task() -> None:
    digest = digest_of("R-EN")
    page = openpyxl.load_workbook(BytesIO(workbook(digest, Wording("en"), WRITTEN_AT)))["Talks"]
    rows = list(page.iter_rows(values_only=True))
    head, talks = rows[0], {row[2]: row for row in rows[1:]}
    assert head[:5] == ("No.", "Customer", "Task", "Opening", "What it is about")
    own = [line for line in planned(digest) if line.script_id and line.kind != "chase_promise"]
    assert len(rows) - 1 == len(own), "the promise is in the talk about the plan"
    assert "Don't go below US$17,500" in talks["Gap"][head.index("Room to bargain")]
    assert talks["Plan"][head.index("What you may offer")].splitlines()[0] == "Payment 1: Monday 7 July, US$72,000"


def test_a_script_of_a_later_version_does_not_stop_a_mail() -> None:
    night = morning()
    tasks = [replace(row, script_id="script_of_2031") for row in night.tasks]
    text, _ = bodies(digest_of("R-EN", replace(night, tasks=tasks)), POLICY)
    assert "Offer instalments for USD 240,000.00" in text
    assert "Hello Maria" not in text


def test_changes_stand_in_order_and_are_summed_per_currency() -> None:
    night = morning()
    extra = [
        Change(*account("R-EN", n), "paid", "", code, Decimal(n), "R-EN", "M-EN")
        for n, code in ((2, "USD"), (3, "EUR"), (4, "USD"), (5, "USD"))
    ]
    digest = digest_of("R-EN", replace(night, changes=[*night.changes, *extra]))
    text, _ = bodies(digest, POLICY)
    told = re.findall(r"^- (Released|Promise broken|Paid|Promise kept|New promise)", text, re.M)
    assert told == ["Released", "Promise broken", "Paid", "Paid", "Paid", "Paid"]
    assert "5 paid (EUR 3.00, USD 9,811.00)" in text
    assert "more are in the attached workbook" in text


def test_the_month_is_a_picture_with_its_numbers_beside_it() -> None:
    text, page, pictures = rendered(digest_of("R-EN"), POLICY)
    words = "USD: target 900,000.00, received 310,000.00 (34.4%), promised 150,000.00, missing 440,000.00."
    assert words in text
    assert f'alt="{words}"' in page
    mail = opened(compose(digest_of("R-EN"), POLICY, WRITTEN_AT).content)
    images = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert [part["Content-ID"] for part in images] == [f"<{each.content_id}>" for each in pictures]
    assert re.findall(r'src="cid:([^"]+)"', page) == [each.content_id for each in pictures]
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ]


@pytest.mark.parametrize(
    ("target", "committed", "received", "gap"),
    [(0, 0, 0, 0), (100, 0, 0, 100), (100, 0, 250, 0), (100, 30, 40, 30), (-5, 10, -20, 3), (10**14, 1, 1, 10**14)],
)
def test_bars_of_any_month_can_be_drawn(target: int, committed: int, received: int, gap: int) -> None:
    goal = Goal("R", MONTH, "USD", Decimal(target), Decimal(committed), Decimal(received), Decimal(gap))
    picture = bar(goal, "example.test")
    image = Image.open(BytesIO(picture.png))
    assert image.size == (560, 40)
    assert len(picture.png) < 3000
    assert bar(goal, "example.test") == picture


def test_mondays_bring_a_drill_and_a_story_of_real_money() -> None:
    own, _ = bodies(digest_of("R-EN"), POLICY)
    assert "What worked last week: Anna Berg brought in US$9,800" in own
    assert "Harrowgate Marine10 paid US$9,800" in own
    other, _ = bodies(digest_of("R-IDLE"), POLICY)
    assert "Anna Berg brought in US$9,800" in other
    assert "Harrowgate" not in other
    assert "Practise this week" in other
    for night in (morning(TUESDAY), first_night()):
        text, _ = bodies(digest_of("R-EN", night), POLICY)
        assert "Practise" not in text
        assert "worked last week" not in text


def test_the_story_is_of_the_readers_team() -> None:
    zh, _ = bodies(digest_of("R-PROMISE"), POLICY)
    assert "李伟收回9,800元" in zh
    assert "武汉霁川" not in zh
    alone = morning()
    alone = replace(alone, readers={**alone.readers, "R-IDLE": replace(alone.readers["R-IDLE"], manager_id=None)})
    text, _ = bodies(digest_of("R-IDLE", alone), POLICY)
    assert "brought in" not in text


def test_amounts_of_different_currencies_are_not_compared_for_the_story() -> None:
    night = morning()
    yen = Recovery(*account("R-EN", 1), "R-EN", "call", "JPY", Decimal(10**9), 5, MONDAY, False)
    text, _ = bodies(digest_of("R-EN", replace(night, recoveries=[*night.recoveries, yen])), POLICY)
    assert "US$9,800" in text


# --- who works for whom ---


def test_a_stand_in_has_the_list_and_the_absent_rep_is_told() -> None:
    text, _ = bodies(digest_of("R-STAND"), POLICY)
    assert "Olu Away is away until 11 Jul 2025: 1 customer. You work on them." in text
    assert "Paid: Brightwater Foods Inc." in text
    away, _ = bodies(digest_of("R-AWAY"), POLICY)
    assert "You are away until 11 Jul 2025: Priya Nair does your list." in away
    assert "Brightwater" not in away


def test_a_manager_sees_the_team_and_its_gaps() -> None:
    escalation = escalation_of("M-EN")
    rows = {row.name: row for row in escalation.team}
    assert set(rows) == {"Anna Berg", "Tom Idle", "Priya Nair", "Olu Away", "Grace Holt"}
    anna = rows["Anna Berg"]
    assert (anna.planned, anna.waiting, anna.done, anna.quiet) == (14, 2, 3, 1)
    assert anna.asked[0].currency == "USD"
    text, _ = bodies(escalation, POLICY)
    assert "Gone Away has left: 1 customer. You work on them." in text
    assert "Olu Away is away until 11 Jul 2025: 1 customer. Priya Nair works on them." in text
    assert "USD 310K of 900K (34.4%)" in text
    hole = Handover(*account("R-EN", 1), "R-EN", None, "left", None)
    night = replace(morning(), handovers=[hole])
    assert "Nobody works on 1 customer of Anna Berg." in bodies(escalation_of("M-EN", night), POLICY)[0]


def test_a_manager_sees_where_to_approve() -> None:
    text, page = bodies(escalation_of("M-ZH"), POLICY)
    assert PAGE in text
    assert f'href="{PAGE}"' in page
    assert PAGE not in bodies(escalation_of("M-EN"), POLICY)[1]  # nothing waits for this one


def test_sums_of_a_manager_of_managers_are_those_of_everybody_below() -> None:
    night = morning()
    head = Reader("M-TOP", "Head", "head@example.test", "en", None, "manager", True)
    people = {
        rep: replace(row, manager_id="M-TOP") if rep in ("M-ZH", "M-EN") else row for rep, row in night.readers.items()
    }
    top = escalation_of("M-TOP", replace(night, readers={**people, "M-TOP": head}))
    assert {row.name: row.planned for row in top.team} == {"陈静": 18, "Grace Holt": 16}
    assert [(goal.currency, goal.received) for goal in top.goals] == [("CNY", 310000), ("USD", 310000)]


# --- bounds ---


def heavy(accounts: int, tasks: int) -> Night:
    """Long names, long numbers, many tasks for each of many customers, and as much news."""
    keys = [("CN", f"LONG-{n:04d}") for n in range(accounts)]
    kinds = ["call", "chase_promise", "visit", "send_statement", "collect_evidence", "resolve_dispute"][:tasks]
    name = "很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长有限公司"
    return replace(
        morning(),
        tasks=[
            task(
                rep,
                key,
                kind,
                n * 10 + place,
                "123456789012.34",
                "CNY",
                script_id=f"{kind}" if place else "call_second",
            )
            for n, key in enumerate(keys)
            for rep, some in (("R-ZH", kinds), ("M-ZH", ["escalate"]))
            for place, kind in enumerate(some)
        ],
        statuses={key: status(key, "R-ZH", "M3", "M2", 70) for key in keys},
        balances={key: [balance(key, "CNY", "223456789012.12", 70), balance(key, "USD", "9.5", 3)] for key in keys},
        items={},
        names=dict.fromkeys(keys, name),
        contacts={key: [Contact(*key, "C", "payer", "联系人" * 12, "+86 571 8888 8888")] for key in keys},
        flags=[Flag(*key, "stop_supply", "released", "release.payment", None) for key in keys],
        changes=[
            Change(*key, what, "M3", "CNY", Decimal("123456789012.34"), "R-ZH", "M-ZH")
            for key in keys
            for what in ("paid", "broken", "late")
        ],
        goals=[
            Goal("R-ZH", MONTH, code, Decimal(10**12), Decimal(10**11), Decimal(10**11), Decimal(8 * 10**11))
            for code in ("AED", "CNY", "EUR", "GBP", "JPY", "USD")
        ],
    )


@pytest.mark.parametrize("rows", [25, 10, 1])
@pytest.mark.parametrize(("accounts", "tasks"), [(60, 6), (60, 1), (7, 6), (2, 2)])
def test_rows_and_size_keep_their_bounds(accounts: int, tasks: int, rows: int) -> None:
    night = heavy(accounts, tasks)
    policy = POLICY.model_copy(update={"max_rows_in_mail": rows})
    for worklist in (digest_of("R-ZH", night), escalation_of("M-ZH", night)):
        _, page = bodies(worklist, policy)
        assert len(page.encode()) < 90_000
        shown = len(re.findall('scope="row', page)) + page.count('class="box"') - len(worklist.goals[:4])
        shown -= 1 if worklist.week and worklist.week.recovery is None else 2 if worklist.week else 0
        assert 0 < shown <= rows
        assert len(subject(worklist, Wording("zh_CN"))) <= SUBJECT_LENGTH
        book = sheets(worklist, Wording("en"))
        assert len(book[0].rows) == (accounts * tasks if isinstance(worklist, Digest) else accounts) * 2


def test_rows_are_shared_out() -> None:
    from fractions import Fraction

    half, third = Fraction(1, 2), Fraction(1, 3)
    assert share_out(10, [20, 20], [half, third]) == [7, 3]
    assert share_out(10, [2, 20], [half, third]) == [2, 8]
    assert share_out(10, [20, 1], [half, third]) == [9, 1]
    assert share_out(1, [5, 5], [half, third]) == [1, 0]
    assert share_out(10, [0, 0], [half, third]) == [0, 0]


POISON = [
    '=cmd("calc")',
    "<script>alert(1)</script>",
    "Rose\r\nBcc: thief@example.test",
    "\u202egnirts",
    "长" * 300,
    "📞👩‍💼 Ltd",
    "{{ conn.erp.password }}",
    "/etc/passwd",
    "{% include '/etc/passwd' %}",
    "%(amount)s",
    "%s %d %",
]


@pytest.mark.parametrize("text", POISON, ids=lambda text: text[:12].encode("ascii", "backslashreplace").decode())
def test_poisoned_text_stays_text(text: str) -> None:
    """Every text of the ledger and every word of the rows at once: the mails hold it as text or visibly mended."""
    night = morning()
    night = replace(
        night,
        tasks=[replace(row, kind=text if row.rank == 1 else row.kind) for row in night.tasks],
        names=dict.fromkeys(night.names, text),
        numbers=dict.fromkeys(night.numbers, text),
        contacts={key: [Contact(*key, "C", text, text, text)] for key in night.names},
        readers={rep: replace(row, name=text) for rep, row in night.readers.items()},
        companies={key: replace(row, name=text) for key, row in night.companies.items()},
        changes=[replace(row, change=text, subject_id=text) for row in night.changes]
        + [replace(row, currency=text[:3]) for row in night.changes],
        goals=[replace(row, currency=text[:3]) for row in night.goals],
        orientations=dict.fromkeys(night.orientations, text),
        dispute_reasons=dict.fromkeys([("US", "D")], text),
    )
    for worklist in [*digests(night), *escalations(night, PAGE)]:
        mail = opened(compose(worklist, POLICY, WRITTEN_AT).content)
        assert mail["Bcc"] is None
        assert "\n" not in str(mail["Subject"])
        assert len(str(mail["Subject"])) <= SUBJECT_LENGTH
        plain, page = (str(mail.get_body((kind,)).get_content()) for kind in ("plain", "html"))  # type: ignore[union-attr]
        assert "<script" not in page
        assert "\nBcc:" not in plain
        assert "root:" not in plain + page
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", plain + page)
        assert set(re.findall(r'(?:href|src)="(?!cid:|tel:\+?[0-9]+")([^"]*)"', page)) <= {PAGE}
        for attached in mail.iter_attachments():
            book = openpyxl.load_workbook(BytesIO(attached.get_content()))
            cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
            assert not [cell.value for cell in cells if cell.data_type == "f" or cell.hyperlink]
    shown, _ = bodies(digest_of("R-STAND", night), POLICY)
    assert clean(text) in shown


def test_colours_can_be_read() -> None:
    """Contrast of at least 4.5 between every text colour and every background that it stands on, light and dark."""
    style = (TEMPLATES / "layout.html.j2").read_text(encoding="utf-8").partition("<style>")[2].partition("</style>")[0]
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    for mode, pairs in ((light, LIGHT_ON), (light + dark, DARK_ON)):
        for text, grounds in pairs.items():
            for ground in grounds:
                found = contrast(colour(mode, text, "color"), colour(mode, ground, "background-color"))
                assert found >= 4.5, (text, ground, found)


ON_CARD = dict.fromkeys(("page", "id", "col", "why", "note", "foot", "late", "call"), ("card",))
LIGHT_ON = ON_CARD | {
    "page": ("card", "truth", "alarm", "say", "code", "page"),
    "tag": ("tag",),
    "bad": ("bad",),
    "button": ("button",),
    "call": ("card", "truth"),
}
DARK_ON = LIGHT_ON


def colour(style: str, name: str, what: str) -> str:
    """The last value that the style gives a class."""
    found = [
        match
        for names, rules in re.findall(r"([^{}]+)\{([^{}]*)\}", style)
        if f".{name}" in re.split(r"[,\s]+", names.strip())
        for match in re.findall(rf"(?<![-\w]){what}: (#[0-9a-f]{{6}})", rules)
    ]
    assert found, (name, what)
    return str(found[-1])


def contrast(one: str, two: str) -> float:
    """As WCAG defines it."""

    def light(text: str) -> float:
        parts = [int(text[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", sorted(samples()))
def test_pages_can_be_read_by_machines(name: str) -> None:
    _, page = bodies(samples()[name], POLICY)
    tables = re.findall(r"<table[^>]*>", page.replace("<!--[if mso]>", "").split("<body", 1)[1])
    data = [table for table in tables if 'role="presentation"' not in table]
    assert len(re.findall("<caption", page)) == len(data)
    assert all('scope="' in head for head in re.findall(r"<th[ >][^>]*", page))
    assert all('alt="' in image for image in re.findall("<img[^>]*>", page))
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert re.search(r'<body[^>]*>\s*<div [^>]*lang="(zh-CN|en)"', page)


# --- nobody sees what is not theirs ---

BOOKS = 10_000
_CODES = ("CNY", "USD")


def book(luck: random.Random) -> Night:
    """A small night of any shape: hierarchy, owners, stand-ins, tasks of anybody, news of anybody."""
    people = ["R1", "R2", "M1"]
    readers = {
        rep: Reader(
            rep,
            f"Person {rep}",
            f"{rep}@example.test",
            luck.choice(LOCALES),
            luck.choice([None, "M1", "R1"]),
            luck.choice(["rep", "manager", "legal"]),
            luck.random() < 0.85,
        )
        for rep in people
    }
    keys: list[AccountKey] = [(luck.choice(["CN", "US"]), f"K{n}") for n in range(luck.randint(1, 4))]
    anybody = [*people, "X-GONE", None]
    owners = {key: luck.choice(anybody) for key in keys}
    covered = [
        Handover(*key, owners[key], luck.choice(anybody), luck.choice(["absent", "left", "nobody"]), None)
        for key in keys
        if luck.random() < 0.4
    ]
    workers = {**owners, **{(row.company_id, row.account_id): row.works_rep_id for row in covered}}
    kinds = ["call", "escalate", "chase_promise", "send_statement", "thank_payment"]
    tasks = [
        task(
            luck.choice([workers[key], workers[key], luck.choice(anybody)]),
            key,
            luck.choice(kinds),
            n,
            luck.choice([None, "12.5"]),
            luck.choice(_CODES),
            is_planned=luck.choice([True, False]),
            is_floor=luck.choice([True, False]),
        )
        for n, key in enumerate(keys * 2)
        if luck.random() < 0.6
    ]
    some = [key for key in keys if luck.random() < 0.5]
    return Night(
        run=run_record(business_date=luck.choice([MONDAY, TUESDAY])),
        tasks=tasks,
        statuses={key: status(key, owner, "M2", "M1", 40) for key, owner in owners.items()},
        balances={key: [balance(key, luck.choice(_CODES), "77", 40)] for key in some},
        readers=readers,
        names={key: f"Name-of-{key[1]}." for key in keys},
        charges={(key[0], owner) for key, owner in owners.items()},
        flags=[
            Flag(*key, "stop_supply", luck.choice(["released", "proposed"]), "r", luck.choice(anybody)) for key in some
        ],
        changes=[
            Change(*key, luck.choice(["paid", "late", "released"]), "", "CNY", Decimal(5), workers[key], None)
            for key in some
        ],
        handovers=covered,
        recoveries=[
            Recovery(*key, luck.choice(people), "call", "CNY", Decimal(9), 3, MONDAY, False)
            for key in keys
            if luck.random() < 0.4
        ],
    )


def allowed(night: Night, me: str) -> set[AccountKey]:
    """The scope, worked out here from its definition: row by row, without the indexes of the program."""
    below = {me}
    for _ in night.readers:
        below |= {rep for rep, reader in night.readers.items() if reader.manager_id in below}
    led = {rep for rep, reader in night.readers.items() if reader.role == "manager" and reader.is_active}
    for _ in night.readers:
        led |= {rep for rep, reader in night.readers.items() if reader.manager_id in led}
    owners: dict[str, set[str | None]] = {}
    for company, owner in night.charges:
        owners.setdefault(company, set()).add(owner)
    ours = {company for company, some in owners.items() if some & below or not some & led}
    is_manager = night.readers[me].role == "manager"
    found = {(row.company_id, row.account_id) for row in night.tasks if row.rep_id == me}
    found |= {key for key, row in night.statuses.items() if row.rep_id in below}
    found |= {key for key, row in night.statuses.items() if row.rep_id is None and is_manager and key[0] in ours}
    found |= {(row.company_id, row.account_id) for row in night.handovers if row.works_rep_id == me}
    found |= {(row.company_id, row.account_id) for row in night.changes if row.rep_id == me}
    found |= {(row.company_id, row.account_id) for row in night.recoveries if row.rep_id == me}
    return found


def test_no_mail_holds_an_account_outside_its_readers_scope() -> None:
    """10,000 random books: subject, text, page and every cell of the workbook; the whole mail of every fiftieth."""
    luck = random.Random(20250630)  # noqa: S311  # no secret
    mails = 0
    for number in range(BOOKS):
        night = book(luck)
        for worklist in [*digests(night), *escalations(night, PAGE)]:
            check_scope(worklist, night)
            scope = allowed(night, worklist.reader.rep_id)
            wording = Wording(worklist.reader.locale)
            text, page, _ = rendered(worklist, POLICY)
            cells = [str(cell) for sheet in sheets(worklist, wording) for row in sheet.rows for cell in row]
            held = "\n".join([subject(worklist, wording), text, page, *cells])
            strangers = [key for key in night.names if key not in scope]
            assert not [key for key in strangers if night.names[key] in held or f"{key[1]} " in held], number
            assert set(shown_accounts(worklist)) <= scope, number
            if number % 50 == 0:
                whole = opened(compose(worklist, POLICY, WRITTEN_AT).content)
                parts = b"".join(part.get_payload(decode=True) or b"" for part in whole.walk())  # type: ignore[misc]
                assert not [key for key in strangers if night.names[key].encode() in parts], number
            mails += 1
    assert mails > BOOKS
