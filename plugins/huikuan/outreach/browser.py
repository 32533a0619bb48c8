"""Pictures of a mail in Chromium, as a phone and a desk show it, light and dark."""

from __future__ import annotations

import html
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from huikuan.errors import OutreachError

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=3000",
)
_NARROWEST = 500  # Chromium's window is never narrower, so the mail is shown in a frame of the wanted width
_TALLEST = 9000
_SECONDS = 300
_MARK = (255, 0, 255)
"""Colour behind the frame, by which its end is found."""
_PAGE = """<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<style>html, body {{ margin: 0; background: rgb(255, 0, 255) }} iframe {{ border: 0; display: block }}</style>
<iframe id="mail" style="width: {width}px; height: {tallest}px" srcdoc="{mail}"></iframe>
<script>document.getElementById("mail").addEventListener("load", event => {{
  event.target.style.height = event.target.contentDocument.body.scrollHeight + "px";
}});</script>"""


@dataclass(frozen=True)
class View:
    """How a mail is looked at."""

    name: str
    width: int
    is_dark: bool = False


VIEWS = (View("390", 390), View("800", 800), View("dark", 390, is_dark=True))


def chromium() -> str:
    """The browser's path. Raises OutreachError where there is none."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    raise OutreachError(
        "Pictures of mails need Chromium, and there is none on this machine.",
        "Install it (Debian: apt-get install chromium fonts-noto-cjk), or ask for no pictures with --no-png.",
    )


def picture(browser: str, page: str, view: View, colours: int = 16) -> bytes:
    """A PNG of the whole page, with a palette so that it stays small. Raises OutreachError when Chromium fails."""
    with tempfile.TemporaryDirectory(prefix="huikuan-mail-", ignore_cleanup_errors=True) as folder:
        shown, shot = Path(folder) / "page.html", Path(folder) / "shot.png"
        mail = html.escape(page, quote=True)
        shown.write_text(_PAGE.format(width=view.width, tallest=_TALLEST, mail=mail), encoding="utf-8")
        command = [
            browser,
            *_FLAGS,
            f"--blink-settings=preferredColorScheme={0 if view.is_dark else 1}",
            f"--user-data-dir={folder}/profile",
            f"--window-size={max(view.width, _NARROWEST)},{_TALLEST}",
            f"--screenshot={shot}",
            shown.as_uri(),
        ]
        try:
            subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603  # no text of others
        except (subprocess.SubprocessError, OSError) as error:
            raise OutreachError(
                f"Chromium could not take a picture ({type(error).__name__}).",
                f"Try it by hand with {browser} --headless --screenshot, or ask for no pictures with --no-png.",
            ) from error
        return _cropped(shot.read_bytes(), view.width, colours)


def _cropped(png: bytes, width: int, colours: int) -> bytes:
    """Only the frame, in the colours that it has most of; every other pixel takes the nearest of them."""
    import numpy
    from PIL import Image

    image = Image.open(BytesIO(png)).convert("RGB")
    bottom = next((row for row in range(image.height - 1, -1, -1) if image.getpixel((0, row)) != _MARK), 0) + 1
    pixels = numpy.asarray(image.crop((0, 0, width, bottom)), dtype=numpy.int32)
    found, places, counts = numpy.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    kept = found[numpy.argsort(-counts, kind="stable")[:colours]]
    nearest = ((found[:, None, :] - kept[None, :, :]) ** 2).sum(axis=2).argmin(axis=1).astype(numpy.uint8)
    small = Image.fromarray(nearest[places.reshape(pixels.shape[:2])])
    small.putpalette(kept.astype(numpy.uint8).tobytes())
    written = BytesIO()
    small.save(written, format="PNG", optimize=True)
    return written.getvalue()
