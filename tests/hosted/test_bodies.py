"""What is posted: pictures are spliced into the encoded body, each where it belongs."""

from __future__ import annotations

import base64
import json

import pytest

from visioneval.providers.hosted.bodies import encode_body
from visioneval.types import EncodedImage, Example, Request, SentImage, Settings


@pytest.mark.parametrize("api", ["responses", "chat"])
def test_every_question_goes_with_its_own_picture(api: str) -> None:
    def example(name: str) -> Example:
        return Example(f"What is {name}?", name, picture(name))

    request = Request(
        prompt_id="P1",
        question="What is three?",
        answer_type="text",
        options=(),
        image=picture("three"),
        settings=Settings(api=api),  # type: ignore[arg-type]
        epoch=0,
        key="k",
        examples=(example("one"), Example("No picture?", "none", None), example("two")),
    )
    body = json.loads(encode_body(request, "mock", ()))
    told = [turn["content"] for turn in body.get("input") or body["messages"] if turn["role"] == "user"]
    urls = [content[1]["image_url"] if len(content) > 1 else None for content in told]
    urls = [url["url"] if isinstance(url, dict) else url for url in urls]
    assert [url and base64.b64decode(url.removeprefix("data:image/png;base64,")) for url in urls] == [
        b"one",
        None,
        b"two",
        b"three",
    ]


def picture(name: str) -> EncodedImage:
    content = name.encode()
    return EncodedImage(content, SentImage(name, "image/png", 1, 1, len(content)))
