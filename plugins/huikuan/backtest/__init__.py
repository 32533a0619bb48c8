"""Back-test: what would have come out under another policy, from the nights that are stored.

``replay`` computes stored nights again under two policies, ``difference`` says who would stand elsewhere, ``page``
shows it to a person. Nothing here writes into the warehouse, moves a pointer or contacts anybody.
"""
