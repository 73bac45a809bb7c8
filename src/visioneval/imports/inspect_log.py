"""An Inspect AI log (`.json`, or `.eval`, which is a zip of JSON files): samples, targets, outputs, usage.

Scores of the log are not taken over: the replies are graded anew. The pictures inside a log are not either;
a picture that the log names by its path keeps the path.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from visioneval.errors import SuiteError
from visioneval.grading.infer import infer_answer
from visioneval.imports.source import Import, Recorded, seconds_or_none
from visioneval.suite import assemble
from visioneval.types import Answer, Prompt, Reply, Stop, Text, Timing, Usage

STOPS: Mapping[str, Stop] = {
    "stop": "stop",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
}


def read(file: Path) -> Import:
    """Read a log. Raises SuiteError with one line when it is none."""
    try:
        header, samples = _open_eval(file) if file.suffix == ".eval" else _open_json(file)
        model, task = str(header["eval"]["model"]), str(header["eval"]["task"])
    except NotImplementedError:
        raise SuiteError(
            f"{file} is compressed in a way that this Python's zipfile cannot read (3.14 can); convert it first: "
            "inspect log convert --to json --output-dir OUT FILE"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise SuiteError(f"{file} is not an Inspect log that can be read ({error!r})") from None
    prompts: dict[str, Prompt] = {}
    recorded: dict[tuple[str, int], Recorded] = {}
    remarks: list[str] = []
    left_out = 0
    for sample in samples:
        try:
            prompt = prompts.setdefault(str(sample["id"]), _prompt(sample, task))
            epoch = int(sample.get("epoch", 1))
            if (prompt.id, epoch) in recorded:
                raise SuiteError(f"there is another one of epoch {epoch}")
            recorded[(prompt.id, epoch)] = Recorded(prompt, epoch - 1, _reply(sample, remarks))
        except (SuiteError, KeyError, IndexError, TypeError, ValueError, msgspec.ValidationError) as error:
            remarks.append(f"sample {sample.get('id')!r} was left out: {_because(sample, error)}")
            left_out += 1
    if not recorded:
        raise SuiteError(f"{file} has no sample with a reply")
    suite = assemble(task, file, file.parent, list(prompts.values()))
    return Import(suite, {model: list(recorded.values())}, tuple(remarks), left_out)


def _open_json(file: Path) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    document = json.loads(file.read_bytes())
    return document, list(document.get("samples") or [])


def _open_eval(file: Path) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if name.startswith("samples/") and name.endswith(".json")]
        return json.loads(archive.read("header.json")), [json.loads(archive.read(name)) for name in sorted(names)]


def _prompt(sample: Mapping[str, Any], task: str) -> Prompt:
    question, image = _question(sample["input"])
    metadata = sample.get("metadata") or {}
    return Prompt(
        id=str(sample["id"]),
        category=str(metadata.get("category") or task),
        title=str(metadata.get("title") or sample["id"]),
        image=image or f"in-the-log/{sample['id']}",
        question=question,
        answer=_answer(question, sample["target"]),
        answer_inferred=True,
    )


def _answer(question: str, target: str | list[str]) -> Answer:
    if isinstance(target, str) or len(target) == 1:
        return infer_answer(question, target if isinstance(target, str) else target[0])
    return Text(target[0], aliases=tuple(target[1:]))


def _question(given: str | list[Mapping[str, Any]]) -> tuple[str, str | None]:
    """Return the text of the last user message, and the path of its picture if that is a path."""
    if isinstance(given, str):
        return given, None
    content = [message for message in given if message["role"] == "user"][-1]["content"]
    if isinstance(content, str):
        return content, None
    texts = [part["text"] for part in content if part["type"] == "text"]
    images = [part["image"] for part in content if part["type"] == "image"]
    named = [image for image in images if not image.startswith(("data:", "http:", "https:", "attachment:"))]
    return "\n".join(texts), named[0] if named else None


def _reply(sample: Mapping[str, Any], remarks: list[str]) -> Reply:
    output = sample["output"]
    of = f"sample {sample['id']!r}, epoch {sample.get('epoch', 1)}: its time"
    choice = output["choices"][0]
    usage = output.get("usage") or {}
    return Reply(
        text="".join(_texts(choice["message"]["content"])),
        stop=STOPS.get(choice.get("stop_reason", "stop"), "other"),
        usage=msgspec.convert(
            {
                "input_tokens": _input_tokens(usage),
                "output_tokens": usage.get("output_tokens"),
                "cached_input_tokens": usage.get("input_tokens_cache_read"),
                "cache_write_tokens": usage.get("input_tokens_cache_write"),
                "reasoning_tokens": usage.get("reasoning_tokens"),
            },
            Usage,
        ),
        timing=Timing(service_s=seconds_or_none(output.get("time"), of, remarks)),
        model_returned=output.get("model"),
    )


def _input_tokens(usage: Mapping[str, Any]) -> int | None:
    """Return the input tokens with the cached ones, which Inspect counts apart."""
    parts = [usage.get(f"input_tokens{part}") for part in ("", "_cache_read", "_cache_write")]
    return None if parts[0] is None else sum(part or 0 for part in parts)


def _texts(content: str | list[Mapping[str, Any]]) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    else:
        yield from (part["text"] for part in content if part["type"] == "text")


def _because(sample: Mapping[str, Any], error: Exception) -> str:
    failed = sample.get("error") or (sample.get("output") or {}).get("error")
    if failed:
        message = str(failed.get("message") if isinstance(failed, dict) else failed).strip()
        return message.partition("\n")[0] or "it ended in an error without a message"
    if not (sample.get("output") or {}).get("choices"):
        return "the log holds no reply to it"
    return str(error) if isinstance(error, SuiteError) else f"{error!r}"
