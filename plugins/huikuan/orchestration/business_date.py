"""Which business date (业务日) a run is for. One function decides it, for every DAG.

The clock is never asked: a task that is retried after midnight, cleared a week later or run by hand must work on the
same night as the first time. ``ds`` is not asked either: it is the UTC date, a day early for every night that starts
before 08:00 in Shanghai.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from huikuan.errors import HuikuanError

COMPANY_TIMEZONE = os.environ.get("HUIKUAN_TIMEZONE", "Asia/Shanghai")
"""Where the morning of the business date is: the schedule and a logical date are read in it."""

KEY_FORMAT = "%Y-%m-%d"
"""How a business date is written as a partition key."""

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class BusinessDateError(HuikuanError):
    """A run does not say which business date it is for."""


def resolve(
    param: str | None, partition_key: str | None, logical_date: datetime | None, timezone: str = COMPANY_TIMEZONE
) -> date:
    """The first of these that is given: DAG param, partition key, logical date as a local day in ``timezone``.

    The param comes first because a person typed it for this run. A value that is given and cannot be read is an error:
    falling through to the next one would run another night than the one that was asked for.
    """
    if param:
        return _parse(param, "The param business_date")
    if partition_key:
        return _parse(partition_key, "The partition key")
    if logical_date is None:
        raise BusinessDateError(
            "The run has neither the param business_date, nor a partition key, nor a logical date.",
            'Trigger it with a partition key, or with the param: {"business_date": "2026-09-01"}.',
        )
    if logical_date.utcoffset() is None:
        raise BusinessDateError(
            f"The logical date {logical_date.isoformat()} has no time zone, so its local day is not known.",
            "Give an instant with an offset, or name the day in the param business_date.",
        )
    return logical_date.astimezone(ZoneInfo(timezone)).date()


def from_context(context: Mapping[str, Any]) -> date:
    """Resolve from the context of a running task. Partitioned and asset-triggered runs have no logical date."""
    run = context["dag_run"]
    return resolve(context["params"].get("business_date"), run.partition_key, run.logical_date)


def _parse(text: str, where: str) -> date:
    """Read YYYY-MM-DD and nothing else: fromisoformat alone would also take 20260901 and 2026-W36-2."""
    if _ISO_DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:  # such as 30 February: told below, together with the wrong forms
            pass
    raise BusinessDateError(f"{where} is {text!r}, which is not a date.", "Write it as YYYY-MM-DD, such as 2026-09-01.")
