"""What another policy would have changed: stored nights, replayed under two policies. Runbook: docs/runbooks/."""

from __future__ import annotations

import logging
from datetime import timedelta

from airflow.sdk import Param, dag, task

from huikuan.orchestration import alerts
from huikuan.orchestration.backtest import asked
from huikuan.orchestration.run import runbook

log = logging.getLogger(__name__)


@dag(
    schedule=None,  # somebody asks
    catchup=False,
    max_active_runs=1,  # it takes the machine for a minute; the nights come first
    params={
        "policy_a": Param(None, type=["null", "string"], description="Policy file by name; empty: the one in force."),
        "policy_b": Param(type="string", description="Policy file by name, such as drafts/2026.3.yaml."),
        "from": Param(type="string", format="date", description="First business date."),
        "to": Param(type="string", format="date", description="Last business date."),
        "company": Param(None, type=["null", "string"], description="Show the accounts of one company only."),
    },
    default_args={
        "retries": 0,  # it is a pure function of what is stored: what fails once fails again
        "on_failure_callback": alerts.task_failed,
    },
    doc_md=runbook("collections_policy_backtest"),
    tags=["huikuan", "回款"],
)
def collections_policy_backtest() -> None:
    @task(execution_timeout=timedelta(hours=2))
    def replay() -> str:
        from huikuan.backtest.compare import replay_nights

        question = asked()
        return str(
            replay_nights(
                question.settings,
                question.first,
                question.last,
                policy_a=question.policy_a,
                policy_b=question.policy_b,
                company=question.company,
                say=log.info,
            )
        )

    @task(execution_timeout=timedelta(minutes=30), multiple_outputs=False)
    def report(folder: str) -> dict[str, str | int]:
        from pathlib import Path

        from huikuan.backtest.compare import report as write

        outcome = write(Path(folder), asked().company)
        log.info("%s %s", outcome.headline.en, outcome.page)
        return {"page": str(outcome.page), **outcome.rows}

    report(replay())


collections_policy_backtest()
