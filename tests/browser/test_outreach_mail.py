"""The mails in a real browser, at the width of a phone and of a desk.

Anything wider than the frame that a mail is shown in would have to be scrolled sideways.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from huikuan.outreach.message import bodies
from huikuan.outreach.rows import Cap, Contact, EarlyWarning, Flag, Night
from huikuan.outreach.worklists import Worklist, approvals, data_owner_reports, digests, escalations
from huikuan.warehouse.tables import FLAGS
from tests.framed_page import measured
from tests.morning_samples import morning
from tests.outreach_samples import (
    POLICY,
    asking_night,
    balance,
    eventful_night,
    item,
    proposal,
    run_record,
    sample_night,
    status,
    task,
)

pytestmark = pytest.mark.browser

LOOK = """(page) => {
  const root = page.documentElement;
  const right = e => e.getBoundingClientRect().right;
  const outside = [...page.querySelectorAll("body *")].filter(e => right(e) > root.clientWidth + 0.5);
  const links = [...page.querySelectorAll("a")].map(e => e.getBoundingClientRect().height);
  const style = getComputedStyle(page.body);
  return {
    width: root.clientWidth, scroll: root.scrollWidth, outside: outside.map(e => e.className || e.tagName),
    links: links, size: parseFloat(style.fontSize), rows: page.querySelectorAll("th[scope=rowgroup]").length,
    cards: page.querySelectorAll("table.box").length
  };
}"""


def long_words() -> Night:
    """What breaks layouts: no spaces anywhere, and amounts of a thousand billions."""
    keys = [("CN", f"ACCOUNT-WITH-A-VERY-LONG-NUMBER-{n:02d}") for n in range(25)]
    return replace(
        sample_night(),
        tasks=[task("R-LI", key, "call", n + 1, "123456789012345.67", "CNY") for n, key in enumerate(keys)],
        statuses={key: status(key, "R-LI", "M4", "M3", 3650) for key in keys},
        balances={key: [balance(key, "CNY", "12345678901234.67", 3650)] for key in keys},
        items={key: [item(key, n, "5", "CNY", 70) for n in range(3)] for key in keys},
        names=dict.fromkeys(keys, "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"),
        numbers={(k[0], f"D-{k[1]}-{n}"): "INVOICE" * 5 for k in keys for n in range(3)},
        contacts={key: [Contact(*key, "C", "payer", "W" * 60, "+86 571 8888 8888 000")] for key in keys},
    )


def long_news() -> Night:
    """The same for sanctions: sums of a thousand billions, ids and names without a space."""
    night = long_words()
    keys = list(night.statuses)
    huge = Decimal("12345678901234.67")
    return replace(
        night,
        statuses={key: replace(row, rep_id=None if key in keys[:3] else "R-LI") for key, row in night.statuses.items()},
        flags=[
            Flag(*key, flag, "released", "release.of_some_policy_of_2031_with_a_long_name", None)
            for key in keys[:12]
            for flag in FLAGS
        ],
        warnings=[EarlyWarning(*key, "warning_of_2031_without_any_space_at_all" * 2, "r") for key in keys],
        caps=[Cap("CN", kind, 10**6, huge, huge, huge) for kind in ("proposed", "active")],
        proposals=[
            proposal(
                key, n + 1, FLAGS[n % 5], overdue_functional=huge, reason="rule_of_2031." * 6, proposed_by="W" * 60
            )
            for n, key in enumerate(keys)
        ],
    )


def in_english(night: Night) -> Night:
    return replace(night, readers={key: replace(reader, locale="en") for key, reader in night.readers.items()})


def mails_about_sanctions() -> dict[str, Worklist]:
    """In both languages: lists with news, requests for approval with and without a link, and the widest of all."""
    found: dict[str, Worklist] = {}
    page = "https://airflow.example.test/required_actions?response_received=false"
    for locale, change in (("zh", lambda night: night), ("en", in_english)):
        for name, eventful, asking in (
            ("news", change(eventful_night()), change(asking_night())),
            ("long news", change(long_news()), change(long_news())),
        ):
            lists: list[Worklist] = [*digests(eventful), *escalations(eventful)]
            busy = [each for each in lists if each.reader.rep_id not in ("R-IDLE", "R-ANNA")]
            found |= {f"{name} {each.reader.rep_id} {locale}": each for each in busy}
            [request] = approvals(asking, "approval", timedelta(hours=10), lambda _: "Asia/Shanghai", page)
            [reminder] = approvals(asking, "approval_reminder", timedelta(hours=10), lambda _: "Asia/Shanghai", None)
            found |= {f"{name} request {locale}": request, f"{name} reminder {locale}": reminder}
    return found


def mails() -> dict[str, Worklist]:
    night = sample_night()
    doubt = replace(night, run=run_record(gate="no_contact"), payments_complete_to=None, quarantined_rows=2)
    by_reader: dict[str, Worklist] = {each.reader.rep_id: each for each in [*digests(night), *escalations(night)]}
    [wide] = [each for each in digests(long_words()) if each.reader.rep_id == "R-LI"]
    [report] = data_owner_reports(doubt, {"F-DATA": "en"})
    return {**by_reader, **mails_about_sanctions(), **mornings(), "long words": wide, "F-DATA": report}


def mornings() -> dict[str, Worklist]:
    """Full mornings in both languages, with a month, a team, news, a drill; and the same with far too big figures."""
    night = morning()
    huge = Decimal("12345678901234.67")
    big = replace(
        night,
        names=dict.fromkeys(night.names, "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesell"),
        changes=[replace(row, amount=huge if row.amount else None) for row in night.changes],
        goals=[replace(row, target=huge, received=huge, committed=huge, gap=huge) for row in night.goals],
        tasks=[replace(row, ask_amount=huge if row.ask_amount else None) for row in night.tasks],
    )
    found: dict[str, Worklist] = {}
    for name, each in (("morning", night), ("big morning", big), ("english morning", in_english(big))):
        lists: list[Worklist] = [*digests(each), *escalations(each, "https://airflow.example.test/required_actions")]
        found |= {f"{name} {one.reader.rep_id} {type(one).__name__}": one for one in lists if one.reader.rep_id in FULL}
    return found


FULL = ("R-ZH", "R-EN", "M-ZH", "M-EN")


@pytest.mark.parametrize("width", [390, 800])
@pytest.mark.parametrize("name", sorted(mails()))
def test_nothing_has_to_be_scrolled_sideways(tmp_path: Path, name: str, width: int) -> None:
    worklist = mails()[name]
    _, mail = bodies(worklist, POLICY)
    found = measured(mail, LOOK, width, 2000, tmp_path)
    assert found["width"] == width
    assert found["scroll"] == width
    assert found["outside"] == []
    assert found["size"] == 16
    assert found["rows"] == len(re.findall('scope="rowgroup"', mail))
    assert found["cards"] == mail.count('class="box"')
    heights = found["links"]
    assert isinstance(heights, list)
    assert all(height >= 44 for height in heights), "a thumb needs 44 pixels"
