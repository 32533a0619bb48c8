"""The committed data dictionary is what the contracts say today."""

from __future__ import annotations

import subprocess
import sys

from huikuan.columns import allowed_values
from huikuan.ledger.contract import INPUTS
from huikuan.settings import PROJECT
from huikuan.warehouse.dictionary import dictionary
from huikuan.warehouse.tables import RESULTS, STORE


def test_the_committed_dictionary_is_current() -> None:
    committed = (PROJECT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert committed == dictionary(), "run `python -m huikuan.warehouse.dictionary > docs/data-dictionary.md`"


def test_it_names_every_table_column_and_value() -> None:
    text = dictionary()
    for table in (*INPUTS.values(), *STORE.tables.values()):
        is_result = table.schema is not None and table.name in RESULTS
        schema = "collections." if is_result and table.name in INPUTS else "" if is_result else "store."
        heading = f"{'' if table.schema is None else schema}{table.name}"
        section = text.split(f"### {heading}\n", 1)[1].split("\n### ", 1)[0]
        assert str(table.comment) in section
        for column in table.columns:
            (row,) = [
                line
                for line in section.splitlines()
                if line.strip("| *").startswith(f"{column.name}") and line.split("|")[1].strip(" *") == column.name
            ]
            assert ("**" in row.split("|")[1]) == column.primary_key
            assert ("required" in row.split("|")[3]) == (not column.nullable)
            assert all(f"`{value}`" in row for value in allowed_values(column) or ())
            assert row.count("|") == 5


def test_it_is_printed_as_utf8_wherever_it_runs() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "huikuan.warehouse.dictionary"],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C", "PYTHONPATH": str(PROJECT / "plugins")},
    )
    assert printed.stdout.decode("utf-8") == dictionary()
