"""The doctor finds what is there, says how to mend the rest, and shows no key."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CommandLine
from visioneval.doctor import _cuda, _fit, _torch, driver_gpus, examine, needed_gib
from visioneval.models import find_card, load_cards

LISTED = "NVIDIA A10G, 550.54.14, 23028, 22000\nNVIDIA GB10, 580.1, [N/A], [N/A]\n"


class Torch:
    """As much of torch as the doctor looks at."""

    __version__ = "2.13.0"

    def __init__(self, built_for: str | None, available: bool, *, bf16: bool = True) -> None:
        self.version = type("version", (), {"cuda": built_for})
        self.cuda = type(
            "cuda",
            (),
            {
                "is_available": staticmethod(lambda: available),
                "device_count": staticmethod(lambda: 2),
                "is_bf16_supported": staticmethod(lambda including_emulation: bf16 or including_emulation),
            },
        )


def driver(*_: Any, **__: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], 0, stdout=LISTED)


def test_the_drivers_list_is_read() -> None:
    first, second = driver_gpus(driver)
    assert (first.name, first.driver) == ("NVIDIA A10G", "550.54.14")
    assert first.total_gib == pytest.approx(22.49, abs=0.01)
    assert second.total_gib == 0


def test_no_driver_is_no_gpu() -> None:
    def missing(*_: Any, **__: Any) -> Any:
        raise FileNotFoundError("nvidia-smi")

    assert driver_gpus(missing) == []


@pytest.mark.parametrize(
    ("built_for", "available", "status", "said"),
    [
        ("12.8", True, "ok", "12.8, 2 visible"),
        (None, False, "problem", "built without it"),
        ("12.8", False, "problem", "sees no GPU"),
    ],
)
def test_torch_and_the_driver_must_agree(built_for: str | None, available: bool, status: str, said: str) -> None:
    finding = _cuda(Torch(built_for, available), driver_gpus(driver), "problem")
    assert finding.status == status
    assert said in finding.found
    assert bool(finding.fix) == (status != "ok")


def test_a_gpu_that_only_emulates_bfloat16_is_told_apart() -> None:
    gpus = driver_gpus(driver)
    assert "float16" not in _cuda(Torch("12.8", True), gpus, "note").found
    assert (
        "without bfloat16: add --set dtype=float16" in _cuda(Torch("12.8", True, bf16=False), gpus, "note").found
    )


def test_a_hidden_gpu_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    finding = _cuda(Torch("12.8", False), driver_gpus(driver), "note")
    assert finding.fix == "unset CUDA_VISIBLE_DEVICES"


def test_no_gpu_is_a_problem_only_where_one_is_needed() -> None:
    assert next(iter(_torch([], "note"))).status == "note"
    assert next(iter(_torch([], "problem"))).status == "problem"


def test_what_fits_is_told_from_what_does_not() -> None:
    cards = load_cards()
    small, large = find_card("paligemma", cards), find_card("paligemma2-28b", cards)
    assert _fit(small, 3, 22.5).status == "ok"
    four_bit = _fit(large, 28, 22.5)
    assert four_bit.fix == "visioneval run --model paligemma2-28b --set quantization=4bit"
    assert "needs a GPU of 65 GiB" in _fit(large, 28, 8).found
    assert needed_gib(3, 2) == pytest.approx(8.7, abs=0.1)


def test_keys_and_tokens_are_never_shown(visioneval: CommandLine) -> None:
    secret = {"OPENAI_API_KEY": "sk-very-secret-1", "HF_TOKEN": "hf_very_secret_2"}
    ended = visioneval("doctor", "--json", env=secret)
    assert ended.returncode == 0, ended.stderr
    assert "secret" not in ended.stdout + ended.stderr
    found = {finding["what"]: finding for finding in json.loads(ended.stdout)}
    assert found["OPENAI_API_KEY"]["status"] == "ok"
    assert found["Python"]["status"] == "ok"
    assert found["model micro-paligemma"]["status"] == "ok"


def test_a_disk_that_is_nearly_full_is_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = type("usage", (), {"free": 3 * 2**30})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    findings = {finding.what: finding for finding in examine(tmp_path)}
    assert findings["disk for weights"].status == "note"
    assert "HF_HOME" in findings["disk for weights"].fix
