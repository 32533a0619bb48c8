"""Charts of a policy difference as inline SVG: A and B differ in shape too.

Labels are ids, dates and numbers; what a chart says in words stands in the page, in both languages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from huikuan import drawing
from huikuan.drawing import ACCENT, INK, SOFT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Series = Mapping[date, float]
Pair = tuple[Series, Series]
"""The same quantity over the nights under A and under B."""

_A: dict[str, Any] = {"color": INK, "linestyle": "-", "linewidth": 1.8}
_B: dict[str, Any] = {"color": ACCENT, "linestyle": (0, (4, 2)), "linewidth": 1.8, "marker": "s", "markersize": 3.5}
_PANEL_INCHES = 1.9
_MARKED_DAYS = 8


def over_time(name: str, panels: Mapping[str, Pair]) -> Markup:
    """One panel per entry, lines A and B over the nights, zero included so that heights can be compared."""
    with drawing.style(name):
        figure = drawing.figure(len(panels) * _PANEL_INCHES)
        axes = figure.subplots(len(panels), 1, squeeze=False, sharex=True)[:, 0]
        for place, (title, (a, b)) in enumerate(panels.items()):
            _panel(axes[place], title, a, b)
        _mark_days(axes[-1], sorted({day for a, _ in panels.values() for day in a}))
        return _svg(figure)


def dumbbells(name: str, rows: Sequence[tuple[str, float, float]]) -> Markup:
    """One line per row: A as a ring, B as a filled square, the way between them drawn."""
    with drawing.style(name):
        figure = drawing.figure(0.9 + 0.3 * len(rows))
        axes = figure.subplots()
        for place, (_, a, b) in enumerate(rows):
            axes.plot([a, b], [place, place], color=SOFT, linewidth=1.4, zorder=1)
            axes.plot(a, place, marker="o", markersize=7, markerfacecolor="none", markeredgecolor=INK, zorder=2)
            axes.plot(b, place, marker="s", markersize=5.5, color=ACCENT, zorder=3)
        axes.set_yticks(range(len(rows)))
        axes.set_yticklabels([drawing.short(label) for label, _, _ in rows], parse_math=False)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(left=0)
        drawing.plain(axes, "x")
        return _svg(figure)


def _panel(axes: Axes, title: str, a: Series, b: Series) -> None:
    axes.set_title(drawing.short(title), loc="left", fontsize=10, pad=9, color=INK, parse_math=False)
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
    drawing.plain(axes, "y")


def _mark_days(axes: Axes, days: Sequence[date]) -> None:
    """Up to eight nights by name, in a form that needs no language."""
    marked = days[:: -(-len(days) // _MARKED_DAYS)]
    axes.set_xticks(marked, [f"{day:%m-%d}" for day in marked])  # type: ignore[arg-type]  # matplotlib takes dates


def _svg(figure: Figure) -> Markup:
    return Markup(drawing.svg(figure))  # noqa: S704  # matplotlib escapes what it writes; ids are the only text of others
