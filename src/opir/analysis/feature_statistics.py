"""What the features of training pictures look like, as a small file beside the weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.errors import WeightsError
from opir.runtime.engine import Float32
from opir.runtime.spec import ModelSpec

FILE_NAME: Final = "features.json"
"""Name of the file in a model's folder. It is no part of the model: without it one field of an analysis is empty."""

FORMAT: Final = 1
"""Version of the layout of the file."""

OUTSIDE: Final = 0.99
"""A picture is outside of what was seen if it is farther than this share of training pictures."""


@dataclass(frozen=True, kw_only=True)
class Familiarity:
    """Whether a picture looks to the encoder like the pictures of the training."""

    distance: float
    """Mahalanobis distance of the picture's mean features from those of training pictures."""
    share_nearer: float
    """Share of training pictures that are nearer, 0 to 1; those that the distance was fitted to do not count."""

    @property
    def is_outside(self) -> bool:
        """Return whether it lies farther out than all but one in a hundred training pictures."""
        return self.share_nearer >= OUTSIDE


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureStatistics:
    """Mean and covariance of the features of training pictures, and how far other training pictures are from them.

    Both are those of the features' cube roots; see :func:`to_near_normal`.
    """

    mean: NDArray[np.float64]
    """(F,)."""
    covariance: NDArray[np.float64]
    """(F, F), positive definite."""
    distances: NDArray[np.float64]
    """(101,), percentiles 0 to 100 of the Mahalanobis distances of pictures that were held out."""
    n_samples: int
    """Pictures that were measured, held out or not."""
    weights_sha256: str
    """:attr:`ModelSpec.fingerprint` of the model that computed the features."""

    def familiarity(self, features: Float32) -> Familiarity:
        """Place the mean features (F,) of a picture: ``d^2 = (g - m)' C^-1 (g - m)`` with g their cube roots.

        The use of this distance to tell what a network was not trained on is due to K. Lee et al., A simple unified
        framework for detecting out-of-distribution samples and adversarial attacks, NeurIPS 2018, eq. 1 and 2.
        """
        offset = to_near_normal(features) - self.mean
        distance = float(offset @ np.linalg.solve(self.covariance, offset)) ** 0.5
        # Percentiles that are equal are passed together, so searching counts those that are nearer.
        share = float(np.interp(distance, self.distances, np.linspace(0.0, 1.0, len(self.distances))))
        return Familiarity(distance=distance, share_nearer=share)

    def save(self, folder: Path) -> Path:
        """Write the file into a model's folder and return its path."""
        rows, columns = np.tril_indices(len(self.mean))
        entries = {
            "format": FORMAT,
            "weights_sha256": self.weights_sha256,
            "n_samples": self.n_samples,
            "mean": _rounded(self.mean),
            "covariance": _rounded(self.covariance[rows, columns]),
            "distances": _rounded(self.distances),
        }
        path = folder / FILE_NAME
        path.write_text(json.dumps(entries) + "\n", encoding="utf-8")
        return path


def to_near_normal(features: Float32) -> NDArray[np.float64]:
    """Return the cube roots of features of any shape.

    Mean features are positive with a long tail, like gamma variables, whose cube roots are nearly normal (E. Wilson,
    M. Hilferty, The distribution of chi-square, PNAS 17(12), 1931). Without it strong rain and strong noise, which the
    training holds seldom, are farther out than a page of text.
    """
    roots: NDArray[np.float64] = np.cbrt(features.astype(np.float64))
    return roots


def load_statistics(folder: Path, spec: ModelSpec) -> FeatureStatistics | None:
    """Read the file of a model's folder; None where there is none, or it was computed with other weights.

    Raises:
        WeightsError: if the file is there and damaged.
    """
    path = folder / FILE_NAME
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        if entries["format"] != FORMAT or entries["weights_sha256"] != spec.fingerprint:
            return None
        statistics = FeatureStatistics(
            mean=np.array(entries["mean"], np.float64),
            covariance=_from_triangle(entries["covariance"], spec.n_features),
            distances=np.array(entries["distances"], np.float64),
            n_samples=int(entries["n_samples"]),
            weights_sha256=str(entries["weights_sha256"]),
        )
        np.linalg.cholesky(statistics.covariance)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path} is damaged ({error}): remove it, or make it again with opir features") from error
    if statistics.mean.shape != (spec.n_features,) or statistics.distances.shape != (101,):
        raise WeightsError(f"{path} does not fit the model: remove it, or make it again with opir features")
    return statistics


def _from_triangle(values: object, n: int) -> NDArray[np.float64]:
    """Return the symmetric (n, n) matrix of which the lower triangle is given row by row."""
    matrix = np.zeros((n, n))
    matrix[np.tril_indices(n)] = np.array(values, np.float64)
    return matrix + np.tril(matrix, -1).T


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [float(f"{value:.9g}") for value in values]
