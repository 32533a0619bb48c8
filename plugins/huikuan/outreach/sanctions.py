"""What a mail says about sanctions (惩戒): proposed, held back, ended; and about early warnings (预警).

Names of sanctions, reasons and warnings come from policy and night. One that is not known here, because a newer policy
brought it, is printed as it is: a mail must not fail over a word.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from huikuan.errors import OutreachError
from huikuan.outreach.kinds import days_late, sanction
from huikuan.outreach.rows import StatementBatch
from huikuan.outreach.worklists import Approval, Escalation, Held, Proposed, Release, StatementRequest, Warned
from huikuan.wording import Wording, clean

REQUIRED_ACTIONS = "/required_actions?response_received=false"
"""Airflow's page of what waits for a person, below the base URL of its UI."""


_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?", re.ASCII)


def actions_page(base_url: str | None) -> str | None:
    """Airflow's page of required actions. Raises OutreachError unless the base URL is a plain http(s) one."""
    if not base_url:
        return None
    if not _PLAIN_URL.fullmatch(base_url):
        raise OutreachError(
            "The base URL of Airflow's UI is not one such as https://airflow.example.com.",
            "Correct Airflow's setting [api] base_url: scheme, host, and at most a path.",
        )
    return base_url.rstrip("/") + REQUIRED_ACTIONS


@dataclass(frozen=True)
class Notice:
    """A customer, what is new, and what follows from it."""

    name: str
    account: str
    do: str
    why: str


@dataclass(frozen=True)
class ProposalEntry:
    """A line of a batch as text, ready to print."""

    place: int
    name: str
    account: str
    sanction: str
    currency: str
    amount: str
    late: str
    is_late: bool
    figures: str
    why: str
    rule: str


@dataclass(frozen=True)
class Kind:
    """How many customers one sanction is proposed for, with their overdue amount in one currency."""

    sanction: str
    customers: str
    currency: str
    amount: str
    figures: str


def resumed(flag: str, wording: Wording) -> str:
    """What is to be done now that a sanction has ended."""
    sentences = {
        "stop_supply": wording.text("Supply again."),
        "stop_service": wording.text("Serve again."),
        "terminate_authorization": wording.text("The authorization stands again: tell the customer."),
        "reputation_notice": wording.text("Withdraw the reputation notice."),
        "legal_referral": wording.text("Tell legal to stop."),
    }
    return sentences.get(flag) or wording.text("%(sanction)s has ended.", sanction=sanction(flag, wording))


def release_reason(reason: str, wording: Wording) -> str:
    """Why a sanction ended."""
    kind = reason.removeprefix("release.")
    sentences = {
        "payment": wording.text("The customer paid."),
        "credit": wording.text("A credit note covers it."),
        "write_off": wording.text("It was written off."),
        "dispute": wording.text("What was overdue is in dispute."),
        "promise": wording.text("A promise to pay was accepted."),
        "override": wording.text("A person decided so."),
        "exempt": wording.text("The customer is exempt."),
        "facts": wording.text("The facts have changed: no rule asks for it any more."),
    }
    return sentences.get(kind) or wording.text("Reason: %(reason)s.", reason=clean(kind.replace("_", " "), 60))


def release_notices(releases: Iterable[Release], wording: Wording) -> list[Notice]:
    """One notice per account: what to do again, what has ended, and why."""
    return [
        Notice(
            clean(release.name),
            clean(release.account_id, 30),
            wording.joined(resumed(flag, wording) for flag, _ in release.ended),
            wording.joined(_ended(release, wording)),
        )
        for release in releases
    ]


def _ended(release: Release, wording: Wording) -> Iterator[str]:
    sanctions = wording.listed(sanction(flag, wording) for flag, _ in release.ended)
    yield wording.text("Ended: %(sanctions)s.", sanctions=sanctions)
    yield from dict.fromkeys(release_reason(reason, wording) for _, reason in release.ended)


def warning_notices(warnings: Iterable[Warned], wording: Wording) -> list[Notice]:
    """One notice per new warning: what it is and what to do before the money is late."""
    return [
        Notice(clean(each.name), clean(each.account_id, 30), warning_todo(each, wording), warning(each, wording))
        for each in warnings
    ]


def warning(warned: Warned, wording: Wording) -> str:
    """What looks worse."""
    grade = clean(warned.risk_grade, 3) or "–"
    sentences = {
        "grade_worsened_twice": wording.text("The risk grade has worsened twice: now %(grade)s.", grade=grade),
        "first_overdue_of_big_account": wording.text("A big customer is overdue for the first time."),
        "limit_nearly_used": wording.text("The credit limit is nearly used up."),
        "rhythm_broken": wording.text("The usual payment has not come."),
        "long_open": wording.text("Something has been open for a very long time."),
    }
    return sentences.get(warned.warning) or wording.text(
        "Warning: %(warning)s.", warning=clean(warned.warning.replace("_", " "), 60)
    )


def warning_todo(warned: Warned, wording: Wording) -> str:
    """What to do about a warning."""
    sentences = {
        "limit_nearly_used": wording.text("Agree on a payment before the next order."),
        "rhythm_broken": wording.text("Ask what has changed, and for the payment day."),
        "first_overdue_of_big_account": wording.text(
            "Call today: ask whether something is wrong with the delivery or the invoice."
        ),
    }
    return sentences.get(warned.warning) or wording.text("Ask how things are before more falls due.")


def held_sentences(escalation: Escalation, wording: Wording) -> list[str]:
    """What the cap held back, company by company; the last sentence says what it may mean, and what to do."""
    if not escalation.held:
        return []
    return [
        *(_held_sentence(held, wording) for held in escalation.held),
        wording.text(
            "A payments feed that did not load looks like this: have the receipts up to %(day)s checked, and the night "
            "run again. If the figures are right, whoever is in charge of the policy has to raise its cap.",
            day=wording.day(escalation.truth.as_of),
        ),
    ]


def _held_sentence(held: Held, wording: Wording) -> str:
    shares = [wording.text("%(share)s of the customers with money open", share=wording.percent(held.accounts_pct))]
    if held.overdue_pct is not None:
        shares.append(wording.text("%(share)s of what is overdue", share=wording.percent(held.overdue_pct)))
    values = {"company": clean(held.company, 60), "shares": wording.listed(shares)}
    if held.transition == "active":
        return wording.count(
            "%(company)s: %(n)s approved sanction would begin today (%(shares)s), more than the policy allows. "
            "It has not begun.",
            "%(company)s: %(n)s approved sanctions would begin today (%(shares)s), more than the policy allows. "
            "None has begun.",
            held.accounts,
            **values,
        )
    return wording.count(
        "%(company)s: %(n)s new sanction (%(shares)s) is more than the policy allows. It was not put up for approval.",
        "%(company)s: %(n)s new sanctions (%(shares)s) are more than the policy allows. None was put up for approval.",
        held.accounts,
        **values,
    )


def waiting_sentences(escalation: Escalation, wording: Wording) -> list[str]:
    """How many proposals wait for this reader, and how many for nobody."""
    sentences = []
    if escalation.to_approve:
        sentences.append(
            wording.count(
                "%(n)s proposed sanction waits for your approval. A mail of its own says which, and until when.",
                "%(n)s proposed sanctions wait for your approval. A mail of its own says which, and until when.",
                escalation.to_approve,
            )
        )
    if escalation.without_approver:
        sentences.append(
            wording.count(
                "%(n)s proposed sanction can be approved by nobody: no manager stands high enough above the rep. Have "
                "the managers in the ledger completed; until then it stays a proposal.",
                "%(n)s proposed sanctions can be approved by nobody: no manager stands high enough above the rep. "
                "Have the managers in the ledger completed; until then they stay proposals.",
                escalation.without_approver,
            )
        )
    return sentences


def proposal_entries(approval: Approval, wording: Wording, rows: int) -> list[ProposalEntry]:
    """The first lines of a batch, with the numbers that they have in it."""
    return [_proposal_entry(each, wording) for each in approval.proposals[:rows]]


def _proposal_entry(proposed: Proposed, wording: Wording) -> ProposalEntry:
    row, days = proposed.row, proposed.row.days_past_due or 0
    currency = clean(proposed.overdue.currency, 3) if proposed.overdue else ""
    amount = wording.money(proposed.overdue.amount, proposed.overdue.currency) if proposed.overdue else "–"
    late = days_late(days, wording)
    return ProposalEntry(
        place=row.position,
        name=clean(proposed.name),
        account=clean(f"{row.company_id}/{row.account_id}", 50),
        sanction=sanction(row.flag, wording),
        currency=currency,
        amount=amount,
        late=late,
        is_late=days > 0,
        figures=" · ".join([f"{currency} {amount}".strip(), late]),
        why=proposal_reason(proposed, wording),
        rule=clean(row.reason, 80),
    )


def proposal_reason(proposed: Proposed, wording: Wording) -> str:
    """What an approver wants to know before saying yes: standing, what was delivered, and who asked for it."""
    row = proposed.row
    stage, grade = clean(row.stage, 3), clean(row.risk_grade, 3)
    sentences = [wording.text("Stage %(stage)s, risk %(grade)s.", stage=stage, grade=grade)]
    if proposed.overdue is None:
        sentences.append(wording.text("The amount is not known: an exchange rate is missing."))
    sentences.append(evidence(proposed, wording))
    if proposed.proposer_name is not None:
        sentences.append(wording.text("Asked for by %(who)s.", who=clean(proposed.proposer_name, 40)))
    return wording.joined(sentences)


def evidence(proposed: Proposed, wording: Wording) -> str:
    """What shows that the step before was really delivered, and when."""
    source, _, subject = (proposed.row.evidence or "").partition(":")
    day = wording.day(proposed.row.evidence_on) if proposed.row.evidence_on else "–"
    if source == "account" and subject == "insolvent":
        return wording.text("The customer is insolvent.")
    if source == "flag":
        step = sanction(subject, wording)
        return wording.text("The step before was %(step)s, since %(day)s.", step=step, day=day)
    if source in ("contact_log", "message"):
        return wording.text("The notice before was delivered on %(day)s.", day=day)
    if source:
        return wording.text("Evidence: %(evidence)s.", evidence=clean(proposed.row.evidence, 60))
    return wording.text("No evidence is on file: ask before you approve.")


def kinds(approval: Approval, wording: Wording) -> list[Kind]:
    """Per sanction and currency: customers and money; amounts in different currencies are never summed."""
    groups: dict[tuple[str, str], list[Proposed]] = {}
    for each in approval.proposals:
        groups.setdefault((each.row.flag, each.overdue.currency if each.overdue else ""), []).append(each)
    found = []
    for (flag, currency), rows in groups.items():
        amounts = [each.overdue.amount for each in rows if each.overdue]
        amount = wording.money(sum(amounts[1:], amounts[0]), currency) if amounts else "–"
        customers = wording.count("%(n)s customer", "%(n)s customers", len(rows))
        code = clean(currency, 3)
        found.append(Kind(sanction(flag, wording), customers, code, amount, f"{code} {amount}".strip()))
    return found


def deadline(approval: Approval | StatementRequest, wording: Wording) -> str:
    """Until when, and what silence means."""
    return wording.text(
        "Answer by %(moment)s. No answer means not approved.",
        moment=wording.moment(approval.answer_by, approval.time_zone),
    )


def commands(approval: Approval) -> list[str]:
    """How the batch is looked at and answered without Airflow's pages; safe to paste, whatever the ids are."""
    batch, reader = (shlex.quote(clean(text)) for text in (approval.batch_id, approval.reader.rep_id))
    program = "python -m huikuan referrals"
    return [
        f"{program} show {batch}",
        f"{program} approve {batch} --as {reader}",
        f"{program} reject {batch} --as {reader}",
    ]


def statement_commands(batch: StatementBatch) -> list[str]:
    """The same for a batch of statements."""
    about, reader = (shlex.quote(clean(text)) for text in (batch.batch_id, batch.approver_id))
    program = "python -m huikuan statements"
    return [
        f"{program} show {about}",
        *(f"{program} decide {about} {do} --as {reader}" for do in ("approve", "reject")),
    ]
