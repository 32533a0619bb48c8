"""The page of a policy difference in a real browser, at the width of a phone and of a desk.

The page is shown in a frame of the wanted width, since Chromium's window cannot be narrower than about 500 pixels, and
its own record of what was fetched is read.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from huikuan.backtest import page
from huikuan.backtest.difference import difference
from tests.backtest_samples import lay_replay

pytestmark = pytest.mark.browser

LONG = "ACCOUNT-WITH-A-VERY-LONG-NUMBER-WITHOUT-ANY-SPACE-IN-IT-"
MEASURE = """
<!doctype html><meta charset="utf-8"><body style="margin:0">
<iframe id="page" style="width:{width}px;height:3000px;border:0" srcdoc="{page}"></iframe>
<script>
document.getElementById("page").addEventListener("load", event => {{
  const shown = event.target.contentDocument, root = shown.documentElement;
  const box = e => e.getBoundingClientRect();
  const free = e => !e.closest(".scroll") && !e.closest("svg");
  const outside = [...shown.querySelectorAll("body *")].filter(e => free(e) && box(e).right > root.clientWidth + 0.5);
  const charts = [...shown.querySelectorAll("figure svg")];
  const labels = charts.flatMap(e => [...e.querySelectorAll("text")]).map(e => box(e).height);
  const note = document.createElement("pre");
  note.id = "found";
  note.textContent = JSON.stringify({{
    width: root.clientWidth, scroll: root.scrollWidth, outside: outside.map(e => e.className || e.tagName),
    charts: charts.map(e => box(e).height), label: Math.min(...labels),
    accounts: shown.querySelectorAll(".account").length,
    fetched: event.target.contentWindow.performance.getEntriesByType("resource").map(e => e.name),
    headline: shown.querySelector(".headline").textContent
  }});
  document.body.appendChild(note);
}});
</script></body>
"""


@pytest.fixture(scope="session")
def chromium() -> str:
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("chromium is missing: install Debian's package chromium, or leave out tests marked 'browser'")
    return path


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


def measured(chromium: str, content: str, width: int, folder: Path) -> dict[str, object]:
    file = folder / "page.html"
    file.write_text(MEASURE.format(width=width, page=html.escape(content, quote=True)), encoding="utf-8")
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    flags += "--disable-component-update --disable-sync --hide-scrollbars --virtual-time-budget=5000 "
    flags += f"--window-size={max(width, 500)},3000"
    command = [chromium, *flags.split(), f"--user-data-dir={folder / 'profile'}", "--dump-dom", file.as_uri()]
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r'<pre id="found">(.*?)</pre>', dump, re.S)
    assert found, dump[-2000:]
    result: dict[str, object] = json.loads(html.unescape(found[1]))
    return result


@pytest.mark.parametrize("width", [390, 1100])
def test_the_page_fits_and_fetches_nothing(chromium: str, tmp_path: Path, shown: str, width: int) -> None:
    found = measured(chromium, shown, width, tmp_path)
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
