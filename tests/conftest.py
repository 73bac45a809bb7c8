"""What tests share: small real suites, and the command line as a person calls it."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import settings
from PIL import Image, ImageDraw

settings.register_profile("busy", deadline=None)  # machines that build are busy
settings.load_profile("busy")

CommandLine = Callable[..., subprocess.CompletedProcess[str]]


def draw(path: Path, text: str, size: tuple[int, int] = (320, 120)) -> Path:
    """Write a real picture that shows a text in large print."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((20, 30), text, fill="black", font_size=44)
    image.save(path)
    return path


def write_table(folder: Path, rows: Sequence[Mapping[str, object]], name: str = "suite.csv") -> Path:
    """Write a suite as a CSV file; a picture is drawn for each row whose image is not there."""
    for row in rows:
        if not (folder / str(row["image"])).exists():
            draw(folder / str(row["image"]), str(row["answer"]))
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)
    return folder / name


def entry(prompt_id: str, question: str, answer: Mapping[str, object], **more: object) -> dict[str, object]:
    """Return one prompt of a YAML file, with its picture under images/."""
    image = f"images/{prompt_id.lower()}-picture.png"
    return {"id": prompt_id, "title": prompt_id, "image": image, "question": question, "answer": answer, **more}


def write_folder(folder: Path, categories: Mapping[str, Sequence[Mapping[str, object]]]) -> Path:
    """Write a suite as a folder of YAML files; a picture is drawn for each prompt whose image is not there."""
    for category, entries in categories.items():
        (folder / "prompts").mkdir(parents=True, exist_ok=True)
        file = folder / "prompts" / f"{category.lower().replace(' ', '_')}.yaml"
        file.write_text(yaml.safe_dump({"category": category, "prompts": list(entries)}, sort_keys=False))
        for each in entries:
            if "image" in each and not (folder / str(each["image"])).exists():
                draw(folder / str(each["image"]), str(each["id"]))
    return folder


@pytest.fixture
def counting_suite(tmp_path: Path) -> Path:
    """A folder of two categories and five prompts."""
    return write_folder(
        tmp_path / "suite",
        {
            "Object Counting": [
                entry("OC01", "How many nuts are there?", {"type": "integer", "value": 9}),
                entry("OC02", "How many caps are green?", {"type": "integer", "value": 13}),
                entry("OC03", "How many tubes are round?", {"type": "integer", "value": 9}),
            ],
            "Defect Detection": [
                entry("DD01", "Is the glass chipped?", {"type": "yes_no", "value": True}),
                entry("DD02", "Which is the code?", {"type": "identifier", "value": "0101"}),
            ],
        },
    )


@pytest.fixture
def visioneval(tmp_path: Path) -> CommandLine:
    """The command line, run as a process of its own in an empty folder, with no key in its environment."""

    def run(*arguments: object, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
        return subprocess.run(
            [sys.executable, "-m", "visioneval", *map(str, arguments)],
            cwd=tmp_path,
            env={**environment, **(env or {})},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run
