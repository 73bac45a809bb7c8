"""Find the third-party files that are fetched once and never committed: fonts, environment maps, CAD models.

README.md says how to fetch them. The folder is `$SCENES_ASSETS`, else `.scenes-assets` in the working directory.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from PIL import Image, ImageFont

ROOT = Path(os.environ.get("SCENES_ASSETS", ".scenes-assets"))
SCRATCH = Path(tempfile.mkdtemp(prefix="scenes-"))
"""Textures of the scene at hand; the folder lives as long as the process."""


def asset(folder: str, name: str) -> Path:
    """Return the path of a fetched file, or say which one is missing."""
    path = ROOT / folder / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; scenes/README.md says how to fetch it")
    return path


def font(name: str, size: float) -> ImageFont.FreeTypeFont:
    """Load a font by file stem at a size in pixels."""
    for suffix in (".ttf", ".otf"):
        path = ROOT / "fonts" / (name + suffix)
        if path.exists():
            return ImageFont.truetype(str(path), round(size))
    return ImageFont.truetype(str(asset("fonts", name + ".ttf")), round(size))


def keep(image: Image.Image, name: str) -> Path:
    """Write a texture into the scratch folder and return its path."""
    path = SCRATCH / f"{name}.png"
    image.save(path)
    return path
