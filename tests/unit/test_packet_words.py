"""Every sentence of a packet exists in both languages, with the same values in it; codes nobody foresaw are shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from huikuan.referrals import packet
from huikuan.referrals.packet_history import KINDS
from huikuan.referrals.packet_missing import CONTRACT_TITLES, REQUIREMENT_TEXTS
from huikuan.referrals.packet_papers import CONTRACT_FACTS, REQUIREMENTS
from huikuan.referrals.packet_words import WORDS, listed, word
from huikuan.settings import INCLUDE
from huikuan.wording import Wording

ENGLISH, CHINESE = Wording("en", "letters"), Wording("zh_CN", "letters")
VALUES = re.compile(r"%\(\w+\)s|%%|\{\w+\}")


def sentences() -> set[str]:
    """What the code says, in English."""
    found = {code for family in WORDS.values() for code in family.values()}
    found |= {text for pair in REQUIREMENT_TEXTS.values() for text in pair}
    found |= {*KINDS.values(), *CONTRACT_TITLES.values()}
    for path in Path(packet.__file__).parent.glob("packet*.py"):
        for _, message, _, _ in extract_from_file("python", str(path), keywords={"text": None}):
            found.add(str(message))
    return found


def test_the_catalogue_holds_exactly_what_the_code_says() -> None:
    with (INCLUDE / "locale" / "zh_CN" / "LC_MESSAGES" / "letters.po").open("rb") as file:
        catalogue = {str(entry.id): str(entry.string) for entry in read_po(file, locale="zh_CN") if entry.id}
    assert set(catalogue) == sentences()
    assert [english for english, chinese in catalogue.items() if not chinese] == []
    for english, chinese in catalogue.items():
        assert sorted(VALUES.findall(english)) == sorted(VALUES.findall(chinese)), english


def test_every_requirement_and_fact_has_its_words() -> None:
    assert list(REQUIREMENT_TEXTS) == list(REQUIREMENTS)
    assert set(CONTRACT_FACTS) <= set(CONTRACT_TITLES)


def test_codes() -> None:
    assert word(CHINESE, "outcome", "no_answer") == "无人接听"
    assert word(ENGLISH, "outcome", "no_answer") == "no answer"
    assert word(ENGLISH, "outcome", "left_a_message") == "left a message"
    assert word(CHINESE, "reason", None) == word(CHINESE, "reason", "") == "–"


@pytest.mark.parametrize(("wording", "expected"), [(ENGLISH, "A, B and 2 more"), (CHINESE, "A、B 等（另有 2 项）")])
def test_long_lists_are_cut(wording: Wording, expected: str) -> None:
    assert listed(wording, ["A", "B", "C", "D"], 2) == expected
    assert listed(wording, ["A", "B"], 2) in {"A, B", "A、B"}
    assert listed(wording, []) == ""
