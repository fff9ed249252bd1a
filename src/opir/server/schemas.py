"""The JSON that the server speaks; also what its OpenAPI description shows."""

from __future__ import annotations

from pydantic import BaseModel, Field

from opir.runtime.result import Report
from opir.server.work import WorkState
from opir.tasks import Task


class ErrorDetail(BaseModel):
    """What went wrong."""

    kind: str = Field(description="One word that programs may rely on.", examples=["image_too_large"])
    message: str = Field(
        description="One sentence for people.",
        examples=["picture: has 9000 × 8000 = 72.0 megapixels and this server takes at most 64.0"],
    )
    hint: str | None = Field(default=None, description="What to do about it; left out where there is nothing to say.")


class ErrorBody(BaseModel):
    """The shape of every error."""

    error: ErrorDetail


class Analysis(BaseModel):
    """What the model believes is wrong with a picture."""

    found: dict[Task, float] = Field(
        description="Probability of each degradation that the model was trained on.",
        examples=[{"noise": 0.93, "rain": 0.02, "haze": 0.04, "low_light": 0.31}],
    )
    likely: list[Task] = Field(description="Those of one half or more, most probable first.", examples=[["noise"]])


class EncodedPicture(BaseModel):
    """A picture inside JSON."""

    media_type: str = Field(examples=["image/png"])
    data: str = Field(description="The bytes of the file in base64.")


class EncodedUncertainty(EncodedPicture):
    """A heat map of the expected error, of the size of the picture, without a legend."""

    maximum: float = Field(description="The expected error [grey levels of 255] that the last colour stands for.")


class RestorationDocument(BaseModel):
    """A restored picture with all that is known about it (``return=json``)."""

    found: dict[Task, float]
    expected_error: float = Field(description="Mean expected absolute error [grey levels of 255].")
    report: Report
    picture: EncodedPicture
    uncertainty: EncodedUncertainty


class ArchiveReport(BaseModel):
    """The file ``report.json`` of an archive (``return=zip``)."""

    found: dict[Task, float]
    expected_error: float
    uncertainty_maximum: float
    report: Report


class JobStatus(BaseModel):
    """Where a job stands."""

    id: str = Field(description="Keep it secret: who knows it may fetch the result.")
    state: WorkState
    progress: float = Field(description="Share that is done, 0 to 1.", examples=[0.42])
    n_ahead: int = Field(description="How many pictures come before this one.", examples=[0])
    error: ErrorDetail | None = Field(default=None, description="Why it failed or was cancelled.")


class About(BaseModel):
    """What serves here and what it takes."""

    opir_version: str
    model: str
    model_version: str
    tasks: list[Task] = Field(description="The degradations that the model was trained on.")
    formats: list[str] = Field(description="Formats that are read and written.")
    max_megapixels: float
    max_body_bytes: int
