"""What a model card, or `--set`, may say about a local model."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from visioneval.errors import ModelError
from visioneval.models import load_cards
from visioneval.shipped import shipped
from visioneval.types import ModelCard

CHAT = "chat"
DEVICES = "auto, cpu, split, cuda or cuda:N"
SHIPPED_PREFIX = "shipped:"
FAMILY_OPTIONS = ("family", "prompt", "attention", "text_attention", "vision_attention")
"""What is true of every model of a family, whatever its size."""
LatencyMode = Literal["single", "amortised"]


class LocalOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """The `options` of a card whose provider is `transformers`."""

    family: str = ""
    """What the checkpoint is, by the two model types in its config.json: `paligemma/gemma2`. A model without
    a card takes the options of the first shipped card of its family."""
    prompt: str = ""
    """The words sent, with `{question}` for the question; `chat` for the checkpoint's own chat template.
    Empty: `chat` where the checkpoint has one, else the bare question."""
    revision: str = ""
    """Branch, tag or commit on the hub; the commit that was loaded is recorded."""
    device: Annotated[str, Meta(pattern=r"^(auto|cpu|split|cuda(:\d+)?)$")] = "cuda"
    """`auto`: CUDA if there is one, else the CPU. `split`: one model over every GPU."""
    dtype: Literal["bfloat16", "float16", "float32"] = "bfloat16"
    attention: str = ""
    """Transformers' `attn_implementation`; empty leaves the choice to it."""
    text_attention: str = ""
    vision_attention: str = ""
    """For families whose two halves need different ones."""
    quantization: Literal["", "8bit", "4bit"] = ""
    pan_and_scan: bool = False
    """Gemma 3: look at enlarged parts of pictures that are far from square as well."""
    max_soft_tokens: Annotated[int, Meta(ge=0)] = 0
    """Gemma 4: tokens a picture may take (70, 140, 280, 560 or 1120); 0 leaves it to the checkpoint."""
    trust_remote_code: bool = False
    """Run code that comes with the checkpoint. Never set by a shipped card."""
    batch_size: Annotated[int, Meta(ge=0)] = 0
    """Prompts answered at once; 0 finds out."""
    latency_mode: LatencyMode = "amortised"
    """`single`: one prompt at a time, timed alone. `amortised`: batches, whose time is shared out."""
    ray: str = ""
    """Address of a Ray cluster, or `auto`; empty runs in this process."""
    actors: Annotated[int, Meta(ge=0)] = 0
    """Models on the cluster; 0 is one a GPU, or one a CPU where `device` is `cpu`."""


def parse_options(card: ModelCard) -> LocalOptions:
    """Read a card's options. Raises ModelError naming the one that is wrong."""
    try:
        options = msgspec.convert(card.options, LocalOptions)
    except msgspec.ValidationError as error:
        raise ModelError(f"model {card.name!r}: {_explained(str(error), card)}") from None
    if options.prompt not in ("", CHAT) and "{question}" not in options.prompt:
        raise ModelError(f"model {card.name!r}: option `prompt` must contain {{question}}, or be {CHAT!r}")
    return options


def _explained(error: str, card: ModelCard) -> str:
    """Name the option and its value, and what it may be."""
    what, _, name = error.rstrip("`").partition(" - at `$.")
    if name not in card.options:
        return f"option: {what}; docs/run-on-your-gpu.md lists the options"
    choices = get_args(get_type_hints(LocalOptions)[name])
    allowed = DEVICES if name == "device" else ", ".join(filter(None, map(str, choices)))
    return f"option {name}={card.options[name]}: " + (f"it must be {allowed}" if allowed else what)


def with_choices(card: ModelCard, choices: dict[str, str], gpu_usd_per_hour: Decimal | None) -> ModelCard:
    """Return a card with options and a price that a person chose for this run.

    Values are text, as the command line gives them. Raises ModelError for an option that local models do not
    have, and for any option of a model that is not local.
    """
    if not choices and gpu_usd_per_hour is None:
        return card
    if card.provider != "transformers":
        raise ModelError(f"model {card.name!r} does not run on this machine's GPU; leave its options out")
    fields = {field.name: field.default for field in msgspec.structs.fields(LocalOptions)}
    typed: dict[str, str | int | float | bool] = {}
    for name, value in choices.items():
        if name not in fields:
            raise ModelError(f"local models have no option {name!r}; they have {', '.join(fields)}")
        try:
            typed[name] = msgspec.convert(value, type(fields[name]), strict=False)
        except msgspec.ValidationError as error:
            raise ModelError(f"option {name}={value}: {error}") from None
    chosen = replace(
        card,
        options={**card.options, **typed},
        gpu_usd_per_hour=card.gpu_usd_per_hour if gpu_usd_per_hour is None else gpu_usd_per_hour,
    )
    parse_options(chosen)
    return chosen


def with_family(card: ModelCard, family: str) -> ModelCard:
    """Return a card that says all its family needs: a card that names none borrows a shipped card's options.

    What the card itself says wins.
    """
    if parse_options(card).family:
        return card
    relatives = (other for other in load_cards() if other.options.get("family") == family)
    relative = next(relatives, None)
    borrowed = {"family": family} if relative is None else relative.options
    kept = {name: value for name, value in borrowed.items() if name in FAMILY_OPTIONS}
    return replace(card, options={**kept, **card.options})


def location(card: ModelCard) -> Path | None:
    """Return the folder of a card's checkpoint, or None when its `model_id` is a name on the hub.

    The folder need not exist.
    """
    name = card.model_id or card.name
    if name.startswith(SHIPPED_PREFIX):
        return shipped(name.removeprefix(SHIPPED_PREFIX))
    path = Path(name).expanduser()
    looks_local = path.exists() or path.is_absolute() or name.startswith(".") or name.count("/") != 1
    return path if looks_local else None
