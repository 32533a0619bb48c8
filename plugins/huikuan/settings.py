"""Where things are: folders of the project and of one installation. Read from the environment, once, here only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The folder that holds ``plugins/`` and ``include/``: a checkout, or ``/opt/airflow`` in the image."""

INCLUDE = Path(os.environ.get("HUIKUAN_INCLUDE", PROJECT / "include"))
POLICIES = INCLUDE / "policy"
"""Every version of the policy; a night takes the one in force on its business date."""

DEFAULT_POLICY = POLICIES / "default.yaml"


@dataclass(frozen=True)
class Settings:
    """One installation.

    ``home`` holds everything the product writes unless told otherwise: ``lake/`` (snapshots, runs, results),
    ``mail/`` (``.eml`` files) and ``postgres/`` (the embedded warehouse, used when ``warehouse_url`` is None).
    ``policies`` is one policy, or a folder of versions.
    """

    home: Path
    lake: Path
    mail: Path
    warehouse_url: str | None
    policies: Path = POLICIES
    environment: str = "development"
    """Only ``production`` sends mail to whom it concerns; any other one to the policy's allow-list."""

    @classmethod
    def from_environment(cls) -> Settings:
        """Read ``HUIKUAN_HOME``, ``_LAKE``, ``_MAIL``, ``_WAREHOUSE``, ``_POLICY`` and ``_ENVIRONMENT``."""
        home = Path(os.environ.get("HUIKUAN_HOME", PROJECT / ".home")).absolute()
        return cls(
            home=home,
            lake=Path(os.environ.get("HUIKUAN_LAKE", home / "lake")).absolute(),
            mail=Path(os.environ.get("HUIKUAN_MAIL", home / "mail")).absolute(),
            warehouse_url=os.environ.get("HUIKUAN_WAREHOUSE") or None,
            policies=Path(os.environ.get("HUIKUAN_POLICY") or POLICIES).absolute(),
            environment=os.environ.get("HUIKUAN_ENVIRONMENT") or "development",
        )
