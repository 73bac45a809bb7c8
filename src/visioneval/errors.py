"""Every failure visioneval raises on purpose, and the exit code of each.

    VisionevalError              1
    ├── UsageError               2   the command line or a run configuration
    ├── SuiteError               3   a prompt file, a picture or another part of the suite
    ├── ModelError               4   an unknown model, a missing key or a missing extra
    ├── StoreError               5   a run folder: unreadable, corrupt, in use, or the disk is full
    └── ProviderError            6   what a provider's generate() may raise
        ├── RetryableError           may go through later: the runner tries again
        │   └── ParameterRejectedError        goes through at once without that parameter
        ├── PromptError              this prompt cannot be answered: the runner goes on to the next
        └── FatalError               no prompt can be answered: the runner ends the run
            └── NotFoundError            the host does not have what was asked for: a path, a model, a file

A message is one line that names the thing, the value and the next step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line imports errors before it knows that it needs any type
    from visioneval.types import FailureKind, Usage


class VisionevalError(Exception):
    """Base of all errors that are a person's to read; `str(error)` is the whole message."""

    exit_code = 1


class UsageError(VisionevalError):
    """The command line or a configuration file asks for something that does not exist."""

    exit_code = 2


class SuiteError(VisionevalError):
    """A prompt file, an image or another part of a suite is wrong."""

    exit_code = 3


class ModelError(VisionevalError):
    """A model is unknown, or cannot be reached as things are (no key, no extra installed)."""

    exit_code = 4


class StoreError(VisionevalError):
    """A run folder cannot be read or written."""

    exit_code = 5


class ProviderError(VisionevalError):
    """A call to a model failed."""

    exit_code = 6

    def __init__(self, kind: FailureKind, message: str, *, billed: Usage | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.billed = billed

    def __reduce__(self) -> tuple[type, tuple[FailureKind, str], dict[str, object]]:
        """Errors come back from other processes, too."""
        return type(self), (self.kind, str(self)), self.__dict__


class RetryableError(ProviderError):
    """The same call may go through later."""

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        retry_after_s: float | None = None,
        billed: Usage | None = None,
    ) -> None:
        super().__init__(kind, message, billed=billed)
        self.retry_after_s = retry_after_s


class ParameterRejectedError(RetryableError):
    """The host does not take one of the parameters; the provider leaves it out from now on."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__("bad_request", message, retry_after_s=0.0)
        self.parameter = parameter


class PromptError(ProviderError):
    """The host rejects this prompt; others may go through."""

    def __init__(
        self, kind: FailureKind, message: str, *, param: str | None = None, billed: Usage | None = None
    ) -> None:
        super().__init__(kind, message, billed=billed)
        self.param = param

    def ending_the_run(self, message: str) -> FatalError:
        """Return the same error for a fault that every prompt would meet."""
        return FatalError(self.kind, message)


class FatalError(ProviderError):
    """No call can go through until a person does something (a wrong key, no credit)."""


class NotFoundError(FatalError):
    """The host does not have what the call names."""
