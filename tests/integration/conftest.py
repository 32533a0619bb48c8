"""Fixtures of the integration tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder that every user of this machine can pass, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="huikuan-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
