"""What a rep says fits what stands beside it: same money, same day, one talk with one customer (话术与卡片一致)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from huikuan.outreach.cards import by_customer, cards, rows
from huikuan.outreach.kinds import reason, todo
from huikuan.outreach.lines import Line, Money
from huikuan.outreach.message import bodies
from huikuan.outreach.offers import PAPERWORK
from huikuan.outreach.rows import Contact, SentStatement
from huikuan.outreach.sentences import subject
from huikuan.outreach.talk import facts, talk, terms
from huikuan.outreach.workbook import sheets
from huikuan.outreach.worklists import Digest, Escalation, planned
from huikuan.playbook import Facts, render, spoken
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY
from huikuan.wording import LOCALES, Wording
from tests.morning_samples import MONDAY, morning
from tests.outreach_samples import POLICY
from tests.unit.test_outreach_mornings import digest_of, samples

PLAYBOOKS = load_policy(DEFAULT_POLICY).playbooks
LISTS = [each for each in samples().values() if isinstance(each, Digest | Escalation)]
WHOLE = ("call", "chase_promise", "visit")
"""Kinds that ask for the amount of their row, no more and no less."""


def _lines() -> list[tuple[Digest | Escalation, Line]]:
    return [(worklist, line) for worklist in LISTS for line in planned(worklist)]


@pytest.mark.parametrize("locale", LOCALES)
def test_the_amount_asked_for_is_the_one_of_the_row(locale: str) -> None:
    seen = 0
    for worklist, line in _lines():
        script = talk(line, worklist.reader, worklist.truth, locale)
        if script and line.ask and line.kind in WHOLE and not line.offers.plan:
            seen += 1
            assert spoken.money(line.ask.amount, line.ask.currency, locale) in " ".join(script.section("ask"))
    assert seen > 3


@pytest.mark.parametrize("locale", LOCALES)
def test_no_talk_gives_a_day_gone_by_and_todays_date_is_called_today(locale: str) -> None:
    for worklist, line in _lines():
        today = worklist.truth.business_date
        known = facts(line, worklist.reader, worklist.truth)
        assert known.pay_by is None or known.pay_by >= today
        assert known.next_contact_on is None or known.next_contact_on > today
        script = talk(line, worklist.reader, worklist.truth, locale)
        assert script is None or spoken.day(today, today, locale) not in script.say


@pytest.mark.parametrize("locale", LOCALES)
def test_a_paper_is_wanted_by_the_day_of_the_task(locale: str) -> None:
    """However early or late the customer's banks are: no bank has to do with a signature."""
    due_on, pay_on = MONDAY + timedelta(days=2), MONDAY + timedelta(days=21)
    night = morning()
    night = replace(night, tasks=[replace(row, due_on=due_on, pay_on=pay_on) for row in night.tasks])
    worklist = digest_of("R-EN", night)
    paper = next(line for line in planned(worklist) if line.kind == "send_statement")
    for line in (replace(paper, kind=kind, script_id=kind) for kind in PAPERWORK):
        script = talk(line, worklist.reader, worklist.truth, locale)
        assert script is not None
        assert spoken.day(due_on, MONDAY, locale) in " ".join(script.section("ask"))
        assert Wording(locale).day(due_on) in todo(line, Wording(locale))


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_what_a_customer_said_of_a_statement_is_told_with_both_amounts(locale: str) -> None:
    wording, day = Wording(locale), date(2026, 6, 30)
    line = next(line for line in planned(digest_of("R-EN")) if line.kind == "send_statement")
    sent = SentStatement("20260630-0A", day, date(2026, 7, 2), "USD", Decimal(31000), Decimal(30500), "D-7")
    silent = replace(line, kind="chase_statement", statement=replace(sent, stated_amount=None))
    [text] = reason(silent, wording)
    assert wording.day(day) in text and wording.day(date(2026, 7, 2)) in text
    differs = replace(line, kind="resolve_dispute", ask=None, statement=sent, disputed_number="INV-7")
    [text] = reason(differs, wording)
    assert all(amount in text for amount in ("30,500.00", "31,000.00", "INV-7"))
    [text] = reason(replace(differs, disputed_number=None), wording)
    assert "30,500.00" in text and "INV" not in text
    for kind in ("chase_statement", "resolve_dispute"):
        worklist = digest_of("R-EN")
        script = talk(replace(silent, kind=kind, script_id=kind, unpaid=()), worklist.reader, worklist.truth, locale)
        assert script is not None
        said = " ".join(script.section("topic"))
        assert "statement" in said or "对账函" in said
        assert kind == "resolve_dispute" or spoken.day(day, worklist.truth.as_of, locale) in said


def test_who_was_told_of_a_plan_is_not_asked_for_a_part_of_it() -> None:
    worklist = digest_of("R-EN")
    lines = {line.kind: line for line in planned(worklist)}
    plan, promise = lines["offer_plan"], lines["chase_promise"]
    other = replace(promise, ask=Money("EUR", Decimal(5)))
    for second, talks in ((promise, 1), (other, 2)):
        [card] = cards([[plan, second]], worklist.reader, worklist.truth, Wording("en"))
        assert sum(bool(step.say) for step in card.steps) == talks
    [card] = cards([[plan, replace(promise, kind="call")]], worklist.reader, worklist.truth, Wording("en"))
    assert [step.do for step in card.steps][1:] == ["Part of the talk above."]


def test_the_workbook_has_one_talk_per_customer_about_the_same() -> None:
    """Several promises of one customer are one talk; the rows of the others say where it is."""
    worklist = digest_of("R-EN")
    [promise] = [line for line in planned(worklist) if line.kind == "chase_promise"]
    lines = tuple(replace(promise, subject_id=subject_id) for subject_id in ("P-1", "P-2", "P-3"))
    listing, talks, *_ = sheets(replace(worklist, lines=lines), Wording("zh_CN"))
    assert len(talks.rows) == 1
    assert [row[14] == "并入上面的谈话，一起说。" for row in listing.rows] == [False, True, True]


def test_whoever_a_talk_greets_can_be_called() -> None:
    worklist = digest_of("R-EN")
    [lines] = by_customer(planned(worklist))[:1]
    zoe = Contact("NG", lines[0].account_id, "Z", "payer", "Zoe Ingram", "+44 7700 900001")
    call = replace(lines[1], kind="call", ask=Money("EUR", Decimal(5)), contact=zoe)
    [card] = cards([[lines[0], call]], worklist.reader, worklist.truth, Wording("en"))
    assert "Zoe Ingram" in card.steps[1].say
    assert card.steps[1].person == "Zoe Ingram (pays)"
    assert card.steps[1].phone_link == "tel:+447700900001"
    assert not card.steps[0].person
    silent = replace(lines[0], contact=replace(zoe, phone=None))
    [card] = cards([[silent]], worklist.reader, worklist.truth, Wording("zh_CN"))
    assert card.person == "Zoe Ingram（付款） · 缺电话，先补号码"
    [row] = rows([silent], 1, Wording("en"))
    assert (row.person, row.phone_link, row.rep) == ("Zoe Ingram", "", "")


def test_a_manager_sees_whose_customers_nobody_speaks_to() -> None:
    text, page = bodies(samples()["manager-en"], POLICY)
    assert "Rep: Anna Berg" in text
    assert "Rep: Anna Berg" in page


def test_a_dispute_names_the_invoice_in_dispute_only() -> None:
    worklist = digest_of("R-EN")
    [line] = [line for line in planned(worklist) if line.kind == "resolve_dispute"]
    line = replace(line, disputed_number="SI-77", unpaid=("SI-1", "SI-2"))
    assert facts(line, worklist.reader, worklist.truth).documents == ("SI-77",)


def test_an_answer_is_promised_only_when_the_papers_can_be_here() -> None:
    worklist = digest_of("R-EN")
    today = worklist.truth.business_date
    [line] = [line for line in planned(worklist) if line.kind == "resolve_dispute"]
    days = {
        n: facts(replace(line, due_on=today + timedelta(days=n)), worklist.reader, worklist.truth) for n in range(9)
    }
    promised = {n for n, known in days.items() if known.resolve_by}
    assert promised
    assert min(promised) > 5
    assert all((today + timedelta(days=n)).weekday() < 5 for n in promised)


KNOWN = Facts(
    business_date=date(2026, 9, 4),
    stage="M4",
    orientation="passive",
    nature="non_malicious",
    segment="standard",
    contact_name="Zoe Ingram",
    rep_name="Gareth Pemberton",
    company_name="Northgate Supplies Ltd",
    currency="GBP",
    ask_amount=Decimal("1159.85"),
    documents=("SI-1",),
    days_past_due=99,
    pay_by=date(2026, 9, 4),
    promised_amount=Decimal("1159.85"),
    promised_for=date(2026, 1, 26),
    promise_level=1,
)


def test_an_old_promise_is_not_spoken_of_as_yesterdays() -> None:
    assert (
        "You promised £1,159.85 for 26 January; 221 days on, it hasn't arrived."
        in render("chase_promise", KNOWN, "en").say
    )
    assert "您答应1月26日付1,159.85英镑，过了221天还没有到账。" in render("chase_promise", KNOWN, "zh_CN").say
    fresh = replace(KNOWN, promised_for=date(2026, 9, 1))
    assert "for Tuesday 1 September; it hasn't arrived" in render("chase_promise", fresh, "en").say
    assert "9月1日（周二）付1,159.85英镑，到今天没有到账" in render("chase_promise", fresh, "zh_CN").say


def test_today_is_said_as_people_say_it() -> None:
    assert render("call_last", KNOWN, "en").say.endswith("I need £1,159.85 in our account today.")
    assert render("call_last", KNOWN, "zh_CN").say.endswith("请您今天转账付清1,159.85英镑。")


def test_a_manager_does_not_bring_a_manager_along() -> None:
    for stage in ("M1", "M2", "M3", "M4"):
        for locale, wrong in (("en", "my manager|your manager on the line"), ("zh_CN", "我们经理|您的主管")):
            script = render("escalate", replace(KNOWN, stage=stage), locale)
            assert not re.search(wrong, " ".join(script.section("follow_up")))


def test_bad_faith_gets_no_exchange_and_no_partners_talk() -> None:
    bad = replace(KNOWN, nature="suspected_malicious", segment="strategic")
    case = {"stage": "M4", "orientation": "strategic", "segment": "strategic", "special": None}
    assert PLAYBOOKS.script_for("escalate", {**case, "nature": "suspected_malicious"}) == "escalate"
    assert PLAYBOOKS.script_for("escalate", {**case, "nature": "non_malicious"}) == "escalate_partner"
    assert "exchanged" in " ".join(render("offer_plan", KNOWN, "en").section("offer"))
    assert "exchanged" not in " ".join(render("offer_plan", bad, "en").section("offer"))
    assert "调换" not in " ".join(render("offer_plan", bad, "zh_CN").section("offer"))


def test_nobody_asks_a_public_body_for_a_deposit() -> None:
    [line] = [line for line in planned(digest_of("R-EN")) if line.kind == "offer_plan"]
    assert terms(line, "en")
    assert not terms(replace(line, segment="government"), "en")


def test_a_department_is_not_greeted_by_name() -> None:
    for called, greeted in (
        ("Accounts Payable", "Hello, "),
        ("Finance Team", "Hello, "),
        ("Fin Day", "Hello Fin Day, "),
    ):
        assert render("call_last", replace(KNOWN, contact_name=called), "en").say.startswith(greeted)
    assert render("call_last", replace(KNOWN, contact_name="财务科"), "zh_CN").say.startswith("财务科，您好")


def test_long_numbers_among_short_ones_are_shortened_too() -> None:
    mixed = replace(KNOWN, documents=("1000277-24", "24320000062570575968"), documents_count=28)
    assert "发票1000277-24、尾号5968等28张" in render("call_last", mixed, "zh_CN").say
    assert "Invoices 1000277-24, one ending 5968 and 26 more" in render("call_last", mixed, "en").say


def test_the_subject_keeps_the_money_rather_than_the_last_count() -> None:
    [worklist] = [each for name, each in samples().items() if name == "manager-zh"]
    assert isinstance(worklist, Escalation)
    crowded = replace(worklist, to_approve=1, without_approver=1, ownerless=worklist.lines[:1] * 2)
    shown = subject(crowded, Wording("zh_CN"))
    assert "CNY" in shown
    assert "无人负责 2 家" in shown
    assert len(shown) <= 50
