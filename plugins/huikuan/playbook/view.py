"""Facts as a template sees them: text that is ready to be said, and empty where nothing is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from huikuan.playbook import spoken
from huikuan.playbook.facts import Facts
from huikuan.wording import Wording

_NAMED_DOCUMENTS = 2
_FULL_NUMBERS = 4
_OLD_PROMISE = 30
"""Days after which nobody speaks of a promise as if it had been yesterday's."""


@dataclass(frozen=True)
class PlanLine:
    """One payment of a plan in words."""

    number: int
    day: str
    amount: str


class View:
    """Names that templates use as ``f.…``. Figures to compare are numbers; all else is text, empty when unknown."""

    def __init__(self, facts: Facts, locale: str) -> None:
        self._facts = facts
        self._locale = locale

    def _money(self, amount: Decimal | None) -> str:
        return "" if amount is None or amount <= 0 else spoken.money(amount, self._facts.currency, self._locale)

    def _day(self, on: date | None) -> str:
        return "" if on is None else spoken.day(on, self._facts.business_date, self._locale)

    @cached_property
    def today(self) -> str:
        return spoken.today(self._locale)

    def _soon(self, on: date | None) -> str:
        """A day ahead, or ``today``."""
        return self.today if on == self._facts.business_date else self._day(on)

    @cached_property
    def contact(self) -> str:
        return spoken.addressed(self._facts.contact_name, self._locale)

    @cached_property
    def rep(self) -> str:
        return spoken.name(self._facts.rep_name)

    @cached_property
    def company(self) -> str:
        return spoken.company(self._facts.company_name)

    @cached_property
    def account(self) -> str:
        return spoken.company(self._facts.account_name, spoken.ACCOUNT_LENGTH)

    @cached_property
    def ask(self) -> str:
        return self._money(self._facts.ask_amount)

    @cached_property
    def owed(self) -> str:
        """What is owed in all, when that is more than what is asked for."""
        owed, ask = self._facts.owed_amount, self._facts.ask_amount
        return self._money(owed) if owed is not None and (ask is None or owed > ask) else ""

    @cached_property
    def _numbers(self) -> tuple[list[str], bool]:
        return spoken.numbers(self._facts.documents, self._locale)

    @cached_property
    def documents(self) -> int:
        """How many documents it is about; 0 when no number is known."""
        known = len(self._numbers[0])
        return max(known, self._facts.documents_count or 0) if known else 0

    @cached_property
    def more(self) -> int:
        return max(0, self.documents - _NAMED_DOCUMENTS)

    @cached_property
    def labels(self) -> str:
        return spoken.listed(self._numbers[0][:_NAMED_DOCUMENTS], self._locale, is_whole=self.more == 0)

    @cached_property
    def numbers(self) -> str:
        """The first numbers in full."""
        return spoken.listed([spoken.name(number) for number in self._facts.documents[:_FULL_NUMBERS]], self._locale)

    @cached_property
    def unnamed(self) -> int:
        """Documents beyond ``numbers``."""
        return max(0, self.documents - min(len(self._facts.documents), _FULL_NUMBERS))

    @cached_property
    def tails(self) -> bool:
        """Whether ``labels`` are last digits only."""
        return self._numbers[1]

    @cached_property
    def days(self) -> int:
        return max(0, self._facts.days_past_due or 0)

    @cached_property
    def due(self) -> str:
        return self._soon(self._facts.due_on)

    @cached_property
    def by(self) -> str:
        return self._soon(self._facts.pay_by)

    @cached_property
    def next_on(self) -> str:
        return self._day(self._facts.next_contact_on)

    @cached_property
    def method(self) -> str:
        return self._facts.payment_method or ""

    @cached_property
    def years(self) -> int:
        """Whole years of working together when some months stand beside them."""
        months = self._facts.cooperation_months or 0
        return months // 12 if months % 12 else 0

    @cached_property
    def months(self) -> int:
        return max(0, self._facts.cooperation_months or 0)

    @cached_property
    def month(self) -> str:
        return spoken.month(self._facts.business_date, self._locale)

    @cached_property
    def promised(self) -> str:
        return self._money(self._facts.promised_amount)

    @cached_property
    def promised_on(self) -> str:
        return self._day(self._facts.promised_for)

    @cached_property
    def promise_days(self) -> int:
        """Days since the promised day where they are many; else 0."""
        promised_for = self._facts.promised_for
        days = (self._facts.business_date - promised_for).days if promised_for else 0
        return days if days > _OLD_PROMISE else 0

    @cached_property
    def promise_received(self) -> str:
        return self._money(self._facts.promise_received)

    @cached_property
    def level(self) -> int:
        return self._facts.promise_level or 0

    @cached_property
    def disputed(self) -> str:
        return self._money(self._facts.disputed_amount)

    @cached_property
    def undisputed(self) -> str:
        return self._money(self._facts.undisputed_amount)

    @cached_property
    def issue(self) -> str:
        return self._facts.dispute_reason or ""

    @cached_property
    def resolve_by(self) -> str:
        return self._day(self._facts.resolve_by)

    @cached_property
    def paper_kinds(self) -> tuple[str, ...]:
        return self._facts.missing_papers

    @cached_property
    def statement_on(self) -> str:
        return self._day(self._facts.statement_on)

    @cached_property
    def target(self) -> str:
        return self._money(self._facts.target_amount)

    @cached_property
    def committed(self) -> str:
        return self._money(self._facts.committed_amount)

    @cached_property
    def gap(self) -> str:
        return self._money(self._facts.gap_amount)

    @cached_property
    def received(self) -> str:
        return self._money(self._facts.received_amount)

    @cached_property
    def received_on(self) -> str:
        return self._day(self._facts.received_on)

    @cached_property
    def flag(self) -> str:
        return self._facts.released_flag or ""

    @cached_property
    def anchor_open(self) -> str:
        return self._money(self._facts.anchor.open_at) if self._facts.anchor else ""

    @cached_property
    def anchor_settle(self) -> str:
        return self._money(self._facts.anchor.settle_at) if self._facts.anchor else ""

    @cached_property
    def anchor_expected(self) -> str:
        return self._money(self._facts.anchor.expected) if self._facts.anchor else ""

    @cached_property
    def first_on(self) -> str:
        """The day of a plan's first payment."""
        return self._soon(self._facts.plan[0].due_on) if self._facts.plan else ""

    @cached_property
    def plan(self) -> list[PlanLine]:
        return [
            PlanLine(number, self._day(part.due_on), self._money(part.amount))
            for number, part in enumerate(self._facts.plan, start=1)
        ]

    @cached_property
    def discount_pct(self) -> str:
        discount = self._facts.discount
        return Wording(self._locale).percent(discount.pct) if discount else ""

    @cached_property
    def discount_pay(self) -> str:
        return self._money(self._facts.discount.pay_amount) if self._facts.discount else ""

    @cached_property
    def discount_by(self) -> str:
        return self._day(self._facts.discount.pay_by) if self._facts.discount else ""
