"""What a back-test says in words: the headline, what was checked, and what a reader must know."""

from __future__ import annotations

from typing import get_args

import pytest

from huikuan.backtest import sentences
from huikuan.backtest.replay import Replayed
from huikuan.policy.ladder import Flag
from huikuan.warehouse.tables import FLAG_STATES, FLAGS


def summary(**figures: tuple[str, str, str] | list[tuple[str, str, str]]) -> list[list[str]]:
    rows = [["nights", "all", "30.0000", "nights"], ["tasks_a", "all", "90.0", "tasks"]]
    for name, given in figures.items():
        rows += [[name, *row] for row in (given if isinstance(given, list) else [given])]
    return rows


@pytest.mark.parametrize(
    ("figures", "en", "zh"),
    [
        (
            {
                "sanctioned_new": [("company/HD", "1200", "accounts"), ("company/NG", "34", "accounts")],
                "sanctioned_new_overdue": [("company/HD", "1234567.8900", "CNY"), ("company/NG", "99.5000", "GBP")],
                "sanctioned_dropped": ("company/HD", "1", "accounts"),
                "sanctioned_dropped_overdue": ("company/HD", "0.0000", "CNY"),
            },
            "Over 30 nights, policy B would propose sanctions for 1,234 more accounts (CNY 1,234,568, GBP 100 overdue)"
            " and spare 1 that A proposes.",
            "30 个夜晚中，政策 B 会多惩戒 1,234 个客户（逾期 CNY 1,234,568、GBP 100），少惩戒 1 个。",
        ),
        (
            {
                "sanctioned_new": ("company/HD", "1", "accounts"),
                "sanctioned_new_overdue": [("company/HD", "10", "CNY"), ("company/XX", "20", "CNY")],
                "sanctioned_later": ("company/HD", "2", "accounts"),
                "sanctioned_ended_later": ("company/HD", "3", "accounts"),
            },
            "Over 30 nights, policy B would propose sanctions for 1 more account (CNY 30 overdue), begin with 2 later"
            " and hold 3 longer.",
            "30 个夜晚中，政策 B 会多惩戒 1 个客户（逾期 CNY 30），推后 2 个，推后解除 3 个。",
        ),
        (
            {"moved_accounts": [("company/HD", "1", "accounts")]},
            "Over 30 nights, policy B changes no sanction; 1 account would stand elsewhere on at least one night.",
            "30 个夜晚中，政策 B 不改变任何惩戒；1 个客户至少有一晚的状态不同。",
        ),
        (
            {"tasks_b": ("all", "1090.0", "tasks")},
            "Over 30 nights, policy B changes only who is to do what: +1,000 tasks.",
            "30 个夜晚中，政策 B 只改变任务：+1,000 项。",
        ),
        (
            {"tasks_b": ("all", "90.0", "tasks")},
            "Over 30 nights, policy B moves nobody: everybody stands where A puts them.",
            "30 个夜晚中，政策 B 与政策 A 结果相同。",
        ),
    ],
)
def test_the_headline_says_the_result(figures: dict[str, tuple[str, str, str]], en: str, zh: str) -> None:
    assert sentences.headline(summary(**figures)) == sentences.Sentence(en, zh)


def night(check: str, note: str = "") -> dict[str, str]:
    return {"business_date": "2026-03-02", "check": check, "note": note}


def test_what_was_checked_is_counted_and_what_differs_comes_first() -> None:
    nights = [night("reproduced"), night("published"), night("published"), night("differs", "x"), night("other_policy")]
    differs, counted = sentences.checked(nights)
    assert differs.en == "2026-03-02: the replay under the policy in force differs from what was published: x."
    assert differs.zh == "2026-03-02：按当时生效的政策重算，与已发布的结果不同：x。"
    assert counted.en.startswith("Policy A was in force on 4 of 5 nights. On 1 it was computed again in full")
    assert "; on 2 its published rows are taken" in counted.en
    assert "其中 1 晚全部重算" in counted.zh
    assert "；2 晚直接采用已发布的结果" in counted.zh


def test_a_policy_that_was_never_in_force_cannot_be_checked() -> None:
    [said] = sentences.checked([night("other_policy")])
    assert said.en.startswith("Policy A was in force on none of these nights")


def test_every_check_has_its_words() -> None:
    documented = {name for name in sentences.CHECKS if f"``{name}``" in (Replayed.__doc__ or "")}
    assert documented == set(sentences.CHECKS)


def test_what_a_replay_cannot_say_is_said() -> None:
    always, unread, gaps = sentences.limits(
        ["gate", "ladder", "outreach"], [f"2026-03-{day:02}" for day in range(1, 13)]
    )
    assert "never put before anybody" in always.en
    assert "differ in gate, outreach, which a replay does not read" in unread.en
    assert "12 days in between: 2026-03-01, " in gaps.en
    assert gaps.en.endswith("2026-03-10 ….")
    assert len(sentences.limits(["ladder"], [])) == 1


def test_effects_come_in_the_order_in_which_they_are_asked_for() -> None:
    rows = summary(
        sanction_other_state=("flag/stop_supply", "1", "accounts"),
        sanction_dropped=[("flag/stop_supply", "2", "accounts"), ("flag/legal_referral", "3", "accounts")],
        sanction_new=("flag/stop_supply", "4", "accounts"),
        sanctioned_new=("company/HD", "9", "accounts"),
    )
    assert sentences.by_effect(rows) == [
        ("new", "stop_supply", 4),
        ("dropped", "legal_referral", 3),
        ("dropped", "stop_supply", 2),
        ("other_state", "stop_supply", 1),
    ]


def test_codes_have_their_chinese() -> None:
    assert set(FLAGS) | set(FLAG_STATES) | set(get_args(Flag)) <= set(sentences.WORDS)
    assert sentences.termed("stop_supply proposed, x active") == "stop_supply 停止供货 proposed 待审批, x active 执行中"
