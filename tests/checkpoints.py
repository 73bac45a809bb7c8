"""Tiny checkpoints of every family, made on the spot: real architectures, random weights, no download."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForImageTextToText

from micro import families

CORPUS = [
    "answer en what is in the image?",
    "how many people are there? yes no red green one two",
    "start of turn",
]
SHAPE = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
VISION = {**SHAPE, "patch_size": 14}
TEXT = {**SHAPE, "num_key_value_heads": 1, "head_dim": 32, "max_position_embeddings": 8192}
CAPPED = {**TEXT, "query_pre_attn_scalar": 32}
SLIDING = {"sliding_window": 64, "layer_types": ["sliding_attention", "full_attention"]}
GEMMA4_TEXT = {
    **TEXT,
    **SLIDING,
    "hidden_size_per_layer_input": 8,
    "global_head_dim": 32,
    "num_kv_shared_layers": 0,
    "use_bidirectional_attention": "vision",
}
GEMMA4_VISION = {
    **SHAPE,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "patch_size": 16,
    "pooling_kernel_size": 3,
    "position_embedding_size": 512,
}
PARTS: dict[str, Callable[[], families.Parts]] = {
    "paligemma": lambda: families.paligemma(CORPUS, 28, TEXT, VISION),
    "paligemma2": lambda: families.paligemma2(CORPUS, 28, CAPPED, VISION),
    "gemma3": lambda: families.gemma3(CORPUS, 56, 4, {**CAPPED, **SLIDING}, VISION),
    "llava": lambda: families.llava(CORPUS, 28, TEXT, VISION),
    "gemma4": lambda: families.gemma4(CORPUS, 70, GEMMA4_TEXT, GEMMA4_VISION),
}
FAMILIES = ("paligemma", "paligemma2", "gemma3")
"""Those that load wherever torch does; the processor of Gemma 4 does not without torchvision."""


def make(family: str) -> tuple[Any, Any]:
    """Return a model and its processor."""
    config, processor = PARTS[family]()
    model = AutoModelForImageTextToText.from_config(config)
    _enliven(model)
    ends = config.eos_token_id
    model.generation_config.update(**{**families.SPECIAL, "eos_token_id": ends}, max_new_tokens=20)
    return model.eval(), processor


def save(family: str, folder: Path) -> Path:
    """Write a checkpoint, and return its folder."""
    for part in make(family):
        part.save_pretrained(folder)
    return folder


def _enliven(model: Any) -> None:
    """Draw larger weights: with those that a model is born with, every answer would be the same."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "q_norm" in name or "k_norm" in name:
                parameter.fill_(2.0)
            elif parameter.ndim >= 2:
                scale = 0.15 if "embed" in name else 1.5 * parameter.shape[-1] ** -0.5
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)


def as_on_the_hub(folder: Path) -> Path:
    """Rename a checkpoint's tensors as the published files of PaliGemma and Gemma 3 have them."""
    file = folder / "model.safetensors"
    save_file({_hub_name(name): t for name, t in load_file(file).items()}, file, metadata={"format": "pt"})
    return folder


def _hub_name(name: str) -> str:
    name = name.removeprefix("model.")
    for part, inner in (("vision_tower.", "vision_model."), ("language_model.", "model.")):
        if name.startswith(part) and not name.startswith(part + inner):
            return part + inner + name.removeprefix(part)
    return name
