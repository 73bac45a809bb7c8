"""An Inspect AI log (`.json`, or `.eval`, which is a zip of JSON files): samples, targets, outputs, usage.

Scores of the log are not taken over: the replies are graded anew. The pictures inside a log are not either;
a picture that the log names by its path keeps the path. Of each sample only what is used is checked, and
a sample that does not hold it is left out with a remark.
"""

from __future__ import annotations

import contextlib
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from visioneval.answers import Answer, Text
from visioneval.errors import SuiteError
from visioneval.grading.infer import infer_answer
from visioneval.imports.source import Import, Recorded, seconds_or_none, storable, with_picture
from visioneval.suite import assemble, check_answer
from visioneval.types import MOST_EPOCHS, Prompt, Reply, Stop, Timing, Tokens, Usage

STOPS: Mapping[str, Stop] = {
    "stop": "stop",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
}
MOST_BYTES_A_PART = 100_000_000
MOST_BYTES = 5_000_000_000
"""Of all parts of an `.eval`, unpacked: a zip of a few megabytes can hold any number."""
UNREADABLE = (
    ValueError,
    RecursionError,
    RuntimeError,
    EOFError,
    msgspec.ValidationError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What a part of a log raises that is no JSON, not what it should be, encrypted, torn or damaged."""


class _Eval(Struct):
    model: str
    task: str


class _Header(Struct):
    eval: _Eval
    samples: list[Any] | None = None


class _Part(Struct):
    type: str
    text: str = ""
    image: str = ""


class _Message(Struct):
    role: str = ""
    content: str | list[_Part] | None = None

    @property
    def text(self) -> str:
        return self.content if isinstance(self.content, str) else "\n".join(self.of("text"))

    def of(self, kind: str) -> list[str]:
        parts = self.content if isinstance(self.content, list) else []
        return [part.image if kind == "image" else part.text for part in parts if part.type == kind]


class _Choice(Struct):
    message: _Message
    stop_reason: str | None = None


class _Usage(Struct):
    input_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    input_tokens_cache_read: Tokens | None = None
    input_tokens_cache_write: Tokens | None = None
    reasoning_tokens: Tokens | None = None


class _Output(Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    time: object = None
    model: str | None = None
    error: object = None


class _Sample(Struct):
    id: int | str
    input: str | list[_Message]
    target: str | Annotated[list[str], Meta(min_length=1)]
    epoch: Annotated[int, Meta(ge=1, le=MOST_EPOCHS)] = 1
    metadata: object = None
    output: _Output | None = None
    error: object = None


def read(file: Path) -> Import:
    """Read a log. Raises SuiteError with one line when it is none."""
    prompts: dict[str, Prompt] = {}
    recorded: dict[tuple[str, int], Recorded] = {}
    remarks: list[str] = []
    left_out = 0
    with _opened(file) as (header, samples):
        for number, found in enumerate(samples, start=1):
            try:
                sample = _checked(found)
                prompt = _prompt(sample, header.task, file.parent, prompts)
                if (prompt.id, sample.epoch) in recorded:
                    raise SuiteError(f"there is another one of epoch {sample.epoch}")
                reply = _reply(sample, remarks)
                recorded[(prompt.id, sample.epoch)] = storable(Recorded(prompt, sample.epoch - 1, reply))
            except SuiteError as error:
                named = found.get("id", number) if isinstance(found, dict) else number
                remarks.append(f"sample {named!r} was left out: {error}")
                left_out += 1
    if not recorded:
        raise SuiteError("; ".join([f"{file} has no sample with a reply", *remarks[:1]]))
    suite = assemble(header.task, file, file.parent, list(prompts.values()))
    return Import(suite, {header.model: list(recorded.values())}, tuple(remarks), left_out)


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[tuple[_Eval, Iterator[object]]]:
    """Give a log's header and its samples, one at a time; in the place of one that cannot be read, why not."""
    try:
        with contextlib.ExitStack() as stack:
            if file.suffix.lower() == ".eval":
                archive = stack.enter_context(zipfile.ZipFile(file))
                header = msgspec.convert(_member(archive, archive.getinfo("header.json")), _Header)
                samples = _members(archive)
            else:
                header = msgspec.convert(json.loads(file.read_bytes()), _Header)
                samples = iter(header.samples or [])
            yield storable(header.eval), samples
    except NotImplementedError:
        raise SuiteError(
            f"{file} is compressed in a way that this Python's zipfile cannot read (3.14 can); convert it first: "
            "inspect log convert --to json --output-dir OUT FILE"
        ) from None
    except OSError as error:
        raise SuiteError(f"{file} cannot be read ({error.strerror}); check the path and its rights") from None
    except (*UNREADABLE, KeyError) as error:
        raise SuiteError(f"{file} is not an Inspect log that can be read ({error})") from None


def _members(archive: zipfile.ZipFile) -> Iterator[object]:
    infos = [info for info in archive.infolist() if info.filename.startswith("samples/")]
    if (size := sum(info.file_size for info in infos)) > MOST_BYTES:
        raise SuiteError(f"{archive.filename} unpacks to {size / 1e9:.0f} GB, more than {MOST_BYTES / 1e9:.0f}")
    for info in sorted(infos, key=lambda info: info.filename):
        if info.filename.endswith(".json"):
            try:
                yield _member(archive, info)
            except NotImplementedError:
                raise
            except UNREADABLE as error:
                yield SuiteError(f"{info.filename} cannot be read ({error})")
            except SuiteError as error:
                yield error


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> object:
    # Never more than the size it declares is unpacked.
    if info.file_size > MOST_BYTES_A_PART:
        most = f"{MOST_BYTES_A_PART / 1e6:.0f}"
        raise SuiteError(f"{info.filename} unpacks to {info.file_size / 1e6:.0f} MB, more than {most}")
    return json.loads(archive.read(info))


def _checked(found: object) -> _Sample:
    if isinstance(found, SuiteError):
        raise found
    try:
        return msgspec.convert(found, _Sample)
    except msgspec.ValidationError as error:
        raise SuiteError(str(error)) from None


def _prompt(sample: _Sample, task: str, folder: Path, prompts: dict[str, Prompt]) -> Prompt:
    """Return the prompt of a sample, and keep it. Raises SuiteError when an earlier one of its id is another."""
    question, image = _question(sample.input)
    metadata = sample.metadata if isinstance(sample.metadata, dict) else {}
    prompt = Prompt(
        id=str(sample.id),
        category=str(metadata.get("category") or task),
        title=str(metadata.get("title") or sample.id),
        image=image or f"in-the-log/{sample.id}",
        question=question,
        answer=_answer(question, sample.target),
        answer_inferred=True,
    )
    check_answer(prompt, f"sample {sample.id!r}")
    known = prompts.get(prompt.id)
    if known is None:
        known = prompts[prompt.id] = with_picture(storable(prompt), folder)
    if (known.question, known.image, known.answer) != (prompt.question, prompt.image, prompt.answer):
        raise SuiteError("an earlier sample of this id asks or expects something else")
    return known


def _answer(question: str, target: str | list[str]) -> Answer:
    if isinstance(target, str) or len(target) == 1:
        return infer_answer(question, target if isinstance(target, str) else target[0])
    return Text(target[0], aliases=tuple(target[1:]))


def _question(given: str | list[_Message]) -> tuple[str, str | None]:
    """Return the text of the last user message, and the path of its picture if that is a path."""
    if isinstance(given, str):
        return given, None
    asked = next((message for message in reversed(given) if message.role == "user"), None)
    if asked is None:
        raise SuiteError("nobody asks anything in it")
    images = asked.of("image")
    named = [image for image in images if not image.startswith(("data:", "http:", "https:", "attachment:"))]
    return asked.text, named[0] if named else None


def _reply(sample: _Sample, remarks: list[str]) -> Reply:
    output = sample.output or _Output()
    if not output.choices:
        raise SuiteError(_why_none(sample.error or output.error))
    of = f"sample {sample.id!r}, epoch {sample.epoch}: its time"
    choice = output.choices[0]
    usage = output.usage or _Usage()
    said = choice.message.content
    return Reply(
        text=said if isinstance(said, str) else "".join(choice.message.of("text")),
        stop=STOPS.get(choice.stop_reason or "stop", "other"),
        usage=Usage(
            input_tokens=_input_tokens(usage),
            output_tokens=usage.output_tokens,
            cached_input_tokens=usage.input_tokens_cache_read,
            cache_write_tokens=usage.input_tokens_cache_write,
            reasoning_tokens=usage.reasoning_tokens,
        ),
        timing=Timing(service_s=seconds_or_none(output.time, of, remarks)),
        model_returned=output.model,
    )


def _input_tokens(usage: _Usage) -> int | None:
    """Return the input tokens with the cached ones, which Inspect counts apart."""
    if usage.input_tokens is None:
        return None
    return usage.input_tokens + (usage.input_tokens_cache_read or 0) + (usage.input_tokens_cache_write or 0)


def _why_none(error: object) -> str:
    """Say why a sample has no reply."""
    if not error:
        return "the log holds no reply to it"
    message = str(error.get("message") if isinstance(error, dict) else error).strip()
    return message.partition("\n")[0] or "it ended in an error without a message"
