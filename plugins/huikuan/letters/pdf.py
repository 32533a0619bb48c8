"""Pages as data in, PDF out: typst lays them out by the template, reading nothing but the template's folder.

The template imports no package, so nothing is fetched. Values reach typst as one JSON text, so whatever they hold is
text on the page and never code.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import typst

from huikuan.errors import LetterError
from huikuan.letters.font import FAMILY, Font
from huikuan.settings import INCLUDE

TEMPLATES = INCLUDE / "templates" / "letters"
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_STANDARD: Literal["a-2u"] = (
    "a-2u"  # for the archive: fonts embedded, every glyph with its character; a missing glyph is an error
)


def render(pages: dict[str, Any], font: Font, made_on: date, template: Path) -> bytes:
    """The PDF; equal pages give equal bytes. Raises LetterError when typst cannot make it."""
    moment = datetime(made_on.year, made_on.month, made_on.day, tzinfo=UTC)
    try:
        made: Any = _compiler(template, font).compile(
            format="pdf",
            sys_inputs={"pages": json.dumps(pages, ensure_ascii=False), "font": FAMILY},
            pdf_standards=_STANDARD,
            timestamp=moment,
        )
    except (typst.TypstError, RuntimeError, UnicodeError) as error:
        raise _unrenderable(error) from None
    except BaseException as error:  # a panic in typst is no Exception, and one letter must not end a night
        if type(error).__name__ != "PanicException":
            raise
        raise _unrenderable(error) from None
    return bytes(made)


@cache
def _compiler(template: Path, font: Font) -> typst.Compiler:
    """A compiler that knows one folder of fonts and may read the template's folder, nothing else."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[font.folder])
    return typst.Compiler(template, root=template.parent, font_paths=fonts)


def _unrenderable(error: BaseException) -> LetterError:
    """Problem and remedy; typst's own message may quote the page, so it is not passed on."""
    return LetterError(
        f"typst cannot lay out the pages ({type(error).__name__}).",
        f"Check that {TEMPLATES} is as delivered; if it is, report the ids of run and account.",
    )


def slugs(ids: Iterable[str]) -> list[str]:
    """Parts of a file name from ids: letters and figures only, told apart by a digest; ``../x`` and ``..-x`` differ."""
    parts = [*ids]
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return [*filter(None, (_UNSAFE.sub("-", part).strip("-")[:40] for part in parts)), digest]


def write(path: Path, content: bytes) -> Path:
    """Write under another name and rename: a file is there whole or not at all. Raises LetterError when it cannot."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise LetterError(
            f"{path} cannot be written: {error.strerror}.", "Free space or correct the folder's permissions."
        ) from error
    return path
