"""The architecture of each family at any size, with the processor to go with it: nothing is downloaded.

The micro model, the tests' tiny checkpoints and the benchmarks' full-size models are made here. `text` and
`vision` are fields of the two halves' configurations; a vocabulary that `text` does not give is the tokenizer's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transformers import (
    Gemma2Config,
    Gemma3Config,
    Gemma3Processor,
    Gemma3TextConfig,
    GemmaConfig,
    PaliGemmaConfig,
    PaliGemmaProcessor,
    SiglipVisionConfig,
)
from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from micro.tokenizer import BOS, EOS, PAD, gemma_tokenizer

Parts = tuple[Any, Any]
"""A configuration and a processor."""
Fields = dict[str, Any]
SPECIAL = {"pad_token_id": PAD, "eos_token_id": EOS, "bos_token_id": BOS}
MEAN = STD = [0.5] * 3

GEMMA3_IMAGE: Fields = {
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
GEMMA4_MEDIA: Fields = {
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
LLAVA_TEMPLATE = (
    "{% for message in messages %}USER: {% for part in message['content'] %}{% if part['type'] == 'image' %}"
    "<image>\n{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endfor %} ASSISTANT:"
)


def paligemma(
    corpus: Sequence[str], side_px: int, text: Fields, vision: Fields, vocabulary_size: int = 600
) -> Parts:
    """Return a PaliGemma: Gemma 1 below."""
    return _paligemma(GemmaConfig, corpus, side_px, text, vision, vocabulary_size)


def paligemma2(corpus: Sequence[str], side_px: int, text: Fields, vision: Fields) -> Parts:
    """Return a PaliGemma 2: Gemma 2 below, which caps its attention scores."""
    return _paligemma(Gemma2Config, corpus, side_px, text, vision, 600)


def _paligemma(
    gemma: Any, corpus: Sequence[str], side_px: int, text: Fields, vision: Fields, vocabulary_size: int
) -> Parts:
    pictures = SiglipImageProcessorPil(
        size={"height": side_px, "width": side_px},
        image_seq_length=(side_px // vision["patch_size"]) ** 2,
        image_mean=MEAN,
        image_std=STD,
    )
    processor: Any = PaliGemmaProcessor(
        image_processor=pictures, tokenizer=gemma_tokenizer(corpus, vocabulary_size=vocabulary_size)
    )
    words = gemma(**{"vocab_size": len(processor.tokenizer), **text, **SPECIAL})
    config = PaliGemmaConfig(
        vision_config=_siglip(side_px, vision),
        text_config=words.to_dict(),
        image_token_index=processor.image_token_id,
        projection_dim=words.hidden_size,
        hidden_size=words.hidden_size,
        vocab_size=words.vocab_size,
        **SPECIAL,
    )
    return config, processor


def gemma3(corpus: Sequence[str], side_px: int, image_tokens: int, text: Fields, vision: Fields) -> Parts:
    """Return a Gemma 3 with its chat template."""
    tokenizer: Any = gemma_tokenizer(
        corpus,
        special=("<start_of_turn>", "<end_of_turn>", *GEMMA3_IMAGE.values()),
        add_bos_token=True,
        extra_special_tokens=GEMMA3_IMAGE,
        **GEMMA3_IMAGE,
    )
    pictures = Gemma3ImageProcessorPil(
        size={"height": side_px, "width": side_px}, image_seq_length=image_tokens, image_mean=MEAN, image_std=STD
    )
    processor: Any = Gemma3Processor(
        image_processor=pictures,
        tokenizer=tokenizer,
        chat_template=GEMMA3_TEMPLATE,
        image_seq_length=image_tokens,
    )
    number = tokenizer.convert_tokens_to_ids
    config = Gemma3Config(
        text_config=Gemma3TextConfig(**{"vocab_size": len(tokenizer), **text}).to_dict(),
        vision_config=_siglip(side_px, vision),
        mm_tokens_per_image=image_tokens,
        boi_token_index=number("<start_of_image>"),
        eoi_token_index=number("<end_of_image>"),
        image_token_index=number("<image_soft_token>"),
        **{**SPECIAL, "eos_token_id": [EOS, number("<end_of_turn>")]},
    )
    return config, processor


def _siglip(side_px: int, vision: Fields) -> Fields:
    fields: Fields = SiglipVisionConfig(image_size=side_px, vision_use_head=False, **vision).to_dict()
    return fields


def gemma4(corpus: Sequence[str], image_tokens: int, text: Fields, vision: Fields) -> Parts:
    """Return a Gemma 4 with its chat template. Where torchvision is missing, its processor takes no videos."""
    from transformers.models.gemma4.configuration_gemma4 import Gemma4Config, Gemma4TextConfig, Gemma4VisionConfig
    from transformers.models.gemma4.feature_extraction_gemma4 import Gemma4AudioFeatureExtractor
    from transformers.models.gemma4.image_processing_pil_gemma4 import Gemma4ImageProcessorPil

    tokenizer: Any = gemma_tokenizer(
        corpus,
        special=("<|turn>", "<turn|>", "<|video|>", *GEMMA4_MEDIA.values()),
        extra_special_tokens=GEMMA4_MEDIA,
        **GEMMA4_MEDIA,
    )
    make_processor, videos = _gemma4_processor()
    processor: Any = make_processor(
        feature_extractor=Gemma4AudioFeatureExtractor(),
        image_processor=Gemma4ImageProcessorPil(
            patch_size=vision["patch_size"],
            max_soft_tokens=image_tokens,
            pooling_kernel_size=vision["pooling_kernel_size"],
        ),
        tokenizer=tokenizer,
        video_processor=videos,
        chat_template=GEMMA4_TEMPLATE,
        image_seq_length=image_tokens,
    )
    number = tokenizer.convert_tokens_to_ids
    vocabulary = {"vocab_size": len(tokenizer), "vocab_size_per_layer_input": len(tokenizer)}
    config = Gemma4Config(
        text_config=Gemma4TextConfig(**{**vocabulary, **text}).to_dict(),
        vision_config=Gemma4VisionConfig(**vision).to_dict(),
        audio_config=None,
        **{f"{name}_id": number(token) for name, token in GEMMA4_MEDIA.items() if "audio" not in name},
        audio_token_id=number("<|audio|>"),
        video_token_id=number("<|video|>"),
        **{**SPECIAL, "eos_token_id": [EOS, number("<turn|>")]},
    )
    return config, processor


def llava(corpus: Sequence[str], side_px: int, text: Fields, vision: Fields) -> Parts:
    """Return a LLaVA: of a family for which there is no card."""
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    image = {"image_token": "<image>"}
    tokenizer: Any = gemma_tokenizer(corpus, special=tuple(image.values()), extra_special_tokens=image)
    processor: Any = LlavaProcessor(
        image_processor=CLIPImageProcessorPil(
            size={"shortest_edge": side_px}, crop_size={"height": side_px, "width": side_px}
        ),
        tokenizer=tokenizer,
        patch_size=vision["patch_size"],
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=LLAVA_TEMPLATE,
        **image,
    )
    config = LlavaConfig(
        text_config=LlamaConfig(**{"vocab_size": len(tokenizer), **text, **SPECIAL}).to_dict(),
        vision_config=CLIPVisionConfig(image_size=side_px, **vision).to_dict(),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        **SPECIAL,
    )
    return config, processor


def _gemma4_processor() -> tuple[Any, Any]:
    """Return the processor's class, and its part for videos: a bare one where torchvision is missing."""
    from transformers.models.gemma4.processing_gemma4 import Gemma4Processor
    from transformers.utils import is_torchvision_available
    from transformers.video_processing_utils import BaseVideoProcessor

    if is_torchvision_available():
        from transformers.models.gemma4.video_processing_gemma4 import Gemma4VideoProcessor

        return Gemma4Processor, Gemma4VideoProcessor()

    class WithoutVideos(Gemma4Processor):  # type: ignore[misc, unused-ignore]
        def check_argument_for_proper_class(self, argument_name: str, argument: Any) -> Any:
            if argument_name == "video_processor":
                return type(argument)
            return super().check_argument_for_proper_class(argument_name, argument)

    return WithoutVideos, BaseVideoProcessor()
