"""The micro model's own suite: a few pictures that it was not trained on, in the format of any other suite."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import yaml

from micro.pictures import COLOURS, QUESTIONS, SHAPES, Scene, draw, random_scene

SUITE_SEED, PICTURE_PX, PER_CATEGORY = 2026, 96, 8
CATEGORIES = {
    "Colour": ("CO", "What color is the shape?"),
    "Counting": ("CN", "How many shapes are there?"),
    "Shape": ("SH", "Which shape is it?"),
}


def write_suite(folder: Path) -> None:
    """Draw the pictures and write the prompts, the same bytes every time."""
    rng = random.Random(SUITE_SEED)
    for category, (prefix, question) in CATEGORIES.items():
        prompts = [_prompt(folder, f"{prefix}{i:02}", question, rng) for i in range(1, PER_CATEGORY + 1)]
        file = folder / "prompts" / f"{category.lower()}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump({"category": category, "prompts": prompts}, sort_keys=False))


def _prompt(folder: Path, prompt_id: str, question: str, rng: random.Random) -> dict[str, object]:
    scene = random_scene(rng)
    file = folder / "images" / f"{prompt_id}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    draw(scene, rng, PICTURE_PX).save(file)
    return {
        "id": prompt_id,
        "title": f"{scene.count} {scene.colour} {scene.shape}{'s' if scene.count > 1 else ''}",
        "image": f"images/{file.name}",
        "question": question,
        "answer": _answer(question, scene),
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }


def _answer(question: str, scene: Scene) -> dict[str, object]:
    value = QUESTIONS[question](scene)
    if value.isdigit():
        return {"type": "integer", "value": int(value)}
    return {"type": "choice", "value": value, "options": list(COLOURS if value in COLOURS else SHAPES)}
