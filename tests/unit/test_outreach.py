"""What the mails say and hold, from rows in memory."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import huikuan.outreach
from huikuan.errors import InvariantError
from huikuan.outreach.message import TEMPLATES, bodies, compose, is_address
from huikuan.outreach.outbox import plan_mails
from huikuan.outreach.rows import Contact, Night, Quarantined, Reader, Rule
from huikuan.outreach.sentences import SUBJECT_LENGTH, phone_link, subject
from huikuan.outreach.workbook import workbook
from huikuan.outreach.worklists import (
    Digest,
    Escalation,
    Worklist,
    check_scope,
    data_owner_reports,
    digests,
    escalations,
    shown_accounts,
)
from huikuan.policy.outreach import OutreachPolicy
from huikuan.settings import INCLUDE
from huikuan.wording import Wording, clean, minor_units, reader_locale
from tests.outreach_samples import (
    DAY,
    POLICY,
    WRITTEN_AT,
    balance,
    item,
    run_record,
    sample_night,
    status,
    task,
)

GOLDEN = Path(__file__).parents[1] / "golden"
POISON = [
    "=1+1",
    "@SUM(A1)",
    "</td><script>alert(1)</script>",
    "{{ conn.erp.password }}",
    "Rose\r\nBcc: thief@example.test",
    "../../x",
    "O'B; DROP TABLE store.message",
    "\u202egnirts",
    "nul\x00nul",
    "lone\ud800surrogate",
    "y" * 40_000,
    "𠮷野家",
    "𪚥",
    "http://evil.test/",
    "mailto:thief@example.test",
    "/etc/passwd",
]


def opened(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def digest_of(rep_id: str, night: Night | None = None) -> Digest:
    return next(each for each in digests(night or sample_night()) if each.reader.rep_id == rep_id)


def bad_night() -> Night:
    """Receipts are late, the general ledger differs, three rows were left out."""
    late = {
        "rule_id": "complete.receipt",
        "en": "Receipts are complete to 28 Jun 2025 only. Load 29 and 30 June, then run the night again.",
        "zh": "收款只录入至 2025年6月28日。请补录 6月29日和30日，再运行一次。",
    }
    return replace(
        sample_night(run_record(gate="no_contact", gate_reasons=[late])),
        payments_complete_to=date(2025, 6, 28),
        ties_out=False,
        rules=[Rule("document.due_on", "critical", "document", 3, 24500, "Due on or after the day of issue.")],
        quarantined=[Quarantined("document", 17, "document.due_on", "due_on lies before issued_on: correct one.")],
        quarantined_rows=3,
    )


@pytest.mark.parametrize("rep_id", ["R-LI", "R-ANNA", "R-IDLE"])
def test_a_digest_reads_as_agreed(rep_id: str) -> None:
    """The files in tests/golden are what a rep gets: read them before changing them."""
    text, html = bodies(digest_of(rep_id), POLICY)
    assert text == (GOLDEN / f"digest-{rep_id}.txt").read_text(encoding="utf-8")
    assert html == (GOLDEN / f"digest-{rep_id}.html").read_text(encoding="utf-8")


def test_an_escalation_reads_as_agreed() -> None:
    text, _ = bodies(escalations(sample_night())[0], POLICY)
    assert text == (GOLDEN / "escalation-M-CHEN.txt").read_text(encoding="utf-8")


def test_a_data_report_reads_as_agreed() -> None:
    [report] = data_owner_reports(bad_night(), {"F-DATA": "en"})
    text, _ = bodies(report, POLICY)
    assert text == (GOLDEN / "data_owner-F-DATA.txt").read_text(encoding="utf-8")


def test_who_gets_a_mail() -> None:
    """Active reps and whoever has tasks get a list; managers decide; nobody who has left hears anything."""
    night = sample_night()
    assert [each.reader.rep_id for each in digests(night)] == ["R-ANNA", "R-IDLE", "R-LI"]
    [escalation] = escalations(night)
    assert escalation.reader.rep_id == "M-CHEN"
    assert [line.account_id for line in escalation.lines] == ["A-100"]
    assert [line.account_id for line in escalation.ownerless] == ["B-202"]
    assert data_owner_reports(night, {"F-DATA": "en"}) == []


def test_lines_stand_in_order_of_rank() -> None:
    assert [line.kind for line in digest_of("R-LI").lines] == ["chase_promise", "call", "call", "call"]


def test_a_manager_with_tasks_of_a_rep_gets_a_digest_too() -> None:
    night = sample_night()
    extra = task("M-CHEN", ("US", "B-200"), "call", 1, "5", "USD")
    night = replace(night, tasks=[*night.tasks, extra])
    assert "M-CHEN" in [each.reader.rep_id for each in digests(night)]
    assert [line.kind for line in digest_of("M-CHEN", night).lines] == ["call"]


def test_nothing_to_do_is_said_and_not_left_out() -> None:
    mail = opened(compose(digest_of("R-IDLE"), POLICY, WRITTEN_AT).content)
    assert mail["Subject"].replace("\u00a0", " ") == "Nothing to do today, 1 Jul 2025"
    assert "no customer of yours needs a call" in part(mail, "plain")
    assert list(mail.iter_attachments()) == []


def test_headers() -> None:
    mail = opened(compose(digest_of("R-LI"), POLICY, WRITTEN_AT).content)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == Wording("zh_CN").lang
    assert opened(compose(digest_of("R-IDLE"), POLICY, WRITTEN_AT).content)["Content-Language"] == "en"
    assert mail["Date"].datetime == WRITTEN_AT
    assert re.fullmatch(r"<[0-9a-f-]{36}@example\.test>", mail["Message-ID"])
    assert [address.addr_spec for address in mail["To"].addresses] == ["li.wei@example.test"]
    assert mail["Cc"] is None
    assert mail["Bcc"] is None


def test_same_rows_same_bytes_and_an_identity_per_reader_kind_and_run() -> None:
    night = sample_night()
    first = [compose(plan.worklist, POLICY, WRITTEN_AT) for plan in plan_mails(night, POLICY)]
    second = [compose(plan.worklist, POLICY, WRITTEN_AT) for plan in plan_mails(night, POLICY)]
    assert [mail.content for mail in first] == [mail.content for mail in second]
    other = [
        compose(plan.worklist, POLICY, WRITTEN_AT)
        for plan in plan_mails(sample_night(run_record(run_id="20250701-ffffffffffff")), POLICY)
    ]
    ids = [mail.message_id for mail in first + other]
    assert len(set(ids)) == len(ids)


def test_wire_format_suits_any_server() -> None:
    """CR LF only, 7 bits, lines of at most 998 characters, and the bytes parse without a defect."""
    for plan in plan_mails(bad_night(), POLICY):
        content = compose(plan.worklist, POLICY, WRITTEN_AT).content
        assert content.isascii()
        assert b"\n" not in content.replace(b"\r\n", b"")
        assert b"\r" not in content.replace(b"\r\n", b"")
        assert max(map(len, content.split(b"\r\n"))) <= 998
        assert [each.defects for each in opened(content).walk()] == [[]] * len(list(opened(content).walk()))


def test_accounts_of_the_mail_are_those_shown() -> None:
    night = sample_night()
    mail = compose(digest_of("R-ANNA", night), POLICY, WRITTEN_AT)
    assert mail.accounts == [("US", "B-200"), ("US", "B-201")]
    text = part(opened(mail.content), "plain")
    assert "Brightwater" in text
    assert "杭州" not in text


def test_amounts_in_different_currencies_are_never_summed() -> None:
    text, html = bodies(digest_of("R-LI"), POLICY)
    for body in (text, html):
        assert "1,351,701.90" in body
        assert "150,000" in body
        assert "1,501,701.90" not in body
        assert "1,361,501.90" not in body


def test_an_account_with_two_tasks_counts_once_in_the_sum() -> None:
    night = sample_night()
    again = task("R-ANNA", ("US", "B-200"), "chase_promise", 3, "4000", "USD", "P-9")
    text, _ = bodies(digest_of("R-ANNA", replace(night, tasks=[*night.tasks, again])), POLICY)
    assert "3 tasks with 2 customers, to ask for: USD 12,200.00\n" in text


def test_html_is_readable_by_machines_too() -> None:
    _, html = bodies(digest_of("R-LI", long_night(9)), POLICY)
    assert '<html lang="zh-CN"' in html
    assert re.search(r'<body[^>]*>\s*<div [^>]*lang="zh-CN"', html)
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "prefers-color-scheme: dark" in html
    data_tables = [table for table in re.findall(r"<table[^>]*>", html) if 'role="presentation"' not in table]
    assert len(data_tables) == len(re.findall(r"<caption", html)) == 1
    assert all('scope="' in head for head in re.findall(r"<th[ >][^>]*", html))
    assert 'href="tel:+8657188888888"' in html
    assert set(re.findall(r'href="([a-z]+):', html)) == {"tel"}


def test_text_part_is_written_and_not_stripped() -> None:
    text, _ = bodies(digest_of("R-ANNA"), POLICY)
    assert "<" not in text.replace("O'Neill <Marine> Supplies", "")
    assert "&" not in text


def test_workbook_is_typed_and_complete() -> None:
    book = openpyxl.load_workbook(BytesIO(workbook(digest_of("R-LI"), Wording("en"), WRITTEN_AT)))
    page, invoices = book.worksheets  # no task has a script, so there are no talks
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:U6"
    rows = list(page.iter_rows(min_row=2, values_only=True))
    assert {row[1] for row in rows} == {"yes"}
    assert [(row[0], *row[6:9]) for row in rows] == [
        (1, "CNY", 68200, 68200),
        (2, "CNY", 1283501.9, 1283501.9),
        (3, "JPY", 150000, 150000),
        (3, "USD", None, 9800),
        (4, None, None, None),
    ]
    assert rows[0][17].date() == DAY
    assert page["H4"].number_format == "#,##0"
    assert page["I5"].number_format == "#,##0.00"
    assert invoices.max_row == 1 + 7
    assert book.properties.created == WRITTEN_AT.replace(tzinfo=None)


def poisoned(text: str) -> Night:
    night = sample_night()
    keys = night.names
    people = [Contact(*key, f"C{n}", "payer", text, text) for n, key in enumerate(keys)]
    return replace(
        night,
        names=dict.fromkeys(keys, text),
        contacts={(one.company_id, one.account_id): [one] for one in people},
        numbers=dict.fromkeys(night.numbers, text),
        readers={key: replace(reader, name=text) for key, reader in night.readers.items()},
        quarantined=[Quarantined("account", 1, "account.name", text)],
        quarantined_rows=1,
        rules=[Rule("account.name", "critical", "account", 1, 9, text)],
        run=run_record(gate_reasons=[{"rule_id": "r", "en": text, "zh": text}]),
    )


@pytest.mark.parametrize("text", POISON, ids=lambda text: text[:12].encode("ascii", "backslashreplace").decode())
def test_poisoned_text_is_shown_as_text_or_made_visible(text: str) -> None:
    for plan in plan_mails(poisoned(text), POLICY):
        mail = opened(compose(plan.worklist, POLICY, WRITTEN_AT).content)
        assert len(mail["To"].addresses) == 1
        assert mail["Bcc"] is None
        plain, html = part(mail, "plain"), part(mail, "html")
        assert "<script" not in html
        assert not re.search(r'(?:href|src)="(?!tel:\+?[0-9]+")', html)
        for body in (plain, html):
            assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\ud800-\udfff]", body)
        names = [each.get_filename() for each in mail.iter_attachments()]
        assert names in ([], [f"huikuan-{compose(plan.worklist, POLICY, WRITTEN_AT).kind}-20250701.xlsx"])
        for attached in mail.iter_attachments():
            book = openpyxl.load_workbook(BytesIO(attached.get_content()))
            cells = [cell for page in book.worksheets for row in page.iter_rows() for cell in row]
            assert not [cell.value for cell in cells if cell.data_type == "f" or cell.hyperlink]
            assert any(cell.value == clean(text, 2000) for cell in cells)


@pytest.mark.parametrize("text", ["=1+1", "{{ conn.erp.password }}", "𠮷野家", "𪚥", "/etc/passwd", "O'B; DROP TABLE"])
def test_harmless_oddities_stay_as_they_are(text: str) -> None:
    body, _ = bodies(digest_of("R-ANNA", poisoned(text)), POLICY)
    assert f"1. {text} (B-200)" in body


def test_line_breaks_in_a_name_do_not_make_lines() -> None:
    body, _ = bodies(digest_of("R-ANNA", poisoned("Rose\r\nBcc: thief@example.test")), POLICY)
    assert "1. Rose Bcc: thief@example.test (B-200)" in body
    assert "\nBcc:" not in body


@pytest.mark.parametrize(
    "address",
    [
        "a@example.test\r\nBcc: b@example.test",
        "a@example.test, b@example.test",
        "A <a@example.test>",
        "a",
        "",
        "a@b@c",
        "李@example.test",
    ],
)
def test_what_is_not_one_address_is_parked(address: str) -> None:
    assert not is_address(address)
    night = sample_night()
    night = replace(night, readers={**night.readers, "R-LI": replace(night.readers["R-LI"], email=address)})
    [plan] = [plan for plan in plan_mails(night, POLICY) if plan.worklist.reader.rep_id == "R-LI"]
    assert plan.state == "parked"
    mail = compose(plan.worklist, POLICY, WRITTEN_AT)
    assert opened(mail.content)["To"].addresses == ()
    assert "\n" not in mail.address


def test_other_domains_get_nothing() -> None:
    night = sample_night()
    night = replace(night, readers={**night.readers, "R-LI": replace(night.readers["R-LI"], email="li@elsewhere.test")})
    [plan] = [plan for plan in plan_mails(night, POLICY) if plan.worklist.reader.rep_id == "R-LI"]
    assert (plan.state, plan.because) == ("parked", "the address is outside our own domains")
    allowed = POLICY.model_copy(update={"recipient_domains": ("Elsewhere.test", "example.test")})
    assert {plan.state for plan in plan_mails(night, allowed)} == {"queued"}


def long_night(rows: int, name: str = "客户名称很长很长很长很长很长很长很长很长很长很长有限公司") -> Night:
    keys = [("CN", f"LONG-{n:04d}") for n in range(rows)]
    return replace(
        sample_night(),
        tasks=[task("R-LI", key, "call", n + 1, "123456789.12", "CNY") for n, key in enumerate(keys)],
        statuses={key: status(key, "R-LI", "M3", "M2", 70) for key in keys},
        balances={key: [balance(key, "CNY", "223456789.12", 70), balance(key, "USD", "9.5", 3)] for key in keys},
        items={key: [item(key, n, "5", "CNY", 70) for n in range(6)] for key in keys},
        names=dict.fromkeys(keys, name),
        contacts={key: [Contact(*key, "C", "payer", "联系人" * 10, "+86 571 8888 8888")] for key in keys},
    )


def rows_of(html: str) -> int:
    """Cards and rows of tables."""
    return html.count('class="box"') + len(re.findall('scope="row', html))


def test_at_most_25_rows_and_90_kb_and_the_rest_in_the_workbook() -> None:
    digest = digest_of("R-LI", long_night(60))
    text, html = bodies(digest, POLICY)
    assert rows_of(html) == 25
    assert len(re.findall(r"^\d+\. ", text, re.M)) == 25
    assert "今天另有 35 项，见附件表格" in text
    assert len(html.encode()) < 90_000
    book = openpyxl.load_workbook(BytesIO(workbook(digest, Wording("zh_CN"), WRITTEN_AT)))
    assert book.worksheets[0].max_row == 1 + 60 * 2


def test_escalations_share_the_25_rows() -> None:
    night = sample_night()
    keys = [("CN", f"E-{n}") for n in range(40)]
    nobodys = {key: status(key, None, "M1", None, 5) for key in keys[20:]}
    night = replace(
        night,
        tasks=[task("M-CHEN", key, "escalate", n, "5", "CNY") for n, key in enumerate(keys[:20])],
        statuses={**{key: status(key, "R-LI", "M3", None, 70) for key in keys[:20]}, **nobodys},
        balances={key: [balance(key, "CNY", "5", 5)] for key in keys},
    )
    _, html = bodies(escalations(night)[0], POLICY)
    assert rows_of(html) == 25


def test_too_many_mails_are_held_back_and_the_data_owner_is_told() -> None:
    plans = plan_mails(sample_night(), POLICY.model_copy(update={"max_mails": 3}))
    assert [(type(plan.worklist).__name__, plan.state) for plan in plans] == [
        ("Digest", "parked"),
        ("Digest", "parked"),
        ("Digest", "parked"),
        ("Escalation", "parked"),
        ("DataOwnerReport", "queued"),
    ]
    mail = compose(plans[-1].worklist, POLICY, WRITTEN_AT)
    assert mail.subject == "4 mails held back: please check"


def test_too_many_escalations_are_held_back() -> None:
    bound = POLICY.model_copy(update={"max_escalations": 1})
    assert {plan.state for plan in plan_mails(sample_night(), bound)} == {"queued"}
    night = sample_night()
    second = replace(night.readers["M-CHEN"], rep_id="M-TWO")
    anna = replace(night.readers["R-ANNA"], manager_id="M-TWO")
    night = replace(night, readers={**night.readers, "M-TWO": second, "R-ANNA": anna})
    assert [plan.state for plan in plan_mails(night, bound)] == ["parked"] * 5 + ["queued"]


@pytest.mark.parametrize(
    ("run", "states"),
    [
        (run_record(), {"Digest": "queued", "Escalation": "queued"}),
        (
            run_record(gate="no_contact"),
            {"Digest": "suppressed", "Escalation": "suppressed", "DataOwnerReport": "queued"},
        ),
        (run_record(gate="stop", status="stopped"), {"DataOwnerReport": "queued"}),
        (run_record(is_backfill=True), {"Digest": "suppressed", "Escalation": "suppressed"}),
        (
            run_record(gate="no_contact", is_backfill=True),
            {"Digest": "suppressed", "Escalation": "suppressed", "DataOwnerReport": "suppressed"},
        ),
    ],
)
def test_the_gate_decides_who_is_contacted(run, states) -> None:  # type: ignore[no-untyped-def]
    found = {type(plan.worklist).__name__: plan.state for plan in plan_mails(sample_night(run), POLICY)}
    assert found == states


def test_data_owner_hears_of_missing_completeness_and_left_out_rows() -> None:
    night = sample_night()
    languages = {"F-DATA": "en"}
    [unknown] = data_owner_reports(replace(night, payments_complete_to=None), languages)
    assert subject(unknown, Wording("en")) == "Ledger: not known how complete payments are"
    [left_out] = data_owner_reports(replace(night, quarantined_rows=2), languages)
    assert subject(left_out, Wording("en")) == "2 ledger rows left out tonight"
    [stopped] = data_owner_reports(sample_night(run_record(gate="stop", status="stopped")), languages)
    assert subject(stopped, Wording("en")) == "Ledger stopped: no lists and no mails today"


def test_gate_speaks_the_readers_language() -> None:
    night = bad_night()
    [report] = data_owner_reports(night, {"F-DATA": "zh"})
    assert report.reasons == (night.run.gate_reasons[0]["zh"],)


def test_a_foreign_account_in_a_mail_is_an_error() -> None:
    night = sample_night()
    digest = digest_of("R-ANNA", night)
    stray = digest_of("R-LI", night).lines[0]
    with pytest.raises(InvariantError, match="outside the reader's scope"):
        check_scope(replace(digest, lines=(*digest.lines, stray)), night)


ACCOUNTS = st.tuples(st.sampled_from(["CN", "US"]), st.sampled_from([f"A{n}" for n in range(6)]))
PEOPLE = st.sampled_from(["R1", "R2", "R3", "M1", "M2", None])
MONEY = st.decimals(min_value=0, max_value=10**12, places=2)
CURRENCIES = st.sampled_from(["CNY", "USD", "JPY", "KWD", "HKD", "EUR"])


@st.composite
def books(draw: st.DrawFn) -> Night:
    """Any book of a few people and accounts; managers may themselves have managers."""
    readers = {
        rep_id: Reader(
            rep_id,
            rep_id,
            f"{rep_id}@example.test",
            draw(st.sampled_from(["en", "zh_CN", "zh", "de"])),
            draw(st.sampled_from([None, "M1", "M2"])),
            draw(st.sampled_from(["rep", "manager", "finance", "legal"])),
            draw(st.booleans()),
        )
        for rep_id in ("R1", "R2", "R3", "M1", "M2")
    }
    owners = {key: draw(PEOPLE) for key in draw(st.lists(ACCOUNTS, max_size=12, unique=True))}
    tasks = []
    for n, key in enumerate(owners):
        for kind in draw(
            st.lists(st.sampled_from(["call", "chase_promise", "resolve_dispute", "escalate"]), unique=True)
        ):
            amount = draw(st.none() | MONEY)
            tasks.append(task(draw(PEOPLE), key, kind, n + 1, str(amount) if amount else None, draw(CURRENCIES)))
    balances = {
        key: [balance(key, code, str(draw(MONEY)), draw(st.integers(0, 4000)))]
        for key in owners
        for code in draw(st.lists(CURRENCIES, max_size=1))
    }
    return Night(
        run=run_record(),
        tasks=tasks,
        statuses={key: status(key, owner, "M1", None, 5) for key, owner in owners.items()},
        balances=balances,
        charges={(key[0], owner) for key, owner in owners.items()},
        readers=readers,
        names={key: f"Name of {'/'.join(key)}" for key in owners},
        payments_complete_to=draw(st.none() | st.just(DAY)),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(books())
def test_no_mail_shows_an_account_outside_its_readers_scope(night: Night) -> None:
    """Looked for in the finished text, not in the worklist."""
    for worklist in [*digests(night), *escalations(night)]:
        check_scope(worklist, night)
        reader = worklist.reader
        own = {
            key
            for key in night.names
            if any(one.rep_id == reader.rep_id and (one.company_id, one.account_id) == key for one in night.tasks)
        }
        ownerless = (
            {key for key in night.names if night.statuses[key].rep_id is None} if reader.role == "manager" else set()
        )
        text, html = bodies(worklist, POLICY)
        for key, name in night.names.items():
            if key not in own | ownerless:
                assert name not in text
                assert name not in html


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(books())
def test_subjects_are_short_and_name_nobody(night: Night) -> None:
    lists: list[Worklist] = [*digests(night), *escalations(night)]
    for worklist in lists:
        for locale in ("en", "zh_CN"):
            line = subject(worklist, Wording(locale))
            assert 0 < len(line) <= SUBJECT_LENGTH
            assert "Name of" not in line
            if isinstance(worklist, Digest | Escalation) and shown_accounts(worklist):
                assert re.search(r"\d", line)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(books())
def test_subjects_arrive_as_they_were_written(night: Night) -> None:
    """Folding an encoded header must not lose a space: "CNY 282.8万", never "CNY282.8万"."""
    for plan in plan_mails(night, POLICY):
        mail = compose(plan.worklist, POLICY, WRITTEN_AT)
        assert opened(mail.content)["Subject"].replace("\u00a0", " ") == mail.subject


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(books())
def test_one_digest_per_reader(night: Night) -> None:
    plans = [(type(plan.worklist), plan.worklist.reader.rep_id) for plan in plan_mails(night, POLICY)]
    assert len(plans) == len(set(plans))


def test_every_sentence_has_its_chinese() -> None:
    """Messages of code and templates against the catalogue: none missing, none left over, same placeholders."""
    keywords = {"text": None, "count": (1, 2)}
    code = Path(huikuan.outreach.__file__).parent
    found = {message for *_, message, _, _ in extract_from_dir(code, [("**.py", "python")], keywords=keywords)}
    found |= {message for *_, message, _, _ in extract_from_dir(TEMPLATES, [("**.j2", "jinja2")], keywords=keywords)}
    assert len(found) > 60
    with (INCLUDE / "locale/zh_CN/LC_MESSAGES/huikuan.po").open("rb") as file:
        catalogue = {message.id: message for message in read_po(file, locale="zh_CN") if message.id}
    assert {message if isinstance(message, str) else tuple(message) for message in found} == set(catalogue)
    for message_id, message in catalogue.items():
        assert not message.fuzzy
        many = message_id if isinstance(message_id, str) else message_id[1]
        [chinese] = [message.string] if isinstance(message.string, str) else message.string
        assert chinese, many
        assert set(re.findall(r"%\(\w+\)s", chinese)) == set(re.findall(r"%\(\w+\)s", many)), many


def test_a_row_speaks_of_the_currency_that_it_asks_for() -> None:
    """A-102 owes JPY for 41 days and USD for 12; an invoice in instalments is named once."""
    night = sample_night()
    key = ("CN", "A-102")
    second = replace(night.items[key][1], seq=2)
    usd = task("R-LI", key, "call", 3, "9800", "USD")
    night = replace(night, tasks=[usd], items={**night.items, key: [*night.items[key], second]})
    text, _ = bodies(digest_of("R-LI", night), POLICY)
    assert "USD 9,800.00 · 逾期 12 天" in text
    assert "自2025年6月19日起未付：发票 INV-A-102-2。" in text
    assert "INV-A-102-1" not in text


def test_accounts_without_a_rep_go_to_the_managers_of_their_company() -> None:
    night = sample_night()
    other = replace(night.readers["M-CHEN"], rep_id="M-CN", locale="en")
    people = {**night.readers, "M-CN": other, "R-LI": replace(night.readers["R-LI"], manager_id="M-CN")}
    found = {each.reader.rep_id: each.ownerless for each in escalations(replace(night, readers=people))}
    assert found["M-CN"] == ()
    assert [line.account_id for line in found["M-CHEN"]] == ["B-202"]
    alone = replace(night, readers={"M-CN": replace(other, manager_id=None)})
    assert [line.account_id for line in escalations(alone)[0].ownerless] == ["B-202"]


def test_tone_never_threatens_with_the_contract() -> None:
    with (INCLUDE / "locale/zh_CN/LC_MESSAGES/huikuan.po").open("rb") as file:
        sentences = " ".join(str(message.id) + str(message.string) for message in read_po(file))
    assert "合同" not in sentences
    assert "contract" not in sentences.lower()


@pytest.mark.parametrize(
    ("number", "link"),
    [
        ("0571-8888 6666", "tel:057188886666"),
        ("+86 (571) 8888", "tel:+865718888"),
        ("ask for Wang, then 12345", ""),
        ("javascript:alert(12345)", ""),
        ("", ""),
        ("123", ""),
        ("0571-8888 6666 / 139 0000 0000", ""),
        ("1+2345678", ""),
    ],
)
def test_phone_links_are_digits_or_nothing(number: str, link: str) -> None:
    assert phone_link(number) == link


@pytest.mark.parametrize(
    ("amount", "currency", "en"),
    [
        ("1234567.895", "USD", "1,234,567.90"),
        ("0.5", "JPY", "1"),
        ("1.0005", "KWD", "1.001"),
        ("-0.005", "CNY", "-0.01"),
    ],
)
def test_money_is_rounded_half_up_to_the_currency(amount: str, currency: str, en: str) -> None:
    assert Wording("en").money(Decimal(amount), currency) == en
    assert minor_units(Decimal(amount), currency) == Decimal(en.replace(",", ""))


@pytest.mark.parametrize(
    ("amount", "en", "zh"),
    [
        ("0", "CNY 0", "CNY 0"),
        ("999.6", "CNY 1K", "CNY 1000"),
        ("12200", "CNY 12.2K", "CNY 1.2万"),
        ("999999", "CNY 1M", "CNY 100万"),
        ("1283501.9", "CNY 1.3M", "CNY 128.4万"),
        ("250000000", "CNY 250M", "CNY 2.5亿"),
    ],
)
def test_short_money(amount: str, en: str, zh: str) -> None:
    assert Wording("en").short_money(Decimal(amount), "CNY") == en
    assert Wording("zh_CN").short_money(Decimal(amount), "CNY") == zh


@pytest.mark.parametrize(
    ("wanted", "locale"),
    [
        ("zh_CN", "zh_CN"),
        ("zh-CN", "zh_CN"),
        ("zh", "zh_CN"),
        ("zh_Hans_SG", "zh_CN"),
        ("en_GB", "en"),
        ("de", "en"),
        (None, "en"),
    ],
)
def test_reader_locale(wanted: str | None, locale: str) -> None:
    assert reader_locale(wanted) == locale


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"send_until": 1080}, "write it in quotes"),
        ({"timezone": "Beijing"}, "not an IANA time zone"),
        ({"send_from": "21:00"}, "send_from must be earlier"),
        ({"max_rows_in_mail": 26}, "less than or equal to 25"),
        ({"retry_minutes": 14}, "greater than or equal to 15"),
        ({"sender": "a@b.test\r\nBcc: c@d.test"}, "match pattern"),
        ({"sender_name": "A\r\nBcc: c@d.test"}, "match pattern"),
        ({"domain": "a b"}, "match pattern"),
        ({"color": "red"}, "Extra inputs"),
    ],
)
def test_policy_refuses_what_it_cannot_keep(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OutreachPolicy.model_validate({**POLICY.model_dump(), **change})


def test_window_is_local_also_when_the_clock_changes() -> None:
    berlin = POLICY.model_copy(update={"timezone": "Europe/Berlin", "send_from": time(7), "send_until": time(20)})
    first, last = berlin.window(date(2025, 3, 30))
    assert (first.isoformat(), last.isoformat()) == ("2025-03-30T07:00:00+02:00", "2025-03-30T20:00:00+02:00")
    first, _ = POLICY.window(DAY)
    assert first.isoformat() == "2025-07-01T07:00:00+08:00"
