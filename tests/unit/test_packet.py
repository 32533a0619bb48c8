"""Packets as files: what the pages say, poisoned text, glyphs, the zip, a night of many, and the command."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import zipfile
from collections.abc import Mapping
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pypdf
import pytest

from huikuan.errors import LetterError
from huikuan.letters.facts import open_night
from huikuan.letters.font import Font, find_font, printable
from huikuan.letters.pdf import TEMPLATES, render, write
from huikuan.night.lake import read_identity, sealed_tables
from huikuan.referrals import packet as packets
from huikuan.referrals.packet import (
    Packet,
    build_packet,
    file_stem,
    packet_command,
    packets_folder,
    packets_for_night,
    referred_packets,
)
from huikuan.referrals.packet_data import cell
from huikuan.referrals.packet_facts import read_facts
from huikuan.referrals.packet_page import pages as pages_of
from huikuan.referrals.packet_rows import Facts, PacketError
from huikuan.settings import Settings
from huikuan.warehouse.fence import step
from huikuan.warehouse.publish import RunRecord, publish
from huikuan.wording import Wording
from tests.packet_samples import DAY, ENGLISH, KEY, LEDGER, RESULT, changed, night, policy, updated

needs_fonts = pytest.mark.fonts
ENGLISH_WORDS = Wording("en", "letters")
A_FILE = "/etc/passwd"
POISON = {
    "typst": f'#read("{A_FILE}")',
    "markup": "*bold* _it_ $x$ @ref <label> // gone? /* gone? */ \\ ] ) } #let x = 1",
    "formula": "=1+1",
    "sum": "@SUM(A1:A9)",
    "html": "</td><script>alert(1)</script>",
    "template": "{{ conn.erp.password }}",
    "path": "../../x",
    "sql": "O'B; DROP TABLE x",
    "lines": "one\r\nBcc: two",
    "rare": "𠮷野家",
}


Night = tuple[Path, str]
"""Lake and run."""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """The night of the samples as it is, for tests that change nothing in it."""
    return night(tmp_path_factory.mktemp("plain"))


def build(home: Path, key: tuple[str, str] = KEY, locale: str | None = None, **options: Any) -> Packet:
    return packet_of(night(home, **options), home / "packets", key, locale)


def packet_of(made: Night, target: Path, key: tuple[str, str] = KEY, locale: str | None = None) -> Packet:
    return build_packet(*made, *key, locale, policy(), target)


def pages(packet: Packet) -> list[str]:
    """Text of each page, spaces and line breaks made one."""
    return [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(packet.pdf).pages]


def tight(text: str) -> str:
    """Text without spaces: where a line broke does not matter."""
    return "".join(text.split()).replace("\u200b", "")


def members(packet: Packet) -> dict[str, bytes]:
    with zipfile.ZipFile(packet.data) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def table(packet: Packet, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(members(packet)[f"{name}.csv"].decode("utf-8-sig"))))


@needs_fonts
def test_the_chinese_packet(plain: Night, tmp_path: Path) -> None:
    made = packet_of(plain, tmp_path)
    first, *rest = pages(made)
    whole = tight(first + "".join(rest))
    for text in (
        "移交法务材料",
        "杭州钱塘机电设备有限公司",
        "华东恒启工业股份有限公司",
        "91330000MA27X00001",
        "截止2026年6月29日",
        "CNY13,755.00",
        "USD2,045.00",
        "100%",
        "材料齐全",
    ):
        assert text in tight(first), text
    for text in (
        "未清项与利息",
        "法定每日0.05%",
        "往来经过",
        "承诺于2026年5月20日支付CNY4,000.00：未履行",
        "最后通知已送达。信函：已送达。",
        "客户对INV-2提出争议（CNY1,200.00），原因：产品",
        "移交法务：已批准",
        "顾会计：月底统一付款。",
        "2026年度框架采购",
        "到货七日内验收",
        "罗总",
    ):
        assert tight(text) in whole, text
    assert "after the close of books" not in whole
    assert made.score_pct == 100
    assert made.missing == ()


@needs_fonts
def test_the_english_packet_in_the_accounts_own_language(plain: Night, tmp_path: Path) -> None:
    made = packet_of(plain, tmp_path, ENGLISH)
    first, *rest = pages(made)
    for text in (
        "Legal packet",
        "O'Neill <Marine> & Sons",
        "Northgate Supplies Ltd",
        "GB123456789",
        "as of 29 Jun 2026",
        "GBP 2,028.97",
        "What is missing",
        "Last notice delivered: missing.",
    ):
        assert text in first, text
    whole = " ".join(rest)
    assert "11.75 % a year of 365 days by law (GB): Late Payment of Commercial Debts (Interest) Act 1998" in whole
    assert made.pdf.name.endswith("-en.pdf")
    assert 0 < made.score_pct < 100
    assert "Last notice delivered: missing. Deliver it with proof: a registered letter or a visit." in made.missing
    assert "Approval of the referral: missing. A manager has to approve it before anything is filed." in made.missing


@needs_fonts
def test_the_language_asked_for(plain: Night, tmp_path: Path) -> None:
    assert "Legal packet" in pages(packet_of(plain, tmp_path, KEY, "en"))[0]
    assert "移交法务材料" in pages(packet_of(plain, tmp_path, ENGLISH, "zh_CN"))[0]


@needs_fonts
@pytest.mark.parametrize(("locale", "confidential"), [("en", "Confidential"), ("zh_CN", "机密")])
def test_every_page_says_whose_it_is(plain: Night, tmp_path: Path, locale: str, confidential: str) -> None:
    texts = pages(packet_of(plain, tmp_path, KEY, locale))
    assert len(texts) > 1
    for number, text in enumerate(texts, start=1):
        page = f"Page {number} of {len(texts)}" if locale == "en" else f"第{number}页，共{len(texts)}页"
        assert tight(page) in tight(text)
        for part in (confidential, "杭州钱塘机电设备有限公司", "A-100"):
            assert part in text


@needs_fonts
def test_many_items_repeat_the_head_and_currencies_stay_apart(tmp_path: Path) -> None:
    many = [
        {"document_id": f"M-{n}", "number": f"M-{n}", "amount": 100, "issued_on": DAY, "due_on": DAY}
        for n in range(300)
    ]
    items = [
        {
            "document_id": f"M-{n}",
            "due_on": date(2026, 5, 30),
            "amount": 100,
            "days_past_due_as_of": 30,
            "currency": "CNY" if n % 2 else "USD",
        }
        for n in range(300)
    ]
    made = build(tmp_path, KEY, "en", ledger=changed(LEDGER, document=many), result=changed(RESULT, open_item=items))
    texts = pages(made)
    assert sum("Days late" in text for text in texts) >= 6
    whole = " ".join(texts)
    assert "Total CNY 15,000.00 0.00 15,000.00 225.00" in whole
    assert "Total USD 15,000.00 0.00 15,000.00 225.00" in whole
    assert "30,000.00" not in whole


def test_items_with_credits_and_several_rates_have_room_for_their_number(tmp_path: Path) -> None:
    early = date(2025, 2, 1)
    old = {**LEDGER["document"][-1], "document_id": "S-2", "number": "25320000022931625976", "due_on": early}
    item = {**RESULT["open_item"][-1], "document_id": "S-2", "due_on": early, "days_past_due_as_of": 513}
    with_credit = {**item, "net_amount": 1850, "collectable_amount": 1850}
    ledger = changed(LEDGER, document=[*LEDGER["document"], old])
    result = changed(RESULT, open_item=[*RESULT["open_item"], with_credit])
    found = read_facts(open_night(*night(tmp_path, ledger, result)), [ENGLISH])[ENGLISH]
    assert isinstance(found, Facts)
    content = pages_of(packets._case(found, policy(), ENGLISH_WORDS), ENGLISH_WORDS)
    [items] = content["sections"][0]["tables"]
    assert [entry["title"] for entry in items["columns"]][-2:] == ["Rate", "Interest"]
    assert {row[9] for row in items["rows"][:-1]} == {"12.75%", "11.75%"}
    assert 178 - sum(entry.get("mm", 0) for entry in items["columns"]) >= 19
    assert {len(row) for row in items["rows"]} == {len(items["columns"])}


@needs_fonts
def test_an_account_with_nothing_open(tmp_path: Path) -> None:
    made = build(tmp_path, KEY, "en", result=changed(RESULT, open_item=[]))
    assert "Nothing is open." in " ".join(pages(made))


@needs_fonts
@pytest.mark.parametrize("name", list(POISON))
def test_poisoned_text_is_text(tmp_path: Path, name: str) -> None:
    text = POISON[name]
    ledger = updated(LEDGER, "account", {"account_id": "A-100"}, name=text)
    ledger = updated(ledger, "company", {"company_id": "CN"}, name=text)
    ledger = updated(ledger, "contact_log", {"log_id": "L-1"}, note=text)
    ledger = updated(ledger, "contract", {}, specification=text)
    ledger = updated(ledger, "document", {"document_id": "D-1"}, number=text)
    made = build(tmp_path, ledger=ledger)
    whole = tight("".join(pages(made)))
    assert whole.count(tight(text)) >= 5
    assert "root:x:0" not in whole
    for cells in (table(made, "account")[0]["name"], table(made, "contact_log")[0]["note"]):
        assert cells.lstrip("'") == text.replace("\r\n", "  ")
        assert cells[0] not in "=+-@"


@needs_fonts
def test_characters_that_cannot_be_printed_stand_as_their_code(tmp_path: Path) -> None:
    name = "a\x07b\u202ec𪚥d\u200be\U0001f600f"
    made = build(tmp_path, KEY, "en", ledger=updated(LEDGER, "account", {}, name=name))
    whole = tight(" ".join(pages(made)))
    assert "a[U+0007]b[U+202E]c[U+2A6A5]d[U+200B]e[U+1F600]f" in whole
    assert "cannotbeprintedstandastheircodeinbrackets:U+0007,U+200B,U+202E,U+1F600,U+2A6A5." in whole
    manifest = json.loads(members(made)["manifest.json"])
    assert manifest["unprintable"] == ["U+0007", "U+200B", "U+202E", "U+1F600", "U+2A6A5"]
    assert table(made, "account")[0]["name"] == "a\ufffdb\ufffdc𪚥d\ufffde\U0001f600f"


@needs_fonts
@pytest.mark.parametrize("text", ["长" * 40_000, "x" * 40_000, "word " * 8_000])
def test_forty_thousand_characters(tmp_path: Path, text: str) -> None:
    ledger = updated(LEDGER, "account", {"account_id": "A-100"}, name=text, tax_id=text)
    ledger = updated(ledger, "contact_log", {"log_id": "L-1"}, note=text, outcome=text)
    ledger = updated(ledger, "document", {"document_id": "D-1"}, number=text)
    made = build(tmp_path, ledger=ledger)
    assert len(pages(made)) < 10
    assert "…" in pages(made)[0]
    assert table(made, "contact_log")[0]["note"] == text
    lines = [line for page in pypdf.PdfReader(made.pdf).pages for line in page.extract_text().splitlines()]
    assert max(map(len, lines)) < 130  # what does not break runs out of its column


@needs_fonts
def test_the_template_reads_nothing_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "own.txt").write_text("own", encoding="utf-8")
    for number, (path, allowed) in enumerate(
        [("own.txt", True), (A_FILE, False), ("../secret.txt", False), (str(tmp_path / "secret.txt"), False)]
    ):
        template = inside / f"t{number}.typ"
        template.write_text(f'#set text(font: sys.inputs.font)\n#read("{path}")', encoding="utf-8")
        if allowed:
            assert render({}, find_font(), DAY, template).startswith(b"%PDF")
            continue
        with pytest.raises(LetterError, match="typst cannot lay out"):
            render({}, find_font(), DAY, template)


def test_the_template_imports_nothing() -> None:
    for template in TEMPLATES.rglob("*.typ"):
        text = template.read_text(encoding="utf-8")
        imported = re.findall(r"import\b\s*(.*)", text)
        assert all(re.fullmatch(r'"[a-z]+\.typ": [a-z, -]+', each) for each in imported), "only files beside it"
        assert "@preview" not in text


@needs_fonts
def test_a_missing_glyph_is_an_error_even_if_the_check_were_wrong(tmp_path: Path) -> None:
    template = tmp_path / "t.typ"
    template.write_text("#set text(font: sys.inputs.font, fallback: false)\n#sys.inputs.pages", encoding="utf-8")
    assert render({"x": "𠮷"}, find_font(), DAY, template).startswith(b"%PDF")
    with pytest.raises(LetterError):
        render({"x": "𪚥"}, find_font(), DAY, template)


def test_without_a_font_the_remedy_is_named(tmp_path: Path) -> None:
    (tmp_path / "NotoSansCJK-Regular.ttc").write_bytes(b"")  # the bold one is missing
    with pytest.raises(LetterError, match="No font for Chinese") as refused:
        find_font((tmp_path,))
    assert "fonts-noto-cjk" in refused.value.remedy


def test_what_the_font_lacks_is_found_anywhere() -> None:
    font = Font(Path(), "1", frozenset(map(ord, "abc […]U+0123456789ABCDEF\xe9\xad")))
    content, lacking = printable({"x": ["abc", {"y": ("a\u202eb", 7, None, True)}], "z": "e\u0301 \xad\ud800"}, font)
    assert content == {"x": ["abc", {"y": ["a[U+202E]b", 7, None, True]}], "z": "é [U+00AD][U+D800]"}
    assert lacking == ("\xad", "\u202e", "\ud800")
    assert printable("葛\U000e0100", Font(Path(), "1", frozenset(map(ord, "葛"))))[1] == ()


@needs_fonts
def test_the_same_inputs_give_the_same_files(plain: Night, tmp_path: Path) -> None:
    one, other = (packet_of(plain, tmp_path / name) for name in ("a", "b"))
    assert one.pdf.read_bytes() == other.pdf.read_bytes()
    assert one.data.read_bytes() == other.data.read_bytes()
    assert one.pdf.name == other.pdf.name


@needs_fonts
def test_the_zip(plain: Night, tmp_path: Path) -> None:
    made = packet_of(plain, tmp_path)
    files = members(made)
    manifest = json.loads(files["manifest.json"])
    assert list(files) == sorted(files)
    assert manifest["files"] == {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in files.items()
        if name != "manifest.json"
    }
    assert files["packet.pdf"] == made.pdf.read_bytes()
    run = manifest["run"]
    assert (run["business_date"], run["as_of"], run["snapshot_id"]) == ("2026-06-30", "2026-06-29", "20260630-s1")
    assert (run["policy_version"], run["policy_hash"]) == (policy().version, policy().hash)
    assert (manifest["account_id"], manifest["locale"], manifest["score_pct"]) == ("A-100", "zh_CN", 100)
    for name, data in files.items():
        if name.endswith(".csv"):
            assert data.startswith(b"\xef\xbb\xbf"), name
            assert b"S-1" not in data, name
    items = {row["document_id"]: row for row in table(made, "open_items")}
    assert (items["D-2"]["claimed"], items["D-2"]["rate_pct"], items["D-2"]["interest"]) == (
        "3500.0000",
        "0.05",
        "105.00",
    )
    assert (items["D-3"]["claimed"], items["D-3"]["rate_pct"], items["D-3"]["interest"]) == ("0", "", "0")
    assert [row["currency"] for row in table(made, "claim")] == ["CNY", "USD"]
    assert len(table(made, "requirements")) == 14
    assert any("顾会计" in row["text"] for row in table(made, "chronology"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "true"),
        (7, "7"),
        (-7, "-7"),
        (date(2026, 6, 30), "2026-06-30"),
        ("plain", "plain"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\t=1", "' =1"),
        ("＝1+1", "'＝1+1"),
        ("a\r\nb", "a  b"),
        ("a\x00\u202e\ud800b", "a\ufffd\ufffd\ufffdb"),
        ("", ""),
    ],
)
def test_cells(value: object, expected: str) -> None:
    assert cell(value) == expected


@pytest.mark.parametrize(
    "key",
    [
        ("CN", "A-100"),
        ("../..", "/etc/passwd"),
        ("", ""),
        ("C\x00", "a\nb"),
        ("客户", "𠮷" * 300),
        ("CON", "x" * 4000),
        ("a", "\ud800"),
        (".", ".."),
    ],
)
def test_file_names_hold_nothing_but_letters_and_figures(key: tuple[str, str]) -> None:
    stem = file_stem(key)
    assert len(stem) < 110
    assert stem.isascii()
    assert stem.replace("-", "").isalnum()
    assert stem.startswith("packet-")


def test_different_ids_have_different_names() -> None:
    keys = [("CN", "A-1"), ("CN", "A_1"), ("CN", "A 1"), ("CN-A", "1"), ("C", "NA1"), ("CN", "a-1")]
    assert len({file_stem(key).lower() for key in keys}) == len(keys)


@needs_fonts
def test_a_night_continues_after_one_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [f"Z-{n:02}" for n in range(12)]
    own = {"company_id": "CN", "name": "客户"}
    ledger = changed(LEDGER, account=[*LEDGER["account"], *({**own, "account_id": name} for name in ids)])
    flag: Mapping[str, Any] = {"flag": "legal_referral", "since": DAY, "reason": "r"}
    flags = [{**flag, "account_id": name, "state": "active"} for name in ids]
    flags.append({**flag, "account_id": "A-100", "state": "proposed"})
    lake, run_id = night(
        tmp_path, ledger, changed(RESULT, account_flag=flags), quarantined=[("account", 2 + ids.index("Z-07"))]
    )

    def panics_at_one(content: dict[str, Any], *rest: Any) -> bytes:
        if "Z-03" in content["running"]:
            raise LetterError("typst cannot lay out the pages (PanicException).", "Report it.")
        return render(content, *rest)

    monkeypatch.setattr(packets, "render", panics_at_one)
    lines: list[str] = []
    folder = packets_folder(lake, DAY)
    done = referred_packets(lake, run_id, policy(), folder, report=lines.append)
    assert set(done.failed) == {("CN", "Z-03"), ("CN", "Z-07")}
    assert {account for _, account in done.packets} == set(ids) - {"Z-03", "Z-07"}
    assert len(list(folder.iterdir())) == 20
    assert any("Z-07" in line and "quarantined" in line for line in lines)
    assert lines[-1].startswith("10 legal packets made")
    assert lines[-1].endswith("2 could not be made")


@needs_fonts
def test_packets_of_the_published_night(tmp_path: Path, warehouse_url: str) -> None:
    lake, run_id = night(tmp_path)
    assert packets_for_night(warehouse_url, lake, DAY) == {"made": 0, "failed": 0}
    identity = read_identity(lake, run_id)
    run = RunRecord(
        run_id=run_id,
        business_date=DAY,
        as_of=identity.as_of,
        snapshot_id=identity.snapshot_id,
        previous_run_id=None,
        policy_version=identity.policy_version,
        policy_hash=identity.policy_hash,
        code_version=identity.code_version,
        gate="open",
        gate_reasons=[],
        is_backfill=False,
        status="published",
        counts={},
    )
    with step(warehouse_url, DAY, "publish", run_id) as attempt:
        publish(warehouse_url, attempt, run, sealed_tables(lake, run_id))
    assert packets_for_night(warehouse_url, lake, DAY) == {"made": 2, "failed": 0}
    names = sorted(path.name for path in packets_folder(lake, DAY).iterdir())
    assert [name.rpartition("-")[2] for name in names] == ["zh_CN.pdf", "zh_CN.zip", "en.pdf", "en.zip"]


@needs_fonts
def test_the_command_finds_the_published_night(tmp_path: Path) -> None:
    lake, run_id = night(tmp_path)
    settings = Settings(home=tmp_path, lake=lake, mail=tmp_path / "mail", warehouse_url=None)
    made = packet_command(settings, "A-100", DAY, None)
    assert made.pdf.parent == lake / "packets" / "2026-06-30"
    assert json.loads(members(made)["manifest.json"])["run"]["policy_hash"] == policy().hash
    assert run_id in pages(made)[0]
    assert packet_command(settings, "B-200", DAY, "zh_CN", "GB").pdf.name.endswith("-zh_CN.pdf")


def test_the_command_says_what_it_needs(tmp_path: Path) -> None:
    twice = {**LEDGER["account"][0], "company_id": "GB"}
    lake, _ = night(tmp_path, changed(LEDGER, account=[*LEDGER["account"], twice]))
    settings = Settings(home=tmp_path, lake=lake, mail=tmp_path / "mail", warehouse_url=None)
    for arguments, message in (
        (("A-100", DAY, "de"), "'de' is not a language"),
        (("A-100", date(2026, 6, 1), None), "no published night of 2026-06-01"),
        (("A-100", DAY, None), "belongs to CN, GB"),
        (("A-999", DAY, None), "No company of the ledger has an account A-999"),
        (("A-999", DAY, None, "CN"), "A-999 of company CN is not in the ledger"),
    ):
        with pytest.raises(PacketError, match=message):
            packet_command(settings, *arguments)  # type: ignore[arg-type]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(LetterError, match="cannot be written"):
        write(tmp_path / "file" / "x.pdf", b"")
