"""CSV folders: what is read, and what is refused with file, row, column, value and remedy."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from huikuan.columns import duckdb_type
from huikuan.errors import LedgerError
from huikuan.ledger.contract import TABLES
from huikuan.ledger.source import open_source
from tests.source_ledgers import MINIMAL, POISON, folder, read, types

DOCUMENT = "company_id,document_id,account_id,kind,issued_on,currency,amount,due_on\n"
CONTACT_LOG = "company_id,log_id,account_id,contacted_at,channel,outcome\n"


def write(ledger: Path, table: str = "document") -> Path:
    """Extract one table and return the Parquet file."""
    target = ledger.parent / f"{table}.out.parquet"
    source = open_source(str(ledger))
    source.write(table, target)
    source.close()
    return target


def refusal(ledger: Path, table: str = "document") -> str:
    """The message with which the ledger is refused."""
    with pytest.raises(LedgerError) as caught:
        write(ledger, table)
    return str(caught.value)


def document(amount: str = "1.00", issued_on: str = "2026-01-05") -> str:
    quoted = f'"{amount}"' if "," in amount else amount
    return f"{DOCUMENT}C1,D0,A1,invoice,2026-01-05,CNY,1.00,2026-02-04\nC1,D1,A1,invoice,{issued_on},CNY,{quoted},\n"


def with_yaml(ledger: Path, text: str) -> Path:
    (ledger / "source.yaml").write_text(text, "utf-8")
    return ledger


def test_every_table_has_exactly_the_contracts_columns_and_types(tmp_path: Path) -> None:
    headers = {name: ",".join(table.columns.keys()) + "\n" for name, table in TABLES.items()}
    source = open_source(str(folder(tmp_path / "ledger", **headers)))
    assert source.tables() == list(TABLES)
    for name, table in TABLES.items():
        source.write(name, tmp_path / f"{name}.parquet")
        expected = {
            column.name: duckdb_type(column).replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
            for column in table.columns
        }
        assert list(types(tmp_path / f"{name}.parquet").items()) == list(expected.items())


def test_values_come_through_and_missing_columns_are_null(tmp_path: Path) -> None:
    rows = read(write(folder(tmp_path / "ledger"), "account"), "account_id, name, credit_limit, rep_id")
    assert rows == [
        ("A1", "客户一", Decimal("1000.5000"), None),
        ("A2", "客户二", None, None),
        ("A3", "𠮷野家", Decimal("0.0000"), None),
    ]


def test_a_header_without_rows_is_an_empty_table(tmp_path: Path) -> None:
    assert read(write(folder(tmp_path / "ledger"), "receipt")) == []
    assert read(write(folder(tmp_path / "other", receipt=MINIMAL["receipt"].rstrip("\n")), "receipt")) == []


@pytest.mark.parametrize("content", ["", "\ufeff", "\n"])
def test_a_file_without_header_is_refused(tmp_path: Path, content: str) -> None:
    message = refusal(folder(tmp_path / "ledger", document=content))
    assert "document.csv is empty: it has no header line" in message


def test_a_first_line_of_data_is_no_header(tmp_path: Path) -> None:
    message = refusal(folder(tmp_path / "ledger", document="C1,D1,A1,invoice,2026-01-05,CNY,1.00,2026-02-04\n"))
    assert "the first line holds no column of the document table" in message
    assert "company_id, document_id" in message


# --- text ------------------------------------------------------------------------------------------------------------


def test_poisoned_text_comes_through_unchanged(tmp_path: Path) -> None:
    lines = "".join('C1,P{},"{}"\n'.format(n, text.replace('"', '""')) for n, text in enumerate(POISON))
    ledger = folder(tmp_path / "ledger", account=f"company_id,account_id,name\n{lines}")
    assert read(write(ledger, "account"), "name") == [(text,) for text in POISON]


def test_spaces_are_kept_and_empty_is_null(tmp_path: Path) -> None:
    ledger = folder(tmp_path / "ledger", account='company_id,account_id,name,country\nC1,A1, x ,""\nC1,A2," ",\n')
    assert read(write(ledger, "account"), "name, country") == [(" x ", None), (" ", None)]


def test_nul_is_refused_with_row_and_column(tmp_path: Path) -> None:
    ledger = folder(tmp_path / "ledger", account="company_id,account_id,name\nC1,A1,x\nC1,A2,x\0y\n")
    message = refusal(ledger, "account")
    assert "account.csv: column name: 1 value is not text" in message
    assert "row 3: 'x\\x00y' – holds a NUL character" in message


def test_half_a_surrogate_pair_is_refused_with_its_row(tmp_path: Path) -> None:
    broken = b"company_id,account_id,name\nC1,A1,ok\nC1,A2,x\xed\xa0\x80\n"
    message = refusal(folder(tmp_path / "ledger", account=broken), "account")
    assert "account.csv, row 3: byte 44 (0xed) is not UTF-8: half a surrogate pair" in message


def test_line_breaks_inside_quotes_do_not_split_rows(tmp_path: Path) -> None:
    """Regression: threads that start reading inside a quoted field took its line breaks for rows."""
    note = '"first\nC1,D9,A1,invoice,2026-01-05,CNY,9.00,\n'
    rows = "".join(f'C1,A{n},{note}last"\n' for n in range(300_000))
    source = folder(tmp_path / "ledger", account=f"company_id,account_id,name\n{rows}")
    assert read(write(source, "account"), "count(*), count(DISTINCT account_id), min(length(name))") == [
        (300_000, 300_000, 48)
    ]


# --- encodings -------------------------------------------------------------------------------------------------------


def test_utf8_with_byte_order_mark(tmp_path: Path) -> None:
    ledger = folder(tmp_path / "ledger", account="\ufeff" + MINIMAL["account"])
    assert read(write(ledger, "account"), "company_id")[0] == ("C1",)


def test_gb18030_is_read_when_stated(tmp_path: Path) -> None:
    ledger = folder(tmp_path / "ledger", account=MINIMAL["account"].encode("gb18030"))
    with_yaml(ledger, "tables:\n  account:\n    encoding: gb18030\n")
    assert read(write(ledger, "account"), "name") == [("客户一",), ("客户二",), ("𠮷野家",)]
    assert read(write(ledger, "rep"), "name") == [("王芳",)]


def test_gb18030_is_not_guessed_but_suggested(tmp_path: Path) -> None:
    message = refusal(folder(tmp_path / "ledger", account=MINIMAL["account"].encode("gb18030")), "account")
    assert "account.csv, row 2: byte 47 (0xbf) is not UTF-8. The whole file decodes as GB18030." in message
    assert "add the line `encoding: gb18030` to source.yaml" in message


def test_bytes_of_neither_encoding(tmp_path: Path) -> None:
    message = refusal(folder(tmp_path / "ledger", account=b"company_id,account_id,name\nC1,A1,x\xff\n"), "account")
    assert "row 2: byte 35 (0xff) is not UTF-8, and the file is not GB18030 either" in message


def test_stated_gb18030_that_is_not(tmp_path: Path) -> None:
    broken = 'company_id,account_id,name\nC1,A1,"two\nlines"\nC1,A2,x'.encode("gb18030") + b"\xff\n"
    ledger = with_yaml(folder(tmp_path / "ledger", account=broken), "tables: {account: {encoding: gb18030}}")
    assert "account.csv, row 3: byte 53 (0xff) is not GB18030" in refusal(ledger, "account")


def test_stated_gb18030_with_the_mark_of_utf8(tmp_path: Path) -> None:
    ledger = folder(tmp_path / "ledger", account="\ufeff" + MINIMAL["account"])
    with_yaml(ledger, "tables: {account: {encoding: gb18030}}")
    assert "begins with the mark of UTF-8" in refusal(ledger, "account")


def test_utf16_is_named(tmp_path: Path) -> None:
    ledger = folder(tmp_path / "ledger", account=MINIMAL["account"].encode("utf-16"))
    assert "account.csv is UTF-16 text" in refusal(ledger, "account")


# --- rows and delimiters ---------------------------------------------------------------------------------------------


def test_ragged_rows_are_listed(tmp_path: Path) -> None:
    ragged = "company_id,account_id,name\nC1,A1,x\nC1,A2\n\nC1,A3,x,y\n" + "C1\n" * 6
    message = refusal(folder(tmp_path / "ledger", account=ragged), "account")
    assert "account.csv: 8 rows do not have the 3 fields of the header" in message
    assert "row 3 has 2: it begins 'C1'" in message
    assert "row 5 has 4" in message
    assert "… and 3 more" in message


@pytest.mark.parametrize(
    "rows",
    [
        'C1,A1,"x\nC1,A2,y\n',
        'C1,A1,"x\ny"\nC1,A2,"z',
        'C1,A1,5" pipe\nC1,A2,"z\nC1,A3,y\n',
        'C1,A1,"x\nC1,A2,"y"\n',
        'C1,A1,"x""\nC1,A2,y\n',
    ],
)
def test_a_quote_out_of_place_is_refused(tmp_path: Path, rows: str) -> None:
    """Regression: a quote that never closes ended the file silently when it was read with one thread."""
    message = refusal(folder(tmp_path / "ledger", account=f"company_id,account_id,name\n{rows}"), "account")
    assert "has a quote out of place" in message


def test_a_quote_inside_a_bare_field_is_text(tmp_path: Path) -> None:
    ledger = folder(tmp_path / "ledger", account='company_id,account_id,name\nC1,A1,5" pipe\nC1,A2,"a\nb"\n')
    assert read(write(ledger, "account"), "name") == [('5" pipe',), ("a\nb",)]


def test_mixed_line_ends_are_refused(tmp_path: Path) -> None:
    ledger = folder(tmp_path / "ledger", account="company_id,account_id,name\r\nC1,A1,x\nC1,A2,y\r\n")
    assert "do not all end in the same way" in refusal(ledger, "account")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path: Path, end: str) -> None:
    ledger = folder(tmp_path / "ledger", account=MINIMAL["account"].replace("\n", end))
    assert len(read(write(ledger, "account"))) == 3


@pytest.mark.parametrize(("delimiter", "written"), [(";", ";"), ("\t", "\\t"), ("|", "|")])
def test_another_delimiter_is_named_and_read_when_stated(tmp_path: Path, delimiter: str, written: str) -> None:
    ledger = folder(tmp_path / "ledger", account=MINIMAL["account"].replace(",", delimiter))
    assert f'Add the line `delimiter: "{written}"` to source.yaml' in refusal(ledger, "account")
    with_yaml(ledger, f'tables: {{account: {{delimiter: "{written}"}}}}')
    assert len(read(write(ledger, "account"))) == 3


def test_names_twice_or_empty_in_the_header(tmp_path: Path) -> None:
    twice = folder(tmp_path / "twice", account="company_id,account_id,name,name\n")
    assert "column 4 is called name like column 3" in refusal(twice, "account")
    empty = folder(tmp_path / "empty", account="company_id,account_id,name,\n")
    assert "column 4 has no name" in refusal(empty, "account")


# --- columns and files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("company_id,acount_id,name", "no column 'acount_id' – did you mean account_id?"),
        ("company_id,Account_ID,name", "no column 'Account_ID' – did you mean account_id?"),
        ("company_id,account_id,name,shoe_size", "no column 'shoe_size'"),
        ("company_id,account_id", "required column name of the account table is missing"),
        ("name", "required columns company_id, account_id of the account table are missing"),
    ],
)
def test_columns_are_the_contracts(tmp_path: Path, header: str, said: str) -> None:
    message = refusal(folder(tmp_path / "ledger", account=f"{header}\n"), "account")
    assert "account.csv" in message
    assert said in message


def test_unknown_files_are_listed_but_readme_and_hidden_ones_are_not(tmp_path: Path) -> None:
    ledger = folder(tmp_path / "ledger")
    (ledger / "README.md").write_text("hello")
    (ledger / ".hidden").write_text("x")
    assert open_source(str(ledger)).tables() == ["company", "rep", "account", "document", "receipt"]
    (ledger / "documents.csv").write_text("x")
    (ledger / "Account.csv").write_text("x")
    (ledger / "old").mkdir()
    with pytest.raises(LedgerError) as caught:
        open_source(str(ledger))
    said = "Account.csv – did you mean account.csv?; documents.csv – did you mean document.csv?; old/"
    assert said in str(caught.value)


def test_a_missing_required_table_is_named(tmp_path: Path) -> None:
    ledger = folder(tmp_path / "ledger")
    (ledger / "receipt.csv").unlink()
    with pytest.raises(LedgerError, match="required table receipt is missing"):
        open_source(str(ledger))


def test_a_table_twice_is_refused(tmp_path: Path) -> None:
    ledger = folder(tmp_path / "ledger")
    (ledger / "account.parquet").write_bytes(b"")
    with pytest.raises(LedgerError, match=r"account table is there twice, as account.csv and account.parquet"):
        open_source(str(ledger))


@pytest.mark.parametrize("ledger", ["nowhere", "nowhere/document.csv"])
def test_a_ledger_that_is_not_there(tmp_path: Path, ledger: str) -> None:
    with pytest.raises(LedgerError, match="There is no ledger at"):
        open_source(str(tmp_path / ledger))


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "ledger.xlsx").write_bytes(b"PK")
    with pytest.raises(LedgerError, match=r"ledger.xlsx is no ledger that can be read"):
        open_source(str(tmp_path / "ledger.xlsx"))


def test_a_folder_with_characters_of_patterns_in_its_name(tmp_path: Path) -> None:
    assert len(read(write(folder(tmp_path / "l[1]*'ed?ger"), "account"))) == 3


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0", "0.0000"),
        ("-5.5", "-5.5000"),
        (".5", "0.5000"),
        ("007", "7.0000"),
        ("1.234500000", "1.2345"),
        ("99999999999999.9999", "99999999999999.9999"),
    ],
)
def test_amounts(tmp_path: Path, written: str, value: str) -> None:
    ledger = folder(tmp_path / "ledger", document=document(written))
    assert read(write(ledger), "amount")[1] == (Decimal(value),)


@pytest.mark.parametrize(
    ("written", "reason", "remedy"),
    [
        ("1.23456", "has more than 4 decimals", "it is not rounded silently"),
        ("100000000000000", "out of range", "at most 14 digits"),
        ("1e3", "scientific notation", "all its digits"),
        ("NaN", "is not a number", "Write digits"),
        ("Infinity", "is not a number", "Write digits"),
        ("¥12", "is not a number", "no sign of currency"),
        ("(12.50)", "is not a number", "no brackets"),
        ("12.50-", "is not a number", "Write digits"),
        (" 12.50", "has spaces around it", "without spaces"),
        ("１２", "is not a number", "Write digits"),
        ("1,234.5", "has the separator ',', which is not stated", 'add the line `thousands: ","` to source.yaml'),
        ("12,5", "has no decimal point", 'state `decimal: ","` in source.yaml'),
    ],
)
def test_amounts_that_are_refused(tmp_path: Path, written: str, reason: str, remedy: str) -> None:
    message = refusal(folder(tmp_path / "ledger", document=document(written)))
    assert f"document.csv: column amount: 1 value is not decimal(18,4)\n    row 3: {written!r} – {reason}" in message
    assert remedy in message


@pytest.mark.parametrize(
    ("stated", "written", "value"),
    [
        ('thousands: ","', "1,234.5", "1234.5"),
        ('thousands: ","', "-1,234,567.8900", "-1234567.89"),
        ('thousands: ","', "1234.5", "1234.5"),
        ('decimal: ","\nthousands: "."', "1.234,5", "1234.5"),
        ('decimal: ","', "1234,5", "1234.5"),
        ('thousands: "\'"', "1'234.5", "1234.5"),
        ('thousands: " "', "1 234.5", "1234.5"),
    ],
)
def test_stated_separators(tmp_path: Path, stated: str, written: str, value: str) -> None:
    rows = f'{DOCUMENT}C1,D1,A1,invoice,2026-01-05,CNY,"{written}",\n'
    ledger = with_yaml(folder(tmp_path / "ledger", document=rows), stated)
    assert read(write(ledger), "amount") == [(Decimal(value),)]


@pytest.mark.parametrize("written", ["12,34.5", "1,2345", ",123", "1,234,5", "1,,234"])
def test_wrong_grouping_is_refused_even_with_stated_thousands(tmp_path: Path, written: str) -> None:
    ledger = with_yaml(folder(tmp_path / "ledger", document=document(written)), 'thousands: ","')
    assert f"row 3: {written!r} – is not grouped in threes" in refusal(ledger)


def test_the_first_five_are_shown_and_all_are_counted_in_every_column(tmp_path: Path) -> None:
    rows = "".join(f"C1,D{n},A1,invoice,{'2026-13-01' if n == 3 else '2026-01-05'},CNY,x{n},\n" for n in range(9))
    message = refusal(folder(tmp_path / "ledger", document=DOCUMENT + "\n" + rows))
    assert "column amount: 9 values are not decimal(18,4)" in message
    assert "row 3: 'x0'" in message  # row 2 is blank: a spreadsheet counts it
    assert "row 7: 'x4'" in message
    assert "row 8: 'x5'" not in message
    assert "… and 4 more" in message
    assert "column issued_on: 1 value is not date\n    row 6: '2026-13-01'" in message


def test_whole_numbers(tmp_path: Path) -> None:
    header = "rep_id,name,email,daily_capacity\n"
    ledger = folder(tmp_path / "ledger", rep=f"{header}R1,x,x@example.com,30\nR2,y,y@example.com,30.0\nR3,z,z@e.cn,\n")
    assert read(write(ledger, "rep"), "daily_capacity") == [(30,), (30,), (None,)]
    broken = folder(tmp_path / "broken", rep=f"{header}R1,x,x@example.com,2.5\n")
    assert "row 2: '2.5' – has decimals" in refusal(broken, "rep")


def test_booleans(tmp_path: Path) -> None:
    rows = "".join(f"R{n},x,x@example.com,{value}\n" for n, value in enumerate(("true", "FALSE", "1", "0", "")))
    ledger = folder(tmp_path / "ledger", rep=f"rep_id,name,email,is_active\n{rows}")
    assert read(write(ledger, "rep"), "is_active") == [(True,), (False,), (True,), (False,), (None,)]
    broken = folder(tmp_path / "broken", rep="rep_id,name,email,is_active\nR1,x,x@example.com,yes\n")
    assert "row 2: 'yes' – neither true nor false" in refusal(broken, "rep")


# --- days and times --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("3/4/2026", "is not written YYYY-MM-DD\n  → State how dates are written in source.yaml"),
        ("2026-02-30", "is no day of the calendar"),
        ("0001-01-01", "is no day of the calendar between the years 1000 and 9999"),
        ("2026-1-5", "is not written YYYY-MM-DD"),
        ("2026-01-05 10:00:00", "has a time of day"),
        ("20260105", "is not written YYYY-MM-DD"),
        (" 2026-01-05", "has spaces around it"),
        ("infinity", "is not written YYYY-MM-DD"),
    ],
)
def test_days_that_are_refused(tmp_path: Path, written: str, reason: str) -> None:
    message = refusal(folder(tmp_path / "ledger", document=document(issued_on=written)))
    assert f"column issued_on: 1 value is not date\n    row 3: {written!r} – {reason}" in message


@pytest.mark.parametrize(
    ("stated", "written", "day"),
    [
        ("%d/%m/%Y", "3/4/2026", "2026-04-03"),
        ("%m/%d/%Y", "3/4/2026", "2026-03-04"),
        ("%Y%m%d", "20260304", "2026-03-04"),
        ("%d.%m.%y", "04.03.26", "2026-03-04"),
        ("%Y-%m-%d %H:%M:%S", "2026-03-04 00:00:00", "2026-03-04"),
    ],
)
def test_stated_date_formats(tmp_path: Path, stated: str, written: str, day: str) -> None:
    rows = f"{DOCUMENT}C1,D1,A1,invoice,{written},CNY,1,\n"
    ledger = with_yaml(folder(tmp_path / "ledger", document=rows), f'date_format: "{stated}"')
    assert read(write(ledger), "CAST(issued_on AS VARCHAR)") == [(day,)]


@pytest.mark.parametrize("written", ["13/13/2026", "30/2/2026", "3/4/26", "2026-04-03", "3/4/2026 ", "3/4/20266"])
def test_days_that_do_not_read_by_the_stated_format(tmp_path: Path, written: str) -> None:
    rows = f"{DOCUMENT}C1,D1,A1,invoice,{written},CNY,1,\n"
    ledger = with_yaml(folder(tmp_path / "ledger", document=rows), 'date_format: "%d/%m/%Y"')
    assert f"row 2: {written!r}" in refusal(ledger)


def log(*times: str) -> str:
    return CONTACT_LOG + "".join(f"C1,L{n},A1,{time},phone,promised\n" for n, time in enumerate(times))


def test_times_with_an_offset_become_utc(tmp_path: Path) -> None:
    times = ("2026-01-05T10:00:00Z", "2026-01-05 10:00:00+08:00", "2026-01-05T10:00:00.5-0530")
    ledger = folder(tmp_path / "ledger", contact_log=log(*times))
    assert read(write(ledger, "contact_log"), "CAST(contacted_at AS VARCHAR)") == [
        ("2026-01-05 10:00:00+00",),
        ("2026-01-05 02:00:00+00",),
        ("2026-01-05 15:30:00.5+00",),
    ]


def test_times_without_offset_need_a_stated_zone(tmp_path: Path) -> None:
    ledger = folder(tmp_path / "ledger", contact_log=log("2026-01-05 10:00:00", "2026-07-05T10:00:00Z"))
    message = refusal(ledger, "contact_log")
    assert "row 2: '2026-01-05 10:00:00' – has no offset" in message
    assert "such as `timezone: Asia/Shanghai`" in message
    with_yaml(ledger, "timezone: America/New_York")
    assert read(write(ledger, "contact_log"), "CAST(contacted_at AS VARCHAR)") == [
        ("2026-01-05 15:00:00+00",),
        ("2026-07-05 10:00:00+00",),
    ]


def test_an_hour_that_the_clocks_skipped_is_refused(tmp_path: Path) -> None:
    ledger = folder(tmp_path / "ledger", contact_log=log("2026-03-08 01:30:00", "2026-03-08 02:30:00"))
    with_yaml(ledger, "timezone: America/New_York")
    assert "row 3: '2026-03-08 02:30:00' – is no time that America/New_York had" in refusal(ledger, "contact_log")


@pytest.mark.parametrize(
    ("stated", "written"),
    [
        ('timestamp_format: "%d.%m.%Y %H:%M"\ntimezone: Asia/Shanghai', "05.01.2026 18:00"),
        ('timestamp_format: "%d.%m.%Y %H:%M %z"', "05.01.2026 12:00 +0200"),
    ],
)
def test_stated_timestamp_formats(tmp_path: Path, stated: str, written: str) -> None:
    ledger = with_yaml(folder(tmp_path / "ledger", contact_log=log(written)), stated)
    assert read(write(ledger, "contact_log"), "CAST(contacted_at AS VARCHAR)") == [("2026-01-05 10:00:00+00",)]


@pytest.mark.parametrize(
    ("stated", "written", "reason"),
    [
        ("", "2026-01-05", "is not written YYYY-MM-DDTHH:MM:SS with an offset"),
        ("", "2026-02-30T10:00:00Z", "is not written"),
        ('timestamp_format: "%d.%m.%Y %H:%M"', "05.01.2026 18:00", "has no offset"),
        ('timestamp_format: "%d.%m.%Y %H:%M"\ntimezone: UTC', "2026-01-05", "does not read as a time by"),
    ],
)
def test_times_that_are_refused(tmp_path: Path, stated: str, written: str, reason: str) -> None:
    ledger = with_yaml(folder(tmp_path / "ledger", contact_log=log(written)), stated)
    assert f"row 2: {written!r} – {reason}" in refusal(ledger, "contact_log")


# --- source.yaml -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("encodng: utf-8", "key `encodng` is unknown; did you mean encoding?"),
        ("encoding: latin-1", "key `encoding`: Input should be 'utf-8' or 'gb18030'"),
        ("date_format: DD/MM/YYYY", "key `date_format`: write it with % signs"),
        ('date_format: "%Q"', "key `date_format`: it is no strptime pattern"),
        ("timezone: Mars/Olympus", "key `timezone`: it is no IANA time zone"),
        ('thousands: "."', "`thousands` and `decimal` are the same character"),
        ("delimiter: ab", "key `delimiter`: a delimiter is one character"),
        ("tables: {acount: {encoding: utf-8}}", "names 'acount', which is no table of the contract; did you mean"),
        ("tables: {account: {encodng: utf-8}}", "encodng"),
        ("- a", "does not hold `key: value` lines"),
        ("a: [", "line 1 is not YAML"),
    ],
)
def test_source_yaml_is_checked(tmp_path: Path, text: str, said: str) -> None:
    ledger = with_yaml(folder(tmp_path / "ledger"), text)
    with pytest.raises(LedgerError) as caught:
        open_source(str(ledger))
    assert "source.yaml" in str(caught.value)
    assert said in str(caught.value)


# --- fingerprint -----------------------------------------------------------------------------------------------------


def _touch(ledger: Path) -> None:
    (ledger / "account.csv").write_text((ledger / "account.csv").read_text("utf-8") + "C1,A9,x,\n", "utf-8")


def _state(ledger: Path) -> None:
    with_yaml(ledger, "encoding: utf-8")


@pytest.mark.parametrize("change", [_touch, _state])
def test_the_fingerprint_follows_the_files(tmp_path: Path, change: Callable[[Path], None]) -> None:
    ledger = folder(tmp_path / "ledger")
    before = open_source(str(ledger)).fingerprint()
    assert open_source(str(ledger)).fingerprint() == before
    change(ledger)
    assert open_source(str(ledger)).fingerprint() != before
