"""What the OpenAPI description says beyond the signatures: bodies, examples, the errors that a route may answer."""

from __future__ import annotations

from typing import Final, TypeAlias, cast

from fastapi import Depends, params
from fastapi.security import HTTPBearer

from opir.imaging import FORMATS
from opir.server.answers import ZIP_TYPE
from opir.server.events import MEDIA_TYPE
from opir.server.examples import RESTORATION, shown
from opir.server.schemas import ErrorBody, RestorationDocument

Entry: TypeAlias = dict[str, object]
"""A piece of an OpenAPI document."""

DESCRIPTION: Final = """\
Restores photographs: finds out what is wrong with them and undoes it.

    curl --data-binary @photo.jpg -H 'Content-Type: image/jpeg' -o restored.jpg http://127.0.0.1:8000/v1/restore

Every error has the form `{"error": {"kind": "...", "message": "...", "hint": "..."}}`; `hint` may be missing.
"""

_FILE: Final[Entry] = {"type": "string", "format": "binary"}
_PICTURE_TYPES: Final = tuple(kind.media_type for kind in FORMATS.values())

PICTURE_BODY: Final[Entry] = {
    "requestBody": {
        "required": True,
        "description": "The file as it is, or as the only file of a form.",
        "content": {
            **{media_type: {"schema": _FILE} for media_type in _PICTURE_TYPES},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": _FILE},
                    "additionalProperties": False,
                },
                "encoding": {"file": {"contentType": ", ".join(_PICTURE_TYPES)}},
            },
        },
    }
}

_FOUND: Final = '{"noise": 0.93, "rain": 0.02, "haze": 0.04, "low_light": 0.31}'

RESULT: Final[Entry] = {
    "description": "The restored picture, or with `return=zip` or `return=json` all that is known about it.",
    "content": {
        **{media_type: {"schema": _FILE} for media_type in _PICTURE_TYPES},
        ZIP_TYPE: {"schema": {**_FILE, "description": "The picture, `uncertainty.png` and `report.json`."}},
        **cast("Entry", shown(RESTORATION)["content"]),
    },
    "model": RestorationDocument,
    "headers": {
        "X-Opir-Found": {
            "description": "Probability of each degradation, as JSON.",
            "schema": {"type": "string"},
            "example": _FOUND,
        },
        "X-Opir-Expected-Error": {
            "description": "Mean expected absolute error [grey levels of 255].",
            "schema": {"type": "number"},
            "example": 3.142,
        },
        "X-Opir-Report": {"description": "How it was done, as JSON.", "schema": {"type": "string"}},
    },
}

EVENTS: Final[Entry] = {
    "description": "Events `progress`, at the end one of `done`, `failed` or `cancelled`, each with the job's status.",
    "content": {
        MEDIA_TYPE: {
            "schema": {  # of one event, as in OpenAPI 3.2
                "type": "object",
                "required": ["event", "data"],
                "properties": {
                    "event": {"enum": ["progress", "done", "failed", "cancelled"]},
                    "data": {"type": "string", "contentMediaType": "application/json"},
                },
            },
            "example": 'event: progress\ndata: {"id":"...","state":"running","progress":0.5,"n_ahead":0}\n\n',
        }
    },
}

_MEANINGS: Final[dict[int, tuple[str, str, str]]] = {
    401: ("The token is missing or wrong.", "unauthorized", "the token is missing or wrong"),
    403: (
        "The request comes from the page of another site.",
        "foreign_origin",
        "pages of other sites may not use this server",
    ),
    404: ("There is no such job.", "no_such_job", "there is no such job, or it has been forgotten"),
    406: ("None of the accepted types can be written.", "not_acceptable", "none of the accepted types can be written"),
    408: ("The body came too slowly.", "upload_too_slow", "the request body did not arrive within 300 seconds"),
    409: ("The job has not ended.", "not_finished", "the job has not ended yet"),
    410: ("The job was cancelled.", "cancelled", "the work was cancelled"),
    413: ("The body or the picture is too large.", "body_too_large", "the request body is larger than 64 MiB"),
    415: (
        "Not a picture of a handled kind.",
        "unsupported_image",
        "picture: HEIC pictures are not handled; convert it to PNG, JPEG or TIFF",
    ),
    421: (
        "The `Host` header names another server.",
        "wrong_host",
        "the server does not go by this name",
    ),
    422: (
        "The picture is damaged, or an option is impossible.",
        "bad_option",
        "strength must be between 0 (original) and 1 (restored), got 2.0",
    ),
    429: ("Too many requests wait; see `Retry-After`.", "queue_full", "8 requests are waiting already"),
    500: ("The computation failed.", "computation", "the network returned values that are not finite"),
    503: (
        "Not done in time, or the server is ending; see `Retry-After`.",
        "deadline",
        "the picture was not done within 300 seconds",
    ),
}


_ANYWHERE: Final = (403, 421)
"""What the gate may answer to every request."""


def errors(*statuses: int) -> dict[int | str, Entry]:
    """Describe the errors that a route may answer, those that every route may answer included."""
    described: dict[int | str, Entry] = {}
    for status in sorted({*statuses, *_ANYWHERE}):
        description, kind, message = _MEANINGS[status]
        example = {"error": {"kind": kind, "message": message}}
        described[status] = {
            "description": description,
            "model": ErrorBody,
            "content": {"application/json": {"example": example}},
        }
    return described


def token_scheme(token: str | None) -> list[params.Depends]:
    """Make the description of a route say that it needs the token, if there is one; the check is the gate's."""
    if token is None:
        return []
    return [Depends(HTTPBearer(auto_error=False, scheme_name="token", description="Chosen when the server started."))]


PICTURE_ERRORS: Final = (401, 408, 413, 415, 422, 429, 500, 503)
"""What a route that takes a picture may answer."""

TEXT: Final[Entry] = {"content": {"text/plain": {"schema": {"type": "string"}, "example": "ok\n"}}}

COUNTS: Final[Entry] = {
    "content": {
        "text/plain": {"schema": {"type": "string"}, "example": "# TYPE opir_waiting gauge\nopir_waiting 0.0\n"}
    }
}
