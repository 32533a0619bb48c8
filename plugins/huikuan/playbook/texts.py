"""The texts of ``include/templates/scripts``: each file has sections, each headed ``## name``.

A file is cut into its sections before Jinja sees it, so that nothing a customer is called can open another one. Every
section is a template of a sandbox; what it fills in is text from the ledger and is never read as a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from huikuan.errors import PlaybookError
from huikuan.settings import INCLUDE

SCRIPTS = INCLUDE / "templates" / "scripts"
_HEAD = re.compile(r"^## (\w+)\n", re.MULTILINE)
_PARAGRAPHS = re.compile(r"\n\s*\n")


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]


def _environment() -> ImmutableSandboxedEnvironment:
    # plain text for a phone or a mail that escapes it itself: escaped here, a name would show &amp;
    environment = ImmutableSandboxedEnvironment(
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["capitalise"] = _capitalise
    return environment


_ENVIRONMENT = _environment()


def names(locale: str, folder: str = "") -> list[str]:
    """What files there are in one folder of a language, without their ending."""
    return sorted(path.stem for path in (SCRIPTS / locale / folder).glob("*.j2"))


@cache
def sections(locale: str, name: str) -> Mapping[str, Template | str]:
    """Sections of a file by name: templates, and plain text where there is nothing to fill in.

    Raises PlaybookError when the file is missing or is not Jinja.
    """
    path = SCRIPTS / locale / f"{name}.j2"
    try:
        pieces = _HEAD.split(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlaybookError(
            f"The playbook has no text {name} in {locale}: {path} cannot be read.",
            "Write it in each language, or let the rules of the policy (playbooks.scripts) name another one.",
        ) from error
    try:
        return {
            head: _ENVIRONMENT.from_string(body) if "{" in body else body.strip()
            for head, body in zip(pieces[1::2], pieces[2::2], strict=True)
        }
    except TemplateError as error:
        raise PlaybookError(f"{path} cannot be read: {error}.", "Mend the line that it names.") from error


def fill(locale: str, name: str, section: str, values: Mapping[str, Any]) -> str:
    """One section with its values filled in. Raises PlaybookError when it does not exist or names something unknown."""
    template = sections(locale, name).get(section)
    if template is None:
        raise PlaybookError(
            f"{SCRIPTS / locale / name}.j2 has no section {section}.", f"Add a heading “## {section}” with its text."
        )
    if isinstance(template, str):
        return template
    try:
        return template.render(values)
    except TemplateError as error:
        raise PlaybookError(
            f"Section {section} of {SCRIPTS / locale / name}.j2 cannot be filled in: {error}.",
            "Use the names that huikuan/playbook/view.py gives.",
        ) from error


@lru_cache(maxsize=4096)
def paragraphs(text: str, locale: str) -> tuple[str, ...]:
    """Paragraphs that say something, each one line, joined as the language does."""
    space = "" if locale == "zh_CN" else " "
    lines = (space.join(part.strip() for part in paragraph.splitlines()) for paragraph in _PARAGRAPHS.split(text))
    return tuple(" ".join(line.split()) for line in lines if line.strip())


def one_line(text: str, locale: str) -> str:
    """The text as one line."""
    return ("" if locale == "zh_CN" else " ").join(paragraphs(text, locale))
