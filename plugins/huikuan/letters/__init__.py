"""What letters on paper are made of: the facts of a night by account, tables, one typeface, and typst.

Shared by everything that leaves as a PDF; the rooms after this one say what stands on the pages.
"""
