"""Reading the picture out of a request: raw or as the one file of a form, never more than the limit, never on disk."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from opir.server.errors import ApiError

MULTIPART: Final = "multipart/form-data"
RAW_TYPES: Final = frozenset(
    {
        "application/octet-stream",
        "image/png",
        "image/jpeg",
        "image/webp",
        "image/tiff",
        "image/bmp",
        "image/avif",
        "image/apng",
        "image/gif",
        "image/heic",
        "image/heif",
        "image/jxl",
        "image/x-ms-bmp",
        "image/x-portable-anymap",
        "image/x-portable-bitmap",
        "image/x-portable-graymap",
        "image/x-portable-pixmap",
    }
)
"""Types of a raw body. What the picture really is, its content says."""


async def read_picture(request: Request, *, max_bytes: int) -> bytes:
    """Return the bytes of the picture in a request.

    Raises :class:`ApiError`: 415 for another content type, 413 for more than ``max_bytes``, 422 for a form with
    anything but one file, or for nothing at all.
    """
    content_type = request.headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()
    if content_type != MULTIPART and content_type not in RAW_TYPES:
        raise ApiError(
            415,
            "unsupported_media_type",
            f"a picture is expected, got the content type {content_type[:100]!r}",
            hint="send the file with its own type, such as image/png, or as multipart/form-data",
        )
    if request.headers.get("content-encoding", "identity") != "identity":
        raise ApiError(415, "unsupported_media_type", "compressed bodies are not read", hint="send the file as it is")
    _check_announced(request, max_bytes)
    async with aclosing(_limited(request, max_bytes)) as stream:
        data = await (_file_of_form if content_type == MULTIPART else _all_of)(request, stream, max_bytes)
    if not data:
        raise ApiError(422, "empty_body", "the request holds no picture", hint="curl: --data-binary @photo.jpg")
    return data


def _check_announced(request: Request, max_bytes: int) -> None:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > max_bytes:
        raise _too_large(max_bytes)


def _too_large(max_bytes: int) -> ApiError:
    return ApiError(413, "body_too_large", f"the request body is larger than {max_bytes / 1024**2:g} MiB")


async def _limited(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    """Yield the body piece by piece; what its length was said to be does not count."""
    n_bytes = 0
    async with aclosing(request.stream()) as stream:
        async for piece in stream:
            n_bytes += len(piece)
            if n_bytes > max_bytes:
                raise _too_large(max_bytes)
            yield piece


async def _all_of(request: Request, stream: AsyncGenerator[bytes, None], max_bytes: int) -> bytes:
    del request, max_bytes
    data = bytearray()
    async for piece in stream:
        data += piece
    return bytes(data)


async def _file_of_form(request: Request, stream: AsyncGenerator[bytes, None], max_bytes: int) -> bytes:
    parser = MultiPartParser(request.headers, stream, max_files=1, max_fields=0)
    parser.spool_max_size = max_bytes + 1  # in memory, always
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise _bad_form() from error
    try:
        files = [value for value in form.values() if isinstance(value, UploadFile)]
        if len(files) != 1:
            raise _bad_form()
        return await files[0].read()
    finally:
        await form.close()


def _bad_form() -> ApiError:
    return ApiError(
        422,
        "bad_form",
        "the form must hold exactly one file and nothing else",
        hint="curl: -F file=@photo.jpg; options go into the query, such as ?strength=0.5",
    )
