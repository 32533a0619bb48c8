"""What one DAG tells another: assets, one partition per business date."""

from __future__ import annotations

from airflow.sdk import Asset

NIGHT = Asset(name="huikuan_night", uri="huikuan://night", group="huikuan")
"""A night has been recorded in the warehouse: published, or stopped by the gate with its reasons.

The event says only that there is something to read. Whether anybody is contacted is decided by the row in
``store.run``, never by the event: clearing a task emits it again.
"""
