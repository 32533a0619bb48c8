"""Drill cards and success stories: enough of them, whole in both languages, and told with real facts only."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from huikuan.errors import PlaybookError
from huikuan.playbook import StoryFacts, drill, drill_ids, drill_of_week, success_story, texts
from huikuan.policy.tasks import TaskKind
from huikuan.wording import LOCALES

MONDAY = date(2026, 6, 29)


def test_ten_cards_and_more_in_each_language() -> None:
    assert drill_ids("en") == drill_ids("zh_CN")
    assert len(drill_ids("en")) >= 10


@pytest.mark.parametrize("locale", LOCALES)
def test_every_card_is_whole(locale: str) -> None:
    for name in drill_ids(locale):
        card = drill(name, locale)
        assert card.good
        for text in (card.title, card.scenario, card.objection, card.avoid, *card.good):
            assert text
            assert "合同" not in text
            assert "contract" not in text.lower()
            assert not ("，" in text and locale == "en")


def test_the_card_changes_every_week_until_all_were_there() -> None:
    weeks = [drill_of_week(MONDAY + timedelta(weeks=week), "en").drill_id for week in range(len(drill_ids("en")))]
    assert sorted(weeks) == drill_ids("en")
    assert drill_of_week(MONDAY, "zh_CN").drill_id == weeks[0]


def test_a_card_that_does_not_exist_is_named() -> None:
    with pytest.raises(PlaybookError, match="no drill card nothing"):
        drill("nothing", "en")


def test_a_story_tells_what_is_known() -> None:
    facts = StoryFacts(
        business_date=MONDAY,
        amount=Decimal("96000"),
        currency="CNY",
        rep_name="周敏",
        account_name="武汉霁川建材有限公司",
        days_past_due=52,
        received_on=date(2026, 6, 26),
        talks_count=4,
        worked="chase_promise",
        is_promise_kept=True,
    )
    story = success_story(facts, "zh_CN")
    assert story.title == "周敏收回96,000元"
    assert story.story == (
        "武汉霁川建材拖了52天，6月26日（周五）到账96,000元。前后谈了4次。把他答应过的日子念了一遍，对方当场改成书面。"
        "说好哪天，就哪天到账。"
    )
    assert story.lesson == "承诺要落到纸上：哪天、多少、谁办。"


def test_a_story_leaves_out_what_is_not_known() -> None:
    story = success_story(StoryFacts(MONDAY, Decimal("9600"), "GBP"), "en")
    assert (story.title, story.story) == ("£9,600 brought in", "A customer paid £9,600.")
    assert story.lesson == "Get the amount, the day and the name, and the money has a way to come."


@pytest.mark.parametrize("locale", LOCALES)
def test_every_step_that_can_have_worked_has_its_line(locale: str) -> None:
    told = set(texts.sections(locale, "parts/story"))
    assert told == set(texts.sections(locale, "parts/lesson"))
    assert told == set(TaskKind.__args__) - {"tell_release", "thank_payment", "file_claim"}  # type: ignore[attr-defined]


def test_a_poisoned_name_is_told_as_text() -> None:
    story = success_story(StoryFacts(MONDAY, Decimal(5), "GBP", account_name="{{ 7 * 7 }}\r\nLtd"), "en")
    assert story.story.startswith("{{ 7 * 7 }} paid")
