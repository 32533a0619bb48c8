"""The why page of one account in a terminal: sections in the order in which the night decides.

Ledger text is data: it passes ``clean``, which leaves no character that could move a cursor, and it is printed as plain
text, never as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from huikuan.columns import key_columns
from huikuan.ledger.contract import INPUTS
from huikuan.referrals.why import FACTS
from huikuan.referrals.why_replay import Row
from huikuan.referrals.why_sentences import change_sentences, person
from huikuan.referrals.why_terms import Terms
from huikuan.wording import Wording, clean

CATALOGUE = "why"
_MOST_ROWS = 30
_MONEY = frozenset({"overdue_functional", "exposure_functional", "credit_limit"})
_GATE_COLOURS = {"open": "green", "no_contact": "yellow", "stop": "red"}


@dataclass(frozen=True)
class _Page:
    """Where it is printed, and in which language."""

    console: Console
    wording: Wording
    terms: Terms

    def section(self, title: str) -> None:
        self.console.print()
        self.console.rule(Text(title, style="bold"), align="left", style="dim")

    def say(self, line: str, style: str = "") -> None:
        self.console.print(Padding(Text(line, style=style), (0, 0, 0, 2)))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> None:
        """Rows under headings of both languages; nothing when there are none. At most ``_MOST_ROWS`` of them."""
        found = list(rows)
        if not found:
            return
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
        for column in columns:
            heading = Text("\n".join(self.terms.both(column)))
            table.add_column(heading, justify="right" if column in right else "left", overflow="fold")
        for row in found[:_MOST_ROWS]:
            table.add_row(*(value if isinstance(value, Text) else Text(_shown(value)) for value in row))
        self.console.print(Padding(table, (0, 0, 0, 2)))
        if len(found) > _MOST_ROWS:
            rest = self.wording.number(len(found) - _MOST_ROWS)
            self.say(self.wording.text("… and %(rest)s more: --json shows all", rest=rest), "dim")

    def money(self, amount: Decimal | None, currency: str) -> str:
        return "–" if amount is None else self.wording.money(amount, currency)

    def day(self, day: date | None) -> str:
        return "–" if day is None else day.isoformat()


def show(facts: Mapping[str, Any], console: Console, locale: str) -> None:
    """Print the whole chain."""
    page = _Page(console, Wording(locale, CATALOGUE), Terms(locale))
    _header(page, facts)
    _items(page, facts)
    _facts(page, facts)
    _rules(page, facts)
    _ladder(page, facts)
    _tasks(page, facts)
    _changes(page, facts)
    _check(page, facts)


# --- 1 header --------------------------------------------------------------------------------------------------------


def _header(page: _Page, facts: Mapping[str, Any]) -> None:
    header, run, terms = facts["header"], facts["run"], page.terms
    page.section(f"{terms('why')}  {clean(header['account_id'], 40)}  {clean(header['name'])}")
    policy = f"{clean(run['policy_version'], 40)} ({run['policy_hash'][:12]})"
    if header["variant"]:
        policy += page.wording.text(", with overrides for this company or segment")
    lines = {
        "company": f"{clean(header['company_id'], 40)} {clean(header['company_name'])}",
        "rep": _rep(page, facts),
        "segment": ", ".join(terms(each) for each in (header["segment"], header["status"]) if each != "active"),
        "business date": f"{run['business_date']}  {terms('as-of')} {run['as_of']}",
        "run": f"{run['run_id']}  {terms('snapshot')} {run['snapshot_id']}",
        "policy": policy,
    }
    grid = _grid()
    for term, value in lines.items():
        grid.add_row(Text(terms(term), style="dim"), Text(value))
    grid.add_row(Text(terms("gate"), style="dim"), Text(terms(run["gate"], "gate"), style=_GATE_COLOURS[run["gate"]]))
    for reason in run["gate_reasons"]:
        grid.add_row("", Text(clean(reason["zh" if page.wording.locale == "zh_CN" else "en"], 400), style="yellow"))
    page.console.print(Padding(grid, (0, 0, 0, 2)))
    if run["found_in"] == "lake":
        note = clean(run["note"], 300)
        page.say(page.wording.text("Found through the lake, not the warehouse: %(note)s", note=note), "yellow")


def _rep(page: _Page, facts: Mapping[str, Any]) -> str:
    header = facts["header"]
    if header["rep_id"] is None:
        return page.wording.text("nobody is in charge")
    name = person(header["rep_id"], facts)
    return name if header["is_rep_active"] else page.wording.text("%(name)s, who has left", name=name)


# --- 2 items ---------------------------------------------------------------------------------------------------------


def _items(page: _Page, facts: Mapping[str, Any]) -> None:
    page.section(f"{page.terms('items')}  {_balance_words(page, facts['balances'])}")
    money = ("amount", "open", "credit", "net", "disputed", "collectable")
    page.table(
        ("document", "due", "days/as-of", "stage, bucket", "currency", *money, "counts"),
        [_item(page, row) for row in facts["items"]],
        right=(*money, "days/as-of"),
    )
    if not facts["items"]:
        page.say(page.wording.text("Nothing is open."))
    _credits(page, facts)
    _disputes(page, facts)
    _promises(page, facts)
    _quarantine(page, facts)


def _balance_words(page: _Page, balances: Sequence[Row]) -> str:
    """Net and overdue per currency; amounts of two currencies are never added."""
    words = [
        f"{row['currency']} {page.terms('net')} {page.money(row['net_amount'], row['currency'])}"
        f" · {page.terms('overdue')} {page.money(row['overdue_amount'], row['currency'])}"
        + (
            f" · {page.terms('credit balance')} {page.money(row['credit_balance'], row['currency'])}"
            if row["credit_balance"]
            else ""
        )
        for row in balances
    ]
    return "; ".join(words)


def _item(page: _Page, row: Row) -> list[object]:
    credit = row["linked_credit"] + row["free_credit_used"]
    amounts = [row["amount"], row["open_amount"], credit, row["net_amount"]]
    amounts += [row["disputed_amount"], row["collectable_amount"]]
    days = f"{row['days_past_due']}/{row['days_past_due_as_of']}"
    return [
        _document(row) + (f"/{row['seq']}" if row["seq"] > 1 else "") + (" 质保金" if row["is_retention"] else ""),
        page.day(row["due_on"]),
        days,
        f"{row['stage']} {row['bucket']}",
        row["currency"],
        *(page.money(amount, row["currency"]) for amount in amounts),
        _mark(row["is_counted"]),
    ]


def _credits(page: _Page, facts: Mapping[str, Any]) -> None:
    if not (facts["credits"] or facts["consumption"]):
        return
    _title(page, page.terms("credits"))
    page.table(
        ("source", "dated", "currency", "amount", "linked to"),
        [
            [
                f"{page.terms(row['source_kind'])} {clean(row['number'] or row['source_id'], 40)}",
                page.day(row["dated_on"]),
                row["currency"],
                page.money(row["amount"], row["currency"]),
                row["linked_number"] or row["linked_document_id"],
            ]
            for row in facts["credits"]
        ],
        right=("amount",),
    )
    page.table(
        ("consumption", "by", "currency", "amount"),
        [
            [
                _document(row) + (f"/{row['seq']}" if row["seq"] > 1 else ""),
                page.terms(row["consumed_by"]),
                row["currency"],
                page.money(row["amount"], row["currency"]),
            ]
            for row in facts["consumption"]
        ],
        right=("amount",),
    )


def _disputes(page: _Page, facts: Mapping[str, Any]) -> None:
    if facts["disputes"]:
        _title(page, page.terms("disputes"))
    page.table(
        ("dispute", "document", "opened", "currency", "amount", "disputed", "reason", "owner", "deadline"),
        [
            [
                row["dispute_id"],
                _document(row),
                page.day(row["opened_on"]),
                row["currency"],
                page.wording.text("all of it") if row["amount"] is None else page.money(row["amount"], row["currency"]),
                page.money(row["document_disputed_amount"], row["currency"]),
                row["reason_code"],
                person(row["owner_rep_id"], facts),
                Text(page.day(row["resolve_by"]), style="red" if row["is_late"] else ""),
            ]
            for row in facts["disputes"]
        ],
        right=("amount", "disputed"),
    )


def _promises(page: _Page, facts: Mapping[str, Any]) -> None:
    if facts["promises"]:
        _title(page, page.terms("promises"))
    page.table(
        ("promise", "document", "made", "for", "judged", "currency", "amount", "received", "state", "level"),
        [
            [
                row["promise_id"],
                _document(row) if row["document_id"] else page.terms("account"),
                page.day(row["made_on"]),
                page.day(row["promised_for"]),
                page.day(row["judged_on"]),
                row["currency"],
                page.money(row["amount"], row["currency"]),
                page.money(row["received_amount"], row["currency"]),
                page.terms(row["state"], "promise"),
                row["level"],
            ]
            for row in facts["promises"]
        ],
        right=("amount", "received"),
    )


def _quarantine(page: _Page, facts: Mapping[str, Any]) -> None:
    if facts["quarantine"]:
        _title(page, page.terms("quarantine"))
    page.table(
        ("table", "row", "rule", "reason"),
        [
            [row["table_name"], _quarantined(row), row["rule_id"], clean(row["reason"], 200)]
            for row in facts["quarantine"]
        ],
    )


def _quarantined(row: Row) -> str:
    """The row's own key as far as it has one, and its number in the snapshot's file."""
    keys = [key for key in key_columns(INPUTS[row["table_name"]]) if key != "company_id"]
    named = "/".join(clean(str(row["row"][key]), 40) for key in keys if row["row"].get(key) is not None)
    return f"{named} #{row['row_number']}"


# --- 3 facts ---------------------------------------------------------------------------------------------------------


def _facts(page: _Page, facts: Mapping[str, Any]) -> None:
    page.section(page.terms("facts"))
    currency = facts["header"]["functional_currency"]
    grid = _grid(4)
    for group, names in FACTS.items():
        known = facts["facts"][group]
        cells = [cell for fact in names for cell in (Text(page.terms(fact)), _fact(page, fact, known[fact], currency))]
        grid.add_row(Text(page.terms(group), style="bold"))
        for place in range(0, len(cells), 4):
            grid.add_row(*cells[place : place + 4])
    page.console.print(Padding(grid, (0, 0, 0, 2)))


def _fact(page: _Page, fact: str, value: Any, currency: str) -> Text:
    """A value as people read it; what is not known says so and is never 0."""
    if value is None:
        if fact == "credit_limit":
            return Text(page.wording.text("no limit agreed"))
        return Text(page.terms("unknown"), style="dim")
    if isinstance(value, bool):
        return Text(page.terms("yes" if value else "no"))
    if isinstance(value, date):
        return Text(page.day(value))
    if isinstance(value, str):
        return Text(page.terms(value, "account"))
    number = Decimal(str(value))
    if fact in _MONEY:
        return Text(f"{currency} {page.wording.money(number, currency)}")
    return Text(page.wording.quantity(number) + ("%" if fact.endswith("_pct") else ""))


# --- 4 rules ---------------------------------------------------------------------------------------------------------


def _rules(page: _Page, facts: Mapping[str, Any]) -> None:
    status = facts["status"]
    page.section(
        f"{page.terms('rules')}  {page.terms('stage')} {status['stage']} · {page.terms('risk grade')} "
        f"{status['risk_grade']} ({status['risk_score']})"
    )
    _scorecard(page, facts)
    for decision, term in (("pattern", "pattern"), ("arrears_nature", "arrears nature")):
        decided = [rule for rule in facts["rules"] if rule["decision"] == decision]
        outcome = status[decision]
        _title(page, f"{page.terms(term)}: {page.terms(outcome or 'none')}")
        for rule in _up_to_the_first(decided):
            _rule(page, rule)
    raised = {row["warning"]: row for row in facts["warnings"]}
    _title(page, f"{page.terms('warnings')}: {', '.join(map(page.terms, raised)) or page.terms('none')}")
    for rule in facts["rules"]:
        if rule["decision"] == f"warning:{rule['outcome']}" and rule["holds"]:
            since = page.day(raised[rule["outcome"]]["since"]) if rule["outcome"] in raised else "–"
            _rule(page, rule, f"  {page.terms('since')} {since}")


def _scorecard(page: _Page, facts: Mapping[str, Any]) -> None:
    status = facts["status"]
    lines = [
        [page.terms(row["fact"]), _score_value(page, row), row["band"], row["points"]] for row in facts["scorecard"]
    ]
    band = next((row for row in facts["grades"] if row["grade"] == status["risk_grade"]), None)
    bounds = f"{_end(band['over'], '–∞')} < … ≤ {_end(band['up_to'], '∞')}" if band else ""
    total = Text(f"= {status['risk_score']}", style="bold")
    lines.append([Text(f"{page.terms('risk grade')} {status['risk_grade']}", style="bold"), "", bounds, total])
    page.table(("scorecard", "value", "band", "points"), lines, right=("points",))


def _score_value(page: _Page, row: Row) -> Text:
    if row["state"] != "known":
        return Text(page.terms("unknown") if row["state"] == "unknown" else page.terms("is_blocked"), style="dim")
    return Text(page.wording.quantity(row["fact_value"]))


def _up_to_the_first(rules: Sequence[Row]) -> list[Row]:
    """The rule that decided, after those before it that did not hold; all of them when none did."""
    place = next((place for place, rule in enumerate(rules) if rule["decides"]), len(rules) - 1)
    return list(rules[: place + 1])


def _rule(page: _Page, rule: Row, tail: str = "") -> None:
    """``✓ rule: fact value > bound ✓, …``; the conditions that failed are red."""
    line = Text(f"{'✓' if rule['holds'] else '✗'} {rule['rule_id']}: ", style="" if rule["holds"] else "dim")
    for place, condition in enumerate(rule["conditions"]):
        line.append(", " if place else "")
        line.append(_condition(page, condition), style="green" if condition["is_met"] else "red")
    line.append(tail)
    page.console.print(Padding(line, (0, 0, 0, 4)))


def _condition(page: _Page, condition: Row) -> str:
    """``days_past_due 82 > 60``, or ``✗`` behind it when that is not so."""
    value = condition["fact_value"]
    is_yes_or_no = condition["fact"].startswith("is_")
    if value is None:
        shown = page.terms("unknown")
    else:
        shown = page.terms("yes" if value else "no") if is_yes_or_no else page.wording.quantity(value)
    if condition["is_unknown"]:
        asked = f"= {page.terms('unknown')}"
    elif is_yes_or_no:
        asked = f"= {page.terms('no' if condition['over'] is None else 'yes')}"
    else:
        asked = " ".join(f"{sign} {page.wording.quantity(end)}" for sign, end in _bounds(condition))
    return f"{condition['fact']} {shown} {asked} {_mark(condition['is_met'])}"


def _bounds(condition: Row) -> list[tuple[str, Decimal]]:
    return [(sign, condition[key]) for sign, key in ((">", "over"), ("≤", "up_to")) if condition[key] is not None]


def _end(bound: Decimal | None, open_end: str) -> str:
    return open_end if bound is None else f"{bound.normalize():f}"


# --- 5 ladder --------------------------------------------------------------------------------------------------------


def _ladder(page: _Page, facts: Mapping[str, Any]) -> None:
    status = facts["status"]
    reached = page.terms(status["ladder_step"] or "none")
    page.section(f"{page.terms('ladder')}  {reached}")
    page.table(
        ("notice", "delivered", "evidence", "channel", "who"),
        [_notice(page, row, facts) for row in facts["ladder"]],
    )
    if status["ladder_next_step"]:
        day = f"{page.day(status['ladder_next_on'])}"
        page.say(f"{page.terms('next step')}: {page.terms(status['ladder_next_step'])} ≥ {day}{_wanted(page, facts)}")
    page.table(
        ("contacts since", "channel", "outcome", "who", "counts as", "note"),
        [
            [
                page.day(row["contacted_on"]),
                row["channel"],
                row["outcome"],
                person(row["rep_id"], facts),
                row["counts_as"] or "✗",
                clean(row["note"], 60),
            ]
            for row in facts["contacts"]
        ],
    )
    _sanctions(page, facts)
    _entries(page, facts)
    _overrides(page, facts)


def _notice(page: _Page, row: Row, facts: Mapping[str, Any]) -> list[object]:
    delivery = row["delivery"]
    if delivery is None:
        early = ", ".join(page.day(each["delivered_on"]) for each in row["early"])
        why = page.wording.text("%(days)s was too early", days=early) if early else page.wording.text("missing")
        return [page.terms(row["notice"]), Text(why, style="yellow"), "–", "–", "–"]
    how = " ".join(filter(None, [delivery["channel"], delivery["outcome"], delivery["message_kind"]]))
    return [
        page.terms(row["notice"]),
        page.day(delivery["delivered_on"]),
        delivery["evidence"],
        how,
        person(delivery["rep_id"], facts),
    ]


def _wanted(page: _Page, facts: Mapping[str, Any]) -> str:
    """What would show that the next notice was delivered."""
    missing = next((row for row in facts["ladder"] if row["is_next"]), None)
    if missing is None:
        return ""
    accepted = [row for row in facts["accepted"] if row["place"] == missing["place"]]
    channels = dict.fromkeys(row["channel"] for row in accepted if row["source"] == "contact")
    outcomes = dict.fromkeys(row["outcome"] for row in accepted if row["source"] == "contact")
    mails = dict.fromkeys(row["channel"] for row in accepted if row["source"] == "message")
    parts = [f"{'/'.join(channels)}: {'/'.join(outcomes)}"] if channels else []
    parts += [page.wording.text("a sent mail of kind %(kinds)s", kinds="/".join(mails))] if mails else []
    return f" ({'; '.join(parts)})"


def _sanctions(page: _Page, facts: Mapping[str, Any]) -> None:
    page.table(
        ("sanction", "state", "since", "reason", "evidence", "proposed", "approver", "decided"),
        [_flag(page, row, facts) for row in facts["flags"]],
    )
    if not facts["flags"]:
        page.say(f"{page.terms('sanctions')}: {page.terms('none')}")
    for row in facts["flags"]:
        if row["state"] == "proposed" and row["approver_id"] is None:
            page.say(page.wording.text("Nobody stands high enough above the rep to approve it."), "yellow")
    if any(row["is_held"] for row in facts["flags"]):
        _held(page, facts)
    exempt = [row["flag"] for row in facts["sanctions"] if row["is_exempt"]]
    if exempt:
        named = page.wording.listed(map(page.terms, exempt))
        page.say(page.wording.text("By its segment the customer is exempt from %(sanctions)s.", sanctions=named))


def _flag(page: _Page, row: Row, facts: Mapping[str, Any]) -> list[object]:
    state = page.terms(row["state"]) + (f", {page.terms('held')}" if row["is_held"] else "")
    decided = "–"
    if row["decided_by"]:
        moment = page.wording.moment(row["decided_at"], facts["header"]["timezone"]) if row["decided_at"] else ""
        decided = f"{person(row['decided_by'], facts)} {moment} {clean(row['batch_id'], 40)}"
    is_told = any(rule["rule_id"] == row["reason"] for rule in facts["rules"])  # with its conditions, further down
    bound = f" ({row['threshold']})" if row["threshold"] and not is_told else ""
    return [
        page.terms(row["flag"]),
        state,
        page.day(row["since"]),
        f"{row['reason']}{bound}",
        f"{clean(row['evidence'], 60)} {page.day(row['evidence_on'])}",
        person(row["proposed_by"], facts),
        person(row["approver_id"], facts),
        decided,
    ]


def _held(page: _Page, facts: Mapping[str, Any]) -> None:
    """Why a sanction does not go ahead: the gate, doubt about the account, or too many at once."""
    if facts["run"]["gate"] != "open":
        gate = page.terms(facts["run"]["gate"], "gate")
        page.say(page.wording.text("Held: the gate is %(gate)s, so nothing new begins.", gate=gate), "yellow")
    if facts["is_doubtful"]:
        page.say(
            page.wording.text("Held: rows of this account are in quarantine, so what is known may not be whole."),
            "yellow",
        )
    for row in facts["caps"]:
        if row["is_over"]:
            page.say(
                page.wording.text(
                    "Held: %(accounts)s accounts of the company with new sanctions (%(state)s), %(share)s of those "
                    "with money open and %(amount)s of what is overdue; the cap is %(max_share)s and %(max_amount)s.",
                    accounts=page.wording.number(row["accounts"]),
                    state=page.terms(row["transition"]),
                    share=page.wording.percent(row["accounts_pct"]),
                    amount="–" if row["overdue_pct"] is None else page.wording.percent(row["overdue_pct"]),
                    max_share=page.wording.percent(row["max_accounts_pct"]),
                    max_amount=page.wording.percent(row["max_amount_pct"]),
                ),
                "yellow",
            )


def _entries(page: _Page, facts: Mapping[str, Any]) -> None:
    """Entry rules of every sanction, and the pause; a paused proposal waits."""
    _title(page, page.terms("entry rules"))
    for rule in facts["rules"]:
        if rule["decision"].startswith("flag:"):
            _rule(page, rule)
    for rule in facts["rules"]:
        if rule["decision"] == "pause":
            _rule(page, rule, f"  {page.terms('pause')}" if rule["holds"] else "")


def _overrides(page: _Page, facts: Mapping[str, Any]) -> None:
    if facts["overrides"]:
        _title(page, page.terms("overrides"))
    page.table(
        ("override", "effect", "sanction", "from, until", "author", "reason", "in force"),
        [
            [
                row["override_id"],
                " ".join(filter(None, [page.terms(row["effect"]), row["promise_id"]])),
                page.terms(row["flag"]) if row["flag"] else page.wording.text("all"),
                f"{row['from_on']}, {row['ended_on'] or row['expires_on']}",
                person(row["author"], facts),
                clean(row["reason"], 120),
                _mark(row["is_in_force"]),
            ]
            for row in facts["overrides"]
        ],
    )
    if facts["decisions"]:
        _title(page, page.terms("decisions"))
    page.table(
        ("batch", "sanction", "choice", "proposed", "decided", "day"),
        [
            [
                row["batch_id"],
                page.terms(row["flag"]),
                page.terms(row["choice"]),
                person(row["proposed_by"], facts),
                person(row["decided_by"], facts),
                page.day(row["decided_on"]),
            ]
            for row in facts["decisions"]
        ],
    )


# --- 6 tasks ---------------------------------------------------------------------------------------------------------


def _tasks(page: _Page, facts: Mapping[str, Any]) -> None:
    page.section(page.terms("tasks"))
    page.table(
        ("task", "who", "rank", "currency", "ask", "due", "points", "reason"),
        [
            [
                page.terms(row["kind"]),
                person(row["rep_id"], facts),
                row["rank"],
                row["currency"],
                page.money(row["ask_amount"], row["currency"]),
                page.day(row["due_on"]),
                row["points"],
                _task_reason(page, facts, row["task_id"]),
            ]
            for row in facts["tasks"]
        ],
        right=("ask", "points", "rank"),
    )
    if not facts["tasks"]:
        page.say(page.terms("none"))


def _task_reason(page: _Page, facts: Mapping[str, Any], task_id: str) -> str:
    """``task.stage M3 25 + task.amount 12,000.00 20``, the amount in the company's currency."""
    currency = facts["header"]["functional_currency"]
    parts = []
    for row in facts["points"]:
        if row["task_id"] == task_id:
            is_money = row["rule_id"] == "task.amount" and row["fact"] is not None
            fact = page.money(Decimal(row["fact"]), currency) if is_money else clean(row["fact"], 40)
            parts.append(f"{row['rule_id']} {fact} {row['points']}")
    return " + ".join(parts)


# --- 7 what would change it ------------------------------------------------------------------------------------------


def _changes(page: _Page, facts: Mapping[str, Any]) -> None:
    page.section(page.terms("what would change it"))
    grid = _grid()
    for place, sentence in enumerate(change_sentences(facts, page.wording), start=1):
        grid.add_row(Text(f"{place}.", style="dim"), Text(sentence))
    page.console.print(Padding(grid, (0, 0, 0, 2)))
    page.say(
        page.wording.text(
            "Each was proved by computing that night with it, under the same policy, with the gate open and the "
            "company's other sanctions as they are."
        ),
        "dim",
    )


# --- 8 check ---------------------------------------------------------------------------------------------------------


def _check(page: _Page, facts: Mapping[str, Any]) -> None:
    check, run = facts["check"], facts["run"]
    page.section(page.terms("check"))
    values = {"rows": page.wording.number(check["rows"]), "tables": page.wording.listed(check["tables"])}
    if not check["differences"]:
        text = page.wording.text(
            "✓ The replay gives the %(rows)s published rows of this account: %(tables)s.", **values
        )
        page.say(text, "green")
        return
    page.say(page.wording.text("✗ The replay does not give the published rows (%(tables)s):", **values), "red")
    page.table(
        ("table", "row", "value", "published", "replayed"),
        [
            [
                row["table"],
                clean(row["key"], 80),
                row["column"],
                clean(row["published"], 80),
                clean(row["replayed"], 80),
            ]
            for row in check["differences"]
        ],
    )
    if run["code_version"] != run["code_version_now"]:
        versions = {"then": run["code_version"], "now": run["code_version_now"]}
        page.say(page.wording.text("The run was computed by version %(then)s, the replay by %(now)s.", **versions))


# --- small things ----------------------------------------------------------------------------------------------------


def _grid(columns: int = 2) -> Table:
    grid = Table.grid(padding=(0, 2))
    for _ in range(columns):
        grid.add_column(overflow="fold")
    return grid


def _title(page: _Page, title: str) -> None:
    page.console.print(Padding(Text(title, style="bold"), (0, 0, 0, 2)))


def _document(row: Row) -> str:
    return clean(row["number"] or row["document_id"], 40)


def _mark(is_so: bool) -> str:
    return "✓" if is_so else "✗"


def _shown(value: object) -> str:
    return "–" if value is None else clean(str(value), 400)
