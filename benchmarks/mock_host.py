"""A host that answers every request alike, as fast as two cores allow: what speed is measured against.

It reads a request's headers and counts its body's bytes without keeping them, so that the client is what is
measured. Run it in its own process: `python benchmarks/mock_host.py PORT DELAY_S`.
"""

from __future__ import annotations

import asyncio
import json
import sys

USAGE = {
    "input_tokens": 900,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 12,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 912,
}
MESSAGE = {
    "type": "message",
    "id": "msg_1",
    "status": "completed",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "yes", "annotations": []}],
}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "mock",
    "output": [MESSAGE],
    "usage": USAGE,
    "service_tier": "default",
    "error": None,
    "incomplete_details": None,
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
}
BODY = json.dumps(RESPONSE).encode()
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_1\r\n"
ANSWER += b"content-length: %d\r\n\r\n" % len(BODY) + BODY
BUFFER_BYTES = 1 << 20


class Host(asyncio.BufferedProtocol):
    """One connection: requests one after the other, each answered `delay_s` after its last byte."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._buffer = bytearray(BUFFER_BYTES)
        self._head = b""
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._missing:
            self._missing -= nbytes
        else:
            self._head += bytes(self._buffer[:nbytes])
            head, end, rest = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._head = b""
            length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
            self._missing = int(length or b"0") - len(rest)
        if self._missing <= 0:
            self._missing = 0
            self._answer()

    def _answer(self) -> None:
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, self._transport.write, ANSWER)
        else:
            self._transport.write(ANSWER)


async def serve(port: int, delay_s: float) -> None:
    """Serve until the process is ended; the port is printed once it is open."""
    server = await asyncio.get_running_loop().create_server(lambda: Host(delay_s), "127.0.0.1", port, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
