"""The mails in a real browser, at the width of a phone and of a desk.

Chromium's window cannot be narrower than about 500 pixels, so the mail is shown in a frame of the wanted width, and a
script writes down what it measures there: anything wider than the frame would have to be scrolled sideways.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from huikuan.outreach.message import bodies
from huikuan.outreach.rows import Contact, Night
from huikuan.outreach.worklists import Worklist, data_owner_reports, digests, escalations
from tests.outreach_samples import POLICY, balance, item, run_record, sample_night, status, task

pytestmark = pytest.mark.browser

MEASURE = """
<!doctype html><meta charset="utf-8"><body style="margin:0">
<iframe id="mail" style="width:{width}px;height:2000px;border:0" srcdoc="{mail}"></iframe>
<script>
document.getElementById("mail").addEventListener("load", event => {{
  const page = event.target.contentDocument, root = page.documentElement;
  const right = e => e.getBoundingClientRect().right;
  const outside = [...page.querySelectorAll("body *")].filter(e => right(e) > root.clientWidth + 0.5);
  const links = [...page.querySelectorAll("a")].map(e => e.getBoundingClientRect().height);
  const style = getComputedStyle(page.body);
  const found = {{
    width: root.clientWidth, scroll: root.scrollWidth, outside: outside.map(e => e.className || e.tagName),
    links: links, size: parseFloat(style.fontSize), rows: page.querySelectorAll("th[scope=rowgroup]").length
  }};
  const note = document.createElement("pre");
  note.id = "found";
  note.textContent = JSON.stringify(found);
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


def measured(chromium: str, mail: str, width: int, folder: Path) -> dict[str, object]:
    """What the script in the page found."""
    page = folder / "page.html"
    page.write_text(MEASURE.format(width=width, mail=html.escape(mail, quote=True)), encoding="utf-8")
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    flags += "--disable-component-update --disable-sync --hide-scrollbars --virtual-time-budget=5000 "
    flags += f"--window-size={max(width, 500)},2000"
    command = [chromium, *flags.split(), f"--user-data-dir={folder / 'profile'}", "--dump-dom", page.as_uri()]
    dump = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout
    found = re.search(r'<pre id="found">(.*?)</pre>', dump, re.S)
    assert found, dump[-2000:]
    result: dict[str, object] = json.loads(html.unescape(found[1]))
    return result


def long_words() -> Night:
    """What breaks layouts: no spaces anywhere, and amounts of a thousand billions."""
    keys = [("CN", f"ACCOUNT-WITH-A-VERY-LONG-NUMBER-{n:02d}") for n in range(25)]
    return replace(
        sample_night(),
        tasks=[task("R-LI", key, "call", n + 1, "123456789012345.67", "CNY") for n, key in enumerate(keys)],
        statuses={key: status(key, "R-LI", "M4", "M3", 3650) for key in keys},
        balances={key: [balance(key, "CNY", "12345678901234.67", 3650)] for key in keys},
        items={key: [item(key, n, "5", "CNY", 70) for n in range(3)] for key in keys},
        names=dict.fromkeys(keys, "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"),
        numbers={(k[0], f"D-{k[1]}-{n}"): "INVOICE" * 5 for k in keys for n in range(3)},
        contacts={key: [Contact(*key, "C", "payer", "W" * 60, "+86 571 8888 8888 000")] for key in keys},
    )


def mails() -> dict[str, Worklist]:
    night = sample_night()
    doubt = replace(night, run=run_record(gate="no_contact"), payments_complete_to=None, quarantined_rows=2)
    by_reader: dict[str, Worklist] = {each.reader.rep_id: each for each in [*digests(night), *escalations(night)]}
    [wide] = [each for each in digests(long_words()) if each.reader.rep_id == "R-LI"]
    [report] = data_owner_reports(doubt, {"F-DATA": "en"})
    return {**by_reader, "long words": wide, "F-DATA": report}


@pytest.mark.parametrize("width", [390, 800])
@pytest.mark.parametrize("name", sorted(mails()))
def test_nothing_has_to_be_scrolled_sideways(chromium: str, tmp_path: Path, name: str, width: int) -> None:
    worklist = mails()[name]
    _, mail = bodies(worklist, POLICY)
    found = measured(chromium, mail, width, tmp_path)
    assert found["width"] == width
    assert found["scroll"] == width
    assert found["outside"] == []
    assert found["size"] == 16
    assert found["rows"] == len(re.findall('scope="rowgroup"', mail))
    heights = found["links"]
    assert isinstance(heights, list)
    assert all(height >= 44 for height in heights), "a thumb needs 44 pixels"
