"""`visioneval validate` finds what would make scores mean less, and names the fix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import CommandLine, draw, entry, write_folder
from visioneval.shipped import shipped_suite
from visioneval.suite import load_suite
from visioneval.validate import floor, problems


def found(folder: Path) -> str:
    return "\n".join(map(str, problems(load_suite(folder))))


def a_suite(folder: Path, **changes: object) -> Path:
    prompt = {**entry("DU01", "Which code is printed?", {"type": "identifier", "value": "KX71"}), **changes}
    return write_folder(folder, {"Document Understanding": [prompt]})


def test_a_sound_suite_has_no_problems(tmp_path: Path, visioneval: CommandLine) -> None:
    suite = a_suite(tmp_path / "suite")
    assert found(suite) == ""
    ended = visioneval("validate", suite)
    assert ended.returncode == 0
    assert "1 prompt: Document Understanding 1" in ended.stdout


def test_one_prompt_is_one_prompt(tmp_path: Path, visioneval: CommandLine) -> None:
    draw(tmp_path / "a.png", "KX71")
    (tmp_path / "one.csv").write_text("id,image,question,answer,category\na,a.png,How many?,3,Counting\n")
    assert "1 prompt: Counting 1" in visioneval("validate", "one.csv").stdout
    assert "1 prompt, suite " in visioneval("prompts", "--suite", "one.csv").stderr
    ran = visioneval("run", "--suite", "one.csv", "--model", "baseline-blind")
    assert "answer types inferred for 1 of 1 prompt: 1 integer." in ran.stderr


def test_a_picture_that_is_not_the_declared_one_is_an_error(tmp_path: Path, visioneval: CommandLine) -> None:
    suite = a_suite(tmp_path / "suite", sha256="0" * 64)
    ended = visioneval("validate", suite, "--json")
    assert ended.returncode == 3
    (problem,) = json.loads(ended.stdout)
    assert problem["prompt_id"] == "DU01"
    assert "is not the file whose sha256 is declared" in problem["message"]


def test_all_that_keeps_a_suite_from_being_read_is_listed(tmp_path: Path, visioneval: CommandLine) -> None:
    draw(tmp_path / "a.png", "a")
    (tmp_path / "suite.csv").write_text("image,question,answer\ngone.png,Why?,x\na.png,How?,x\nlost.png,Who?,x\n")
    ended = visioneval("validate", "suite.csv")
    assert ended.returncode == 3
    assert [line.partition(" does not exist")[0].rpartition("/")[2] for line in ended.stdout.splitlines()] == [
        "gone.png",
        "lost.png",
    ]
    assert len(json.loads(visioneval("validate", "suite.csv", "--json").stdout)) == 2


def test_an_answer_that_stands_in_the_file_name_or_the_question_is_found(tmp_path: Path) -> None:
    assert "stands in the file name" in found(a_suite(tmp_path / "a", image="images/label-kx71.png"))
    assert "stands in the question" in found(a_suite(tmp_path / "b", question="Which code? Answer like KX71."))


def test_metadata_is_found(tmp_path: Path) -> None:
    suite = a_suite(tmp_path, image="images/a.jpg")
    exif = Image.Exif()
    exif[0x010E] = "the answer is KX71"
    Image.new("RGB", (64, 64), "grey").save(tmp_path / "images/a.jpg", exif=exif)
    assert "carries metadata (EXIF); strip it" in found(suite)


def test_the_same_question_twice_and_pictures_that_look_alike_are_found(tmp_path: Path) -> None:
    first = draw(tmp_path / "images/first.png", "7 boxes")
    Image.open(first).resize((321, 121)).save(tmp_path / "images/second.png")
    number = {"type": "integer", "value": 7}
    suite = write_folder(
        tmp_path,
        {
            "Object Counting": [
                entry("OC01", "How many boxes?", number) | {"image": "images/first.png"},
                entry("OC02", "How  many boxes?", number) | {"image": "images/first.png"},
                entry("OC03", "How many boxes?", number) | {"image": "images/second.png"},
            ]
        },
    )
    assert "'OC02': asks the same of the same picture as 'OC01'" in found(suite)
    assert "'OC03': images/second.png looks like images/first.png" in found(suite)


def test_constant_answers_that_score_well_are_a_warning(tmp_path: Path, visioneval: CommandLine) -> None:
    entries = [entry(f"DD{n:02}", f"Is part {n} broken?", {"type": "yes_no", "value": n != 1}) for n in range(40)]
    suite = write_folder(tmp_path / "suite", {"Defect Detection": entries})
    assert floor(load_suite(suite)) == 39
    assert "constant answers get 39 of 40 right" in found(suite)
    assert visioneval("validate", suite).returncode == 0
    assert visioneval("validate", suite, "--strict").returncode == 3


def test_a_suite_of_the_shipped_ones_name_is_not_held_to_its_rules(tmp_path: Path) -> None:
    assert found(a_suite(tmp_path / "visioneval")) == ""


def test_the_shipped_suite_is_held_to_the_rules_of_its_own_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = load_suite(a_suite(tmp_path))
    monkeypatch.setattr("visioneval.validate.is_shipped", lambda path: path == suite.path)
    told = "\n".join(map(str, problems(suite)))
    assert "category Document Understanding has 1 prompt, not 9; add or drop some" in told
    assert "category Spatial Understanding has 0 prompts, not 19" in told
    assert "has a telling name; publish it again" in told
    assert "KB, not 100 to 500" in told
    assert "longest side is 320 px, not 1280 to 1600" in told


def test_the_shipped_suite_is_sound() -> None:
    assert [str(problem) for problem in problems(load_suite(shipped_suite()))] == []
