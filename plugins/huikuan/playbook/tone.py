"""What every talk must keep to (A4), as checks that name what is broken. Tests and the coverage report run them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from huikuan.playbook.script import CARD_LENGTH, Script, card_length

_WEAK = {
    "zh_CN": "老板|领导|上面催|上头|公司逼|考核|任务|压力|不好意思|打扰|冒昧|抱歉|对不起|麻烦您|求您|帮帮忙"
    "|能不能|可不可以|方便的话|有空",
    "en": r"boss|my manager|head office|sorry|apolog|bother|disturb|trouble|just (?:wonder|check|ring|call)"
    r"|would you mind|if possible|hoping|whenever|pressure|my target|afraid",
}
_HARDSHIP = {
    "zh_CN": "困难|难处|难关|不容易|公平|公道|吃紧|紧张|养家|工资|理解|可怜|同情",
    "en": r"hard|difficult|struggl|tight|fair|suffer|desperate|understand|sympath",
}
_UNDERSTANDING = {"zh_CN": "理解", "en": r"\bunderstand\b"}
_RECORD = {"zh_CN": "信用", "en": r"\bcredit record\b|\bpayment record\b"}
_AGREED = {"zh_CN": "约好|先说好|话说在前面|说清楚", "en": r"Let's agree|So we're clear|So you know"}
_IF_NOT = {"zh_CN": "没|要是|真排不上", "en": r"\b[Ii]f\b"}
_CONTRACT = {"zh_CN": "合同", "en": r"(?i)\bcontract"}
_SENTENCE_END = {"zh_CN": "[。？！]", "en": r"[.?!](?=\s|$)"}
_GREETINGS = {"zh_CN": 0, "en": 1}
"""Sentences that the greeting takes: in Chinese it runs on."""
_ENDS = ("。", "？", "！", "”", ".", "?", "!", '"')
_WITHOUT_RECORD = ("file_claim",)
"""An insolvency administrator has no credit record with us to look after."""

_BROKEN = re.compile(
    r"None|nan\b|[{}]|  |\(\s*\)|（\s*）|“\s*”|\"\"|[，。、；：]{2}|[,;:]{2}|\.\.|[,;]\.|\s[,.;:?!]|undefined"
)
_HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,.;:?!()\"']|[,.;:?!()\"'][\u4e00-\u9fff]")
_FULL_WIDTH = re.compile(r"[，。；：？！“”（）、\u4e00-\u9fff]")


def broken_rules(script: Script, *, is_suspected: bool) -> list[str]:
    """Names of the rules that this talk breaks; none when it is as it should be."""
    return [name for name, holds in RULES.items() if not holds(script, is_suspected)]


def _text(script: Script) -> str:
    return "\n".join(line for section in script.sections for line in section.lines)


def _spoken_word(script: Script, key: str, words: Mapping[str, str]) -> bool:
    return any(re.search(words[script.locale], line) for line in script.section(key))


def _sentences(script: Script, key: str) -> int:
    return sum(len(re.findall(_SENTENCE_END[script.locale], line)) for line in script.section(key))


def _fits(script: Script, _: bool) -> bool:
    return card_length(script.say, script.locale) <= CARD_LENGTH[script.locale]


def _is_clean(script: Script, _: bool) -> bool:
    foreign = _HALF_WIDTH if script.locale == "zh_CN" else _FULL_WIDTH
    return not any(pattern.search(text) for pattern in (_BROKEN, foreign) for text in (_text(script), script.say))


def _is_whole(script: Script, _: bool) -> bool:
    """Every paragraph that is a sentence ends as one; plans and figures are lines of a table."""
    lines = [line for section in script.sections if section.key not in ("offer", "facts") for line in section.lines]
    starts = script.locale == "zh_CN" or script.say[0].isupper()
    return starts and all(line.endswith((*_ENDS, "）")) for line in lines)


RULES: dict[str, Callable[[Script, bool], bool]] = {
    "no contract where no bad faith is suspected": lambda script, is_suspected: (
        is_suspected or not re.search(_CONTRACT[script.locale], _text(script))
    ),
    "opening is one sentence": lambda script, _: _sentences(script, "opening") == _GREETINGS[script.locale] + 1,
    "opening is not weak": lambda script, _: not re.search(_WEAK[script.locale], script.opening),
    "opening does not appeal to hardship or fairness": lambda script, _: (
        not re.search(_HARDSHIP[script.locale], script.opening)
    ),
    "empathy": lambda script, _: _spoken_word(script, "empathy", _UNDERSTANDING),
    "benefit: the credit record": lambda script, _: (
        bool(script.section("benefit"))
        and (script.script_id in _WITHOUT_RECORD or _spoken_word(script, "benefit", _RECORD))
    ),
    "one concrete action": lambda script, _: _sentences(script, "ask") == 1,
    "answer to an objection": lambda script, _: len(script.section("objection")) == 2,
    "agreed follow-up in case it is not met": lambda script, _: (
        _spoken_word(script, "follow_up", _AGREED) and _spoken_word(script, "follow_up", _IF_NOT)
    ),
    "advice for the rep": lambda script, _: bool(script.section("approach")),
    "short enough for a card": _fits,
    "no gaps, doubled or foreign punctuation": _is_clean,
    "whole sentences": _is_whole,
}
