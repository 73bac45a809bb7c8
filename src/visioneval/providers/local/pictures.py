"""Pictures prepared on every core, and sent to the device as bytes.

A model of a few billion parameters answers faster on a large GPU than one core decodes and scales its pictures.
What comes out is, to the bit, what the image processor of Transformers makes of the whole batch.
"""

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

LEVELS = 256
PIXELS = "pixel_values"
SPARED_CORES = 2
"""For the thread that keeps the device busy, and for Python's lock: preparing must not slow it down."""


class Pictures:
    """Decodes pictures, and runs an image processor of Transformers on each in a thread of its own.

    It stands in the image processor's place. PIL and numpy let go of Python's lock while they work.
    """

    def __init__(self, image_processor: Any) -> None:
        self._processor = image_processor
        self._threads = ThreadPoolExecutor(max(2, usable_cores() - SPARED_CORES), "picture")
        self._one_by_one = True
        self._levels = _levels(image_processor)

    def decode(self, images: Sequence[EncodedImage | None]) -> list[Image.Image | None]:
        """Return the pictures as RGB. Raises PromptError when one cannot be decoded."""
        return list(self._threads.map(_decode, images))

    def __call__(self, images: Sequence[Any], **arguments: Any) -> Any:
        """Return what the image processor makes of all pictures at once, its `pixel_values` as bytes if it can."""
        if self._levels is not None:  # scaled here, to numbers on the device: an eighth of the work in numpy
            arguments |= {"do_rescale": False, "do_normalize": False}
        if len(images) > 1 and self._one_by_one:
            parts = list(self._threads.map(lambda image: self._processor([image], **arguments), images))
            if (joined := _joined(parts)) is not None:
                return joined
            self._one_by_one = False  # it pads each picture to the largest of a batch, or the like
        return self._processor(images, **arguments)

    def numbers(self, pixels: Any, dtype: Any) -> Any:
        """Return bytes (pictures, 3, height, width) as the numbers that the model takes, where the bytes are."""
        return pixels if self._levels is None else _looked_up(pixels, self._levels.to(pixels.device, dtype))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._processor, name)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()


def usable_cores() -> int:
    """Return how many cores this process may use: a job on a cluster has few of its machine's."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _levels(image_processor: Any) -> Any:
    """Return the number that each byte of each colour becomes, (3, 256), in float32.

    None where that is not all that an image processor does with a scaled picture: tried on two of them.
    """
    import torch

    ramp = Image.frombytes("L", (16, 16), bytes(range(LEVELS))).convert("RGB")
    tilted = Image.merge("RGB", [Image.linear_gradient("L").rotate(angle) for angle in (0, 90, 180)])
    samples = [tilted.resize(size) for size in ((90, 140), (300, 40))]
    try:
        levels = image_processor([ramp], do_resize=False, return_tensors="pt")[PIXELS].reshape(3, LEVELS)
        plain = {"do_rescale": False, "do_normalize": False}
        for sample in samples:
            pixels = image_processor([sample], return_tensors="pt", **plain)[PIXELS]
            whole = image_processor([sample], return_tensors="pt")[PIXELS]
            if pixels.dtype != torch.uint8 or not torch.equal(_looked_up(pixels, levels), whole):
                return None
    except Exception:  # whatever it takes, it does not take this
        return None
    return levels


def _looked_up(pixels: Any, levels: Any) -> Any:
    import torch

    return torch.stack([levels[colour][pixels[:, colour].int()] for colour in range(len(levels))], 1)


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
