"""The account balances of one night, computed four ways from the same files, and timed side by side.

- ``models``: the project's models up to ``account_balance``, every rule included.
- ``bare``: DuckDB joining and grouping the same files, without instalment filling, netting, disputes or tie-out.
- ``pandas``: open amount per bucket and free credit, by merge, groupby and cumsum on plain floats.
- ``postgres``: the same figures in SQL on PostgreSQL 18, tables loaded and analysed beforehand.

Each way runs in a process of its own and prints its seconds, without imports and start-up.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

BUCKETS = {"not_due": (None, 0), "d1_30": (1, 30), "d31_60": (31, 60), "d61_90": (61, 90)}
BUCKETS |= {"d91_180": (91, 180), "d181_365": (181, 365), "d366_plus": (366, None)}
Figures = dict[str, float]


def by_models(folder: Path, day: date, *, every_model: bool = False) -> tuple[float, Figures]:
    from huikuan.engine import duck
    from huikuan.engine.graph import Model, load_models
    from huikuan.policy import load_policy
    from huikuan.settings import DEFAULT_POLICY
    from huikuan.warehouse.tables import RESULTS

    models = load_models()
    known = {model.name: model for model in models}

    def needed(name: str) -> set[str]:
        return {name}.union(*(needed(step) for step in known[name].inputs))

    wanted: list[Model] = [model for model in models if every_model or model.name in needed("account_balance")]
    inputs = duck.Inputs(day, load_policy(DEFAULT_POLICY), {path.stem: path for path in folder.glob("*.parquet")})
    with duck.session(inputs, RESULTS) as connection:
        started = time.perf_counter()
        shares: dict[str, float] = {}
        duck.run_models(connection, day, wanted, lambda name, _, seconds: shares.update({name: seconds}))
        seconds = time.perf_counter() - started
        sums = ", ".join(f"CAST(SUM({name}) AS DOUBLE)" for name in [*BUCKETS, "free_credit"])
        row = connection.execute(f"SELECT {sums} FROM account_balance").fetchone() or ()
    figures = dict(zip([*BUCKETS, "free_credit"], row, strict=True))
    return seconds, figures | ({f"seconds {name}": part for name, part in shares.items()} if every_model else {})


BARE = """
SELECT i.company_id, i.account_id, i.currency, {sums}, ANY_VALUE(f.free_credit) AS free_credit
FROM (
    SELECT d.company_id, d.account_id, d.currency, COALESCE(n.amount, d.amount) AS amount,
        date_diff('day', COALESCE(n.due_on, d.due_on), DATE '{as_of}') AS days
    FROM '{folder}/document.parquet' AS d
    LEFT JOIN '{folder}/instalment.parquet' AS n USING (company_id, document_id)
    LEFT JOIN (SELECT company_id, document_id, SUM(amount) AS amount FROM '{folder}/allocation.parquet'
        WHERE allocated_on <= DATE '{as_of}' GROUP BY ALL) AS a USING (company_id, document_id)
    WHERE d.issued_on <= DATE '{as_of}' AND d.kind <> 'credit_note' AND d.amount > COALESCE(a.amount, 0)
) AS i
LEFT JOIN (
    SELECT r.company_id, r.account_id, r.currency, SUM(r.amount - COALESCE(u.amount, 0)) AS free_credit
    FROM '{folder}/receipt.parquet' AS r
    LEFT JOIN (SELECT company_id, source_id, SUM(amount) AS amount FROM '{folder}/allocation.parquet'
        WHERE allocated_on <= DATE '{as_of}' GROUP BY ALL) AS u
        ON r.company_id = u.company_id AND r.receipt_id = u.source_id
    WHERE r.received_on <= DATE '{as_of}' GROUP BY ALL
) AS f USING (company_id, account_id, currency)
GROUP BY ALL
"""


def by_bare_duckdb(folder: Path, day: date) -> tuple[float, Figures]:
    import duckdb

    sums = ", ".join(
        f"SUM(amount) FILTER (WHERE {_condition('days', *bounds)}) AS {name}" for name, bounds in BUCKETS.items()
    )
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '2GB'")
        started = time.perf_counter()
        connection.execute(
            "CREATE TABLE balance AS " + BARE.format(sums=sums, folder=folder, as_of=day - timedelta(days=1))
        )
        return time.perf_counter() - started, {}


def by_pandas(folder: Path, day: date) -> tuple[float, Figures]:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    def read(table: str, *columns: str) -> Any:
        content = pq.read_table(folder / f"{table}.parquet", columns=["company_id", *columns])
        plain = [
            field.with_type(pa.float64() if pa.types.is_decimal(field.type) else field.type) for field in content.schema
        ]
        frame = content.cast(pa.schema(plain)).to_pandas()
        for name in columns:
            if name.endswith("_on"):
                frame[name] = pd.to_datetime(frame[name])
        return frame

    started = time.perf_counter()
    as_of = pd.Timestamp(day - timedelta(days=1))
    key = ["company_id", "document_id"]
    document = read("document", "document_id", "account_id", "kind", "issued_on", "currency", "amount", "due_on")
    document = document[document["issued_on"] <= as_of]
    part = read("instalment", "document_id", "seq", "due_on", "amount")
    applied = read("allocation", "source_kind", "source_id", "document_id", "amount", "allocated_on", "seq")
    applied = applied[applied["allocated_on"] <= as_of]
    receipt = read("receipt", "receipt_id", "account_id", "received_on", "currency", "amount")
    receipt = receipt[receipt["received_on"] <= as_of]

    owed = document[document["kind"] != "credit_note"]
    total = applied.groupby(key, as_index=False)["amount"].sum().rename(columns={"amount": "applied"})
    owed = owed.merge(total, on=key, how="left").fillna({"applied": 0.0})
    owed = owed[owed["amount"] - owed["applied"] > 0.00005]
    split = owed.drop(columns=["due_on", "amount"]).merge(part, on=key)
    whole = owed.merge(part[key].drop_duplicates().assign(is_split=True), on=key, how="left")
    whole = whole[whole["is_split"].isna()]
    whole = whole.assign(open_amount=whole["amount"] - whole["applied"])
    named = applied[applied["seq"].notna()].merge(split[key].drop_duplicates(), on=key)
    named = named.groupby([*key, "seq"], as_index=False)["amount"].sum().rename(columns={"amount": "named"})
    split = split.merge(named, on=[*key, "seq"], how="left").fillna({"named": 0.0})
    split["named"] = split[["named", "amount"]].min(axis=1)
    split = split.sort_values([*key, "due_on", "seq"])
    split["room"] = split["amount"] - split["named"]
    of_document = split.groupby(key)
    split["unnamed"] = split["applied"] - of_document["named"].transform("sum")
    split["through"] = of_document["room"].cumsum()
    split["open_amount"] = split[["room"]].assign(rest=split["through"] - split["unnamed"]).min(axis=1).clip(lower=0)
    columns = ["company_id", "account_id", "currency", "due_on", "open_amount"]
    item = pd.concat([whole[columns], split[columns]])
    item["days"] = (as_of - item["due_on"]).dt.days.clip(lower=0)
    edges = [-1, 0, 30, 60, 90, 180, 365, 10**6]
    item["bucket"] = pd.cut(item["days"], edges, labels=list(BUCKETS))
    balance = item.pivot_table(
        index=["company_id", "account_id", "currency"],
        columns="bucket",
        values="open_amount",
        aggfunc="sum",
        observed=False,
        fill_value=0.0,
    )
    used = applied[applied["source_kind"] != "write_off"]
    used = used.groupby(["company_id", "source_id"], as_index=False)["amount"].sum().rename(columns={"amount": "used"})
    note = document[document["kind"] == "credit_note"].rename(columns={"document_id": "receipt_id"})
    credit = pd.concat([receipt, note[["company_id", "receipt_id", "account_id", "currency", "amount"]]])
    credit = credit.merge(used, left_on=["company_id", "receipt_id"], right_on=["company_id", "source_id"], how="left")
    credit["free_credit"] = credit["amount"] - credit["used"].fillna(0.0)
    free = credit.groupby(["company_id", "account_id", "currency"])["free_credit"].sum()
    balance = balance.join(free, how="outer").fillna(0.0)
    seconds = time.perf_counter() - started
    return seconds, {str(name): float(balance[name].sum()) for name in balance.columns}


POSTGRES = """
CREATE TABLE pg_temp.balance AS
WITH applied AS (
    SELECT company_id, document_id, sum(amount) AS amount FROM allocation WHERE allocated_on <= '{as_of}' GROUP BY 1, 2
), owed AS MATERIALIZED (
    SELECT d.*, coalesce(a.amount, 0) AS applied FROM document AS d LEFT JOIN applied AS a USING (company_id, document_id)
    WHERE d.issued_on <= '{as_of}' AND d.kind <> 'credit_note' AND d.amount > coalesce(a.amount, 0)
), split AS MATERIALIZED (
    SELECT o.company_id, o.document_id, n.seq, o.account_id, o.currency, n.due_on, n.amount, o.applied
    FROM owed AS o JOIN instalment AS n USING (company_id, document_id)
), split_document AS (SELECT DISTINCT company_id, document_id FROM split),
named AS (
    SELECT company_id, document_id, seq, sum(amount) AS amount FROM allocation JOIN split_document USING (company_id, document_id)
    WHERE allocated_on <= '{as_of}' AND seq IS NOT NULL GROUP BY 1, 2, 3
), part AS (
    SELECT s.*, least(s.amount, coalesce(n.amount, 0)) AS named FROM split AS s LEFT JOIN named AS n USING (company_id, document_id, seq)
), filled AS (
    SELECT *, amount - named AS room, applied - sum(named) OVER (PARTITION BY company_id, document_id) AS unnamed,
        sum(amount - named) OVER (PARTITION BY company_id, document_id ORDER BY due_on, seq) AS through FROM part
), item AS (
    SELECT company_id, account_id, currency, due_on, least(room, through - unnamed) AS open_amount FROM filled
    WHERE room > 0 AND through > unnamed
    UNION ALL
    SELECT company_id, account_id, currency, due_on, amount - applied FROM owed AS o
    WHERE NOT EXISTS (SELECT FROM split_document AS s WHERE s.company_id = o.company_id AND s.document_id = o.document_id)
), used AS (
    SELECT company_id, source_id, sum(amount) AS amount FROM allocation
    WHERE allocated_on <= '{as_of}' AND source_kind <> 'write_off' GROUP BY 1, 2
), credit AS (
    SELECT company_id, account_id, currency, sum(c.amount - coalesce(u.amount, 0)) AS free_credit FROM (
        SELECT company_id, receipt_id AS source_id, account_id, currency, amount FROM receipt WHERE received_on <= '{as_of}'
        UNION ALL
        SELECT company_id, document_id, account_id, currency, amount FROM document
        WHERE kind = 'credit_note' AND issued_on <= '{as_of}'
    ) AS c LEFT JOIN used AS u USING (company_id, source_id) GROUP BY 1, 2, 3
), open AS (
    SELECT company_id, account_id, currency, {sums}
    FROM (SELECT *, greatest(DATE '{as_of}' - due_on, 0) AS days FROM item) AS i GROUP BY 1, 2, 3
)
SELECT company_id, account_id, currency, {names}, coalesce(c.free_credit, 0) AS free_credit
FROM open AS o FULL JOIN credit AS c USING (company_id, account_id, currency)
"""


def by_postgres(folder: Path, day: date) -> tuple[float, Figures]:  # noqa: ARG001 - the tables are loaded already
    import psycopg

    sums = ", ".join(
        f"coalesce(sum(open_amount) FILTER (WHERE {_condition('days', *bounds)}), 0) AS {name}"
        for name, bounds in BUCKETS.items()
    )
    names = ", ".join(f"coalesce(o.{name}, 0) AS {name}" for name in BUCKETS)
    text = POSTGRES.format(sums=sums, names=names, as_of=day - timedelta(days=1))
    with psycopg.connect(os.environ["BENCH_POSTGRES"], autocommit=True) as connection:
        connection.execute("SET work_mem = '512MB'")
        started = time.perf_counter()
        connection.execute(text)  # type: ignore[arg-type]
        seconds = time.perf_counter() - started
        sums = ", ".join(f"sum({name})::float8" for name in [*BUCKETS, "free_credit"])
        row = connection.execute(f"SELECT {sums} FROM pg_temp.balance").fetchone() or ()  # type: ignore[arg-type]
        return seconds, dict(zip([*BUCKETS, "free_credit"], row, strict=True))


def _condition(column: str, low: int | None, high: int | None) -> str:
    return " AND ".join(
        [*([f"{column} >= {low}"] if low is not None else []), *([f"{column} <= {high}"] if high is not None else [])]
    )


WAYS: dict[str, Callable[[Path, date], tuple[float, Figures]]] = {
    "models": by_models,
    "bare": by_bare_duckdb,
    "pandas": by_pandas,
    "postgres": by_postgres,
    "all_models": lambda folder, day: by_models(folder, day, every_model=True),
}

if __name__ == "__main__":
    took, found = WAYS[sys.argv[1]](Path(sys.argv[2]), date.fromisoformat(sys.argv[3]))
    sys.stdout.write(json.dumps({"seconds": took, "figures": found}))
