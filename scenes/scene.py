"""What a scene module offers: a prompt, a way to draw fresh answers, and a builder for the picture."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bpy.types import Object
from PIL import Image

from scenes.entry import Prompt, Value
from scenes.gate import Rule
from scenes.photo import Look
from scenes.stage import Frame


@dataclass(frozen=True)
class Shot:
    """A built Blender scene ready to render: the objects that must be seen, the rule for them, and the camera's
    look.
    """

    subjects: Sequence[Object]
    rule: Rule = field(default_factory=Rule)
    look: Look = field(default_factory=Look)


@dataclass(frozen=True)
class Scene:
    """A picture rendered with Blender.

    `build(value, rng)` fills the open stage so that `value` is the right answer, and raises `Unshowable` when
    this seed
    cannot. `variant(rng)` draws another answer. `seed` made the released image.
    """

    prompt: Prompt
    build: Callable[[Value, random.Random], Shot]
    variant: Callable[[random.Random], Value]
    frame: Frame = field(default_factory=Frame)
    seed: int = 1


@dataclass(frozen=True)
class Document:
    """A picture drawn flat: a scan or a screenshot. `suffix` is `.png` only where a lossless screenshot is the
    point.
    """

    prompt: Prompt
    draw: Callable[[Value, random.Random], Image.Image]
    variant: Callable[[random.Random], Value]
    look: Look | None = None
    suffix: str = ".jpg"
    seed: int = 1
