"""The openai SDK as far as we use it: key, base URL, organisation, Azure, proxies and TLS are its own.

Its retries are off, because the runner retries, and its 1,000 model classes are not loaded: building and
validating them is most of the time that `import openai` and `responses.create` take.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from visioneval.errors import ModelError
from visioneval.models import DEFAULT_KEY_ENV
from visioneval.redact import redact
from visioneval.types import ModelCard

if TYPE_CHECKING:
    import ssl

    import httpx2
    import openai

BASE_URL_ENV = "OPENAI_BASE_URL"
AZURE_ENDPOINT_ENV, AZURE_KEY_ENV = "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY"
OPENAI_URL = "https://api.openai.com/v1"
AZURE_PATH = "/openai/v1"
"""Of the API without dates, below a resource's address; the SDK adds the path of a dated one itself."""
NO_KEY = "none"
"""What servers without keys are sent, for the SDK insists on one."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def at_host_of_environment(card: ModelCard) -> ModelCard:
    """Return a card that names its host where only the environment does; None stands for OpenAI's own.

    So a manifest says who was asked, and a resumed run asks there again, whatever is set by then.
    """
    if card.provider != "openai" or card.base_url:
        return card
    return msgspec.structs.replace(card, base_url=_host_of_environment(card))


def key_of(card: ModelCard) -> str:
    """Return the key for a card's host. Raises ModelError, without the value, where there is none.

    The key of OpenAI is sent to OpenAI and to the host that the environment names beside it, and never to
    another unless the card or the command line names its variable.
    """
    variable = card.api_key_env or DEFAULT_KEY_ENV
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable):
        raise ModelError(
            f"model {card.name!r}: api_key_env must be the name of an environment variable, not a key itself"
        )
    key = os.environ.get(variable, "").strip()
    if card.base_url and not card.api_key_env:
        key = key if _is_openai(card.base_url) or card.base_url == _host_of_environment(card) else ""
    if key:
        return key
    if card.key_optional or (card.base_url and not card.api_key_env and _host(card.base_url) in LOOPBACK):
        return NO_KEY
    if card.base_url and not card.api_key_env:
        raise ModelError(
            f"model {card.name!r}: the OpenAI key is not sent to {_host(card.base_url)}; name the variable that "
            "holds this host's key with --api-key-env"
        )
    raise ModelError(f"model {card.name!r} needs a key and {variable} is not set; export {variable}=...")


def sends_key(card: ModelCard) -> bool:
    """Return whether calls to a card's host carry a key."""
    return key_of(card) != NO_KEY


def check_host(card: ModelCard) -> None:
    """Raise ModelError, without the value, for a base URL that is missing or may not be in a manifest."""
    url = card.base_url
    if not url:
        if _is_azure(card):
            raise ModelError(
                f"model {card.name!r} needs its resource's address; give --base-url or set {AZURE_ENDPOINT_ENV}"
            )
        return
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # brackets of an IPv6 address that do not match, a port that is no number
        valid = False
    if not valid:
        raise ModelError(
            f"model {card.name!r}: the base URL must begin with http:// or https:// and name a host; correct "
            f"--base-url, the card or {BASE_URL_ENV}"
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ModelError(
            f"the base URL of {parts.hostname} holds a user name, a password, a query or a fragment; leave them "
            "out and name the variable that holds the key with --api-key-env"
        )


def open_client(card: ModelCard, http: httpx2.AsyncClient) -> openai.AsyncOpenAI:
    """Return the SDK's client for a card, which sends through `http`."""
    sdk = import_sdk()
    common: dict[str, Any] = {"api_key": key_of(card), "http_client": http, "max_retries": 0}
    try:
        if version := card.options.get("api_version"):
            client: openai.AsyncOpenAI = sdk.AsyncAzureOpenAI(
                azure_endpoint=card.base_url or "", api_version=str(version), **common
            )
            return client
        return sdk.AsyncOpenAI(base_url=card.base_url or OPENAI_URL, **common)  # type: ignore[no-any-return]
    except (sdk.OpenAIError, ValueError) as error:
        raise ModelError(f"model {card.name!r}: {redact(str(error))}") from None


def open_http(timeout: httpx2.Timeout, tls: ssl.SSLContext) -> httpx2.AsyncClient:
    """Return the HTTP client that the SDK would make, which knows proxies and TLS settings."""
    http: httpx2.AsyncClient = import_sdk().DefaultAsyncHttpxClient(
        timeout=timeout, verify=tls, limits=import_httpx().Limits(), follow_redirects=False
    )
    return http


async def sdk_request(client: openai.AsyncOpenAI, path: str, model: str) -> httpx2.Request:
    """Return the request that the SDK would send to `path`: its URL and its headers, the key's included.

    The SDK is handed a transport that keeps the request instead of sending it.
    """
    httpx = import_httpx()
    kept: list[httpx2.Request] = []

    def keep(request: httpx2.Request) -> httpx2.Response:
        kept.append(request)
        return httpx.Response(200, json={})  # type: ignore[no-any-return]

    probe = client.with_options(
        http_client=import_sdk().DefaultAsyncHttpxClient(transport=httpx.MockTransport(keep))
    )
    await probe.post(path, cast_to=httpx.Response, body={"model": model})
    del kept[0].headers["content-length"]
    return kept[0]


def import_httpx() -> Any:
    """Import the HTTP library of the SDK."""
    import httpx2

    return httpx2


def import_sdk() -> Any:
    """Import openai without the classes in `openai.types`, which load when one is asked for."""
    if "openai" not in sys.modules:
        with _types_on_demand():
            importlib.import_module("openai")
    return sys.modules["openai"]


class _OnDemand(ModuleType):
    """A package whose `__init__` runs when a name is first missing in it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.__class__ = ModuleType  # type: ignore[assignment]
        assert self.__spec__ is not None
        loader = self.__spec__.loader
        assert isinstance(loader, _LaterLoader)
        loader.real.exec_module(self)
        return getattr(self, name)


class _LaterLoader(Loader):
    def __init__(self, real: Loader) -> None:
        self.real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _OnDemand(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing yet."""


class _TypesFinder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not f"{fullname}.".startswith("openai.types."):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is None or spec.submodule_search_locations is None or spec.loader is None:
            return None
        spec.loader = _LaterLoader(spec.loader)
        return spec


@contextmanager
def _types_on_demand() -> Iterator[None]:
    finder = _TypesFinder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def _host_of_environment(card: ModelCard) -> str | None:
    url = os.environ.get(AZURE_ENDPOINT_ENV if _is_azure(card) else BASE_URL_ENV, "").strip()
    if url.rstrip("/") in ("", OPENAI_URL):
        return None
    if _is_azure(card) and "api_version" not in card.options:
        return f"{url.rstrip('/').removesuffix(AZURE_PATH)}{AZURE_PATH}"
    return url


def _is_azure(card: ModelCard) -> bool:
    """Return whether a card is of a resource on Azure, whose key is for no other host."""
    return "api_version" in card.options or card.api_key_env == AZURE_KEY_ENV


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _is_openai(url: str) -> bool:
    host = _host(url)
    return host == "api.openai.com" or host.endswith(".api.openai.com") or host.endswith(".openai.azure.com")
