"""YAML that people write, parsed safely: not too deep, not too large once its aliases are written out."""

from __future__ import annotations

from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 50
MOST_NODES = 2_000_000


def parse_yaml(text: str) -> Any:
    """Return what a document says. Raises yaml.YAMLError for all that is wrong with it."""
    _check_size(text)
    try:
        return yaml.load(text, Loader=LOADER)  # noqa: S506 (a safe loader)
    except (
        ValueError,
        OverflowError,
        TypeError,
        LookupError,
    ) as error:  # a value that looks like a date and is none
        raise yaml.YAMLError(f"{error}; put the value in quotes") from None


def compose(text: str) -> yaml.Node | None:
    """Return a document that `parse_yaml` has read as nodes, which know their lines."""
    node: yaml.Node | None = yaml.compose(text, Loader=LOADER)
    return node


def _check_size(text: str) -> None:
    """Walk a document before anything is built of it: the C parser dies of depth, and aliases multiply."""
    anchors: list[str | None] = [None]
    sizes = [0]
    """Of the collections that are open, the document first."""
    anchored: dict[str | None, int] = {}
    for event in yaml.parse(text, Loader=LOADER):
        size = 0
        if isinstance(event, yaml.CollectionStartEvent):
            anchors.append(event.anchor)
            sizes.append(1)
        elif isinstance(event, yaml.CollectionEndEvent):
            size = sizes.pop()
            anchored[anchors.pop()] = size
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor in anchors:
                raise _refusal(event, f"*{event.anchor} stands within itself")
            size = anchored.get(event.anchor, 1)
        elif isinstance(event, yaml.ScalarEvent):
            size = 1
        sizes[-1] += size
        if len(sizes) > DEEPEST:
            raise _refusal(event, f"nested more than {DEEPEST} deep")
        if sizes[-1] > MOST_NODES:
            raise _refusal(event, f"more than {MOST_NODES} values, aliases counted")


def _refusal(event: yaml.Event, why: str) -> yaml.YAMLError:
    mark = event.start_mark
    return yaml.YAMLError(why if mark is None else f"line {mark.line + 1}: {why}")
