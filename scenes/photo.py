"""The camera look: lens faults, grain, sharpening and JPEG on a rendered or drawn image. Knows pixels only."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Look:
    """One camera and its processing; strengths are fractions of full scale unless named otherwise."""

    grain: float = 0.008
    vignette: float = 0.18
    aberration: float = 0.0005
    warmth: float = 0.0
    tint: float = 0.0
    saturation: float = 1.12
    contrast: float = 0.12
    blur_px: float = 0.35
    sharpen_percent: int = 60
    quality: int = 90


def develop(image: Image.Image, look: Look, seed: int) -> Image.Image:
    """Return the image as a phone camera would have stored it, before compression."""
    pixels = np.asarray(image.convert("RGB")).astype(np.float32) / 255
    pixels = _vignette(_aberration(pixels, look.aberration), look.vignette)
    pixels = _tone(pixels, look)
    pixels = pixels + _grain(pixels, look.grain, np.random.default_rng(seed))
    out = Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8))
    if look.blur_px:
        out = out.filter(ImageFilter.GaussianBlur(look.blur_px))
    return out.filter(ImageFilter.UnsharpMask(1.2, look.sharpen_percent, 2))


def encode(image: Image.Image, look: Look) -> bytes:
    """Encode as JPEG 4:2:0 without any metadata."""
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(image)).save(buffer, "JPEG", quality=look.quality, subsampling=2, optimize=True)
    return buffer.getvalue()


def _aberration(pixels: Pixels, strength: float) -> Pixels:
    """Scale red up and blue down about the centre by `strength`."""
    height, width, _ = pixels.shape
    cx, cy = width / 2, height / 2
    channels = []
    for index, scale in enumerate((1 + strength, 1.0, 1 - strength)):
        channel = Image.fromarray(pixels[..., index])
        matrix = (1 / scale, 0, cx - cx / scale, 0, 1 / scale, cy - cy / scale)
        channels.append(
            np.asarray(
                channel.transform((width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)
            )
        )
    return np.stack(channels, -1)


def _vignette(pixels: Pixels, strength: float) -> Pixels:
    height, width, _ = pixels.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    radius = ((x - width / 2) ** 2 + (y - height / 2) ** 2) / ((width / 2) ** 2 + (height / 2) ** 2)
    shaded: Pixels = pixels * (1 - strength * radius**1.3)[..., None]
    return shaded


def _tone(pixels: Pixels, look: Look) -> Pixels:
    """White balance, a gentle S-curve and saturation."""
    gains = np.array([1 + look.warmth, 1 + look.tint, 1 - look.warmth], np.float32)
    pixels = np.clip(pixels * gains, 0, 1)
    curve = pixels * pixels * (3 - 2 * pixels)
    pixels = pixels + (curve - pixels) * look.contrast
    grey = pixels @ np.array([0.3, 0.59, 0.11], np.float32)
    return grey[..., None] + (pixels - grey[..., None]) * look.saturation


def _grain(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Luminance and a little colour noise, slightly soft, stronger in the shadows as after tone mapping."""
    shape = pixels.shape[:2]
    luma = rng.normal(0, 1, (*shape, 1)).astype(np.float32)
    chroma = rng.normal(0, 0.5, (*shape, 3)).astype(np.float32)
    level = np.sqrt(np.clip(pixels.mean(-1, keepdims=True), 0, 1))
    noise: Pixels = (luma + chroma) * strength * (0.5 + 0.6 * level)
    return noise
