"""The tone rules catch what they are for: each is broken once, in each language, and named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from huikuan.playbook import Script, Section, render
from huikuan.playbook.survey import SAMPLES
from huikuan.playbook.tone import RULES, broken_rules

GOOD = {locale: render("call_reminder", replace(facts, stage="M1"), locale) for locale, facts in SAMPLES.items()}

BREAKS: list[tuple[str, str, str, tuple[str, ...]]] = [
    (
        "no contract where no bad faith is suspected",
        "zh_CN",
        "objection",
        ("对方：“不付。”", "您答：“按合同您该付了。”"),
    ),
    ("no contract where no bad faith is suspected", "en", "approach", ("Mention the contractual date.",)),
    ("opening is one sentence", "zh_CN", "opening", ("您好，我是周敏。今天谈一笔款。",)),
    ("opening is one sentence", "en", "opening", ("Hello, Anna here. One thing. Your payment.",)),
    ("opening is not weak", "zh_CN", "opening", ("您好，不好意思，老板让我来问问那笔款。",)),
    ("opening is not weak", "en", "opening", ("Hello, Anna here. My boss keeps asking about your payment.",)),
    ("opening does not appeal to hardship or fairness", "zh_CN", "opening", ("您好，我们也有困难，等着发工资。",)),
    (
        "opening does not appeal to hardship or fairness",
        "en",
        "opening",
        ("Hello, Anna here. It's only fair that you pay.",),
    ),
    ("empathy", "zh_CN", "empathy", ()),
    ("empathy", "en", "empathy", ("Never mind.",)),
    ("benefit: the credit record", "zh_CN", "benefit", ("对您有好处。",)),
    ("benefit: the credit record", "en", "benefit", ()),
    ("one concrete action", "zh_CN", "ask", ("请您周五前转账。再把对账函寄回。",)),
    ("one concrete action", "en", "ask", ("Please pay by Friday. And sign the statement.",)),
    ("answer to an objection", "zh_CN", "objection", ("对方：“再等等。”",)),
    ("answer to an objection", "en", "objection", ()),
    ("agreed follow-up in case it is not met", "zh_CN", "follow_up", ("我会再打给您。",)),
    ("agreed follow-up in case it is not met", "en", "follow_up", ("Let's agree: I ring you on Monday.",)),
    ("advice for the rep", "zh_CN", "approach", ()),
    ("advice for the rep", "en", "approach", ()),
    ("no gaps, doubled or foreign punctuation", "zh_CN", "ask", ("请您周五前转账None元。",)),
    ("no gaps, doubled or foreign punctuation", "zh_CN", "ask", ("请您周五前,转账付清。",)),
    ("no gaps, doubled or foreign punctuation", "zh_CN", "ask", ("请您周五（）前转账付清。",)),
    ("no gaps, doubled or foreign punctuation", "zh_CN", "ask", ("请您周五前，，转账付清。",)),
    ("no gaps, doubled or foreign punctuation", "en", "ask", ("Please pay  by Friday.",)),
    ("no gaps, doubled or foreign punctuation", "en", "ask", ("Please pay {{ amount }} by Friday.",)),
    ("no gaps, doubled or foreign punctuation", "en", "ask", ("Please pay £5 , by Friday.",)),
    ("no gaps, doubled or foreign punctuation", "en", "ask", ("Please pay by Friday，thank you.",)),
    ("whole sentences", "zh_CN", "approach", ("先说金额",)),
    ("whole sentences", "en", "approach", ("First the amount",)),
]


@pytest.mark.parametrize(("rule", "locale", "key", "lines"), BREAKS)
def test_a_broken_rule_is_named(rule: str, locale: str, key: str, lines: tuple[str, ...]) -> None:
    assert rule in broken_rules(_with(GOOD[locale], key, lines), is_suspected=False)


@pytest.mark.parametrize("locale", sorted(GOOD))
def test_a_card_that_is_too_long_is_named(locale: str) -> None:
    long = replace(GOOD[locale], say=" ".join([GOOD[locale].say] * 2))
    assert broken_rules(long, is_suspected=False) == ["short enough for a card"]


def test_the_word_is_allowed_where_bad_faith_is_suspected() -> None:
    script = render("call_suspected", replace(SAMPLES["zh_CN"], nature="suspected_malicious"), "zh_CN")
    assert "合同" in script.say
    assert not broken_rules(script, is_suspected=True)
    assert broken_rules(script, is_suspected=False) == ["no contract where no bad faith is suspected"]


def test_every_rule_is_broken_somewhere_here() -> None:
    assert {rule for rule, *_ in BREAKS} | {"short enough for a card"} == set(RULES)


def _with(script: Script, key: str, lines: tuple[str, ...]) -> Script:
    sections = tuple(
        Section(section.key, section.title, lines) if section.key == key else section for section in script.sections
    )
    return replace(script, sections=sections, opening=lines[0] if key == "opening" else script.opening)
