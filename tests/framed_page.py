"""A page in a real browser, in a frame of the wanted width.

Chromium's window cannot be narrower than about 500 pixels, so the page is shown in a frame, and a script writes down
what it measures there.
"""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path

from huikuan.outreach.browser import chromium

FRAME = """
<!doctype html><meta charset="utf-8"><body style="margin:0">
<iframe id="frame" style="width:{width}px;height:{height}px;border:0" srcdoc="{page}"></iframe>
<script>
document.getElementById("frame").addEventListener("load", event => {{
  const look = {look};
  const note = document.createElement("pre");
  note.id = "found";
  note.textContent = JSON.stringify(look(event.target.contentDocument, event.target.contentWindow));
  document.body.appendChild(note);
}});
</script></body>
"""
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --hide-scrollbars --virtual-time-budget=5000"
)


def measured(page: str, look: str, width: int, height: int, folder: Path) -> dict[str, object]:
    """What ``look`` finds, a JavaScript function of the page's document and window that returns an object."""
    file = folder / "frame.html"
    content = FRAME.format(width=width, height=height, page=html.escape(page, quote=True), look=look)
    file.write_text(content, encoding="utf-8")
    flags = [*FLAGS.split(), f"--window-size={max(width, 500)},{height}", f"--user-data-dir={folder / 'profile'}"]
    command = [chromium(), *flags, "--dump-dom", file.as_uri()]
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r'<pre id="found">(.*?)</pre>', dump, re.S)
    assert found, dump[-2000:]
    result: dict[str, object] = json.loads(html.unescape(found[1]))
    return result
