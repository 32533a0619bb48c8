"""The tasks that wait for a person: one per batch, shown to its approver only, no answer by itself.

Airflow renders every template field, and text that came from data would be rendered too: a customer's name could ask
for a password. So these operators have no template field at all. They are mapped over ids and read what they show from
the warehouse themselves. What counts is the row in the warehouse that ``decide`` writes, after looking again at what
was shown; marking the task as success in Airflow approves nothing.
"""

from __future__ import annotations

import json
import logging
import os
import re
from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskAwaitingInput

from huikuan.errors import FinanceError, ReferralError
from huikuan.orchestration.run import Run, current

if TYPE_CHECKING:
    from huikuan.referrals.asking import Question

log = logging.getLogger(__name__)

APPROVERS = "HUIKUAN_APPROVERS"
"""Airflow users of approvers whose user name is not their rep_id: JSON, ``{"rep_id": "user"}``."""

_SEPARATORS = re.compile(r"[,，、;；\n]+")
_NO_ANSWER = "Not approved: batch %s was not answered in time. 不答复即不批准。"


class Given(Protocol):
    """An answer that was recorded, of either kind: lines per choice."""

    @property
    def batch_id(self) -> str:
        """The batch."""

    @property
    def approved(self) -> int:
        """Lines approved."""

    @property
    def rejected(self) -> int:
        """Lines rejected."""

    @property
    def left_out(self) -> int:
        """Lines left out of an approval."""


class BatchApproval(ApprovalOperator):
    """Asks the approver of one batch and records the answer; what is asked, and what an answer does, is a subclass's.

    Ends as success when an answer is recorded, approved or rejected; as skipped when nobody is to be asked any more or
    nobody answered in time, which approves nothing; as failed when an answer was given that could not be applied.
    """

    template_fields: Collection[str] = ()
    title = ""
    """Of the question, until it is known."""

    def __init__(self, *, batch_id: str, **kwargs: Any) -> None:
        # Airflow hands over the DAG's params here; the form has its own and no others.
        super().__init__(subject=self.title, **kwargs | {"params": _params()})
        self.batch_id = batch_id

    @abstractmethod
    def find(self, url: str) -> Given | None:
        """The answer that was recorded before, if there is one."""

    @abstractmethod
    def question(self, run: Run) -> Question:
        """What to show. Raises ReferralError or FinanceError when an answer would be refused."""

    @abstractmethod
    def approver(self, url: str) -> str:
        """rep_id of the only person who may answer."""

    @abstractmethod
    def decide(self, run: Run, url: str, choice: Any, **answer: Any) -> Given:
        """Record an answer, if what was shown is still so. Raises ReferralError or FinanceError when it is not."""

    def unanswered(self, run: Run) -> None:
        """Called when the time to answer is over: nothing by itself, for what is proposed anew every night."""

    def execute(self, context: Mapping[str, Any]) -> dict[str, Any]:
        """Show the batch and wait; Airflow calls ``execute_complete`` with the answer, or with the news of none."""
        from huikuan.warehouse.connect import warehouse_url

        run = current()
        if given := self.find(warehouse_url(run.settings)):
            log.info("batch %s is answered already", self.batch_id)
            return _counts(given)
        try:
            asked = self.question(run)
        except (ReferralError, FinanceError) as error:
            raise AirflowSkipException(f"Nobody is asked about batch {self.batch_id}. {error}") from error
        if asked.time_left.total_seconds() <= 0:
            raise AirflowSkipException(_NO_ANSWER % self.batch_id)
        if self._show(context, asked) != asked.subject:
            raise AirflowFailException(
                f"This task shows another batch than {self.batch_id}: Airflow keeps the first text of a cleared task.\n"
                f"  → Start a new run for {asked.batch.business_date}, or answer on the command line."
            )
        log.info("batch %s waits for %s until %s", self.batch_id, asked.batch.approver_id, asked.time_left)
        raise TaskAwaitingInput(
            method_name="execute_complete",
            kwargs={"shown_hash": asked.batch.content_hash},
            timeout=asked.time_left,
        )

    def _show(self, context: Mapping[str, Any], asked: Question) -> str:
        """Hand the page over to Airflow; returns the subject that it really shows.

        The provider's own call does not tell that: for a task that was cleared, Airflow keeps what it showed first.
        """
        from airflow.sdk.api.datamodels._generated import HITLUser
        from airflow.sdk.execution_time.comms import CreateHITLDetailPayload, HITLDetailRequestResult
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

        user = airflow_user(asked.batch.approver_id)
        shown = SUPERVISOR_COMMS.send(
            CreateHITLDetailPayload(
                ti_id=context["task_instance"].id,
                options=self.options,
                subject=asked.subject,
                body=asked.body,
                defaults=None,
                multiple=False,
                params=self.serialized_params,
                assigned_users=[HITLUser(id=user, name=user)],
            )
        )
        return shown.subject if isinstance(shown, HITLDetailRequestResult) else ""

    def execute_complete(
        self,
        context: Mapping[str, Any],  # noqa: ARG002 - Airflow calls it with one
        event: Mapping[str, Any],
        shown_hash: str = "",
    ) -> dict[str, Any]:
        """Record the answer, if it is the assigned person's and the batch still is what was shown."""
        from huikuan.warehouse.connect import warehouse_url

        if event.get("error_type") == "timeout":
            log.warning(_NO_ANSWER, self.batch_id)
            self.unanswered(current())
            raise AirflowSkipException(_NO_ANSWER % self.batch_id)
        if "error" in event:
            raise AirflowFailException(
                f"Airflow lost the answer to batch {self.batch_id}. Clear the task to ask again."
            )
        run = current()
        url = warehouse_url(run.settings)
        try:
            leave_out, note = _free_answers(event["params_input"])
            given = self.decide(
                run,
                url,
                "approve" if event["chosen_options"] == [self.APPROVE] else "reject",
                by=self._rep(url, event["responded_by_user"]),
                via="airflow",
                leave_out=leave_out,
                note=note,
                shown_hash=shown_hash,
            )
        except (ReferralError, FinanceError) as error:
            log.error("The answer to batch %s was NOT applied 未生效: %s", self.batch_id, error.problem)
            raise AirflowFailException(f"The answer was not applied. {error}") from error
        log.info("batch %s: %d approved, %d rejected, %d left out", *_counts(given).values())
        return _counts(given)

    def _rep(self, url: str, user: Mapping[str, str] | None) -> str:
        """The approver, if the answer came from that person's user: Airflow's own check is not relied upon."""
        approver_id = self.approver(url)
        if user is None or user["id"] != airflow_user(approver_id):
            raise ReferralError(
                f"Batch {self.batch_id} is for {approver_id} to answer; the answer came from somebody else.",
                "Nothing was decided. Clear the task, so that the approver is asked again.",
            )
        return approver_id


class ReferralApproval(BatchApproval):
    """A batch of proposed sanctions (惩戒审批)."""

    title = "惩戒审批 Sanctions to approve"

    def find(self, url: str) -> Given | None:
        """The answer that was recorded before, if there is one."""
        from huikuan.referrals.decisions import find

        return find(url, self.batch_id)

    def question(self, run: Run) -> Question:
        """The table of proposals, as the night has them now."""
        from huikuan.orchestration.referrals import question

        return question(run, self.batch_id)

    def approver(self, url: str) -> str:
        """The manager whose approval these proposals need."""
        from huikuan.referrals.batch_rows import needed
        from huikuan.warehouse.connect import connect

        with connect(url, "desk") as connection:
            return needed(connection, self.batch_id).approver_id

    def decide(self, run: Run, url: str, choice: Any, **answer: Any) -> Given:
        """Line by line, after the night's rows were read again."""
        from huikuan.referrals.decisions import decide

        return decide(url, run.settings.lake, self.batch_id, choice, **answer)


class StatementApproval(BatchApproval):
    """A batch of statements of account (对账函审批)."""

    title = "对账函审批 Statements to approve"

    def find(self, url: str) -> Given | None:
        """The answer that was recorded before, if there is one."""
        from huikuan.finance.decisions import find

        return find(url, self.batch_id)

    def question(self, run: Run) -> Question:
        """The table of statements, after their files were hashed again."""
        from huikuan.orchestration.month_end import question

        return question(run, self.batch_id)

    def approver(self, url: str) -> str:
        """The person of finance whom the batch names."""
        from huikuan.finance.batches import needed
        from huikuan.warehouse.connect import connect

        with connect(url, "desk") as connection:
            return needed(connection, self.batch_id).approver_id

    def unanswered(self, run: Run) -> None:
        """No customer gets a statement of this month: the operators hear of it, since nobody is asked again."""
        from huikuan.orchestration import alerts

        alerts.tell(
            run.business_date,
            f"statements not approved: batch {self.batch_id}",
            f"Nobody answered in time, so no statement of batch {self.batch_id} leaves.\n"
            f"  → The approver may still answer: `huikuan statements decide {self.batch_id} …`; then "
            f"`huikuan statements mail {self.batch_id}`, and clear the task send.",
        )

    def decide(self, run: Run, url: str, choice: Any, **answer: Any) -> Given:
        """Statement by statement, after every file was hashed again."""
        from huikuan.finance.decisions import decide

        return decide(url, run.settings.lake, self.batch_id, choice, **answer)


def airflow_user(rep_id: str) -> str:
    """The Airflow user of an approver: of the same name, unless the environment says otherwise."""
    text = os.environ.get(APPROVERS) or "{}"
    try:
        users = json.loads(text)
        if not (isinstance(users, dict) and all(isinstance(user, str) and user for user in users.values())):
            raise ValueError
    except ValueError:
        raise ReferralError(
            f"{APPROVERS} is not a JSON object of texts.", f'Write it as {APPROVERS}=\'{{"rep_id": "airflow user"}}\'.'
        ) from None
    return str(users.get(rep_id, rep_id))


def _params() -> dict[str, Param]:
    """The form beside the two buttons; each call makes new ones, since an operator writes the answer into them."""
    return {
        "leave_out": Param(
            "",
            type=["string", "array", "null"],
            title="Leave out 不予批准的客户",
            description="Accounts or line numbers, with commas. 客户编号或行号，以逗号分隔。",
        ),
        "note": Param(
            "", type=["string", "null"], title="Note 备注", description="Kept with the decision. 随决定保存。"
        ),
    }


def _free_answers(params: Mapping[str, Any] | None) -> tuple[list[str], str | None]:
    """What was left out, and the note. Raises ReferralError for anything else: it may have been meant for us."""
    given = dict(params or {})
    out, note = given.pop("leave_out", None), given.pop("note", None)
    if given:
        raise ReferralError(f"The answer holds unknown fields: {', '.join(sorted(given))}.", "Known: leave_out, note.")
    parts = [out] if isinstance(out, str) else out or []
    if not isinstance(parts, list) or not all(isinstance(part, str | int) for part in parts):
        raise ReferralError("leave_out is neither a text nor a list of texts.", 'Write "A1, 3" or ["A1", "3"].')
    if note is not None and not isinstance(note, str):
        raise ReferralError("The note is not a text.", "Write it in quotes.")
    names = [name.strip() for part in parts for name in _SEPARATORS.split(str(part))]
    return [name for name in names if name], note


def _counts(given: Given) -> dict[str, Any]:
    """What travels through XCom: the id and counts."""
    return {
        "batch_id": given.batch_id,
        "approved": given.approved,
        "rejected": given.rejected,
        "left_out": given.left_out,
    }
