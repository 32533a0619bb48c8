"""Scripts: every combination has a natural talk in both languages, and every file is one that a task can get."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from huikuan.errors import PlaybookError
from huikuan.ledger.contract import TABLES
from huikuan.playbook import Facts, render, texts
from huikuan.playbook.coverage import examples
from huikuan.playbook.script import CARD_LENGTH, card_length
from huikuan.playbook.survey import KINDS, SAMPLES, Survey, cases, survey
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY
from huikuan.wording import LOCALES

PLAYBOOKS = load_policy(DEFAULT_POLICY).playbooks
NOTHING = Facts(business_date=date(2026, 7, 1))


@pytest.fixture(scope="module", params=LOCALES)
def found(request: pytest.FixtureRequest) -> Survey:
    return survey(PLAYBOOKS, request.param, SAMPLES[request.param])


def test_every_combination_keeps_to_the_tone_rules(found: Survey) -> None:
    assert found.rendered == len(KINDS) * 5 * 5 * 3 * 4 * 6
    assert not found.broken
    assert found.longest <= CARD_LENGTH[found.locale]


def test_every_file_is_reached_and_every_rule_reaches_a_file(found: Survey) -> None:
    assert found.scripts == set(texts.names(found.locale)) == {rule.script for rule in PLAYBOOKS.scripts}


def test_combinations_do_not_all_say_the_same(found: Survey) -> None:
    assert len(found.talks) > 2000
    assert len(found.cards) > 100


@pytest.mark.parametrize("locale", LOCALES)
def test_talks_are_whole_when_nothing_is_known(locale: str) -> None:
    found = Survey(locale)
    for case in cases():
        if case["orientation"] is None:
            known = replace(NOTHING, **case)  # type: ignore[arg-type]
            for kind in KINDS:
                found.note(
                    render(PLAYBOOKS.script_for(kind, case), known, locale),
                    is_suspected=case["nature"] == "suspected_malicious",
                )
    assert not found.broken


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    "changes",
    [
        {"documents": ("A-1",), "documents_count": 1, "days_past_due": 1},
        {"documents": ("A-1", "A-2"), "documents_count": None, "currency": "JPY", "ask_amount": Decimal(1200000)},
        {"documents": (), "currency": "KWD", "ask_amount": Decimal("1250.500")},
        {"documents_count": 40, "contact_name": None, "cooperation_months": 12},
        {"company_name": None, "next_contact_on": None, "cooperation_months": 7},
        {"rep_name": None, "pay_by": None, "promised_for": None, "days_past_due": None},
        {"currency": None, "promised_amount": None, "disputed_amount": None, "promise_received": None},
        {"dispute_reason": "something new", "released_flag": "something new", "payment_method": "bill"},
        {"missing_papers": ("contract", "acceptance_certificate", "stamped_statement"), "promise_level": 3},
        {"contact_name": "N" * 300, "rep_name": "R" * 300, "company_name": "C" * 300, "documents": ("D" * 300,) * 9},
        {"temperament": "cautious", "due_on": date(2027, 1, 4)},
        {"temperament": "problem_oriented", "segment": "key"},
        {"temperament": "detail_oriented", "nature": "suspected_malicious"},
    ],
)
def test_talks_are_whole_whatever_is_known(locale: str, changes: dict[str, object]) -> None:
    facts = replace(SAMPLES[locale], **changes)  # type: ignore[arg-type]
    found = Survey(locale)
    for script_id in texts.names(locale):
        found.note(render(script_id, facts, locale), is_suspected="suspected" in script_id or facts.nature is not None)
    is_long = facts.contact_name == "N" * 300
    assert {rule for rule, _ in found.broken} <= ({"short enough for a card"} if is_long else set())


def test_both_languages_have_the_same_files_and_sections() -> None:
    for folder in ("", "parts", "drills", "stories"):
        assert texts.names("en", folder) == texts.names("zh_CN", folder)
        for name in texts.names("en", folder):
            path = f"{folder}/{name}" if folder else name
            assert list(texts.sections("en", path)) == list(texts.sections("zh_CN", path)), path


@pytest.mark.parametrize("locale", LOCALES)
def test_every_kind_of_paper_of_the_contract_has_a_name(locale: str) -> None:
    kinds = TABLES["evidence"].columns["kind"].info["values"]
    assert set(texts.sections(locale, "parts/paper")) == set(kinds)


def test_rising_firmness() -> None:
    asked = [PLAYBOOKS.script_for("call", _case(stage=stage)) for stage in ("M0", "M1", "M2", "M3", "M4")]
    assert asked == ["call_check_in", "call_reminder", "call_second", "call_third", "call_last"]
    facts = SAMPLES["en"]
    steps = [
        render("call_second", replace(facts, stage=stage), "en").section("follow_up")[0]
        for stage in ("M1", "M2", "M3", "M4")
    ]
    assert ["I ring you" in steps[0], "your manager" in steps[1], "come over" in steps[2], "directors" in steps[3]] == [
        True
    ] * 4


def test_a_promise_broken_again_is_taken_more_firmly() -> None:
    once, twice = (
        render("chase_promise", replace(SAMPLES["zh_CN"], stage="M1", promise_level=level), "zh_CN") for level in (1, 2)
    )
    assert "说好的那笔款" in once.opening
    assert "第2次" in twice.opening
    assert "书面" in twice.section("ask")[0]
    assert "经理上门" in twice.section("follow_up")[0]


def test_nobody_threatens_a_public_body_or_a_partner() -> None:
    for locale, words in (("zh_CN", ("停货。", "法务", "催告")), ("en", ("lawyer", "written demand"))):
        for segment in ("government", "strategic"):
            for stage in ("M1", "M4"):
                facts = replace(SAMPLES[locale], segment=segment, stage=stage, nature="non_malicious")
                for kind in ("call", "visit", "chase_promise", "escalate"):
                    case = {**_case(stage=stage), "segment": segment}
                    script = render(PLAYBOOKS.script_for(kind, case), facts, locale)  # type: ignore[arg-type]
                    spoken = script.say + " ".join(script.section("follow_up"))
                    assert not any(word in spoken for word in words)


def test_facts_are_said_as_people_say_them() -> None:
    chinese = render("call_reminder", SAMPLES["zh_CN"], "zh_CN").say
    assert "128,450元" in chinese
    assert "7月3日（周五）前" in chinese
    assert "尾号8901、9917等3张发票，最早逾期46天" in chinese
    english = render("call_reminder", SAMPLES["en"], "en").say
    assert "£12,845.50" in english
    assert "by Friday 3 July" in english
    assert "Invoices SI-0412345, SI-0412399 and 1 more are overdue, the oldest by 46 days" in english
    for amount, currency, locale, said in (
        (Decimal("58000.00"), "USD", "zh_CN", "58,000美元"),
        (Decimal("1250.5"), "KWD", "en", "KWD 1,250.500"),
        (Decimal("1200000"), "JPY", "zh_CN", "1,200,000日元"),
    ):
        facts = replace(SAMPLES[locale], ask_amount=amount, currency=currency, owed_amount=None)
        assert said in render("call_reminder", facts, locale).section("ask")[0]


def test_a_long_card_leaves_out_the_least_important_first() -> None:
    facts = replace(SAMPLES["zh_CN"], orientation="sales_led")
    assert "款到了" in render("call_reminder", facts, "zh_CN").say
    longer = replace(
        facts, company_name="华东恒启精密工业自动化设备制造股份有限公司", contact_name="财务共享中心 彭海涛"
    )
    card = render("call_reminder", longer, "zh_CN").say
    assert "款到了" not in card
    assert card_length(card, "zh_CN") <= CARD_LENGTH["zh_CN"]
    assert "128,450元" in card


POISON = [
    "{{ 7 * 7 }}",
    "{% for x in (1, 2) %}x{% endfor %}",
    "{{ f.__class__ }}",
    "<script>alert(1)</script>",
    '=cmd|"/c calc"!A1',
    "## ask",
    "𠮷🙂",
]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", POISON)
def test_what_a_customer_is_called_is_shown_as_text(locale: str, name: str) -> None:
    facts = replace(SAMPLES[locale], contact_name=name, rep_name=name, company_name=None, documents=(name,))
    plain = render("visit", SAMPLES[locale], locale)
    script = render("visit", facts, locale)
    assert name[:20] in script.opening
    assert [section.key for section in script.sections] == [section.key for section in plain.sections]
    assert "49" not in script.opening


@pytest.mark.parametrize("locale", LOCALES)
def test_hidden_characters_and_line_breaks_do_nothing(locale: str) -> None:
    facts = replace(SAMPLES[locale], contact_name="Ann\r\nBcc: x\n\n## ask\nno\u202egro\x00")
    script = render("call_second", facts, locale)
    assert not {"\n", "\r", "\u202e", "\x00"} & set(script.say)
    assert len(script.section("opening")) == 1


def test_a_script_that_does_not_exist_is_named() -> None:
    with pytest.raises(PlaybookError, match="no text call_nobody in en"):
        render("call_nobody", NOTHING, "en")


def test_a_template_that_names_something_unknown_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    template = texts._ENVIRONMENT.from_string("{{ f.salary }}")
    monkeypatch.setattr(texts, "sections", lambda _locale, _name: {"ask": template})
    with pytest.raises(PlaybookError, match=r"Section ask of .* cannot be filled in"):
        texts.fill("en", "call_second", "ask", {"f": object()})


def test_the_report_shows_ten_talks_of_each_language() -> None:
    for locale in LOCALES:
        shown = list(examples(PLAYBOOKS, locale))
        assert len(shown) == 10
        assert len({script.script_id for _, script in shown}) == 10


def test_the_report_is_the_committed_page() -> None:
    page = DEFAULT_POLICY.parents[2] / "docs" / "playbooks.md"
    shown = page.read_text(encoding="utf-8")
    for locale in LOCALES:
        for _, script in examples(PLAYBOOKS, locale):
            assert f"> {script.say}\n" in shown, "run `make docs`"


def _case(**known: str) -> dict[str, str | None]:
    return {"stage": None, "orientation": None, "nature": None, "segment": None, "special": None, **known}
