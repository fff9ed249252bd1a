"""What the estimator's encoder makes of training samples, averaged over each, kept on disk."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from opir.data.image_bank import ImageBank
from opir.data.mixture import Sample
from opir.data.training_set import TrainingSet
from opir.errors import ConfigurationError, DatasetError
from opir.imaging.atomic import write_atomically
from opir.model.estimator import DegradationEstimator
from opir.training.held_out import FILE_NAME as HELD_OUT_NAME
from opir.training.recipe import Recipe
from opir.training.settings import settings_of

CHUNK: Final = 512
"""Samples of one file."""

BATCH: Final = 16
"""Samples that are encoded at a time."""

WHAT_NAME: Final = "features.json"
"""File of the folder that says what its features are of."""

READ_BY_HEADS: Final = ("task_logits", "logarithms", "context", "log_odds", "hidden", "normalise")
"""Parts of the estimator behind the averaged features."""


class MeanFeatures(NamedTuple):
    """Averaged features of samples, and what is known of them."""

    features: Tensor
    """(N, C), non-negative."""

    labels: Tensor
    """(N, T), 1 where a task is present."""

    known: Tensor
    """(N, T), 1 where the label may be trusted."""


def collect_features(
    estimator: DegradationEstimator,
    recipe: Recipe,
    banks: Mapping[str, ImageBank],
    folder: Path,
    n: int,
    *,
    n_workers: int = 0,
    report: Callable[[int], None] = lambda _: None,
    keep_going: Callable[[], bool] = lambda: True,
) -> MeanFeatures | None:
    """Encode the first ``n`` samples of a recipe; those that are in the folder already are read.

    Args:
        estimator: whose encoder is used, as it is.
        recipe: ingredients, seed, and of its first phase the sizes of crop and surroundings; nothing else matters.
        banks: pictures, by the names that the ingredients use.
        folder: where features are kept, in files of :data:`CHUNK` samples; created if missing.
        n: number of samples, rounded up to whole files.
        n_workers: processes that make samples.
        report: called with the number of samples that are there.
        keep_going: asked after every file; False stops, and what is written stays.

    Returns:
        The features of all samples; None if it was stopped before.

    Raises:
        ConfigurationError: if the folder holds features of another encoder or other samples, or something else.
        DatasetError: if a file of the folder is damaged.
    """
    _claim(folder, estimator, recipe, banks)
    phase = recipe.phases[0]
    samples = TrainingSet(
        banks,
        recipe.ingredients,
        crop_size=phase.crop_size,
        seed=recipe.seed,
        told_share=0.0,
        surroundings_size=phase.surroundings_size,
    )
    chunks = []
    for number in range(-(-n // CHUNK)):
        file = folder / f"features-{number:05d}.npz"
        if not file.exists():
            if not keep_going():
                return None
            _write(file, _encoded(estimator, samples, range(number * CHUNK, (number + 1) * CHUNK), n_workers))
        chunks.append(_read(file))
        report((number + 1) * CHUNK)
    return MeanFeatures(*(torch.cat(parts) for parts in zip(*chunks, strict=True)))


@torch.no_grad()
def _encoded(estimator: DegradationEstimator, samples: TrainingSet, numbers: range, n_workers: int) -> MeanFeatures:
    loader: DataLoader[Sample] = DataLoader(samples, batch_size=BATCH, sampler=numbers, num_workers=n_workers)
    parts = [(estimator.encode(batch.surroundings).mean(dim=(2, 3)), batch.labels, batch.known) for batch in loader]
    return MeanFeatures(*(torch.cat(part) for part in zip(*parts, strict=True)))


def _write(file: Path, part: MeanFeatures) -> None:
    content = io.BytesIO()
    np.savez(content, **{name: tensor.numpy() for name, tensor in part._asdict().items()})
    write_atomically(file, content.getvalue())


def _read(file: Path) -> MeanFeatures:
    try:
        with np.load(io.BytesIO(file.read_bytes())) as arrays:
            return MeanFeatures(*(torch.from_numpy(arrays[name]) for name in MeanFeatures._fields))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{file} must hold features written by this package; {error}: remove it") from error


def _claim(folder: Path, estimator: DegradationEstimator, recipe: Recipe, banks: Mapping[str, ImageBank]) -> None:
    """Write down what the folder's features are of, or check that they are of the same."""
    phase = recipe.phases[0]
    what = {
        "encoder": _fingerprint(estimator),
        "pictures": _pictures(banks),
        "seed": recipe.seed,
        "crop_size": phase.crop_size,
        "surroundings_size": phase.surroundings_size,
        "ingredients": settings_of(recipe)["ingredients"],
    }
    file = folder / WHAT_NAME
    if not file.exists():
        if folder.exists() and any(path.name != HELD_OUT_NAME for path in folder.iterdir()):
            raise ConfigurationError(f"expected an empty folder or one with features at {folder}: use another folder")
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(file, (json.dumps(what, indent=1) + "\n").encode())
        return
    try:
        before = dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DatasetError(
            f"{file} must say what the features of the folder are of; {error}: use another folder"
        ) from error
    differing = [name for name in what if before.get(name) != what[name]]
    if differing:
        raise ConfigurationError(
            f"{folder} holds features that differ in {', '.join(differing)}: start from the same weights, with the "
            "same data and settings, or use another folder"
        )


def _pictures(banks: Mapping[str, ImageBank]) -> str:
    """SHA-256 of the names and sizes of all pictures."""
    listed = [(name, bank.names, [picture.shape for picture in bank.clean]) for name, bank in sorted(banks.items())]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def _fingerprint(estimator: DegradationEstimator) -> str:
    """SHA-256 of the encoder's weights."""
    digest = hashlib.sha256()
    for name, tensor in estimator.state_dict().items():
        if name.partition(".")[0] not in READ_BY_HEADS:
            digest.update(name.encode() + tensor.float().numpy().tobytes())
    return digest.hexdigest()
