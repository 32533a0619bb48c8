"""What a run takes from Airflow's connections, and what it refuses to take from a param."""

from __future__ import annotations

from pathlib import Path

import pytest

from huikuan.orchestration import connections
from huikuan.orchestration.connections import ConnectionIncompleteError

CANARY = "p@ss/wörd:1"


def test_a_param_wins_over_connection_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HUIKUAN_LEDGER", "postgresql://reader:x@erp.example/books")
    monkeypatch.setenv("HUIKUAN_LEDGER", "/elsewhere")
    found = connections.ledger({"ledger": "/books", "source": "ibm_late_payments"})
    assert (found.where, found.source) == ("/books", "ibm_late_payments")


def test_a_database_connection_becomes_a_url_with_its_password_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    uri = "postgresql://reader:p%40ss%2Fw%C3%B6rd%3A1@erp.example:5433/books?sslmode=require&source=sap"
    monkeypatch.setenv("AIRFLOW_CONN_HUIKUAN_LEDGER", uri)
    found = connections.ledger({})
    assert found.where == "postgresql://reader:p%40ss%2Fw%C3%B6rd%3A1@erp.example:5433/books?sslmode=require"
    assert found.source == "sap"
    assert CANARY not in repr(found)
    assert "p%40ss" not in repr(found)


def test_a_folder_is_a_connection_with_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HUIKUAN_LEDGER", '{"conn_type": "generic", "extra": {"path": "/books"}}')
    assert connections.ledger({}).where == "/books"


def test_the_environment_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIKUAN_LEDGER", "/books")
    monkeypatch.setenv("HUIKUAN_LEDGER_SOURCE", "sap")
    assert connections.ledger({}).where == "/books"
    assert connections.ledger({}).source == "sap"


def test_without_any_ledger_the_message_says_how_to_add_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUIKUAN_LEDGER", raising=False)
    with pytest.raises(ConnectionIncompleteError, match="No ledger") as error:
        connections.ledger({"ledger": None, "source": None})
    assert "huikuan_ledger" in error.value.remedy


def test_a_password_in_a_param_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConnectionIncompleteError) as error:
        connections.ledger({"ledger": "mysql://reader:hunter2@erp.example/books"})
    assert "hunter2" not in str(error.value)
    assert connections.ledger({"ledger": "mysql://reader@erp.example:3306/books"}).where.startswith("mysql://reader@")


def test_a_connection_without_host_or_path_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HUIKUAN_LEDGER", '{"conn_type": "postgres", "schema": "books"}')
    with pytest.raises(ConnectionIncompleteError, match="neither a host nor a path"):
        connections.ledger({})


def test_the_warehouse_connection_replaces_the_embedded_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HUIKUAN_HOME", str(tmp_path))
    monkeypatch.delenv("HUIKUAN_WAREHOUSE", raising=False)
    assert connections.settings().warehouse_url is None
    monkeypatch.setenv("AIRFLOW_CONN_HUIKUAN_WAREHOUSE", "postgresql:///postgres?host=/run/postgresql")
    assert connections.settings().warehouse_url == "postgresql:///postgres?host=%2Frun%2Fpostgresql"
    assert connections.settings().home == tmp_path
