"""Tiny checkpoints of every family, made on the spot: real architectures, random weights, no download."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    Gemma2Config,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3Processor,
    Gemma3TextConfig,
    GemmaConfig,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    PaliGemmaProcessor,
    SiglipVisionConfig,
)
from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from micro.tokenizer import BOS, EOS, PAD, gemma_tokenizer

CORPUS = [
    "answer en what is in the image?",
    "how many people are there? yes no red green one two",
    "start of turn",
]
SHAPE = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
SPECIAL = {"pad_token_id": PAD, "eos_token_id": EOS, "bos_token_id": BOS}
TURNS = ("<start_of_turn>", "<end_of_turn>")
GEMMA3_IMAGE: dict[str, Any] = {
    "boi_token": "<start_of_image>",
    "eoi_token": "<end_of_image>",
    "image_token": "<image_soft_token>",
}
GEMMA3_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<start_of_turn>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<start_of_image>"
    "{% else %}{{ part['text'] | trim }}{% endif %}{% endfor %}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)


GEMMA4_MEDIA: dict[str, Any] = {
    "boi_token": "<|image>",
    "eoi_token": "<image|>",
    "image_token": "<|image|>",
    "boa_token": "<|audio>",
    "eoa_token": "<audio|>",
    "audio_token": "<|audio|>",
}
GEMMA4_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|turn>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<|image|>"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}<turn|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|turn>model\n{% endif %}"
)


def paligemma(folder: Path) -> Path:
    """Write a PaliGemma: Gemma 1 below."""
    return _paligemma(folder, lambda **shape: GemmaConfig(**shape))


def paligemma2(folder: Path) -> Path:
    """Write a PaliGemma 2: Gemma 2 below, which caps its attention scores."""
    return _paligemma(folder, lambda **shape: Gemma2Config(query_pre_attn_scalar=32, **shape))


def _paligemma(folder: Path, text_config: Callable[..., Any]) -> Path:
    side_px, patch_px = 28, 14
    pictures = SiglipImageProcessorPil(
        size={"height": side_px, "width": side_px},
        image_seq_length=(side_px // patch_px) ** 2,
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
    )
    processor: Any = PaliGemmaProcessor(image_processor=pictures, tokenizer=gemma_tokenizer(CORPUS))
    size = len(processor.tokenizer)
    text = text_config(
        vocab_size=size, num_key_value_heads=1, head_dim=32, max_position_embeddings=8192, **SHAPE, **SPECIAL
    )
    vision = SiglipVisionConfig(image_size=side_px, patch_size=patch_px, vision_use_head=False, **SHAPE)
    config = PaliGemmaConfig(
        vision_config=vision.to_dict(),
        text_config=text.to_dict(),
        image_token_index=processor.image_token_id,
        projection_dim=32,
        hidden_size=32,
        vocab_size=size,
        **SPECIAL,
    )
    return _save(folder, PaliGemmaForConditionalGeneration(config), processor, EOS)


def gemma3(folder: Path) -> Path:
    """Write a Gemma 3 with its chat template."""
    side_px, patch_px, image_tokens = 56, 14, 4
    tokenizer: Any = gemma_tokenizer(
        CORPUS,
        special=(*TURNS, *GEMMA3_IMAGE.values()),
        add_bos_token=True,
        extra_special_tokens=GEMMA3_IMAGE,
        **GEMMA3_IMAGE,
    )
    pictures = Gemma3ImageProcessorPil(
        size={"height": side_px, "width": side_px},
        image_seq_length=image_tokens,
    )
    processor: Any = Gemma3Processor(
        image_processor=pictures,
        tokenizer=tokenizer,
        chat_template=GEMMA3_TEMPLATE,
        image_seq_length=image_tokens,
    )
    number = tokenizer.convert_tokens_to_ids
    text = Gemma3TextConfig(
        vocab_size=len(tokenizer),
        num_key_value_heads=1,
        head_dim=32,
        query_pre_attn_scalar=32,
        sliding_window=64,
        max_position_embeddings=8192,
        layer_types=["sliding_attention", "full_attention"],
        **SHAPE,
    )
    vision = SiglipVisionConfig(image_size=side_px, patch_size=patch_px, vision_use_head=False, **SHAPE)
    ends = [EOS, number("<end_of_turn>")]
    config = Gemma3Config(
        text_config=text.to_dict(),
        vision_config=vision.to_dict(),
        mm_tokens_per_image=image_tokens,
        boi_token_index=number("<start_of_image>"),
        eoi_token_index=number("<end_of_image>"),
        image_token_index=number("<image_soft_token>"),
        **{**SPECIAL, "eos_token_id": ends},
    )
    return _save(folder, Gemma3ForConditionalGeneration(config), processor, ends)


def gemma4(folder: Path) -> Path:
    """Write a Gemma 4. Its processor needs torchvision, for videos."""
    from transformers.models.gemma4.configuration_gemma4 import Gemma4Config, Gemma4TextConfig, Gemma4VisionConfig
    from transformers.models.gemma4.feature_extraction_gemma4 import Gemma4AudioFeatureExtractor
    from transformers.models.gemma4.image_processing_pil_gemma4 import Gemma4ImageProcessorPil
    from transformers.models.gemma4.modeling_gemma4 import Gemma4ForConditionalGeneration
    from transformers.models.gemma4.processing_gemma4 import Gemma4Processor
    from transformers.models.gemma4.video_processing_gemma4 import Gemma4VideoProcessor

    turns = ("<|turn>", "<turn|>", "<|video|>")
    tokenizer: Any = gemma_tokenizer(
        CORPUS,
        special=(*turns, *GEMMA4_MEDIA.values()),
        extra_special_tokens=GEMMA4_MEDIA,
        **GEMMA4_MEDIA,
    )
    processor: Any = Gemma4Processor(
        feature_extractor=Gemma4AudioFeatureExtractor(),
        image_processor=Gemma4ImageProcessorPil(patch_size=16, max_soft_tokens=70, pooling_kernel_size=3),
        tokenizer=tokenizer,
        video_processor=Gemma4VideoProcessor(),
        chat_template=GEMMA4_TEMPLATE,
        image_seq_length=70,
    )
    number = tokenizer.convert_tokens_to_ids
    text = Gemma4TextConfig(
        vocab_size=len(tokenizer),
        vocab_size_per_layer_input=len(tokenizer),
        hidden_size_per_layer_input=8,
        num_key_value_heads=1,
        head_dim=32,
        global_head_dim=32,
        num_kv_shared_layers=0,
        sliding_window=64,
        layer_types=["sliding_attention", "full_attention"],
        max_position_embeddings=4096,
        use_bidirectional_attention="vision",
        **SHAPE,
    )
    vision = Gemma4VisionConfig(
        num_key_value_heads=2,
        head_dim=16,
        patch_size=16,
        pooling_kernel_size=3,
        position_embedding_size=512,
        **SHAPE,
    )
    ends = [EOS, number("<turn|>")]
    config = Gemma4Config(
        text_config=text.to_dict(),
        vision_config=vision.to_dict(),
        audio_config=None,
        **{f"{name}_id": number(token) for name, token in GEMMA4_MEDIA.items() if "audio" not in name},
        audio_token_id=number("<|audio|>"),
        video_token_id=number("<|video|>"),
        **{**SPECIAL, "eos_token_id": ends},
    )
    return _save(folder, Gemma4ForConditionalGeneration(config), processor, ends)


def _save(folder: Path, model: Any, processor: Any, ends: int | list[int]) -> Path:
    _enliven(model)
    model.generation_config.update(**{**SPECIAL, "eos_token_id": ends}, max_new_tokens=20)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
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


FAMILIES: dict[str, Callable[[Path], Path]] = {
    "paligemma": paligemma,
    "paligemma2": paligemma2,
    "gemma3": gemma3,
}
