"""Ledger: the contract a source must yield, the sources themselves, and immutable snapshots of them."""
