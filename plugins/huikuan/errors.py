"""The one family of errors that a person reads: what is wrong, where, and what to do next."""

from __future__ import annotations


class HuikuanError(Exception):
    """An error with a remedy.

    ``problem`` says what is wrong and where (file, table, row, column); ``remedy`` says what the reader does next.
    Both are full sentences, free of secrets and of personal data.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}\n  → {remedy}")
        self.problem = problem
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[HuikuanError], tuple[str, str]]:
        """As itself from one process to another."""
        return type(self), (self.problem, self.remedy)


class LedgerError(HuikuanError):
    """The ledger does not have the form that the contract asks for."""


class SnapshotError(HuikuanError):
    """A stored snapshot is missing, unfinished or damaged."""


class PolicyError(HuikuanError):
    """A policy file cannot be used."""


class ModelError(HuikuanError):
    """A SQL model cannot be placed in the graph or does not yield what its table promises."""


class InvariantError(HuikuanError):
    """The results of a night break a rule that must always hold; nothing was published."""


class FenceError(HuikuanError):
    """Another process holds this step, or has taken it over."""


class WarehouseError(HuikuanError):
    """The serving database is not reachable, not migrated or not permitted."""


class OutreachError(HuikuanError):
    """A message cannot be written or delivered."""


class LetterError(HuikuanError):
    """A letter cannot be laid out or written."""


class ReferralError(HuikuanError):
    """A sanction cannot be put before a person, decided or overridden as asked; nothing was written."""


class FinanceError(HuikuanError):
    """A statement, a report or a closed month cannot be made, decided or answered as asked; nothing was written."""


class PlaybookError(HuikuanError):
    """A script, drill card or offer of the playbook cannot be made."""
