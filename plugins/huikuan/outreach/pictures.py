"""The month as a bar: received, promised, missing (回款进度). A small PNG per currency; the numbers stand beside it.

The parts differ in pattern and not in colour only, nothing in it is text of a language, and it has its own background,
so it reads the same on a light and on a dark screen.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

from huikuan.outreach.news import Goal

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 280, 20
"""Size on the page, in CSS pixels; drawn at twice the size for sharp screens."""
_SCALE = 2
_RECEIVED, _PROMISED, _STRIPE, _MISSING, _EDGE = "#1a5fa8", "#8ec3ff", "#4a90d9", "#e3e8ee", "#5a6675"
_COLOURS = 32


@dataclass(frozen=True)
class Picture:
    """A PNG with the id by which the page names it."""

    content_id: str
    png: bytes


def bar(goal: Goal, domain: str) -> Picture:
    """The bar of one currency. The id is made of the bytes: equal pictures, equal ids."""
    received, promised, missing = (max(part, Decimal(0)) for part in (goal.received, goal.committed, goal.gap))
    whole = max(received + promised + missing, goal.target, Decimal(1))
    png = _drawn(_pixels(received, whole), _pixels(received + promised, whole))
    return Picture(f"{hashlib.sha256(png).hexdigest()[:24]}@{domain}", png)


def _pixels(part: Decimal, whole: Decimal) -> int:
    """Length of a part; what is there at all is seen."""
    return max(int(part / whole * WIDTH * _SCALE), 2 * _SCALE if part else 0)


@lru_cache(maxsize=4096)
def _drawn(received: int, covered: int) -> bytes:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), _MISSING)
    draw = ImageDraw.Draw(image)
    right, bottom = image.width - 1, image.height - 1
    if covered > received:
        draw.rectangle((received, 0, covered - 1, bottom), fill=_PROMISED)
        _stripes(image, received, covered)
    if received:
        draw.rectangle((0, 0, received - 1, bottom), fill=_RECEIVED)
    draw.rectangle((0, 0, right, bottom), outline=_EDGE, width=_SCALE)
    written = BytesIO()
    image.quantize(_COLOURS).save(written, format="PNG", optimize=True)
    return written.getvalue()


def _stripes(image: Image, left: int, right: int) -> None:
    """Slanted lines over one part of the bar."""
    from PIL import Image, ImageDraw

    part = Image.new("RGB", (right - left, image.height), _PROMISED)
    draw = ImageDraw.Draw(part)
    for start in range(-image.height, part.width, 8 * _SCALE):
        draw.line((start, image.height, start + image.height, 0), fill=_STRIPE, width=2 * _SCALE)
    image.paste(part, (left, 0))
