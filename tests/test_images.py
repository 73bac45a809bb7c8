"""What is sent is upright, within the limit, in a format that hosts take, and known byte for byte."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import draw
from visioneval.errors import SuiteError
from visioneval.images import encode_image


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_a_picture_that_can_be_sent_as_it_is_is_not_touched(tmp_path: Path, suffix: str) -> None:
    path = draw(tmp_path / f"a.{suffix}", "as it is")
    image = encode_image(path)
    assert image.content == path.read_bytes()
    assert image.sent.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (image.sent.width, image.sent.height, image.sent.size_bytes) == (320, 120, path.stat().st_size)


@pytest.mark.parametrize("suffix", ["bmp", "tiff", "gif"])
def test_formats_that_hosts_do_not_take_are_converted_without_loss(tmp_path: Path, suffix: str) -> None:
    path = draw(tmp_path / f"a.{suffix}", "convert me")
    image = encode_image(path)
    assert image.sent.media_type == "image/png"
    assert opened(image.content).convert("RGB").tobytes() == Image.open(path).convert("RGB").tobytes()


def test_a_picture_taken_sideways_is_turned_upright_and_loses_its_metadata(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20), "red").save(tmp_path / "a.jpg", exif=exif)
    image = encode_image(tmp_path / "a.jpg")
    assert (image.sent.width, image.sent.height) == (20, 40)
    assert not opened(image.content).getexif()


@pytest.mark.parametrize("where", ["before the pixels", "after the pixels", "as text", "as XMP"])
def test_a_png_that_says_it_is_turned_is_turned_upright(tmp_path: Path, where: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="6"/></x:xmpmeta>'
    hexed = b"\nexif\n%8d\n%s\n" % (len(exif.tobytes()), exif.tobytes().hex().encode())
    kind, data = {
        "as text": (b"tEXt", b"Raw profile type exif\0" + hexed),
        "as XMP": (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp),
    }.get(where, (b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")))
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    buffer = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(buffer, "PNG")
    plain = buffer.getvalue()
    at = len(plain) - 12 if where == "after the pixels" else 33  # before IEND, or after the header
    (tmp_path / "a.png").write_bytes(plain[:at] + chunk + plain[at:])
    image = encode_image(tmp_path / "a.png")
    assert (image.sent.width, image.sent.height) == (20, 40)


def test_a_large_picture_is_scaled_to_the_declared_side_and_a_small_one_is_not(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.png", "large", size=(1600, 800))
    assert encode_image(path, longest_side_px=400).sent.width == 400
    assert encode_image(path, longest_side_px=400).sent.height == 200
    assert encode_image(path, longest_side_px=1600).content == path.read_bytes()


def test_transparency_is_kept_where_the_format_has_it(tmp_path: Path) -> None:
    Image.new("RGBA", (900, 30), (255, 0, 0, 80)).save(tmp_path / "a.png")
    assert opened(encode_image(tmp_path / "a.png", longest_side_px=300).content).mode == "RGBA"


def test_a_picture_other_than_the_declared_one_is_refused(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.png", "one")
    with pytest.raises(SuiteError, match="is not the file that the suite declares"):
        encode_image(path, sha256="0" * 64)


def test_a_decompression_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    Image.new("1", (30_000, 30_000)).save(tmp_path / "bomb.png")
    with pytest.raises(SuiteError, match="50 megapixels"):
        encode_image(tmp_path / "bomb.png", longest_side_px=10)
