"""The coverage report of the playbook: ``python -m huikuan.playbook.coverage > docs/playbooks.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from huikuan.playbook.cards import drill, drill_ids
from huikuan.playbook.facts import Facts
from huikuan.playbook.offers import ask_anchor, early_discount, payment_plan
from huikuan.playbook.script import CARD_LENGTH, Script, card_length, render
from huikuan.playbook.survey import KINDS, SAMPLES, Survey, cases, survey
from huikuan.playbook.tone import RULES
from huikuan.policy import load_policy
from huikuan.policy.playbooks import DIMENSIONS, Playbooks
from huikuan.policy.tasks import TaskKind
from huikuan.settings import DEFAULT_POLICY
from huikuan.wording import LOCALES

_HEAD = """\
# Playbooks (话术)

Made by `python -m huikuan.playbook.coverage`; do not edit it by hand. The texts stand in
`include/templates/scripts/{zh_CN,en}/`: a file is a script, a heading `## …` in it a piece of the talk, and what a
script does not write itself it takes from `parts/` for the case at hand. Which task gets which script is decided by
`playbooks.scripts` of the policy. The quoted text is the card that fits a phone; a card that would be too long leaves
out its hook first, then our company, then the numbers of documents, which stand among the figures below it.
"""
_EXAMPLES: tuple[tuple[TaskKind, str, dict[str, object]], ...] = (
    ("pre_due_reminder", "before it is due · 到期前", {"stage": "M0", "orientation": "collection_led"}),
    (
        "call",
        "M1 · passive · 消极导向",
        {"stage": "M1", "orientation": "passive", "nature": "non_malicious", "days_past_due": 14},
    ),
    (
        "call",
        "M2 · sales-led · 销货主导 · “下家没付款”",
        {
            "stage": "M2",
            "orientation": "sales_led",
            "nature": "non_malicious",
            "special": "upstream_unpaid",
            "temperament": "cautious",
        },
    ),
    (
        "call",
        "M2 · government · 政府客户",
        {"stage": "M2", "orientation": "passive", "nature": "non_malicious", "segment": "government"},
    ),
    (
        "call",
        "M4 · suspected malicious · 疑似恶意",
        {"stage": "M4", "orientation": "passive", "nature": "suspected_malicious", "days_past_due": 132},
    ),
    (
        "visit",
        "M3 · key customer · 重点客户",
        {
            "stage": "M3",
            "orientation": "collection_led",
            "nature": "non_malicious",
            "segment": "key",
            "days_past_due": 71,
        },
    ),
    (
        "chase_promise",
        "broken twice · 第二次没兑现",
        {
            "stage": "M2",
            "orientation": "sales_led",
            "nature": "non_malicious",
            "promise_level": 2,
            "temperament": "detail_oriented",
        },
    ),
    (
        "resolve_dispute",
        "small defect · 小瑕疵",
        {"stage": "M1", "orientation": "collection_led", "nature": "non_malicious", "special": "small_defect"},
    ),
    (
        "offer_plan",
        "M3 · needs the cash · 自己要用钱",
        {"stage": "M3", "nature": "non_malicious", "special": "needs_cash", "days_past_due": 78},
    ),
    ("thank_payment", "money came · 到账", {"stage": "M0", "orientation": "strategic", "segment": "strategic"}),
)


def examples(playbooks: Playbooks, locale: str) -> Iterator[tuple[str, Script]]:
    """Ten talks with what they are about, filled in with facts of the kind that the demo has."""
    for kind, title, changes in _EXAMPLES:
        facts = replace(SAMPLES[locale], **changes)  # type: ignore[arg-type]
        facts = _with_offers(kind, facts, playbooks)
        case = {name: getattr(facts, name) for name in DIMENSIONS}
        yield title, render(playbooks.script_for(kind, case), facts, locale)


def _with_offers(kind: TaskKind, facts: Facts, playbooks: Playbooks) -> Facts:
    """The facts with what the policy lets a rep ask for and offer in a task of this kind."""
    ask, owed, currency = facts.ask_amount, facts.owed_amount, facts.currency
    if ask is None or owed is None or currency is None:
        return facts
    if kind == "visit":
        return replace(facts, anchor=ask_anchor(ask / 2, owed, currency, playbooks.ask_anchor))
    if kind == "chase_promise" and facts.promised_amount and facts.promise_received:
        return replace(facts, ask_amount=facts.promised_amount - facts.promise_received)
    if kind == "offer_plan" or facts.special in ("upstream_unpaid", "needs_cash"):
        first_on = facts.pay_by or facts.business_date
        return replace(facts, plan=payment_plan(owed, currency, first_on, "C", playbooks.plan, 4, _weekday))
    if kind == "pre_due_reminder":
        due_on, pay_by = date(2026, 7, 20), date(2026, 7, 8)
        return replace(
            facts, due_on=due_on, discount=early_discount(ask, currency, due_on, pay_by, "A", playbooks.discount)
        )
    return facts


def _weekday(day: date) -> date:
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day


def report(playbooks: Playbooks) -> str:
    """The report as Markdown."""
    surveys = [
        (words, survey(playbooks, locale, facts))
        for locale in LOCALES
        for words, facts in (
            ("all known", SAMPLES[locale]),
            ("nothing known", Facts(business_date=SAMPLES[locale].business_date)),
        )
    ]
    parts = [_HEAD, _coverage(surveys), _tone(surveys), _chosen(playbooks), _drills()]
    parts += [_examples(playbooks, locale) for locale in reversed(LOCALES)]
    return "\n".join(parts)


def _coverage(surveys: list[tuple[str, Survey]]) -> str:
    combinations = sum(1 for _ in cases())
    lines = [
        "## Coverage (覆盖)\n",
        f"{len(KINDS)} kinds of task × {combinations:,} cases (stage × orientation × nature × segment × special case),",
        "each in both languages, once with every fact known and once with none.\n",
        "| language | facts | combinations filled in | scripts used | different talks | different cards "
        "| longest card | limit | rules broken |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for words, found in surveys:
        unit = "characters" if found.locale == "zh_CN" else "words"
        lines.append(
            f"| {found.locale} | {words} | {found.rendered:,} | {len(found.scripts)} | {len(found.talks):,} "
            f"| {len(found.cards):,} | {found.longest:g} | {CARD_LENGTH[found.locale]} {unit} "
            f"| {found.broken.total()} |"
        )
    return "\n".join(lines) + "\n"


def _tone(surveys: list[tuple[str, Survey]]) -> str:
    lines = ["## Tone rules (语气规则)\n", "| rule | talks checked | broken |", "|---|---:|---:|"]
    checked = sum(found.rendered for _, found in surveys)
    for rule in RULES:
        broken = sum(count for _, found in surveys for (name, _), count in found.broken.items() if name == rule)
        lines.append(f"| {rule} | {checked:,} | {broken} |")
    return "\n".join(lines) + "\n"


def _chosen(playbooks: Playbooks) -> str:
    lines = [
        "## Which script (选择规则)\n",
        "First rule that holds, per kind.\n",
        "| kind | when | script |",
        "|---|---|---|",
    ]
    for rule in playbooks.scripts:
        when = ", ".join(f"{name} {getattr(rule, name)}" for name in DIMENSIONS if getattr(rule, name) is not None)
        lines.append(f"| {rule.kind} | {when or 'otherwise'} | {rule.script} |")
    return "\n".join(lines) + "\n"


def _drills() -> str:
    lines = ["## Drill cards (演练卡)\n", "| card | en | zh_CN |", "|---|---|---|"]
    lines += [f"| {name} | {drill(name, 'en').title} | {drill(name, 'zh_CN').title} |" for name in drill_ids("en")]
    return "\n".join(lines) + "\n"


def _examples(playbooks: Playbooks, locale: str) -> str:
    lines = [f"## Examples in {locale} (示例)\n"]
    for title, script in examples(playbooks, locale):
        unit = "characters" if locale == "zh_CN" else "words"
        lines += [
            f"### {title} — `{script.script_id}`\n",
            f"> {script.say}\n",
            f"_{card_length(script.say, locale):g} {unit}_\n",
        ]
        for section in script.sections:
            if section.key not in ("opening", "topic"):
                lines += [f"- **{section.title}**  ", *(f"  {line}  " for line in section.lines)]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(report(load_policy(DEFAULT_POLICY).playbooks))
