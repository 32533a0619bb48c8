"""Typical mornings of a team: a busy rep in each language, one with nothing to do, one with promises only, a first
night, a stand-in; and their managers. In memory, for tests of what the mails say and hold.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from huikuan.outreach.news import Change, End, Goal, Handover, Recovery
from huikuan.outreach.rows import (
    AccountKey,
    Contact,
    EarlyWarning,
    Flag,
    Item,
    Night,
    Promise,
    PromiseState,
    Reader,
    Receipt,
    Target,
    TermsAdvice,
    by_account,
)
from tests.outreach_samples import COMPANIES, RULES, balance, item, run_record, status, task

MONDAY = date(2025, 6, 30)
MONTH = date(2025, 6, 1)
READERS = [
    Reader("R-ZH", "李伟", "li.wei@example.test", "zh_CN", "M-ZH", "rep", True),
    Reader("R-EN", "Anna Berg", "anna.berg@example.test", "en", "M-EN", "rep", True),
    Reader("R-IDLE", "Tom Idle", "tom.idle@example.test", "en", "M-EN", "rep", True),
    Reader("R-PROMISE", "周敏", "zhou.min@example.test", "zh_CN", "M-ZH", "rep", True),
    Reader("R-STAND", "Priya Nair", "priya.nair@example.test", "en", "M-EN", "rep", True),
    Reader("R-AWAY", "Olu Away", "olu.away@example.test", "en", "M-EN", "rep", True),
    Reader("R-LEFT", "Gone Away", "gone@example.test", "en", "M-EN", "rep", False),
    Reader("M-ZH", "陈静", "chen.jing@example.test", "zh_CN", None, "manager", True),
    Reader("M-EN", "Grace Holt", "grace.holt@example.test", "en", None, "manager", True),
]
KINDS = (
    ("offer_plan", "offer_plan", "240000"),
    ("call", "call_second", "88000.5"),
    ("visit", "visit", "61000"),
    ("resolve_dispute", "resolve_small_defect", "4100"),
    ("collect_evidence", "collect_evidence", "23000"),
    ("close_gap", "close_gap", "17500"),
    ("ask_commitment", "ask_commitment", "12000"),
    ("prepare_referral", "prepare_referral", "99000"),
    ("pre_due_reminder", "pre_due_reminder", "15000"),
    ("send_statement", "send_statement", "31000"),
)
"""Kind, script and amount of the tasks of a busy day, most urgent first."""


def account(rep: str, number: int) -> AccountKey:
    """Accounts of the Chinese company end in CN, those of the other one in US."""
    return ("CN" if rep in ("R-ZH", "R-PROMISE") else "US", f"{rep}-{number:02d}")


def currency_of(key: AccountKey) -> str:
    """Each company's own."""
    return "CNY" if key[0] == "CN" else "USD"


def busy(rep: str, is_zh: bool) -> dict[str, Any]:
    """A full day: every kind of task, two of them with one customer, some that do not fit into the day."""
    keys = [account(rep, n) for n in range(1, 16)]
    code = currency_of(keys[0])
    tasks = [
        task(rep, keys[n], kind, n + 1, ask, code, script_id=script, due_on=MONDAY + timedelta(days=n % 4))
        for n, (kind, script, ask) in enumerate(KINDS)
    ]
    tasks[3] = replace(tasks[3], special="small_defect")
    tasks += [
        task(rep, keys[0], "chase_promise", 11, "50000", code, "P-1", script_id="chase_promise", act_on=MONDAY),
        task(rep, keys[10], "thank_payment", 12, None, code, f"RC-{rep}", script_id="thank_payment"),
        task(rep, keys[11], "tell_release", 13, None, code, "stop_supply", script_id="tell_release"),
        task(rep, keys[12], "call", 14, None, code, script_id="call_check_in", is_floor=True),
        task(rep, keys[13], "call", 15, "700", code, script_id="call_reminder", is_planned=False),
        task(rep, keys[14], "kind_of_2031", 16, "650", code, script_id="script_of_2031", is_planned=False),
    ]
    late = {key: 64 - 4 * n for n, key in enumerate(keys[:10]) if KINDS[n][0] != "pre_due_reminder"}
    balances = [balance(key, code, KINDS[n][2], late[key]) for n, key in enumerate(keys[:10]) if key in late]
    items = [item(key, 1, KINDS[n][2], code, late[key]) for n, key in enumerate(keys[:10]) if key in late]
    due = keys[8]
    items.append(
        Item(*due, f"D-{due[1]}", 1, code, MONDAY + timedelta(days=3), Decimal("15000.0000"), Decimal("0.0000"), 0)
    )
    names = [
        f"{'武汉霁川建材' if is_zh else 'Harrowgate Marine'}{n}{'有限公司' if is_zh else ' Ltd'}" for n in range(15)
    ]
    people = [
        Contact(*key, f"C-{n}", "payer", "方晓燕" if is_zh else "Maria Lopez", f"+86 571 8888 00{n:02d}")
        for n, key in enumerate(keys[:12])
    ]
    stages = ["M0", "M1", "M2", "M3"]
    return {
        "tasks": tasks,
        "statuses": {
            key: status(key, rep, stages[min(late.get(key, 0) // 20, 3)], "M1", late.get(key, 0)) for key in keys
        },
        "balances": balances,
        "items": items,
        "names": dict(zip(keys, names, strict=True)),
        "contacts": people,
        "promises": {(keys[0][0], "P-1"): Promise("P-1", Decimal("80000.0000"), code, date(2025, 6, 20))},
        "promise_states": {(keys[0][0], "P-1"): PromiseState(keys[0][0], "P-1", Decimal("30000.0000"), 1)},
        "receipts": {(keys[0][0], f"RC-{rep}"): Receipt(Decimal("9800.0000"), code, date(2025, 6, 28))},
        "changes": changes(rep, keys, code),
        "targets": {
            (*key, code): Target(*key, code, Decimal(60000), Decimal(committed), Decimal(gap))
            for key, committed, gap in ((keys[5], 42500, 17500), (keys[6], 0, 60000))
        },
        "terms": {keys[0]: TermsAdvice(*keys[0], Decimal("86000.0000"), "monthly")},
        "goals": [Goal(rep, MONTH, code, Decimal(900000), Decimal(150000), Decimal(310000), Decimal(440000))],
        "recoveries": [
            Recovery(*keys[10], rep, "call", code, Decimal("9800.0000"), 41, MONDAY, False),
            Recovery(*keys[9], rep, None, code, Decimal("4000.0000"), None, MONDAY, True),
        ],
        "flags": [Flag(*keys[11], "stop_supply", "released", "release.payment", None)],
        "warnings": [EarlyWarning(*keys[5], "limit_nearly_used", "warning.limit_nearly_used")],
        "ends": [End(f"e-{rep}-{n}", rep, *keys[n], "call", "done", "paid", Decimal(5), code) for n in range(3)],
    }


def changes(rep: str, keys: list[AccountKey], code: str) -> list[Change]:
    """One of each kind."""
    manager = "M-ZH" if keys[0][0] == "CN" else "M-EN"
    rows = [
        (keys[10], "paid", "", code, Decimal("9800.0000")),
        (keys[9], "kept", "P-2", code, Decimal("4000.0000")),
        (keys[0], "broken", "P-1", code, Decimal("50000.0000")),
        (keys[1], "promised", "P-3", code, Decimal("20000.0000")),
        (keys[11], "released", "stop_supply", "", None),
        (keys[7], "sanctioned", "stop_service", "", None),
        (keys[2], "late", "M2", "", None),
    ]
    return [
        Change(*key, what, subject, currency, amount, rep, manager) for key, what, subject, currency, amount in rows
    ]


def promises_only() -> dict[str, Any]:
    """Nothing but promises that were not kept."""
    rep = "R-PROMISE"
    keys = [account(rep, n) for n in range(1, 5)]
    return {
        "tasks": [
            task(rep, key, "chase_promise", n, f"{n}0000", "CNY", f"PP-{n}", script_id="chase_promise")
            for n, key in enumerate(keys, start=1)
        ],
        "statuses": {key: status(key, rep, "M2", "M2", 45) for key in keys},
        "balances": [balance(key, "CNY", f"{n}5000", 45) for n, key in enumerate(keys, start=1)],
        "items": [item(key, 1, f"{n}5000", "CNY", 45) for n, key in enumerate(keys, start=1)],
        "names": {key: f"宁波甬江机电{n}有限公司" for n, key in enumerate(keys, start=1)},
        "contacts": [Contact(*key, "C", "payer", "彭海涛", "0574-1234567") for key in keys],
        "promises": {
            ("CN", f"PP-{n}"): Promise(f"PP-{n}", Decimal(f"{n}0000"), "CNY", date(2025, 6, 20 + n))
            for n in range(1, 5)
        },
    }


def stand_in() -> dict[str, Any]:
    """Accounts of somebody who is away, of somebody who has left, and of nobody."""
    away, left = account("R-AWAY", 1), account("R-LEFT", 1)
    return {
        "tasks": [
            task("R-STAND", away, "call", 1, "12000", "USD", script_id="call_reminder"),
            task("M-EN", left, "call", 1, "800", "USD", script_id="call_third"),
            task("M-EN", left, "escalate", 2, "800", "USD", script_id="escalate"),
        ],
        "statuses": {away: status(away, "R-AWAY", "M1", "M0", 12), left: status(left, "R-LEFT", "M3", "M3", 70)},
        "balances": [balance(away, "USD", "12000", 12), balance(left, "USD", "800", 70)],
        "items": [item(away, 1, "12000", "USD", 12), item(left, 1, "800", "USD", 70)],
        "names": {away: "Brightwater Foods Inc.", left: "Old Mill Supplies Inc."},
        "contacts": [Contact(*away, "C-9", "payer", "Sean O'Neill", "+1 (415) 555-0100")],
        "changes": [Change(*away, "paid", "", "USD", Decimal("333.0000"), "R-STAND", "M-EN")],
        "handovers": [
            Handover(*away, "R-AWAY", "R-STAND", "absent", date(2025, 7, 11)),
            Handover(*left, "R-LEFT", "M-EN", "left", None),
        ],
    }


def morning(day: date = MONDAY) -> Night:
    """Everybody's morning in one night."""
    parts = [busy("R-ZH", True), busy("R-EN", False), promises_only(), stand_in()]

    def rows(name: str) -> list[Any]:
        return [row for part in parts for row in part.get(name, [])]

    def merged(name: str) -> dict[Any, Any]:
        return {key: value for part in parts for key, value in part.get(name, {}).items()}

    escalated = account("R-ZH", 1)
    statuses = merged("statuses")
    items = by_account(rows("items"))
    return Night(
        run=run_record(business_date=day, as_of=day - timedelta(days=1), run_id="20250630-0123456789ab"),
        tasks=[*rows("tasks"), task("M-ZH", escalated, "escalate", 1, "240000", "CNY", script_id="escalate")],
        statuses=statuses,
        balances=by_account(rows("balances")),
        items=items,
        readers={reader.rep_id: reader for reader in READERS},
        names=merged("names"),
        contacts=by_account(rows("contacts")),
        orientations=dict.fromkeys(statuses, "sales_led"),
        promises=merged("promises")
        | {
            (company, "P-3"): Promise("P-3", Decimal(20000), code, date(2025, 7, 4))
            for company, code in (("CN", "CNY"), ("US", "USD"))
        },
        promise_states=merged("promise_states"),
        receipts=merged("receipts"),
        numbers={
            (key[0], each.document_id): f"INV{each.document_id[1:]}" for key, group in items.items() for each in group
        },
        companies={company.company_id: company for company in COMPANIES},
        targets=merged("targets"),
        terms=merged("terms"),
        policy=RULES,
        charges={(key[0], row.rep_id) for key, row in statuses.items()},
        flags=[*rows("flags"), Flag(*escalated, "stop_supply", "proposed", "stop_supply.late_and_large", "M-ZH")],
        warnings=rows("warnings"),
        changes=rows("changes"),
        ends=rows("ends"),
        goals=rows("goals"),
        handovers=rows("handovers"),
        recoveries=rows("recoveries") if day.weekday() == 0 else [],
        payments_complete_to=day - timedelta(days=1),
        ties_out=True,
    )


def first_night() -> Night:
    """A new customer base: nothing to compare with, no target, nobody knows whom to call yet."""
    night = morning(date(2025, 7, 1))
    tasks = [replace(row, first_listed_on=night.run.business_date) for row in night.tasks]
    return replace(
        night,
        tasks=tasks,
        changes=[],
        ends=[],
        goals=[],
        flags=[],
        warnings=[],
        contacts={},
        handovers=[],
        promise_states={},
    )
