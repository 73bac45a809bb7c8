"""Everything about a suite that a program can check beyond its format, each problem with what to do.

What makes a suite unusable (a wrong field, an id used twice, a path that leads out) is raised by
`load_suite`; here are the faults that would make its scores mean less.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Literal

from msgspec import Struct
from PIL import Image

from visioneval.answers import Choice, YesNo, answer_type, key_text
from visioneval.errors import SuiteError
from visioneval.images import FORMATS, exif_of, file_sha256, upright_image
from visioneval.plurals import count
from visioneval.providers.baseline_blind import NO_ANSWER, best_constants
from visioneval.suite import image_path, is_shipped
from visioneval.types import Prompt, Suite

MAX_FLOOR = 8 / 67
"""Share of the prompts that constant answers may get right."""
FEWEST_PROMPTS_FOR_A_FLOOR = 40
"""In fewer, one answer that two prompts share is already more than that share."""
LONG_ENOUGH_TO_LEAK = 3
NEAR_DUPLICATE_BITS = 3
HASH_SIDE = 16


NEUTRAL_NAME = re.compile(r"[a-z2-9]{6}\.(jpg|png)")
SHIPPED_COUNTS = {
    "Defect Detection": 15,
    "Document Understanding": 9,
    "Object Counting": 10,
    "Object Understanding": 14,
    "Spatial Understanding": 19,
}
SHIPPED_SIDE_PX = range(1280, 1601)
"""Of the longest side."""
SHIPPED_SIZE_KB = range(100, 501)
SHIPPED_TOTAL_MB = 30


class Problem(Struct, frozen=True):
    """One thing to mend."""

    severity: Literal["error", "warning"]
    prompt_id: str | None
    message: str
    fix: str

    def __str__(self) -> str:
        where = f"prompt {self.prompt_id!r}: " if self.prompt_id else ""
        return f"{self.severity}: {where}{self.message}; {self.fix}"


def problems(suite: Suite) -> Iterator[Problem]:
    """Yield every problem of a suite, reading each picture once."""
    prints: dict[str, int] = {}
    for prompt in suite.prompts:
        yield from _picture_problems(suite, prompt, prints)
        yield from _leaks(prompt)
    yield from _repeated(suite)
    yield from _near_duplicates(prints, suite)
    yield from _floor_problems(suite)
    if is_shipped(suite.path):
        yield from _shipped_problems(suite)


def floor(suite: Suite) -> int:
    """Return how many prompts the best constant answer per type gets right (see `best_constants`)."""
    constants = best_constants(suite.prompts)
    return sum(
        key_text(prompt.answer).casefold() == constants.get(answer_type(prompt.answer), NO_ANSWER).casefold()
        for prompt in suite.prompts
    )


def _picture_problems(suite: Suite, prompt: Prompt, prints: dict[str, int]) -> Iterator[Problem]:
    try:
        path = image_path(suite.folder, prompt)
        upright, digest = upright_image(path), file_sha256(path)
    except SuiteError as error:
        message, _, fix = str(error).rpartition("; ")
        yield Problem("error", prompt.id, message, fix)
        return
    prints[prompt.image] = _difference_hash(upright)
    if digest != prompt.sha256:
        yield Problem(
            "error", prompt.id, f"image {prompt.image} is not the file whose sha256 is declared", "update it"
        )
    with Image.open(path, formats=FORMATS) as image:
        image.load()
        exif = exif_of(image)
        named = sorted({"EXIF"} if exif is None or exif else set()) + sorted(
            str(key)
            for key in image.info
            if key in ("comment", "XML:com.adobe.xmp", "xmp", "Software", "Description")
        )
    if named:
        yield Problem("warning", prompt.id, f"image carries metadata ({', '.join(named)})", "strip it")


def _leaks(prompt: Prompt) -> Iterator[Problem]:
    key = key_text(prompt.answer).casefold()
    name = PurePosixPath(prompt.image).stem.casefold()
    if len(key) >= LONG_ENOUGH_TO_LEAK and re.search(rf"(?<![a-z0-9]){re.escape(key)}(?![a-z0-9])", name):
        yield Problem("error", prompt.id, f"the answer stands in the file name {prompt.image}", "rename the file")
    if isinstance(prompt.answer, (Choice, YesNo)):
        return
    if re.search(rf"(?<![\w.,]){re.escape(key)}(?!\w|[.,]\w)", prompt.question.casefold()):
        yield Problem("warning", prompt.id, "the answer stands in the question", "reword it or change the example")


def _repeated(suite: Suite) -> Iterator[Problem]:
    seen: dict[tuple[str, str | None], str] = {}
    for prompt in suite.prompts:
        asked = (" ".join(prompt.question.casefold().split()), prompt.sha256)
        if asked in seen:
            yield Problem("error", prompt.id, f"asks the same of the same picture as {seen[asked]!r}", "drop one")
        seen.setdefault(asked, prompt.id)


def _near_duplicates(prints: dict[str, int], suite: Suite) -> Iterator[Problem]:
    ids = {prompt.image: prompt.id for prompt in reversed(suite.prompts)}
    images = sorted(prints)
    for index, first in enumerate(images):
        for second in images[index + 1 :]:
            if (prints[first] ^ prints[second]).bit_count() <= NEAR_DUPLICATE_BITS:
                yield Problem(
                    "warning",
                    ids[second],
                    f"{second} looks like {first} (prompt {ids[first]!r})",
                    "use another picture",
                )


def _floor_problems(suite: Suite) -> Iterator[Problem]:
    right, allowed = floor(suite), int(MAX_FLOOR * len(suite.prompts))
    if len(suite.prompts) >= FEWEST_PROMPTS_FOR_A_FLOOR and right > allowed:
        yield Problem(
            "warning",
            None,
            f"constant answers get {right} of {len(suite.prompts)} right",
            f"vary the answers of each type until it is {allowed} or fewer",
        )


def _shipped_problems(suite: Suite) -> Iterator[Problem]:
    """Yield what is wrong with the shipped suite by the rules that its own pictures are made by."""
    counts = Counter(prompt.category for prompt in suite.prompts)
    for category in sorted({*counts, *SHIPPED_COUNTS}):
        if counts[category] != SHIPPED_COUNTS.get(category, 0):
            wanted = SHIPPED_COUNTS.get(category, 0)
            message = f"category {category} has {count(counts[category], 'prompt')}, not {wanted}"
            yield Problem("error", None, message, "add or drop some")
    total_kb = 0.0
    for prompt in suite.prompts:
        path = suite.folder / prompt.image
        if not path.is_file():
            continue  # told already
        size_kb = path.stat().st_size / 1024
        total_kb += size_kb
        if not NEUTRAL_NAME.fullmatch(path.name):
            yield Problem("error", prompt.id, f"image {prompt.image} has a telling name", "publish it again")
        if round(size_kb) not in SHIPPED_SIZE_KB:
            message = f"image has {size_kb:.0f} KB, not {SHIPPED_SIZE_KB[0]} to {SHIPPED_SIZE_KB[-1]}"
            yield Problem("error", prompt.id, message, "choose another quality or size")
        side_px = _longest_side_px(path)
        if side_px and side_px not in SHIPPED_SIDE_PX:
            message = f"image's longest side is {side_px} px, not {SHIPPED_SIDE_PX[0]} to {SHIPPED_SIDE_PX[-1]}"
            yield Problem("error", prompt.id, message, "render it at another size")
    if total_kb > SHIPPED_TOTAL_MB * 1024:
        message = f"the images have {total_kb / 1024:.0f} MB in all, more than {SHIPPED_TOTAL_MB}"
        yield Problem("error", None, message, "save some with a lower quality")


def _longest_side_px(path: Path) -> int | None:
    try:
        with Image.open(path, formats=FORMATS) as image:
            return max(image.size)
    except OSError:
        return None  # told already


def _difference_hash(image: Image.Image) -> int:
    """Return whether each pixel of a tiny grey copy is brighter than its right neighbour, as bits."""
    small = image.convert("L").resize((HASH_SIDE + 1, HASH_SIDE), Image.Resampling.LANCZOS)
    grey = small.tobytes()
    width = HASH_SIDE + 1
    bits = 0
    for row in range(HASH_SIDE):
        for column in range(HASH_SIDE):
            at = row * width + column
            bits = bits << 1 | (grey[at] > grey[at + 1])
    return bits
