"""What goes wrong in a request, as an HTTP status, a kind for programs and a sentence for people.

Every error that leaves the server has the same shape: ``{"error": {"kind", "message", "hint"?}}``.
"""

from __future__ import annotations

from typing import Final

from opir.errors import (
    ConfigurationError,
    ImageTooLargeError,
    OpirError,
    OutputError,
    ShapeError,
    UnreadableImageError,
    UnsupportedImageError,
)


class ApiError(Exception):
    """An error that is answered to the client."""

    def __init__(
        self, status: int, kind: str, message: str, *, hint: str | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status."""
        self.kind = kind
        """One word of snake case that programs may rely on."""
        self.message = message
        """One sentence for people."""
        self.hint = hint
        """What to do about it."""
        self.retry_after_s = retry_after_s
        """When to come back [s]."""

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that belong to the status."""
        headers = {} if self.retry_after_s is None else {"retry-after": str(self.retry_after_s)}
        return headers | ({"www-authenticate": "Bearer"} if self.status == 401 else {})


def queue_full(n_waiting: int) -> ApiError:
    """The queue holds as many requests as it may."""
    return ApiError(429, "queue_full", f"{n_waiting} requests are waiting already", retry_after_s=5)


def share_taken(n_per_client: int) -> ApiError:
    """One client has as many places in the queue as one may have."""
    return ApiError(
        429,
        "client_busy",
        f"{n_per_client} requests from this address are under way already, and others shall have their turn",
        retry_after_s=5,
    )


def deadline_passed(seconds: float) -> ApiError:
    """A request was not done in time."""
    return ApiError(
        503,
        "deadline",
        f"the picture was not done within {seconds:g} seconds",
        hint="send a smaller picture, or use POST /v1/jobs, which may take longer",
        retry_after_s=5,
    )


def upload_too_slow(seconds: float) -> ApiError:
    """The body did not arrive in time."""
    return ApiError(408, "upload_too_slow", f"the request body did not arrive within {seconds:g} seconds")


def shutting_down() -> ApiError:
    """The server is about to end."""
    return ApiError(503, "shutting_down", "the server is shutting down", retry_after_s=30)


def too_many_connections() -> ApiError:
    """More clients are connected than the server takes."""
    return ApiError(503, "too_many_connections", "too many clients are connected", retry_after_s=5)


def bad_request(message: str) -> ApiError:
    """What came is no HTTP."""
    return ApiError(400, "bad_request", message.rstrip(".").lower())


def cancelled() -> ApiError:
    """Somebody cancelled the work."""
    return ApiError(410, CANCELLED, "the work was cancelled")


def internal() -> ApiError:
    """Our own mistake; the log knows more."""
    return ApiError(500, INTERNAL, "something went wrong inside the server; its log says where")


CANCELLED: Final = "cancelled"
INTERNAL: Final = "internal"

_OF_PACKAGE: Final[tuple[tuple[type[OpirError], int, str], ...]] = (
    (ImageTooLargeError, 413, "image_too_large"),
    (UnsupportedImageError, 415, "unsupported_image"),
    (UnreadableImageError, 422, "unreadable_image"),
    (OutputError, 422, "output"),
    (ConfigurationError, 422, "bad_option"),
    (ShapeError, 422, "unreadable_image"),
)
"""Status and kind of the errors that a client can do something about; all others are ``computation``."""


def as_api_error(error: BaseException) -> ApiError:
    """Return what the client is told about an error; of what is not ours nothing is told."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, MemoryError):
        hint = "send a smaller picture, or come back later"
        return ApiError(503, "out_of_memory", "memory ran out", hint=hint, retry_after_s=30)
    if isinstance(error, OpirError):
        for kind, status, name in _OF_PACKAGE:
            if isinstance(error, kind):
                return ApiError(status, name, str(error))
        return ApiError(500, "computation", str(error))
    return internal()
