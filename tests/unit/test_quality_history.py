"""What the data owner's page tells of the nights before, read from the lake."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from quality_ledgers import NIGHT, core, night

from huikuan.night import lake as lakes
from huikuan.quality.model import PastNight


def _judged(lake: Path, scratch: Path, days_before: int, run: str, lost_receipts: int) -> str:
    """A run of an earlier night whose ledger held so many receipts of nobody; returns its id."""
    ledger = core()
    lost = {"account_id": "nobody", "amount": "1.0000"}
    ledger["receipt"] += [ledger["receipt"][0] | lost | {"receipt_id": f"L{i}"} for i in range(lost_receipts)]
    run_id = f"{NIGHT - timedelta(days=days_before):%Y%m%d}-{run}"
    folder = lakes.run_folder(lake, run_id)
    shutil.copytree(night(ledger, scratch / run_id).folder, folder / "quality")
    (folder / "tables").mkdir()
    return run_id


def test_earlier_nights_newest_first_as_they_were_published(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    _judged(lake, tmp_path, 0, "a", 1)  # tonight is told by its own validation
    _judged(lake, tmp_path, 1, "b", 3)  # never published: the gate stopped it
    lakes.link_results(lake, _judged(lake, tmp_path, 2, "a", 0))
    _judged(lake, tmp_path, 2, "z", 2)  # a later look at that date, which readers never saw
    damaged = lakes.run_folder(lake, _judged(lake, tmp_path, 3, "a", 1))
    (damaged / "quality" / "gate.json").write_text("{", encoding="utf-8")
    _judged(lake, tmp_path, 4, "a", 2)

    found = lakes.quality_history(lake, NIGHT, limit=9)

    days = [NIGHT - timedelta(days=days) for days in (1, 2, 4)]
    assert [past.business_date for past in found] == days, "the damaged one is left out"
    assert [past.left_out for past in found] == [3, 0, 2]
    assert [past.untied for past in found] == [1, 0, 1], "money of nobody does not tie out"
    assert found[1] == PastNight(days[1], "open", left_out=0, warned=1, untied=0)
    assert lakes.quality_history(lake, NIGHT, limit=2) == found[:2]
    assert lakes.quality_history(lake, days[2], limit=9) == []


def test_a_lake_without_nights(tmp_path: Path) -> None:
    assert lakes.quality_history(tmp_path, NIGHT, limit=9) == []
