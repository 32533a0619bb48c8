"""Reading a policy file, with messages that name file, line, key and remedy."""

from __future__ import annotations

import hashlib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from huikuan.errors import PolicyError
from huikuan.policy.model import Policy, PolicyBody

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's, ten times as fast, where PyYAML has it


def load_policy(path: Path) -> Policy:
    """The checked policy of one file.

    Raises PolicyError for a missing file, broken YAML, a duplicate or unknown key, a wrong value, a gap or overlap.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"The policy {path} cannot be read: {error}.", "Give a readable UTF-8 YAML file.") from error
    return _checked(text, path)


@lru_cache(maxsize=16)  # every step of a night asks for it, and a policy never changes
def _checked(text: str, path: Path) -> Policy:
    try:
        node, content = _parsed(text)
    except yaml.YAMLError as error:
        raise PolicyError(f"The policy {path} is not YAML: {error}.", "Mend the line that it names.") from error
    _refuse_duplicates(node, path)
    try:
        body = PolicyBody.model_validate(content)
    except ValidationError as error:
        raise PolicyError(*_explain(error, node, path)) from error
    digest = hashlib.sha256(body.model_dump_json(by_alias=True).encode()).hexdigest()
    return Policy(**body.model_dump(by_alias=True), hash=digest)


def _parsed(text: str) -> tuple[yaml.Node | None, Any]:
    """The tree of a YAML text, which knows lines, and what it says."""
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        return node, loader.construct_document(node) if node is not None else None
    finally:
        loader.dispose()


def policy_in_force(path: Path, business_date: date) -> Path:
    """The file of the policy that holds on a business date: ``path`` itself, or one of the versions in that folder.

    Raises PolicyError when none is in force yet, two begin on the same day, or one of them cannot be used.
    """
    versions = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    if not versions:
        raise PolicyError(f"The folder {path} holds no policy.", "Put one *.yaml file per version into it.")
    begin = {file: load_policy(file).effective_from for file in versions}
    for place, file in enumerate(versions):
        for other in versions[:place]:
            if begin[other] == begin[file]:
                raise PolicyError(
                    f"{other} and {file} both come into force on {begin[file]}.",
                    "Change effective_from of one, or move it out of the folder.",
                )
    in_force = [file for file in versions if begin[file] <= business_date]
    if not in_force:
        first = min(begin.values())
        raise PolicyError(
            f"The policy {path} is in force from {first} only, not on {business_date}.",
            "Add the version that was in force on that day, or name it with --policy.",
        )
    return max(in_force, key=begin.__getitem__)


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
