"""Copies of the prompts' pictures for the report: small enough to open, without the place they were taken."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct
from PIL import Image

from visioneval.compare import GradedRun
from visioneval.errors import SuiteError
from visioneval.images import FORMATS, encode_image, exif_of, file_sha256
from visioneval.suite import image_path
from visioneval.types import Prompt

LONGEST_SIDE_PX = 1_600
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
GPS_TAG = 0x8825


class Picture(Struct, frozen=True):
    """A picture of the report; `content` is None when it is on disk already."""

    name: str
    width: int
    height: int
    content: bytes | None = None


def copy_pictures(runs: Iterable[GradedRun], folder: Path) -> Mapping[str, Picture]:
    """Return, for each image path of the prompts whose file is here, its copy for `folder`."""
    sources: dict[str, tuple[Path, str]] = {}
    missing: set[tuple[Path | None, str, str | None]] = set()
    for run in runs:
        for prompt in run.prompts:
            named = (run.suite_folder, prompt.image, prompt.sha256)
            if prompt.image in sources or named in missing:
                continue
            if source := _source(run, prompt):
                sources[prompt.image] = source
            else:
                missing.add(named)
    with ThreadPoolExecutor() as pool:
        copies = pool.map(lambda source: _copy(source[0], source[1], folder), sources.values())
        return {image: copy for image, copy in zip(sources, copies, strict=True) if copy is not None}


def _source(run: GradedRun, prompt: Prompt) -> tuple[Path, str] | None:
    """Return the picture's file and hash if it is inside the suite's folder and is the one that was asked about.

    A run from elsewhere can name any file as its suite; only whoever has a picture can name its hash.
    """
    if run.suite_folder is None or prompt.sha256 is None:
        return None
    try:
        path = image_path(run.suite_folder, prompt)
        return (path, prompt.sha256) if file_sha256(path) == prompt.sha256 else None
    except (SuiteError, OSError, ValueError, RuntimeError):  # a null character, or links that lead round
        return None


def _copy(path: Path, sha256: str, folder: Path) -> Picture | None:
    stem = sha256[:20]
    try:
        for suffix in SUFFIXES.values():
            if (existing := folder / f"{stem}.{suffix}").is_file():
                with Image.open(existing, formats=FORMATS) as image:
                    return Picture(existing.name, image.width, image.height)
        encoded = encode_image(path, longest_side_px=LONGEST_SIDE_PX, sha256=sha256)
        content = _without_place(encoded.content)
    except (SuiteError, OSError):
        return None
    sent = encoded.sent
    return Picture(f"{stem}.{SUFFIXES[sent.media_type]}", sent.width, sent.height, content)


def _without_place(content: bytes) -> bytes:
    """Write a picture anew when it tells where it was taken, or may tell it in a way that cannot be read."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        image.load()
        exif = exif_of(image)
        if exif is not None and GPS_TAG not in exif:
            return content
        out = io.BytesIO()
        clean = image.copy()
        clean.info = {name: value for name, value in image.info.items() if name == "transparency"}
        clean.save(out, image.format, quality=90)
        return out.getvalue()
