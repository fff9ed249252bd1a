"""What answers look like: the examples of the OpenAPI description, instances of the models that it describes.

Nothing in them is null: FastAPI leaves nulls out of the description.
"""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel

from opir import __version__
from opir.runtime.result import Report
from opir.server.schemas import (
    About,
    AnalysisDocument,
    EncodedPicture,
    EncodedUncertainty,
    JobStatus,
    MeasuredStrength,
    Nearness,
    RestorationDocument,
)
from opir.tasks import Task

_FOUND: Final[dict[Task, float]] = {"noise": 0.93, "rain": 0.02, "haze": 0.04, "low_light": 0.31}
_PNG_START: Final = "iVBORw0KGgoAAAANSUhEUgAA"
"""The first bytes of every PNG file in base64; the rest would fill pages."""

ANALYSIS: Final = AnalysisDocument(
    found=_FOUND,
    likely=["noise"],
    strength={"noise": MeasuredStrength(value=14.2, unit="grey levels", measure="noise_sigma")},
    jpeg_quality=92,
    change=8.1,
    familiarity=Nearness(distance=9.7, share_nearer=0.64, is_outside=False),
    notes=[],
)

RESTORATION: Final = RestorationDocument(
    found=_FOUND,
    expected_error=3.142,
    report=Report(
        opir_version=__version__,
        model="base",
        model_version="0.3.0",
        weights_sha256="c93b93e1a15a61ea65b95b3c7ba520130c0b4dac26faa92f60f72ae77af00c1b",
        engine="onnxruntime",
        device="cpu",
        precision="float32",
        height=482,
        width=720,
        tile=0,
        n_tiles=1,
        task=("noise",),
        strength=1.0,
        settings_sha256="e23b5eb3d94207852a3025ea5cb87464249262ba8068813c164ef6a79786be8a",
        seconds=1.44,
        notes=(),
    ),
    picture=EncodedPicture(media_type="image/png", data=_PNG_START),
    uncertainty=EncodedUncertainty(media_type="image/png", data=_PNG_START, maximum=25.0),
)

JOB: Final = JobStatus(id="q1Wq9kKz0r3oXr0c5mTj2vYbN4sLhDfE", state="running", progress=0.42, n_ahead=0)

ABOUT: Final = About(
    opir_version=__version__,
    model="base",
    model_version="0.3.0",
    tasks=["noise", "rain", "snow", "haze", "blur", "low_light", "jpeg"],
    formats=["PNG", "JPEG", "WEBP", "TIFF", "BMP", "PPM", "AVIF"],
    max_megapixels=64.0,
    max_body_bytes=64 * 1024**2,
)


def shown(document: BaseModel) -> dict[str, object]:
    """Return the description of an answer: how such a document looks as JSON."""
    example = document.model_dump(mode="json", exclude_none=isinstance(document, JobStatus))
    return {"content": {"application/json": {"example": example}}}
