"""Huikuan (回款): nightly B2B receivables collections.

Rooms, in the order in which the data flows; a module knows the rooms before its own, never those after it:
``ledger → policy → quality → engine → warehouse → night → outreach → orchestration``.
"""

__version__ = "0.1.0"
