"""The YAML entry of a prompt, and publishing it in place of an earlier one."""

import hashlib

from scenes.entry import (
    Answer,
    Prompt,
    block,
    flow_answer,
    neutral_name,
    publish,
    scalar,
    slug,
    split_blocks,
    text,
)


def prompt(**changes: object) -> Prompt:
    fields = {
        "id": "OC01",
        "title": "Nuts among fasteners",
        "question": "How many nuts are on the bench? Answer only a number.",
        "answer": Answer("integer", 9),
        "probes": "Fine class distinction.",
        "difficulty": "medium",
        "tags": ("hardware", "workshop"),
    }
    return Prompt(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_category_follows_from_the_id() -> None:
    assert prompt().category == "Object Counting"
    assert slug("Object Counting") == "object-counting"


def test_strings_that_yaml_would_misread_are_quoted() -> None:
    assert scalar("No") == '"No"'
    assert scalar("07:10") == '"07:10"'
    assert scalar("4.85") == '"4.85"'
    assert scalar("R1C3") == "R1C3"
    assert scalar(True) == "true"
    assert scalar(["a", "on"]) == '[a, "on"]'


def test_a_sentence_with_a_colon_is_quoted_and_one_without_is_not() -> None:
    assert text("Choose one: left or right.") == '"Choose one: left or right."'
    assert text("How many?") == "How many?"


def test_an_answer_is_one_flow_mapping() -> None:
    answer = Answer("choice", "amber", {"options": ["amber", "red"], "synonyms": {"amber": ["orange"]}})
    assert (
        flow_answer(answer) == "{type: choice, value: amber, options: [amber, red], synonyms: {amber: [orange]}}"
    )


def test_a_block_has_the_fields_in_their_order() -> None:
    names = [
        line.strip().split(":")[0].lstrip("- ") for line in block(prompt(), "images/x.jpg", "ab12").splitlines()
    ]
    assert names == ["id", "title", "image", "sha256", "question", "answer", "probes", "difficulty", "tags"]


def test_a_neutral_name_depends_on_the_bytes_alone() -> None:
    assert neutral_name(b"one") == neutral_name(b"one") != neutral_name(b"two")
    assert len(neutral_name(b"one")) == 6


def test_publishing_again_replaces_entry_and_image(tmp_path) -> None:  # type: ignore[no-untyped-def]
    first = publish(tmp_path, prompt(), b"first", ".jpg")
    publish(tmp_path, prompt(id="OC02"), b"other", ".jpg")
    second = publish(tmp_path, prompt(), b"second", ".jpg")
    source = (tmp_path / "prompts" / "object_counting.yaml").read_text()
    blocks = split_blocks(source)
    assert not first.exists()
    assert second.read_bytes() == b"second"
    assert list(blocks) == ["OC01", "OC02"]
    assert hashlib.sha256(b"second").hexdigest() in blocks["OC01"]
    assert source.startswith(
        "# yaml-language-server: $schema=./schema.json\ncategory: Object Counting\nprompts:\n"
    )


def test_a_published_file_is_valid_yaml(tmp_path) -> None:  # type: ignore[no-untyped-def]
    import pytest

    yaml = pytest.importorskip("yaml")
    publish(
        tmp_path,
        prompt(id="OU06", answer=Answer("identifier", "10110010", {"ignore_separators": True})),
        b"x",
        ".jpg",
    )
    entry = yaml.safe_load((tmp_path / "prompts" / "object_understanding.yaml").read_text())["prompts"][0]
    assert entry["answer"] == {"type": "identifier", "value": "10110010", "ignore_separators": True}
