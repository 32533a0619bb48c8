"""Run every test that this machine can run, and say loudly what it cannot.

Tests that need a system package (Debian's chromium, its fonts for Chinese, a MariaDB server) are left out where it is
missing, never skipped silently: the last lines name the package. Continuous integration installs all of them, so there
nothing is left out.

Test files run side by side, each whole in one process: what the tests of a file share is made once. They begin in the
order of their names, so that the long ones (``dags``) come first and the short ones (``unit``) fill up the end.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
from pathlib import Path

import pytest

FONT = "NotoSansCJK-Regular.ttc"
FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
NEEDS = {
    "browser": ("chromium", "chromium"),
    "fonts": (FONT, "fonts-noto-cjk"),
    "mariadb": ("mariadbd", "mariadb-server"),
}


def main() -> int:
    missing = {marker: package for marker, (binary, package) in NEEDS.items() if not _installed(binary)}
    if missing and os.environ.get("CI"):
        sys.stderr.write(f"continuous integration must install {', '.join(missing.values())}\n")
        return 2
    arguments = sys.argv[1:] or ["-n", str(_workers()), "--dist", "loadfile", "--no-loadscope-reorder"]
    if missing:
        arguments += ["-m", " and ".join(f"not {marker}" for marker in missing)]
    code = pytest.main(arguments)
    logging.raiseExceptions = False  # the embedded server says goodbye at exit, to streams that pytest has closed
    for marker, package in missing.items():
        sys.stderr.write(f"NOT RUN: tests marked {marker!r}: install Debian's package {package} to run them.\n")
    return int(code)


def _workers() -> int:
    """One more than there are processors: some tests wait for a time-out, as a mail server would."""
    return min((os.cpu_count() or 1) + 1, 6)


def _installed(binary: str) -> bool:
    """Debian keeps servers in /usr/sbin, which is not on everyone's PATH."""
    if binary == FONT:
        return any(next(folder.rglob(FONT), None) for folder in FONT_FOLDERS)
    return bool(shutil.which(binary, path=f"{os.environ.get('PATH', '')}:/usr/sbin"))


if __name__ == "__main__":
    sys.exit(main())
