"""Pictures: open them safely, turn them upright, scale and encode them for sending.

A picture that is already upright, small enough and in a format that every host takes is sent byte for
byte; anything else is decoded once and written as JPEG or PNG.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from visioneval.errors import SuiteError
from visioneval.types import EncodedImage, SentImage

MAX_PIXELS = 50_000_000
SENDABLE = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
ORIENTATION_TAG = 0x0112
PNG_TEXT = (b"tEXt", b"zTXt", b"iTXt")
JPEG_QUALITY = 95


def file_sha256(path: Path) -> str:
    """Hash a file's bytes. Raises SuiteError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from None


def check_image(path: Path, *, decode: bool) -> None:
    """Raise SuiteError unless the file is a picture that can be sent.

    The header is always read (format, at most 50 megapixels); with `decode` every pixel is, which is what
    finds a truncated file.
    """
    with _open(path) as image:
        if decode:
            _load(path, image)


def encode_image(path: Path, *, longest_side_px: int | None = None, sha256: str | None = None) -> EncodedImage:
    """Read a picture and make it ready to be sent.

    Raises SuiteError when it is missing, truncated, too large, no picture, or not the file whose `sha256`
    is given.
    """
    as_it_is = image_as_it_is(path, longest_side_px=longest_side_px, sha256=sha256)
    if as_it_is is not None:
        return as_it_is
    with _open(path, _read(path)) as image:
        _load(path, image)
        return _encode(image, longest_side_px)


def image_as_it_is(
    path: Path, *, longest_side_px: int | None = None, sha256: str | None = None
) -> EncodedImage | None:
    """Return a picture that can be sent byte for byte, which takes no decoding; None when it must be encoded.

    Raises SuiteError as encode_image does.
    """
    content = _read(path)
    digest = hashlib.sha256(content).hexdigest()
    if sha256 is not None and digest != sha256:
        raise SuiteError(
            f"image {path} is not the file that the suite declares (sha256 {digest[:12]}…, declared "
            f"{sha256[:12]}…); restore it or update the hash"
        )
    with _open(path, content) as image:
        if not _sendable_as_is(image, content, longest_side_px):
            return None
        sent = SentImage(digest, SENDABLE[str(image.format)], image.width, image.height, len(content))
        return EncodedImage(content, sent)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> SuiteError:
    if isinstance(error, FileNotFoundError):
        return SuiteError(f"image {path} does not exist; add the file or correct the path")
    return SuiteError(f"image {path} cannot be read ({error.strerror}); check the path and its rights")


def _open(path: Path, content: bytes | None = None) -> Image.Image:
    """Read a picture's header, from its bytes where they are in hand."""
    try:
        with warnings.catch_warnings():
            # Our own limit is below Pillow's, and is an error rather than a warning.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(path if content is None else io.BytesIO(content))
    except Image.DecompressionBombError:
        raise SuiteError(f"image {path} is larger than 50 megapixels; scale it down") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise _unreadable(path, error) from None
        empty = path.stat().st_size == 0 if content is None else not content
        what = "is empty" if empty else "is not an image that can be read"
        raise SuiteError(f"image {path} {what}; give a JPEG, PNG, WebP, GIF, BMP or TIFF file") from None
    if image.width * image.height > MAX_PIXELS:
        raise SuiteError(
            f"image {path} has {image.width} x {image.height} pixels, more than 50 megapixels; scale it down"
        )
    return image


def _load(path: Path, image: Image.Image) -> None:
    try:
        image.load()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise SuiteError(f"image {path} is truncated or damaged ({error}); export it again") from None


def _sendable_as_is(image: Image.Image, content: bytes, longest_side_px: int | None) -> bool:
    fits = longest_side_px is None or max(image.size) <= longest_side_px
    single = getattr(image, "n_frames", 1) == 1
    return image.format in SENDABLE and fits and single and _is_upright(image, content)


def _is_upright(image: Image.Image, content: bytes) -> bool:
    # Pillow decodes a whole PNG to look for an orientation after the pixels; almost none has any.
    if image.format == "PNG" and not _png_may_be_turned(content):
        return True
    return bool(image.getexif().get(ORIENTATION_TAG, 1) == 1)


def _png_may_be_turned(content: bytes) -> bool:
    """Walk a PNG's chunks for those that can hold an orientation: EXIF, or EXIF or XMP as text."""
    start = 8
    while start + 8 <= len(content):
        length, kind = int.from_bytes(content[start : start + 4]), content[start + 4 : start + 8]
        keyword = content[start + 8 : start + 38].lower()
        if kind == b"eXIf" or (kind in PNG_TEXT and (b"exif" in keyword or b"xmp" in keyword)):
            return True
        start += 12 + length
    return False


def _encode(image: Image.Image, longest_side_px: int | None) -> EncodedImage:
    lossless = image.format != "JPEG"
    upright = ImageOps.exif_transpose(image)
    transparent = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    upright = upright.convert("RGBA" if transparent and lossless else "RGB")
    if longest_side_px is not None:
        upright.thumbnail((longest_side_px, longest_side_px), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    if lossless:
        upright.save(buffer, "PNG", optimize=False)
    else:
        upright.save(buffer, "JPEG", quality=JPEG_QUALITY)
    content = buffer.getvalue()
    sent = SentImage(
        hashlib.sha256(content).hexdigest(),
        "image/png" if lossless else "image/jpeg",
        upright.width,
        upright.height,
        len(content),
    )
    return EncodedImage(content, sent)
