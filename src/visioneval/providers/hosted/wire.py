"""Posts bytes to one path of one host and times it. The SDK makes the first request of a run, which is kept as
a pattern: its URL and headers, with the key; and its HTTP client sends, so proxies and TLS are the SDK's too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from visioneval.errors import FatalError, ProviderError, RetryableError
from visioneval.providers.base import Allowance
from visioneval.providers.hosted.faults import UNKNOWN_BILL, duration_s, fault_of, read_error, whole_number
from visioneval.providers.hosted.sdk import NO_KEY, import_httpx, open_client, open_http, sdk_request
from visioneval.redact import HIDDEN, one_line, redact
from visioneval.types import Effort, ModelCard, Reply

if TYPE_CHECKING:
    import httpx2
    import openai

CONNECT_S = 10.0
CONNECTIONS = 8
"""Calls in flight in one HTTP client."""
SILENCE_S: dict[Effort | None, float] = {"medium": 120.0, "high": 300.0, "xhigh": 480.0, "max": 540.0}
DEFAULT_SILENCE_S = 60.0
FLEX_SILENCE_S = 540.0
LONGEST_CALL_S = 300.0
"""How long any other call to the host may take in all."""
FOLLOWING_S = 300.0
"""How much longer than the first byte a whole reply may take."""
MOST_BYTES = 32 * 2**20
"""Of a whole answer, an event of a stream, a line of a file; a few bytes may unpack to any number."""
MOST_ERROR_BYTES = 2**20
"""How much is read of an answer that only says what went wrong."""
LONGEST_NAME = 200
"""Characters of the name of a model, a tier or a request."""
NEXT = "see that the server is up and that --base-url and the proxy are right"
TRANSFER_S = 3600.0
"""How long a file may take to go up or to come down."""


def silence_s(effort: Effort | None, service_tier: str | None) -> float:
    """Return how long a host may say nothing: to the first byte, and between any two."""
    longest = SILENCE_S.get(effort, DEFAULT_SILENCE_S)
    return max(longest, FLEX_SILENCE_S) if service_tier == "flex" else longest


class Answer(Struct, frozen=True):
    """A whole answer: its body, and the seconds from sending to the last byte."""

    body: bytes
    service_s: float
    request_id: str | None


class Pools:
    """HTTP clients side by side, each with a few connections.

    The library walks all connections of a client twice a request: with hundreds of calls in flight through one
    client, that walk would cost more than the call.
    """

    def __init__(self, timeout: httpx2.Timeout) -> None:
        self._timeout, self._tls = timeout, import_httpx().create_ssl_context()
        self.first = open_http(timeout, self._tls)
        self._clients, self._in_flight = [self.first], [0]

    @contextmanager
    def take(self) -> Iterator[httpx2.AsyncClient]:
        """Hold a place in the first client that has one."""
        index = next((i for i, calls in enumerate(self._in_flight) if calls < CONNECTIONS), len(self._clients))
        if index == len(self._clients):
            self._clients.append(open_http(self._timeout, self._tls))
            self._in_flight.append(0)
        self._in_flight[index] += 1
        try:
            yield self._clients[index]
        finally:
            self._in_flight[index] -= 1

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients:
            await client.aclose()


class Wire:
    """One model's connection to its host."""

    def __init__(self, card: ModelCard, path: str, read_timeout_s: float) -> None:
        self._httpx = import_httpx()
        self._card, self._path, self._read_timeout_s = card, path, read_timeout_s
        timeout = self._httpx.Timeout(read_timeout_s, connect=min(CONNECT_S, read_timeout_s), pool=None)
        self._pools = Pools(timeout)
        self._timeouts = timeout.as_dict()
        self.client: openai.AsyncOpenAI = open_client(card, self._pools.first)
        self._secret = b"" if self.client.api_key == NO_KEY else self.client.api_key.encode()
        address = self.client.base_url
        self._host = f"{address.scheme}://{address.netloc.decode()}"
        self._pattern: asyncio.Task[httpx2.Request] | None = None
        self.allowance: Allowance | None = None

    async def post(self, body: bytes) -> Answer:
        """Send a body and return the whole answer to it; raises a ProviderError for anything but a success."""
        request = await self._request(body)
        started = time.perf_counter()
        async with self._sending(self._read_timeout_s + FOLLOWING_S) as http:
            response = await http.send(request, stream=True)
            content = await self._read(response)
        service_s = time.perf_counter() - started
        self._check(response, content)
        return Answer(content, service_s, self._request_id(response))

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        longest_s: float = LONGEST_CALL_S,
        **content: Any,
    ) -> bytes:
        """Call another path of the same host and return the whole answer's body; `content` as httpx takes it
        (json, data, files). Raises a ProviderError for anything but a success."""
        request = await self._other(method, path, query, **content)
        async with self._sending(longest_s) as http:
            response = await http.send(request, stream=True)
            answer = await self._read(response)
        self._check(response, answer)
        return answer

    async def lines(self, path: str) -> AsyncIterator[bytes]:
        """Get another path of the same host line by line, however many there are; raises as `call` does.

        A line that is longer than any answer may be ends there.
        """
        request = await self._other("GET", path)
        async with self._sending(TRANSFER_S) as http:
            response = await http.send(request, stream=True)
            try:
                if not response.is_success:
                    self._check(response, await self._read(response))
                begun, size = [b""], 0
                async for chunk in response.aiter_bytes():
                    *ends, rest = chunk.split(b"\n")
                    for end in ends:
                        yield self.clean(b"".join((*begun, end)))
                        begun, size = [], 0
                    size += len(rest)
                    if size <= MOST_BYTES:
                        begun.append(rest)
                yield self.clean(b"".join(begun))
            finally:
                await response.aclose()

    @asynccontextmanager
    async def stream(self, body: bytes) -> AsyncIterator[tuple[AsyncIterator[bytes], str | None]]:
        """Send a body and yield the data of each server-sent event of the answer, and the request's id."""
        request = await self._request(body)
        async with self._sending(self._read_timeout_s + FOLLOWING_S) as http:
            response = await http.send(request, stream=True)
            try:
                if not response.is_success:
                    self._check(response, await self._read(response))
                self._check(response, b"")
                yield self._events(response), self._request_id(response)
            finally:
                await response.aclose()

    async def close(self) -> None:
        """Close the connections."""
        await self._pools.close()

    def clean(self, content: bytes) -> bytes:
        """Return what a host sent without our own key, should it echo it as it is."""
        if self._secret and self._secret in content:
            return content.replace(self._secret, HIDDEN.encode())
        return content

    def clean_reply(self, reply: Reply) -> Reply:
        """Return a reply without our own key, which the bytes may have hidden: in escapes, or in two pieces."""
        usage = replace(reply.usage, service_tier=self._name(reply.usage.service_tier))
        return replace(
            reply,
            text=self.hide(reply.text),
            usage=usage,
            model_returned=self._name(reply.model_returned),
            request_id=self._name(reply.request_id),
        )

    def clean_error(self, error: ProviderError) -> ProviderError:
        """Return an error whose message does not show our own key, however the host spelled it."""
        error.args = (redact(self.hide(str(error))),)
        return error

    def hide(self, text: str) -> str:
        """Return a text without our own key."""
        return text.replace(self._secret.decode(), HIDDEN) if self._secret else text

    def _name(self, text: str | None) -> str | None:
        return None if text is None else one_line(redact(self.hide(text), ()))[:LONGEST_NAME]

    async def _read(self, response: httpx2.Response) -> bytes:
        """Return the body of an answer; of one that only says what went wrong, the beginning is enough.

        Raises RetryableError when it is longer than any answer may be.
        """
        parts, size = [], 0
        most = MOST_BYTES if response.is_success else MOST_ERROR_BYTES
        try:
            async with aclosing(response.aiter_bytes()) as body:
                async for part in body:
                    parts.append(part)
                    size += len(part)
                    if size > most:
                        break
        finally:
            await response.aclose()
        if size > most and response.is_success:
            raise self._too_long()
        return self.clean(b"".join(parts))

    async def _events(self, response: httpx2.Response) -> AsyncIterator[bytes]:
        """Yield what each event holds. Raises RetryableError when they are more than any answer may be."""
        response.encoding = "utf-8"  # the only one there is for events, whatever the host says
        size = 0
        try:
            async for event in self._httpx.EventSource(response, max_event_size=MOST_BYTES):
                line = event.data.encode()
                size += len(line)
                if size > MOST_BYTES:
                    raise self._too_long()
                yield self.clean(line)
        except self._httpx.HTTPError as error:  # here, so that whoever reads knows of it before the call is over
            raise self._fault(error) from None

    def _too_long(self) -> RetryableError:
        return RetryableError(
            "bad_response",
            f"{self._card.name}: the answer is longer than {MOST_BYTES // 2**20} MiB",
            billed=UNKNOWN_BILL,
        )

    async def _sdk_pattern(self) -> httpx2.Request:
        if self._pattern is None:
            model = self._card.model_id or self._card.name
            self._pattern = asyncio.create_task(sdk_request(self.client, self._path, model))
        return await self._pattern

    async def _other(
        self, method: str, path: str, query: Mapping[str, str] | None = None, **content: Any
    ) -> httpx2.Request:
        """Return a request for another path, with the pattern's host, query and headers."""
        pattern = await self._sdk_pattern()
        url = pattern.url.copy_with(path=pattern.url.path.removesuffix(self._path) + path)
        request: httpx2.Request = self._httpx.Request(
            method,
            url.copy_merge_params(query or {}),
            headers={name: value for name, value in pattern.headers.items() if name != "content-type"},
            extensions={**pattern.extensions, "timeout": self._timeouts},
            **content,
        )
        return request

    async def _request(self, body: bytes) -> httpx2.Request:
        pattern = await self._sdk_pattern()
        request: httpx2.Request = self._httpx.Request(
            pattern.method,
            pattern.url,
            headers=pattern.headers,
            content=body,
            extensions={**pattern.extensions, "timeout": self._timeouts},
        )
        return request

    @asynccontextmanager
    async def _sending(self, longest_s: float) -> AsyncIterator[httpx2.AsyncClient]:
        """Hold one of our HTTP clients for a call."""
        async with self._faults(longest_s):
            with self._pools.take() as http:
                yield http

    @asynccontextmanager
    async def _faults(self, longest_s: float) -> AsyncIterator[None]:
        """Turn what the HTTP library raises into a ProviderError; a whole call takes no longer than its limit."""
        try:
            async with asyncio.timeout(longest_s):
                yield
        except TimeoutError:
            waited = f"{self._card.name}: the answer was not whole after {longest_s:.0f} s"
            raise RetryableError("timeout", waited, billed=UNKNOWN_BILL) from None
        except (self._httpx.HTTPError, self._httpx.InvalidURL) as error:
            raise self._fault(error) from None

    def _fault(self, error: Exception) -> ProviderError:
        httpx, name = self._httpx, self._card.name
        match error:
            case httpx.ConnectTimeout() | httpx.WriteTimeout():
                return RetryableError("timeout", f"{name}: cannot reach {self._host} in time; {NEXT}")
            case httpx.TimeoutException():
                waited = f"{name}: the host said nothing for {self._read_timeout_s:.0f} s"
                return RetryableError("timeout", waited, billed=UNKNOWN_BILL)
            case httpx.ConnectError() | httpx.WriteError() | httpx.ProxyError():
                return RetryableError("connection", f"{name}: cannot reach {self._host} ({_why(error)}); {NEXT}")
            case httpx.LocalProtocolError() | httpx.UnsupportedProtocol() | httpx.InvalidURL():
                return FatalError("bad_request", f"{name}: the call cannot be sent ({_why(error)})")
            case httpx.SSEError():
                message = f"{name}: the stream cannot be read ({_why(error)})"
                return RetryableError("bad_response", message, billed=UNKNOWN_BILL)
            case httpx.TransportError():
                message = f"{name}: the connection broke off before the answer was whole ({_why(error)})"
                return RetryableError("connection", message, billed=UNKNOWN_BILL)
            case _:  # a body that cannot be decompressed
                message = f"{name}: the answer cannot be read ({_why(error)})"
                return RetryableError("bad_response", message, billed=UNKNOWN_BILL)

    def _check(self, response: httpx2.Response, content: bytes) -> None:
        self.allowance = allowance_of(response.headers) or self.allowance
        if not response.is_success:
            error = read_error(content)
            raise self.clean_error(fault_of(self._card, response.status_code, response.headers, error))

    def _request_id(self, response: httpx2.Response) -> str | None:
        return self._name(response.headers.get("x-request-id"))


def allowance_of(headers: Mapping[str, str]) -> Allowance | None:
    """Return what a host says is left of its rate limits, or None when it says nothing."""
    if "x-ratelimit-remaining-requests" not in headers and "x-ratelimit-remaining-tokens" not in headers:
        return None
    return Allowance(
        requests=whole_number(headers.get("x-ratelimit-remaining-requests")),
        requests_reset_s=duration_s(headers.get("x-ratelimit-reset-requests", "")),
        tokens=whole_number(headers.get("x-ratelimit-remaining-tokens")),
        tokens_reset_s=duration_s(headers.get("x-ratelimit-reset-tokens", "")),
    )


def _why(error: Exception) -> str:
    return redact(one_line(str(error)) or type(error).__name__)
