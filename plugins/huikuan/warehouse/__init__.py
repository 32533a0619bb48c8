"""Warehouse: the output contract in PostgreSQL, its migrations, step fences, publishing and roles."""
