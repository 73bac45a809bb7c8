"""Write one prompt as YAML in a category file, and nothing else: no rendering, no knowledge of how an image was
made.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CATEGORIES: Mapping[str, str] = {
    "DD": "Defect Detection",
    "DU": "Document Understanding",
    "OC": "Object Counting",
    "OU": "Object Understanding",
    "SU": "Spatial Understanding",
}
HEADER = "# yaml-language-server: $schema=./schema.json\n"

Value = bool | int | float | str | list[str]


@dataclass(frozen=True)
class Answer:
    """The right answer of one prompt: its type, its value and the type's own fields (`options`, `unit`, ...)."""

    type: str
    value: Value
    fields: Mapping[str, Value | Mapping[str, list[str]]] = field(default_factory=dict)

    def with_value(self, value: Value) -> Answer:
        """Return the same kind of answer with another value."""
        return Answer(self.type, value, self.fields)


@dataclass(frozen=True)
class Prompt:
    """One prompt of the suite, without its image."""

    id: str
    title: str
    question: str
    answer: Answer
    probes: str
    difficulty: str
    tags: tuple[str, ...]

    @property
    def category(self) -> str:
        """Return the category named by the first two letters of the id."""
        return CATEGORIES[self.id[:2]]


def slug(category: str) -> str:
    """Return the folder name of a category: `Object Counting` -> `object-counting`."""
    return category.lower().replace(" ", "-")


def neutral_name(image: bytes) -> str:
    """Return six characters drawn from the image's own digest, so that a file name says nothing of it."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    number = int.from_bytes(hashlib.sha256(image).digest()[:8], "big")
    letters = []
    for _ in range(6):
        number, index = divmod(number, len(alphabet))
        letters.append(alphabet[index])
    return "".join(letters)


def scalar(value: Value) -> str:
    """Write a value as a YAML flow scalar or list; strings are quoted whenever YAML could read them as something
    else.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(scalar(each) for each in value) + "]"
    if isinstance(value, int | float):
        return repr(value)
    plain = (
        re.fullmatch(r"[A-Za-z][A-Za-z0-9 .'/()-]*", value)
        and value.lower() not in YAML_WORDS
        and value == value.strip()
    )
    return value if plain else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


YAML_WORDS = {"yes", "no", "true", "false", "null", "on", "off", "y", "n"}


def flow_answer(answer: Answer) -> str:
    """Write an answer as a YAML flow mapping, `type` and `value` first."""
    parts = [f"type: {answer.type}", f"value: {scalar(answer.value)}"]
    for name, value in answer.fields.items():
        if isinstance(value, Mapping):
            inner = ", ".join(f"{scalar(key)}: {scalar(names)}" for key, names in value.items())
            parts.append(f"{name}: {{{inner}}}")
        else:
            parts.append(f"{name}: {scalar(value)}")
    return "{" + ", ".join(parts) + "}"


def block(prompt: Prompt, image: str, sha256: str) -> str:
    """Write one prompt as an item of the `prompts` list."""
    fields = {
        "id": prompt.id,
        "title": text(prompt.title),
        "image": image,
        "sha256": f'"{sha256}"' if re.fullmatch(r"\d+(e\d+)?", sha256) else sha256,
        "question": text(prompt.question),
        "answer": flow_answer(prompt.answer),
        "probes": text(prompt.probes),
        "difficulty": prompt.difficulty,
        "tags": scalar(list(prompt.tags)),
    }
    lines = [f"    {name}: {value}" for name, value in fields.items()]
    return "  - " + lines[0].strip() + "\n" + "\n".join(lines[1:]) + "\n"


def text(value: str) -> str:
    """Write a sentence as one YAML line, quoted only when it must be."""
    risky = ": " in value or " #" in value or value[0] in "\"'&*!|>%@`[]{}?-:,#" or value.endswith(":")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if risky else value


def split_blocks(source: str) -> dict[str, str]:
    """Return the text of each prompt in a category file, by id."""
    items = re.split(r"(?m)^(?=  - id: )", source)[1:]
    return {re.match(r"  - id: (\S+)", item).group(1): item.rstrip("\n") + "\n" for item in items}  # type: ignore[union-attr]


def publish(root: Path, prompt: Prompt, image: bytes, suffix: str) -> Path:
    """Put an image and its entry into the suite under `root`, in place of an earlier one of the same id."""
    file = root / "prompts" / (slug(prompt.category).replace("-", "_") + ".yaml")
    blocks = split_blocks(file.read_text(encoding="utf-8")) if file.exists() else {}
    relative = f"images/{slug(prompt.category)}/{neutral_name(image)}{suffix}"
    if prompt.id in blocks:
        old = re.search(r"(?m)^    image: (\S+)$", blocks[prompt.id])
        if old:
            (root / old.group(1)).unlink(missing_ok=True)
    (root / relative).parent.mkdir(parents=True, exist_ok=True)
    (root / relative).write_bytes(image)
    blocks[prompt.id] = block(prompt, relative, hashlib.sha256(image).hexdigest())
    body = "\n".join(blocks[key] for key in sorted(blocks))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{HEADER}category: {prompt.category}\nprompts:\n{body}", encoding="utf-8")
    return root / relative
