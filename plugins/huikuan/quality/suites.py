"""Great Expectations as the judge: one ephemeral context, one suite per table and stage, results keyed by rule id."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from huikuan.quality.model import InSet, Present, Rule, UniqueKey
from huikuan.quality.relations import Frame

if TYPE_CHECKING:
    import numpy as np

Judge = Callable[[str, Frame, Sequence[Rule]], "dict[str, np.ndarray[Any, Any]]"]


def open_judge() -> Judge:
    """A function (suite name, frame, rules) → file row numbers of the rows that failed, per rule id.

    Importing Great Expectations takes 7–12 s and sends usage statistics unless told not to: both are why it is
    imported here, once, and not at the top.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # it tells of its temporary folders

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("snapshot").add_dataframe_asset("table")
    definition = asset.add_batch_definition_whole_dataframe("rows")  # one for all: GX saves its whole project on each

    def judge(name: str, frame: Frame, rules: Sequence[Rule]) -> dict[str, np.ndarray[Any, Any]]:
        batch = definition.get_batch({"dataframe": frame.data})
        counted = _validate(batch, name, frame, rules, "BASIC")
        failed = [rule for rule in rules if not counted[rule.rule_id]["success"]]
        rows = _rows(_validate(batch, name, frame, failed, "COMPLETE")) if failed else {}
        return {rule.rule_id: rows.get(rule.rule_id, _no_rows()) for rule in rules}

    return judge


def _validate(batch: Any, name: str, frame: Frame, rules: Sequence[Rule], detail: str) -> dict[str, dict[str, Any]]:
    """Per rule id: ``success`` and GX's ``result``. An expectation that could not be evaluated is an error."""
    import great_expectations as gx

    suite = gx.ExpectationSuite(name=name, expectations=[_expectation(rule, frame) for rule in rules])
    answer = batch.validate(suite, result_format={"result_format": detail})
    found: dict[str, dict[str, Any]] = {}
    for one in answer.results:
        rule_id = one.expectation_config.meta["rule_id"]
        if one.exception_info.get("raised_exception", "exception_message" in one.exception_info):
            raise RuntimeError(f"{rule_id} could not be judged: {one.exception_info}")
        found[rule_id] = {"success": one.success, "result": one.result}
    missing = {rule.rule_id for rule in rules} - set(found)
    if missing:
        raise RuntimeError(f"Great Expectations gave no result for {', '.join(sorted(missing))}")
    return found


def _expectation(rule: Rule, frame: Frame) -> Any:
    column = frame.columns[rule.rule_id]
    common: dict[str, Any] = {"column": column, "meta": {"rule_id": rule.rule_id}, "severity": rule.severity}
    if isinstance(rule.check, UniqueKey):
        return _kind("ExpectColumnValuesToBeUnique")(**common)
    if isinstance(rule.check, Present):
        return _kind("ExpectColumnValuesToNotBeNull")(**common)
    values = list(rule.check.values) if isinstance(rule.check, InSet) else [True]
    return _kind("ExpectColumnValuesToBeInSet")(value_set=values, **common)


@cache
def _kind(name: str) -> Any:
    """GX's expectation of that name, which puts its configuration together once.

    GX asks an expectation for it some eighty times per validation, and makes it anew from all its fields each time:
    half of what judging a small table took. Nothing about our expectations changes once they are made.
    """
    import great_expectations.expectations as gxe
    from great_expectations.compatibility import pydantic

    base: Any = getattr(gxe, name)

    def configuration(self: Any) -> Any:
        if self._configuration is None:
            self._configuration = base.configuration.fget(self)
        return self._configuration

    body = {
        "__module__": __name__,
        "_configuration": pydantic.PrivateAttr(None),
        "configuration": property(configuration),
    }
    return type(base)(f"{name}Once", (base,), body)


def _rows(complete: dict[str, dict[str, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    """The frame's index is the file row number, so GX's own index list names the rows."""
    import numpy as np

    return {
        rule_id: np.sort(np.asarray(one["result"]["unexpected_index_list"], dtype=np.int64))
        for rule_id, one in complete.items()
    }


def _no_rows() -> np.ndarray[Any, Any]:
    import numpy as np

    return np.empty(0, dtype=np.int64)
