"""Sending an answer piece by piece, so that a slow client does not hold a second copy of it in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from fastapi.responses import StreamingResponse

from opir.server.answers import Answer

_PIECE_BYTES: Final = 256 * 1024


def answer_response(answer: Answer) -> StreamingResponse:
    """Return the response with an answer and the headers that tell about it."""
    headers = {**answer.headers, "content-length": str(len(answer.content))}
    return StreamingResponse(_pieces(answer.content), headers=headers, media_type=answer.media_type)


async def _pieces(content: bytes) -> AsyncIterator[memoryview]:
    view = memoryview(content)
    for start in range(0, len(view), _PIECE_BYTES):
        yield view[start : start + _PIECE_BYTES]
