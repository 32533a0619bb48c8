"""The finance report as plain data in the reader's language: figures, tables, drawings; no layout.

One template makes a page of it, another a PDF; neither says anything of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from huikuan.finance import report_charts as charts
from huikuan.finance.advice import advice
from huikuan.finance.report_rows import Figures, Row
from huikuan.letters.table import NONE, Table, column, table
from huikuan.warehouse.tables import BUCKETS
from huikuan.wording import Wording, clean

COMPONENTS = ("promise", "plan", "behaviour", "new_sales")
"""Parts of a forecast, the surest first."""
_TREND = ("dso_countback", "dso_simple", "bpdso")
_TREND_WINDOW = {"dso_countback": "as_of", "dso_simple": "m3", "bpdso": "m3"}
_TO = ("paid", *BUCKETS, "written_off")
_SHOWN_FROM = Decimal("0.0005")


def content(figures: Figures, wording: Wording, colours: Mapping[str, str]) -> dict[str, Any]:
    """Everything that a template needs, as JSON types; drawings are SVG in these colours."""
    text = wording.text
    told = _Metrics(figures)
    return {
        "lang": "zh" if wording.locale == "zh_CN" else "en",
        "region": "cn" if wording.locale == "zh_CN" else "gb",
        "title": text("Receivables report"),
        "company": clean(figures.name, 60),
        "as_of": text("Close of books %(day)s", day=wording.day(figures.as_of)),
        "unit": text("Amounts in %(currency)s; other currencies at the rate of that day", currency=figures.currency),
        "tied": _tied(figures, wording),
        "footer": text("Run %(run)s, policy %(policy)s", run=figures.run_id, policy=figures.policy_version),
        "page": text("Page {page} of {pages}").replace("{pages}", "{page}").split("{page}"),
        "key": _key_figures(figures, told, wording),
        "cells": [  # in two columns, blocks of a cell below each other; a wide one takes both and follows a whole pair
            [_ageing(figures, wording, colours)],
            [_days(told, wording, colours)],
            [_roll(figures, wording)],
            [_forecast(figures, told, wording, colours)],
            [_provision(figures, wording), _causes(figures, wording), _sanctions(figures, wording)],
            [_exposures(figures, wording)],
            [_reps(figures, wording)],
            [_habits(figures, wording)],
        ],
    }


class _Metrics:
    """The company's own metrics by name and window."""

    def __init__(self, figures: Figures) -> None:
        self.as_of = figures.as_of
        self._series: dict[tuple[str, str], dict[date, Row]] = {}
        for row in figures.rows["figures"]:
            self._series.setdefault((row["name"], row["window"]), {})[row["closed_on"]] = row

    def now(self, name: str, window: str) -> Decimal | None:
        row = self._series.get((name, window), {}).get(self.as_of)
        return row["value"] if row else None

    def series(self, name: str, window: str) -> dict[date, Decimal]:
        found = self._series.get((name, window), {})
        return {day: row["value"] for day, row in sorted(found.items()) if row["value"] is not None}

    def before(self, name: str, window: str) -> Decimal | None:
        """The figure at the month end before as-of."""
        earlier = [value for day, value in self.series(name, window).items() if day < self.as_of]
        return earlier[-1] if earlier else None


def _tied(figures: Figures, wording: Wording) -> dict[str, Any]:
    """Whether ledger and general ledger say the same; every difference by currency."""
    text, rows = wording.text, figures.rows["tie_out"]
    if not rows or all(row["state"] == "not_checked" for row in rows):
        return {"is_tied": False, "text": text("Not compared with the general ledger: it gave no control total.")}
    off = [row for row in rows if row["state"] == "differs"]
    if not off:
        return {"is_tied": True, "text": text("Ties to the general ledger, to the cent, in every currency.")}
    lines = [
        text(
            "%(currency)s %(amount)s",
            currency=row["currency"],
            amount=wording.money(row["difference"], row["currency"]),
        )
        for row in off
    ]
    return {
        "is_tied": False,
        "text": text("Does not tie to the general ledger; difference: %(lines)s.", lines=wording.listed(lines)),
    }


def _key_figures(figures: Figures, told: _Metrics, wording: Wording) -> list[dict[str, str]]:
    text, currency = wording.text, figures.currency
    weeks = sorted({row["week_from"] for row in figures.rows["forecast"]})[:4]
    coming = None
    if not _is_unrated(figures.rows["forecast"]):
        coming = sum((row["expected"] for row in _totals(figures) if row["week_from"] in weeks), Decimal(0))
    closing = figures.rows["movement"][0]["closing"] if figures.rows["movement"] else None
    return [
        _key(text("Open"), _short(told.now("open_amount", "as_of"), currency, wording), _share_overdue(told, wording)),
        _key(text("DSO, count-back"), _days_of(told.now("dso_countback", "as_of"), wording), _moved(told, wording)),
        _key(
            text("Collection effectiveness"),
            _percent(told.now("cei", "m3"), wording),
            text("CEI, sales of 3 months"),
        ),
        _key(
            text("Promises kept"),
            _percent(told.now("promise_kept_amount_pct", "m3"), wording),
            text("by amount, 3 months"),
        ),
        _key(text("Loss allowance"), _short(closing, currency, wording), text("IFRS 9, simplified")),
        _key(text("Expected in 4 weeks"), _short(coming, currency, wording), text("with new invoices")),
    ]


def _key(label: str, value: str, note: str) -> dict[str, str]:
    return {"label": label, "value": value, "note": note}


def _share_overdue(told: _Metrics, wording: Wording) -> str:
    share = told.now("overdue_share_pct", "as_of")
    return wording.text("%(share)s of it overdue", share=_percent(share, wording)) if share is not None else ""


def _moved(told: _Metrics, wording: Wording) -> str:
    now, before = told.now("dso_countback", "as_of"), told.before("dso_countback", "as_of")
    if now is None or before is None:
        return ""
    days = f"{now - before:+.0f}"
    return wording.text("%(days)s since month end", days="±0" if days in ("+0", "-0") else days)


def _block(title: str, tables: Sequence[Table], *, chart: str = "", caption: str = "", wide: bool = False) -> Row:
    return {"title": title, "chart": chart, "caption": caption, "tables": list(tables), "wide": wide}


def _ageing(figures: Figures, wording: Wording, colours: Mapping[str, str]) -> Row:
    text = wording.text
    amounts = {row["bucket"]: row["value"] for row in figures.rows["ageing"] if row["name"] == "open_amount"}
    whole = sum(amounts.values(), Decimal(0))
    bars = [
        (
            _bucket(bucket, wording),
            float(amounts.get(bucket, 0)),
            _percent(100 * amounts.get(bucket, Decimal(0)) / whole, wording) if whole else "",
        )
        for bucket in BUCKETS
    ]
    cells = [_whole(amounts.get(bucket), wording) for bucket in BUCKETS]
    head = [column(_bucket(bucket, wording), align="right", fr=1) for bucket in BUCKETS]
    shown = table(head, [cells], "", small=True)
    return _block(
        text("Ageing"),
        [shown],
        chart=charts.ageing(bars, wording.short, colours),
        caption=text("By days past due on the close of books; together %(sum)s.", sum=_whole(whole, wording)),
    )


def _days(told: _Metrics, wording: Wording, colours: Mapping[str, str]) -> Row:
    text = wording.text
    names = {
        "dso_countback": text("count-back"),
        "dso_simple": text("simple"),
        "bpdso": text("best possible"),
    }
    lines = {
        names[name]: {day: float(value) for day, value in told.series(name, _TREND_WINDOW[name]).items()}
        for name in _TREND
    }
    shown = [(name, _TREND_WINDOW[name]) for name in _TREND]
    shown += [(name, "m3") for name in ("add", "days_to_pay", "days_late")]
    rows = [[_days_of(told.now(name, window), wording) for name, window in shown]]
    heads = (*names.values(), text("ADD"), text("days to pay"), text("days late"))
    columns = [column(head, align="right", fr=fr) for head, fr in zip(heads, (5, 4, 6, 4, 5, 5), strict=True)]
    return _block(
        text("Days sales outstanding"),
        [table(columns, rows, "", small=True)],
        chart=charts.trend(lines, colours),
        caption=wording.joined(
            [
                text("Month ends as they are known tonight; all but count-back over three months."),
                text("ADD is DSO less best possible."),
            ]
        ),
    )


def _roll(figures: Figures, wording: Wording) -> Row:
    text = wording.text
    rates = {(row["from_bucket"], row["to_bucket"]): row["rate"] for row in figures.rows["roll"]}
    froms = [bucket for bucket in BUCKETS if any(start == bucket for start, _ in rates)]
    columns = [
        column(text("from \\ to"), fr=2),
        *(column(_to(name, wording), align="right", fr=2) for name in _TO),
        column(text("rolled"), align="right", fr=2),
    ]
    rows = [
        [
            _bucket(start, wording),
            *(_rate(rates.get((start, name)), wording) for name in _TO),
            _rate(rates.get((start, "rolled")), wording),
        ]
        for start in froms
    ]
    return _block(
        text("What becomes of it in a month"),
        [table(columns, rows, text("No month end before this one."), small=True)],
        caption=text(
            "Percent of the money in a bucket at one month end, by where it is at the next; twelve months together. "
            "Written off counts as rolled, never as paid."
        ),
        wide=True,
    )


def _forecast(figures: Figures, told: _Metrics, wording: Wording, colours: Mapping[str, str]) -> Row:
    text = wording.text
    rows = figures.rows["forecast"]
    weeks = sorted({row["week_from"] for row in rows})
    if _is_unrated(rows):
        return _block(text("Expected receipts"), [table([], [], text("No exchange rate for a total."), small=True)])
    by_part = {(row["component"], row["week_from"]): row["expected"] for row in rows}
    parts = [[float(by_part.get((part, week), 0)) for week in weeks] for part in COMPONENTS]
    actual = {row["week_from"]: float(row["actual"]) for row in _totals(figures) if row["actual"] is not None}
    names = {
        "promise": text("promises"),
        "plan": text("plans"),
        "behaviour": text("usual payment"),
        "new_sales": text("new invoices"),
    }
    sums = {part: sum((by_part.get((part, week), Decimal(0)) for week in weeks), Decimal(0)) for part in COMPONENTS}
    whole = sum(sums.values(), Decimal(0))
    heads = [*(names[part] for part in COMPONENTS), text("Sum")]
    cells = [_whole(amount, wording) for amount in (*sums.values(), whole)]
    widths = (3, 3, 4, 4, 4)
    columns = [column(head, align="right", fr=fr) for head, fr in zip(heads, widths, strict=True)]
    shown = table(columns, [cells], "", small=True)
    error = told.now("forecast_error_pct", "w1")
    accuracy = (
        text("Forecasts one week ahead were %(error)s off.", error=_percent(error, wording))
        if error is not None
        else text("No forecast is old enough yet to be compared.")
    )
    return _block(
        text("Expected receipts"),
        [shown],
        chart=charts.forecast(weeks, parts, actual, wording.short, colours),
        caption=wording.joined(
            [
                text("By week, from the bottom: promises, plans, what is usually paid, new invoices; ◆ received."),
                accuracy,
            ]
        ),
    )


def _is_unrated(forecast: Sequence[Row]) -> bool:
    """A currency of the forecast has no exchange rate, so that nothing can be told in one currency."""
    return any(row["expected"] is None for row in forecast)


def _totals(figures: Figures) -> list[Row]:
    return [row for row in figures.rows["forecast"] if row["component"] == "total"]


def _exposures(figures: Figures, wording: Wording) -> Row:
    text = wording.text
    columns = [
        column(text("Customer"), fr=5),
        column(text("Open, net"), align="right", fr=3),
        column(text("Overdue"), align="right", fr=3),
        column(text("Days"), align="right", fr=1),
        column(text("Grade"), align="right", fr=1),
        column(text("Sanction"), align="right", fr=3),
    ]
    rows = [
        [
            clean(row["name"], 36),
            _whole(row["exposure_functional"], wording),
            _whole(row["overdue_functional"], wording),
            wording.number(row["days_past_due"]) if row["days_past_due"] else NONE,
            row["risk_grade"],
            wording.listed(_flag(flag, wording) for flag in (row["flags"] or "").split(",") if flag) or NONE,
        ]
        for row in figures.rows["exposures"]
    ]
    unrated = max((row["unrated"] for row in figures.rows["exposures"]), default=0)
    return _block(
        text("Largest exposures"),
        [table(columns, rows, text("Nothing is owed."), small=True)],
        caption=text(
            "Customers who owe in a currency without an exchange rate come last: %(count)s.",
            count=wording.number(unrated),
        )
        if unrated
        else "",
        wide=True,
    )


def _sanctions(figures: Figures, wording: Wording) -> Row:
    text = wording.text
    columns = [
        column(text("Sanction"), fr=6),
        column(text("active"), align="right", fr=3),
        column(text("proposed"), align="right", fr=4),
        column(text("released tonight"), align="right", fr=6),
        column(text("overdue behind it"), align="right", fr=6),
    ]
    rows = [
        [
            _flag(row["flag"], wording),
            wording.number(row["active"]),
            wording.number(row["waiting"]),
            wording.number(row["released"]),
            _whole(row["overdue"], wording),
        ]
        for row in figures.rows["sanctions"]
    ]
    return _block(text("Sanctions"), [table(columns, rows, text("None."), small=True)])


def _reps(figures: Figures, wording: Wording) -> Row:
    text = wording.text
    columns = [
        column(text("Rep"), fr=5),
        column(text("Overdue"), align="right", fr=4),
        column(text("received this month"), align="right", fr=4),
        column(text("of target"), align="right", fr=3),
        column(text("promises kept"), align="right", fr=3),
        column(text("by amount"), align="right", fr=3),
    ]
    rows = [
        [
            clean(row["rep"], 16) or text("nobody"),
            _whole(row["overdue"], wording),
            _whole(row["received"], wording),
            _percent(row["collection_rate_pct"], wording),
            _percent(row["kept_pct"], wording),
            _percent(row["kept_amount_pct"], wording),
        ]
        for row in figures.rows["reps"]
    ]
    return _block(
        text("Reps with the most overdue"),
        [table(columns, rows, text("None."), small=True)],
        caption=wording.joined(
            [
                text("Promises whose day lay in the last three months."),
                text("Of the month's target: what came from customers who have one."),
            ]
        ),
    )


def _provision(figures: Figures, wording: Wording) -> Row:
    text = wording.text
    names = ("opening", "charge", "release", "write_off", "recovery", "fx", "closing")
    heads = (
        text("opening"),
        text("charge"),
        text("release"),
        text("write-off"),
        text("recovery"),
        text("exchange"),
        text("closing"),
    )
    widths = (5, 5, 5, 5, 6, 5, 5)
    columns = [column(head, align="right", fr=fr) for head, fr in zip(heads, widths, strict=True)]
    rows = [[_whole(row[name], wording) for name in names] for row in figures.rows["movement"]]
    return _block(
        text("Loss allowance this month"),
        [table(columns, rows, text("No exchange rate for a total."), small=True)],
    )


def _causes(figures: Figures, wording: Wording) -> Row:
    text = wording.text
    rows = [
        [
            _cause(row["cause"], wording),
            wording.number(row["accounts"]),
            _whole(row["overdue_amount"], wording),
            _percent(row["share_pct"], wording),
        ]
        for row in figures.rows["causes"][:5]
    ]
    columns = [
        column(text("Cause"), fr=3),
        column(text("customers"), align="right", fr=1),
        column(text("overdue"), align="right", fr=2),
        column(text("share"), align="right", fr=1),
    ]
    return _block(text("Why customers do not pay"), [table(columns, rows, text("Nothing is overdue."), small=True)])


def _habits(figures: Figures, wording: Wording) -> Row:
    """The seller's own part (C7): the sentences say the rep's figure and the median of the company's reps."""
    text = wording.text
    columns = [column(text("Rep"), fr=2), column(text("What to change"), fr=9)]
    rows = [
        [clean(row["rep"], 16), advice(row["habit"], row["value"], row["benchmark"], wording.locale)]
        for row in figures.rows["habits"]
    ]
    empty = text("No habit of a rep is far from what is usual.")
    return _block(
        text("What reps can change"),
        [table(columns, rows, empty, small=True)],
        caption=text("Said to the rep. Usual is the median of the company's reps.") if rows else "",
    )


def _bucket(bucket: str, wording: Wording) -> str:
    if bucket == "not_due":
        return wording.text("not due")
    first, _, last = bucket.removeprefix("d").partition("_")
    return f"{first}+" if last == "plus" else f"{first}–{last}"


def _to(name: str, wording: Wording) -> str:
    words = {"paid": wording.text("paid"), "written_off": wording.text("written off")}
    return words.get(name) or _bucket(name, wording)


def _flag(flag: str, wording: Wording) -> str:
    text = wording.text
    return {
        "stop_supply": text("stop supply"),
        "stop_service": text("stop service"),
        "terminate_authorization": text("end authorization"),
        "reputation_notice": text("reputation notice"),
        "legal_referral": text("legal referral"),
    }[flag]


def _cause(cause: str, wording: Wording) -> str:
    text = wording.text
    return {
        "brand": text("brand"),
        "product": text("product"),
        "legacy_issue": text("legacy issue"),
        "service": text("service"),
        "loose_terms": text("loose terms"),
        "customer_habit": text("customer's habit"),
        "market_policy": text("market or policy"),
        "unknown": text("no reason known"),
    }[cause]


def _whole(amount: Decimal | None, wording: Wording) -> str:
    """Whole units, for columns: the tables of the warehouse hold the cents."""
    return NONE if amount is None else wording.number(int(amount.quantize(Decimal(1))))


def _short(amount: Decimal | None, currency: str, wording: Wording) -> str:
    return NONE if amount is None else wording.short_money(amount, currency)


def _percent(share: Decimal | None, wording: Wording) -> str:
    return NONE if share is None else f"{wording.tenths(share)}%"


def _rate(rate: Decimal | None, wording: Wording) -> str:
    """A share as percent; what is there, but would read as nothing, says so."""
    if not rate:
        return ""
    return _percent(100 * rate, wording) if rate >= _SHOWN_FROM else "<0.1%"


def _days_of(days: Decimal | None, wording: Wording) -> str:
    return NONE if days is None else wording.tenths(days)
