"""Model cards and price rows: which models there are, how they are reached, what they cost.

`--model` takes a card's name, or `provider:model-id` for a model that has no card (`openai:anything`,
`hf:organisation/name-or-folder`, `replay:FILE`).
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import yaml

import visioneval
from visioneval.errors import ModelError
from visioneval.types import ModelCard, PriceRow

PREFIXES = {"openai": "openai", "hf": "transformers", "replay": "replay"}


def shipped(name: str) -> Path:
    """Return the path of a folder that comes with visioneval: prompts, images or configs.

    It lies inside the installed package, or at the top of a source checkout.
    """
    package = Path(visioneval.__file__).parent
    inside = package / "shipped" / name
    return inside if inside.exists() else package.parents[1] / name


def shipped_suite() -> Path:
    """Return the folder of the shipped suite: the one that holds `prompts` and `images`."""
    return shipped("prompts").parent


def suite_of(cards: Sequence[ModelCard]) -> Path:
    """Return the folder of the suite that some models are run on when none is named.

    Raises ModelError when they do not have the same one.
    """
    names = {card.suite for card in cards}
    if len(names) > 1:
        own = next(card for card in cards if card.suite)
        raise ModelError(f"model {own.name!r} has a suite of its own ({own.suite}); run it alone, or give --suite")
    (name,) = names
    return shipped(name) if name else shipped_suite()


def load_cards(path: Path | None = None) -> tuple[ModelCard, ...]:
    """Read model cards (the shipped ones by default). Raises ModelError for a file that is wrong."""
    cards: tuple[ModelCard, ...] = _load(
        path or shipped("configs") / "models.yaml", "models", tuple[ModelCard, ...]
    )
    return cards


def load_prices(path: Path | None = None) -> tuple[PriceRow, ...]:
    """Read dated price rows (the shipped ones by default). Raises ModelError for a file that is wrong."""
    rows: tuple[PriceRow, ...] = _load(path or shipped("configs") / "prices.yaml", "prices", tuple[PriceRow, ...])
    return rows


def find_card(name: str, cards: Sequence[ModelCard]) -> ModelCard:
    """Return the card of `name`, or one made on the spot for `provider:model-id`.

    Raises ModelError with the nearest names when there is neither.
    """
    for card in cards:
        if card.name == name:
            return card
    prefix, colon, model_id = name.partition(":")
    if colon and model_id and prefix in PREFIXES:
        label = f"{prefix}:{Path(model_id).name}" if Path(model_id).is_absolute() else ""
        return ModelCard(name=name, provider=PREFIXES[prefix], model_id=model_id, label=label)
    near = difflib.get_close_matches(name, [card.name for card in cards], n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}? " if near else ""
    raise ModelError(
        f"unknown model {name!r}; {hint}`visioneval models` lists the cards, and `openai:{name}` or "
        f"`hf:organisation/name` reaches a model without one"
    )


def prices_of(card: ModelCard, prices: Sequence[PriceRow]) -> tuple[PriceRow, ...]:
    """Return every price row of a card: what a run keeps of the price table."""
    return tuple(row for row in prices if row.model in (card.name, card.model_id))


def _load(path: Path, key: str, type_: object) -> tuple[msgspec.Struct, ...]:  # type: ignore[type-arg]
    try:
        document = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
        entries = msgspec.convert(document[key], type_, str_keys=True)
    except OSError as error:
        raise ModelError(f"cannot read {path} ({error.strerror})") from None
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is not a YAML file with a list under {key!r}: {error}") from None
    except msgspec.ValidationError as error:
        raise ModelError(f"{path}: {error}; correct that entry") from None
    return entries  # type: ignore[no-any-return]
