"""Charts of a policy difference as inline SVG: text stays text, the page gives colours, A and B differ in shape too.

Matplotlib draws with stand-in colours that are replaced by CSS variables, so that one drawing serves light, dark and
paper. Labels are ids, dates and numbers; what a chart says in words stands in the page, in both languages.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from datetime import date
from io import StringIO
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Series = Mapping[date, float]
Pair = tuple[Series, Series]
"""The same quantity over the nights under A and under B."""

_INK, _SOFT, _LINE, _ACCENT = "#010101", "#020202", "#030303", "#040404"
_VARIABLES = {_INK: "var(--ink)", _SOFT: "var(--soft)", _LINE: "var(--line)", _ACCENT: "var(--accent)"}
_A: dict[str, Any] = {"color": _INK, "linestyle": "-", "linewidth": 1.8}
_B: dict[str, Any] = {"color": _ACCENT, "linestyle": (0, (4, 2)), "linewidth": 1.8, "marker": "s", "markersize": 3.5}
_PANEL_INCHES = 1.9
_LABEL_CHARACTERS = 32
_MARKED_DAYS = 8


def over_time(name: str, panels: Mapping[str, Pair]) -> Markup:
    """One panel per entry, lines A and B over the nights, zero included so that heights can be compared."""
    with _style(name):
        figure = _figure(len(panels) * _PANEL_INCHES)
        axes = figure.subplots(len(panels), 1, squeeze=False, sharex=True)[:, 0]
        for place, (title, (a, b)) in enumerate(panels.items()):
            _panel(axes[place], title, a, b)
        _mark_days(axes[-1], sorted({day for a, _ in panels.values() for day in a}))
        return _svg(figure)


def dumbbells(name: str, rows: Sequence[tuple[str, float, float]]) -> Markup:
    """One line per row: A as a ring, B as a filled square, the way between them drawn."""
    with _style(name):
        figure = _figure(0.9 + 0.3 * len(rows))
        axes = figure.subplots()
        for place, (_, a, b) in enumerate(rows):
            axes.plot([a, b], [place, place], color=_SOFT, linewidth=1.4, zorder=1)
            axes.plot(a, place, marker="o", markersize=7, markerfacecolor="none", markeredgecolor=_INK, zorder=2)
            axes.plot(b, place, marker="s", markersize=5.5, color=_ACCENT, zorder=3)
        axes.set_yticks(range(len(rows)))
        axes.set_yticklabels([_short(label) for label, _, _ in rows], parse_math=False)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(left=0)
        _plain(axes, "x")
        return _svg(figure)


def _panel(axes: Axes, title: str, a: Series, b: Series) -> None:
    axes.set_title(_short(title), loc="left", fontsize=10, pad=9, color=_INK, parse_math=False)
    is_above = b[max(b)] >= a[max(a)]
    for label, series, style in (("A", a, _A), ("B", b, _B)):
        days = sorted(series)
        values = [series[day] for day in days]
        axes.plot(days, values, **style)  # type: ignore[arg-type]  # matplotlib takes dates
        axes.annotate(
            label,
            (days[-1], values[-1]),
            xytext=(7, 1 if is_above == (label == "B") else -9),  # one above the other where the lines meet
            textcoords="offset points",
            color=style["color"],
            fontsize=10,
            fontweight="bold",
        )
    axes.set_ylim(bottom=0)
    axes.margins(x=0.03)
    _plain(axes, "y")


def _mark_days(axes: Axes, days: Sequence[date]) -> None:
    """Up to eight nights by name, in a form that needs no language."""
    marked = days[:: -(-len(days) // _MARKED_DAYS)]
    axes.set_xticks(marked, [f"{day:%m-%d}" for day in marked])  # type: ignore[arg-type]  # matplotlib takes dates


def _plain(axes: Axes, grid: str) -> None:
    """No frame, a quiet grid, whole numbers with thousands."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.spines[:].set_visible(False)
    axes.grid(axis=grid, color=_LINE, linewidth=0.8)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.tick_params(colors=_SOFT, length=0, labelsize=9)
    numbers = axes.yaxis if grid == "y" else axes.xaxis
    numbers.set_major_locator(MaxNLocator(4 if grid == "y" else 6, integer=True))
    numbers.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _figure(height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(8.2, max(height, 1.6)), layout="constrained")


def _style(name: str) -> Any:
    """Text as text, and ids that are the same every time but differ between charts of one page."""
    from matplotlib import rc_context

    return rc_context({"svg.fonttype": "none", "svg.hashsalt": f"huikuan {name}", "axes.facecolor": "none"})


def _svg(figure: Figure) -> Markup:
    """The drawing as an element of the page: no size of its own, no styles that would leak, no names but hashes."""
    written = StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a Chinese id is measured with another font than the browser's: good enough
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r' id="[A-Za-z]+(?:\.[a-z]+)?_[0-9_]*"', "", text)
    text = re.sub(r'^<svg [^>]*?(viewBox="[^"]*")[^>]*>', r'<svg \1 aria-hidden="true">', text, flags=re.DOTALL)
    for stand_in, variable in _VARIABLES.items():
        text = text.replace(stand_in, variable)
    return Markup(text)  # noqa: S704  # matplotlib escapes what it writes; ids are the only text of others


def _short(label: str) -> str:
    return label if len(label) <= _LABEL_CHARACTERS else f"{label[: _LABEL_CHARACTERS - 1]}…"
