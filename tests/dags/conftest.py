"""A real Airflow of its own for these tests: in a temporary home, never the developer's."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

# Before anything imports airflow: it reads its configuration, and writes a file into AIRFLOW_HOME, on import.
os.environ.update(
    {
        "AIRFLOW_HOME": tempfile.mkdtemp(prefix="huikuan-airflow-"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "GX_ANALYTICS_ENABLED": "False",
    }
)
