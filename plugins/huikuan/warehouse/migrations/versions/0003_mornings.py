"""Mornings: what fits into a day, how tasks end, what changed since the night before, and who stands in for whom.

What each role may do stands in ``0003_mornings/rights.sql``; the tables and the functions beside it. They are
written out, and not taken from today's metadata, so that this step of history never changes.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PARTS = Path(__file__).with_name("0003_mornings")


def upgrade() -> None:
    for part in ("tables", "functions", "rights"):
        op.get_bind().exec_driver_sql((PARTS / f"{part}.sql").read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.get_bind().exec_driver_sql((PARTS / "undo.sql").read_text(encoding="utf-8").replace("%", "%%"))
