"""Which host, which key and whose code a resumed run may use: those that a card here or the command line names.

A run folder may come from anywhere, so its manifest is believed in nothing that could be turned against whoever
resumes it; what it says and nobody here does must be repeated.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from visioneval.errors import ModelError
from visioneval.models import Host, at_host, find_card
from visioneval.providers.hosted.sdk import OPENAI_URL, at_host_of_environment
from visioneval.redact import one_line
from visioneval.types import ModelCard, Run

HARMLESS: dict[str, Callable[[Any], bool]] = {
    "trust_remote_code": lambda value: not value,
    "ray": lambda value: value in ("", "auto"),
    "attention": lambda value: "/" not in str(value),
    "text_attention": lambda value: "/" not in str(value),
    "vision_attention": lambda value: "/" not in str(value),
}
"""Options of local models that may run what others wrote: the code of a checkpoint, that of a cluster, or a kernel
that is fetched from the hub by its name."""


class Repeated(Struct, frozen=True):
    """What the command line of `visioneval resume` repeats of that of `visioneval run`."""

    base_url: str | None = None
    api_key_env: str | None = None
    options: dict[str, str] = {}


def card_to_resume(run: Run, cards: Sequence[ModelCard], hosts: Sequence[Host], repeated: Repeated) -> ModelCard:
    """Return the card that a run goes on with: its own, as far as it asks for what is named here.

    Raises ModelError that says which options must be repeated.
    """
    here = _named_here(run, cards, hosts, repeated)
    if lacking := list(_lacking(run.card, here, repeated)):
        raise ModelError(
            f"run {run.id} {_asks(run.card)}, and model {run.card.name!r} does not do that here: a run folder may "
            f"come from anywhere. If it is yours, resume it with {' '.join(lacking)}"
        )
    return msgspec.structs.replace(run.card, api_key_env=here.api_key_env, key_optional=here.key_optional)


def options_to_repeat(run: Run, cards: Sequence[ModelCard], hosts: Sequence[Host]) -> list[str]:
    """Return the options that a run of this machine must be resumed with."""
    try:
        here = _named_here(run, cards, hosts, Repeated())
    except ModelError:
        return ["--models-file FILE"]
    return list(_lacking(run.card, here, Repeated()))


def _named_here(run: Run, cards: Sequence[ModelCard], hosts: Sequence[Host], repeated: Repeated) -> ModelCard:
    """Return the card of the run's model as this machine and the command line know it."""
    card = run.card
    try:
        here = at_host(find_card(card.name, cards, hosts), repeated.base_url, repeated.api_key_env)
        here = at_host_of_environment(here)
    except ModelError as error:
        raise ModelError(
            f"run {run.id}: {error}; or its card is in a --models-file, which must be repeated"
        ) from None
    same_weights = here.provider == "openai" or here.model_id == card.model_id
    if here.provider != card.provider or not same_weights:
        says, is_ = (one_line(f"{each.provider} {each.model_id}") for each in (card, here))
        raise ModelError(
            f"run {run.id}: model {card.name!r} is {is_!r} here, and {says!r} in the manifest; repeat the "
            "--models-file, or start a new run"
        )
    if repeated.options:
        from visioneval.providers.local.options import with_choices

        here = with_choices(here, repeated.options, None)
        for name in repeated.options:
            if here.options[name] != card.options.get(name):
                raise ModelError(
                    f"run {run.id} was not made with --set {name}={repeated.options[name]}, and a resumed run "
                    "keeps its options; leave it out, or start a new run"
                )
    return here


def _lacking(card: ModelCard, here: ModelCard, repeated: Repeated) -> Iterator[str]:
    """Yield the options without which a run's card asks for more than is named here."""
    if (card.base_url or OPENAI_URL) != (here.base_url or OPENAI_URL):
        yield f"--base-url {_quoted(card.base_url or OPENAI_URL)}"
    if card.api_key_env and card.api_key_env != here.api_key_env and not repeated.api_key_env:
        yield f"--api-key-env {_quoted(card.api_key_env)}"
    if card.provider == "transformers":
        for name, is_harmless in HARMLESS.items():
            value = card.options.get(name, "")
            if not is_harmless(value) and value != here.options.get(name):
                yield f"--set {name}={_quoted(str(value).lower() if value is True else str(value))}"


def _asks(card: ModelCard) -> str:
    if card.provider == "transformers":
        return "runs code that others wrote"
    key = f" with the key in {_quoted(card.api_key_env)}" if card.api_key_env else ""
    return f"asks {_quoted(card.base_url or OPENAI_URL)}{key}"


def _quoted(text: str) -> str:
    return shlex.quote(one_line(text))
