"""What a run is to be, before anything is sent: its manifest, its prompts and its place on the disk."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import re
import secrets
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

import visioneval
from visioneval.errors import ModelError
from visioneval.grading import GRADER_VERSION
from visioneval.models import prices_of
from visioneval.providers.hosted.sdk import at_host_of_environment
from visioneval.questions import Shots
from visioneval.types import Condition, ModelCard, PriceRow, Prompt, Run, Settings, Suite

LONGEST_FOLDER_NAME = 100
WINDOWS_DEVICES = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)),
}
"""Names that no file or folder has on Windows, whatever follows a dot."""
RECORDED_PACKAGES = ("openai", "pillow", "rapidocr", "onnxruntime", "torch", "transformers")


class Plan(Struct, frozen=True):
    """One run that is about to start: what will be asked of which model, and where it is kept."""

    run: Run
    prompts: tuple[Prompt, ...]
    suite_folder: Path
    folder: Path
    shots: Shots


def plan_run(
    card: ModelCard,
    suite: Suite,
    prompts: Sequence[Prompt],
    *,
    settings: Settings,
    prices: Sequence[PriceRow],
    results: Path,
    epochs: int = 1,
    blind: bool = False,
    shard: str = "",
) -> Plan:
    """Write down everything that the run's manifest will say. Nothing is sent and no file is made.

    Raises ModelError for a part of a run by a model that answers by what all its prompts are.
    """
    if shard and card.provider == "baseline-blind":
        raise ModelError(f"model {card.name!r} chooses its constants from all prompts of a run; leave out --shard")
    now = datetime.now(UTC)
    card = at_host_of_environment(card)
    condition = Condition(model=card.name, settings=merge(card.settings, settings), blind=blind)
    run_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    folder = results / folder_name(card.name) / run_id
    run = Run(
        id=run_id,
        started=now.isoformat(timespec="seconds"),
        suite=suite.name,
        suite_path=relative(suite.path, folder),
        suite_sha256=suite.sha256,
        prompt_ids=tuple(prompt.id for prompt in prompts),
        suite_size=len(suite.prompts),
        epochs=epochs,
        condition=condition,
        card=card,
        prices=prices_of(card, prices),
        versions=_versions(),
        machine={"system": platform.platform(terse=True), "cpus": os.cpu_count() or 0},
        git_commit=_git_commit(),
        shard=shard,
    )
    return Plan(run, tuple(prompts), suite.folder, folder, Shots.choose(suite, condition.settings.few_shot))


def merge(defaults: Settings, chosen: Settings) -> Settings:
    """Return the card's settings with those chosen for this run on top."""
    return msgspec.convert(msgspec.to_builtins(defaults) | msgspec.to_builtins(chosen), Settings)


def folder_name(model: str) -> str:
    """Return a model's name as a folder name that every file system takes."""
    name = re.sub(r"[^A-Za-z0-9._+-]+", "-", model).strip("-.") or "model"
    if len(name) > LONGEST_FOLDER_NAME:
        return f"{name[:LONGEST_FOLDER_NAME]}-{hashlib.sha256(model.encode()).hexdigest()[:8]}"
    return f"model-{name}" if name.partition(".")[0].upper() in WINDOWS_DEVICES else name


def relative(path: Path, folder: Path) -> str:
    """Return a path as a manifest writes it: from the run folder on, wherever both are moved to."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _versions() -> dict[str, str]:
    versions = {
        "visioneval": visioneval.__version__,
        "python": platform.python_version(),
        "grader": GRADER_VERSION,
    }
    for package in RECORDED_PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _git_commit() -> str | None:
    """Return the commit of the source checkout that visioneval runs from, if it runs from one."""
    checkout = Path(visioneval.__file__).parents[2]
    if not (checkout / ".git").exists():
        return None
    try:
        asked = subprocess.run(  # noqa: S603
            ["git", "-C", str(checkout), "rev-parse", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return asked.stdout.strip()
