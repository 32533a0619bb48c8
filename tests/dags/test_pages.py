"""Airflow mounts a plugin's pages without authentication: each of them must ask for itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from huikuan.orchestration import pages

DAY, RUN = "2026-09-02", "20260902-0123456789ab"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / DAY / RUN / "quality"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("<p>report</p>", encoding="utf-8")
    (tmp_path / "secret.html").write_text("secret", encoding="utf-8")
    return tmp_path


@pytest.mark.airflow
def test_no_route_answers_an_anonymous_visitor(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fastapi.testclient import TestClient

    monkeypatch.setenv("HUIKUAN_LAKE", str(lake))
    app = pages.application()
    paths = [route.path.format(day=DAY, run_id=RUN) for route in app.routes]
    assert len(paths) == 2
    client = TestClient(app)
    answers = {path: client.get(path).status_code for path in [*paths, "/docs", "/openapi.json", "/redoc"]}
    assert {path: answers[path] for path in paths} == dict.fromkeys(paths, 401)
    assert {answers[path] for path in ("/docs", "/openapi.json", "/redoc")} == {404}


@pytest.fixture
def logged_in(lake: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """A client whose visitor may read the nightly DAG."""
    from fastapi.testclient import TestClient

    monkeypatch.setenv("HUIKUAN_LAKE", str(lake))
    app = pages.application()
    [dependency] = app.router.dependencies
    app.dependency_overrides[dependency.dependency] = lambda: None
    with TestClient(app) as client:
        yield client


@pytest.mark.airflow
def test_the_list_leads_to_a_report_that_may_run_no_script(logged_in: object) -> None:
    index = logged_in.get("/quality")  # type: ignore[attr-defined]
    assert f'href="quality/{DAY}/{RUN}"' in index.text
    report = logged_in.get(f"/quality/{DAY}/{RUN}")  # type: ignore[attr-defined]
    assert report.text == "<p>report</p>"
    assert "default-src 'none'" in report.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("day", "run_id"), [("..", RUN), (DAY, ".."), (DAY, "20260902-0123456789AB"), (DAY, "20260902-ffffffffffff")]
)
def test_only_reports_of_runs_are_served(lake: Path, day: str, run_id: str) -> None:
    assert pages.report_file(lake, DAY, RUN) is not None
    assert pages.report_file(lake, day, run_id) is None


@pytest.mark.airflow
def test_airflow_finds_the_plugin_and_no_other() -> None:
    from airflow import plugins_manager

    plugins, errors = plugins_manager._get_plugins()
    assert errors == {}
    assert "huikuan" in {plugin.name for plugin in plugins}
    assert [app["url_prefix"] for app in plugins_manager.get_fastapi_plugins()[0]] == ["/huikuan"]
