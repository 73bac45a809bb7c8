"""Make one image: search seeds until the gate is satisfied, render, apply the camera look and encode."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

from PIL import Image

from scenes.assets import SCRATCH
from scenes.entry import Value
from scenes.gate import Unshowable
from scenes.photo import Look, develop, encode
from scenes.scene import Document, Scene
from scenes.sight import require
from scenes.stage import open_stage, render

TRIES = 6


@dataclass(frozen=True)
class Made:
    """A finished image, the answer it shows and the seed that was accepted."""

    image: bytes
    value: Value
    seed: int


def answer_for(scene: Scene | Document, seed: int, value: Value | None) -> Value:
    """Return the asked-for answer, the released one for the released seed, or a fresh one drawn from the seed."""
    if value is not None:
        return value
    return (
        scene.prompt.answer.value
        if seed == scene.seed
        else scene.variant(random.Random(f"{scene.prompt.id} {seed}"))
    )


def produce(scene: Scene | Document, seed: int, value: Value | None = None, *, draft: bool = False) -> Made:
    """Make the image of a scene with an answer."""
    chosen = answer_for(scene, seed, value)
    if isinstance(scene, Document):
        return Made(_encode_document(scene, chosen, seed), chosen, seed)
    reasons = []
    for attempt in (seed + 1000 * n for n in range(TRIES)):
        try:
            return Made(_photograph(scene, chosen, attempt, draft=draft), chosen, attempt)
        except Unshowable as reason:
            reasons.append(f"seed {attempt}: {reason}")
            print(reasons[-1])
    raise Unshowable(f"{scene.prompt.id}: no seed shows {chosen!r}\n" + "\n".join(reasons))


def _photograph(scene: Scene, value: Value, seed: int, *, draft: bool) -> bytes:
    open_stage(scene.frame.draft() if draft else scene.frame, seed)
    shot = scene.build(value, random.Random(seed))
    require(shot.subjects, shot.rule, scene.frame.width, scene.frame.height)
    raw = SCRATCH / "raw.png"
    render(raw)
    return encode(develop(Image.open(raw), shot.look, seed), shot.look)


def _encode_document(scene: Document, value: Value, seed: int) -> bytes:
    image = scene.draw(value, random.Random(seed))
    look = scene.look or Look(
        grain=0, vignette=0, aberration=0, saturation=1, contrast=0, blur_px=0, sharpen_percent=0
    )
    if scene.suffix == ".png":
        buffer = io.BytesIO()
        image.convert("RGB").save(buffer, "PNG", optimize=True)
        return buffer.getvalue()
    return encode(develop(image, look, seed), look)
