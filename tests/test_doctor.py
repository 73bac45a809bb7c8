"""`visioneval doctor` finds what is there, says how to mend the rest, and shows no key."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conftest import CommandLine
from visioneval.doctor import examine, is_cached, runs_on
from visioneval.models import load_cards

A10G, GB10, OLD = "NVIDIA A10G, 550.54.14, 23028, 22000", "NVIDIA GB10, 580.1, [N/A], [N/A]", "GTX, 1, 8192, 8000"
Findings = dict[str, dict[str, str]]
Machine = Callable[..., tuple[Findings, int]]


@pytest.fixture
def machine(visioneval: CommandLine, tmp_path: Path) -> Machine:
    """The doctor's findings and exit code on a machine with some GPUs in its driver, and a torch built so."""

    def doctor(
        *arguments: str, listed: str = "", torch: dict[str, Any] | None = None, hidden: str | None = None
    ) -> tuple[Findings, int]:
        write_driver(tmp_path / "bin", listed)
        env = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
        if torch is not None:
            write_torch(tmp_path / "site/torch", **torch)
            env["PYTHONPATH"] = f"{tmp_path / 'site'}:{os.environ.get('PYTHONPATH', '')}"
        if hidden is not None:
            env["CUDA_VISIBLE_DEVICES"] = hidden
        ended = visioneval("doctor", "--json", *arguments, env=env)
        return {finding["what"]: finding for finding in json.loads(ended.stdout)}, ended.returncode

    return doctor


def write_driver(folder: Path, listed: str) -> None:
    """Write an `nvidia-smi` that lists some GPUs, or that fails, as it does without a driver."""
    folder.mkdir()
    lists = "exit 9" if not listed else f"printf '%s\\n' {' '.join(repr(line) for line in listed.splitlines())}"
    (folder / "nvidia-smi").write_text(f"#!/bin/sh\n{lists}\n")
    (folder / "nvidia-smi").chmod(0o755)


def write_torch(
    folder: Path,
    *,
    built_for: str | None = "12.8",
    available: bool = True,
    bf16: bool = True,
    built: tuple[str, ...] = ("sm_80", "sm_86", "sm_90"),
    capability: tuple[int, int] = (8, 6),
    refusal: str = "No CUDA GPUs are available",
    memory_gib: int = 24,
) -> None:
    """Write as much of torch as the doctor looks at: a build for another machine than this."""
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(
        f"""from types import SimpleNamespace

def init():
    raise RuntimeError({refusal!r})

__version__ = "2.13.0"
version = SimpleNamespace(cuda={built_for!r})
cuda = SimpleNamespace(
    is_available=lambda: {available},
    init=init,
    device_count=lambda: 2,
    is_bf16_supported=lambda including_emulation: {bf16} or including_emulation,
    get_arch_list=lambda: {list(built)!r},
    get_device_capability=lambda number: {capability!r},
    get_device_name=lambda number: "A card",
    get_device_properties=lambda number: SimpleNamespace(total_memory={memory_gib} * 2**30),
)
"""
    )


def test_the_drivers_list_is_read(machine: Machine) -> None:
    found, _ = machine(listed=f"{A10G}\n{GB10}")
    assert found["GPU 0"]["found"] == "NVIDIA A10G, 21.5 of 22.5 GiB free, driver 550.54.14"
    assert found["GPU 1"]["found"].startswith("NVIDIA GB10, 0.0 of 0.0 GiB")


def test_a_machine_without_a_gpu_is_sound_unless_one_is_needed(machine: Machine) -> None:
    found, code = machine(hidden="")
    assert (found["GPU"]["status"], code) == ("note", 0)


def test_a_gpu_that_torch_sees_is_there_without_nvidia_smi(machine: Machine) -> None:
    """As in a container that was given the GPU and not its tools."""
    found, code = machine("--gpu", torch={})
    assert "GPU" not in found
    assert (found["CUDA"]["status"], code) == ("ok", 0)


def test_a_gpu_that_is_needed_and_missing_fails(machine: Machine) -> None:
    found, code = machine("--gpu", hidden="")
    assert (found["GPU"]["status"], code) == ("problem", 1)
    assert "install the NVIDIA driver" in found["GPU"]["fix"]


@pytest.mark.parametrize(
    ("torch", "said", "fix"),
    [
        ({"built_for": None, "available": False}, "built without it", "pytorch.org"),
        ({"available": False}, "was built for 12.8 and sees no GPU", "upgrade the driver to one for CUDA 12.8"),
        (
            {"available": False, "refusal": "CUDA driver initialization failed.\n\nMore"},
            "sees no GPU (CUDA driver initialization failed)",
            "upgrade the driver",
        ),
        ({"capability": (12, 0)}, "no code for A card (sm_120)", "pip install --upgrade torch"),
        (
            {"capability": (6, 1)},
            "no code for A card (sm_61)",
            "--index-url https://download.pytorch.org/whl/cu126",
        ),
    ],
)
def test_torch_the_driver_and_the_gpu_must_agree(
    machine: Machine, torch: dict[str, object], said: str, fix: str
) -> None:
    found, code = machine("--gpu", listed=A10G, torch=torch)
    assert (found["CUDA"]["status"], code) == ("problem", 1)
    assert said in found["CUDA"]["found"]
    assert fix in found["CUDA"]["fix"]


@pytest.mark.parametrize(("bf16", "told"), [(True, False), (False, True)])
def test_a_gpu_that_only_emulates_bfloat16_is_told_apart(machine: Machine, bf16: bool, told: bool) -> None:
    found, _ = machine(listed=A10G, torch={"bf16": bf16})
    assert found["CUDA"]["status"] == "ok"
    assert found["CUDA"]["found"].startswith("12.8, 2 visible to torch")
    assert ("without bfloat16: add --set dtype=float16" in found["CUDA"]["found"]) == told


def test_a_hidden_gpu_is_found_out(machine: Machine) -> None:
    found, _ = machine(listed=A10G, torch={"available": False}, hidden="")
    assert found["CUDA"]["fix"] == "unset CUDA_VISIBLE_DEVICES"


def test_a_driver_that_is_too_old_is_not_taken_for_a_hidden_gpu(machine: Machine) -> None:
    """On a cluster CUDA_VISIBLE_DEVICES is always set."""
    torch = {"available": False, "refusal": "The NVIDIA driver on your system is too old (found version 11040)."}
    found, _ = machine(listed=A10G, torch=torch, hidden="0")
    assert "The NVIDIA driver on your system is too old (found version 11040)" in found["CUDA"]["found"]
    assert "upgrade the driver to one for CUDA 12.8" in found["CUDA"]["fix"]


@pytest.mark.parametrize(
    ("capability", "built", "runs"),
    [
        ((8, 9), ["sm_80", "sm_86"], True),
        ((8, 0), ["sm_86"], False),
        ((9, 0), ["sm_90a"], True),
        ((12, 0), ["sm_90"], False),
        ((12, 0), ["sm_90", "compute_90"], True),
        ((7, 0), ["sm_75", "compute_75"], False),
    ],
)
def test_code_runs_on_its_own_major_version_and_intermediate_code_on_newer_ones(
    capability: tuple[int, int], built: list[str], runs: bool
) -> None:
    assert runs_on(capability, built) == runs


def test_what_fits_is_told_from_what_does_not(machine: Machine) -> None:
    found, _ = machine(listed=A10G)
    assert found["model paligemma"]["status"] == "ok"
    assert "about 9 GiB" in found["model paligemma"]["found"]
    large = found["model paligemma2-28b"]
    assert large["fix"] == "visioneval run --model paligemma2-28b --set quantization=4bit"


def test_weights_of_another_commit_are_not_those_of_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    (card,) = (card for card in load_cards() if card.name == "gemma-3-4b")
    snapshots = tmp_path / "models--google--gemma-3-4b-it" / "snapshots"
    for commit, cached in (("0" * 40, False), (str(card.options["revision"]), True)):
        (snapshots / commit).mkdir(parents=True)
        (snapshots / commit / "model-00001-of-00002.safetensors").touch()
        assert is_cached(card) is cached
    assert is_cached(msgspec.structs.replace(card, options={"revision": "main"}))


@pytest.mark.parametrize(
    ("listed", "memory_gib", "fits"),
    [(A10G, 6, False), (GB10, 120, True), (f"{OLD}\n{A10G}", 8, False)],
    ids=["a part of a GPU", "memory shared with the CPU", "the larger one is hidden"],
)
def test_what_fits_is_judged_by_the_memory_that_torch_sees(
    machine: Machine, listed: str, memory_gib: int, fits: bool
) -> None:
    found, _ = machine(listed=listed, torch={"memory_gib": memory_gib})
    assert found["model gemma-3-4b"]["found"].startswith("fits: ") == fits


def test_what_fits_in_no_precision_is_told(machine: Machine) -> None:
    found, _ = machine(listed=OLD)
    assert found["model paligemma2-28b"]["found"].startswith("needs a GPU of 65 GiB")


def test_keys_and_tokens_are_never_shown(visioneval: CommandLine) -> None:
    secret = {"OPENAI_API_KEY": "sk-very-secret-1", "HF_TOKEN": "hf_very_secret_2"}
    ended = visioneval("doctor", "--json", env=secret)
    assert ended.returncode == 0, ended.stderr
    assert "secret" not in ended.stdout + ended.stderr
    found = {finding["what"]: finding for finding in json.loads(ended.stdout)}
    assert found["OPENAI_API_KEY"]["status"] == "ok"
    assert found["Python"]["status"] == "ok"


def test_a_model_for_any_machine_is_sound_only_with_what_runs_it(visioneval: CommandLine) -> None:
    found = {finding["what"]: finding for finding in json.loads(visioneval("doctor", "--json").stdout)}
    installed = all(found[name]["status"] == "ok" for name in ("torch", "transformers", "accelerate"))
    model = found["model micro-paligemma"]
    assert (model["status"], model["fix"]) == (
        ("ok", "") if installed else ("note", "pip install 'visioneval[local]'")
    )


def test_a_disk_that_is_nearly_full_is_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = type("usage", (), {"free": 3 * 2**30})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    findings = {finding.what: finding for finding in examine(tmp_path)}
    assert findings["disk for weights"].status == "note"
    assert "HF_HOME" in findings["disk for weights"].fix
