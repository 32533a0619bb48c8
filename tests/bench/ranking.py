"""How the order of the lists compares with simpler ones: writes docs/ranking.md from one night of the demo ledger.

Three orders of the same tasks: by points, by amount alone, by days late alone. Each fills the same capacity of each
person; counted is what then stands in the lists of that day. Tasks of a customer count its money once.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

import duckdb

from huikuan.engine import duck
from huikuan.ledger.demo import generate
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY, PROJECT
from huikuan.warehouse.tables import RESULTS

PAGE = PROJECT / "docs" / "ranking.md"
NIGHT = date(2026, 9, 2)
WEEK_DAYS = 7
ORDERS = {
    "points": "is_planned DESC, points DESC, ask_functional DESC NULLS LAST",
    "amount alone": "ask_functional DESC NULLS LAST",
    "days late alone": "days_late DESC, ask_functional DESC NULLS LAST",
}
FIGURES = {
    "customers": "count(DISTINCT (company_id, account_id))",
    "broken promises chased": "count(*) FILTER (kind = 'chase_promise')",
    "customers untouched beyond the floor": "count(DISTINCT (company_id, account_id)) FILTER (is_floor)",
    "disputes": "count(*) FILTER (kind = 'resolve_dispute')",
    "first weeks late (M1)": "count(DISTINCT (company_id, account_id)) FILTER (stage = 'M1')",
}


def main() -> None:
    rows, money = measure()
    PAGE.write_text(page(rows, money), encoding="utf-8")
    sys.stdout.write(f"written: {PAGE.relative_to(PROJECT)}\n")


def measure() -> tuple[dict[str, list[int]], list[tuple[str, str, list[str]]]]:
    """Figures per order; money due this week per company and currency, one text per order."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, through=NIGHT - timedelta(days=1), accounts=400)
        inputs = duck.Inputs(
            business_date=NIGHT,
            policy=load_policy(DEFAULT_POLICY),
            ledger={path.stem: path for path in folder.glob("*.parquet")},
        )
        with duck.session(inputs, RESULTS) as connection:
            duck.run_models(connection, NIGHT)
            _lists(connection)
            chosen = ", ".join(FIGURES.values())
            found = {
                order: list(connection.execute(f"SELECT {chosen} FROM listed WHERE list = ?", [order]).fetchone() or ())
                for order in ORDERS
            }
            return found, _money(connection)


def _lists(connection: duckdb.DuckDBPyConnection) -> None:
    """The tasks of a day per order: as many as each person can do. Managers' own lists are left out."""
    tasks = """
        SELECT t.*, c.ask_functional, c.stage, f.days_past_due AS days_late,
               coalesce(r.daily_capacity, p.default_tasks) AS capacity
        FROM task AS t
        INNER JOIN task_candidate AS c USING (task_id)
        INNER JOIN account_fact AS f ON t.company_id = f.company_id AND t.account_id = f.account_id
        INNER JOIN ledger.rep AS r ON t.rep_id = r.rep_id
        CROSS JOIN policy.task_parameter AS p
        WHERE coalesce(r.role, 'rep') = 'rep'
    """
    parts = [
        f"SELECT '{name}' AS list, * FROM (SELECT *, row_number() OVER (PARTITION BY rep_id ORDER BY {order}, task_id)"
        f" AS place FROM ({tasks})) WHERE place <= capacity"
        for name, order in ORDERS.items()
    ]
    connection.execute(f"CREATE TABLE listed AS {' UNION ALL '.join(parts)}")


def _money(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, list[str]]]:
    """What is overdue or falls due within the week at the listed customers; currencies are never added up."""
    rows = connection.execute(
        f"""
        WITH due AS (
            SELECT company_id, account_id, currency, sum(collectable_amount) AS amount
            FROM open_item WHERE due_on < DATE '{NIGHT + timedelta(days=WEEK_DAYS)}' GROUP BY ALL
        ),
        customer AS (SELECT DISTINCT list, company_id, account_id FROM listed)
        SELECT company_id, currency, list, sum(amount) FROM customer INNER JOIN due USING (company_id, account_id)
        GROUP BY ALL ORDER BY ALL
        """
    ).fetchall()
    amounts = {(company, currency, name): amount for company, currency, name, amount in rows}
    keys = sorted({key[:2] for key in amounts})
    return [
        (company, currency, [f"{amounts.get((company, currency, name), 0):,.0f}" for name in ORDERS])
        for company, currency in keys
    ]


def _shares(money: list[tuple[str, str, list[str]]]) -> str:
    shares = [
        100 * int(amounts[0].replace(",", "")) / int(amounts[1].replace(",", ""))
        for _, _, amounts in money
        if amounts[1] != "0"
    ]
    return f"{min(shares):.0f} to {max(shares):.0f} %"


def page(rows: dict[str, list[int]], money: list[tuple[str, str, list[str]]]) -> str:
    head = " | ".join(ORDERS)
    lines = [
        "# What the order of the lists is worth",
        "",
        f"Written by `make docs` from one night ({NIGHT}) of the demo ledger with 400 customers. The same tasks,",
        "ordered in three ways, fill the same capacity of each rep; the columns say what stands in the lists of that",
        "day.",
        "",
        f"| in the lists of the day | {head} |",
        f"|---|{'---:|' * len(ORDERS)}",
        *(
            f"| {name} | {' | '.join(str(rows[order][place]) for order in ORDERS)} |"
            for place, name in enumerate(FIGURES)
        ),
        *(
            f"| {company}: {currency} overdue or due within {WEEK_DAYS} days | {' | '.join(amounts)} |"
            for company, currency, amounts in money
        ),
        "",
        f"Of the money that an order by amount alone puts into the day, points put in {_shares(money)}, company by",
        "company and currency by currency; what is left makes room for promises, disputes and customers nobody spoke",
        "to. An order by days late alone calls first those who have not paid for a year.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
