"""What a run of the back-test is asked, read from its params: policies by name, out of this installation's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huikuan.errors import HuikuanError
from huikuan.orchestration import connections

if TYPE_CHECKING:
    from huikuan.settings import Settings


class QuestionError(HuikuanError):
    """The params of a back-test do not say what to compare."""


@dataclass(frozen=True)
class Question:
    """Nights and policies to compare; ``policy_a`` None is the one in force on each night."""

    first: date
    last: date
    policy_a: Path | None
    policy_b: Path
    company: str | None
    settings: Settings


def asked() -> Question:
    """The question of the run whose task is executing."""
    from airflow.sdk import get_current_context

    context: Mapping[str, Any] = get_current_context()
    params = context["params"]
    settings = connections.settings()
    folder = settings.policies if settings.policies.is_dir() else settings.policies.parent
    return Question(
        first=date.fromisoformat(params["from"]),
        last=date.fromisoformat(params["to"]),
        policy_a=named(folder, params["policy_a"]) if params.get("policy_a") else None,
        policy_b=named(folder, params["policy_b"]),
        company=params.get("company") or None,
        settings=settings,
    )


def named(folder: Path, name: str) -> Path:
    """A policy below ``folder``. Anything else is refused: a param must not make a worker read files of its choice."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or path.suffix != ".yaml" or not path.is_file():
        known = ", ".join(sorted(f"{file.relative_to(folder)}" for file in folder.rglob("*.yaml"))) or "none"
        raise QuestionError(
            f"There is no policy {name!r} in this installation's policy folder.",
            f"Put the file there (drafts into a folder of its own, such as drafts/), or name one of: {known}.",
        )
    return path
