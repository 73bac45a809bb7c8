"""What is sent is upright, within the limit, in a format that hosts take, and known byte for byte."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import CommandLine, draw, write_table
from visioneval.errors import SuiteError
from visioneval.images import check_image, encode_image


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


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(*chunks: bytes) -> bytes:
    """Return a white PNG with these chunks before its pixels."""
    buffer = io.BytesIO()
    Image.new("RGB", (40, 20), "white").save(buffer, "PNG")
    return buffer.getvalue()[:33] + b"".join(chunks) + buffer.getvalue()[33:]


BROKEN_EXIF = chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 10\nzzzz")


def test_a_program_that_is_named_like_a_picture_is_not_run(tmp_path: Path) -> None:
    written = tmp_path / "written"
    script = f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n({written}) (w) file closefile\n"
    (tmp_path / "a.png").write_text(script + "showpage\n%%EOF\n")
    for look in (lambda path: check_image(path, decode=True), encode_image):
        with pytest.raises(SuiteError, match="is not an image that can be read; give a JPEG"):
            look(tmp_path / "a.png")
    assert not written.exists()


def test_a_photograph_of_several_pictures_is_still_one(tmp_path: Path) -> None:
    first, second = (Image.new("RGB", (40, 20), colour) for colour in ("red", "blue"))
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[second])
    assert opened(encode_image(tmp_path / "a.jpg").content).convert("L").getpixel((0, 0)) == 76, (
        "the first one, red"
    )


def test_exif_that_cannot_be_read_leaves_a_picture_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_with(BROKEN_EXIF))
    check_image(path, decode=True)
    assert encode_image(path).content == path.read_bytes()
    assert encode_image(path, longest_side_px=20).sent.width == 20


def test_every_damaged_byte_of_a_picture_is_found_by_the_check_or_does_no_harm(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "picture"
    for format_ in ("PNG", "TIFF", "GIF", "WEBP", "BMP", "JPEG"):
        buffer = io.BytesIO()
        Image.effect_noise((8, 6), 50).convert("RGB").save(buffer, format_, exif=exif)
        content = buffer.getvalue()
        for position in range(min(len(content), 240)):
            path.write_bytes(content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :])
            try:
                check_image(path, decode=True)
            except SuiteError:
                continue
            else:
                encode_image(path)
                encode_image(path, longest_side_px=16)


def test_a_prompt_whose_picture_is_damaged_fails_alone_and_the_others_are_asked(
    visioneval: CommandLine, tmp_path: Path
) -> None:
    rows = [
        {"id": f"p{n}", "image": f"{n}.png", "question": f"How many of {n}? Only a number.", "answer": "3"}
        for n in range(3)
    ]
    (tmp_path / "1.png").write_bytes(png_with(BROKEN_EXIF))
    table = write_table(tmp_path, rows)
    replies = tmp_path / "replies.jsonl"
    replies.write_text("".join(json.dumps({"id": row["id"], "reply": {"text": "3"}}) + "\n" for row in rows))
    done = visioneval("run", "--suite", table, "--model", f"replay:{replies}", "--longest-side", 64)
    assert done.returncode == 0, done.stderr
    assert visioneval("report").returncode == 0
    assert visioneval("validate", table).returncode == 0


@pytest.mark.parametrize("suffix", ["tiff", "png"])
def test_16_bits_of_grey_keep_their_shades(tmp_path: Path, suffix: str) -> None:
    deep = Image.new("I;16", (256, 40))
    for column in range(256):
        deep.paste(column * 257, (column, 0, column + 1, 40))
    deep.save(tmp_path / f"a.{suffix}")
    for longest_side_px in (None, 256):
        sent = opened(encode_image(tmp_path / f"a.{suffix}", longest_side_px=longest_side_px).content)
        assert [sent.convert("L").getpixel((column, 20)) for column in range(256)] == list(range(256))


@pytest.mark.parametrize("mode", ["I", "F"])
def test_32_bits_a_pixel_are_refused_by_the_check_with_what_to_do(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (40, 20), 70_000).save(tmp_path / "a.tiff")
    with pytest.raises(SuiteError, match="32 bits a pixel.*; save it with 8 bits a channel"):
        check_image(tmp_path / "a.tiff", decode=True)


def test_a_jpeg_in_the_colours_of_print_is_sent_in_those_of_a_screen(tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), "red").convert("CMYK").save(tmp_path / "a.jpg")
    sent = opened(encode_image(tmp_path / "a.jpg").content)
    assert (sent.mode, sent.format) == ("RGB", "JPEG")
    red, green, blue = (band.getpixel((20, 10)) for band in sent.split())
    assert (red, green, blue) == pytest.approx((254, 0, 0), abs=3)


def test_a_pipe_is_no_picture_and_is_not_waited_for(visioneval: CommandLine, tmp_path: Path) -> None:
    table = write_table(tmp_path, [{"id": "p", "image": "a.png", "question": "How many?", "answer": "3"}])
    (tmp_path / "a.png").unlink()
    os.mkfifo(tmp_path / "a.png")
    done = visioneval("validate", table)
    assert done.returncode == 3
    assert "a.png is not a file; give a picture's file" in done.stdout


def test_a_file_too_large_for_any_picture_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(400_000_000)  # takes no room on the disk
    with pytest.raises(SuiteError, match="400 MB, more than 300"):
        encode_image(tmp_path / "a.png")
