"""What the steps of a run need to know, read once from Airflow's context so that a task is one call."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huikuan.orchestration import business_date, connections

if TYPE_CHECKING:
    from huikuan.policy import Policy
    from huikuan.settings import Settings

log = logging.getLogger(__name__)

RUNBOOKS = Path(__file__).resolve().parents[3] / "docs" / "runbooks"


@dataclass(frozen=True)
class Run:
    """One run of one DAG: the night it works on, and where things are."""

    business_date: date
    params: Mapping[str, Any]
    settings: Settings
    is_backfill: bool

    @property
    def policy(self) -> Policy:
        """The policy in force on the business date."""
        from huikuan.policy import load_policy, policy_in_force

        return load_policy(policy_in_force(self.settings.policies, self.business_date))

    @property
    def ledger(self) -> connections.Ledger:
        """Looked up only by the task that reads the ledger: no other process holds its password."""
        return connections.ledger(self.params)


def current() -> Run:
    """The run of the task that is executing; its business date is the first line of the task's log."""
    from airflow.sdk import get_current_context

    context: Mapping[str, Any] = get_current_context()
    day = business_date.from_context(context)
    run = Run(
        business_date=day,
        params=context["params"],
        settings=connections.settings(),
        is_backfill=context["dag_run"].run_type == "backfill",
    )
    log.info("Business date 业务日 %s%s", day, ", a back-fill: nobody is contacted" if run.is_backfill else "")
    return run


def runbook(dag_id: str) -> str:
    """The runbook as the DAG's page shows it; an image without docs/ has a line that says where it is kept."""
    page = RUNBOOKS / f"{dag_id}.md"
    return page.read_text(encoding="utf-8") if page.exists() else f"Runbook: docs/runbooks/{dag_id}.md"


def conclude(day: date, gate: str, published: Mapping[str, int]) -> str:
    """The night's last line. A stopped night fails here, after it was recorded, so that nobody overlooks it."""
    if gate == "stop":
        from airflow.sdk.exceptions import AirflowFailException

        raise AirflowFailException(
            f"Night {day}: the gate is stop, nothing was published; the readers still see the night before.\n"
            "  → The reasons are in the data-quality page of the run and in the data owner's mail. "
            "Correct the ledger, then run this date again with refresh."
        )
    counts = ", ".join(f"{name} {rows:,}" for name, rows in sorted(published.items()))
    line = f"Night {day}: gate {gate}, published {counts}"
    log.info(line)
    return line
