"""A worklist as one mail: text, HTML and workbook. Same worklist, same moment, same bytes."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from email import policy as email_policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from typing import Any

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from huikuan.outreach import sentences
from huikuan.outreach.content import content
from huikuan.outreach.pictures import Picture
from huikuan.outreach.rows import AccountKey
from huikuan.outreach.workbook import workbook
from huikuan.outreach.worklists import (
    Approval,
    DataOwnerReport,
    Digest,
    Escalation,
    StatementRequest,
    Worklist,
    shown_accounts,
)
from huikuan.policy.outreach import OutreachPolicy
from huikuan.settings import INCLUDE
from huikuan.wording import Wording, clean, reader_locale

PAGES: dict[type[Worklist], str] = {
    Digest: "digest",
    Escalation: "escalation",
    Approval: "approval",
    StatementRequest: "statement_approval",
    DataOwnerReport: "data_owner",
}
"""Templates of each kind of worklist."""
TEMPLATES = INCLUDE / "templates" / "email"
_NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 9562's namespace of URLs
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
_GAPS = re.compile(r"\n{3,}")
XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")


@dataclass(frozen=True)
class Mail:
    """A finished mail with what the outbox wants to know about it."""

    message_id: str
    kind: str
    recipient: str
    address: str
    subject: str
    content: bytes
    accounts: list[AccountKey]


def kind_of(worklist: Worklist) -> str:
    """Kind of mail in the outbox."""
    return worklist.kind if isinstance(worklist, Approval) else PAGES[type(worklist)]


def compose(worklist: Worklist, policy: OutreachPolicy, written_at: datetime) -> Mail:
    """The mail of one reader. ``written_at`` becomes the Date header, frozen like everything else."""
    reader, truth, kind = worklist.reader, worklist.truth, kind_of(worklist)
    wording = Wording(reader_locale(reader.locale))
    about = [truth.run_id, *([worklist.batch_id] if isinstance(worklist, Approval) else [])]
    recipient = reader.rep_id
    if isinstance(worklist, StatementRequest):  # another batch of the same date is told of in a mail of its own
        recipient += f"/{worklist.batch.batch_id}"
    identity = uuid.uuid5(_NAMESPACE, "|".join([truth.business_date.isoformat(), kind, recipient, *about]))
    subject = sentences.subject(worklist, wording)
    text, html, pictures = rendered(worklist, policy)
    encoding = "base64" if wording.locale == "zh_CN" else "quoted-printable"  # any server can carry both
    message = envelope(
        Address(display_name=policy.sender_name, addr_spec=policy.sender),
        reader.email,
        subject,
        written_at,
        f"<{identity}@{policy.domain}>",
    )
    message.set_content(text, cte=encoding)
    message.add_alternative(_inliner().inline(html), subtype="html", cte=encoding)
    for picture in pictures:
        page: EmailMessage = message.get_payload()[1]  # type: ignore[assignment, index]
        page.add_related(picture.png, "image", "png", cid=f"<{picture.content_id}>")
    if has_rows(worklist):
        message.add_attachment(
            workbook(worklist, wording, written_at),
            maintype=XLSX[0],
            subtype=XLSX[1],
            filename=f"huikuan-{kind}-{truth.business_date:%Y%m%d}.xlsx",
        )
    finish(message, identity, wording)
    address = reader.email if is_address(reader.email) else clean(reader.email)
    return Mail(
        str(message["Message-ID"]), kind, recipient, address, subject, message.as_bytes(), shown_accounts(worklist)
    )


def envelope(sender: Address, address: str, subject: str, written_at: datetime, message_id: str) -> EmailMessage:
    """A mail without a body: one sender, one recipient, and nothing that an automatic reply would answer to."""
    message = EmailMessage(policy=email_policy.SMTP)
    message["From"] = sender
    message["To"] = Address(addr_spec=address) if is_address(address) else "undisclosed-recipients:;"
    # Python may lose a plain space where it folds an encoded header; a no-break space is encoded with its neighbours
    message["Subject"] = subject.replace(" ", "\u00a0")
    message["Date"] = format_datetime(written_at)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    return message


def has_rows(worklist: Worklist) -> bool:
    """Whether there is anything for a workbook to hold."""
    if isinstance(worklist, DataOwnerReport):
        return bool(worklist.rules or worklist.quarantined)
    return bool(shown_accounts(worklist) or (isinstance(worklist, Escalation) and worklist.team))


def is_address(text: str) -> bool:
    """Whether the text is one plain mail address: no name, no second address, no line break."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


def bodies(worklist: Worklist, policy: OutreachPolicy) -> tuple[str, str]:
    """(text, HTML with styles inlined) of one mail. The HTML names its pictures by ``cid:``."""
    text, html, _ = rendered(worklist, policy)
    return text, _inliner().inline(html)


def rendered(worklist: Worklist, policy: OutreachPolicy) -> tuple[str, str, list[Picture]]:
    """(text, HTML as the template has it, pictures that the HTML names) of one mail."""
    wording = Wording(reader_locale(worklist.reader.locale))
    page = PAGES[type(worklist)]
    values: dict[str, Any] = {
        "lang": wording.lang,
        "text": wording.text,
        "count": wording.count,
        "subject": sentences.subject(worklist, wording),
        "lead": sentences.lead(worklist, wording),
        "foot": sentences.foot(worklist.truth.run_id, has_rows(worklist), wording),
        "day": wording.day(worklist.truth.business_date),
        "truth": sentences.truth_line(worklist.truth, wording),
        **content(worklist, wording, policy),
    }
    text = _environment().get_template(f"{page}.txt.j2").render(values).replace("\u00a0", " ").lstrip("\n")
    html = _environment().get_template(f"{page}.html.j2").render(values)
    pictures = {month.picture.content_id: month.picture for month in values.get("months", [])}
    return _GAPS.sub("\n\n", text), html, list(pictures.values())


def finish(message: EmailMessage, identity: uuid.UUID, wording: Wording) -> None:
    """Say the language, which Python forgets where a body is set, and make the boundaries of the identity.

    Boundaries are random by default; so equal mails stay equal.
    """
    message["Content-Language"] = wording.lang
    parts = (part for part in message.walk() if part.is_multipart())
    for number, part in enumerate(parts):
        part.set_boundary(f"=_{identity.hex}_{number}")


@cache
def _environment() -> Environment:
    """Escapes everything, text templates apart, and refuses names that do not exist."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=["html.j2"], disabled_extensions=["txt.j2"], default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)
