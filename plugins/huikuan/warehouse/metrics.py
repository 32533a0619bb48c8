"""The page of finance's figures, made from the headers of the models that yield them: each is defined there only.

``python -m huikuan.warehouse.metrics > docs/metrics.md``

A header holds a block ``-- metrics:`` in YAML, one entry per figure: its name, and for it the keys of ``Definition``.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from huikuan.engine.graph import FIGURES, Model, load_models
from huikuan.errors import ModelError
from huikuan.settings import INCLUDE
from huikuan.warehouse.tables import RESULTS

_FOLD = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[\u3000-\u9fff\uff00-\uffef])")
"""The blank that YAML puts where a line of Chinese was broken."""

_HEAD = """\
# Figures of finance (财务指标)

Made from the headers of the models by `python -m huikuan.warehouse.metrics`; do not edit it by hand. Each figure is
defined where it is computed, and nowhere else.

Figures are computed every night as of the close of books, and again for the month ends before as they are known
tonight. Whole companies have all closes, segments and reps the newest. `currency` rows hold one currency; rows with
`is_total` all of them in the functional currency at the rate of as-of. Amounts are exact and rounded once, to four
digits, when they are published; ratios are not rounded before that. A figure with nothing to divide by is empty, and
its `note` says why.

每晚按截止日计算，并按当晚所知重算此前各月末。公司级含全部截止日，客户类别与业务员级仅含最新截止日。金额精确计算，仅在发布时四舍五入到四位小数；比率此前不舍入。
分母为零时无值，原因见 `note`。

**Month ends per segment and rep.** Who belongs to whom is known of tonight only, so a segment or rep has the newest
close of each night and no trend within one night (ADR 14). Its month end is what the night after it said: in view
`metric_daily` the rows whose business date is the 1st of the next month, or, of a closed month, view `closed_metric`
with `is_latest`. Those are figures as they were known then; whole companies also have the month end as it is known
tonight, in `metric_month_end`.

    SELECT as_of, member AS rep_id, overdue_amount, collection_rate_pct
    FROM collections.metric_daily
    WHERE business_date IN (DATE '2026-06-01', DATE '2026-07-01')
        AND company_id = 'HD' AND dimension = 'rep' AND is_total
    ORDER BY as_of, member;

**业务员、客户类别的月末数**：归属只知当晚，故每晚仅有最新截止日。取次月 1 日这一营业日的 `metric_daily`；已关账月份取
`closed_metric` 中 `is_latest` 的行。两者均为当时所知；公司级另有 `metric_month_end`，为今晚所知的历史月末。

Windows (期间): `as_of` the day itself (截止日当天) · `mtd` month to date (当月累计) · `m<n>` the n months that end at
the close (截至截止日的 n 个月) · `w<n>` the n-th week of a forecast (预测的第 n 周).
"""


class Definition(BaseModel):
    """What a reader has to know of one figure, in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title_en: str
    title_zh: str
    formula_en: str
    formula_zh: str
    source: str
    unit: str = Field(pattern=r"^(days|pct|count|currency|share)$")
    window: str
    edge_en: str
    edge_zh: str


def definitions(model: Model) -> dict[str, Definition]:
    """The figures that a model's header defines, by name. Raises ModelError when the block is not what it should be."""
    lines = model.sql.splitlines()
    header = [line[3:] for line in lines[: next(n for n, line in enumerate(lines) if not line.startswith("--"))]]
    block = re.search(r"^metrics:\n((?:  .*\n)+)", "\n".join(header) + "\n", re.MULTILINE)
    if block is None:
        return {}
    try:
        told: dict[str, Any] = yaml.safe_load(block[1])
        return {name: Definition.model_validate(parts) for name, parts in told.items()}
    except (yaml.YAMLError, ValidationError, AttributeError) as error:
        raise ModelError(
            f"{model.path} does not define its figures: {error}",
            f"Needed of each: {', '.join(Definition.model_fields)}.",
        ) from error


def page() -> str:
    """``docs/metrics.md``."""
    models = {model.name: model for model in load_models() if model.area in FIGURES}
    parts = [_HEAD]
    for table in _tables(models):
        parts.append(f"## Table `{table}`\n")
        parts += [
            _section(name, told, models[source])
            for source in _sources(models, table)
            for name, told in definitions(models[source]).items()
        ]
    return "\n".join(parts)


def _tables(models: dict[str, Model]) -> list[str]:
    """Published tables with figures in them, ``metric`` first: what others look up there is not told again."""
    return ["metric", *sorted(name for name in models if name in RESULTS and definitions(models[name]))]


def _sources(models: dict[str, Model], table: str) -> list[str]:
    """The models that define the figures of a table: its own, and those it reads that no table before defines."""
    taken = set() if table == "metric" else set(_sources(models, "metric"))
    inputs = (models[table].inputs & set(models)) - taken - set(RESULTS)
    return sorted(name for name in {table, *inputs} if definitions(models[name]))


def _section(name: str, told: Definition, model: Model) -> str:
    unit = "currency of the row (本行币种)" if told.unit == "currency" else told.unit
    rows = [
        ("formula 公式", f"{told.formula_en}<br>{told.formula_zh}"),
        ("source 来源", told.source),
        ("unit 单位", unit),
        ("window 期间", told.window),
        ("edge cases 特例", f"{told.edge_en}.<br>{told.edge_zh}。"),
        ("defined in 定义", f"`include/{model.path.relative_to(INCLUDE).as_posix()}`"),
    ]
    return "\n".join(
        [f"### {name}", "", f"**{told.title_en}** · {told.title_zh}", "", "| | |", "|---|---|"]
        + [f"| {label} | {_FOLD.sub('', text).replace('|', '&#124;')} |" for label, text in rows]
        + [""]
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(page().encode("utf-8"))  # whatever the terminal's encoding: it goes into a file
