"""What a run would cost: an estimate with its basis, and the most that it could cost. Nothing is sent.

Input tokens follow the published rules for pictures, which users have found to be off by up to a half. Output
tokens are the median of earlier runs of the model where there are any, else an assumption that is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import median

from msgspec import Struct

from visioneval.images import encode_image
from visioneval.planning import folder_name
from visioneval.plurals import count
from visioneval.pricing import PER_MILLION, card_row
from visioneval.store import find_runs, read_manifest, read_run
from visioneval.suite import image_path
from visioneval.tokens import OVERHEAD_TOKENS, picture_tokens, text_tokens
from visioneval.types import Effort, ModelCard, PriceRow, Prompt, SentImage, Settings

ASSUMED_OUTPUT_TOKENS: dict[Effort | None, int] = {
    None: 150,
    "none": 20,
    "minimal": 50,
    "low": 150,
    "medium": 500,
    "high": 1500,
    "xhigh": 3000,
    "max": 4000,
}
GPU_OF_ONES_OWN = (
    "on a GPU of one's own, not billed; with --gpu-usd-per-hour the run computes what its busy seconds cost"
)
NO_HOST = "asks no host, and costs nothing"


class Estimate(Struct, frozen=True):
    """About what one condition would cost; a sum is None where the price is not known.

    The tokens are None of a model that no host is asked for: `basis` says what it costs instead.
    """

    model: str
    effort: str | None
    prompts: int
    epochs: int
    input_tokens: int | None
    output_tokens: int | None
    usd: Decimal | None
    most_usd: Decimal | None
    """With every reply at its limit of output tokens; None where there is no limit."""
    basis: tuple[str, ...]


def estimate(
    card: ModelCard,
    settings: Settings,
    prompts: Sequence[Prompt],
    suite_folder: Path,
    *,
    prices: Sequence[PriceRow],
    results: Path,
    on: date,
    epochs: int = 1,
    blind: bool = False,
) -> Estimate:
    """Return about what a run would cost. Raises SuiteError when a picture cannot be read."""
    if card.provider != "openai":
        why = GPU_OF_ONES_OWN if card.provider == "transformers" else NO_HOST
        return Estimate(card.name, settings.effort, len(prompts), epochs, None, None, None, None, (why,))
    model_id = card.model_id or card.name
    texts = sum(text_tokens(prompt.question) + OVERHEAD_TOKENS for prompt in prompts)
    pictures = 0
    if not blind:
        sents = (_sent(prompt, suite_folder, settings) for prompt in prompts)
        pictures = sum(picture_tokens(model_id, sent) for sent in sents)
    input_tokens = (texts + pictures) * (1 + settings.few_shot) * epochs
    per_reply, output_basis = _output_tokens(card, settings, results)
    output_tokens = per_reply * len(prompts) * epochs
    row = card_row(card, prices, on, settings.service_tier)
    most = settings.max_output_tokens
    return Estimate(
        model=card.name,
        effort=settings.effort,
        prompts=len(prompts),
        epochs=epochs,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        usd=None if row is None else _usd(row, input_tokens, output_tokens),
        most_usd=None if row is None or most is None else _usd(row, input_tokens, most * len(prompts) * epochs),
        basis=(
            f"input: {pictures} tokens of pictures by the published rule, text at 4 characters a token",
            output_basis,
            _price_basis(row, settings.service_tier),
        ),
    )


def _price_basis(row: PriceRow | None, tier: str | None) -> str:
    named = f" in the {tier} tier" if tier else ""
    return (
        f"prices of {row.valid_from}{named} ({row.source}), no cache" if row else f"no price row in force{named}"
    )


def _sent(prompt: Prompt, suite_folder: Path, settings: Settings) -> SentImage:
    path = image_path(suite_folder, prompt)
    return encode_image(path, longest_side_px=settings.longest_side_px, sha256=prompt.sha256).sent


def _output_tokens(card: ModelCard, settings: Settings, results: Path) -> tuple[int, str]:
    """Return the output tokens of a reply and where the number is from: the newest run with this effort."""
    folders = find_runs(results) if results.is_dir() else []
    for folder in reversed([folder for folder in folders if folder.parent.name == folder_name(card.name)]):
        if read_manifest(folder).condition.settings.effort != settings.effort:
            continue
        stored = read_run(folder)
        usages = [record.reply.usage.output_tokens for record in stored.records if record.reply is not None]
        if counts := [tokens for tokens in usages if tokens is not None]:
            replies = count(len(counts), "reply", "replies")
            return round(median(counts)), f"output: median of {replies} in run {stored.run.id}"
    assumed = ASSUMED_OUTPUT_TOKENS[settings.effort]
    return assumed, f"output: {assumed} tokens a reply, assumed; there is no earlier run of this model to go by"


def _usd(row: PriceRow, input_tokens: int, output_tokens: int) -> Decimal:
    return (input_tokens * row.input + output_tokens * row.output) / PER_MILLION
