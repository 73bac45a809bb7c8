"""Requests for local models, with pictures that differ."""

from __future__ import annotations

import hashlib
import io

from PIL import Image, ImageDraw

from micro.pictures import COLOURS as PAINTS
from visioneval.types import EncodedImage, Request, SentImage, Settings

COLOURS = tuple(PAINTS)
COLOUR_QUESTION = "What color is the shape?"


def picture(colour: str, size_px: tuple[int, int] = (96, 96)) -> EncodedImage:
    """Return a PNG of one circle of a colour on grey."""
    image = Image.new("RGB", size_px, (130, 130, 130))
    ImageDraw.Draw(image).ellipse((8, 8, 44, 44), fill=PAINTS[colour])
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    content = buffer.getvalue()
    return EncodedImage(
        content, SentImage(hashlib.sha256(content).hexdigest(), "image/png", *size_px, len(content))
    )


def a_request(
    number: int, question: str = COLOUR_QUESTION, image: EncodedImage | None = None, tokens: int = 8
) -> Request:
    """Return request `number`, with a picture in one of six colours unless another is given."""
    return Request(
        prompt_id=f"P{number:03}",
        question=question,
        answer_type="text",
        options=(),
        image=image or picture(COLOURS[number % len(COLOURS)]),
        settings=Settings(max_output_tokens=tokens),
        epoch=0,
        key=f"key-{number}",
    )
