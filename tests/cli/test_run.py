"""`visioneval run` and `resume`, called as a person calls them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import msgspec
import pytest

from tests.conftest import CommandLine, write_table
from visioneval.store import RunFolder, find_runs, read_run
from visioneval.types import ModelCard, Run

RIGHT = {"OC01": "9", "OC02": "13", "OC03": "9", "DD01": "Yes", "DD02": "0101"}


def replies(path: Path, texts: dict[str, str]) -> Path:
    path.write_text("".join(json.dumps({"id": id_, "reply": text}) + "\n" for id_, text in texts.items()))
    return path


def the_run(folder: Path) -> Path:
    (run,) = find_runs(folder / "results")
    return run


def outcomes(run: Path) -> dict[str, str]:
    return {graded.prompt.id: graded.verdict.outcome for graded in read_run(run).graded()}


def test_a_run_prints_the_score_table_and_says_where_it_is(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    file = replies(tmp_path / "r.jsonl", {**RIGHT, "OC02": "12"})
    ended = visioneval("run", "--suite", counting_suite, "--model", f"replay:{file}")
    assert ended.returncode == 0, ended.stderr
    assert "Overall Score" in ended.stdout
    assert "4/5" in ended.stdout  # fewer than nine prompts have no percentage
    run = the_run(tmp_path)
    assert str(run.relative_to(tmp_path)) in ended.stderr
    assert outcomes(run) == {"OC01": "pass", "OC02": "fail", "OC03": "pass", "DD01": "pass", "DD02": "pass"}


def test_the_manifest_says_all_that_can_change_a_score(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    file = replies(tmp_path / "r.jsonl", RIGHT)
    visioneval("run", "--suite", counting_suite, "--model", f"replay:{file}", "--effort", "low", "--epochs", 1)
    stored = read_run(the_run(tmp_path))
    assert stored.run.condition.settings.effort == "low"
    assert stored.run.versions.keys() >= {"visioneval", "python", "grader", "openai", "pillow"}
    assert stored.suite_folder == counting_suite
    assert len(stored.run.suite_sha256) == 64
    assert str(tmp_path) not in (stored.folder / "manifest.json").read_text().replace(str(file), "")


def test_without_a_model_the_ocr_baseline_reads_what_is_printed(visioneval: CommandLine, tmp_path: Path) -> None:
    suite = write_table(
        tmp_path,
        [
            {"image": "a.png", "question": "What number is printed? Answer only a number.", "answer": "4127"},
            {"image": "b.png", "question": "What time is shown? Answer like 12:30.", "answer": "09:47"},
        ],
    )
    ended = visioneval("run", "--suite", suite)
    assert ended.returncode == 0, ended.stderr
    assert "baseline, not a vision-language model" in ended.stdout
    assert set(outcomes(the_run(tmp_path)).values()) == {"pass"}
    blind = visioneval("run", "--suite", suite, "--blind")
    assert "blind" in blind.stdout
    (newest,) = [run for run in find_runs(tmp_path / "results") if read_run(run).run.condition.blind]
    assert "pass" not in outcomes(newest).values()
    assert all(record.reply and record.reply.sent is None for record in read_run(newest).records)


def test_resume_asks_exactly_for_what_has_no_answer(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    file = replies(tmp_path / "r.jsonl", {"OC01": "9", "DD01": "Yes"})
    first = visioneval("run", "--suite", counting_suite, "--model", f"replay:{file}")
    assert first.returncode == 1
    assert "3 of 5 without an answer" in first.stderr
    run = the_run(tmp_path)
    assert f"visioneval resume {run.relative_to(tmp_path)}" in first.stderr
    before = (run / "records.jsonl").read_bytes()
    replies(file, {**RIGHT, "OC01": "a reply that must not be asked for again"})
    second = visioneval("resume", run)
    assert second.returncode == 0, second.stderr
    assert (run / "records.jsonl").read_bytes().startswith(before)
    assert len(read_run(run).records) == 5
    assert set(outcomes(run).values()) == {"pass"}
    file.unlink()  # whoever would be asked need not be there
    third = visioneval("resume", f"replay:{file}")  # the model's name
    assert third.returncode == 0, third.stderr
    assert "lacks no answer: nothing is asked" in third.stderr
    assert len((run / "records.jsonl").read_bytes().splitlines()) == 5 + 3


def test_a_run_folder_that_was_moved_is_resumed_or_says_what_it_misses(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    visioneval("run", "--model", "baseline-blind", "--category", "defect_detection")
    shipped = the_run(tmp_path).rename(tmp_path / "shipped")
    ended = visioneval("resume", shipped)
    assert ended.returncode == 0, ended.stderr
    visioneval("run", "--model", "baseline-blind", "--suite", counting_suite)
    own = the_run(tmp_path).rename(tmp_path / "own")
    lost = visioneval("resume", own)
    assert lost.returncode == 5
    assert "if the run folder was moved, move it back, or its suite along" in lost.stderr


def test_a_run_that_covers_too_little_is_shown_but_not_ranked(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    ended = visioneval(
        "run", "--suite", counting_suite, "--category", "defect detection", "--model",
        f"replay:{replies(tmp_path / 'r.jsonl', RIGHT)}",
    )  # fmt: skip
    assert "not ranked" in ended.stdout
    assert set(outcomes(the_run(tmp_path))) == {"DD01", "DD02"}


def test_several_models_and_epochs_run_in_one_go(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    rows = [{"id": id_, "reply": text, "epoch": epoch} for epoch in (0, 1) for id_, text in RIGHT.items()]
    file = tmp_path / "r.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    ended = visioneval(
        "run", "--suite", counting_suite, "--model", f"replay:{file}", "--model", "baseline-blind", "--epochs", 2
    )
    assert ended.returncode == 0, ended.stderr
    assert len(find_runs(tmp_path / "results")) == 2
    assert "never looks at the image" in ended.stdout
    for run in find_runs(tmp_path / "results"):
        assert len(read_run(run).records) == 10


def test_a_model_that_cannot_be_used_is_named_and_the_others_run(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    models = ["--model", "gpt-5.4-mini", "--model", "replay:nowhere.jsonl", "--model", "baseline-blind"]
    ended = visioneval("run", "--suite", counting_suite, *models)
    assert ended.returncode == 4
    assert the_run(tmp_path).parent.name == "baseline-blind"
    assert "never looks at the image" in ended.stdout
    first, second, *_, last = ended.stderr.splitlines()
    assert "OPENAI_API_KEY is not set" in first
    assert "cannot read the recorded replies nowhere.jsonl" in second
    assert last == "not run, as said above: gpt-5.4-mini, replay:nowhere.jsonl"
    none = visioneval("run", "--suite", counting_suite, *models[:4])
    assert (none.returncode, none.stdout, none.stderr.count("\n")) == (4, "", 2)


def test_a_configuration_file_gives_any_option_and_the_command_line_wins(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    config = tmp_path / "nightly.yaml"
    config.write_text(
        f"model: [baseline-blind]\nsuite: {counting_suite}\nonly: [OC01, DD02]\nmax-output-tokens: 5\n"
    )
    assert visioneval("run", "--config", config, "--only", "DD01").returncode == 0
    stored = read_run(the_run(tmp_path))
    assert stored.run.prompt_ids == ("DD01",)
    assert stored.run.condition.settings.max_output_tokens == 5
    config.write_text("modle: [baseline-blind]\n")
    wrong = visioneval("run", "--config", config)
    assert wrong.returncode == 2
    assert "no option is called 'modle'; did you mean 'model'?" in wrong.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("epochs: [1, 2]", "epochs takes one value, not [1, 2]"),
        ("model: {a: b}", "model takes a list, not {'a': 'b'}"),
        ("epochs: 2020-13-01", "put the value in quotes"),
        ("[" * 100_000, "nested more than"),
        ("[1]", "must hold one `option: value` a line"),
        ("epochs: many", "c.yaml: Invalid value for '--epochs': 'many' is not a valid integer range"),
        ("effort: silly", "c.yaml: Invalid value for '--effort': 'silly' is not one of"),
    ],
    ids=lambda text: text[:20],
)
def test_a_wrong_configuration_is_one_line(visioneval: CommandLine, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "c.yaml").write_text(text)
    ended = visioneval("run", "--config", "c.yaml")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert words in ended.stderr


def test_json_output_is_json_alone_on_stdout(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    file = replies(tmp_path / "r.jsonl", RIGHT)
    ended = visioneval("run", "--suite", counting_suite, "--model", f"replay:{file}", "--json")
    assert json.loads(ended.stdout)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "expected"),
    [
        (["--model", "gpt-5.4-mni"], 4, "unknown model 'gpt-5.4-mni'; did you mean gpt-5.4-mini"),
        (["--model", "gpt-5.4-mini"], 4, "needs a key and OPENAI_API_KEY is not set; export OPENAI_API_KEY=..."),
        (["--model", "replay:nowhere.jsonl"], 4, "cannot read the recorded replies nowhere.jsonl"),
        (["--model", "replay:twice.jsonl"], 4, "line 2: a second reply to prompt 'A1' (epoch 0); keep one"),
        (
            ["--category", "Objects"],
            3,
            "no category 'Objects' in the suite; it has: Defect Detection",
        ),
        (["--only", "XX1"], 3, "no prompt 'XX1' in the suite"),
        (["--epochs", "0"], 2, "--epochs"),
        (["--epochs", "1001"], 2, "--epochs"),
        (["--model", "micro-paligemma", "--gpu-usd-per-hour", "1000001"], 2, "is more than 1,000,000 dollars"),
        (["--model", "baseline-blind", "--gpu-usd-per-hour", "$2.50"], 2, "does not run on a machine of yours"),
        (["--gpu-usd-per-hour", "two"], 2, "'two' is not an amount of dollars"),
        (["--modle", "x"], 2, "No such option"),
        (["--only", "DD01", "--category", "Object Counting"], 3, "no prompt is both DD01 and in Object Counting"),
        (["--model", "baseline-blind", "--model", "baseline-blind"], 2, "--model baseline-blind is given twice"),
        (["--effort", "high", "--effort", "high"], 2, "--effort high is given twice"),
        (["--self-judging"], 2, "--self-judging is of judges; give --judge too"),
        (["--model", "baseline-blind", "--shard", "1/2"], 4, "from all prompts of a run; leave out --shard"),
        (["--shard", "1/" + "9" * 5000], 2, "write PART/PARTS, as in 2/4"),
        (["--poll-s", "5"], 2, "--poll-s is of batches; give --batch too, or leave it out"),
        (["--temperature", "nan"], 2, "'nan' is not a finite number"),
        (["--rpm", "inf"], 2, "'inf' is not a finite number"),
        (["--epochs", "0"], 2, "visioneval: Invalid value for '--epochs'"),
        (["--config", "nowhere.yaml"], 2, "the configuration nowhere.yaml does not exist"),
        (["--results", "/proc/nowhere", "--model", "baseline-blind"], 5, "/proc/nowhere"),
        (["--model", "baseline-blind", "--effort", "low"], 4, "is a baseline and takes no --effort; leave it out"),
        (["--few-shot", "2"], 4, "is a baseline and takes no --few-shot; leave it out"),
        (["--model", "micro-paligemma", "--structured"], 4, "takes no --structured; leave it out"),
        (["--model", "hf:/nowhere", "--effort", "low"], 4, "takes no --effort; leave it out"),
    ],
)
def test_a_wrong_call_is_one_line_with_its_exit_code_and_makes_no_folder(
    visioneval: CommandLine,
    counting_suite: Path,
    tmp_path: Path,
    arguments: list[str],
    exit_code: int,
    expected: str,
) -> None:
    (tmp_path / "twice.jsonl").write_text('{"id": "A1", "reply": "3"}\n{"id": "A1", "reply": "4"}\n')
    ended = visioneval("run", "--suite", counting_suite, *arguments)
    assert ended.returncode == exit_code, ended.stderr
    assert expected in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "results").exists()


def test_a_model_of_any_name_has_a_folder(visioneval: CommandLine, counting_suite: Path, tmp_path: Path) -> None:
    long = "a" * 300
    names = ("CON", "nul.txt", f"{long}b", f"{long}c")
    cards = [{"name": name, "provider": "baseline-blind"} for name in names]
    (tmp_path / "cards.yaml").write_text(json.dumps({"models": cards}))
    models = [argument for name in names for argument in ("--model", name)]
    ended = visioneval("run", "--suite", counting_suite, "--models-file", "cards.yaml", *models)
    assert ended.returncode == 0, ended.stderr
    folders = sorted(folder.name for folder in (tmp_path / "results").iterdir())
    assert len(folders) == 4
    assert folders[2:] == ["model-CON", "model-nul.txt"]
    assert all(len(name) < 120 for name in folders)
    reported = visioneval("report")
    assert reported.returncode == 0, reported.stderr


def test_a_wrong_suite_is_one_line_with_exit_code_3(visioneval: CommandLine, counting_suite: Path) -> None:
    (counting_suite / "images/oc02-picture.png").write_text("no picture")
    ended = visioneval("run", "--suite", counting_suite, "--model", "baseline-blind")
    assert ended.returncode == 3
    assert ended.stderr.startswith("visioneval: prompt 'OC02': image ")
    assert ended.stderr.count("\n") == 1


def test_a_run_folder_in_use_or_corrupt_is_one_line_with_exit_code_5(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    visioneval("run", "--suite", counting_suite, "--model", "baseline-blind")
    run = the_run(tmp_path)
    with RunFolder(run):
        held = visioneval("resume", run)
    assert held.returncode == 5
    assert "in use by another process" in held.stderr
    lines = (run / "records.jsonl").read_text().splitlines()
    (run / "records.jsonl").write_text("\n".join([lines[0], lines[1][:-9], *lines[2:]]) + "\n")
    corrupt = visioneval("resume", run)
    assert corrupt.returncode == 5
    assert "records.jsonl line 2 is corrupt" in corrupt.stderr


def test_a_run_in_use_is_noticed_before_its_model_is_loaded(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    file = replies(tmp_path / "r.jsonl", {"OC01": "9"})
    visioneval("run", "--suite", counting_suite, "--model", f"replay:{file}")
    file.unlink()
    with RunFolder(the_run(tmp_path)):
        held = visioneval("resume", the_run(tmp_path))
    assert "in use by another process" in held.stderr
    ended = visioneval("resume", the_run(tmp_path))
    assert ended.returncode == 4
    assert "cannot read the recorded replies" in ended.stderr


def test_a_suite_that_changed_since_is_not_mixed_into_the_old_run(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    file = replies(tmp_path / "r.jsonl", {"OC01": "9"})
    visioneval("run", "--suite", counting_suite, "--model", f"replay:{file}")
    yaml_file = counting_suite / "prompts/object_counting.yaml"
    yaml_file.write_text(yaml_file.read_text().replace("green", "blue"))
    ended = visioneval("resume", the_run(tmp_path))
    assert ended.returncode == 5
    assert "has changed since" in ended.stderr


def test_a_card_file_of_ones_own_names_its_faults(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    cards = tmp_path / "cards.yaml"
    cards.write_text("models:\n  - {name: mine, provider: baseline-blind, settings: {temprature: 1}}\n")
    wrong = visioneval("run", "--suite", counting_suite, "--models-file", cards, "--model", "mine")
    assert wrong.returncode == 4
    assert "unknown field `temprature`" in wrong.stderr
    cards.write_text("models:\n  - {name: mine, provider: openai, unsupported: [store, temprature]}\n")
    wrong = visioneval("run", "--suite", counting_suite, "--models-file", cards, "--model", "mine")
    assert wrong.returncode == 4
    assert "there is no parameter 'temprature' to be unsupported; it must be one of batch, detail" in wrong.stderr
    cards.write_text("models:\n  - {name: mine, provider: baseline-blind, note: my own floor}\n")
    right = visioneval("run", "--suite", counting_suite, "--models-file", cards, "--model", "mine")
    assert right.returncode == 0, right.stderr
    assert "my own floor" in right.stdout


def test_a_stored_run_reads_back_as_the_type_it_is(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    visioneval("run", "--suite", counting_suite, "--model", "baseline-blind")
    run = msgspec.json.decode((the_run(tmp_path) / "manifest.json").read_bytes(), type=Run)
    assert run.card == ModelCard(**msgspec.structs.asdict(run.card))
    assert run.condition.model == "baseline-blind"


def test_what_was_asked_of_the_suite_is_counted_in_prompts_whatever_the_epochs(
    visioneval: CommandLine, counting_suite: Path
) -> None:
    chosen = ("--only", "OC01", "--epochs", 3)
    ended = visioneval("run", "--suite", counting_suite, "--model", "baseline-blind", *chosen)
    assert "asked only 1 of the suite's 5" in " ".join(ended.stdout.split())


def test_how_to_go_on_can_be_pasted_wherever_the_results_are(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    file = replies(tmp_path / "r.jsonl", {"OC01": "9"})
    ended = visioneval("run", "--suite", counting_suite, "--model", f"replay:{file}", "--results", "my results")
    (line,) = [line.strip() for line in ended.stderr.splitlines() if line.strip().startswith("visioneval resume")]
    assert visioneval(*shlex.split(line)[1:]).returncode == 1, line
