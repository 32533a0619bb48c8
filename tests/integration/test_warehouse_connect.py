"""Ways into the warehouse: roles, and what a person reads when the way is closed."""

from __future__ import annotations

import pytest
from huikuan.warehouse.connect import ROLES, Role, connect


@pytest.mark.parametrize("role", ROLES)
def test_a_connection_acts_as_its_role(module_warehouse_url: str, role: Role) -> None:
    with connect(module_warehouse_url, role) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (f"huikuan_{role}",)
        assert connection.execute("SELECT current_setting('application_name')").fetchone() == (f"huikuan {role}",)
