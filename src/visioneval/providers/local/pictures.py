"""Pictures prepared on every core: to decode and scale 67 of them on one takes longer than a GPU answers."""

from __future__ import annotations

import io
import os
from collections import UserDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PIL import Image

from visioneval.errors import PromptError
from visioneval.images import FORMATS
from visioneval.types import EncodedImage


class Pictures:
    """Decodes pictures, and runs an image processor of Transformers on each in a thread of its own.

    It stands in the image processor's place. PIL and numpy let go of Python's lock while they work.
    """

    def __init__(self, image_processor: Any) -> None:
        self._processor = image_processor
        self._threads = ThreadPoolExecutor(os.cpu_count(), "picture")
        self._one_by_one = True

    def decode(self, images: Sequence[EncodedImage | None]) -> list[Image.Image | None]:
        """Return the pictures as RGB. Raises PromptError when one cannot be decoded."""
        return list(self._threads.map(_decode, images))

    def __call__(self, images: Sequence[Any], **arguments: Any) -> Any:
        """Return what the image processor makes of all pictures at once: features, picture by picture."""
        if len(images) > 1 and self._one_by_one:
            parts = list(self._threads.map(lambda image: self._processor([image], **arguments), images))
            if (joined := _joined(parts)) is not None:
                return joined
            self._one_by_one = False  # it pads each picture to the largest of a batch, or the like
        return self._processor(images, **arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._processor, name)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()


def _joined(parts: Sequence[Any]) -> Any:
    """Return the features of single pictures as those of a batch, or None when they do not line up."""
    import torch

    if not isinstance(parts[0], UserDict):  # Transformers' BatchFeature is one
        return None
    features = parts[0]
    for name in features:
        values = [part[name] for part in parts]
        if not all(map(torch.is_tensor, values)):
            features[name] = [each for value in values for each in value]
        elif values[0].ndim and len({value.shape[1:] for value in values}) == 1:
            features[name] = torch.cat(values)
        else:
            return None
    return features


def _decode(image: EncodedImage | None) -> Image.Image | None:
    if image is None:
        return None
    try:
        return Image.open(io.BytesIO(image.content), formats=FORMATS).convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise PromptError("bad_image", f"the picture cannot be decoded ({error})") from None
