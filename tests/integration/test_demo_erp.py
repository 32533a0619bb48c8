"""The demo as a foreign ERP: what its SELECTs read from PostgreSQL is what was generated, row for row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Literal

import duckdb
import psycopg
import pytest

from huikuan.errors import LedgerError
from huikuan.ledger.contract import TABLES
from huikuan.ledger.demo import generate, load_as_erp
from huikuan.ledger.source import open_source

THROUGH = date(2026, 3, 31)


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_the_erp_yields_the_same_rows(
    tmp_path: Path, new_database: Callable[..., str], file_format: Literal["parquet", "csv"]
) -> None:
    url = new_database()
    generate(tmp_path / "typed", through=THROUGH, accounts=80)
    generate(tmp_path / file_format, through=THROUGH, accounts=80, file_format=file_format)
    load_as_erp(url, tmp_path / file_format)
    source = open_source(url, "demo_erp")
    (tmp_path / "back").mkdir()
    assert source.tables() == list(TABLES)
    with duckdb.connect() as connection:
        for table in TABLES:
            source.write(table, tmp_path / "back" / f"{table}.parquet")
            sides = [f"SELECT * FROM '{tmp_path}/{side}/{table}.parquet'" for side in ("typed", "back")]
            for one, other in (sides, sides[::-1]):
                assert connection.execute(f"{one} EXCEPT ALL {other} LIMIT 3").fetchall() == [], table
    source.close()


def test_loading_again_replaces_the_demo(tmp_path: Path, new_database: Callable[..., str]) -> None:
    url = new_database()
    counts = generate(tmp_path, through=THROUGH, accounts=50, months=2)
    load_as_erp(url, tmp_path)
    load_as_erp(url, tmp_path)
    with psycopg.connect(url) as server:
        assert server.execute("SELECT count(*) FROM erp.ar_invoice_h").fetchone() == (counts["document"],)
        comment = server.execute("SELECT obj_description('erp.ar_clear'::regclass)").fetchone()
    assert comment == ("核销明细",)


def test_a_schema_of_somebody_else_is_left_alone(tmp_path: Path, new_database: Callable[..., str]) -> None:
    url = new_database()
    generate(tmp_path, through=THROUGH, accounts=50, months=1)
    with psycopg.connect(url) as server:
        server.execute("CREATE SCHEMA erp")
        server.execute("CREATE TABLE erp.precious AS SELECT 1 AS x")
    with pytest.raises(LedgerError, match="no demo"):
        load_as_erp(url, tmp_path)
    with psycopg.connect(url) as server:
        assert server.execute("SELECT x FROM erp.precious").fetchone() == (1,)


def test_a_folder_that_was_not_generated_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"no company\.parquet"):
        load_as_erp("postgresql://nowhere", tmp_path)
