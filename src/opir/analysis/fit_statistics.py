"""Fit the statistics of features to pictures of the training."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.analysis.feature_statistics import FeatureStatistics, to_near_normal
from opir.errors import DatasetError
from opir.runtime.spec import ModelSpec

LEAST_SAMPLES_PER_FEATURE: Final = 2
"""Pictures per feature below which a covariance would say more about chance than about pictures."""


def fit_statistics(features: NDArray[np.float32], spec: ModelSpec) -> FeatureStatistics:
    """Fit mean and covariance to every other row, and the percentiles of the distance to the rows between.

    Args:
        features: (N, F), the mean features of N training pictures; neighbouring rows must not show the same scene.
        spec: the model that computed them.

    Raises:
        DatasetError: if there are fewer than two pictures per feature.
    """
    least = LEAST_SAMPLES_PER_FEATURE * spec.n_features
    if len(features) < least:
        raise DatasetError(f"{spec.n_features} features need {least} training pictures or more; got {len(features)}")
    values = to_near_normal(features)
    fitted, held_out = values[::2], values[1::2]
    mean, covariance = fitted.mean(axis=0), shrunk_covariance(fitted)
    offsets = held_out - mean
    distances = np.sqrt(np.einsum("nf,nf->n", offsets, np.linalg.solve(covariance, offsets.T).T))
    return FeatureStatistics(
        mean=mean,
        covariance=covariance,
        distances=np.percentile(distances, np.arange(101)),
        n_samples=len(features),
        weights_sha256=spec.fingerprint,
    )


def shrunk_covariance(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate the covariance (F, F) of samples (N, F) so that it can be inverted.

    The samples' own covariance S of the features divided by their standard deviations is drawn to a multiple of the
    identity, ``(1 - r) S + r m I`` with ``m = tr S / F``, and r from O. Ledoit, M. Wolf, A well-conditioned estimator
    for large-dimensional covariance matrices, Journal of Multivariate Analysis 88(2), 2004, section 3.2. A feature that
    never varies gets a tiny deviation: any other value of it is then unusual.
    """
    n, n_features = samples.shape
    centred = samples - samples.mean(axis=0)
    deviations = np.maximum(centred.std(axis=0), 1e-6)
    scaled = centred / deviations
    covariance = scaled.T @ scaled / n
    level = float(np.trace(covariance)) / n_features
    distance = float(((covariance - level * np.eye(n_features)) ** 2).sum())
    # The mean of ||x x' - S||^2 over the samples, without forming the N matrices.
    spread = float(((scaled**2).sum(axis=1) ** 2).mean() - (covariance**2).sum()) / n
    share = 1.0 if distance == 0.0 else min(1.0, max(0.0, spread / distance))
    shrunk = (1.0 - share) * covariance + share * max(level, 1e-12) * np.eye(n_features)
    result: NDArray[np.float64] = shrunk * np.outer(deviations, deviations)
    return result
