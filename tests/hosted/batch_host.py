"""A host with a Batch API on a real socket: files, batches, results, and whatever goes wrong with them."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.hosted.host import CHAT_USAGE, USAGE, question_of

KEY = "planted-4f1d0c2b9a8e7d6c5b4a"
ROUTES = (
    ("upload", "POST", r"/files"),
    ("content", "GET", r"/files/([^/]+)/content"),
    ("file", "GET", r"/files/([^/]+)"),
    ("create", "POST", r"/batches"),
    ("list", "GET", r"/batches"),
    ("cancel", "POST", r"/batches/([^/]+)/cancel"),
    ("retrieve", "GET", r"/batches/([^/]+)"),
    ("live", "POST", r"/responses"),
)


@dataclass
class Fault:
    """What happens instead of an answer: a status, a cut connection, or silence that a test ends with a kill."""

    status: int = 0
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    """Close the connection without an answer."""
    hang: bool = False
    """Say nothing more until the host is stopped."""
    after: bool = False
    """Do what was asked first: the caller never learns of it."""
    cut_at: int | None = None
    """Send only so many bytes of the answer, and then hang or cut."""


@dataclass
class Line:
    """One request of a file."""

    custom_id: str
    url: str
    body: dict[str, Any]

    @property
    def question(self) -> str:
        return question_of(json.dumps(self.body).encode())


@dataclass
class MadeBatch:
    """A batch as the host keeps it."""

    id: str
    input_file_id: str
    endpoint: str
    metadata: dict[str, str]
    lines: list[Line]
    looks: int = 0
    status: str = "validating"
    output_file_id: str | None = None
    error_file_id: str | None = None
    errors: Any = None

    def show(self) -> dict[str, Any]:
        done = len(self.lines) if self.status in ("completed", "expired", "cancelled") else min(self.looks, 1)
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "input_file_id": self.input_file_id,
            "completion_window": "24h",
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "errors": self.errors,
            "metadata": self.metadata,
            "request_counts": {"total": len(self.lines), "completed": done, "failed": 0},
            "created_at": 0,
        }


Outcome = tuple[int, Any] | str | None
"""Status and body of a request, the code of a batch error, or None for no line at all."""


def right(text: str = "yes", **more: Any) -> dict[str, Any]:
    """Return a body of the Responses API."""
    message = {"type": "message", "content": [{"type": "output_text", "text": text}]}
    return {
        "status": "completed",
        "output": [message],
        "model": "m-1",
        "service_tier": "default",
        "usage": USAGE,
        **more,
    }


def right_chat(text: str = "yes") -> dict[str, Any]:
    """Return a body of the Chat Completions API."""
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"choices": [choice], "model": "m-1", "usage": CHAT_USAGE}


class BatchHost:
    """Keeps files and batches. `calls` is its log; `asked` counts every question that it took into a batch."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        """(what, path) of each call, in order."""
        self.headers: list[dict[str, str]] = []
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, MadeBatch] = {}
        self.faults: dict[str, list[Fault | None]] = {}
        """What happens to the next calls, by what they do; None is nothing."""
        self.looks = 1
        """How often a batch is looked at before it ends."""
        self.looks_to_cancel = 1
        self.ends_as: Callable[[MadeBatch], str] = lambda batch: "completed"
        self.outcome: Callable[[Line, MadeBatch], Outcome] = lambda line, batch: (
            200,
            right_chat() if "chat" in line.url else right(),
        )
        self.mangle: Callable[[list[bytes]], list[bytes]] = lambda lines: lines
        self.show: Callable[[MadeBatch], dict[str, Any]] = MadeBatch.show
        self.meanwhile: dict[str, Callable[[], None]] = {}
        """What happens just before the next call of a kind."""
        self.why: Any = None
        self.unready = 0
        """How often an uploaded file is called pending."""
        self.live_answer = "yes"
        """To a call outside of any batch."""
        self.page = 100
        self.prefix = "/v1"
        self.hung = threading.Event()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"host": self}))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @property
    def environment(self) -> dict[str, str]:
        """What the environment must say to reach this host."""
        return {"OPENAI_BASE_URL": self.url, "OPENAI_API_KEY": KEY}

    @property
    def asked(self) -> Counter[str]:
        """How often each question is in a batch."""
        return Counter(line.question for batch in self.batches.values() for line in batch.lines)

    @property
    def done(self) -> list[str]:
        """What was called for, in order, without how often batches were looked at."""
        return [what for what, _ in self.calls if what not in ("retrieve", "file")]

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def wait_until_hung(self) -> None:
        """Wait until a call hangs, so that the caller can be killed in it."""
        assert self.hung.wait(60)
        self.hung.clear()

    def perform(self, what: str, name: str, query: Mapping[str, list[str]], content: bytes) -> tuple[int, Any]:
        """Do what a call asks for."""
        with self._lock:
            match what:
                case "upload":
                    file_id = f"file-{len(self.files) + 1}"
                    self.files[file_id] = _part(content)
                    return 200, {"id": file_id, "object": "file", "purpose": "batch", "status": "uploaded"}
                case "file":
                    self.unready -= 1
                    return 200, {"id": name, "status": "pending" if self.unready >= 0 else "processed"}
                case "content":
                    return (200, self.files[name]) if name in self.files else (404, _error("no such file"))
                case "create":
                    return self._create(json.loads(content))
                case "list":
                    return 200, self._list(query)
                case "live":
                    return 200, right(self.live_answer)
                case "cancel":
                    self.batches[name].status = "cancelling"
                    return 200, self.show(self.batches[name])
                case _:
                    if name not in self.batches:
                        return 404, _error("no such batch")
                    self._look(self.batches[name])
                    return 200, self.show(self.batches[name])

    def _create(self, wanted: dict[str, Any]) -> tuple[int, Any]:
        if wanted["input_file_id"] not in self.files:
            return 404, _error("No such File object")
        lines = [json.loads(line) for line in self.files[wanted["input_file_id"]].splitlines()]
        assert wanted["completion_window"] == "24h"
        assert {line["url"] for line in lines} == {wanted["endpoint"]}
        assert len({line["custom_id"] for line in lines}) == len(lines)
        assert all(len(line["custom_id"]) <= 64 for line in lines)
        batch = MadeBatch(
            id=f"batch_{len(self.batches) + 1}",
            input_file_id=wanted["input_file_id"],
            endpoint=wanted["endpoint"],
            metadata=wanted["metadata"],
            lines=[Line(line["custom_id"], line["url"], line["body"]) for line in lines],
        )
        self.batches[batch.id] = batch
        return 200, self.show(batch)

    def _list(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        newest_first = list(self.batches.values())[::-1]
        after = query.get("after", [""])[0]
        start = 1 + [batch.id for batch in newest_first].index(after) if after else 0
        page = newest_first[start : start + self.page]
        more = len(newest_first) > start + self.page
        return {"object": "list", "data": [self.show(batch) for batch in page], "has_more": more}

    def _look(self, batch: MadeBatch) -> None:
        batch.looks += 1
        if batch.status == "cancelling":
            self.looks_to_cancel -= 1
            if self.looks_to_cancel <= 0:
                self._end(batch, "cancelled")
        elif batch.status in ("validating", "in_progress"):
            batch.status = "in_progress"
            if batch.looks >= self.looks:
                self._end(batch, self.ends_as(batch))

    def _end(self, batch: MadeBatch, status: str) -> None:
        batch.status = status
        if status == "failed":
            batch.errors = self.why
            return
        answered: list[bytes] = []
        failed: list[bytes] = []
        for number, line in enumerate(batch.lines):
            outcome = self.outcome(line, batch)
            if outcome is None:
                continue
            result: dict[str, Any] = {"id": f"batch_req_{number}", "custom_id": line.custom_id}
            if isinstance(outcome, str):
                result |= {"response": None, "error": {"code": outcome, "message": f"This request: {outcome}"}}
            else:
                response = {"status_code": outcome[0], "request_id": f"req_{number}", "body": outcome[1]}
                result |= {"response": response, "error": None}
            good = not isinstance(outcome, str) and outcome[0] == 200
            (answered if good else failed).append(json.dumps(result).encode())
        answered = self.mangle(answered[::-1])  # the order is not the one of the requests
        for name, lines in (("output_file_id", answered), ("error_file_id", failed)):
            if lines:
                file_id = f"file-{batch.id}-{name}"
                self.files[file_id] = b"\n".join(lines) + b"\n"
                setattr(batch, name, file_id)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host: BatchHost

    def do_POST(self) -> None:
        self._serve("POST")

    def do_GET(self) -> None:
        self._serve("GET")

    def _serve(self, method: str) -> None:
        host, url = self.host, urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("content-length", "0")))
        found = [
            (what, re.fullmatch(host.prefix + pattern, url.path)) for what, of, pattern in ROUTES if of == method
        ]
        what, match = next(((what, match) for what, match in found if match), ("", None))
        if match is None:
            self._answer(404, _error("Not Found"))
            return
        host.calls.append((what, self.path))
        host.meanwhile.pop(what, lambda: None)()
        host.headers.append({name.lower(): value for name, value in self.headers.items()})
        waiting = host.faults.get(what, [])
        fault = waiting.pop(0) if waiting else None
        name = match[1] if match.groups() else ""
        if fault is None:
            self._answer(*host.perform(what, name, parse_qs(url.query), content))
            return
        done = host.perform(what, name, parse_qs(url.query), content) if fault.after or fault.cut_at else (200, {})
        if fault.cut_at is not None:
            self._answer(done[0], done[1], cut_at=fault.cut_at)
        if fault.hang:
            host.hung.set()
            host._stopped.wait(60)
        if fault.hang or fault.cut:
            self.close_connection = True
        elif fault.status:
            self._answer(fault.status, fault.body or _error("no"), fault.headers)

    def _answer(
        self, status: int, body: Any, headers: Mapping[str, str] | None = None, cut_at: int | None = None
    ) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[:cut_at])
        self.wfile.flush()
        self.close_connection = self.close_connection or cut_at is not None

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


def _error(message: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "code": code, "type": "t", "param": None}}


def _part(content: bytes) -> bytes:
    """Return the file in a multipart body."""
    boundary = content[: content.index(b"\r\n")]
    parts = content.split(boundary)
    assert b'name="purpose"\r\n\r\nbatch\r\n' in b"".join(parts)
    file = next(part for part in parts if b'name="file"' in part)
    assert b'filename="requests.jsonl"' in file
    return file[file.index(b"\r\n\r\n") + 4 : -2]


@contextmanager
def hosting_batches() -> Iterator[BatchHost]:
    """Run a host for the length of a test."""
    host = BatchHost()
    host.start()
    try:
        yield host
    finally:
        host.stop()
