"""What this machine has for running models, and the command that mends what is missing.

Nothing is downloaded, no network is used, and no key is ever read beyond whether it is there.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from visioneval.models import DEFAULT_KEY_ENV, load_cards
from visioneval.types import ModelCard

Status = Literal["ok", "note", "problem"]
GIB = 2**30
LEAST_FREE_GIB = 20
BYTES_PER_PARAMETER = {"bfloat16": 2.0, "8bit": 1.0, "4bit": 0.5}
OVERHEAD, ACTIVATIONS_GIB = 1.2, 2.0
"""Beside the weights: buffers and fragments, and a small batch."""
LOCAL_PACKAGES = ("torch", "transformers", "accelerate")
LOCAL_EXTRA = "pip install 'visioneval[local]'"
OLD_GPUS = "--index-url https://download.pytorch.org/whl/cu126"
"""The last builds with code for what later ones leave out."""
NO_GPU = "No CUDA GPUs are available"
"""What torch says where the driver works and shows it no GPU."""
WITHOUT_BFLOAT16 = ", without bfloat16: add --set dtype=float16"


class Finding(Struct, frozen=True):
    """One thing about this machine."""

    what: str
    status: Status
    found: str
    fix: str = ""
    """The command that mends it."""


class Gpu(Struct, frozen=True):
    """A GPU, as its driver describes it."""

    name: str
    driver: str
    total_gib: float
    free_gib: float


def examine(results: Path, *, need_gpu: bool = False) -> list[Finding]:
    """Look at this machine. With `need_gpu`, what keeps a GPU from being used is a problem, not a note."""
    gpus = driver_gpus()
    missing: Status = "problem" if need_gpu else "note"
    return [
        _python(),
        *_packages(missing),
        *_torch(gpus, missing),
        *_disk(results),
        *_hub(),
        *_keys(),
        *_models(gpus),
    ]


def _python() -> Finding:
    """The package does not install on a Python that is too old, so there is only to say which one it is."""
    return Finding("Python", "ok", f"{platform.python_version()} at {sys.executable}")


def _packages(missing: Status) -> Iterator[Finding]:
    for name in LOCAL_PACKAGES:
        version = _version(name)
        yield Finding(name, "ok", version) if version else Finding(name, missing, "not installed", LOCAL_EXTRA)
    optional = {
        "bitsandbytes": "8-bit and 4-bit weights",
        "nvidia-ml-py": "the GPU's energy",
        "ray": "several GPUs or machines",
    }
    for name, purpose in optional.items():
        version = _version(name)
        found = version or f"not installed: only for {purpose}"
        yield Finding(name, "ok" if version else "note", found, "" if version else f"pip install {name}")


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def driver_gpus() -> list[Gpu]:
    """Return the GPUs that the NVIDIA driver reports; none where there is no driver."""
    query = "--query-gpu=name,driver_version,memory.total,memory.free"
    try:
        listed = subprocess.run(  # noqa: S603
            ["nvidia-smi", query, "--format=csv,noheader,nounits"],  # noqa: S607 (wherever the driver put it)
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [[cell.strip() for cell in line.split(",")] for line in listed.splitlines() if line.strip()]
    return [Gpu(row[0], row[1], _gib(row[2]), _gib(row[3])) for row in rows if len(row) == 4]


def _gib(mebibytes: str) -> float:
    """Return GiB; unified memory is reported as "[N/A]"."""
    return float(mebibytes) / 1024 if mebibytes.replace(".", "").isdigit() else 0.0


def _torch(gpus: Sequence[Gpu], missing: Status) -> Iterator[Finding]:
    for number, gpu in enumerate(gpus):
        memory = f"{gpu.free_gib:.1f} of {gpu.total_gib:.1f} GiB free"
        yield Finding(f"GPU {number}", "ok", f"{gpu.name}, {memory}, driver {gpu.driver}")
    if not _usable_gib(gpus):
        fix = "install the NVIDIA driver, then `nvidia-smi` must list the GPU"
        yield Finding("GPU", missing, "none: the NVIDIA driver reports no GPU", fix)
    if importlib.util.find_spec("torch") is None:
        return
    import torch

    yield _cuda(torch, gpus, missing)
    broken = _torchvision_error()
    if broken:
        yield Finding(
            "torchvision", "problem", broken, "pip uninstall torchvision, or install the one for this torch"
        )


def _cuda(torch: Any, gpus: Sequence[Gpu], missing: Status) -> Finding:
    if torch.cuda.is_available():
        return _usable(torch, missing)
    if torch.version.cuda is None:
        fix = "install the CUDA build of torch: pytorch.org gives the command for your driver" if gpus else ""
        return Finding("CUDA", missing, f"this torch ({torch.__version__}) was built without it", fix)
    why, hidden = _why_no_gpu(torch), os.environ.get("CUDA_VISIBLE_DEVICES")
    if gpus and hidden is not None and why == NO_GPU:  # of a driver that is too old, torch says that
        return Finding(
            "CUDA", missing, f"CUDA_VISIBLE_DEVICES={hidden} hides the GPU", "unset CUDA_VISIBLE_DEVICES"
        )
    fix = f"upgrade the driver to one for CUDA {torch.version.cuda}, or install a torch for the older CUDA"
    found = f"torch was built for {torch.version.cuda} and sees no GPU ({why})"
    return Finding("CUDA", missing, found, fix if gpus else "")


def _why_no_gpu(torch: Any) -> str:
    """Return the first sentence of what torch says when it is told to use a GPU that it does not see."""
    try:
        torch.cuda.init()
    except Exception as error:  # the driver's trouble has no class of its own
        return " ".join(str(error).split()).partition(". ")[0].rstrip(".")
    return NO_GPU


def _usable(torch: Any, missing: Status) -> Finding:
    """Say whether this torch has code for each GPU: one that it has none for is there, and fails when used."""
    built_for = torch.cuda.get_arch_list()
    for number in range(torch.cuda.device_count()):
        capability = torch.cuda.get_device_capability(number)
        if built_for and not runs_on(capability, built_for):
            name = torch.cuda.get_device_name(number)
            found = f"this torch ({torch.__version__}) has no code for {name} (sm_{capability[0]}{capability[1]})"
            newer = capability > max(map(_compute_capability, built_for))
            fix = "pip install --upgrade torch" if newer else f"pip install --force-reinstall torch {OLD_GPUS}"
            return Finding("CUDA", missing, found, fix)
    emulated = "" if torch.cuda.is_bf16_supported(including_emulation=False) else WITHOUT_BFLOAT16
    return Finding("CUDA", "ok", f"{torch.version.cuda}, {torch.cuda.device_count()} visible to torch{emulated}")


def runs_on(capability: tuple[int, int], built_for: Sequence[str]) -> bool:
    """Return whether a GPU runs code built for some architectures, "sm_86" or "compute_90".

    Binary code runs on its own major version from its minor version up, intermediate code on all that is newer.
    """
    return any(
        _compute_capability(built) <= capability
        and (built.startswith("compute_") or _compute_capability(built)[0] == capability[0])
        for built in built_for
    )


def _compute_capability(architecture: str) -> tuple[int, int]:
    digits = re.sub(r"\D", "", architecture)
    return int(digits[:-1]), int(digits[-1])


def _torchvision_error() -> str:
    """Transformers imports torchvision where it is installed, and dies of one that does not match torch."""
    if importlib.util.find_spec("torchvision") is None:
        return ""
    try:
        import torchvision  # noqa: F401
    except Exception as error:  # a mismatch shows as almost anything
        return f"does not match torch ({' '.join(str(error).split())[:80]})"
    return ""


def _disk(results: Path) -> Iterator[Finding]:
    places = {"disk for results": results, "disk for weights": hub_cache()}
    for what, path in places.items():
        there = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
        free_gib = shutil.disk_usage(there).free / GIB
        if not os.access(there, os.W_OK):
            yield Finding(what, "problem", f"{there} cannot be written", f"chown -R $USER {there}")
        elif free_gib < LEAST_FREE_GIB and what == "disk for weights":
            fix = "free some space, or set HF_HOME to a larger disk"
            yield Finding(what, "note", f"{free_gib:.0f} GiB free at {there}: little for weights", fix)
        else:
            yield Finding(what, "ok", f"{free_gib:.0f} GiB free at {there}")


def hub_cache() -> Path:
    """Return the folder that weights are downloaded to."""
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser()
    return Path(os.environ.get("HF_HUB_CACHE", home / "hub"))


def _hub() -> Iterator[Finding]:
    if os.environ.get("HF_HUB_OFFLINE", "0").upper() in ("1", "TRUE", "YES", "ON"):
        yield Finding("hub", "note", "HF_HUB_OFFLINE is set: only cached weights load", "unset HF_HUB_OFFLINE")
    if importlib.util.find_spec("huggingface_hub") is None:
        return
    from huggingface_hub import get_token

    if get_token():
        yield Finding("hub login", "ok", "there is a token (not shown, not tried)")
    else:
        yield Finding("hub login", "note", "none: Gemma and PaliGemma are gated", "hf auth login")


def _keys() -> Iterator[Finding]:
    names = dict.fromkeys(
        card.api_key_env or DEFAULT_KEY_ENV
        for card in load_cards()
        if card.provider == "openai" or card.api_key_env
    )
    for name in names:
        there = bool(os.environ.get(name, "").strip())
        found = "set (not shown)" if there else "not set: only for hosted models"
        yield Finding(name, "ok" if there else "note", found, "" if there else f"export {name}=...")


def _models(gpus: Sequence[Gpu]) -> Iterator[Finding]:
    largest_gib = max(_usable_gib(gpus), default=0.0)
    for card in load_cards():
        billions = _billions(card)
        if card.provider == "transformers" and billions is not None:
            yield _fit(card, billions, largest_gib)


def _usable_gib(gpus: Sequence[Gpu]) -> list[float]:
    """Return the memory of each GPU, as torch sees it where it does.

    The driver lists GPUs that are hidden, whole ones where a job has a part, and no memory that the CPU shares.
    """
    if importlib.util.find_spec("torch") is not None:
        import torch

        if torch.cuda.is_available():
            numbers = range(torch.cuda.device_count())
            return [torch.cuda.get_device_properties(number).total_memory / GIB for number in numbers]
    return [gpu.total_gib for gpu in gpus]


def _fit(card: ModelCard, billions: float, gpu_gib: float) -> Finding:
    """Say in which precision a model fits into the largest GPU."""
    what = f"model {card.name}"
    if card.options.get("device") == "auto":
        lacking = [name for name in LOCAL_PACKAGES if not _version(name)]
        if lacking:
            return Finding(what, "note", f"runs on any machine with {' and '.join(lacking)}", LOCAL_EXTRA)
        return Finding(what, "ok", "runs on any machine", "")
    needs = {precision: needed_gib(billions, size) for precision, size in BYTES_PER_PARAMETER.items()}
    fitting = next((precision for precision in needs if needs[precision] <= gpu_gib), None)
    cached = "" if is_cached(card) else ", not downloaded yet"
    if fitting == "bfloat16":
        return Finding(what, "ok", f"fits: about {needs[fitting]:.0f} GiB{cached}", "")
    if fitting is not None:
        fix = f"visioneval run --model {card.name} --set quantization={fitting}"
        return Finding(what, "note", f"fits in {fitting}: about {needs[fitting]:.0f} GiB{cached}", fix)
    return Finding(what, "note", f"needs a GPU of {needs['bfloat16']:.0f} GiB ({needs['4bit']:.0f} in 4-bit)", "")


def needed_gib(billions: float, bytes_per_parameter: float) -> float:
    """Estimate the memory that a model and a small batch take."""
    return billions * 1e9 * bytes_per_parameter / GIB * OVERHEAD + ACTIVATIONS_GIB


def _billions(card: ModelCard) -> float | None:
    match = re.fullmatch(r"([\d.]+)\s*([MB])", card.parameters or "")
    return float(match[1]) / (1 if match[2] == "B" else 1000) if match else None


def is_cached(card: ModelCard) -> bool:
    """Return whether a card's weights have been downloaded: of its commit, or of any when it names none."""
    folder = hub_cache() / f"models--{card.model_id.replace('/', '--')}" / "snapshots"
    revision = str(card.options.get("revision", ""))
    commit = revision if re.fullmatch(r"[0-9a-f]{40}", revision) else "*"
    return any(folder.glob(f"{commit}/*.safetensors"))
