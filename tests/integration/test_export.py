"""Exports: every view in every form, exact and inert, whole or not there."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pytest
from typer.testing import CliRunner
from warehouse_samples import NIGHT, published, record

from huikuan.cli import app
from huikuan.errors import WarehouseError
from huikuan.warehouse import export as exports
from huikuan.warehouse.connect import connect
from huikuan.warehouse.migrate import view_texts

POISON = (
    "=1+1",
    "@SUM(A1)",
    "-2+3",
    '"quoted", with comma',
    "line\r\nbreak",
    "</td><script>",
    "𠮷𪚥",
    "＝1",
    "",
    "{{ x }}",
)
ODD = Decimal("12345678901234.5678")  # more digits than Excel keeps


def _listed(values: tuple[str, ...]) -> str:
    return "[" + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + "][CAST(1 + i % 10 AS INTEGER)]"


@pytest.fixture(scope="module")
def url(module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    rows = {
        "account__name": _listed(POISON).replace("line\r\nbreak", "line' || chr(13) || chr(10) || 'break"),
        "account__rep_id": "'R' || (i % 2)",
        "account_balance__open_amount": f"CASE WHEN i = 0 THEN {ODD} ELSE i * 0.0001 END",
        "account_balance__net_amount": "-i - 0.1",
    }
    published(module_warehouse_url, tmp_path_factory.mktemp("runs"), record(), **rows)
    return module_warehouse_url


@pytest.fixture
def write(url: str, tmp_path: Path) -> Callable[..., Path]:
    def export(view: str, file_format: exports.Format, **conditions: str) -> Path:
        target = tmp_path / f"{view}.{file_format}"
        exports.export(url, exports.Wanted(view, NIGHT, **conditions), target, file_format, print)
        assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []
        return target

    return export


def _rows(url: str, query: str) -> list[tuple[object, ...]]:
    with connect(url, "finance_ro") as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


@pytest.mark.parametrize("view", sorted(view_texts()))
def test_every_view_in_every_form(url: str, write: Callable[..., Path], view: str) -> None:
    dated = "" if view in ("calendar_day", "closed_month_chain") else f" WHERE business_date = '{NIGHT}'"
    [(rows,)] = _rows(url, f"SELECT count(*) FROM collections.{view}{dated}")
    for file_format in exports.FORMATS:
        path = write(view, file_format)
        if file_format == "parquet":
            found = duckdb.sql(f"SELECT count(*) FROM '{path}'").fetchall()[0][0]
        elif file_format == "csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                found = sum(1 for _ in csv.reader(file)) - 1
        else:
            found = openpyxl.load_workbook(path, read_only=False).active.max_row - 1
        assert found == rows


def test_parquet_is_exact_and_typed(url: str, write: Callable[..., Path]) -> None:
    path = write("account_balance", "parquet")
    columns = "company_id, account_id, open_amount, net_amount, as_of, max_days_past_due"
    assert duckdb.sql(f"SELECT {columns} FROM '{path}' ORDER BY account_id").fetchall() == _rows(
        url, f"SELECT {columns} FROM collections.account_balance WHERE business_date = '{NIGHT}' ORDER BY account_id"
    )
    types = {name: kind for name, kind, *_ in duckdb.sql(f"DESCRIBE FROM '{path}'").fetchall()}
    assert (types["open_amount"], types["as_of"], types["max_days_past_due"]) == ("DECIMAL(18,4)", "DATE", "BIGINT")
    runs = write("run", "parquet")
    assert duckdb.sql(f"SELECT published_at::VARCHAR FROM '{runs}'").fetchall()[0][0].endswith("+00")


def test_csv_is_exact_and_inert(write: Callable[..., Path]) -> None:
    with write("account", "csv").open(encoding="utf-8-sig", newline="") as file:
        names = {row["name"] for row in csv.DictReader(file)}
    assert names == {f"'{text}" if text[:1] in "=@-＝" and text else text for text in POISON}
    text = write("account_balance", "csv").read_text(encoding="utf-8-sig")
    assert f",{ODD}," in text, "a figure stands bare, with all its digits"
    assert ",-0.1000," in text, "a negative amount is a number, not a formula"
    assert '"C1","A0"' in text


def test_csv_tells_empty_text_from_nothing(write: Callable[..., Path]) -> None:
    lines = write("account", "csv").read_text(encoding="utf-8-sig").split("\r\n")
    assert any(',"",' in line for line in lines)
    message = write("release_list", "csv").read_bytes()
    assert message.startswith(b"\xef\xbb\xbf")


def test_xlsx_holds_text_as_text_and_amounts_as_numbers(write: Callable[..., Path]) -> None:
    sheet = openpyxl.load_workbook(write("account", "xlsx")).active
    place = [cell.value for cell in sheet[1]].index("name")
    names = {(row[place].value or "").replace("_x000D_", "\r") for row in sheet.iter_rows(min_row=2)}
    assert {name.replace("\r", "") for name in names} == {text.replace("\r", "") for text in POISON}
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row} <= {"s", "n", "d", "b"}, "no formula"
    assert not sheet._hyperlinks
    sheet = openpyxl.load_workbook(write("account_balance", "xlsx")).active
    place = [cell.value for cell in sheet[1]].index("open_amount")
    values = [row[place].value for row in sheet.iter_rows(min_row=2)]
    assert str(ODD) in values, "what Excel would round is kept as text"
    assert 0.0001 in values


def test_conditions(write: Callable[..., Path]) -> None:
    def companies(path: Path) -> set[str]:
        return {row[0] for row in duckdb.sql(f"SELECT DISTINCT company_id FROM '{path}'").fetchall()}

    assert companies(write("task", "parquet", company_id="C1")) == {"C1"}
    accounts = duckdb.sql(f"SELECT account_id FROM '{write('open_item', 'parquet', rep_id='R1')}'").fetchall()
    assert sorted(accounts) == sorted((f"A{i}",) for i in range(1, 20, 2))
    assert duckdb.sql(f"SELECT count(*) FROM '{write('account', 'parquet', rep_id='R0')}'").fetchall() == [(10,)]
    assert duckdb.sql(f"SELECT count(*) FROM '{write('metric', 'parquet', rep_id='R0')}'").fetchall() == [(0,)]
    for view, condition in (("aging_summary", {"company_id": "C1"}), ("month_balance", {"rep_id": "R1"})):
        with pytest.raises(WarehouseError, match="does not tell"):
            write(view, "csv", **condition)


def test_what_cannot_be_exported(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def export(
        view: str, target: Path = tmp_path / "x", day: date | None = NIGHT, kind: exports.Format = "csv"
    ) -> None:
        exports.export(url, exports.Wanted(view, day), target, kind, print)

    with pytest.raises(WarehouseError, match="no view task; DROP"):
        export("task; DROP TABLE store.run")
    with pytest.raises(WarehouseError, match="rows of every night"):
        export("task", day=None)
    with pytest.raises(WarehouseError, match="cannot be written"):
        export("task", target=tmp_path / "missing" / "x.csv")
    monkeypatch.setattr(exports, "SHEET_ROWS", 20)
    with pytest.raises(WarehouseError, match="20 rows of task do not fit into a sheet") as caught:
        export("task", kind="xlsx")
    assert "Take parquet or csv" in caught.value.remedy
    monkeypatch.setattr(exports, "_CELL_CHARACTERS", 3)
    monkeypatch.setattr(exports, "SHEET_ROWS", 100)
    kept = tmp_path / "kept.xlsx"
    kept.write_text("what was there before", encoding="utf-8")
    with pytest.raises(WarehouseError, match="does not fit into a sheet"):
        export("task", target=kept, kind="xlsx")
    assert kept.read_text(encoding="utf-8") == "what was there before"
    assert [path.name for path in tmp_path.iterdir()] == ["kept.xlsx"]


def test_by_command(url: str, tmp_path: Path) -> None:
    target = tmp_path / "balances.xlsx"
    arguments = ["export", "account_balance", "--date", f"{NIGHT}", "--company", "C1", "--out", f"{target}"]
    done = CliRunner().invoke(app, [*arguments, "--warehouse", url])
    assert done.exit_code == 0, done.output
    assert "10 行 rows" in done.output
    assert openpyxl.load_workbook(target).active.max_row == 11
    wrong = CliRunner().invoke(app, ["export", "task", "--date", f"{NIGHT}", "--out", f"{tmp_path / 'x.doc'}"])
    assert wrong.exit_code == 2


def test_a_long_one_says_how_far_it_is(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "_BATCH", 5)
    monkeypatch.setattr(exports, "_SAY_EVERY", 0)
    said: list[str] = []
    assert exports.export(url, exports.Wanted("task", NIGHT), tmp_path / "x.csv", "csv", said.append) == 20
    assert said == [f"  {done} / 20 行 rows" for done in (5, 10, 15, 20)]
