"""What the tasks of ``collections_month_end`` do: statements, the closed month, reports, the next month's targets.

Each works through all companies: one that fails holds up no other. Each may be run again and repeats nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from huikuan.errors import FinanceError, HuikuanError
from huikuan.orchestration.business_date import COMPANY_TIMEZONE
from huikuan.orchestration.run import Run

if TYPE_CHECKING:
    from huikuan.referrals.asking import Question

log = logging.getLogger(__name__)

ONE_DAY = timedelta(days=1)


def is_due(run: Run) -> bool:
    """Whether the books that the night closed end a month, and people may hear of it; the log says why not."""
    from huikuan.night.steps import prepare
    from huikuan.referrals.batch_rows import last_run
    from huikuan.referrals.batches import obstacle
    from huikuan.warehouse.connect import connect

    as_of = run.business_date - ONE_DAY
    if run.business_date.day != 1:
        log.info("%s is not the last day of a month: nothing to do 非月末", as_of)
        return False
    if run.is_backfill:
        log.info("A back-fill: nobody is asked, no month is closed")
        return False
    with connect(prepare(run.settings), "desk") as connection:
        night = last_run(connection, run.business_date)
    why = obstacle(night) if night else "no night of that date is recorded"
    if why:
        log.warning("No month end of %s: %s", as_of, why)
        return False
    log.info("Month end 月末 %s", as_of)
    return True


def companies(run: Run) -> list[str]:
    """Companies with figures in the published night of the run's business date."""
    from huikuan.warehouse.connect import connect, warehouse_url

    with connect(warehouse_url(run.settings), "desk") as connection:
        rows = connection.execute(
            """
            SELECT company_id FROM collections.account_balance WHERE business_date = %(date)s
            UNION SELECT company_id FROM collections.month_balance WHERE business_date = %(date)s
            ORDER BY company_id
            """,
            {"date": run.business_date},
        ).fetchall()
    return [row[0] for row in rows]


def prepare(run: Run) -> list[str]:
    """Prepare the statements of every company; returns the ids of their batches.

    Accounts that get none are named in the log; companies for which there can be no batch, to the operators. Neither
    stops the others.
    """
    from huikuan.finance import batches
    from huikuan.orchestration import alerts
    from huikuan.warehouse.connect import warehouse_url

    url, found = warehouse_url(run.settings), []
    for company_id in companies(run):
        try:
            done = batches.prepare(url, run.settings.lake, run.business_date, company_id)
        except FinanceError as error:  # what goes away by itself fails the task, which is tried again
            alerts.tell(run.business_date, f"no statements for company {company_id}", str(error))
            continue
        log.info("company %s: batch %s, %d statements", company_id, done.batch_id or "–", done.statements)
        for account_id, why in sorted(done.failed.items()):
            log.warning("no statement for account %s/%s: %s", company_id, account_id, why)
        if done.batch_id:
            found.append(done.batch_id)
        elif done.failed:
            alerts.tell(run.business_date, f"no statements for company {company_id}", "None of them could be made.")
    return found


def question(run: Run, batch_id: str) -> Question:
    """The page for the approver of a batch. Raises FinanceError when an answer would be refused."""
    from zoneinfo import ZoneInfo

    from huikuan.finance import asking
    from huikuan.warehouse.connect import warehouse_url

    url = warehouse_url(run.settings)
    return asking.question(url, run.settings.lake, batch_id, answer_within(run), ZoneInfo(COMPANY_TIMEZONE))


def answer_within(run: Run) -> timedelta:
    """How long a batch waits for its approver."""
    return timedelta(hours=run.policy.finance.statements.answer_within_hours)


def tell(run: Run, batch_ids: Collection[str]) -> tuple[bool, dict[str, Any]]:
    """Mail the approvers of these batches; returns whether all is sent, and the fate of the mails."""
    from airflow.sdk.configuration import conf

    from huikuan.orchestration import mail
    from huikuan.outreach import write_statement_requests
    from huikuan.warehouse.connect import warehouse_url

    if not batch_ids:
        return True, {}
    write_statement_requests(
        warehouse_url(run.settings),
        run.settings.lake,
        run.business_date,
        run.policy.outreach,
        batch_ids,
        answer_within_hours=run.policy.finance.statements.answer_within_hours,
        base_url=conf.get("api", "base_url", fallback=None),
    )
    return mail.send(run, month_end=True)


def send(run: Run, batch_ids: Collection[str]) -> tuple[bool, dict[str, Any]]:
    """Write what is approved into the outbox, and send what is due; also what waits from before.

    Returns whether nothing is left to do: no batch waits for an answer that would still count, and no mail waits.

    Raises FinanceError when approved statements of some batch could not be written, after all others were.
    """
    from huikuan.finance.decisions import standing, unanswered
    from huikuan.orchestration import mail
    from huikuan.warehouse.connect import warehouse_url

    if not batch_ids:
        return True, {}
    url = warehouse_url(run.settings)
    current = standing(url, batch_ids)
    if superseded := sorted(set(batch_ids) - set(current)):
        log.info("the date was run again, so their statements do not leave: batches %s", superseded)
    open_batches = unanswered(url, current, younger_than=answer_within(run))
    log.info("%d of %d batches wait for an answer", len(open_batches), len(current))
    failed = _each(current, lambda batch_id: _write(run, url, batch_id), "batch")
    is_over, states = mail.send(run, month_end=True)
    _all_done(failed, "The approved statements of some batches could not be written into the outbox")
    return is_over and not open_batches, states


def _write(run: Run, url: str, batch_id: str) -> None:
    """The approved statements of one batch, if it is answered so and some of them have no mail that may leave."""
    from huikuan.finance.statement_mails import unwritten, write_statements

    if unwritten(url, batch_id):
        policy = run.policy
        write_statements(
            url,
            run.settings.lake,
            batch_id,
            policy.outreach,
            policy.finance.statements,
            is_workday=policy.calendars.is_workday,
        )


def lock_month(run: Run) -> int:
    """Close the month of every company; one that is closed stays. Returns how many are closed.

    Operators are told of a closed month whose night was run again with other figures, and of one that does not open
    with what the month before was closed on: whether that is a correction, a person says. Raises FinanceError when
    some could not be closed, after all others were.
    """
    from huikuan.finance import months
    from huikuan.orchestration import alerts
    from huikuan.warehouse.connect import warehouse_url

    url, month = warehouse_url(run.settings), months.first_day(run.business_date - ONE_DAY)
    known = companies(run)

    def close(company_id: str) -> None:
        made = months.lock(url, run.settings.lake, company_id, month, by=months.BY_ITSELF)
        log.info("%s of %s is closed 已关账 on run %s", f"{month:%Y-%m}", company_id, made.run_id)
        if other := months.outdated(url, company_id, month):
            alerts.tell(
                run.business_date,
                f"{month:%Y-%m} of {company_id} is closed on other figures than tonight's",
                f"The month stays as it was closed. Run {other.run_id} has other figures.\n  → "
                f"`huikuan month correct {company_id} {month:%Y-%m} --as … --reason …` makes a version of them.",
            )
        if found := [gap for gap in months.gaps(url, company_id, month) if gap.month == month]:
            last = months.before(month)
            alerts.tell(
                run.business_date,
                f"{month:%Y-%m} of {company_id} does not follow {last:%Y-%m}",
                "\n".join(map(str, found)) + "\nSomething was booked into the closed month after its close.\n"
                f"  → If it belongs there, run the night of {months.closing_date(last)} again, then "
                f"`huikuan month correct {company_id} {last:%Y-%m} --as … --reason …`.",
            )

    failed = _each(known, close, "company")
    _all_done(failed, f"{month:%Y-%m} could not be closed for some companies")
    return len(known)


def report(run: Run) -> int:
    """Write the finance report of every company in both languages into the lake; returns how many files there are.

    Those of a night that is run again lie beside the first: what the month was closed on stays as people have read it.
    """
    from huikuan.finance.report import write_reports
    from huikuan.warehouse.connect import warehouse_url
    from huikuan.warehouse.publish import current_run
    from huikuan.wording import LOCALES

    night = current_run(warehouse_url(run.settings), run.business_date, "finance_ro")
    if night is None:
        raise FinanceError(f"No run of {run.business_date} is published.", "Run the night of that date first.")
    folder = run.settings.lake / "reports" / f"{run.business_date}" / night.run_id
    made = [each for locale in LOCALES for each in write_reports(run.settings, run.business_date, locale, folder)]
    log.info("%d finance reports in reports/%s/%s", len(made), run.business_date, night.run_id)
    return 2 * len(made)


def propose_targets(run: Run) -> int:
    """Write the proposed targets of the new month; returns how many files there are."""
    from huikuan.finance.proposals import propose_targets

    written = propose_targets(run.settings, run.business_date)
    for path in written:
        log.info("proposed targets 目标建议: %s", path.name)
    return len(written)


def _each(ids: Collection[str], work: Callable[[str], None], what: str) -> list[str]:
    """Do something for each; returns those for which it failed, with the reason in the log."""
    failed = []
    for each in ids:
        try:
            work(each)
        except HuikuanError as error:
            log.error("%s %s: %s", what, each, error)
            failed.append(each)
    return failed


def _all_done(failed: Collection[str], problem: str) -> None:
    if failed:
        raise FinanceError(
            f"{problem}: {', '.join(failed)}.", "The lines above say why; clear this task when it is mended."
        )
