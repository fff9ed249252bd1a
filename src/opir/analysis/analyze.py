"""Everything that can be said about a picture without restoring it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from opir.analysis.change import model_change
from opir.analysis.feature_statistics import FILE_NAME, Familiarity, load_statistics
from opir.analysis.strength import Strength, measure_strengths
from opir.imaging import Photo, Source, read_photo, to_network
from opir.runtime.hidden_colours import fill_hidden, hidden_pixels
from opir.runtime.restore import Restorer
from opir.runtime.result import Findings
from opir.tasks import Task

WITHOUT_ESTIMATOR: Final[tuple[Task, ...]] = ("rain", "snow")
"""Degradations whose strength is the change that the model makes if it is told of them."""


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """What is wrong with a picture, how strong it is, and whether the model has seen the like."""

    found: Findings
    """The probability of each degradation, as the model estimates it."""
    strengths: tuple[Strength, ...]
    """One per degradation that the model was trained on and that has a measure, in the order of ``found``; rain and
    snow only where they are likely."""
    jpeg_quality: int | None
    """Quality, 1 to 100, that the tables of a JPEG file tell; None for other formats and for arrays."""
    change: float
    """Mean absolute difference that a restoration would make [grey levels of 255], from a few windows."""
    familiarity: Familiarity | None
    """How near the picture is to those of the training; None where the model brings no statistics of them."""
    notes: tuple[str, ...]
    """What could not be said, and why, in sentences."""

    def entries(self) -> Mapping[str, object]:
        """Return all of it in the types of JSON."""
        familiarity = self.familiarity
        return {
            "found": dict(self.found),
            "likely": list(self.found.likely()),
            "strength": {
                each.task: {"value": each.value, "unit": each.unit, "measure": each.measure} for each in self.strengths
            },
            "jpeg_quality": self.jpeg_quality,
            "change": self.change,
            "familiarity": None
            if familiarity is None
            else asdict(familiarity) | {"is_outside": familiarity.is_outside},
            "notes": list(self.notes),
        }


def analyze(source: Source | Photo, restorer: Restorer) -> Analysis:
    """Analyze one picture: a path, the bytes of a file, a PIL image, an array, or a photo.

    Encoder and estimator see all of it; the restoration runs on a few windows, so that the time of large pictures is
    that of the encoder.

    Args:
        source: the picture.
        restorer: the model.

    Raises:
        ImageError: if the picture cannot be read or does not fit into memory.
        NumericalError: if the network's values are not finite.
        WeightsError: if the statistics of the features are damaged.
    """
    photo = source if isinstance(source, Photo) else read_photo(source)
    image, hidden = to_network(photo), hidden_pixels(photo)
    visible = image if hidden is None else fill_hidden(image, hidden)
    summary = restorer.summarise(visible)
    found = restorer.findings(summary)
    measured = {each.task: each for each in measure_strengths(visible)}
    for task in WITHOUT_ESTIMATOR:
        if task in found.likely():
            value = model_change(restorer.engine, visible, summary, task=task)
            measured[task] = Strength(task=task, measure="model_change", unit="grey levels", value=value)
    statistics = None if restorer.folder is None else load_statistics(restorer.folder, restorer.spec)
    return Analysis(
        found=found,
        strengths=tuple(measured[task] for task in found if task in measured),
        jpeg_quality=photo.source_quality,
        change=model_change(restorer.engine, visible, summary),
        familiarity=None if statistics is None else statistics.familiarity(summary.mean),
        notes=() if statistics is not None else (_WITHOUT_STATISTICS,),
    )


_WITHOUT_STATISTICS: Final = (
    f"whether the model has seen such pictures is not known: there is no {FILE_NAME} for these weights"
)
