"""The options of a request: query parameters that become the settings which the command line uses too."""

from __future__ import annotations

from typing import Annotated, Final, cast

from fastapi import Query, Request
from pydantic.json_schema import SkipJsonSchema

from opir.imaging import FORMATS
from opir.imaging.formats import FormatName
from opir.imaging.metadata_policy import METADATA_POLICIES, MetadataPolicy
from opir.runtime.effort import DEFAULT_EFFORT, EFFORTS, Effort
from opir.runtime.settings import RestoreSettings
from opir.server.answers import Returned
from opir.server.errors import ApiError
from opir.tasks import TASKS, Task

DEFAULT_METADATA: Final[MetadataPolicy] = "safe"
"""Unlike on the command line, the picture may be somebody else's."""

RETURN: Final = "return"


async def restore_settings(
    request: Request,
    task: Annotated[
        list[str] | SkipJsonSchema[None],
        Query(
            description="A degradation to undo instead of finding out; repeatable. `/v1/about` lists those on offer.",
            json_schema_extra={"items": {"type": "string", "enum": list(TASKS)}, "examples": [["noise", "rain"]]},
        ),
    ] = None,
    strength: Annotated[
        float,
        Query(
            description="Share of the correction, 0 (original) to 1.", json_schema_extra={"minimum": 0, "maximum": 1}
        ),
    ] = 1.0,
    effort: Annotated[
        str,
        Query(
            description="`fast`: the first stage only; `balanced`: the second where the first expects to be wrong; "
            "`best`: both everywhere.",
            json_schema_extra={"enum": list(EFFORTS)},
        ),
    ] = DEFAULT_EFFORT,
    max_uncertainty: Annotated[
        float | SkipJsonSchema[None],
        Query(
            description="Expected error [grey levels of 255] above which the original stays.",
            json_schema_extra={"exclusiveMinimum": 0, "examples": [8.0]},
        ),
    ] = None,
    metadata: Annotated[
        str,
        Query(
            description="`keep` all; `safe` without places, serial numbers and thumbnails; `strip` only the colours.",
            json_schema_extra={"enum": list(METADATA_POLICIES)},
        ),
    ] = DEFAULT_METADATA,
    format: Annotated[
        str | SkipJsonSchema[None],
        Query(
            description="File format of the picture. Without it `Accept` decides, else it is that of the input.",
            json_schema_extra={"enum": list(FORMATS)},
        ),
    ] = None,
    quality: Annotated[
        int | SkipJsonSchema[None],
        Query(description="1 to 100, for JPEG and WebP.", json_schema_extra={"minimum": 1, "maximum": 100}),
    ] = None,
    record: Annotated[bool, Query(description="Whether the result's XMP says what was done to it.")] = True,
) -> RestoreSettings:
    """Return the settings that the query asks for.

    Raises :class:`opir.errors.ConfigurationError` for an impossible value and :class:`ApiError` 422 for a parameter
    that does not exist.
    """
    _refuse_unknown(request, OPTIONS)
    return RestoreSettings(
        task=None if task is None else tuple(cast("list[Task]", task)),  # checked there, with a better message
        strength=strength,
        effort=cast("Effort", effort),
        max_uncertainty=max_uncertainty,
        metadata=cast("MetadataPolicy", metadata),
        format=None if format is None else cast("FormatName", format.upper()),
        quality=quality,
        record=record,
    )


ReturnedQuery = Annotated[
    Returned,
    Query(alias=RETURN, description="`image`: the picture; `zip` and `json` add the uncertainty map and the report."),
]

OPTIONS: Final = frozenset(
    {"task", "strength", "effort", "max_uncertainty", "metadata", "format", "quality", "record", RETURN},
)
"""The query parameters of a restoration."""


async def no_options(request: Request) -> None:
    """Raise :class:`ApiError` 422 for any query parameter."""
    _refuse_unknown(request, frozenset())


def _refuse_unknown(request: Request, known: frozenset[str]) -> None:
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        expected = f"expected some of {', '.join(sorted(known))}" if known else "none are expected"
        raise ApiError(422, "bad_option", f"there is no option {unknown[0][:50]!r}: {expected}")
