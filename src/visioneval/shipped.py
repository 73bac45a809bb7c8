"""Where what comes with visioneval lies: inside the installed package, or at the top of a source checkout."""

from __future__ import annotations

from pathlib import Path

import visioneval


def shipped(name: str) -> Path:
    """Return the path of a folder that comes with visioneval: prompts, images, configs or a part of micro."""
    package = Path(visioneval.__file__).parent
    inside = package / "shipped" / name
    return inside if inside.exists() else package.parents[1] / name


def shipped_suite() -> Path:
    """Return the folder of the shipped suite: the one that holds `prompts` and `images`."""
    return shipped("prompts").parent
