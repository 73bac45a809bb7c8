"""How many tokens a call may take: an estimate, labelled as one, and a bound. Bills come from usage alone.

Pictures follow the published rules of the two families: patches of 32 px (times a factor by model), and tiles
of 512 px. Users have measured other factors than the documents name, so no cost is ever computed from these.
"""

from __future__ import annotations

import math
import re

from msgspec import Struct

from visioneval.types import Request, SentImage

CHARACTERS_PER_TOKEN = 4.0
OVERHEAD_TOKENS = 16
MOST_OVERHEAD_TOKENS = 200
"""Roles, separators and a schema."""
PATCH_PX, MOST_PATCHES, MOST_PATCHES_ORIGINAL = 32, 2500, 30_000
WORST_FACTOR = 2.5
TILE_PX = 512


class PictureRule(Struct, frozen=True):
    """How a family of models counts a picture."""

    base: int
    per_unit: float
    tiles: bool = False
    most_units: int = MOST_PATCHES


RULES: tuple[tuple[str, PictureRule], ...] = (
    (r"gpt-4o-mini", PictureRule(2833, 5667, tiles=True)),
    (r"gpt-4\.1-mini", PictureRule(0, 1.62, most_units=1536)),
    (r"gpt-4\.1-nano", PictureRule(0, 2.46, most_units=1536)),
    (r"gpt-5-nano|gpt-5\.4-nano", PictureRule(0, 1.5)),
    (r"o4-mini", PictureRule(0, 1.72, most_units=1536)),
    (r"gpt-4o|gpt-4\.1|gpt-4\.5|o1|o3", PictureRule(85, 170, tiles=True)),
    (r"gpt-5(-20|$)", PictureRule(70, 140, tiles=True)),
    (r"gemini", PictureRule(0, 258, tiles=True)),
    (r"claude", PictureRule(0, 1.37, most_units=1568)),
    (r"gemma", PictureRule(256, 0)),
    (r"", PictureRule(0, 1.2)),
)


def picture_tokens(model_id: str, sent: SentImage) -> int:
    """Return about how many tokens a picture takes, by the rule of the model's family."""
    rule = next(rule for pattern, rule in RULES if re.search(pattern, model_id))
    units = _tiles(sent.width, sent.height) if rule.tiles else _patches(sent.width, sent.height)
    return math.ceil(rule.base + rule.per_unit * min(units, rule.most_units))


def text_tokens(text: str) -> int:
    """Return about how many tokens a text takes."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def most_input_tokens(request: Request) -> int:
    """Return the most input tokens that a call can take: every byte of text a token, the dearest picture rule."""
    asked = [(request.question, request.image)]
    asked += [(example.question + example.answer, example.image) for example in request.examples]
    texts = sum(len(question.encode()) for question, _ in asked)
    pictures = sum(_most_picture_tokens(image.sent, request.settings.detail) for _, image in asked if image)
    return MOST_OVERHEAD_TOKENS * len(asked) + texts + pictures


def _most_picture_tokens(sent: SentImage, detail: str | None) -> int:
    most = MOST_PATCHES_ORIGINAL if detail in ("original", "auto", None) else MOST_PATCHES
    patches = min(_patches(sent.width, sent.height), most) * WORST_FACTOR
    return math.ceil(max(patches, 85 + 170 * _tiles(sent.width, sent.height)))


def _patches(width: int, height: int) -> int:
    return math.ceil(width / PATCH_PX) * math.ceil(height / PATCH_PX)


def _tiles(width: int, height: int) -> int:
    """Count 512 px tiles after fitting into 2048 px and bringing the short side down to 768 px."""
    scale = min(1.0, 2048 / max(width, height))
    scale = min(scale, 768 / min(width, height) if min(width, height) * scale > 768 else scale)
    return math.ceil(width * scale / TILE_PX) * math.ceil(height * scale / TILE_PX)
