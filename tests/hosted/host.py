"""A host with real sockets that does to its callers whatever a test asks of it, and keeps a log."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 0},
    "output_tokens": 20,
    "output_tokens_details": {"reasoning_tokens": 12},
    "total_tokens": 120,
}
CHAT_USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


@dataclass
class Call:
    """One request as the host received it."""

    path: str
    headers: dict[str, str]
    raw: bytes
    nth: int
    """How often this question has been asked, from 1."""
    at: float = field(default_factory=time.monotonic)
    answered_at: float | None = None
    """When the last byte of a whole, good answer was handed to the network."""

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.raw)
        return body

    @property
    def question(self) -> str:
        return question_of(self.raw)


@dataclass
class Act:
    """What the host does: an answer, or a way to fail."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    before_s: float = 0.0
    """Silence before the first byte."""
    cut_at: int | None = None
    """Close the connection after so many bytes of the body (-1: before the status line)."""
    chunks: tuple[bytes, ...] = ()
    """Sent one by one as a chunked body, `between_s` apart."""
    between_s: float = 0.0
    good: bool = False
    """A whole answer that is billed."""


Script: TypeAlias = Callable[[Call], Act]


def answer(text: str = "yes", usage: Any = USAGE, **more: Any) -> Act:
    """Answer as the Responses API does."""
    message = {"type": "message", "content": [{"type": "output_text", "text": text}]}
    body = {"status": "completed", "output": [message], "model": "m-1", "service_tier": "default", "usage": usage}
    body = {name: value for name, value in {**body, **more}.items() if value is not ...}
    good = body["status"] in ("completed", "incomplete")
    return Act(body=json.dumps(body).encode(), headers={"x-request-id": "req_1"}, good=good)


def chat_answer(text: str = "yes", usage: Any = CHAT_USAGE, **more: Any) -> Act:
    """Answer as the Chat Completions API does."""
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    body = {"choices": [choice], "model": "m-1", "usage": usage, **more}
    return Act(body=json.dumps(body).encode(), good=True)


def events(*events_: Any) -> Act:
    """Answer as a stream of server-sent events."""
    chunks = tuple(
        b"data: " + (event if isinstance(event, bytes) else json.dumps(event).encode()) + b"\n\n"
        for event in events_
    )
    return Act(chunks=chunks, headers={"content-type": "text/event-stream"}, good=True)


def error(status: int, code: str = "", message: str = "no", param: str | None = None, **headers: str) -> Act:
    """Answer with an error object; header names are given with underscores."""
    body = {"error": {"message": message, "code": code or None, "param": param, "type": "t"}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Act(status, json.dumps(body).encode(), named)


class Host:
    """A host on a port of its own. `calls` is its log."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.calls: list[Call] = []
        self.asked: Counter[str] = Counter()
        self.in_flight = self.most_in_flight = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def answered(self) -> Counter[str]:
        """Return how often each question was answered in full."""
        return Counter(call.question for call in self.calls if call.answered_at is not None)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        def end() -> None:
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.call_later(0.02, self._loop.stop)

        self._loop.call_soon_threadsafe(end)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=256, limit=1 << 26)
        )
        self.port = int(server.sockets[0].getsockname()[1])
        self._ready.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])
        }
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked[question_of(raw)] += 1
        call = Call(head[0].split(" ")[1], headers, raw, self.asked[question_of(raw)])
        self.calls.append(call)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._perform(self.script(call), call, writer)
        finally:
            self.in_flight -= 1

    async def _perform(self, act: Act, call: Call, writer: asyncio.StreamWriter) -> bool:
        if act.before_s:
            await asyncio.sleep(act.before_s)
        if act.cut_at == -1:
            return False
        chunked = bool(act.chunks)
        length = "transfer-encoding: chunked" if chunked else f"content-length: {len(act.body)}"
        headers = {"content-type": "application/json", **act.headers}
        lines = [f"HTTP/1.1 {act.status} X", length, *(f"{name}: {value}" for name, value in headers.items())]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        if not chunked:
            writer.write(act.body if act.cut_at is None else act.body[: act.cut_at])
        for number, chunk in enumerate(act.chunks):
            if act.cut_at == number:
                break
            writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            await writer.drain()
            await asyncio.sleep(act.between_s)
        if act.cut_at is not None:
            await writer.drain()
            return False
        if chunked:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        call.answered_at = time.monotonic() if act.good else None
        return True


def question_of(raw: bytes) -> str:
    """Return the text of the last question of a body in either API."""
    try:
        body = json.loads(raw)
    except ValueError:
        return ""
    turns = body.get("input") or body.get("messages") or []
    parts = turns[-1]["content"] if turns else []
    return next((str(part["text"]) for part in parts if "text" in part), "")


@contextmanager
def hosting(script: Script) -> Iterator[Host]:
    """Run a host for the length of a test."""
    host = Host(script)
    host.start()
    try:
        yield host
    finally:
        host.stop()
