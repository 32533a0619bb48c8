"""The page about the rules says what the rules say."""

from __future__ import annotations

from huikuan.quality.catalogue import page
from huikuan.settings import PROJECT


def test_the_page_is_current() -> None:
    written = (PROJECT / "docs" / "data-quality.md").read_text(encoding="utf-8")
    assert written == page(), "run: python -m huikuan.quality.catalogue > docs/data-quality.md"
