"""Finance: metrics, ageing month by month, provisions, forecasts, statements, closed months, and dimensions for BI.

What each role may do stands in ``0004_finance/rights.sql``; the tables and the functions beside it. They are
written out, and not taken from today's metadata, so that this step of history never changes.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PARTS = Path(__file__).with_name("0004_finance")


def upgrade() -> None:
    for part in ("tables", "functions", "rights"):
        op.get_bind().exec_driver_sql((PARTS / f"{part}.sql").read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.get_bind().exec_driver_sql((PARTS / "undo.sql").read_text(encoding="utf-8").replace("%", "%%"))
