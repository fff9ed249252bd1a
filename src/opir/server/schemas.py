"""The JSON that the server speaks; also what its OpenAPI description shows."""

from __future__ import annotations

from pydantic import BaseModel, Field

from opir.analysis.strength import Measure, Unit
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


class MeasuredStrength(BaseModel):
    """How strong one degradation is, measured on the pixels."""

    value: float | None = Field(description="Larger is worse; null where nothing could be measured.", examples=[14.2])
    unit: Unit = Field(description="Grey levels are those of 255.", examples=["grey levels"])
    measure: Measure = Field(description="What was measured.", examples=["noise_sigma"])


class Nearness(BaseModel):
    """Whether the picture looks to the model like those of its training."""

    distance: float = Field(description="Mahalanobis distance of its features from the middle of the training.")
    share_nearer: float = Field(description="Share of training pictures that are nearer, 0 to 1.")
    is_outside: bool = Field(description="Whether it is farther than 99 of 100 training pictures.")


class AnalysisDocument(BaseModel):
    """What is wrong with a picture, how strong it is, and whether the model has seen the like."""

    found: dict[Task, float] = Field(
        description="Probability of each degradation that the model was trained on.",
        examples=[{"noise": 0.93, "rain": 0.02, "haze": 0.04, "low_light": 0.31}],
    )
    likely: list[Task] = Field(description="Those of one half or more, most probable first.", examples=[["noise"]])
    strength: dict[Task, MeasuredStrength] = Field(
        description="Measured strength, whatever the model believes; of rain and snow only where they are likely."
    )
    jpeg_quality: int | None = Field(description="Quality that the tables of a JPEG file tell.", examples=[75])
    change: float = Field(description="What a restoration would change on average [grey levels of 255], an estimate.")
    familiarity: Nearness | None = Field(description="Null where the model brings no statistics of its training.")
    notes: list[str] = Field(description="What could not be said, and why.")


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
