"""Pictures: open them safely, turn them upright, scale and encode them for sending.

A picture that is already upright, small enough and in a format that every host takes is sent byte for
byte; anything else is decoded once and written as JPEG or PNG.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from PIL import Image, UnidentifiedImageError

from visioneval.errors import SuiteError
from visioneval.types import EncodedImage, SentImage

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""All that is ever opened: among Pillow's other formats are programs (PostScript), which it would run. A JPEG of
several pictures (MPO) is opened as a JPEG."""
MAX_PIXELS = 50_000_000
MAX_FILE_BYTES = 300_000_000
"""Of 50 megapixels in 16 bits a channel, uncompressed."""
SENDABLE = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
SENDABLE_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
ORIENTATION_TAG = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture of this EXIF orientation upright."""
PNG_TEXT = (b"tEXt", b"zTXt", b"iTXt")
JPEG_QUALITY = 95


def file_sha256(path: Path) -> str:
    """Hash a file's bytes. Raises SuiteError when it cannot be read."""
    with _file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_image(path: Path, *, decode: bool) -> None:
    """Raise SuiteError unless the file is a picture that can be sent.

    The header is always read (format, at most 50 megapixels); with `decode` the picture is made ready as for
    sending, which is what finds a truncated file.
    """
    if decode:
        upright_image(path)
        return
    with _file(path) as file, _reading(path):
        _open(path, file)


def upright_image(path: Path) -> Image.Image:
    """Return a picture's pixels as they are sent: upright, in 8 bits. Raises SuiteError as encode_image does."""
    with _reading(path), _open(path, io.BytesIO(_read(path))) as image:
        image.load()
        return _upright_8_bit(path, image)


def encode_image(path: Path, *, longest_side_px: int | None = None, sha256: str | None = None) -> EncodedImage:
    """Read a picture and make it ready to be sent.

    Raises SuiteError when it is missing, truncated, too large, no picture, or not the file whose `sha256`
    is given.
    """
    as_it_is = image_as_it_is(path, longest_side_px=longest_side_px, sha256=sha256)
    if as_it_is is not None:
        return as_it_is
    with _reading(path), _open(path, io.BytesIO(_read(path))) as image:
        image.load()
        return _encode(path, image, longest_side_px)


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
    with _reading(path), _open(path, io.BytesIO(content)) as image:
        if not _sendable_as_is(image, content, longest_side_px):
            return None
        sent = SentImage(digest, SENDABLE[str(image.format)], image.width, image.height, len(content))
        return EncodedImage(content, sent)


def exif_of(image: Image.Image) -> Image.Exif | None:
    """Return a picture's EXIF; None for what cannot be read.

    Pillow decodes a whole PNG to look for EXIF after the pixels: load it first, so that it is told when it
    is the pixels that are damaged.
    """
    try:
        exif = image.getexif()
        exif.get(ORIENTATION_TAG)  # entries are parsed when they are asked for
    except Exception:  # Pillow lets through whatever its parsers raise
        return None
    return exif


def _read(path: Path) -> bytes:
    with _file(path) as file:
        return file.read()


@contextlib.contextmanager
def _file(path: Path) -> Iterator[io.BufferedReader]:
    """Open a picture's file; a pipe or a device, which may never end, is none."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise SuiteError(f"image {path} is not a file; give a picture's file")
        if status.st_size > MAX_FILE_BYTES:
            raise SuiteError(f"image {path} has {status.st_size / 1e6:.0f} MB, more than 300; scale it down")
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> SuiteError:
    if isinstance(error, FileNotFoundError):
        return SuiteError(f"image {path} does not exist; add the file or correct the path")
    return SuiteError(f"image {path} cannot be read ({error.strerror}); check the path and its rights")


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Make one SuiteError of whatever Pillow raises on a damaged file."""
    try:
        with warnings.catch_warnings():
            # Our own limit of pixels is below Pillow's, and is an error rather than a warning.
            warnings.simplefilter("ignore")
            yield
    except SuiteError:
        raise
    except Image.DecompressionBombError:
        raise SuiteError(f"image {path} is larger than 50 megapixels; scale it down") from None
    except UnidentifiedImageError:
        what = "is not an image that can be read" if path.stat().st_size else "is empty"
        raise SuiteError(f"image {path} {what}; give a JPEG, PNG, WebP, GIF, BMP or TIFF file") from None
    except Exception as error:  # the parsers of a dozen formats raise more kinds than anyone has listed
        why = " ".join(str(error).split()) or type(error).__name__
        raise SuiteError(f"image {path} is truncated or damaged ({why}); export it again") from None


def _open(path: Path, file: IO[bytes]) -> Image.Image:
    """Read a picture's header."""
    image = Image.open(file, formats=FORMATS)
    if image.width * image.height > MAX_PIXELS:
        raise SuiteError(
            f"image {path} has {image.width} x {image.height} pixels, more than 50 megapixels; scale it down"
        )
    return image


def _sendable_as_is(image: Image.Image, content: bytes, longest_side_px: int | None) -> bool:
    fits = longest_side_px is None or max(image.size) <= longest_side_px
    if not fits or image.format not in SENDABLE or image.mode not in SENDABLE_MODES:
        return False
    return getattr(image, "n_frames", 1) == 1 and _is_upright(image, content)


def _is_upright(image: Image.Image, content: bytes) -> bool:
    if image.format == "PNG":
        if not _png_may_be_turned(content):
            return True  # and need not be decoded
        image.load()
    return _turn(image) is None


def _turn(image: Image.Image) -> Image.Transpose | None:
    """Return what makes a picture upright; None where it is, or where nothing that can be read says else."""
    exif = exif_of(image)
    return TURNS.get(exif.get(ORIENTATION_TAG, 1)) if exif else None


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


def _upright_8_bit(path: Path, image: Image.Image) -> Image.Image:
    turn = _turn(image)
    upright = image if turn is None else image.transpose(turn)
    if upright.mode in ("I", "F"):
        raise SuiteError(
            f"image {path} has 32 bits a pixel, and nothing says which of their values are black and white; save "
            "it with 8 bits a channel"
        )
    if upright.mode.startswith("I;16"):  # which convert() would cut off at 255
        upright = upright.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
        upright.info.pop("transparency", None)  # one of the 65,536 shades
    transparent = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    return upright.convert("RGBA" if transparent and image.format != "JPEG" else "RGB")


def _encode(path: Path, image: Image.Image, longest_side_px: int | None) -> EncodedImage:
    lossless = image.format != "JPEG"
    upright = _upright_8_bit(path, image)
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
