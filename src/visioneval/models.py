"""Model cards and price rows: which models there are, how they are reached, what they cost.

`--model` takes a card's name, or `provider:model-id` for a model that has no card (`openai:anything`,
`hf:organisation/name-or-folder`, `replay:FILE`, or a host of `models.yaml`: `openrouter:google/gemma-3-27b-it`).
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml
from msgspec import Struct

from visioneval.errors import ModelError, SuiteError
from visioneval.pricing import is_price
from visioneval.shipped import shipped, shipped_suite
from visioneval.tables import read_text
from visioneval.types import ModelCard, PriceRow, Settings
from visioneval.yaml_text import parse_yaml

PREFIXES = {"openai": "openai", "hf": "transformers", "replay": "replay"}

DEFAULT_KEY_ENV = "OPENAI_API_KEY"
"""The variable that holds the key of a card that names none."""
AD_HOC_SETTINGS = Settings(max_output_tokens=4096, temperature=0.0)
"""Of a model without a card; a host that does not take the temperature says so, and it is left out."""


class Host(Struct, frozen=True, forbid_unknown_fields=True):
    """A host that speaks OpenAI's protocol: what the cards of its models have in common."""

    name: str
    base_url: str | None = None
    api_key_env: str | None = None
    key_optional: bool = False
    api: Literal["responses", "chat"] = "chat"
    unsupported: tuple[str, ...] = ()
    """Parameters that the endpoint rejects or ignores."""
    options: dict[str, str | int | float | bool] = msgspec.field(default_factory=dict)
    note: str = ""
    source: str = ""


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
    path = path or shipped("configs") / "models.yaml"
    cards: tuple[ModelCard, ...] = _load(path, "models", tuple[ModelCard, ...])
    for card in cards:
        if card.gpu_usd_per_hour is not None and not is_price(card.gpu_usd_per_hour):
            raise ModelError(
                f"{path}: the gpu_usd_per_hour {card.gpu_usd_per_hour} of {card.name} is no amount of dollars; "
                "correct that entry"
            )
    return cards


def load_hosts(path: Path | None = None) -> tuple[Host, ...]:
    """Read the hosts beside the model cards. Raises ModelError for a file that is wrong."""
    hosts: tuple[Host, ...] = _load(
        path or shipped("configs") / "models.yaml", "hosts", tuple[Host, ...], default=[]
    )
    return hosts


def load_prices(path: Path | None = None) -> tuple[PriceRow, ...]:
    """Read dated price rows (the shipped ones by default). Raises ModelError for a file that is wrong."""
    path = path or shipped("configs") / "prices.yaml"
    rows: tuple[PriceRow, ...] = _load(path, "prices", tuple[PriceRow, ...])
    for row in rows:
        for usd in (row.input, row.output, row.cached_input, row.cache_write):
            if usd is not None and not is_price(usd):
                raise ModelError(
                    f"{path}: the price {usd} of {row.model} is no amount of dollars; correct that entry"
                )
    return rows


def find_card(name: str, cards: Sequence[ModelCard], hosts: Sequence[Host] = ()) -> ModelCard:
    """Return the card of `name`, or one made on the spot for `provider:model-id`.

    Raises ModelError with the nearest names when there is neither.
    """
    for card in cards:
        if card.name == name:
            return card
    prefix, colon, model_id = name.partition(":")
    if colon and model_id and prefix in PREFIXES:
        label = f"{prefix}:{Path(model_id).name}" if Path(model_id).is_absolute() else ""
        settings = AD_HOC_SETTINGS if PREFIXES[prefix] == "openai" else Settings()
        return ModelCard(name=name, provider=PREFIXES[prefix], model_id=model_id, label=label, settings=settings)
    host = next((host for host in hosts if host.name == prefix), None)
    if colon and model_id and host is not None:
        return card_on(host, name, model_id)
    if colon and (prefix in PREFIXES or host is not None):
        raise ModelError(f"model {name!r} names none; write {prefix}: and then the model's id")
    near = difflib.get_close_matches(name, [card.name for card in cards], n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}? " if near else ""
    if colon:
        known = ", ".join([*PREFIXES, *(host.name for host in hosts)])
        raise ModelError(
            f"unknown model {name!r}: no host is called {prefix!r}; {hint}before the colon may stand {known}"
        )
    raise ModelError(
        f"unknown model {name!r}; {hint}`visioneval models` lists the cards, and `openai:ID` or "
        "`hf:organisation/name` reaches a model without one"
    )


def at_host(card: ModelCard, base_url: str | None, api_key_env: str | None) -> ModelCard:
    """Return a card that is reached at another address, or with another key."""
    if base_url is not None:
        own_key = card.api_key_env if card.base_url is None else None  # a key belongs to the host it was named for
        card = msgspec.structs.replace(card, base_url=base_url, api_key_env=own_key)
    return msgspec.structs.replace(card, api_key_env=api_key_env) if api_key_env else card


def card_on(host: Host, name: str, model_id: str) -> ModelCard:
    """Return a card for one model of a host."""
    return ModelCard(
        name=name,
        provider="openai",
        model_id=model_id,
        settings=msgspec.structs.replace(AD_HOC_SETTINGS, api=host.api),
        unsupported=host.unsupported,
        base_url=host.base_url,
        api_key_env=host.api_key_env,
        key_optional=host.key_optional,
        options=host.options,
        note=host.note,
    )


def prices_of(card: ModelCard, prices: Sequence[PriceRow]) -> tuple[PriceRow, ...]:
    """Return every price row of a card: what a run keeps of the price table."""
    return tuple(row for row in prices if row.model in (card.name, card.model_id))


def _load(path: Path, key: str, type_: object, default: list[object] | None = None) -> Any:
    try:
        document = parse_yaml(read_text(path))
    except SuiteError as error:
        raise ModelError(str(error)) from None
    except yaml.YAMLError as error:
        raise ModelError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    entries = document.get(key, default) if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ModelError(f"{path} has no list of {key}; it begins with `{key}:`, as the shipped one does")
    try:
        return msgspec.convert(entries, type_, str_keys=True)
    except msgspec.ValidationError as error:
        raise ModelError(f"{path}: {error}; correct that entry") from None
