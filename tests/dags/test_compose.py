"""docker-compose.yaml and Dockerfile: what can be said of them without a Docker engine."""

from __future__ import annotations

import importlib.util
import re
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
AIRFLOW = {name: service for name, service in SERVICES.items() if service.get("build")}
EXACT = re.compile(r"[a-z/]+:v?\d+\.\d+(\.\d+)?(-[a-z-]+)?")
SECRET = re.compile(r"PASSWORD|SECRET|_KEY$|TOKEN|CONN_|ALCHEMY|WAREHOUSE", re.IGNORECASE)


def test_the_services_are_these() -> None:
    assert set(AIRFLOW) == {"init", "api-server", "scheduler", "dag-processor", "triggerer"}
    assert set(SERVICES) - set(AIRFLOW) == {"postgres", "mail"}


def test_images_are_pinned_to_a_version() -> None:
    base = re.search(r"^FROM (\S+)$", (PROJECT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert base is not None
    for image in [base[1], *(service["image"] for service in SERVICES.values())]:
        assert EXACT.fullmatch(image), image


def test_no_secret_is_written_down() -> None:
    """Every value of a secret's name comes from .env, is a path, or holds nothing but a reference to .env."""
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if SECRET.search(variable) and not variable.endswith(("_FILE", "_TLS_KEY")):
                bare = re.sub(r"\$\{[A-Z_]+:\?set it in \.env\}", "", str(value))
                if variable == "AIRFLOW_CONN_HUIKUAN_SMTP":
                    bare = re.sub(r"\$\{[A-Z_]+:-smtp://mail:1025/\?cafile=[a-z./]+\}", "", bare)  # no login, no secret
                assert bare != value, f"{name}: {variable} does not come from .env"
                assert re.fullmatch(r"(postgresql(\+psycopg)?://\w+:@postgres/\w+)?", bare), f"{name}: {variable}"


def test_the_example_has_every_variable_and_no_value() -> None:
    text = (PROJECT / ".env.example").read_text(encoding="utf-8")
    assignments = dict(line.split("=", 1) for line in text.splitlines() if re.match(r"[A-Z_]+=", line))
    assert set(assignments.values()) == {""}
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", (PROJECT / "docker-compose.yaml").read_text(encoding="utf-8")))
    assert asked == set(assignments)
    ignored = (PROJECT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert ".env" in ignored


def test_ports_are_for_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(str(port).startswith("127.0.0.1:") for port in ports)


def test_nothing_of_ours_runs_as_root() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (.+)$", dockerfile, re.MULTILINE)[-1] == "airflow"
    assert all("user" not in service for service in AIRFLOW.values())
    assert SERVICES["mail"]["user"].split(":")[0] != "0"


def test_every_service_that_stays_is_watched() -> None:
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == {"init"}


def test_what_is_mounted_exists() -> None:
    for service in AIRFLOW.values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (PROJECT / source).is_dir(), volume
                assert volume.endswith(":ro"), volume
    copied = re.findall(r"^COPY (\S+)", (PROJECT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert all((PROJECT / source).exists() for source in copied)
    kept = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{source}" for source in copied} <= set(kept)
    assert not stat.S_IMODE((PROJECT / ".dockerignore").stat().st_mode) & stat.S_IWOTH


@pytest.mark.airflow
def test_the_commands_are_airflows() -> None:
    from airflow.cli.cli_parser import get_parser

    commands = [service["command"][1:] for name, service in AIRFLOW.items() if name != "init"]
    checks = [service["healthcheck"]["test"][1].split()[1:] for service in AIRFLOW.values() if _is_job(service)]
    init = re.findall(r"airflow ([a-z]+ [a-z]+)", AIRFLOW["init"]["command"][2])
    modules = re.findall(r"python -m (\S+)", AIRFLOW["init"]["command"][2])
    assert init == ["db migrate"]
    assert all(importlib.util.find_spec(module) for module in modules)
    assert len(modules) == 2
    assert len(commands) == 4
    assert len(checks) == 3
    for arguments in [*commands, *checks, *(text.split() for text in init)]:
        assert get_parser().parse_args(arguments).func, arguments


def _is_job(service: dict[str, Any]) -> bool:
    return "jobs check" in str(service.get("healthcheck", {}).get("test"))
