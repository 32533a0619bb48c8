"""The report of one validation: one page that a person reads from the top, verdict first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from huikuan.quality.model import Evidence, Gate, PastNight, RuleResult
from huikuan.quality.sentences import money
from huikuan.settings import INCLUDE

STATES = {
    "open": ("Open", "放行", "The night is published and people may be contacted.", "结果发布，可以联系客户。"),
    "no_contact": (
        "No contact",
        "只发布，不联系",
        "The night is published; nobody is contacted.",
        "结果照常发布，但不联系任何人。",
    ),
    "stop": (
        "Stop",
        "停止",
        "Nothing is published; the last published night stays in force.",
        "不发布，沿用上一次的结果。",
    ),
}
SEVERITIES = {"critical": "严重", "warning": "警告", "info": "说明"}


@dataclass(frozen=True)
class Page:
    """What a page says beside the rules: ``money`` left out per rule, by currency; ``nights``, tonight first."""

    business_date: date
    snapshot_id: str
    gate: Gate
    evidence: Evidence
    money: Mapping[str, Sequence[tuple[str, Decimal]]]
    nights: Sequence[PastNight]


def write(target: Path, page: Page, results: list[RuleResult], examples: dict[str, list[dict[str, Any]]]) -> None:
    """Render ``report.html``. ``examples``: first rows per failed rule, each {"row_number", "row" (JSON text)}."""
    environment = Environment(
        loader=FileSystemLoader(INCLUDE / "templates" / "quality"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    failed = [r for r in results if r.failed_count and r.severity != "info" and not r.rule_id.startswith("gate.")]
    failed.sort(key=lambda r: (r.severity != "critical", -r.failed_count, r.rule_id))
    most = max((night.left_out + night.warned for night in page.nights), default=0)
    text = environment.get_template("report.html.j2").render(
        business_date=page.business_date,
        as_of=page.business_date - timedelta(days=1),
        snapshot_id=page.snapshot_id,
        gate=page.gate,
        state=STATES[page.gate.state],
        states=STATES,
        severities=SEVERITIES,
        evidence=page.evidence,
        money={rule: [money(amount, currency) for currency, amount in parts] for rule, parts in page.money.items()},
        nights=[
            (night, 100 * night.left_out / most if most else 0, 100 * night.warned / most if most else 0)
            for night in page.nights
        ],
        failed=failed,
        passed=[r for r in results if not r.failed_count and r.severity != "info"],
        notes=[r for r in results if r.severity == "info"],
        examples={rule_id: _shown(rows) for rule_id, rows in examples.items()},
    )
    target.write_text(text, encoding="utf-8")


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Example rows with their filled columns only, so that the fault is not lost among empty ones."""
    return [
        {
            "number": row["row_number"],
            "values": {name: value for name, value in json.loads(row["row"]).items() if value is not None},
        }
        for row in rows
    ]
