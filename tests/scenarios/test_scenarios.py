"""Day-by-day stories: what a night decides, what people answer, and what the next night makes of it.

The YAML files beside this one are the tests; ``stories.py`` says how they are read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.stories import read, tell

FILES = sorted(Path(__file__).parent.glob("*.yaml"))
STORIES = [pytest.param(story, id=f"{path.stem}: {story['story']}") for path in FILES for story in read(path)]


@pytest.mark.parametrize("story", STORIES)
def test_story(story: dict[str, Any], tmp_path: Path) -> None:
    failures = tell(story, tmp_path)
    if failures:
        pytest.fail("\n  ".join([story["story"], *failures]), pytrace=False)
