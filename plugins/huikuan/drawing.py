"""Drawings as inline SVG: text stays text, nothing leaks into the page, and one drawing serves screen, print and grey.

Matplotlib draws with stand-in colours that the page replaces by its own, light or dark; parts differ in line style,
mark or hatching too. Labels are short; what a drawing says in words stands in the page.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, LINE, ACCENT = "#010101", "#020202", "#030303", "#040404"
VARIABLES = {INK: "var(--ink)", SOFT: "var(--soft)", LINE: "var(--line)", ACCENT: "var(--accent)"}
"""For a page with these CSS variables; paper has colours of its own."""
_LABEL_CHARACTERS = 32


def figure(height: float, width: float = 8.2) -> Figure:
    """An empty drawing of so many inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, max(height, 1.6)), layout="constrained")


def plain(axes: Axes, grid: str) -> None:
    """No frame, a quiet grid, whole numbers with thousands."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.spines[:].set_visible(False)
    axes.grid(axis=grid, color=LINE, linewidth=0.8)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.tick_params(colors=SOFT, length=0, labelsize=9)
    numbers = axes.yaxis if grid == "y" else axes.xaxis
    numbers.set_major_locator(MaxNLocator(4 if grid == "y" else 6, integer=True))
    numbers.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def style(name: str) -> Any:
    """Text as text, and ids that are the same every time but differ between drawings of one page."""
    from matplotlib import rc_context

    return rc_context({"svg.fonttype": "none", "svg.hashsalt": f"huikuan {name}", "axes.facecolor": "none"})


def svg(drawn: Figure, colours: Mapping[str, str] = VARIABLES) -> str:
    """The drawing as an element of a page: no size of its own, no styles that would leak, no names but hashes."""
    written = StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a Chinese label is measured with another font than the page's: good enough
        drawn.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r' id="[A-Za-z]+(?:\.[a-z]+)?_[0-9_]*"', "", text)
    text = re.sub(r'^<svg [^>]*?(viewBox="[^"]*")[^>]*>', r'<svg \1 aria-hidden="true">', text, flags=re.DOTALL)
    for stand_in, colour in colours.items():
        text = text.replace(stand_in, colour)
    return text


def short(label: str) -> str:
    """A label that leaves room for the drawing."""
    return label if len(label) <= _LABEL_CHARACTERS else f"{label[: _LABEL_CHARACTERS - 1]}…"
