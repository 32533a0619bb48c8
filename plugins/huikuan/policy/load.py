"""Reading a policy file, with messages that name file, line, key and remedy."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from huikuan.errors import PolicyError
from huikuan.policy.model import Policy, PolicyBody


def load_policy(path: Path) -> Policy:
    """The checked policy of one file.

    Raises PolicyError for a missing file, broken YAML, a duplicate or unknown key, a wrong value, a gap or overlap.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"The policy {path} cannot be read: {error}.", "Give a readable UTF-8 YAML file.") from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_duplicates(node, path)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PolicyError(f"The policy {path} is not YAML: {error}.", "Mend the line that it names.") from error
    try:
        body = PolicyBody.model_validate(content)
    except ValidationError as error:
        raise PolicyError(*_explain(error, node, path)) from error
    digest = hashlib.sha256(body.model_dump_json(by_alias=True).encode()).hexdigest()
    return Policy(**body.model_dump(by_alias=True), hash=digest)


def _explain(error: ValidationError, node: yaml.Node | None, path: Path) -> tuple[str, str]:
    """Problem and remedy of the first thing wrong, with the line of the nearest key that the file holds."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"]) or "the file as a whole"
    line = _line(node, first["loc"])
    remedies = {
        "missing": "Add the key; include/policy/default.yaml shows the full form.",
        "extra_forbidden": "Remove it or mend its spelling: a key that nobody reads would be a rule that nobody keeps.",
    }
    message = first["msg"].removeprefix("Value error, ")
    return (
        f"{path}, line {line}, {key}: {message}.",
        remedies.get(first["type"], "Change the value; the head of include/policy/default.yaml says how it is read."),
    )


def _line(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """1-based line of the deepest part of ``location`` that exists in the file."""
    line = 1
    for part in location:
        child = _child(node, part)
        if child is None:
            break
        key, node = child
        line = key.start_mark.line + 1
    return line


def _child(node: yaml.Node | None, part: int | str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None


def _refuse_duplicates(node: Any, path: Path) -> None:
    """YAML lets the last of two equal keys win silently; a policy must not."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise PolicyError(f"{path}, line {line}, {key.value}: stands twice.", "Keep one of the two.")
            seen.add(key.value)
            _refuse_duplicates(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_duplicates(value, path)
