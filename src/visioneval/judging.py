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
from visioneval.grading.judge import judge_reply
from visioneval.models import prices_of
from visioneval.pricing import cost_usd, row_for
from visioneval.providers import open_provider
from visioneval.providers.base import Provider
from visioneval.runner import RetryPolicy
from visioneval.store import Place, StoredRun, append_line, decode_lines, write_verdicts
from visioneval.types import ModelCard, PriceRow, Prompt, Reply, Request, Usage, Verdict

JUDGEMENTS = "judgements.jsonl"
MAX_OUTPUT_TOKENS = 2048
CONCURRENCY = 8


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
        self.name = card.model_id or card.name
        self.usage: list[Usage] = []
        self._card, self._provider, self._retry = card, provider, retry or RetryPolicy()
        self._fatal: FatalError | None = None
        self._at_once = asyncio.Semaphore(CONCURRENCY)

    async def ask(self, instructions: str, prompt: str, schema: dict[str, object]) -> str:
        """Return the judge's answer. Raises a ProviderError when there is none."""
        async with self._at_once:
            reply = await self._answer(self._request(instructions, prompt, schema))
        self.usage.append(reply.usage)
        return reply.text

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

    def _request(self, instructions: str, prompt: str, schema: dict[str, object]) -> Request:
        limit = self._card.settings.max_output_tokens or MAX_OUTPUT_TOKENS
        return Request(
            prompt_id="judge",
            question=prompt,
            answer_type="text",
            options=(),
            image=None,
            settings=msgspec.structs.replace(
                self._card.settings, temperature=0.0, max_output_tokens=limit, structured=True
            ),
            epoch=0,
            key="",
            instructions=instructions,
            schema=schema,
        )


def check_judge(judge: ModelCard, judged: ModelCard, *, self_judging: bool = False) -> None:
    """Raise ModelError when a model would judge itself and nobody asked for that."""
    same = (judge.model_id or judge.name, judge.base_url) == (judged.model_id or judged.name, judged.base_url)
    if same and not self_judging:
        raise ModelError(
            f"model {judged.name!r} would judge its own replies; choose another --judge, or say --self-judging"
        )


def judge_run(stored: StoredRun, card: ModelCard, prices: Sequence[PriceRow]) -> Judged:
    """Let a judge decide what the rules of a run left open, and write the verdicts.

    Raises ModelError when the judge cannot be reached as things are.
    """
    provider = open_provider(card, stored.prompts)
    return asyncio.run(_judge(stored, card, provider, prices))


async def _judge(stored: StoredRun, card: ModelCard, provider: Provider, prices: Sequence[PriceRow]) -> Judged:
    judge, verdicts = HostedJudge(card, provider), dict(stored.verdicts)
    kept = JudgementFile(stored.folder / JUDGEMENTS, judge)
    try:
        left_open = _open_replies(stored)
        decided = await asyncio.gather(*(judge_reply(*pair, judge, kept) for _, pair in left_open))
    finally:
        await provider.close()
    verdicts.update({place: verdict for (place, _), verdict in zip(left_open, decided, strict=True)})
    write_verdicts(stored.folder, verdicts)
    left = sum(verdict.outcome == "ungraded" for verdict in decided)
    return Judged(len(judge.usage), len(decided) - left, left, _spent_usd(card, judge.usage, prices))


def _open_replies(stored: StoredRun) -> list[tuple[Place, tuple[Prompt, Reply]]]:
    return [
        ((entry.prompt.id, entry.epoch), (entry.prompt, entry.record.reply))
        for entry in stored.graded()
        if _is_open(entry.verdict) and entry.record is not None and entry.record.reply is not None
    ]


def _is_open(verdict: Verdict) -> bool:
    return verdict.outcome == "ungraded" and verdict.rule == "judge"


def _spent_usd(card: ModelCard, usage: Sequence[Usage], prices: Sequence[PriceRow]) -> Decimal | None:
    rows, today = prices_of(card, prices), datetime.now(UTC).date()
    costs = [
        cost_usd(each, row_for(rows, rows[0].model, today, each.service_tier) if rows else None) for each in usage
    ]
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None


class JudgementFile(dict[str, str]):
    """The answers of judges by identity; a new one is appended to the file at once."""

    def __init__(self, path: Path, judge: HostedJudge) -> None:
        super().__init__({line.identity: line.answer for line in decode_lines(path, Judgement)})
        self._path, self._judge = path, judge

    def __setitem__(self, identity: str, answer: str) -> None:
        """Keep an answer. Raises StoreError when it cannot be written."""
        super().__setitem__(identity, answer)
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        usage = self._judge.usage[-1] if self._judge.usage else Usage()
        append_line(self._path, Judgement(identity, answer, self._judge.name, at, usage))
