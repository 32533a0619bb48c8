"""Drawings of the finance report: readable on screen, on paper and in grey: parts differ in shade and mark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from huikuan import drawing
from huikuan.drawing import ACCENT, INK, LINE, SOFT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Short = Callable[[Decimal], str]
"""How a language says a large amount shortly."""
PAPER = {INK: "#1c2733", SOFT: "#4d5b6a", LINE: "#d5dbe1", ACCENT: "#0f4c81"}
"""Colours for print; pages bring their own."""
_SHADES = (0.0, 0.15, 0.3, 0.45, 0.6, 0.8, 1.0)
_LINES: tuple[dict[str, Any], ...] = (
    {"color": INK, "linestyle": "-", "linewidth": 1.9, "marker": "o", "markersize": 3.2},
    {"color": ACCENT, "linestyle": (0, (4, 2)), "linewidth": 1.7, "marker": "s", "markersize": 3.2},
    {"color": SOFT, "linestyle": (0, (1, 1.6)), "linewidth": 1.9, "marker": "^", "markersize": 3.4},
)
_PARTS: tuple[dict[str, Any], ...] = (
    {"facecolor": INK, "edgecolor": INK},
    {"facecolor": ACCENT, "edgecolor": INK, "hatch": "////"},
    {"facecolor": LINE, "edgecolor": SOFT},
    {"facecolor": "none", "edgecolor": SOFT},
)
_HEIGHT, _WIDTH = 1.85, 4.6


def ageing(bars: Sequence[tuple[str, float, str]], short: Short, colours: Mapping[str, str]) -> str:
    """A bar per bucket, darker with age; each with its label and what stands above it."""
    with drawing.style("ageing"):
        figure = drawing.figure(_HEIGHT, _WIDTH)
        axes = figure.subplots()
        for place, (_, value, above) in enumerate(bars):
            shade = _SHADES[min(place, len(_SHADES) - 1)]
            axes.bar(place, value, width=0.72, color=INK, alpha=shade, linewidth=0)
            axes.bar(place, value, width=0.72, facecolor="none", edgecolor=INK, linewidth=0.9)
            axes.annotate(
                above, (place, value), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=8, color=INK
            )
        axes.set_xticks(range(len(bars)), [label for label, *_ in bars])
        axes.margins(y=0.16)
        _quiet(axes, short)
        return drawing.svg(figure, colours)


def trend(lines: Mapping[str, Mapping[date, float]], colours: Mapping[str, str]) -> str:
    """A line per series over month ends, its name at its end; zero included, so that heights can be compared."""
    with drawing.style("trend"):
        figure = drawing.figure(_HEIGHT, _WIDTH)
        axes = figure.subplots()
        days = sorted({day for series in lines.values() for day in series})
        place = {day: n for n, day in enumerate(days)}
        ends: list[tuple[float, str, Any]] = []
        for (name, series), look in zip(lines.items(), _LINES, strict=False):
            known = sorted(series)
            axes.plot([place[day] for day in known], [series[day] for day in known], **look)
            if known:
                ends.append((series[known[-1]], name, look["color"]))
        top = max((value for series in lines.values() for value in series.values()), default=1.0)
        for height, (value, name, colour) in zip(_apart([value for value, *_ in ends], 0.11 * top), ends, strict=True):
            axes.annotate(
                f"{name} {value:,.0f}",
                (len(days) - 1, height),
                xytext=(7, -3),
                textcoords="offset points",
                fontsize=8,
                color=colour,
                annotation_clip=False,
            )
        step = max(1, -(-len(days) // 6))
        shown = days[::-1][::step][::-1]
        axes.set_xticks([place[day] for day in shown], [f"{day:%y-%m}" for day in shown])
        axes.set_ylim(bottom=0)
        axes.margins(x=0.02)
        figure.set_layout_engine("constrained", rect=(0, 0, 0.84, 1))  # names stand to the right of the lines
        _quiet(axes)
        return drawing.svg(figure, colours)


def forecast(
    weeks: Sequence[date],
    parts: Sequence[Sequence[float]],
    actual: Mapping[date, float],
    short: Short,
    colours: Mapping[str, str],
) -> str:
    """Stacked bars of expected receipts per week, parts from the surest up; a mark where something came in already."""
    with drawing.style("forecast"):
        figure = drawing.figure(_HEIGHT, _WIDTH)
        axes = figure.subplots()
        below = [0.0] * len(weeks)
        for values, look in zip(parts, _PARTS, strict=False):
            axes.bar(range(len(weeks)), values, bottom=below, width=0.72, linewidth=0.8, **look)
            below = [low + value for low, value in zip(below, values, strict=True)]
        for place, week in enumerate(weeks):
            if week in actual:
                axes.plot(place, actual[week], marker="D", markersize=5, color=ACCENT, markeredgecolor=INK, zorder=3)
        axes.set_xticks(range(len(weeks)), [f"{week:%m-%d}" for week in weeks], rotation=60, fontsize=7.5)
        _quiet(axes, short)
        return drawing.svg(figure, colours)


def _quiet(axes: Axes, short: Short | None = None) -> None:
    """Lines behind the drawing, small labels; ``short`` says amounts at the side as the reader's language does."""
    drawing.plain(axes, "y")
    axes.tick_params(axis="y", labelsize=8)
    axes.tick_params(axis="x", labelsize=7.5)
    if short:
        axes.yaxis.set_major_formatter(lambda value, _: short(Decimal(value)))


def _apart(values: Sequence[float], room: float) -> list[float]:
    """The same heights, moved at least ``room`` apart so that labels beside them can be read."""
    order = sorted(range(len(values)), key=lambda n: values[n])
    placed = list(values)
    for before, n in pairwise(order):
        placed[n] = max(placed[n], placed[before] + room)
    return placed
