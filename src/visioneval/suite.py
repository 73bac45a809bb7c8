"""A suite: prompts from YAML files, a CSV or a JSONL, checked as they are read.

A folder holds `prompts/*.yaml`, one file a category, and the pictures they name; a table has the columns
`image`, `question` and `answer`, and optionally `id`, `category` and `type`. Image paths are relative to
the folder, or to the table's own folder, and never lead out of it. Nothing here sends or grades anything.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import yaml
from msgspec import Meta, Struct

from visioneval.answers import TYPES, Answer, Choice, NonEmpty
from visioneval.errors import SuiteError
from visioneval.images import check_image, file_sha256
from visioneval.shipped import shipped_suite
from visioneval.tables import TABLE_SUFFIXES, Columns, read_rows, read_text
from visioneval.types import Prompt, Suite
from visioneval.yaml_text import compose, parse_yaml

T = TypeVar("T")
U = TypeVar("U")
PromptId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
COLUMNS = Columns(("image", "question", "answer"), ("id", "category", "type"))
DEFAULT_CATEGORY = "All prompts"
MAX_TITLE = 60
LONGEST_QUESTION = 10_000
"""In characters."""
MOST_DIGITS = 100
FILE_SUFFIXES = (*TABLE_SUFFIXES, ".json", ".eval")
"""Of what is a file and not a folder: a table of prompts, or an imported log."""


class ManyFaultsError(SuiteError):
    """Several things that are wrong with a suite; as one line, the first of them and how many more there are."""

    def __init__(self, faults: Sequence[str]) -> None:
        more = f" (and {len(faults) - 1} more: `visioneval validate` lists them)" if len(faults) > 1 else ""
        super().__init__(f"{faults[0]}{more}")
        self.faults = tuple(faults)


class PromptEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One prompt as it stands in a YAML file."""

    id: Annotated[PromptId, Meta(description="Stable, unique in the suite, independent of the file name.")]
    title: NonEmpty
    image: Annotated[NonEmpty, Meta(description="Path of the picture, relative to the suite's folder.")]
    question: NonEmpty
    answer: Answer
    sha256: Annotated[Sha256 | None, Meta(description="Of the picture's file.")] = None
    probes: Annotated[str, Meta(description="What the prompt tests.")] = ""
    difficulty: Literal["easy", "medium", "hard"] | None = None
    tags: tuple[str, ...] = ()


class PromptFile(Struct, frozen=True, forbid_unknown_fields=True):
    """One YAML file: a category and its prompts."""

    category: NonEmpty
    prompts: tuple[PromptEntry, ...]


def load_suite(path: Path) -> Suite:
    """Read a suite from a folder, a `.csv` or a `.jsonl` file.

    Raises SuiteError with one line for the first thing that is wrong: the file, the prompt, the value and
    what to do; ManyFaultsError when there are more. Pictures are checked by `check_pictures`.
    """
    if path.is_dir():
        prompts = _read_folder(path)
    elif path.suffix.lower() in TABLE_SUFFIXES:
        prompts = _read_table(path)
    elif not path.exists():
        raise SuiteError(
            f"suite {path} does not exist; give a folder with prompts/*.yaml, a .csv or a .jsonl file"
        )
    else:
        raise SuiteError(f"suite {path} is not a folder, a .csv or a .jsonl file")
    if not prompts:
        raise SuiteError(f"suite {path} has no prompts")
    folder = folder_of(path)
    located = _each(prompts, lambda prompt: _with_hash(prompt, folder))
    name = "visioneval" if is_shipped(path) else path.resolve().stem
    return assemble(name, path, folder, located)


def is_shipped(path: Path) -> bool:
    """Return whether a path is that of the suite that comes with visioneval, whatever else has its name."""
    return path.resolve() == shipped_suite().resolve()


def assemble(name: str, path: Path, folder: Path, prompts: Sequence[Prompt]) -> Suite:
    """Make a suite of prompts from anywhere, with its content hash. Raises SuiteError when two share an id."""
    _check_ids(prompts)
    return Suite(name=name, path=path, folder=folder, prompts=tuple(prompts), sha256=_content_hash(prompts))


def folder_of(path: Path) -> Path:
    """Return the folder that image paths start from, of a suite that need not be there any more."""
    return path.parent if path.suffix.lower() in FILE_SUFFIXES and not path.is_dir() else path


def select(suite: Suite, *, categories: Sequence[str] = (), only: Sequence[str] = ()) -> tuple[Prompt, ...]:
    """Return the prompts of some categories or with some ids, in the suite's order.

    Category names may be written in any case, with hyphens for spaces. Raises SuiteError for a name that
    the suite does not have, and for a choice that no prompt is in.
    """
    wanted = {_slug(name) for name in categories}
    for name in categories:
        if _slug(name) not in {_slug(category) for category in suite.categories}:
            raise SuiteError(f"no category {name!r} in the suite; it has: {', '.join(suite.categories)}")
    ids = {prompt.id for prompt in suite.prompts}
    for name in only:
        if name not in ids:
            near = {prompt_id.casefold(): prompt_id for prompt_id in sorted(ids)}
            found = difflib.get_close_matches(name.casefold(), near, n=3)
            hint = f"did you mean {', '.join(near[one] for one in found)}? " if found else ""
            raise SuiteError(f"no prompt {name!r} in the suite; {hint}`visioneval prompts` lists the ids")
    selected = tuple(
        prompt
        for prompt in suite.prompts
        if (not wanted or _slug(prompt.category) in wanted) and (not only or prompt.id in only)
    )
    if not selected:
        raise SuiteError(
            f"no prompt is both {' or '.join(only)} and in {' or '.join(categories)}; give one of the two"
        )
    return selected


def image_path(suite_folder: Path, prompt: Prompt) -> Path:
    """Return where a prompt's picture lies; raises SuiteError when the path leads out of the suite's folder."""
    try:
        folder = _resolved(suite_folder)
        path = (folder / prompt.image).resolve()
    except (ValueError, RuntimeError, OSError) as error:  # a zero byte, a link to itself
        raise SuiteError(
            f"prompt {prompt.id!r}: image {prompt.image!r} is no path ({error}); correct it"
        ) from None
    relative = PurePosixPath(prompt.image)
    if relative.is_absolute() or not path.is_relative_to(folder):
        raise SuiteError(
            f"prompt {prompt.id!r}: image {prompt.image!r} lies outside the suite's folder {suite_folder}; "
            "move it in and give a relative path"
        )
    return path


@lru_cache(maxsize=8)
def _resolved(folder: Path) -> Path:
    return folder.resolve()


def check_pictures(suite_folder: Path, prompts: Sequence[Prompt]) -> None:
    """Raise SuiteError for the first prompt whose picture is missing, damaged, too large or no picture.

    A picture with a declared hash is decoded only by `visioneval validate`: its bytes are compared with
    the hash when they are read for sending.
    """
    for prompt in prompts:
        path = image_path(suite_folder, prompt)
        try:
            check_image(path, decode=not prompt.hash_declared)
        except SuiteError as error:
            raise SuiteError(f"prompt {prompt.id!r}: {error}") from None


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a prompt file, as published in `prompts/schema.json`."""
    schema = msgspec.json.schema(PromptFile)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "visioneval prompt file", **schema}


# ----------------------------------------------------------------------------------------------
# YAML folders
# ----------------------------------------------------------------------------------------------


def _read_folder(folder: Path) -> list[Prompt]:
    files = sorted((folder / "prompts").glob("*.yaml")) + sorted((folder / "prompts").glob("*.yml"))
    if not files:
        if folder.name == "prompts" and any(folder.glob("*.y*ml")):
            raise SuiteError(
                f"{folder} is the prompts folder of a suite; give the folder above it: {folder.parent}"
            )
        raise SuiteError(
            f"suite {folder} has no prompts/*.yaml file; `visioneval prompts --schema` prints the format"
        )
    return [prompt for prompts in _each(files, lambda file: _read_yaml(file, folder)) for prompt in prompts]


def _read_yaml(file: Path, folder: Path) -> list[Prompt]:
    text = read_text(file)
    try:
        parsed = msgspec.convert(parse_yaml(text), PromptFile)
    except yaml.YAMLError as error:
        raise SuiteError(f"{file} is not YAML: {' '.join(str(error).split())}") from None
    except msgspec.ValidationError as error:
        raise SuiteError(_explain(file, text, str(error))) from None
    return _each(parsed.prompts, lambda entry: _from_entry(entry, parsed.category, file, folder))


def _from_entry(entry: PromptEntry, category: str, file: Path, folder: Path) -> Prompt:
    prompt = Prompt(category=category, **msgspec.structs.asdict(entry))
    check_answer(prompt, str(file))
    image_path(folder, prompt)
    return prompt


def _explain(file: Path, text: str, message: str) -> str:
    """Say where in a YAML file a validation error lies: the prompt's id, the field and the line."""
    problem, _, path = message.partition(" - at `$")
    steps = re.findall(r"\.(\w+)|\[(\d+)\]", path)
    node, prompt_id = compose(text), None
    if node is None:
        return f"{file} is empty; it needs a category and a list of prompts"
    line = node.start_mark.line + 1
    for name, index in steps:
        child = _child(node, name, index)
        if child is None:
            break
        node, line = child, child.start_mark.line + 1
        found = _child(node, "id", "")
        prompt_id = found.value if found is not None else prompt_id
    unknown = re.search(r"unknown field `(.+)`", problem)
    field = "" if unknown or not steps else steps[-1][0]
    if unknown and isinstance(node, yaml.MappingNode):
        line = next((key.start_mark.line + 1 for key, _ in node.value if key.value == unknown.group(1)), line)
    quoting = "str" in problem and "got" in problem
    hint = '; put the value in quotes ("...")' if quoting else "; `visioneval prompts --schema` prints the format"
    if field == "type" and problem.startswith("Invalid value"):
        hint = f"; the types are {', '.join(TYPES)}"
    where = f"prompt {prompt_id!r}: " if prompt_id else ""
    return f"{file} line {line}: {where}{problem}{f' (field {field!r})' if field else ''}{hint}"


def _child(node: yaml.Node, name: str, index: str) -> yaml.Node | None:
    if index and isinstance(node, yaml.SequenceNode) and int(index) < len(node.value):
        found: yaml.Node = node.value[int(index)]
        return found
    if name and isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == name), None)
    return None


# ----------------------------------------------------------------------------------------------
# CSV and JSONL tables
# ----------------------------------------------------------------------------------------------


def _read_table(file: Path) -> list[Prompt]:
    rows = read_rows(file, COLUMNS)
    return _each(rows, lambda row: _row_to_prompt(row[1], f"{file} line {row[0]}", file.parent))


def _row_to_prompt(row: dict[str, Any], where: str, folder: Path) -> Prompt:
    image, question = str(row["image"]).strip(), str(row["question"]).strip()
    if not image or not question:
        raise SuiteError(f"{where}: {'image' if not image else 'question'} is empty; fill it in")
    if len(question) > LONGEST_QUESTION:
        raise SuiteError(
            f"{where}: the question has {len(question)} characters, more than {LONGEST_QUESTION}; shorten it"
        )
    type_ = str(row.get("type") or "").strip() or None
    prompt_id = str(row.get("id") or "").strip() or derived_id(question, image)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", prompt_id):
        raise SuiteError(
            f"{where}: id {prompt_id!r} must be up to 64 letters, digits, dots, hyphens or underscores"
        )
    prompt = Prompt(
        id=prompt_id,
        category=str(row.get("category") or "").strip() or DEFAULT_CATEGORY,
        title=question if len(question) <= MAX_TITLE else question[: MAX_TITLE - 1] + "…",
        image=image.replace("\\", "/"),
        question=question,
        answer=_row_answer(row["answer"], question, type_, where),
        answer_inferred=type_ is None and not isinstance(row["answer"], dict),
    )
    check_answer(prompt, where)
    image_path(folder, prompt)
    return prompt


def _row_answer(value: object, question: str, type_: str | None, where: str) -> Answer:
    from visioneval.grading.infer import infer_answer

    if isinstance(value, dict):
        try:
            declared: Answer = msgspec.convert(value, Answer)
        except msgspec.ValidationError as error:
            raise SuiteError(
                f"{where}: answer: {error}; `visioneval prompts --schema` prints the format"
            ) from None
        return declared
    reference = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value).strip()
    if value is None or not reference:
        raise SuiteError(f"{where}: answer is empty; fill it in")
    try:
        return infer_answer(question, reference, type_)
    except SuiteError as error:
        raise SuiteError(f"{where}: {error}") from None


def derived_id(question: str, image: str) -> str:
    """Return a stable id for a prompt that has none."""
    return "p-" + hashlib.sha256(f"{question}\0{image}".encode()).hexdigest()[:10]


# ----------------------------------------------------------------------------------------------
# Checks that hold for every suite
# ----------------------------------------------------------------------------------------------


def _each(items: Iterable[T], read: Callable[[T], U]) -> list[U]:
    """Read each item and go on after a fault. Raises ManyFaultsError at the end."""
    found: list[U] = []
    faults: list[str] = []
    for item in items:
        try:
            found.append(read(item))
        except ManyFaultsError as error:
            faults += error.faults
        except SuiteError as error:
            faults.append(str(error))
    if faults:
        raise ManyFaultsError(faults)
    return found


def _check_ids(prompts: Sequence[Prompt]) -> None:
    seen: dict[str, Prompt] = {}
    for prompt in prompts:
        if (other := seen.get(prompt.id)) is not None:
            raise SuiteError(
                f"prompt id {prompt.id!r} is used twice (in {other.category}: {other.title!r}, and in "
                f"{prompt.category}: {prompt.title!r}); give each prompt its own id"
            )
        seen[prompt.id] = prompt


def check_answer(prompt: Prompt, where: str) -> None:
    """Raise SuiteError for an answer that no reply can be held against."""
    answer = prompt.answer
    if isinstance(answer, Choice) and answer.options and answer.value not in answer.options:
        raise SuiteError(
            f"{where}: prompt {prompt.id!r}: answer {answer.value!r} is not among its options "
            f"({', '.join(answer.options)}); correct one of them"
        )
    for field in ("value", "abs_tolerance", "rel_tolerance"):
        number = getattr(answer, field, None)
        if isinstance(number, Decimal) and not _countable(number, negative=field == "value"):
            raise SuiteError(
                f"{where}: prompt {prompt.id!r}: {field} {number} cannot be compared with; correct it"
            )


def _countable(number: Decimal, *, negative: bool) -> bool:
    return number.is_finite() and abs(number.adjusted()) < MOST_DIGITS and (negative or number >= 0)


def _with_hash(prompt: Prompt, folder: Path) -> Prompt:
    if prompt.sha256 is not None:
        return msgspec.structs.replace(prompt, hash_declared=True)
    try:
        digest = file_sha256(image_path(folder, prompt))
    except SuiteError as error:
        raise SuiteError(f"prompt {prompt.id!r}: {error}") from None
    return msgspec.structs.replace(prompt, sha256=digest)


def _content_hash(prompts: Sequence[Prompt]) -> str:
    """Hash what can change a score, whatever the order or the names of the files."""
    rows = sorted(
        (prompt.id, prompt.category, prompt.question, prompt.answer, prompt.sha256) for prompt in prompts
    )
    return hashlib.sha256(msgspec.json.encode(rows, order="deterministic")).hexdigest()


def _slug(name: str) -> str:
    return "-".join(name.lower().replace("_", "-").replace("-", " ").split())
