"""The one typeface of letters, Noto Sans CJK, and what it can print.

Only this typeface is used, so that pages do not depend on what else a machine has. A character that it lacks would come
out as an empty box, or in some other font; it stands as its code in brackets instead, and whoever prints says so.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTCollection  # type: ignore[import-untyped]

from huikuan.errors import LetterError

FAMILY = "Noto Sans CJK SC"
FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_FILES = ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc")
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_VARIATIONS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
"""They choose a form of the character before them and print nothing of their own."""


@dataclass(frozen=True)
class Font:
    """Where the typeface lies, its version, and the characters that it has in regular and in bold."""

    folder: Path
    version: str
    characters: frozenset[int]


@cache
def find_font(folders: tuple[Path, ...] = FOLDERS) -> Font:
    """The typeface of this machine. Raises LetterError with the remedy when there is none."""
    for folder in folders:
        for regular in sorted(folder.rglob(_FILES[0])):
            if (regular.parent / _FILES[1]).is_file():
                return _read(regular.parent)
    raise LetterError(
        f"No font for Chinese is on this machine: {' and '.join(_FILES)} are in none of"
        f" {', '.join(map(str, folders))}.",
        "Install Debian's package fonts-noto-cjk.",
    )


def printable(content: Any, font: Font) -> tuple[Any, tuple[str, ...]]:
    """Dicts, lists and texts with every character that cannot be printed replaced by its code; and those characters.

    Control, direction-changing and unpaired characters count as such, whatever the font says.
    """
    lacking: set[str] = set()
    return _printable(content, font.characters, lacking), tuple(sorted(lacking))


def _printable(content: Any, characters: frozenset[int], lacking: set[str]) -> Any:
    if isinstance(content, dict):
        return {key: _printable(value, characters, lacking) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_printable(value, characters, lacking) for value in content]
    if not isinstance(content, str):
        return content
    text = unicodedata.normalize("NFC", content)
    codes = {
        character: f"[U+{ord(character):04X}]" for character in set(text) if not _is_printable(character, characters)
    }
    lacking.update(codes)
    return "".join(codes.get(character, character) for character in text) if codes else text


def _is_printable(character: str, characters: frozenset[int]) -> bool:
    code = ord(character)
    if any(code in variations for variations in _VARIATIONS):
        return True
    return code in characters and unicodedata.category(character) not in _HIDDEN


def _read(folder: Path) -> Font:
    """Version and characters of the family's two weights."""
    found: list[Iterable[int]] = []
    version = ""
    for name in _FILES:
        with TTCollection(folder / name, lazy=True) as collection:
            for face in collection.fonts:
                if face["name"].getDebugName(1) == FAMILY:
                    found.append(frozenset(face.getBestCmap()))
                    version = str(face["name"].getDebugName(5)).split(";")[0]
    if len(found) != len(_FILES):
        raise LetterError(f"{folder} does not hold the family {FAMILY}.", "Install Debian's package fonts-noto-cjk.")
    return Font(folder, version, frozenset(found[0]).intersection(*found[1:]))
