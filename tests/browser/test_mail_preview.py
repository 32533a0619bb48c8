"""Previews and the gallery, taken with a real browser."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from huikuan.errors import OutreachError
from huikuan.outreach.browser import VIEWS, View, chromium, picture
from huikuan.outreach.preview import gallery, preview
from tests.morning_samples import morning
from tests.outreach_samples import POLICY

pytestmark = pytest.mark.browser
MOST_BYTES = 250_000


def test_a_preview_is_the_mail_and_how_it_looks(tmp_path: Path) -> None:
    files = {path.name: path for path in preview(morning(), "M-EN", POLICY, tmp_path)}
    kinds = ("digest", "escalation")  # this manager has tasks too
    ends = (".eml", ".html", "-390.png", "-800.png", "-dark.png")
    assert set(files) == {f"2025-06-30-{kind}-M-EN{end}" for kind in kinds for end in ends}
    mail = email.message_from_bytes(files["2025-06-30-escalation-M-EN.eml"].read_bytes(), policy=email.policy.default)
    assert mail["To"] == "grace.holt@example.test"
    page = files["2025-06-30-escalation-M-EN.html"].read_text(encoding="utf-8")
    assert "cid:" not in page
    assert 'src="data:image/png;base64,' in page
    for view in VIEWS:
        shown = Image.open(files[f"2025-06-30-escalation-M-EN-{view.name}.png"]).convert("RGB")
        assert shown.width == view.width
        assert shown.height > 600
        assert (sum(shown.getpixel((200, 15))) < 200) == view.is_dark  # type: ignore[arg-type]


def test_a_picture_is_the_whole_page_and_nothing_else() -> None:
    page = '<html><body style="margin:0;background:#ffffff"><div style="height:{}px;background:{}"></div></body></html>'
    shown = Image.open(BytesIO(picture(chromium(), page.format(1234, "#123456"), View("x", 390)))).convert("RGB")
    assert shown.size == (390, 1234)
    assert shown.getpixel((389, 1233)) == (0x12, 0x34, 0x56)


def test_the_gallery_shows_both_roles_in_both_languages(tmp_path: Path) -> None:
    page = gallery(morning(), POLICY, tmp_path / "gallery")
    assert page == tmp_path / "gallery.md"
    text = page.read_text(encoding="utf-8")
    pictures = sorted((tmp_path / "gallery").iterdir())
    assert len(pictures) == 2 * 2 * len(VIEWS)
    for each in pictures:
        assert f"(gallery/{each.name})" in text
        assert each.stat().st_size < MOST_BYTES


def test_without_chromium_the_remedy_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutreachError, match="there is none on this machine") as raised:
        preview(morning(), "R-EN", POLICY, tmp_path / "out")
    assert "apt-get install chromium" in raised.value.remedy
    assert not (tmp_path / "out").exists()
    assert len(preview(morning(), "R-EN", POLICY, tmp_path / "out", png=False)) == 2


def test_a_browser_that_fails_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutreachError, match="could not take a picture"):
        picture("/bin/false", "<p>", View("x", 390))
    with pytest.raises(OutreachError, match="could not take a picture"):
        picture(str(tmp_path / "missing"), "<p>", View("x", 390))


def test_who_gets_no_list_has_no_preview(tmp_path: Path) -> None:
    for rep_id in ("R-LEFT", "../../etc", ""):
        with pytest.raises(OutreachError, match="gets no list"):
            preview(morning(), rep_id, POLICY, tmp_path / "out", png=False)
    night = morning()
    odd = "../R EN/é"
    readers = {**night.readers, odd: replace(night.readers["R-IDLE"], rep_id=odd)}
    files = preview(replace(night, readers=readers), odd, POLICY, tmp_path / "out", png=False)
    assert [path.name for path in files] == ["2025-06-30-digest-___R_EN__.eml", "2025-06-30-digest-___R_EN__.html"]
    assert {path.parent for path in files} == {tmp_path / "out"}
