"""The page of a policy difference in a real browser, at the width of a phone and of a desk.

The browser's own record of what was fetched is read.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from huikuan.backtest import page
from huikuan.backtest.difference import difference
from tests.backtest_samples import lay_replay
from tests.framed_page import measured

pytestmark = pytest.mark.browser

LONG = "ACCOUNT-WITH-A-VERY-LONG-NUMBER-WITHOUT-ANY-SPACE-IN-IT-"
LOOK = """(shown, window) => {
  const root = shown.documentElement;
  const box = e => e.getBoundingClientRect();
  const free = e => !e.closest(".scroll") && !e.closest("svg");
  const outside = [...shown.querySelectorAll("body *")].filter(e => free(e) && box(e).right > root.clientWidth + 0.5);
  const charts = [...shown.querySelectorAll("figure svg")];
  const labels = charts.flatMap(e => [...e.querySelectorAll("text")]).map(e => box(e).height);
  return {
    width: root.clientWidth, scroll: root.scrollWidth, outside: outside.map(e => e.className || e.tagName),
    charts: charts.map(e => box(e).height), label: Math.min(...labels),
    accounts: shown.querySelectorAll(".account").length,
    fetched: window.performance.getEntriesByType("resource").map(e => e.name),
    headline: shown.querySelector(".headline").textContent
  };
}"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page with everything on it: all sanctions, both currencies, long names, amounts of a thousand billions."""
    account = f"'{LONG}' || i"
    keys = {f"{table}__account_id": account for table in ("account_status", "account_flag", "decision_reason", "task")}
    folder = lay_replay(
        tmp_path_factory.mktemp("page"),
        nights=30,
        rows=60,
        b={
            "account_status__stage": "['M1', 'M2', 'M3', 'M4'][CAST(1 + i % 4 AS INTEGER)]",
            "account_status__risk_grade": "'E'",
            "account_flag__state": "'active'",
            "task__rep_id": "'REP-' || (i % 17)",
            "task__task_id": "'b' || i",
            "decision_reason__rule_id": f"'other.' || {account}",
        },
        account_status__stage="['M0', 'M1', 'M2', 'M3'][CAST(1 + i % 4 AS INTEGER)]",
        account_status__risk_grade="'B'",
        account_status__overdue_functional="9876543210123.45",
        account_flag__flag="['stop_supply', 'legal_referral', 'terminate_authorization'][CAST(1 + i % 3 AS INTEGER)]",
        account_flag__state="['proposed', 'released'][CAST(1 + i % 2 AS INTEGER)]",
        **keys,
    )
    difference(folder)
    return page.write(folder).read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [390, 1100])
def test_the_page_fits_and_fetches_nothing(tmp_path: Path, shown: str, width: int) -> None:
    found = measured(shown, LOOK, width, 3000, tmp_path)
    assert found["width"] == width
    assert found["scroll"] == width, "tables and charts scroll in themselves, the page does not"
    assert found["outside"] == []
    assert found["fetched"] == []
    assert found["accounts"] == page.ACCOUNTS
    heights = found["charts"]
    assert isinstance(heights, list)
    assert len(heights) == 3, "sanctions, money, tasks per rep"
    assert min(heights) > 120
    assert isinstance(found["label"], float | int)
    assert found["label"] >= 9, "labels can be read"
    assert str(found["headline"]).startswith("Over 30 nights, policy B would ")


def test_the_page_names_no_other_host(shown: str) -> None:
    assert not re.search(r"(?:src|href)=[\"'](?!#)", shown)
    assert "@import" not in shown
    addresses = set(re.findall(r"https?://[^\"' <]+", shown))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}, addresses
