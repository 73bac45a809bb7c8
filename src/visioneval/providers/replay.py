"""Answers from a file of recorded replies: `--model replay:FILE`.

Each line of the JSONL file names a prompt (`prompt_id` or `id`), perhaps an `epoch`, and a `reply` that is a
text or a whole reply as in `records.jsonl`; so a run's own records can be replayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from visioneval.errors import ModelError, PromptError
from visioneval.types import ModelCard, Prompt, Reply, Request


class RecordedReply(Struct, frozen=True):
    """One line of the file; other fields are passed over."""

    reply: str | Reply | None = None
    prompt_id: str | None = None
    id: str | None = None
    epoch: int = 0


class ReplayProvider:
    """Gives back what was recorded, without a call."""

    concurrency = 64

    def __init__(self, name: str, replies: dict[tuple[str, int], Reply]) -> None:
        self.name = name
        self._replies = replies

    async def generate(self, request: Request) -> Reply:
        """Return the recorded reply; raises PromptError when there is none."""
        reply = self._replies.get((request.prompt_id, request.epoch))
        if reply is None:
            raise PromptError(
                "other",
                f"no reply to prompt {request.prompt_id!r} (epoch {request.epoch}) is recorded in {self.name}",
            )
        return reply

    async def close(self) -> None:
        """Nothing is held open."""


def open_provider(card: ModelCard, prompts: Sequence[Prompt]) -> ReplayProvider:
    """Read the file that the card's `model_id` names. Raises ModelError naming the line that is wrong."""
    path = Path(card.model_id)
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ModelError(
            f"cannot read the recorded replies {path} ({error.strerror}); give --model replay:FILE"
        ) from None
    replies: dict[tuple[str, int], Reply] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=RecordedReply)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ModelError(f"{path} line {number}: {error}; each line needs prompt_id and reply") from None
        prompt_id = row.prompt_id or row.id
        if prompt_id is None:
            raise ModelError(f"{path} line {number}: no prompt_id; each line needs prompt_id and reply")
        if row.reply is None:
            continue
        place, reply = (prompt_id, row.epoch), row.reply if isinstance(row.reply, Reply) else Reply(row.reply)
        if replies.setdefault(place, reply) != reply:
            raise ModelError(
                f"{path} line {number}: a second reply to prompt {prompt_id!r} (epoch {row.epoch}); keep one"
            )
    return ReplayProvider(card.name, replies)
