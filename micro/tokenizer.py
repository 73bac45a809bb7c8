"""A Gemma tokenizer small enough to commit: byte-pair encoding trained on a few sentences."""

from __future__ import annotations

import json
import string
from collections.abc import Sequence
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import GemmaTokenizer

PAD, EOS, BOS = 0, 1, 2
SPECIAL = ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>")
BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
CHARACTERS = [*sorted(set(string.printable) - set("\x0b\x0c")), "▁"]


def gemma_tokenizer(
    corpus: Sequence[str], special: Sequence[str] = (), vocabulary_size: int = 600, **arguments: Any
) -> Any:
    """Return a tokenizer with Gemma's conventions: "▁" for spaces, byte fallback, pad 0, eos 1, bos 2.

    `special` are further tokens that are never split; `arguments` go to GemmaTokenizer.
    """
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[*SPECIAL, *special, *BYTES],
        initial_alphabet=CHARACTERS,
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    trained = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(pair) for pair in trained["merges"]]
    return GemmaTokenizer(
        vocab=trained["vocab"], merges=merges, padding_side="left", model_max_length=8192, **arguments
    )
