"""What the templates print: rows and sentences of one worklist, at most as many rows as a mail may have."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from huikuan.outreach import cards, changes, sanctions, sentences, talk, teamwork
from huikuan.outreach.worklists import (
    Approval,
    DataOwnerReport,
    Digest,
    Escalation,
    StatementRequest,
    Week,
    Worklist,
    planned,
)
from huikuan.policy.outreach import OutreachPolicy
from huikuan.wording import Wording, clean

CARDS = {Digest: 5, Escalation: 4}
"""Customers that a mail shows as cards; the others stand in a table."""
_CHANGES = 6
_QUIET = 5
_MONTHS = 4


def content(worklist: Worklist, wording: Wording, policy: OutreachPolicy) -> dict[str, Any]:
    """The values of the worklist's own templates."""
    if isinstance(worklist, DataOwnerReport):
        return _report(worklist, wording, policy.max_rows_in_mail)
    if isinstance(worklist, Approval):
        return _approval(worklist, wording, policy.max_rows_in_mail)
    if isinstance(worklist, StatementRequest):
        return _statement_request(worklist, wording)
    shown = _digest(worklist, wording, policy) if isinstance(worklist, Digest) else _team(worklist, wording, policy)
    return shown | {
        "summary": sentences.summary(planned(worklist), wording),
        "waiting": sentences.waiting(worklist.lines, wording),
        "preheader": _preheader(worklist, wording),
        "changed": changes.change_summary(worklist.changes, worklist.releases, wording),
        "months": changes.months(worklist.goals[:_MONTHS], wording, policy.domain),
        "hidden_months": max(len(worklist.goals) - _MONTHS, 0),
        **_monday(worklist.week, worklist, wording),
    }


def share_out(rows: int, wanted: Sequence[int], least: Sequence[Fraction]) -> list[int]:
    """How many of ``rows`` each section gets: its least share if it wants that many, and first come first served."""
    given = [min(want, int(rows * share)) for want, share in zip(wanted, least, strict=True)]
    for place, want in enumerate(wanted):
        given[place] += min(want - given[place], rows - sum(given))
    return given


def _digest(digest: Digest, wording: Wording, policy: OutreachPolicy) -> dict[str, Any]:
    """Tasks may take all rows but for a quarter of what changed and a sixth of warnings, where there are that many."""
    groups = cards.by_customer(planned(digest))
    rest = [line for group in groups[CARDS[Digest] :] for line in group]
    news = changes.news(digest.changes, digest.releases, wording)
    room = share_out(
        policy.max_rows_in_mail,
        [min(len(groups), CARDS[Digest]) + len(rest), min(len(news), _CHANGES), len(digest.warnings)],
        [Fraction(1, 2), Fraction(1, 4), Fraction(1, 6)],
    )
    shown = groups[: min(CARDS[Digest], room[0])]
    table = rest[: room[0] - len(shown)]
    hidden = len(planned(digest)) - sum(map(len, shown)) - len(table)
    return {
        "cards": cards.cards(shown, digest.reader, digest.truth, wording),
        "rows": cards.rows(table, len(shown) + 1, wording),
        "hidden": hidden,
        "news": news[: room[1]],
        "hidden_news": len(news) - room[1],
        "warnings": sanctions.warning_notices(digest.warnings[: room[2]], wording),
        "hidden_warnings": len(digest.warnings) - room[2],
    }


def _team(escalation: Escalation, wording: Wording, policy: OutreachPolicy) -> dict[str, Any]:
    """Escalated customers first, then the team, and what else a manager has to know."""
    today = [line for line in escalation.lines if line.is_planned]
    groups = cards.by_customer(today)
    rest = [line for group in groups[CARDS[Escalation] :] for line in group]
    quiet = escalation.quiet[:_QUIET]
    room = share_out(
        policy.max_rows_in_mail,
        [
            min(len(groups), CARDS[Escalation]) + len(rest),
            len(escalation.team),
            len(escalation.ownerless),
            len(escalation.releases),
            len(quiet),
        ],
        [Fraction(1, 4), Fraction(1, 4), Fraction(1, 6), Fraction(1, 8), Fraction(1, 8)],
    )
    shown = groups[: min(CARDS[Escalation], room[0])]
    table = rest[: room[0] - len(shown)]
    return {
        "cards": cards.cards(shown, escalation.reader, escalation.truth, wording),
        "rows": cards.rows(table, len(shown) + 1, wording, of_others=True),
        "hidden": len(today) - sum(map(len, shown)) - len(table),
        "team": teamwork.team_rows(escalation.team[: room[1]], wording),
        "hidden_team": len(escalation.team) - room[1],
        "ownerless": cards.rows(escalation.ownerless[: room[2]], 1, wording),
        "hidden_ownerless": len(escalation.ownerless) - room[2],
        "releases": sanctions.release_notices(escalation.releases[: room[3]], wording),
        "hidden_releases": len(escalation.releases) - room[3],
        "quiet": cards.rows(quiet[: room[4]], 1, wording, of_others=True),
        "hidden_quiet": len(escalation.quiet) - room[4],
        "covers": teamwork.cover_sentences(escalation.covers, wording),
        "held": sanctions.held_sentences(escalation, wording),
        "to_approve": sanctions.waiting_sentences(escalation, wording),
        "page": escalation.page if escalation.to_approve else None,
    }


def _monday(week: Week | None, worklist: Digest | Escalation, wording: Wording) -> dict[str, Any]:
    if week is None:
        return {"drill": None, "story": None}
    return {
        "drill": talk.drill(worklist.truth, wording.locale),
        "story": talk.story(week, worklist.truth, wording.locale),
    }


def _preheader(worklist: Digest | Escalation, wording: Wording) -> str:
    """What a phone shows beside the subject: what changed and how late the oldest is; it names nobody."""
    latest = max((line.days_late for line in planned(worklist)), default=0)
    late = wording.count("The oldest is %(n)s day late.", "The oldest is %(n)s days late.", latest) if latest else ""
    news = changes.change_summary(worklist.changes, worklist.releases, wording, brief=True)
    since = wording.text("Since yesterday: %(news)s.", news=news) if news else ""
    return wording.joined(filter(None, [since, late, sentences.truth_line(worklist.truth, wording)]))


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


def _statement_request(request: StatementRequest, wording: Wording) -> dict[str, Any]:
    batch = request.batch
    return {
        "company": clean(request.company),
        "cut_off": wording.text("Cut-off %(day)s", day=wording.day(batch.cut_off)),
        "statements": wording.count("%(n)s statement", "%(n)s statements", batch.item_count),
        "batch_id": clean(batch.batch_id),
        "content_hash": clean(batch.content_hash),
        "commands": sanctions.statement_commands(batch),
        "deadline": sanctions.deadline(request, wording),
        "page": request.page,
    }
