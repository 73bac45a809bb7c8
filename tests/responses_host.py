"""A small host of the Responses API on a real socket, for tests of what is asked and answered."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ResponsesHost:
    """Answers every question with `answer`, or with the last word of the question, after `answer_s` seconds."""

    def __init__(self, answer: str | None = None, answer_s: float = 0.0) -> None:
        self.answer, self.answer_s, self.status = answer, answer_s, 200
        self.answered_at_once: int | None = None
        """How many are answered before the others wait for `go_on`; None for all."""
        self.go_on = threading.Event()
        self.asked: list[dict[str, Any]] = []
        """The bodies of the requests, in the order in which they came."""
        self._arriving = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"host": self}))
        self._server.daemon_threads = True

    @property
    def environment(self) -> Mapping[str, str]:
        """What the environment must say to reach this host."""
        return {"OPENAI_BASE_URL": f"http://127.0.0.1:{self._server.server_port}/v1", "OPENAI_API_KEY": "sk-test"}

    @property
    def questions(self) -> list[str]:
        """The questions that were asked."""
        return [_question(body) for body in self.asked]

    def __enter__(self) -> ResponsesHost:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()

    def respond(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the response to one request."""
        with self._arriving:
            self.asked.append(body)
            place = len(self.asked)
        if self.answered_at_once is not None and place > self.answered_at_once:
            self.go_on.wait()
        time.sleep(self.answer_s)
        if self.status != 200:
            return {"error": {"message": f"status {self.status}", "type": "error", "code": None, "param": None}}
        said = self.answer if self.answer is not None else _question(body).split()[-1]
        text = {"type": "output_text", "text": said, "annotations": []}
        message = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [text]}
        return {
            "id": "r",
            "object": "response",
            "created_at": 0,
            "model": body["model"],
            "status": "completed",
            "output": [message],
            "usage": {"input_tokens": 9, "output_tokens": 1, "total_tokens": 10},
        }


def _question(body: dict[str, Any]) -> str:
    return str(body["input"][-1]["content"][0]["text"])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host: ResponsesHost

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        content = json.dumps(self.host.respond(body)).encode()
        self.send_response(self.host.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""
