"""Judging a stored run: asks a judge about the replies that the rules leave open, and nothing else.

Each judgement is a line of `judgements.jsonl` in the run folder the moment it is in, so none is paid for
twice; what the judge costs is counted there and never in the run. The runner stays the only place that asks
the model under test.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
from msgspec import Struct

from visioneval.errors import FatalError, ModelError, ParameterRejectedError, RetryableError
from visioneval.grading.judge import INSTRUCTIONS, SCHEMA, identity_of, judge_reply, read_verdict
from visioneval.pricing import card_row, cost_usd
from visioneval.providers import check_settings, open_provider
from visioneval.providers.base import Provider
from visioneval.providers.hosted.sdk import OPENAI_URL, at_host_of_environment
from visioneval.store import Place, StoredRun, append_line, decode_lines, repair_last_line, write_verdicts
from visioneval.types import ModelCard, PriceRow, Prompt, Reply, Request, Settings, Usage, Verdict
from visioneval.work import RetryPolicy

JUDGEMENTS = "judgements.jsonl"
MAX_OUTPUT_TOKENS = 2048
CONCURRENCY = 8
CORRUPT = "delete that line: that judgement is paid for again when it is asked for"


class Judgement(Struct, frozen=True, omit_defaults=True):
    """One line of `judgements.jsonl`: what a judge answered, under the identity of judge and prompt."""

    identity: str
    answer: str
    judge: str
    at: str
    usage: Usage = Usage()


class Judged(Struct, frozen=True):
    """What a judging pass did."""

    asked: int
    decided: int
    """Replies that now have a verdict by the judge, from this pass or an earlier one."""
    left: int
    """Replies that are still ungraded."""
    usd: Decimal | None
    """What this pass cost, apart from the run; None when the judge's price or usage is not known."""


class HostedJudge:
    """A model behind the provider protocol, asked for structured verdicts at temperature 0."""

    def __init__(self, card: ModelCard, provider: Provider, retry: RetryPolicy | None = None) -> None:
        model = card.model_id or card.name
        self.name = f"{model} at {card.base_url}" if card.base_url else model
        self._settings, self._provider, self._retry = judge_settings(card), provider, retry or RetryPolicy()
        self._fatal: FatalError | None = None
        self._at_once = asyncio.Semaphore(CONCURRENCY)

    async def ask(self, prompt: str) -> tuple[str, Usage]:
        """Return the judge's answer and what it used. Raises a ProviderError when there is none."""
        async with self._at_once:
            reply = await self._answer(self._request(prompt))
        return reply.text, reply.usage

    async def _answer(self, request: Request) -> Reply:
        for attempt in range(1, self._retry.max_attempts + 1):
            if self._fatal is not None:
                raise self._fatal
            try:
                return await self._provider.generate(request)
            except ParameterRejectedError:
                continue
            except RetryableError as error:
                if attempt == self._retry.max_attempts:
                    raise
                await asyncio.sleep(self._retry.pause_s(attempt, error.retry_after_s, random.uniform))
            except FatalError as error:
                self._fatal = error
                raise
        raise RetryableError("other", f"{self.name}: no answer in {self._retry.max_attempts} attempts")

    def _request(self, prompt: str) -> Request:
        return Request(
            prompt_id="judge",
            question=prompt,
            answer_type="text",
            options=(),
            image=None,
            settings=self._settings,
            epoch=0,
            key="",
            instructions=INSTRUCTIONS,
            schema=SCHEMA,
        )


class Judgements:
    """The answers of a judge, each asked for once and in the file before it is used."""

    def __init__(self, path: Path, judge: HostedJudge) -> None:
        """Read what has been judged. Raises StoreError."""
        self.name, self.paid = judge.name, list[Usage]()
        """What each call of this pass used."""
        self._path, self._judge = path, judge
        repair_last_line(path, Judgement)
        self._known = {line.identity: line.answer for line in decode_lines(path, Judgement, CORRUPT)}
        self._asking: dict[str, asyncio.Task[str]] = {}

    async def ask(self, prompt: str) -> str:
        """Return the answer there is, or that is on its way, or ask. Raises ProviderError, and StoreError when an
        answer cannot be written."""
        identity = identity_of(self.name, prompt)
        if (answer := self._known.get(identity)) is not None:
            return answer
        if identity not in self._asking:
            self._asking[identity] = asyncio.create_task(self._ask(identity, prompt))
        return await self._asking[identity]

    async def _ask(self, identity: str, prompt: str) -> str:
        answer, usage = await self._judge.ask(prompt)
        self.paid.append(usage)
        if read_verdict(answer) is not None:  # what is malformed may be well formed another time
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            append_line(self._path, Judgement(identity, answer, self.name, at, usage))
        return answer


def judge_settings(card: ModelCard) -> Settings:
    """Return what a judge is asked with."""
    limit = card.settings.max_output_tokens or MAX_OUTPUT_TOKENS
    return msgspec.structs.replace(card.settings, temperature=0.0, max_output_tokens=limit, structured=True)


def check_judge(judge: ModelCard, judged: ModelCard, *, self_judging: bool = False) -> None:
    """Raise ModelError when a model would judge itself and nobody asked for that, and when the judge cannot be
    asked as things are (no key): before the run that it is to judge is paid for."""
    judge, judged = at_host_of_environment(judge), at_host_of_environment(judged)
    if _who(judge) == _who(judged) and not self_judging:
        raise ModelError(
            f"model {judged.name!r} would judge its own replies; choose another --judge, or say --self-judging"
        )
    if judge.provider != "openai":
        raise ModelError(f"model {judge.name!r} cannot judge: only a hosted model can be asked for a JSON schema")
    check_settings(judge, judge_settings(judge))


def _who(card: ModelCard) -> tuple[str, str]:
    """Return which model a card is, and where; OpenAI's own address may be written out or left out."""
    return card.model_id or card.name, (card.base_url or OPENAI_URL).rstrip("/")


def judge_run(stored: StoredRun, card: ModelCard, prices: Sequence[PriceRow]) -> Judged:
    """Let a judge decide what the rules of a run left open, and write the verdicts.

    Raises ModelError when the judge cannot be reached as things are.
    """
    card = at_host_of_environment(card)
    provider = open_provider(card, stored.prompts, judge_settings(card))
    return asyncio.run(_judge(stored, card, provider, prices))


async def _judge(stored: StoredRun, card: ModelCard, provider: Provider, prices: Sequence[PriceRow]) -> Judged:
    verdicts, left_open = dict(stored.verdicts), _open_replies(stored)
    try:
        judge = Judgements(stored.folder / JUDGEMENTS, HostedJudge(card, provider))
        decided = await asyncio.gather(*(judge_reply(*pair, judge) for _, pair in left_open))
    finally:
        await provider.close()
    verdicts.update({place: verdict for (place, _), verdict in zip(left_open, decided, strict=True)})
    write_verdicts(stored.folder, verdicts)
    left = sum(verdict.outcome == "ungraded" for verdict in decided)
    return Judged(len(judge.paid), len(decided) - left, left, _spent_usd(card, judge.paid, prices))


def _open_replies(stored: StoredRun) -> list[tuple[Place, tuple[Prompt, Reply]]]:
    return [
        ((entry.prompt.id, entry.epoch), (entry.prompt, entry.record.reply))
        for entry in stored.graded()
        if _is_open(entry.verdict) and entry.record is not None and entry.record.reply is not None
    ]


def _is_open(verdict: Verdict) -> bool:
    return verdict.outcome == "ungraded" and verdict.rule == "judge"


def _spent_usd(card: ModelCard, usage: Sequence[Usage], prices: Sequence[PriceRow]) -> Decimal | None:
    today = datetime.now(UTC).date()
    costs = [cost_usd(each, card_row(card, prices, today, each.service_tier)) for each in usage]
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None
