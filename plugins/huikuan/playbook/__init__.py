"""The playbook (话术): what a rep says, asks for and may offer, in the reader's language, with the account's facts."""

from huikuan.playbook.cards import Drill, Story, StoryFacts, drill, drill_ids, drill_of_week, success_story
from huikuan.playbook.facts import Facts
from huikuan.playbook.offers import (
    Anchor,
    Discount,
    Instalment,
    ask_anchor,
    early_discount,
    payment_plan,
)
from huikuan.playbook.script import ORDER, Script, Section, render, terms_text

__all__ = [
    "ORDER",
    "Anchor",
    "Discount",
    "Drill",
    "Facts",
    "Instalment",
    "Script",
    "Section",
    "Story",
    "StoryFacts",
    "ask_anchor",
    "drill",
    "drill_ids",
    "drill_of_week",
    "early_discount",
    "payment_plan",
    "render",
    "success_story",
    "terms_text",
]
