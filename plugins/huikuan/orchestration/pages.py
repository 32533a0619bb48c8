"""Pages inside Airflow: the data-quality report of each night.

Airflow mounts a plugin's application without asking who comes, its documentation pages included. So every route here
asks for itself: who may read the nightly DAG may read its reports. Reports show rows of the ledger; the browser is told
to run no script in them, whatever a customer's name may hold.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from huikuan.settings import Settings

NIGHTLY = "collections_nightly"
NIGHTS_SHOWN = 60

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_RUN = re.compile(r"[0-9]{8}-[0-9a-f]{12}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def application() -> Any:
    """The FastAPI application; it has no route that an anonymous visitor can use."""
    from airflow.api_fastapi.core_api.security import requires_access_dag
    from fastapi import Depends, FastAPI, HTTPException
    from fastapi.responses import HTMLResponse

    may_read = Depends(requires_access_dag(method="GET", param_dag_id=NIGHTLY))
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, dependencies=[may_read])

    @app.get("/quality")
    def index() -> HTMLResponse:
        return HTMLResponse(index_page(Settings.from_environment().lake), headers=_HEADERS)

    @app.get("/quality/{day}/{run_id}")
    def report(day: str, run_id: str) -> HTMLResponse:
        page = report_file(Settings.from_environment().lake, day, run_id)
        if page is None:
            raise HTTPException(404, "There is no such report.")
        return HTMLResponse(page.read_text(encoding="utf-8"), headers=_HEADERS)

    return app


def report_file(lake: Path, day: str, run_id: str) -> Path | None:
    """The report of one run; None when there is none, or when the names are not of a day and a run."""
    if not (_DAY.fullmatch(day) and _RUN.fullmatch(run_id)):
        return None
    page = lake / "runs" / day / run_id / "quality" / "report.html"
    return page if page.is_file() else None


def index_page(lake: Path) -> str:
    """A list of the newest nights that were validated, newest first."""
    reports = sorted(lake.glob("runs/*/*/quality/report.html"), reverse=True)[:NIGHTS_SHOWN]
    links = [
        f'<li><a href="quality/{html.escape(page.parts[-4])}/{html.escape(page.parts[-3])}">'
        f"{html.escape(page.parts[-4])}</a> {html.escape(page.parts[-3])}</li>"
        for page in reports
    ]
    body = f"<ul>{''.join(links)}</ul>" if links else "<p>No night was validated yet.</p>"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Data quality 数据质量</title>'
        "<style>body{font:16px/1.6 system-ui,sans-serif;margin:2rem;max-width:50rem}</style>"
        f"<h1>Data quality 数据质量</h1>{body}"
    )
