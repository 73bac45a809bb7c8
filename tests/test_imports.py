"""`visioneval import`: what people already have becomes runs, and nothing is dropped in silence."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import CommandLine, draw, write_table
from visioneval.store import StoredRun, find_runs, read_run

COLUMNS = ["file_name", "prompt", "answer", "assessment_name", "category", "submitted_by", "submitted_by_link"]
PROMPTS = [
    ["arm.png", "Is the arm up? Yes or no.", "Yes", "Arm up", "Spatial", "A", "https://a.example"],
    ["arm.png", "Is a person near? Yes or no.", "No", "Person near", "Spatial", "A", ""],
    ["web.png", "What is the quantity? Return only a number.", "50", "Table", "Document", "A", ""],
    ["web.png", "What is the quantity? Return only a number.", "NULL", "Table, no such row", "Document", "A", ""],
]
SHIFTED = ["cube.png", "How many nodes? Answer as an integer", " like 1.", "127", "Nodes", "Counting", "A", ""]
SAMPLE = Path(__file__).parents[2] / "shared/data/checkup_sample"


def stored(results: Path) -> dict[str, StoredRun]:
    return {run.run.condition.model: run for run in map(read_run, find_runs(results))}


def outcomes(run: StoredRun) -> list[str]:
    return [graded.verdict.outcome for graded in run.graded()]


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    return write_table(
        tmp_path / "mine",
        [
            {"id": "one", "image": "1.png", "question": "How many? Only a number.", "answer": "7"},
            {"id": "two", "image": "2.png", "question": "Is it broken? Yes or no.", "answer": "yes"},
        ],
    )


@pytest.fixture
def checkup(tmp_path: Path) -> Path:
    """A folder in the layout of the public Vision AI Checkup, with its faults."""
    folder = tmp_path / "checkup"
    draw(folder / "images/arm.jpeg", "arm")
    draw(folder / "images/web.png", "web")
    with (folder / "prompts.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *PROMPTS, SHIFTED, ["bad.png", "", "", "", "", "", ""]])
    results = {
        "arm.png": _result("Yes, it is up.", PROMPTS[0], "2.33s"),
        "web.png": _result("NULL", PROMPTS[3], "1.00s"),
        "cube.png": {**_result("127", SHIFTED, "soon"), "prompt": "How many nodes?", "assessment_name": "Nodes"},
        "gone.png": _result("5", ["gone.png", "What?", "5", "Gone", "", "", ""], "1s"),
        "null.png": {"result": None},
    }
    (folder / "model_results.json").write_text(json.dumps({"assessments_by_model": {"GPT X": results}}))
    return folder


def _result(text: str, row: Sequence[str], taken: str) -> dict[str, object]:
    return {"result": text, "prompt": row[1], "assessment_name": row[3], "time_taken": taken, "correct": True}


def test_recorded_replies_become_a_graded_run(visioneval: CommandLine, suite: Path, tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    rows = [
        {"prompt_id": "one", "reply": "7", "model": "m", "input_tokens": 10, "output_tokens": 1, "seconds": 0.5},
        {"prompt_id": "two", "reply": "No.", "model": "m"},
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    done = visioneval("import", file, "--suite", suite)
    assert done.returncode == 0, done.stderr
    run = stored(tmp_path / "results")["m"]
    assert outcomes(run) == ["pass", "fail"]
    first = next(record for record in run.records if record.prompt_id == "one").reply
    assert first is not None
    assert (first.usage.input_tokens, first.timing.service_s) == (10, 0.5)
    assert "50%" not in visioneval("report").stdout, "two prompts are no percentage"


def test_epochs_and_csv_and_a_model_named_on_the_command_line(
    visioneval: CommandLine, suite: Path, tmp_path: Path
) -> None:
    file = tmp_path / "replies.csv"
    file.write_text("id,epoch,reply\none,0,7\none,1,8\n")
    assert visioneval("import", file, "--suite", suite, "--model", "m").returncode == 0
    run = stored(tmp_path / "results")["m"]
    assert run.run.epochs == 2
    assert outcomes(run) == ["pass", "skipped", "fail", "skipped"]


def test_epochs_that_count_from_one_keep_their_whole_score(
    visioneval: CommandLine, suite: Path, tmp_path: Path
) -> None:
    said = {"one": "7", "two": "no"}
    rows = [{"id": name, "epoch": epoch, "reply": said[name]} for name in said for epoch in (1, 2, 3)]
    (tmp_path / "replies.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = visioneval("import", "replies.jsonl", "--suite", suite, "--model", "m")
    assert done.returncode == 0
    assert "m: epochs do not count from 0 here; epochs 1 to 3 are taken as 0 to 2" in done.stderr
    run = stored(tmp_path / "results")["m"]
    assert run.run.epochs == 3
    assert outcomes(run) == ["pass", "fail"] * 3


def test_epochs_without_a_reply_are_named(visioneval: CommandLine, suite: Path, tmp_path: Path) -> None:
    (tmp_path / "replies.csv").write_text("id,epoch,reply\none,0,7\none,3,7\ntwo,3,no\n")
    done = visioneval("import", "replies.csv", "--suite", suite, "--model", "m")
    assert "m: no reply is of epoch 1, 2; every prompt counts as skipped there" in done.stderr
    assert outcomes(stored(tmp_path / "results")["m"]) == ["pass", "skipped", *["skipped"] * 4, "pass", "fail"]


def test_a_line_number_is_the_files_own_after_a_cell_of_several_lines(
    visioneval: CommandLine, suite: Path, tmp_path: Path
) -> None:
    (tmp_path / "replies.csv").write_text('id,reply\none,"It is\n\n7."\n\nthree,8\n')
    done = visioneval("import", "replies.csv", "--suite", suite, "--model", "m")
    assert "line 6: left out, the suite has no prompt 'three'" in done.stderr


def test_a_reply_to_no_prompt_of_the_suite_is_left_out_and_named(
    visioneval: CommandLine, suite: Path, tmp_path: Path
) -> None:
    (tmp_path / "replies.csv").write_text("id,reply\none,7\nthree,8\n")
    done = visioneval("import", "replies.csv", "--suite", suite, "--model", "m")
    assert done.returncode == 1
    assert "replies.csv line 3: left out, the suite has no prompt 'three'" in done.stderr
    assert "1 reply of 1 model taken over, 1 left out" in done.stderr
    assert outcomes(stored(tmp_path / "results")["m"]) == ["pass", "skipped"]


def test_a_line_separator_in_a_reply_is_part_of_the_reply(
    visioneval: CommandLine, suite: Path, tmp_path: Path
) -> None:
    row = {"id": "one", "reply": "Seven:\u20287\x85"}
    (tmp_path / "replies.jsonl").write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    done = visioneval("import", "replies.jsonl", "--suite", suite, "--model", "m")
    assert done.returncode == 0, done.stderr
    (record,) = stored(tmp_path / "results")["m"].records
    assert record.reply is not None
    assert record.reply.text == row["reply"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('{"id": "one", "reply": "7", "seconds": NaN}', "; write null for NaN"),
        ('{"id": "one", "reply": "7", "seconds": "inf"}', "seconds 'inf' is not a number from 0 up"),
        (
            '{"id": "one", "reply": "7"}\n{"id": "one", "reply": "7", "epoch": 10000000}',
            "m: epochs 0 to 10000000 are not within 0 to 999",
        ),
        ('{"id": "three", "reply": "7"}', "line 1: the suite has no prompt 'three'"),
        ('{"id": "one", "reply": "7"}\n{"id": "one", "reply": "8"}', "line 2 is a second reply to prompt 'one'"),
        ('{"id": "one"}', "no `reply`"),
        ('{"id": "one", "reply": "7", "seconds": -1}', "seconds -1 is not a number from 0 up"),
        ('{"id": "one", "reply": "7", "stop": "tired"}', "stop 'tired' is none of"),
        ("seven", "line 1: not JSON"),
        ("", "has no replies"),
    ],
)
def test_a_wrong_row_is_one_clear_line(
    visioneval: CommandLine, suite: Path, tmp_path: Path, lines: str, words: str
) -> None:
    (tmp_path / "replies.jsonl").write_text(lines)
    done = visioneval("import", "replies.jsonl", "--suite", suite, "--model", "m")
    assert done.returncode == 3
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "results").exists()


def test_a_checkup_folder_keeps_every_prompt_and_names_every_fault(
    visioneval: CommandLine, checkup: Path, tmp_path: Path
) -> None:
    done = visioneval("import", checkup)
    assert done.returncode == 1, "two replies could not be taken over"
    run = stored(tmp_path / "results")["GPT X"]
    assert [(prompt.title, prompt.image) for prompt in run.prompts] == [
        ("Arm up", "images/arm.jpeg"),
        ("Person near", "images/arm.jpeg"),
        ("Table", "images/web.png"),
        ("Table, no such row", "images/web.png"),
        ("Nodes", "images/cube.png"),
    ]
    assert outcomes(run) == ["pass", "skipped", "skipped", "pass", "pass"]
    assert run.prompts[4].question == "How many nodes? Answer as an integer, like 1."
    for words in (
        "row 6: the question's comma was not quoted",
        "row 7: left out",
        "GPT X: cube.png was asked in other words: 'How many nodes?'",
        "GPT X: the time of cube.png is no number of seconds ('soon')",
        "the reply for gone.png was left out: no prompt has this picture",
        "the reply for null.png was left out: no reply is recorded",
        "3 replies of 1 model taken over, 2 left out",
    ):
        assert words in done.stderr


def test_later_checkup_results_are_one_file_a_model(
    visioneval: CommandLine, checkup: Path, tmp_path: Path
) -> None:
    (checkup / "model_results.json").unlink()
    (checkup / "data/results").mkdir(parents=True)
    document = {"model_name": "Y", "assessments": {"arm.png": _result("No", PROMPTS[1], "1s")}}
    (checkup / "data/results/result_y.json").write_text(json.dumps(document))
    assert visioneval("import", checkup).returncode == 0
    assert outcomes(stored(tmp_path / "results")["Y"]) == ["skipped", "pass", "skipped", "skipped", "skipped"]


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample of the public data is not here")
def test_the_public_sample_is_taken_over_whole(visioneval: CommandLine, tmp_path: Path) -> None:
    done = visioneval("import", SAMPLE)
    assert done.returncode == 0
    assert "30 replies of 3 models taken over, 0 left out" in done.stderr
    assert len(stored(tmp_path / "results")) == 3


def _inspect_log() -> dict[str, object]:
    picture = {"type": "image", "image": "photos/a.png"}
    asked = [{"role": "user", "content": [picture, {"type": "text", "text": "How many nuts? Only a number."}]}]
    output = {
        "model": "gpt-x-2026",
        "choices": [{"message": {"role": "assistant", "content": "9"}, "stop_reason": "stop"}],
        "usage": {"input_tokens": 100, "output_tokens": 2, "total_tokens": 112, "input_tokens_cache_read": 10},
        "time": 1.5,
    }
    good = {"id": "a", "epoch": 1, "input": asked, "target": "9", "output": output}
    plain = {"id": 2, "epoch": 1, "input": "Which one?", "target": ["left", "the left one"], "output": output}
    failed = {"id": "c", "epoch": 1, "input": "?", "target": "1", "output": {}, "error": {"message": "timed out"}}
    header = {"model": "openai/gpt-x", "task": "counting"}
    return {"version": 2, "status": "success", "eval": header, "samples": [good, plain, failed]}


@pytest.mark.parametrize("suffix", [".json", ".eval"])
def test_an_inspect_log_becomes_a_run(visioneval: CommandLine, tmp_path: Path, suffix: str) -> None:
    log = _inspect_log()
    file = tmp_path / f"log{suffix}"
    if suffix == ".json":
        file.write_text(json.dumps(log))
    else:
        samples = log.pop("samples")
        assert isinstance(samples, list)
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("header.json", json.dumps(log))
            for sample in samples:
                archive.writestr(f"samples/{sample['id']}_epoch_1.json", json.dumps(sample))
    done = visioneval("import", file)
    assert done.returncode == 1
    assert "sample 'c' was left out: timed out" in done.stderr
    run = stored(tmp_path / "results")["openai/gpt-x"]
    by_id = {graded.prompt.id: graded for graded in run.graded()}
    assert by_id["a"].verdict.outcome == "pass"
    assert by_id["c"].verdict.outcome == "skipped", "a prompt without a reply stays in the denominator"
    assert by_id["a"].prompt.image == "photos/a.png"
    record = by_id["a"].record
    assert record is not None
    assert record.reply is not None
    assert record.reply.usage.input_tokens == 110, "cached tokens are part of the input here"


def test_the_pictures_beside_an_inspect_log_are_in_the_report(visioneval: CommandLine, tmp_path: Path) -> None:
    draw(tmp_path / "logs/photos/a.png", "nuts")
    (tmp_path / "logs/log.json").write_text(json.dumps(_inspect_log()))
    visioneval("import", "logs/log.json")
    assert stored(tmp_path / "results")["openai/gpt-x"].suite_folder == tmp_path / "logs"
    assert visioneval("report").returncode == 0
    (page,) = (tmp_path / "results/report/prompts").glob("*a*.html")
    assert "no picture" not in page.read_text()
    assert "<img" in page.read_text()


def test_a_log_that_counts_or_times_oddly_is_told(visioneval: CommandLine, tmp_path: Path) -> None:
    log = _inspect_log()
    assert isinstance(log["samples"], list)
    good = log["samples"][0]
    again = {**good, "output": {**good["output"], "time": float("nan")}}
    silent = {**good, "id": "d", "output": {}, "error": {"message": ""}}
    log["samples"] = [good, again, {**again, "epoch": 2}, silent]
    (tmp_path / "log.json").write_text(json.dumps(log))
    done = visioneval("import", "log.json")
    assert done.returncode == 1
    assert "sample 'a' was left out: there is another one of epoch 1" in done.stderr
    assert "sample 'a', epoch 2: its time is no number of seconds (nan)" in done.stderr
    assert "sample 'd' was left out" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_no_log_is_one_clear_line(visioneval: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    (tmp_path / "x.eval").write_text("no zip")
    for name in ("x.json", "x.eval", "x.txt", "nothing"):
        done = visioneval("import", name)
        assert done.returncode in (2, 3)
        assert done.stderr.count("\n") == 1


def test_a_sample_that_an_inspect_log_holds_twice_or_otherwise_is_told(
    visioneval: CommandLine, tmp_path: Path
) -> None:
    log = _inspect_log()
    good = log["samples"][0]  # type: ignore[index]
    log["samples"] = [
        good,
        {**good, "epoch": 2, "target": "8"},
        {**good, "epoch": 3, "input": "How many caps?"},
        good,
    ]
    (tmp_path / "log.json").write_text(json.dumps(log))
    done = visioneval("import", "log.json")
    assert done.returncode == 1
    assert done.stderr.count("an earlier sample of this id asks or expects something else") == 2
    assert "there is another one of epoch 1" in done.stderr
    assert "1 reply of 1 model taken over, 3 left out" in done.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epoch": 10**9}, "Expected `int` <= 1000"),
        ({"epoch": -5}, "Expected `int` >= 1"),
        ({"epoch": float("inf")}, "Expected `int`"),
        ({"output": "9"}, "$.output"),
        ({"output": None, "error": {"message": ""}}, "it ended in an error without a message"),
        ({"output": {"choices": [{"message": {"content": "9"}}], "model": {}}}, "$.output.model"),
        ({"output": {"choices": [{"message": {"content": "9 \ud83d"}}]}}, "half a character"),
        (
            {"output": {"choices": [{"message": {"content": "9"}}], "usage": {"input_tokens": 10**400}}},
            "input_tokens",
        ),
        ({"target": []}, "$.target"),
        ({"input": []}, "nobody asks anything"),
        (None, "Expected `object`, got `null`"),
        ("nine", "Expected `object`, got `str`"),
    ],
)
def test_a_sample_that_is_not_as_a_sample_should_be_is_left_out_alone(
    visioneval: CommandLine, tmp_path: Path, change: object, words: str
) -> None:
    log = _inspect_log()
    good = log["samples"][0]  # type: ignore[index]
    log["samples"] = [{**good, "id": "odd", **change} if isinstance(change, dict) else change, good]
    (tmp_path / "log.json").write_text(json.dumps(log))
    done = visioneval("import", "log.json")
    assert done.returncode == 1
    assert words in done.stderr
    assert "1 reply of 1 model taken over, 1 left out" in done.stderr
    assert outcomes(stored(tmp_path / "results")["openai/gpt-x"]).count("pass") == 1


def test_metadata_that_is_none_does_not_cost_the_reply(visioneval: CommandLine, tmp_path: Path) -> None:
    log = _inspect_log()
    log["samples"] = [{**log["samples"][0], "metadata": "x"}]  # type: ignore[index]
    (tmp_path / "log.json").write_text(json.dumps(log))
    assert visioneval("import", "log.json").returncode == 0


def an_eval(file: Path, samples: Sequence[bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"eval": {"model": "m", "task": "t"}}))
        for number, sample in enumerate(samples):
            archive.writestr(f"samples/{number}.json", sample)
    return file


def test_a_zip_that_unpacks_to_far_more_than_its_size_is_not_unpacked(
    visioneval: CommandLine, tmp_path: Path
) -> None:
    good = json.dumps(_inspect_log()["samples"][0]).encode()  # type: ignore[index]
    done = visioneval("import", an_eval(tmp_path / "log.eval", [good, b" " * 150_000_000]))
    assert done.returncode == 1
    assert "samples/1.json unpacks to 150 MB, more than 100" in done.stderr
    assert "1 reply of 1 model taken over, 1 left out" in done.stderr


def test_what_is_encrypted_or_damaged_in_a_zip_is_told(visioneval: CommandLine, tmp_path: Path) -> None:
    good = json.dumps(_inspect_log()["samples"][0]).encode()  # type: ignore[index]
    content = an_eval(tmp_path / "log.eval", [good, good]).read_bytes()
    entry = content.rindex(b"PK\x01\x02")
    locked = content[: entry + 8] + bytes([content[entry + 8] | 1]) + content[entry + 9 :]
    (tmp_path / "log.eval").write_bytes(locked)
    done = visioneval("import", "log.eval")
    assert "samples/1.json cannot be read" in done.stderr
    assert "encrypted" in done.stderr
    assert "1 reply of 1 model taken over, 1 left out" in done.stderr
    at = content.index(b"samples/0.json") + 40
    (tmp_path / "torn.eval").write_bytes(content[:at] + b"zzzz" + content[at + 4 :])
    assert "samples/0.json cannot be read" in visioneval("import", "torn.eval").stderr


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.json", "[1]"),
        ("deep.json", "[" * 100_000),
        ("deep.jsonl", '{"id": "one", "reply": ' + "[" * 100_000),
        ("text.json", '{"eval": "x"}'),
        ("half.json", '{"eval": {"model": "m\\ud83d", "task": "t"}, "samples": []}'),
        ("half.jsonl", '{"id": "one", "reply": "7 \\ud83d", "model": "m"}'),
        ("named.jsonl", '{"id": "one", "reply": "7", "model": "m\\ud83d"}'),
        ("many.jsonl", '{"id": "one", "reply": "7", "model": "m", "input_tokens": 1' + "0" * 400 + "}"),
        ("late.jsonl", '{"id": "one", "reply": "7", "model": "m", "epoch": 1000000000}'),
        ("gone.jsonl", None),
        ("gone.json", None),
    ],
)
def test_a_source_that_cannot_be_taken_over_leaves_no_run_behind(
    visioneval: CommandLine, suite: Path, tmp_path: Path, name: str, content: str | None
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    done = visioneval("import", name, *(["--suite", suite] if name.endswith("l") else []))
    assert done.returncode == 3, done.stderr
    assert done.stderr.count("\n") == 1
    assert "Errno" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_checkup_results_of_another_form_are_one_clear_line(visioneval: CommandLine, checkup: Path) -> None:
    for document in ('{"model_name": "m", "assessments": [1]}', "[" * 100_000, '{"model_name": 3}'):
        (checkup / "model_results.json").write_text(document)
        done = visioneval("import", checkup)
        assert done.returncode == 3
        assert "model_results.json is not a file of results" in done.stderr
