"""A suite is read whole and right, or one line says what is wrong with it and where."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import yaml
from PIL import Image

from tests.conftest import draw, entry, write_folder, write_table
from visioneval.answers import Choice, Integer, Money, Number, YesNo
from visioneval.errors import SuiteError
from visioneval.shipped import shipped, shipped_suite
from visioneval.suite import check_pictures, json_schema, load_suite, select

NINE = {"type": "integer", "value": 9}


def one_prompt(folder: Path, **changes: object) -> Path:
    prompt = {**entry("OC01", "How many?", NINE), **changes}
    return write_folder(folder, {"Object Counting": [prompt]})


def message_of(suite: Path) -> str:
    with pytest.raises(SuiteError) as caught:
        loaded = load_suite(suite)
        check_pictures(loaded.folder, loaded.prompts)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_gives_its_prompts_in_order_with_typed_answers(tmp_path: Path) -> None:
    folder = write_folder(
        tmp_path,
        {
            "Document Understanding": [
                entry("DU01", "How much change?", {"type": "money", "value": "4.85", "currency": "GBP"}),
                entry("DU02", "How far?", {"type": "number", "value": 57.5, "unit": "mm", "abs_tolerance": 0.1}),
            ],
            "Spatial Understanding": [
                entry("SU01", "Left or right?", {"type": "choice", "value": "left", "options": ["left", "right"]})
            ],
        },
    )
    suite = load_suite(folder)
    assert [prompt.id for prompt in suite.prompts] == ["DU01", "DU02", "SU01"]
    assert [prompt.answer for prompt in suite.prompts] == [
        Money(Decimal("4.85"), "GBP"),
        Number(Decimal("57.5"), abs_tolerance=Decimal("0.1"), unit="mm"),
        Choice("left", ("left", "right")),
    ]
    assert suite.categories == ("Document Understanding", "Spatial Understanding")


def test_the_content_hash_knows_answers_questions_and_pixels_but_not_file_names(tmp_path: Path) -> None:
    first = load_suite(one_prompt(tmp_path / "a")).sha256
    assert load_suite(one_prompt(tmp_path / "b")).sha256 == first
    (tmp_path / "b/prompts/object_counting.yaml").rename(tmp_path / "b/prompts/renamed.yaml")
    assert load_suite(tmp_path / "b").sha256 == first
    assert load_suite(one_prompt(tmp_path / "c", answer={"type": "integer", "value": 8})).sha256 != first
    assert load_suite(one_prompt(tmp_path / "d", question="How many now?")).sha256 != first
    draw(tmp_path / "b/images/oc01-picture.png", "another picture")
    assert load_suite(tmp_path / "b").sha256 != first


def test_a_table_infers_answer_types_and_a_type_column_overrides(tmp_path: Path) -> None:
    table = write_table(
        tmp_path,
        [
            {"image": "a.png", "question": "Is it cracked? Yes or no.", "answer": "Yes", "type": ""},
            {"image": "b.png", "question": "How many? Answer only a number.", "answer": "12", "type": ""},
            {"image": "c.png", "question": "Which code is printed?", "answer": "0101", "type": "identifier"},
        ],
    )
    suite = load_suite(table)
    assert suite.prompts[0].answer == YesNo(True)
    assert suite.prompts[1].answer == Integer(12)
    assert suite.prompts[2].answer.value == "0101"
    assert [prompt.answer_inferred for prompt in suite.prompts] == [True, True, False]


def test_json_lines_may_hold_typed_answers(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", "a")
    row = {"id": "x1", "image": "a.png", "question": "How many?", "answer": NINE, "category": "Counts"}
    (tmp_path / "suite.jsonl").write_text(json.dumps(row) + "\n")
    (prompt,) = load_suite(tmp_path / "suite.jsonl").prompts
    assert (prompt.id, prompt.category, prompt.answer) == ("x1", "Counts", Integer(9))


def test_a_table_may_be_written_by_a_spreadsheet(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", "a")
    (tmp_path / "suite.csv").write_bytes("\ufeffImage,Question, Answer\r\na.png,How many?,9\r\n".encode())
    assert [prompt.answer for prompt in load_suite(tmp_path / "suite.csv").prompts] == [Integer(9)]


def test_a_line_separator_in_a_question_is_part_of_the_question(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", "a")
    row = {"image": "a.png", "question": "How many?\u2028Only a number.\x85", "answer": "9"}
    (tmp_path / "suite.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\r\n", encoding="utf-8")
    (prompt,) = load_suite(tmp_path / "suite.jsonl").prompts
    assert prompt.question == "How many?\u2028Only a number."


def test_ids_that_a_table_does_not_give_stay_when_rows_move(tmp_path: Path) -> None:
    rows = [{"image": f"{name}.png", "question": f"What is {name}?", "answer": name} for name in ("ant", "bee")]
    forward = {prompt.question: prompt.id for prompt in load_suite(write_table(tmp_path, rows)).prompts}
    backward = {prompt.question: prompt.id for prompt in load_suite(write_table(tmp_path, rows[::-1])).prompts}
    assert forward == backward


def test_categories_are_chosen_in_any_spelling_and_unknown_ones_are_named(counting_suite: Path) -> None:
    suite = load_suite(counting_suite)
    assert {prompt.category for prompt in select(suite, categories=["object-counting"])} == {"Object Counting"}
    assert [prompt.id for prompt in select(suite, only=["DD02"])] == ["DD02"]
    with pytest.raises(SuiteError, match="no category 'Objects'.*Defect Detection, Object Counting"):
        select(suite, categories=["Objects"])
    with pytest.raises(SuiteError, match="no prompt 'XX99'"):
        select(suite, only=["XX99"])
    with pytest.raises(SuiteError, match="did you mean DD02, DD01"):
        select(suite, only=["dd02"])
    with pytest.raises(SuiteError, match="no prompt is both DD01 and in Object Counting"):
        select(suite, categories=["Object Counting"], only=["DD01"])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"anwser": 9}, ["line 10", "'OC01'", "unknown field `anwser`"]),
        ({"answer": {"type": "integer", "value": "nine"}}, ["line 9", "'OC01'", "Expected `int`, got `str`"]),
        ({"answer": {"type": "number_of", "value": 9}}, ["'OC01'", "number_of"]),
        ({"answer": {"type": "text", "value": False}}, ["'OC01'", "put the value in quotes"]),
        ({"answer": {"type": "text", "value": " "}}, ["'OC01'"]),
        ({"question": ""}, ["line 6", "'OC01'", "question"]),
        ({"id": "../evil"}, ["id"]),
        ({"answer": {"type": "choice", "value": "up", "options": ["left", "right"]}}, ["'up'", "left, right"]),
        ({"image": "../outside.png"}, ["'OC01'", "'../outside.png'", "outside the suite's folder"]),
        ({"image": "/etc/hostname"}, ["'OC01'", "outside the suite's folder"]),
        ({"sha256": "short"}, ["'OC01'", "sha256"]),
    ],
)
def test_a_wrong_field_is_named_with_its_file_line_and_prompt(
    tmp_path: Path, changes: dict[str, object], expected: list[str]
) -> None:
    draw(tmp_path / "outside.png", "outside")
    message = message_of(one_prompt(tmp_path / "suite", **changes))
    assert all(part in message for part in expected), message


def test_a_link_out_of_the_suite_is_refused(tmp_path: Path) -> None:
    draw(tmp_path / "secret.png", "secret")
    (tmp_path / "suite/images").mkdir(parents=True)
    (tmp_path / "suite/images/oc01-picture.png").symlink_to(tmp_path / "secret.png")
    assert "outside the suite's folder" in message_of(one_prompt(tmp_path / "suite"))


def test_an_id_used_twice_is_named_with_both_places(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, {"A": [entry("X1", "One?", NINE)], "B": [entry("X1", "Two?", NINE)]})
    assert "'X1' is used twice (in A: 'X1', and in B: 'X1')" in message_of(folder)


def test_pictures_that_cannot_be_sent_are_named(tmp_path: Path) -> None:
    folder = one_prompt(tmp_path)
    picture = tmp_path / "images/oc01-picture.png"
    whole = picture.read_bytes()
    picture.write_text("<html>not a picture</html>")
    assert "'OC01'" in message_of(folder)
    assert "is not an image" in message_of(folder)
    picture.write_bytes(b"")
    assert "is empty" in message_of(folder)
    Image.new("1", (10_000, 5_001)).save(picture)
    assert "10000 x 5001 pixels, more than 50 megapixels" in message_of(folder)
    picture.unlink()
    assert "does not exist" in message_of(folder)
    picture.write_bytes(whole)
    assert load_suite(folder).prompts[0].sha256 is not None


def test_a_truncated_picture_is_found_before_anything_is_sent(tmp_path: Path) -> None:
    folder = one_prompt(tmp_path)
    picture = tmp_path / "images/oc01-picture.png"
    picture.write_bytes(picture.read_bytes()[:-200])
    assert "truncated or damaged" in message_of(folder)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"image,question\na.png,Why?\n", "line 1: no column 'answer'; needed are image, question, answer"),
        (b"image,question,answer\na.png,Why?\n", "line 2: 2 cells where 3 columns are named"),
        (b"image,question,answer\na.png,,x\n", "line 2: question is empty"),
        (b"image,question,answer\na.png,Why?,\n", "line 2: answer is empty"),
        (b"image,question,answer\na.png,Why\xff?,x\n", "is not UTF-8"),
        (b"", "is empty; its first line names the columns: image,question,answer"),
        (b"image,question,answer,Answer\n", "line 1: two columns are called 'answer'"),
        (b'image,question,answer\na.png,"Why\n\n?",x\n\nb.png,Why?\n', "line 6: 2 cells"),
        (b'image,question,answer\na.png,Why?,x\na.png,"Why?,x\n', "line 3: unexpected end of data"),
        (b"image,question,answer\n", "has no prompts"),
        (
            b"image,question,answer,catagory\na.png,Why?,x,y\n",
            "no column is called 'catagory'; did you mean 'category'?",
        ),
        (b"image;question;answer\n", "the columns are separated by semicolons; save the table with commas"),
        (b"image,question,answer,type\na.png,How long?,1e999999999,number\n", "is not a value of type number"),
        (b"image,question,answer\na\0.png,Why?,x\n", "is no path"),
        (b"image,question,answer\na.png," + b"Why? " * 2001 + b",x\n", "more than 10000"),
    ],
)
def test_a_faulty_table_is_named_with_its_line(tmp_path: Path, content: bytes, expected: str) -> None:
    draw(tmp_path / "a.png", "a")
    (tmp_path / "suite.csv").write_bytes(content)
    assert expected in message_of(tmp_path / "suite.csv")


def test_a_faulty_json_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "suite.jsonl").write_text('{"image": "a.png"\n')
    assert "line 1: not JSON" in message_of(tmp_path / "suite.jsonl")
    (tmp_path / "suite.jsonl").write_text('\n{"image": "a.png", "question": "Why?"}\n')
    assert "line 2: no column 'answer'" in message_of(tmp_path / "suite.jsonl")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (b'{"image": "a.png", "question": "Why?", "answer": "x", "typ": "text"}', "did you mean 'type'?"),
        (b'{"image": "a.png", "question": "Why?", "answer": "x", "answer": "y"}', "a name stands in it twice"),
        (b'{"image": "a.png", "question": "Why \\ud800?", "answer": "x"}', "line 1: not JSON"),
        (b'{"image": "a.png", "question": "Why?", "answer": NaN}', "write null for NaN"),
        (b'{"image": "a.png", "question": "Why?", "answer": ' + b"9" * 5000 + b"}", "line 1: "),
        (b"[" * 100_000, "line 1: not JSON"),
    ],
)
def test_json_that_means_nothing_is_one_line(tmp_path: Path, row: bytes, expected: str) -> None:
    draw(tmp_path / "a.png", "a")
    (tmp_path / "suite.jsonl").write_bytes(row)
    assert expected in message_of(tmp_path / "suite.jsonl")


def test_columns_that_are_nobodys_misspelling_are_left_alone(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", "a")
    (tmp_path / "suite.csv").write_text("image,question,answer,photographer,image_id\na.png,How many?,9,Ada,7\n")
    assert len(load_suite(tmp_path / "suite.csv").prompts) == 1


@pytest.mark.parametrize(
    ("yaml_text", "expected"),
    [
        ("category: [" + "[" * 100_000, "nested more than"),
        ("category: 2027-02-30", "day is out of range for month; put the value in quotes"),
        ("category: !!int ''", "is not YAML"),
        ("category: " + "9" * 5000, "put the value in quotes"),
        ("category: &a [*a]", "*a stands within itself"),
        ("a: &a [" + "x," * 2000 + "]\nb: &b [" + "*a," * 2000 + "]\nc: [*b]", "aliases counted"),
    ],
    ids=lambda text: text[:14],
)
def test_yaml_that_would_break_its_reader_is_one_line(tmp_path: Path, yaml_text: str, expected: str) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/a.yaml").write_text(yaml_text)
    message = message_of(tmp_path)
    assert expected in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "answer",
    [
        {"type": "number", "value": "NaN"},
        {"type": "number", "value": float("inf")},
        {"type": "money", "value": "sNaN"},
        {"type": "number", "value": "1e999999999"},
        {"type": "number", "value": 3, "abs_tolerance": "NaN"},
        {"type": "number", "value": 3, "rel_tolerance": -0.1},
    ],
    ids=str,
)
def test_a_number_that_no_reply_can_be_held_against_is_refused(tmp_path: Path, answer: dict[str, object]) -> None:
    assert "cannot be compared with; correct it" in message_of(one_prompt(tmp_path, answer=answer))


def test_a_pipe_is_no_suite(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "suite.csv")
    assert "is no file" in message_of(tmp_path / "suite.csv")


def test_a_picture_that_is_a_link_to_itself_is_named(tmp_path: Path) -> None:
    folder = one_prompt(tmp_path)
    picture = tmp_path / "images/oc01-picture.png"
    picture.unlink()
    picture.symlink_to(picture)
    assert "'OC01'" in message_of(folder)


def test_every_fault_is_counted_and_the_first_is_told(tmp_path: Path) -> None:
    rows = ["image,question,answer", "gone.png,Why?,x", "a.png,,x", "a.png,Why?,"]
    (tmp_path / "suite.csv").write_text("\n".join(rows))
    message = message_of(tmp_path / "suite.csv")
    assert "line 3: question is empty" in message
    assert message.endswith("(and 1 more: `visioneval validate` lists them)")


def test_yaml_that_is_none_and_folders_that_are_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    assert "has no prompts/*.yaml file" in message_of(tmp_path)
    (tmp_path / "prompts/a.yaml").write_text("")
    assert f"give the folder above it: {tmp_path}" in message_of(tmp_path / "prompts")
    assert "is empty" in message_of(tmp_path)
    (tmp_path / "prompts/a.yaml").write_text("category: [unclosed")
    assert "is not YAML" in message_of(tmp_path)
    assert "does not exist" in message_of(tmp_path / "nowhere")


def test_the_published_schema_is_the_one_the_code_has() -> None:
    published = json.loads((shipped("prompts") / "schema.json").read_text())
    assert published == json.loads(msgspec.json.encode(json_schema()))


def test_the_shipped_suite_loads_and_covers_all_five_categories() -> None:
    suite = load_suite(shipped_suite())
    assert suite.categories == (
        "Defect Detection",
        "Document Understanding",
        "Object Counting",
        "Object Understanding",
        "Spatial Understanding",
    )
    assert len(suite.prompts) >= 8
    for file in (shipped("prompts")).glob("*.yaml"):
        assert file.read_text().startswith("# yaml-language-server: $schema=./schema.json\n")
        assert yaml.safe_load(file.read_text())["category"] in suite.categories
