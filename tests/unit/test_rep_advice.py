"""Every habit that the policy may call weak has a sentence in both languages, with both figures in it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from huikuan.errors import HuikuanError
from huikuan.finance.advice import SENTENCES, advice
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY


def test_every_habit_has_a_sentence() -> None:
    assert set(load_policy(DEFAULT_POLICY).finance.reps.habits) == set(SENTENCES)


@pytest.mark.parametrize("habit", SENTENCES)
def test_both_languages_say_the_figures(habit: str) -> None:
    english, chinese = (advice(habit, Decimal("12.3456"), Decimal(40), locale) for locale in ("en", "zh-CN"))
    for sentence in (english, chinese):
        assert "12.3" in sentence and "40" in sentence and "%(" not in sentence and "%%" not in sentence
    assert ("%" in english) == habit.endswith("_pct") == ("%" in chinese)
    assert chinese != english and "公司中位数" in chinese


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(HuikuanError, match="No advice is called nothing"):
        advice("nothing", Decimal(1), Decimal(1), "en")
