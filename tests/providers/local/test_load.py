"""Whatever is wrong with a checkpoint or a machine is one line that says what to do."""

from __future__ import annotations

import importlib.util
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("torch", reason="local models need the extra `local`")
pytest.importorskip("transformers", reason="local models need the extra `local`")

import huggingface_hub.errors
import torch
from safetensors.torch import load_file, save_file

from tests.checkpoints import save
from tests.conftest import CommandLine
from visioneval.errors import ModelError
from visioneval.providers.local.load import _Loader, check_placement, load, model_arguments, pick_device
from visioneval.providers.local.options import LocalOptions
from visioneval.providers.local.start import start
from visioneval.types import ModelCard


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return save("paligemma", tmp_path / "checkpoint")


def why(folder: Path | str, **options: str | int | float | bool) -> str:
    """Load what is wrong, and return the one line."""
    card = ModelCard("m", "transformers", str(folder), options={"device": "cpu", "dtype": "float32", **options})
    with pytest.raises(ModelError) as raised:
        load(card)
    message = str(raised.value)
    assert "\n" not in message
    assert message.startswith("model 'm'")
    return message


def edit_config(folder: Path, edit: Callable[[dict[str, object]], object]) -> Path:
    file = folder / "config.json"
    config = json.loads(file.read_text())
    edit(config)
    file.write_text(json.dumps(config))
    return folder


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert "there is no folder" in why(tmp_path / "nowhere")


def test_a_folder_that_is_no_checkpoint(tmp_path: Path) -> None:
    assert "has no config.json" in why(tmp_path)


def test_missing_weights(checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").unlink()
    assert "its weights are missing, copy them again" in why(checkpoint)


def test_a_missing_part_of_the_weights(checkpoint: Path) -> None:
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model.safetensors"}}
    (checkpoint / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "has no model-00001-of-00002.safetensors" in why(checkpoint)


def test_a_tensor_that_the_weights_lack(checkpoint: Path) -> None:
    file = checkpoint / "model.safetensors"
    tensors = load_file(file)
    dropped = next(name for name in tensors if "q_proj" in name)
    save_file({name: tensor for name, tensor in tensors.items() if name != dropped}, file, {"format": "pt"})
    assert "lacks 1 of the model's weights" in why(checkpoint)


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"\xff" * 64 + b[64:], lambda b: b""])
def test_a_corrupt_safetensors_file(checkpoint: Path, damage: Callable[[bytes], bytes]) -> None:
    file = checkpoint / "model.safetensors"
    file.write_bytes(damage(file.read_bytes()))
    assert "model.safetensors is corrupt" in why(checkpoint)


@pytest.mark.parametrize("file", ["processor_config.json", "tokenizer.json"])
def test_a_checkpoint_without_its_processor(checkpoint: Path, file: str) -> None:
    """Transformers would make up an empty vocabulary, and another size of picture."""
    (checkpoint / file).unlink()
    assert f"has no {file}" in why(checkpoint)


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json"])
def test_a_corrupt_json_file(checkpoint: Path, file: str) -> None:
    (checkpoint / file).write_bytes((checkpoint / file).read_bytes()[:100])
    assert "has a corrupt JSON file" in why(checkpoint)


@pytest.mark.skipif(importlib.util.find_spec("flash_attn") is not None, reason="flash-attn is installed")
@pytest.mark.parametrize("attention", ["flash_attention_2", "nonsense"])
def test_attention_that_is_not_to_be_had(checkpoint: Path, attention: str) -> None:
    assert "cannot be run with this attention" in why(checkpoint, family="paligemma/gemma", attention=attention)


def test_a_folder_has_no_revisions(checkpoint: Path) -> None:
    assert "a folder has no revisions" in why(checkpoint, revision="main")


def test_a_model_that_spills_over_to_the_cpu_is_refused() -> None:
    check_placement("m", {})
    check_placement("m", {"model.vision_tower": 0, "lm_head": 1})
    with pytest.raises(ModelError, match="memory of all GPUs together .a part went to the cpu"):
        check_placement("m", {"model.vision_tower": 0, "lm_head": "cpu"})


def test_an_unknown_architecture(checkpoint: Path) -> None:
    edit_config(checkpoint, lambda config: config.update(model_type="gemma99"))
    assert "architecture unknown to this Transformers; upgrade it" in why(checkpoint)


def test_a_model_that_takes_no_pictures(checkpoint: Path) -> None:
    (checkpoint / "config.json").write_text(json.dumps({"model_type": "bert", "architectures": ["BertModel"]}))
    assert "does not take pictures" in why(checkpoint) or "cannot be loaded" in why(checkpoint)


def test_a_checkpoint_of_another_family_than_its_card_says(checkpoint: Path) -> None:
    assert "family paligemma/gemma, the card says gemma3/gemma3_text" in why(
        checkpoint, family="gemma3/gemma3_text"
    )


def test_a_model_that_brings_its_own_code(checkpoint: Path) -> None:
    own = {"AutoConfig": "configuration_own.OwnConfig", "AutoModelForImageTextToText": "modeling_own.Own"}
    edit_config(checkpoint, lambda config: config.update(model_type="own", auto_map=own))
    assert "add --set trust_remote_code=true" in why(checkpoint)


def test_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert "is not in the cache and the hub cannot be reached" in why("nobody/nothing")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("GatedRepoError", "accept its licence on its hub page, then `hf auth login`"),
        ("RepositoryNotFoundError", "is not on the hub, or is private"),
        ("RevisionNotFoundError", "correct the option `revision`"),
        ("LocalEntryNotFoundError", "the hub cannot be reached"),
    ],
)
def test_what_the_hub_refuses_is_told_apart(error: str, said: str) -> None:
    def refused(name: str, **_: object) -> object:
        kind = getattr(huggingface_hub.errors, error)
        try:
            raise kind.__new__(kind)
        except kind as cause:
            raise OSError("You are trying to access\nsomething") from cause

    with pytest.raises(ModelError, match=said):
        _Loader("m", "org/name", local=False).call(refused)


def test_a_model_that_loads_and_cannot_answer(checkpoint: Path) -> None:
    file = checkpoint / "processor_config.json"
    settings = json.loads(file.read_text())
    settings["image_processor"]["size"] = {"height": 56, "width": 56}  # the model was made for 28
    file.write_text(json.dumps(settings))
    card = ModelCard("m", "transformers", str(checkpoint), options={"device": "cpu", "dtype": "float32"})
    with pytest.raises(ModelError, match=r"model 'm' does not answer: .*The size of tensor a") as raised:
        start(card)
    assert "\n" not in str(raised.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_no_cuda(visioneval: CommandLine) -> None:
    with pytest.raises(ModelError, match=r"model 'm' needs a CUDA GPU and there is none: .*--device cpu"):
        pick_device("m", "cuda", torch)
    assert pick_device("m", "auto", torch) == "cpu"
    ended = visioneval("run", "--model", "paligemma", "--suite", Path(__file__).parents[3] / "micro" / "suite")
    assert ended.returncode == 4
    assert ended.stderr.count("\n") == 1
    assert "needs a CUDA GPU" in ended.stderr


@pytest.mark.parametrize(
    ("options", "attention"),
    [
        ({}, None),
        ({"attention": "sdpa"}, "sdpa"),
        (
            {"text_attention": "eager", "vision_attention": "sdpa"},
            {"text_config": "eager", "vision_config": "sdpa"},
        ),
    ],
)
def test_attention_is_told_as_the_card_says(options: dict[str, str], attention: object) -> None:
    import transformers

    arguments = model_arguments("m", LocalOptions(**options), "cuda:0", torch, transformers)  # type: ignore[arg-type]
    assert arguments.get("attn_implementation") == attention
    assert arguments["dtype"] is torch.bfloat16
    assert arguments["device_map"] == "cuda:0"


def test_quantisation_needs_its_library_or_a_gpu() -> None:
    import transformers

    with pytest.raises(ModelError, match=r"bitsandbytes|needs a CUDA GPU"):
        model_arguments("m", LocalOptions(quantization="4bit"), "cpu", torch, transformers)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), "does not fit into the GPU's"),
        (RuntimeError("named symbol not found"), "cannot be loaded: RuntimeError: named symbol not found"),
    ],
)
def test_why_a_weight_could_not_be_quantised_is_told(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    """Transformers itself says only that the reason stands in its log."""
    from transformers.core_model_loading import WeightRenaming, log_conversion_errors

    def convert(weight: Any, layer: str, **arguments: Any) -> None:
        with log_conversion_errors(layer, arguments["loading_info"], (1, layer)):
            raise error

    monkeypatch.setattr(WeightRenaming, "convert", convert)
    assert said in why(checkpoint)


def test_eight_bits_do_not_fill_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """bitsandbytes warns once a layer and token that it computes in float16."""
    import transformers

    monkeypatch.setitem(sys.modules, "bitsandbytes", ModuleType("bitsandbytes"))
    monkeypatch.setattr(logging.getLogger("bitsandbytes"), "level", logging.NOTSET)
    model_arguments("m", LocalOptions(quantization="8bit"), "cuda:0", torch, transformers)
    assert not logging.getLogger("bitsandbytes.autograd").isEnabledFor(logging.WARNING)
