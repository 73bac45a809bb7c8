"""The nouns of visioneval: immutable records, and nothing that does anything.

They are msgspec structs, so one definition is the type, the JSON and YAML format, and the check at the
edge where a file or a reply is parsed. `None` always means "not known" or "not reported", never zero.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct, field

from visioneval.answers import Answer

Tokens: TypeAlias = Annotated[int, Meta(ge=0, le=10**15)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=1e9)]
"""Bounded, as the other numbers of a run are: sums and means of what is read stay numbers."""
MOST_EPOCHS = 1000
MOST_USD = 1_000_000
"""That any price may be, per million tokens or per hour: more is a slip of the pen."""


# ----------------------------------------------------------------------------------------------
# The suite
# ----------------------------------------------------------------------------------------------


class Prompt(Struct, frozen=True):
    """One question about one picture, with the answer it expects."""

    id: str
    category: str
    title: str
    image: str
    """Path of the picture, relative to the suite's folder, with forward slashes."""
    question: str
    answer: Answer
    sha256: str | None = None
    """Of the picture's file."""
    hash_declared: bool = False
    """True when the suite declares the hash, so that the bytes are proved and need no decoding."""
    probes: str = ""
    difficulty: Literal["easy", "medium", "hard"] | None = None
    tags: tuple[str, ...] = ()
    answer_inferred: bool = False
    """True when the answer's type was inferred from the question and the key, not declared."""


class Suite(Struct, frozen=True):
    """Prompts in order, and the folder that their image paths start from."""

    name: str
    path: Path
    """The folder or the table that it was read from."""
    folder: Path
    """Where image paths start."""
    prompts: tuple[Prompt, ...]
    sha256: str
    """Hash of everything that can change a score: ids, categories, questions, answers, picture bytes."""

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(prompt.category for prompt in self.prompts))


# ----------------------------------------------------------------------------------------------
# Models and conditions
# ----------------------------------------------------------------------------------------------

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


BATCH = "batch"
"""The service tier of what is carried out by a host's Batch API; it is never sent as one."""


class Settings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Everything that is sent beside the question and the picture; None leaves it to the model's host."""

    max_output_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0)] | None = None
    effort: Effort | None = None
    detail: Literal["low", "high", "auto", "original"] | None = None
    service_tier: str | None = None
    api: Literal["responses", "chat"] | None = None
    structured: bool = False
    """Ask for `{"answer": ...}` by JSON schema."""
    few_shot: int = 0
    """How many solved prompts of the suite are shown first."""
    stream: bool = False
    longest_side_px: Annotated[int, Meta(ge=16)] | None = None
    """Pictures larger than this are scaled down before they are sent."""

    @property
    def batched(self) -> bool:
        """Whether the requests go to the host in files, through its Batch API."""
        return self.service_tier == BATCH


class Condition(Struct, frozen=True, omit_defaults=True):
    """How a model was asked: what was chosen for a run beside the model itself.

    What the model is (its host, its precision) is in the card; `Run.identity` has both.
    """

    model: str
    settings: Settings = Settings()
    blind: bool = False
    """The same question without its picture."""

    @property
    def parts(self) -> tuple[str, ...]:
        """What a label says of it: ("high", "blind")."""
        parts = [self.settings.effort, "structured" if self.settings.structured else None]
        parts += [f"{self.settings.few_shot}-shot" if self.settings.few_shot else None]
        parts += ["blind" if self.blind else None]
        return tuple(part for part in parts if part)

    @property
    def label(self) -> str:
        return labelled(self.model, self.parts)


def labelled(name: str, parts: tuple[str, ...]) -> str:
    """Write "name (part, part)", or the name alone."""
    return f"{name} ({', '.join(parts)})" if parts else name


class PriceRow(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one model costs in one service tier from a day on, in dollars per million tokens."""

    model: str
    valid_from: date
    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    tier: str = "standard"
    currency: Literal["USD"] = "USD"
    source: str = ""
    read_on: date | None = None


class ModelCard(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One model: how to reach it, and the facts that a comparison shows."""

    name: str
    provider: str
    model_id: str = ""
    """What is sent to the host; the name where empty."""
    settings: Settings = Settings()
    unsupported: tuple[str, ...] = ()
    """Names of settings that the endpoint rejects, which are therefore never sent."""
    base_url: str | None = None
    api_key_env: str | None = None
    key_optional: bool = False
    """True for a server of one's own that asks for no key."""
    options: dict[str, str | int | float | bool] = field(default_factory=dict)
    """What only this card's provider understands (a prompt template, a precision)."""
    gpu_usd_per_hour: Decimal | None = None
    suite: str = ""
    """Shipped folder of the suite that is run when none is named; the shipped suite where empty."""

    label: str = ""
    note: str = ""
    """Shown wherever the model's scores are."""
    organisation: str | None = None
    access: Literal["open", "closed"] | None = None
    modality: str | None = None
    released: str | None = None
    """As precisely as known: "2026-03-17", "2025-12", "2024"."""
    context_window: Tokens | None = None
    max_output: Tokens | None = None
    parameters: str | None = None
    licence: str | None = None
    gpu_memory_gb: float | None = None
    tasks: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    source: str | None = None
    read_on: date | None = None


# ----------------------------------------------------------------------------------------------
# A call and what came of it
# ----------------------------------------------------------------------------------------------


class SentImage(Struct, frozen=True):
    """The picture as it was sent."""

    sha256: str
    media_type: str
    width: int
    height: int
    size_bytes: int


class EncodedImage(Struct, frozen=True):
    """A picture ready to be sent: upright, within the size limit, in a format that hosts take."""

    content: bytes
    sent: SentImage


class Example(Struct, frozen=True):
    """A solved prompt that is shown before the question."""

    question: str
    answer: str
    image: EncodedImage | None


class Request(Struct, frozen=True):
    """One question for a provider."""

    prompt_id: str
    question: str
    answer_type: str
    """Tag of the expected answer type ("integer"): baselines and structured output need it. Never the key."""
    options: tuple[str, ...]
    """The options of a choice, as the question names them."""
    image: EncodedImage | None
    """None in a blind run."""
    settings: Settings
    epoch: int
    key: str
    """Identity of the request: equal keys ask the same thing of the same model."""
    examples: tuple[Example, ...] = ()
    instructions: str | None = None
    """What a judge is told; a model under test is told nothing but the question."""
    schema: dict[str, object] | None = None
    """JSON schema of a structured answer, where it is not `{"answer": ...}`."""


class Usage(Struct, frozen=True, omit_defaults=True):
    """Tokens as the host reported them. `input_tokens` includes cached and image tokens, `output_tokens`
    includes reasoning tokens."""

    input_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    cached_input_tokens: Tokens | None = None
    cache_write_tokens: Tokens | None = None
    reasoning_tokens: Tokens | None = None
    image_tokens: Tokens | None = None
    service_tier: str | None = None


class Timing(Struct, frozen=True, omit_defaults=True):
    """Where the time of one answer went, in seconds."""

    service_s: Seconds | None = None
    """The successful attempt, from sending to the last byte; None where it was not measured (batch API)."""
    first_token_s: Seconds | None = None
    queue_s: Seconds = 0.0
    """Waiting for our own limits."""
    attempts: int = 1
    retry_s: Seconds = 0.0
    """Failed attempts and the pauses after them."""
    busy_s: Seconds | None = None
    """This answer's share of the time that a device of ours worked; None for a hosted model."""


Stop: TypeAlias = Literal["stop", "length", "refusal", "content_filter", "other"]


class ReplyImage(Struct, frozen=True, omit_defaults=True):
    """A picture that came with a reply: kept in the run folder under its hash, never graded."""

    sha256: str
    media_type: str
    size_bytes: int
    content: bytes = b""
    """Empty in a stored record."""


class Reply(Struct, frozen=True, omit_defaults=True):
    """What the model said."""

    text: str
    stop: Stop = "stop"
    usage: Usage = Usage()
    timing: Timing = Timing()
    sent: SentImage | None = None
    model_returned: str | None = None
    request_id: str | None = None
    images: tuple[ReplyImage, ...] = ()
    notes: dict[str, str | int | float | bool] = field(default_factory=dict)
    """What a provider has to add: peak GPU memory, the boxes an OCR engine found."""


FailureKind: TypeAlias = Literal[
    "connection", "timeout", "rate_limited", "server_error", "bad_request", "bad_response", "bad_image", "other"
]


class Failure(Struct, frozen=True, omit_defaults=True):
    """Why there is no reply: always our side or the host's, never the model's."""

    kind: FailureKind
    message: str
    attempts: int = 1
    retry_s: Seconds = 0.0


class Record(Struct, frozen=True, omit_defaults=True):
    """One line of `records.jsonl`: how one prompt ended in one epoch. Exactly one of reply and failure is set."""

    key: str
    prompt_id: str
    epoch: Annotated[int, Meta(ge=0)]
    at: str
    """UTC, ISO 8601."""
    reply: Reply | None = None
    failure: Failure | None = None
    billed: tuple[Usage, ...] = ()
    """Failed attempts before this end that the host charged, or may have charged (all details unknown): part
    of what the run cost, not of what the task costs."""
    cached_from: str | None = None
    """Id of the run whose identical request this reply answered: it cost nothing here and was not timed."""


# ----------------------------------------------------------------------------------------------
# Verdicts and runs
# ----------------------------------------------------------------------------------------------

Outcome: TypeAlias = Literal["pass", "fail", "refused", "truncated", "invalid", "ungraded", "error", "skipped"]
OUTCOMES: tuple[Outcome, ...] = (
    "pass",
    "fail",
    "refused",
    "truncated",
    "invalid",
    "ungraded",
    "error",
    "skipped",
)
VERDICT_OUTCOMES: frozenset[Outcome] = frozenset({"pass", "fail", "refused", "truncated", "invalid"})
"""The model's doing: they count in the denominator. The rest are the instrument's."""


class Verdict(Struct, frozen=True, omit_defaults=True):
    """What the grader decided about one reply, and why."""

    outcome: Outcome
    extracted: str | None
    """The final answer as it was read out of the reply."""
    rule: str
    """Name of the rule that decided, such as "integer" or "refusal"."""
    grader_version: str
    note: str = ""


class GradedRecord(Struct, frozen=True):
    """One prompt's end in one epoch, with its verdict: what the aggregator counts."""

    prompt: Prompt
    epoch: int
    verdict: Verdict
    record: Record | None
    """None when the prompt was skipped."""


class Identity(Struct, frozen=True):
    """All that can change a reply to a given prompt, apart from chance: two runs that share it are one model."""

    condition: Condition
    provider: str
    model_id: str
    base_url: str | None
    options: tuple[tuple[str, str | int | float | bool], ...]
    """The card's options that are set, by name, without those that only say where and how fast it runs."""

    @property
    def traits(self) -> dict[str, object]:
        """What tells one identity from another of the same label, by name; what is not set is left out."""
        settings = self.condition.settings
        named: dict[str, object] = {name: getattr(settings, name) for name in settings.__struct_fields__}
        named |= {"provider": self.provider, "model_id": self.model_id, "base_url": self.base_url}
        named |= dict(self.options)
        return {name: value for name, value in named.items() if value is not None and value is not False}


SAME_ANSWERS = frozenset(
    ("device", "batch_size", "ray", "actors", "latency_mode", "timeout_s", "batch_requests", "batch_bytes")
)
"""Options of a card that say where a model runs, and how it is reached and timed, not what it answers."""


class Run(Struct, frozen=True, omit_defaults=True):
    """`manifest.json`: all that is needed to understand, resume or repeat a run."""

    id: str
    started: str
    suite: str
    suite_path: str
    """The suite's folder or table, relative to the run folder, so that a tree may be moved as a whole."""
    suite_sha256: str
    prompt_ids: tuple[str, ...]
    """What was planned, in order."""
    suite_size: Annotated[int, Meta(ge=1)]
    """Prompts in the whole suite: the denominator of coverage."""
    epochs: Annotated[int, Meta(ge=1, le=MOST_EPOCHS)]
    condition: Condition
    card: ModelCard
    prices: tuple[PriceRow, ...]
    versions: dict[str, str]
    machine: dict[str, str | int]
    git_commit: str | None = None
    dropped_parameters: tuple[str, ...] = ()
    """Settings that the host rejected, and that were left out from then on."""
    shard: str = ""
    """Part of a whole, as "2/4"; empty for a whole run."""
    concurrency: int | None = None
    """Calls that its host was sent at once, at most; None where none was, or it is not known."""
    loaded: dict[str, str | int | float | bool] = field(default_factory=dict)
    """A local model as it was loaded: revision, precision, attention, device, seconds of load and warm-up."""

    @property
    def label(self) -> str:
        return labelled(self.card.label or self.condition.model, self.condition.parts)

    @property
    def identity(self) -> Identity:
        card = self.card
        options = tuple(sorted(item for item in card.options.items() if item[1] and item[0] not in SAME_ANSWERS))
        return Identity(self.condition, card.provider, card.model_id or card.name, card.base_url, options)

    @property
    def sighted(self) -> bool:
        """Whether a picture was looked at: it was not withheld, and the model is not the one that never looks."""
        return not self.condition.blind and self.card.provider != "baseline-blind"
