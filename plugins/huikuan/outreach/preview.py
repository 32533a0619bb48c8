"""A morning's mail as files to look at (预览): what would be sent, without an outbox and without a server."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from huikuan.errors import OutreachError
from huikuan.outreach.browser import VIEWS, chromium, picture
from huikuan.outreach.message import bodies, compose, kind_of, rendered
from huikuan.outreach.people import window_of
from huikuan.outreach.reading import newest_run, read_night
from huikuan.outreach.rows import Night
from huikuan.outreach.sanctions import REQUIRED_ACTIONS
from huikuan.outreach.worklists import Digest, Escalation, check_scope, each_digest, each_escalation, planned
from huikuan.policy.outreach import OutreachPolicy
from huikuan.warehouse.connect import connect
from huikuan.wording import LOCALES, reader_locale

_EXAMPLE_PAGE = "https://airflow.example.com" + REQUIRED_ACTIONS


def read(url: str, lake: Path, business_date: date) -> Night:
    """The rows of a published night. Raises OutreachError when there is none."""
    with connect(url, "mailer") as connection:
        run = newest_run(connection, business_date)
        if run is None or run.status != "published":
            raise OutreachError(
                f"There is no published night of {business_date}, so there are no mails to look at.",
                "Run the night of this business date first.",
            )
        return read_night(connection, lake, run)


def preview(
    night: Night, rep_id: str, policy: OutreachPolicy, folder: Path, *, locale: str | None = None, png: bool = True
) -> list[Path]:
    """Write each list of one reader as ``.eml``, ``.html`` and pictures; returns the files.

    Raises OutreachError when the person gets no list, or pictures are wanted and there is no Chromium.
    """
    browser = chromium() if png else None
    mails = lists_of(night, rep_id)
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Path] = []
    for worklist in mails:
        check_scope(worklist, night)
        shown = in_language(worklist, locale) if locale else worklist
        name = f"{shown.truth.business_date.isoformat()}-{kind_of(shown)}-{_safe(rep_id)}"
        found += _write(shown, policy, window_of(night, shown.reader, policy).first, folder / name, browser)
    return found


def lists_of(night: Night, rep_id: str) -> list[Digest | Escalation]:
    """The lists of one reader. Raises OutreachError when there are none."""
    lists: Iterable[Digest | Escalation] = (*each_digest(night), *each_escalation(night, _EXAMPLE_PAGE))
    mails = [worklist for worklist in lists if worklist.reader.rep_id == rep_id]
    if not mails:
        raise OutreachError(
            f"{rep_id} gets no list on {night.run.business_date}.",
            "Name an active rep or manager of the ledger by rep_id.",
        )
    return mails


def in_language(worklist: Digest | Escalation, locale: str) -> Digest | Escalation:
    """The same list for a reader of another language."""
    return replace(worklist, reader=replace(worklist.reader, locale=locale))


def _safe(rep_id: str) -> str:
    """The id as a part of a file's name, whatever it is."""
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "_" for letter in rep_id)


def _write(
    worklist: Digest | Escalation, policy: OutreachPolicy, written_at: datetime, stem: Path, browser: str | None
) -> list[Path]:
    message, page = (stem.with_name(f"{stem.name}.{kind}") for kind in ("eml", "html"))
    message.write_bytes(compose(worklist, policy, written_at).content)
    shown = standalone(worklist, policy)
    page.write_text(shown, encoding="utf-8")
    pictures = [stem.with_name(f"{stem.name}-{view.name}.png") for view in VIEWS] if browser else []
    for view, path in zip(VIEWS, pictures, strict=False):
        path.write_bytes(picture(str(browser), shown, view))
    return [message, page, *pictures]


def standalone(worklist: Digest | Escalation, policy: OutreachPolicy) -> str:
    """The page of a mail with its pictures in it, for a browser."""
    _, page = bodies(worklist, policy)
    for each in rendered(worklist, policy)[2]:
        data = base64.b64encode(each.png).decode("ascii")
        page = page.replace(f"cid:{each.content_id}", f"data:image/png;base64,{data}")
    return page


def gallery(night: Night, policy: OutreachPolicy, folder: Path) -> Path:
    """Pictures of a rep's and a manager's mail in both languages, and the page that shows them (``<folder>.md``).

    In each language it is the rep with most planned for today and the manager with most to decide, readers of that
    language with a name in its script first. Returns the page.
    """
    browser = chromium()
    digests = [each for each in each_digest(night) if each.reader.role == "rep"]
    escalations = list(each_escalation(night, _EXAMPLE_PAGE))
    if not digests or not escalations:
        raise OutreachError(
            f"On {night.run.business_date} there is no list of a rep or none of a manager to show.",
            "Take a business date of the demo.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    lines = [_HEAD.format(day=night.run.business_date)]
    for role, lists in (("rep", digests), ("manager", escalations)):
        for locale in LOCALES:
            worklist = _busiest(lists, locale)
            check_scope(worklist, night)
            written_at = window_of(night, worklist.reader, policy).first
            lines.append(_shown(role, in_language(worklist, locale), policy, written_at, folder, browser))
    page = folder.with_suffix(".md")
    page.write_text("\n".join(lines), encoding="utf-8")
    return page


def _busiest(lists: Sequence[Digest | Escalation], locale: str) -> Digest | Escalation:
    def weight(worklist: Digest | Escalation) -> tuple[bool, int, str]:
        reader = worklist.reader
        at_home = reader_locale(reader.locale) == locale and reader.name.isascii() == (locale == "en")
        return at_home, len(planned(worklist)), reader.rep_id

    return max(lists, key=weight)


_HEAD = """\
# The morning's mails (图库)

Made by `make gallery` from the demo night of {day}; do not edit it by hand. Names and figures are those of the
generated ledger.
"""


def _shown(
    role: str, worklist: Digest | Escalation, policy: OutreachPolicy, written_at: datetime, folder: Path, browser: str
) -> str:
    locale = worklist.reader.locale
    page = standalone(worklist, policy)
    mail = compose(worklist, policy, written_at)
    links = []
    for view in VIEWS:
        path = folder / f"{role}-{locale}-{view.name}.png"
        path.write_bytes(picture(browser, page, view))
        words = f"{role}, {locale}, {view.width} px{', dark' if view.is_dark else ''}"
        links.append(f"![{words}]({folder.name}/{path.name})")
    html_kb, all_kb = (len(part) / 1000 for part in (bodies(worklist, policy)[1].encode(), mail.content))
    subject = f"Subject: `{mail.subject}` (HTML {html_kb:.0f} kB; with workbook {all_kb:.0f} kB)"
    return f"## {role}, {locale}\n\n{subject}\n\n" + "\n\n".join(links) + "\n"
