"""Legal packets (移交法务材料): a PDF to read and a zip of the data behind it, for one account or for a whole night.

Everything comes from the sealed files of one run and its snapshot, so a packet can be made again at any time, and the
same inputs give the same files.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from huikuan.errors import HuikuanError
from huikuan.letters.facts import AccountKey, NightFiles, open_night
from huikuan.letters.font import find_font, printable
from huikuan.letters.pdf import TEMPLATES, render, slugs, write
from huikuan.night import lake as lakes
from huikuan.policy import Policy
from huikuan.policy.parts import Segment
from huikuan.referrals import packet_papers as papers
from huikuan.referrals.packet_claim import claim_of
from huikuan.referrals.packet_data import archive
from huikuan.referrals.packet_facts import companies_of, read_facts, referred_accounts
from huikuan.referrals.packet_history import chronology
from huikuan.referrals.packet_missing import missing
from huikuan.referrals.packet_page import pages, unprintable_note
from huikuan.referrals.packet_rows import Facts, PacketError
from huikuan.referrals.packet_sections import Case
from huikuan.settings import Settings
from huikuan.warehouse.publish import current_run
from huikuan.wording import LOCALES, Wording, reader_locale

log = logging.getLogger(__name__)

Report = Callable[[str], None]
"""Called with one line of progress at a time."""

CATALOGUE = "letters"
_ACCOUNTS_AT_ONCE = 200


@dataclass(frozen=True)
class Packet:
    """The two files of one account; ``missing`` says in the packet's language what it lacks and what to do."""

    pdf: Path
    data: Path
    score_pct: int
    missing: tuple[str, ...]


@dataclass(frozen=True)
class NightPackets:
    """What became of a night's packets: files per account, and the error of each account that has none."""

    packets: dict[AccountKey, Packet] = field(default_factory=dict)
    failed: dict[AccountKey, HuikuanError] = field(default_factory=dict)


def build_packet(
    lake: Path, run_id: str, company_id: str, account_id: str, locale: str | None, policy: Policy, target: Path
) -> Packet:
    """Write the packet of one account into folder ``target``; ``locale`` None is the account's own language.

    Raises SnapshotError when a file of the night is missing or damaged, PacketError when the account is not in the
    ledger, LetterError when there is no font or the pages cannot be laid out.
    """
    key = (company_id, account_id)
    found = read_facts(open_night(lake, run_id), [key])[key]
    if isinstance(found, PacketError):
        raise found
    return write_packet(found, locale, policy, target)


def packets_for_night(url: str, lake: Path, business_date: date, report: Report | None = None) -> dict[str, int]:
    """Packets of the published night, each in its account's language, in ``<lake>/packets/<date>``; counts.

    A date without a published night has none: its gate was closed.
    """
    run = current_run(url, business_date)
    if run is None:
        (report or log.info)(f"no night of {business_date} is published: no legal packets")
        return {"made": 0, "failed": 0}
    done = referred_packets(
        lake, run.run_id, _policy_of(lake, run.run_id), packets_folder(lake, business_date), report=report
    )
    return {"made": len(done.packets), "failed": len(done.failed)}


def referred_packets(
    lake: Path, run_id: str, policy: Policy, target: Path, *, locale: str | None = None, report: Report | None = None
) -> NightPackets:
    """Packets of every account whose legal referral is approved or active in this run.

    One that cannot be made is reported, and the rest are made all the same. Raises LetterError when there is no font:
    then none can be made.
    """
    say = report or log.info
    night = open_night(lake, run_id)
    done = NightPackets()
    keys = referred_accounts(night)
    if keys:
        find_font()
    for start in range(0, len(keys), _ACCOUNTS_AT_ONCE):
        for key, found in read_facts(night, keys[start : start + _ACCOUNTS_AT_ONCE]).items():
            try:
                if isinstance(found, PacketError):
                    raise found
                done.packets[key] = write_packet(found, locale, policy, target)
            except HuikuanError as error:
                done.failed[key] = error
                say(f"no packet for account {key[1]} of company {key[0]}: {error.problem}")
    say(f"{len(done.packets)} legal packets made in {target}, {len(done.failed)} could not be made")
    return done


def packet_command(
    settings: Settings, account_id: str, business_date: date, locale: str | None, company_id: str | None = None
) -> Packet:
    """The packet of one account from the published run of a date, under the policy of that run.

    Raises PacketError when nothing was published for the date, the language is none of ours, or the account's company
    is not clear.
    """
    if locale is not None and locale not in LOCALES:
        raise PacketError(f"{locale!r} is not a language of packets.", f"Give one of {', '.join(LOCALES)}.")
    link = settings.lake / "results" / business_date.isoformat()
    if not link.exists():
        raise PacketError(
            f"The lake {settings.lake} holds no published night of {business_date}.",
            "Run that night first, or name the lake that it was computed in.",
        )
    run_id = link.resolve().parent.name
    company_id = company_id or _only_company(open_night(settings.lake, run_id), account_id)
    policy = _policy_of(settings.lake, run_id)
    target = packets_folder(settings.lake, business_date)
    return build_packet(settings.lake, run_id, company_id, account_id, locale, policy, target)


def _policy_of(lake: Path, run_id: str) -> Policy:
    return lakes.read_policy(lake, run_id, lakes.read_identity(lake, run_id).policy_hash)


def packets_folder(lake: Path, business_date: date) -> Path:
    """Where the packets of a business date lie."""
    return lake / "packets" / business_date.isoformat()


def write_packet(facts: Facts, locale: str | None, policy: Policy, target: Path) -> Packet:
    """Both files of one account from its facts; each appears whole or not at all."""
    wording = Wording(reader_locale(locale or facts.account.locale), CATALOGUE)
    case = _case(facts, policy, wording)
    font = find_font()
    content, unprintable = printable(pages(case, wording), font)
    content["unprintable"] = unprintable_note(unprintable, wording)
    pdf = render(content, font, facts.run.business_date, TEMPLATES / "packet.typ")
    more = {
        "locale": wording.locale,
        "font": font.version,
        "unprintable": [f"U+{ord(character):04X}" for character in unprintable],
    }
    data = archive(case, pdf, more)
    stem = f"{file_stem(facts.key)}-{wording.locale}"
    return Packet(
        pdf=write(target / f"{stem}.pdf", pdf),
        data=write(target / f"{stem}.zip", data),
        score_pct=case.score_pct,
        missing=tuple(wording.joined(pair) for pair in missing(case.checks, wording)),
    )


def file_stem(key: AccountKey) -> str:
    """A file name from ids: letters and figures only, told apart by a digest; ``../x`` and ``..-x`` are two names."""
    return "-".join(["packet", *slugs(key)])


def _case(facts: Facts, policy: Policy, wording: Wording) -> Case:
    notices = _notices(facts, policy)
    claim = claim_of(facts, policy.interest)
    checks = papers.check(papers.Case(facts, claim, notices[-1]))
    return Case(
        facts=facts,
        claim=claim,
        checks=checks,
        score_pct=papers.score_pct(checks),
        events=chronology(facts, claim, wording, notices),
        year_days=policy.interest.year_days,
    )


def _notices(facts: Facts, policy: Policy) -> Sequence[str]:
    """Names of the notices that hold for this account, the last before sanctions last."""
    segment: Segment = facts.account.segment  # type: ignore[assignment]
    scoped = policy.applied_to(facts.key[0], segment) if policy.overrides else policy
    return [notice.notice for notice in scoped.ladder.notices]


def _only_company(night: NightFiles, account_id: str) -> str:
    companies = companies_of(night, account_id)
    if len(companies) != 1:
        raise PacketError(
            f"Account {account_id} belongs to {', '.join(companies)}."
            if companies
            else f"No company of the ledger has an account {account_id}.",
            "Name the company too." if companies else "Check the account's id.",
        )
    return companies[0]
