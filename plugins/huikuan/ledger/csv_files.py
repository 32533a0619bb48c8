"""CSV files, read strictly: every byte decodes, every row has the header's fields, nothing is skipped or padded.

DuckDB reads them as text; what it cannot read is looked at once more here, slowly, to say which row it is.
"""

from __future__ import annotations

import codecs
import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from huikuan.errors import LedgerError
from huikuan.ledger import duck
from huikuan.ledger.casting import no_room, shown
from huikuan.ledger.formats import Formats

_CHUNK = 8 << 20
_EXAMPLES = 5
_BOM = codecs.BOM_UTF8


@dataclass(frozen=True)
class CsvFile:
    """A CSV file ready to be read: ``readable`` is UTF-8 (the file itself, or a transcoded copy of it).

    ``relation`` stands after FROM and yields the columns of ``header`` as text, empty fields as null.
    """

    path: Path
    readable: Path
    header: tuple[str, ...]
    relation: str
    formats: Formats
    stated_in: str

    @property
    def columns(self) -> dict[str, str]:
        """Names and DuckDB types of the relation."""
        return dict.fromkeys(self.header, "VARCHAR")

    def rows(self, ordinals: Sequence[int]) -> list[int]:
        """Row numbers as a spreadsheet counts them (header = 1, blank rows count) of the n-th rows that hold data."""
        wanted, found, ordinal = set(ordinals), {}, 0
        with _records(self.readable, self.formats.delimiter) as records:
            for number, record in enumerate(records, start=1):
                ordinal += bool(record) and number > 1
                if ordinal in wanted and ordinal not in found:
                    found[ordinal] = number
                    if len(found) == len(wanted):
                        break
        return [found[ordinal] for ordinal in ordinals]


def open_csv(path: Path, formats: Formats, stated_in: str, work: Path) -> CsvFile:
    """Prepare a file for reading; ``work`` takes a copy when it must be transcoded.

    LedgerError: no header, names missing or twice in it, bytes that are not in the stated encoding.
    """
    readable = path
    if formats.encoding != "utf-8":
        readable = work / f"{path.name}.utf-8"
        _transcode(path, formats.encoding, readable)
    header = _header(path, readable, formats, stated_in)
    columns = "{" + ", ".join(f"{duck.text(name)}: 'VARCHAR'" for name in header) + "}"
    quotes = _look_at_quotes(readable, formats.delimiter)
    # Threads that start in the middle of a file take a line break inside quotes for the end of a row.
    parallel = "false" if quotes.hold_line_breaks else "true"
    relation = (
        f"read_csv({duck.pattern(readable)}, auto_detect = false, header = true, columns = {columns}, "
        f"delim = {duck.text(formats.delimiter)}, quote = '\"', escape = '\"', nullstr = '', "
        f"strict_mode = true, null_padding = false, ignore_errors = false, parallel = {parallel})"
    )
    file = CsvFile(path, readable, header, relation, formats, stated_in)
    if quotes.are_odd:
        # Reading with one thread, DuckDB takes a quote that never closes for the end of the file, silently.
        diagnose(file)
    return file


def _header(path: Path, readable: Path, formats: Formats, stated_in: str) -> tuple[str, ...]:
    with readable.open("rb") as file:
        start = file.read(4)
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise LedgerError(f"{path.name} is UTF-16 text.", "Save it as UTF-8 (a spreadsheet calls it “CSV UTF-8”).")
    try:
        with _records(readable, formats.delimiter) as records:
            header = next(records, [])
    except UnicodeDecodeError:
        raise _undecodable(path, readable, stated_in) from None
    except csv.Error:
        raise LedgerError(f"{path.name}: the header line has a quote that does not close.", "Correct line 1.") from None
    if not header:
        raise LedgerError(
            f"{path.name} is empty: it has no header line.",
            "Write the column names into its first line; a header without rows is a valid empty table.",
        )
    for position, name in enumerate(header, start=1):
        if not name.strip() or header.index(name) + 1 != position:
            fault = "has no name" if not name.strip() else f"is called {name} like column {header.index(name) + 1}"
            raise LedgerError(f"{path.name}: column {position} {fault}.", "Give every column one name in line 1.")
    return tuple(header)


@contextmanager
def _records(readable: Path, delimiter: str) -> Iterator[Iterator[list[str]]]:
    csv.field_size_limit(sys.maxsize)
    with readable.open(encoding="utf-8-sig", errors="strict", newline="") as file:
        yield csv.reader(file, delimiter=delimiter, strict=True)


@dataclass(frozen=True)
class _Quotes:
    """What a file does with quotes: line breaks between them; one inside a bare field, or one without its partner."""

    hold_line_breaks: bool
    are_odd: bool


def _look_at_quotes(path: Path, delimiter: str) -> _Quotes:
    """Count quotes through the file, fast: before anything inside quotes stands an odd number of them."""
    opens_after = np.frombuffer(b'\n\r"' + delimiter.encode(), dtype=np.uint8)
    count, last, breaks_inside, stray = 0, b"\n", False, False
    with path.open("rb") as file:
        if file.read(3) != _BOM:
            file.seek(0)
        while chunk := file.read(_CHUNK):
            if b'"' in chunk:
                octets = np.frombuffer(last + chunk, dtype=np.uint8)
                quotes = np.flatnonzero(octets[1:] == 34) + 1
                breaks = np.flatnonzero((octets[1:] == 10) | (octets[1:] == 13)) + 1
                breaks_inside |= bool(((np.searchsorted(quotes, breaks) + count) & 1).any())
                stray |= not bool(np.isin(octets[quotes[count & 1 :: 2] - 1], opens_after).all())
                count += len(quotes)
            elif count & 1:
                breaks_inside |= b"\n" in chunk or b"\r" in chunk
            last = chunk[-1:]
    return _Quotes(hold_line_breaks=breaks_inside, are_odd=stray or bool(count & 1))


# --- encodings -------------------------------------------------------------------------------------------------------


def _transcode(path: Path, encoding: str, target: Path) -> None:
    """Write ``path`` as UTF-8, a chunk at a time, refusing what the encoding does not know."""
    with path.open("rb") as file:
        if file.read(3) == _BOM:
            raise LedgerError(
                f"{path.name} begins with the mark of UTF-8, but its encoding is stated as {encoding}.",
                "Leave out the `encoding:` line for this file.",
            )
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as copy:
            while chunk := source.read(_CHUNK):
                copy.write(decoder.decode(chunk))
            copy.write(decoder.decode(b"", final=True))
    except UnicodeDecodeError:
        offset, value = _first_undecodable(path, encoding) or (0, 0)
        raise LedgerError(
            f"{path.name}, row {_row_of_byte(path, offset)}: byte {offset + 1} (0x{value:02x}) is not "
            f"{encoding.upper()}.",
            "Correct the file, or the `encoding:` line.",
        ) from None


def _first_undecodable(path: Path, encoding: str) -> tuple[int, int] | None:
    """Offset from 0 and value of the first byte that does not decode, or None."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    done = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return done - pending + error.start, error.object[error.start]
            if not chunk:
                return None
            done += len(chunk)


def _row_of_byte(path: Path, offset: int) -> int:
    """Row (header = 1) in which the byte stands; line breaks inside quotes do not end a row."""
    row, quotes, left = 1, 0, offset
    with path.open("rb") as file:
        for line in file:
            if len(line) > left:
                return row
            left -= len(line)
            quotes += line.count(b'"')
            row += not quotes & 1
    return row


def _undecodable(path: Path, readable: Path, stated_in: str) -> LedgerError:
    found = _first_undecodable(readable, "utf-8")
    offset, value = found if found else (0, 0)
    where = f"{path.name}, row {_row_of_byte(readable, offset)}: byte {offset + 1} (0x{value:02x}) is not UTF-8"
    if value == 0xED and _is_surrogate(readable, offset):
        return LedgerError(f"{where}: half a surrogate pair.", "Correct the text in the source; it is no character.")
    if _first_undecodable(readable, "gb18030") is None:
        return LedgerError(
            f"{where}. The whole file decodes as GB18030.",
            f"If its text is Chinese, add the line `encoding: gb18030` to {stated_in}; otherwise save it as UTF-8.",
        )
    return LedgerError(f"{where}, and the file is not GB18030 either.", "Save it as UTF-8.")


def _is_surrogate(path: Path, offset: int) -> bool:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(2)[1:] >= b"\xa0"


# --- what went wrong -------------------------------------------------------------------------------------------------


@contextmanager
def explained(files: Sequence[CsvFile]) -> Iterator[None]:
    """Turn DuckDB's refusal to read one of these files into a LedgerError that names row and remedy."""
    try:
        yield
    except duckdb.Error as error:
        no_room(error)
        for file in files:
            diagnose(file)
        first_line = str(error).splitlines()[0]
        raise LedgerError(
            f"{', '.join(file.path.name for file in files)} cannot be read as CSV: {first_line}",
            "Check that fields with quotes, delimiters or line breaks are quoted, and that no row is over 2 MB.",
        ) from None


def diagnose(file: CsvFile) -> None:
    """Raise LedgerError if the file has undecodable bytes, open quotes, ragged rows or mixed line ends."""
    if _first_undecodable(file.readable, "utf-8"):
        raise _undecodable(file.path, file.readable, file.stated_in)
    expected, count, number = len(file.header), 0, 0
    ragged: list[str] = []
    try:
        with _records(file.readable, file.formats.delimiter) as records:
            for number, record in enumerate(records, start=1):
                if record and len(record) != expected and not (len(record) == expected + 1 and not record[-1]):
                    count += 1
                    if len(ragged) < _EXAMPLES:
                        ragged.append(f"row {number} has {len(record)}: it begins {shown(record[0])}")
    except csv.Error as error:
        raise LedgerError(
            f"{file.path.name}: the row after row {number} has a quote out of place ({error}).",
            'Quote fields as "…" and write a quote inside as "".',
        ) from None
    if count:
        more = f"\n  … and {count - len(ragged)} more" if count > len(ragged) else ""
        raise LedgerError(
            f"{file.path.name}: {count} row{'s do' if count > 1 else ' does'} not have the {expected} fields of the "
            "header:\n  " + "\n  ".join(ragged) + more,
            f"Quote fields that hold the delimiter {file.formats.delimiter!r}; an empty field still has its delimiter.",
        )
    _refuse_mixed_line_ends(file)


def _refuse_mixed_line_ends(file: CsvFile) -> None:
    with file.readable.open("rb") as lines:
        endings = {(line.endswith(b"\r\n"), line.rstrip(b"\r\n").count(b"\r") > 0) for line in lines}
    if len(endings) > 1:
        raise LedgerError(
            f"{file.path.name}: its lines do not all end in the same way (some LF, some CR LF or CR).",
            "Save it with one kind of line end; files that were put together from several often have two.",
        )
