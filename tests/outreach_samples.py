"""A morning as the outreach room sees it: in memory, for tests of wording and layout; or laid into lake and warehouse.

A rep who reads Chinese, one who reads English, a third with nothing to do, their manager, the data owner, and a lawyer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import copyfile
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import duckdb

from huikuan.columns import duckdb_type
from huikuan.ledger.contract import LEDGER
from huikuan.night import lake as lakes
from huikuan.outreach.rows import (
    AccountKey,
    Balance,
    Cap,
    Company,
    Contact,
    EarlyWarning,
    Flag,
    Item,
    Night,
    Promise,
    PromiseState,
    Proposal,
    Reader,
    Run,
    Status,
    Task,
    by_account,
)
from huikuan.policy import load_policy
from huikuan.policy.outreach import OutreachPolicy
from huikuan.settings import DEFAULT_POLICY
from huikuan.warehouse.connect import connect
from huikuan.warehouse.fence import step
from huikuan.warehouse.publish import RunRecord, publish, record_stopped
from huikuan.warehouse.tables import BUCKETS, RESULTS

DAY = date(2025, 7, 1)
AS_OF = DAY - timedelta(days=1)
WRITTEN_AT = datetime(2025, 6, 30, 23, 5, tzinfo=UTC)
MORNING = datetime(2025, 7, 1, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai
POLICY = OutreachPolicy(
    sender="huikuan@example.test",
    domain="example.test",
    timezone="Asia/Shanghai",
    send_from=time(7),
    send_until=time(20),
    max_mails=500,
)
RULES = load_policy(DEFAULT_POLICY)
"""The policy of the run."""
READERS = [
    Reader("R-LI", "李伟", "li.wei@example.test", "zh_CN", "M-CHEN", "rep", True),
    Reader("R-ANNA", "Anna Berg", "anna.berg@example.test", "en", "M-CHEN", "rep", True),
    Reader("R-IDLE", "Tom Idle", "tom.idle@example.test", "en", "M-CHEN", "rep", True),
    Reader("R-LEFT", "Gone Away", "gone@example.test", "en", "M-CHEN", "rep", False),
    Reader("M-CHEN", "陈静", "chen.jing@example.test", "zh_CN", None, "manager", True),
    Reader("F-DATA", "Dana Owner", "dana@example.test", "en", None, "finance", True),
    Reader("L-WU", "吴敏", "wu.min@example.test", "zh_CN", None, "legal", True),
]
COMPANIES = [
    Company("CN", "恒启机电（上海）有限公司", "CNY", "CN", "Asia/Shanghai"),
    Company("US", "Northgate Industrial Inc.", "USD", "US", "Asia/Shanghai"),
]
NAMES = {
    ("CN", "A-100"): "杭州钱塘机电设备有限公司",
    ("CN", "A-101"): "苏州工业园区𠮷田精密仪器有限公司",
    ("CN", "A-102"): "Ningbo Harbour Trading & Logistics (Holdings) Co., Ltd.",
    ("CN", "A-103"): "合肥市政务服务管理局",
    ("US", "B-200"): "Brightwater Foods Inc.",
    ("US", "B-201"): "O'Neill <Marine> Supplies",
    ("US", "B-202"): "Nobody's Customer GmbH",
}


def run_record(**changes: Any) -> Run:
    """The run of DAY with an open gate."""
    run = Run("20250701-0123456789ab", DAY, AS_OF, "20250701-s1", "open", [], False, "published", RULES.hash)
    return replace(run, **changes)


def task(
    rep_id: str | None,
    key: AccountKey,
    kind: str,
    rank: int,
    ask: str | None,
    currency: str | None,
    subject: str | None = None,
    **changes: Any,
) -> Task:
    """A task whose id is a function of what it is about."""
    row = Task(
        str(uuid5(NAMESPACE_URL, f"{key}{kind}{subject}")),
        rep_id,
        *key,
        kind,
        rank,
        Decimal(ask) if ask else None,
        currency,
        DAY + timedelta(days={"resolve_dispute": 3, "escalate": 1}.get(kind, 0)),
        DAY - timedelta(days=2),
        subject,
        pay_on=DAY + timedelta(days=3) if ask else None,
    )
    return replace(row, **changes)


def status(key: AccountKey, rep_id: str | None, stage: str, previous: str | None, days: int) -> Status:
    """Where one account stands."""
    return Status(*key, rep_id, stage, previous, "C", stage == "M3", DAY - timedelta(days=days) if days else None)


def item(key: AccountKey, number: int, amount: str, currency: str, days: int, disputed: str = "0") -> Item:
    """One overdue instalment."""
    return Item(
        *key,
        f"D-{key[1]}-{number}",
        1,
        currency,
        DAY - timedelta(days=days),
        Decimal(amount).quantize(Decimal("0.0001")),
        Decimal(disputed).quantize(Decimal("0.0001")),
        days,
    )


def balance(key: AccountKey, currency: str, overdue: str, days: int) -> Balance:
    """What is overdue in one currency."""
    amount = Decimal(overdue).quantize(Decimal("0.0001"))
    return Balance(*key, currency, amount, days, collectable_amount=3 * amount)


def sample_night(run: Run | None = None) -> Night:
    """The morning that most tests look at."""
    a100, a101, a102, a103 = (("CN", f"A-10{n}") for n in range(4))
    b200, b201, b202 = (("US", f"B-20{n}") for n in range(3))
    items = [
        item(a100, 1, "480000", "CNY", 64),
        item(a100, 2, "800000.5", "CNY", 33),
        item(a100, 3, "1", "CNY", 12),
        item(a100, 4, "3500.4", "CNY", 5),
        item(a101, 1, "68200", "CNY", 8),
        item(a102, 1, "150000", "JPY", 41),
        item(a102, 2, "9800", "USD", 12),
        item(b200, 1, "12000", "USD", 34),
        item(b201, 1, "430.25", "USD", 3, "200"),
        item(b202, 1, "7300", "EUR", 20),
    ]
    tasks = [
        task("R-LI", a101, "chase_promise", 1, "68200", "CNY", "P-1"),
        task("R-LI", a100, "call", 2, "1283501.9", "CNY"),
        task("R-LI", a102, "call", 3, "150000", "JPY"),
        task("R-LI", a103, "call", 4, None, None),
        task("R-ANNA", b200, "call", 1, "12000", "USD"),
        task("R-ANNA", b201, "resolve_dispute", 2, "200", "USD", "DIS-1"),
        task("M-CHEN", a100, "escalate", 1, "1283501.9", "CNY"),
        task(None, b202, "call", 1, "7300", "EUR"),
    ]
    return Night(
        run=run or run_record(),
        tasks=sorted(tasks, key=lambda row: (row.rank, row.task_id)),
        statuses={
            (row.company_id, row.account_id): row
            for row in (
                status(a100, "R-LI", "M3", "M2", 64),
                status(a101, "R-LI", "M1", "M1", 8),
                status(a102, "R-LI", "M2", "M2", 41),
                status(a103, "R-LI", "M0", None, 0),
                status(b200, "R-ANNA", "M2", "M1", 34),
                status(b201, "R-ANNA", "M1", None, 3),
                status(b202, None, "M1", "M1", 20),
            )
        },
        balances=by_account(
            [
                balance(a100, "CNY", "1283501.9", 64),
                balance(a101, "CNY", "68200", 8),
                balance(a102, "JPY", "150000", 41),
                balance(a102, "USD", "9800", 12),
                balance(b200, "USD", "12000", 34),
                balance(b201, "USD", "230.25", 3),
                balance(b202, "EUR", "7300", 20),
            ]
        ),
        items=by_account(sorted(items, key=lambda row: (row.due_on, row.document_id, row.seq))),
        reasons={},
        readers={reader.rep_id: reader for reader in READERS},
        names=dict(NAMES),
        contacts=by_account(
            [
                Contact(*a100, "C-1", "decision_maker", "王总", None),
                Contact(*a100, "C-2", "payer", "方晓燕", "0571-8888 6666"),
                Contact(*a101, "C-3", "payer", "吉田", "+86 512 6270 0000"),
                Contact(*b200, "C-4", "payer", "Maria Lopez", "+1 (415) 555-0100"),
                Contact(*b201, "C-5", "acceptor", "Sean O'Neill", None),
            ]
        ),
        promises={("CN", "P-1"): Promise("P-1", Decimal("68200.0000"), "CNY", date(2025, 6, 25))},
        disputed_documents={("US", "DIS-1"): "D-B-201-1"},
        numbers={(row.company_id, row.document_id): f"INV-{row.document_id[2:]}" for row in items},
        companies={company.company_id: company for company in COMPANIES},
        policy=RULES,
        charges={("CN", "R-LI"), ("US", "R-ANNA"), ("US", None)},
        payments_complete_to=AS_OF,
        ties_out=True,
    )


def eventful_night(run: Run | None = None) -> Night:
    """The same morning with sanctions held back, to approve and ended, with warnings and an insolvent customer."""
    night = sample_night(run)
    a100, a101, a102, a103, a104 = (("CN", f"A-10{n}") for n in range(5))
    b200, b201, b202 = (("US", f"B-20{n}") for n in range(3))
    claim = task("L-WU", a104, "file_claim", 1, "96000", "CNY")
    return replace(
        night,
        tasks=sorted([*night.tasks, claim], key=lambda row: (row.rank, row.task_id)),
        statuses=night.statuses | {a104: status(a104, "R-LI", "M4", "M4", 200)},
        names=night.names | {a104: "宁波甬江重工有限公司"},
        contacts=night.contacts
        | {
            a104: [
                Contact(*a104, "C-6", "payer", "老板", "123456"),
                Contact(*a104, "C-7", "other", "管理人", "0574-1234567"),
            ]
        },
        flags=[
            Flag(*a100, "stop_supply", "proposed", "stop_supply.late_and_large", "M-CHEN"),
            Flag(*a102, "terminate_authorization", "proposed", "terminate_authorization.late_and_large", None),
            Flag(*a103, "stop_supply", "released", "release.payment", None),
            Flag(*a104, "legal_referral", "proposed", "legal_referral.insolvent", "M-CHEN"),
            Flag(*b200, "stop_service", "proposed", "stop_service.late_and_large", "M-CHEN"),
            Flag(*b201, "reputation_notice", "released", "release.promise", None),
            Flag(*b201, "stop_supply", "released", "release.promise", None),
            Flag(*b202, "stop_supply", "released", "release.write_off", None),
        ],
        caps=[Cap("CN", "proposed", 37, Decimal("12.34"), Decimal("5200000.0000"), Decimal("41.50"))],
        warnings=[
            EarlyWarning(*a101, "limit_nearly_used", "warning.limit_nearly_used"),
            EarlyWarning(*b200, "grade_worsened_twice", "warning.grade_worsened_twice"),
            EarlyWarning(*b201, "something_new", "warning.of_a_later_policy"),
        ],
    )


OPENED_AT = WRITTEN_AT
BATCH_ID = "20250701-0f1e2d3c4b"
CONTENT_HASH = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"


def proposal(key: AccountKey, position: int, flag: str, **changes: Any) -> Proposal:
    """A line of the batch of M-CHEN."""
    row = Proposal(
        batch_id=BATCH_ID,
        content_hash=CONTENT_HASH,
        approver_id="M-CHEN",
        opened_at=OPENED_AT,
        position=position,
        company_id=key[0],
        account_id=key[1],
        flag=flag,
        reason=f"{flag}.late_and_large",
        proposed_by="policy:2026.2",
        proposed_since=DAY,
        stage="M3",
        risk_grade="D",
        overdue_functional=Decimal("1283501.9000"),
        currency="CNY",
        days_past_due=64,
        evidence="contact_log:L-1",
        evidence_on=date(2025, 6, 20),
    )
    return replace(row, **changes)


def asking_night(run: Run | None = None) -> Night:
    """The eventful morning with the batch of M-CHEN: the proposals that name this approver."""
    claim = {"evidence": "account:insolvent", "evidence_on": None, "stage": "M4", "days_past_due": 200}
    claim |= {"overdue_functional": None, "reason": "legal_referral.insolvent"}
    abroad = {"evidence": "flag:stop_supply", "overdue_functional": Decimal("12000.0000"), "currency": "USD"}
    return replace(
        eventful_night(run),
        proposals=[
            proposal(("CN", "A-100"), 1, "stop_supply"),
            proposal(("US", "B-200"), 2, "stop_service", days_past_due=34, stage="M2", proposed_by="R-ANNA", **abroad),
            proposal(("CN", "A-104"), 3, "legal_referral", **claim),
        ],
    )


def lay_batch(url: str, run_id: str, proposals: Sequence[Proposal], opened_at: datetime | None = None) -> None:
    """Open batches with these lines, as the desk does."""
    batches = {row.batch_id: row for row in proposals}
    with connect(url, "desk") as connection:
        for batch_id, row in batches.items():
            lines = [each for each in proposals if each.batch_id == batch_id]
            connection.execute(
                "INSERT INTO store.referral_batch VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [batch_id, DAY, run_id, row.approver_id, row.content_hash, len(lines), opened_at or row.opened_at],
            )
        for row in proposals:
            values = asdict(row)
            for of_the_batch in ("content_hash", "approver_id", "opened_at"):
                del values[of_the_batch]
            marks = ", ".join(f"%({name})s" for name in values)
            connection.execute(f"INSERT INTO store.referral_item ({', '.join(values)}) VALUES ({marks})", values)
        connection.commit()


def lay_decision(url: str, row: Proposal, choice: str = "approved") -> None:
    """The answer to one line."""
    with connect(url, "desk") as connection:
        connection.execute(
            """
            INSERT INTO store.referral_decision (
                batch_id, company_id, account_id, flag, choice, proposed_by, decided_by, decided_on, decided_at,
                content_hash, via
            )
            VALUES (
                %(batch_id)s, %(company_id)s, %(account_id)s, %(flag)s, %(choice)s, %(proposed_by)s, %(approver_id)s,
                %(day)s, %(opened_at)s, %(content_hash)s, 'command'
            )
            """,
            asdict(row) | {"choice": choice, "day": DAY},
        )
        connection.commit()


def lay_snapshot(lake: Path, night: Night, snapshot_id: str | None = None) -> Path:
    """Write the ledger tables that the outreach room reads, in the contract's form, with a manifest."""
    folder = lake / "snapshots" / night.run.business_date.isoformat() / (snapshot_id or night.run.snapshot_id)
    folder.mkdir(parents=True)
    day = night.run.business_date
    accounts = [
        {"company_id": key[0], "account_id": key[1], "name": name, "orientation": night.orientations.get(key)}
        for key, name in night.names.items()
    ]
    documents = [
        {"company_id": company, "document_id": document, "number": number, "account_id": "?", "kind": "invoice"}
        | {"issued_on": day, "currency": "CNY", "amount": Decimal(1)}
        for (company, document), number in night.numbers.items()
    ]
    tables: dict[str, list[dict[str, Any]]] = {
        "company": [asdict(company) for company in night.companies.values()],
        "rep": [asdict(reader) for reader in night.readers.values()],
        "account": accounts,
        "contact": [asdict(contact) for people in night.contacts.values() for contact in people],
        "promise": [
            {"company_id": company, "account_id": "?", "made_on": day, **asdict(promise)}
            for (company, _), promise in night.promises.items()
        ],
        "dispute": [
            {"company_id": company, "dispute_id": dispute, "document_id": document, "opened_on": day}
            | {"reason_code": night.dispute_reasons.get((company, dispute))}
            for (company, dispute), document in night.disputed_documents.items()
        ],
        "document": documents,
        "receipt": [
            {"company_id": company, "receipt_id": receipt_id, "account_id": "?", **asdict(receipt)}
            for (company, receipt_id), receipt in night.receipts.items()
        ],
    }
    if night.payments_complete_to:
        tables["load_log"] = [{"table_name": "receipt", "complete_through": night.payments_complete_to}]
    for name, rows in tables.items():
        columns = [(column.name, duckdb_type(column)) for column in LEDGER.tables[name].columns]
        _parquet(folder / f"{name}.parquet", columns, rows)
    (folder / "manifest.json").write_text("{}")
    return folder


def lay_quality(lake: Path, night: Night) -> Path:
    """Write the results of validation of the night's run."""
    folder = lake / "runs" / night.run.business_date.isoformat() / night.run.run_id / "quality"
    folder.mkdir(parents=True)
    compared = [] if night.ties_out is None else [("gate.tie_out", int(not night.ties_out))]
    rules = [asdict(rule) for rule in night.rules] + [
        {"rule_id": rule_id, "severity": "warning", "table_name": "control_total", "failed_count": failed}
        | {"total_count": 3, "description": "Open less free credit equals the general ledger."}
        for rule_id, failed in compared
    ]
    text = ("VARCHAR",)
    _parquet(
        folder / "data_quality.parquet",
        [
            *((name, *text) for name in ("rule_id", "severity", "table_name")),
            ("failed_count", "BIGINT"),
            ("total_count", "BIGINT"),
            ("description", "VARCHAR"),
        ],
        rules,
    )
    _parquet(
        folder / "quarantine.parquet",
        [("row_number", "BIGINT"), *((name, *text) for name in ("table_name", "rule_id", "row", "reason"))],
        [{"row": "{}", **asdict(row)} for row in night.quarantined],
    )
    return folder


def publish_night(url: str, lake: Path, night: Night, beside: dict[str, list[dict[str, Any]]] | None = None) -> None:
    """Put the night's rows where a real night leaves them: lake and warehouse; ``beside`` are rows no mail shows."""
    if not (lake / "snapshots" / night.run.business_date.isoformat() / night.run.snapshot_id).exists():
        lay_snapshot(lake, night)
    lay_quality(lake, night)
    run = night.run
    record = RunRecord(previous_run_id=None, policy_version="t", code_version="t", counts={}, **asdict(run))
    with step(url, run.business_date, "publish", inputs=run.run_id) as attempt:
        if run.status == "stopped":
            record_stopped(url, attempt, record)
            return
        folder = lakes.run_folder(lake, run.run_id) / "tables"
        folder.mkdir(parents=True)
        copyfile(DEFAULT_POLICY, folder.parent / "policy.yaml")
        publish(
            url, attempt, record, {name: _result(folder, name, night, (beside or {}).get(name, [])) for name in RESULTS}
        )


def _result(folder: Path, name: str, night: Night, beside: list[dict[str, Any]]) -> Path:
    rows: dict[str, Iterable[Any]] = {
        "task": night.tasks,
        "account_status": night.statuses.values(),
        "account_balance": [row for rows in night.balances.values() for row in rows],
        "open_item": [row for rows in night.items.values() for row in rows],
        "account_flag": night.flags,
        "sanction_cap": night.caps,
        "early_warning": night.warnings,
        "account_change": night.changes,
        "task_end": night.ends,
        "handover": night.handovers,
        "promise_status": [asdict(row) | {"account_id": _who(night, row)} for row in night.promise_states.values()],
        "target_gap": _targets(night),
        "terms_advice": night.terms.values(),
    }
    filler: dict[str, dict[str, Any]] = {
        "task": {"points": 10},
        "account_status": {"segment": "standard", "risk_score": 40},
        "account_balance": dict.fromkeys(
            ("open_amount", "free_credit", "net_amount", "credit_balance", "disputed_amount", "collectable_amount"), 0
        )
        | dict.fromkeys(BUCKETS, 0),
        "open_item": dict.fromkeys(("amount", "open_amount", "net_amount", "days_past_due_as_of"), 0)
        | {"stage": "M1", "bucket": "d1_30", "is_retention": False},
        "account_flag": {"since": night.run.business_date, "is_held": False},
        "sanction_cap": {"is_over": True},
        "early_warning": {"since": night.run.business_date},
        "task_end": {"first_listed_on": night.run.business_date - timedelta(days=1)},
        "promise_status": {
            "state": "broken",
            "currency": "CNY",
            "amount": 1,
            "promised_for": night.run.business_date,
        },
    }
    run = {"business_date": night.run.business_date, "run_id": night.run.run_id, "as_of": night.run.as_of}
    columns = [(column.name, duckdb_type(column)) for column in RESULTS[name].columns]
    path = folder / f"{name}.parquet"
    found = [row if isinstance(row, dict) else asdict(row) for row in rows.get(name, [])] + beside
    _parquet(path, columns, [filler.get(name, {}) | row | run for row in found])
    return path


def _who(night: Night, state: PromiseState) -> str:
    """The account that made a promise: a task says so."""
    about = ((task.company_id, task.subject_id, task.account_id) for task in night.tasks)
    return next(account for *promise, account in about if promise == [state.company_id, state.promise_id])


def _targets(night: Night) -> list[dict[str, Any]]:
    """One row per goal, on some account of the person in charge: the views sum them up again."""
    none = {"received": 0, "planned_uplift": 0, "uncovered": 0}
    rows: list[dict[str, Any]] = [
        none | asdict(row) | {"month": goal.month} for goal in night.goals[:1] for row in night.targets.values()
    ]
    for goal in night.goals:
        key = next(key for key, status in night.statuses.items() if status.rep_id == goal.rep_id)
        row = {name: getattr(goal, name) for name in ("month", "currency", "target", "committed", "received", "gap")}
        for other in night.targets.values():
            owner = night.statuses[other.company_id, other.account_id].rep_id
            if (owner, other.currency) == (goal.rep_id, goal.currency):
                row |= {name: row[name] - getattr(other, name) for name in ("target", "committed", "gap")}
        rows.append(none | row | {"company_id": key[0], "account_id": key[1]})
    return rows


def _parquet(path: Path, columns: Sequence[tuple[str, str]], rows: Sequence[dict[str, Any]]) -> None:
    """Write rows with exactly these columns; keys that a row lacks are null."""
    shape = ", ".join(f'"{name}" {kind}' for name, kind in columns)
    with duckdb.connect() as duck:
        duck.execute(f"CREATE TABLE t ({shape})")
        for row in rows:
            values = [row.get(name) for name, _ in columns]
            duck.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(columns))})", values)
        duck.execute(f"COPY t TO '{path}' (FORMAT parquet)")
