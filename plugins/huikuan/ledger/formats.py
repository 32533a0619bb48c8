"""What a ledger states about its files: encoding, delimiter, how dates and numbers are written.

Nothing here is guessed. Everything has a default that is the standard, and what differs is stated in ``source.yaml``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from huikuan.errors import LedgerError
from huikuan.ledger.contract import TABLES


class Formats(BaseModel):
    """How one table's values are written.

    ``date_format`` and ``timestamp_format`` are strptime patterns (None: ISO 8601). ``timezone`` is the IANA zone of
    timestamps that carry no offset (None: such timestamps are refused). ``thousands`` None: no separator may occur.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    delimiter: str = ","
    date_format: str | None = None
    timestamp_format: str | None = None
    timezone: str | None = None
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'", "\u00a0", "\u202f"] | None = None

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str) -> str:
        if len(value) != 1 or not value.isascii() or value.isalnum() or value in '"\r\n-+\\':
            raise ValueError('a delimiter is one character such as "," ";" "|" or "\\t"')
        return value

    @field_validator("date_format", "timestamp_format")
    @classmethod
    def _known_pattern(cls, value: str | None) -> str | None:
        if value is not None:
            if "%" not in value:
                raise ValueError('write it with % signs, for example "%d.%m.%Y" for 31.12.2026')
            try:
                duckdb.execute("SELECT strftime(DATE '2026-12-31', $1)", [value])
            except duckdb.Error:
                raise ValueError('it is no strptime pattern; an example is "%d.%m.%Y" for 31.12.2026') from None
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise ValueError("it is no IANA time zone; an example is Asia/Shanghai") from None
        return value

    @model_validator(mode="after")
    def _separators_differ(self) -> Formats:
        if self.thousands == self.decimal:
            raise ValueError("`thousands` and `decimal` are the same character")
        return self


class FolderDescription(Formats):
    """``source.yaml`` of a folder in the contract's form: formats for all tables, and what differs for one."""

    tables: dict[str, dict[str, Any]] = {}

    @model_validator(mode="after")
    def _overrides_are_formats(self) -> FolderDescription:
        for table in self.tables:
            if table not in TABLES:
                raise ValueError(f"`tables` names {table!r}, which is no table of the contract{near(table, TABLES)}")
            self.of(table)
        return self

    def of(self, table: str) -> Formats:
        """The formats that hold for this table."""
        stated = self.model_dump(exclude={"tables"}, exclude_unset=True)
        return Formats(**{**stated, **self.tables.get(table, {})})


Model = TypeVar("Model", bound=BaseModel)


def read_yaml(path: Path, model: type[Model]) -> Model:
    """Read and check a ``source.yaml``; LedgerError names file, line or key, and what to write instead."""
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise LedgerError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise LedgerError(f"{path}{place} is not YAML.", "Check indentation and quotes of that line.") from None
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise LedgerError(f"{path} does not hold `key: value` lines.", "See docs/connecting-a-ledger.md for the keys.")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise LedgerError(_complaints(path, error, model), "See docs/connecting-a-ledger.md for the keys.") from None


def _complaints(path: Path, error: ValidationError, model: type[BaseModel]) -> str:
    lines = [f"{path} cannot be used:"]
    known = {field.alias or name for name, field in model.model_fields.items()} | set(Formats.model_fields)
    for fault in error.errors(include_url=False, include_context=False):
        key = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            lines.append(f"  key `{key}` is unknown{near(str(fault['loc'][-1]), known)}")
        else:
            lines.append(f"  key `{key}`: {fault['msg'].removeprefix('Value error, ')}" if key else f"  {fault['msg']}")
    return "\n".join(lines)


def near(word: str, known: Iterable[str]) -> str:
    """``; did you mean account_id?`` when one of the known words is close, else nothing."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(word.strip().lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean {by_lower[close[0]]}?" if close else ""
