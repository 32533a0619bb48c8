"""The rule catalogue as a page of the documentation: written from the rules, so that it cannot say anything else."""

from __future__ import annotations

from itertools import groupby

from huikuan.ledger.contract import TABLES
from huikuan.quality.model import Rule
from huikuan.quality.rules import catalogue

HEAD = """\
# Data quality: what is asked of a ledger 数据质量规则

This page is generated from the rules (`python -m huikuan.quality.catalogue > docs/data-quality.md`); do not edit it.

Every night the snapshot is judged before anything is computed from it. Only rows that count at as-of are looked at:
facts of a later date are left for a later night, and are nobody's fault. Rows that fail a **critical** rule are
quarantined: left out of the night, kept as JSON with the rule, the reason and the remedy (`collections.quarantine`).
A row that refers to a quarantined row is quarantined, too, unless the reference is a soft one. A **warning** is counted
and shown, and the row stays. Of identical rows the first stays; of rows with one key and different content none does.

## The gate 闸门

| state | means | when |
|---|---|---|
| `stop` 停止 | nothing is published, the last published night stays in force | no company; no account or document although recent nights had some; more of a table's amount quarantined, in any currency, than the policy's `gate.max_quarantined_share_pct` (identical copies count; rows without a readable amount or currency are measured by their number) |
| `no_contact` 只发布，不联系 | tables are published, nobody is contacted | a feed of `gate.complete_tables` is not complete through as-of by `load_log`; the rows of a table of `gate.volume` are far off their recent median; open items less free credit differ from `control_total` by a minor unit of the currency or more (quarantined rows are added back, identical copies are not money), or the balance of as-of is missing; the ledger is empty and always was |
| `open` 放行 | published, and people may be contacted | otherwise |

Without `load_log` or `control_total` the report says that completeness or tie-out is not known, and the gate does not
close for it.

## Rules 规则
"""  # noqa: E501  # a table row cannot be broken


def page() -> str:
    """``docs/data-quality.md``."""
    parts = [HEAD]
    for table, group in groupby(catalogue(), key=lambda rule: rule.table):
        rows = "\n".join(_row(rule) for rule in group)
        parts.append(
            f"### {table}\n\n{TABLES[table].comment}\n\n| rule | severity | asks | 要求 | remedy |\n"
            f"|---|---|---|---|---|\n{rows}\n"
        )
    return "\n".join(parts)


def _row(rule: Rule) -> str:
    asks = rule.description_en if len(rule.description_en) < 400 else rule.description_en[:400] + " …"
    cells = (f"`{rule.rule_id}`", rule.severity, asks, rule.description_zh, rule.remedy)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201  # the page is what this command is for
