"""What the templates print: rows and sentences of one worklist, at most as many rows as a mail may have."""

from __future__ import annotations

from typing import Any

from huikuan.outreach import sanctions, sentences
from huikuan.outreach.worklists import Approval, DataOwnerReport, Digest, Escalation, Worklist, listed
from huikuan.wording import Wording, clean


def content(worklist: Worklist, wording: Wording, rows: int) -> dict[str, Any]:
    """The values of the worklist's own templates."""
    if isinstance(worklist, DataOwnerReport):
        return _report(worklist, wording, rows)
    if isinstance(worklist, Approval):
        return _approval(worklist, wording, rows)
    return _list(worklist, wording, rows)


def _report(report: DataOwnerReport, wording: Wording, rows: int) -> dict[str, Any]:
    return {
        "reasons": [clean(reason, 600) for reason in report.reasons][:rows],
        "rules": [
            {
                "rule_id": clean(rule.rule_id),
                "table": clean(rule.table_name, 30),
                "description": clean(rule.description, 200),
                "failed": wording.number(rule.failed_count),
                "total": wording.number(rule.total_count),
            }
            for rule in report.rules[:rows]
        ],
        "hidden_rules": max(len(report.rules) - rows, 0),
        "quarantined_rows": report.quarantined_rows,
        "parked_mails": report.parked_mails,
    }


def _approval(approval: Approval, wording: Wording, rows: int) -> dict[str, Any]:
    return {
        "kinds": sanctions.kinds(approval, wording),
        "proposals": sanctions.proposal_entries(approval, wording, rows),
        "shown": min(len(approval.proposals), rows),
        "everything": len(approval.proposals),
        "deadline": sanctions.deadline(approval, wording),
        "batch_id": clean(approval.batch_id),
        "content_hash": clean(approval.content_hash),
        "page": approval.page,
        "commands": sanctions.commands(approval),
    }


def _list(worklist: Digest | Escalation, wording: Wording, rows: int) -> dict[str, Any]:
    """Of a full list, releases may take a third of the rows and warnings a fifth; a shorter one leaves them more."""
    everything = listed(worklist)
    releases, warnings = worklist.releases, worklist.warnings if isinstance(worklist, Digest) else ()
    left = max(rows - len(everything), 0)
    new = releases[: max(left - min(len(warnings), rows // 5), rows // 3)]
    warned = warnings[: max(left - len(new), rows // 5)]
    room = rows - len(new) - len(warned)
    first = sentences.entries(worklist.lines[:room], wording)
    shown = {
        "entries": first,
        "shown": min(len(everything), room),
        "everything": len(everything),
        "totals": sentences.totals(everything, wording),
        "preheader": _preheader(worklist, wording),
        "releases": sanctions.release_notices(new, wording),
        "hidden_releases": len(releases) - len(new),
    }
    if isinstance(worklist, Digest):
        return shown | {
            "warnings": sanctions.warning_notices(warned, wording),
            "hidden_warnings": len(warnings) - len(warned),
        }
    return shown | {
        "ownerless": sentences.entries(worklist.ownerless[: room - len(first)], wording),
        "held": sanctions.held_sentences(worklist, wording),
        "waiting": sanctions.waiting_sentences(worklist, wording),
    }


def _preheader(worklist: Digest | Escalation, wording: Wording) -> str:
    """What a phone shows beside the subject: how late the latest is, and nothing that names anybody."""
    latest = max((line.days_late for line in listed(worklist)), default=0)
    late = wording.count("The latest is %(n)s day late.", "The latest is %(n)s days late.", latest) if latest else ""
    return wording.joined(filter(None, [late, sentences.truth_line(worklist.truth, wording)]))
