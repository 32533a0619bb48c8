"""The report of one validation: one page that a person reads from the top, verdict first."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from huikuan.quality.model import Evidence, Gate, RuleResult
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


def write(
    target: Path,
    business_date: date,
    snapshot_id: str,
    gate: Gate,
    evidence: Evidence,
    results: list[RuleResult],
    examples: dict[str, list[dict[str, Any]]],
) -> None:
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
    page = environment.get_template("report.html.j2").render(
        business_date=business_date,
        as_of=business_date - timedelta(days=1),
        snapshot_id=snapshot_id,
        gate=gate,
        state=STATES[gate.state],
        severities=SEVERITIES,
        evidence=evidence,
        failed=failed,
        passed=[r for r in results if not r.failed_count and r.severity != "info"],
        notes=[r for r in results if r.severity == "info"],
        examples={rule_id: _shown(rows) for rule_id, rows in examples.items()},
    )
    target.write_text(page, encoding="utf-8")


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Example rows with their filled columns only, so that the fault is not lost among empty ones."""
    return [
        {
            "number": row["row_number"],
            "values": {name: value for name, value in json.loads(row["row"]).items() if value is not None},
        }
        for row in rows
    ]
