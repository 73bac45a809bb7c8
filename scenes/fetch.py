"""Fetch the third-party files that scenes use from the package registries: environment maps and fonts.

Needs `npm`, and fontTools with brotli to unpack web fonts. What is already there is not fetched again. CAD models
(`kicad/`) are part of a Debian package of several hundred megabytes and are left to the person: README.md.
"""

from __future__ import annotations

import base64
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fontTools.ttLib import TTFont

from scenes.assets import ROOT

ENVIRONMENTS = "@pmndrs/assets@1.7.0"
FONT_VERSION = "5.3.0"
FONTS = {
    "barlow-condensed": (400, 500, 600, 700),
    "caveat": (400, 600, 700),
    "ibm-plex-mono": (400, 500, 600, 700),
    "oswald": (500, 600, 700),
    "patrick-hand": (400,),
    "permanent-marker": (400,),
    "roboto-condensed": (400, 500, 600, 700),
    "saira-stencil-one": (400,),
    "share-tech-mono": (400,),
}


def fetch() -> Iterator[Path]:
    """Yield each file as it is written."""
    if not any((ROOT / "hdri").glob("*.exr")):
        yield from _environments()
    for family, weights in FONTS.items():
        missing = [w for w in weights if not (ROOT / "fonts" / f"{family}-{w}.ttf").exists()]
        if missing:
            yield from _fonts(family, missing)


def _environments() -> Iterator[Path]:
    """Decode the maps, which the package holds as base64 inside JavaScript."""
    with tempfile.TemporaryDirectory() as scratch:
        package = _unpack(ENVIRONMENTS, Path(scratch))
        for source in sorted((package / "hdri").glob("*.exr.js")):
            found = re.search(r"base64,([A-Za-z0-9+/=]+)", source.read_text(encoding="utf-8"))
            if found:
                yield _write("hdri", source.name.removesuffix(".js"), base64.b64decode(found.group(1)))


def _fonts(family: str, weights: list[int]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as scratch:
        package = _unpack(f"@fontsource/{family}@{FONT_VERSION}", Path(scratch))
        for weight in weights:
            font = TTFont(package / "files" / f"{family}-latin-{weight}-normal.woff2")
            font.flavor = None
            path = ROOT / "fonts" / f"{family}-{weight}.ttf"
            path.parent.mkdir(parents=True, exist_ok=True)
            font.save(path)
            yield path


def _unpack(package: str, scratch: Path) -> Path:
    """Download an npm package without running anything of it, and return its unpacked folder."""
    subprocess.run(["npm", "pack", "--silent", package], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(scratch.glob("*.tgz"))) as archive:
        archive.extractall(scratch, filter="data")
    return scratch / "package"


def _write(folder: str, name: str, content: bytes) -> Path:
    path = ROOT / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
