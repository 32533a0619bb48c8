"""Engine: the SQL models as a graph, and what runs them (DuckDB)."""
