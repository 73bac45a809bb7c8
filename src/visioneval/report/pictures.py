"""Copies of the prompts' pictures for the report: small enough to open, without the place they were taken."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct
from PIL import Image

from visioneval.compare import GradedRun
from visioneval.errors import SuiteError
from visioneval.images import encode_image
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
    sources: dict[str, Path] = {}
    missing: set[tuple[Path | None, str]] = set()
    for run in runs:
        for prompt in run.prompts:
            if prompt.image in sources or (run.suite_folder, prompt.image) in missing:
                continue
            if path := _source(run, prompt):
                sources[prompt.image] = path
            else:
                missing.add((run.suite_folder, prompt.image))
    with ThreadPoolExecutor() as pool:
        copies = pool.map(lambda path: _copy(path, folder), sources.values())
        return {image: copy for image, copy in zip(sources, copies, strict=True) if copy is not None}


def _source(run: GradedRun, prompt: Prompt) -> Path | None:
    """Return the picture's file if it is inside the suite's folder and is the one that was asked about."""
    if run.suite_folder is None:
        return None
    try:
        path = image_path(run.suite_folder, prompt)
        content = path.read_bytes()
    except (SuiteError, OSError):
        return None
    return path if prompt.sha256 in (None, hashlib.sha256(content).hexdigest()) else None


def _copy(path: Path, folder: Path) -> Picture | None:
    try:
        stem = hashlib.sha256(path.read_bytes()).hexdigest()[:20]
        for suffix in SUFFIXES.values():
            if (existing := folder / f"{stem}.{suffix}").is_file():
                with Image.open(existing) as image:
                    return Picture(existing.name, image.width, image.height)
        encoded = encode_image(path, longest_side_px=LONGEST_SIDE_PX)
    except (SuiteError, OSError):
        return None
    sent = encoded.sent
    content = _without_place(encoded.content)
    return Picture(f"{stem}.{SUFFIXES[sent.media_type]}", sent.width, sent.height, content)


def _without_place(content: bytes) -> bytes:
    """Write a picture anew when it tells where it was taken."""
    with Image.open(io.BytesIO(content)) as image:
        if GPS_TAG not in image.getexif():
            return content
        out = io.BytesIO()
        clean = Image.new(image.mode, image.size)
        clean.paste(image)
        clean.save(out, image.format, quality=90)
        return out.getvalue()
