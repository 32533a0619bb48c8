"""The zip of a packet: its data as CSV for spreadsheets, the PDF, and a manifest with the SHA-256 of each.

The same content gives the same bytes: members are sorted, and their time is that of the format's beginning.
"""

from __future__ import annotations

import csv
import hashlib
import json
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, fields
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

from huikuan.referrals import packet_rows as rows
from huikuan.referrals.packet_claim import Claim, Total
from huikuan.referrals.packet_history import Event
from huikuan.referrals.packet_papers import Check
from huikuan.referrals.packet_sections import Case

MANIFEST, PDF = "manifest.json", "packet.pdf"
_BEGINNING = (1980, 1, 1, 0, 0, 0)
_FORMULA = "=+-@＝＋－＠"
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
_TABLES: dict[str, tuple[str, type]] = {
    "balances": ("balances", rows.Balance),
    "sanctions": ("flags", rows.Flag),
    "promises": ("promises", rows.Promise),
    "disputes": ("disputes", rows.Dispute),
    "evidence": ("papers", rows.Paper),
    "contact_log": ("talks", rows.Talk),
    "receipts": ("receipts", rows.Receipt),
    "credits": ("credits", rows.Credit),
    "contacts": ("contacts", rows.Contact),
    "contracts": ("contracts", rows.Contract),
    "notices": ("notices", rows.Notice),
    "decisions": ("decisions", rows.Decision),
    "overrides": ("overrides", rows.Override),
}
"""Files that hold rows as they are: the field of Facts, and what its rows are."""


def archive(case: Case, pdf: bytes, facts_of_the_packet: Mapping[str, Any]) -> bytes:
    """The zip. ``facts_of_the_packet`` goes into the manifest beside what identifies the account and its run."""
    members = {f"{name}.csv": content for name, content in _tables(case).items()}
    members[PDF] = pdf
    members[MANIFEST] = _manifest(case, members, facts_of_the_packet)
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as made:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _BEGINNING)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o644 << 16
            made.writestr(info, members[name])
    return target.getvalue()


def cell(value: object) -> str:
    """A value as a cell of a CSV file: text that a spreadsheet would take for a formula begins with an apostrophe.

    Line breaks become spaces and other control characters U+FFFD; nothing is cut.
    """
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    text = "".join(map(_shown, value))
    return f"'{text}" if text.lstrip()[:1] in tuple(_FORMULA) else text


def _shown(character: str) -> str:
    if character in "\t\n\r\v\f\x85\u2028\u2029":
        return " "
    return "\ufffd" if unicodedata.category(character) in _HIDDEN else character


def _tables(case: Case) -> dict[str, bytes]:
    """Every CSV file by name."""
    facts = case.facts
    made = {
        name: _csv(_names(kind), (astuple(row) for row in getattr(facts, part)))
        for name, (part, kind) in _TABLES.items()
    }
    made["account"] = _csv(
        ["company_id", "company_name", "account_id", *_names(rows.Account), *_names(rows.Status)],
        [
            [
                facts.key[0],
                facts.company.name,
                facts.key[1],
                *astuple(facts.account),
                *(astuple(facts.status) if facts.status else [None] * len(_names(rows.Status))),
            ]
        ],
    )
    made["open_items"] = _items(case.claim)
    made["claim"] = _csv(_names(Total), (astuple(total) for total in case.claim.totals))
    made["requirements"] = _csv(
        _names(Check), ([check.name, check.have, check.needed, "; ".join(check.lacking)] for check in case.checks)
    )
    made["chronology"] = _csv(_names(Event), (astuple(event) for event in case.events))
    return made


def _items(claim: Claim) -> bytes:
    header = [*_names(rows.Item), "claimed", "rate_pct", "rate_per", "rate_source", "rate_country", "interest"]
    return _csv(
        header,
        (
            [
                *astuple(line.item),
                line.claimed,
                *((line.rate.pct, line.rate.per, line.rate.source, line.rate.country) if line.rate else (None,) * 4),
                line.interest,
            ]
            for line in claim.lines
        ),
    )


def _names(kind: type) -> list[str]:
    return [field.name for field in fields(kind)]


def _csv(header: Sequence[str], lines: Iterable[Iterable[object]]) -> bytes:
    """UTF-8 with a mark, so that spreadsheets read Chinese; every cell quoted."""
    target = StringIO()
    writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([cell(value) for value in line] for line in lines)
    return target.getvalue().encode("utf-8-sig")


def _manifest(case: Case, members: Mapping[str, bytes], more: Mapping[str, Any]) -> bytes:
    company_id, account_id = case.facts.key
    content = {
        "format": 1,
        "company_id": company_id,
        "account_id": account_id,
        "run": {**asdict(case.facts.run), "as_of": case.facts.run.as_of},
        "score_pct": case.score_pct,
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in members.items()
        },
        **more,
    }
    text = json.dumps(content, ensure_ascii=True, indent=1, sort_keys=True, default=str)
    return f"{text}\n".encode()
