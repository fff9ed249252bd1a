"""``opir features``: measure what a model has seen, so that ``opir analyze`` can tell what it has not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from opir.cli.console import fail, say
from opir.cli.engine_options import ModelOption, ThreadsOption

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LARGEST_N_DEGRADATIONS: Final = 2
"""A picture is degraded in none to this many ways, each number as often."""


def features(
    pictures: Annotated[
        list[Path],
        typer.Argument(metavar="PICTURES", help="Folders of clean training pictures.", show_default=False),
    ],
    degraded: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="Training pictures to be taken as they are; repeatable."),
    ] = None,
    model: ModelOption = "base",
    side: Annotated[int, typer.Option(min=64, metavar="PX", help="Side of the crops that are measured.")] = 192,
    most: Annotated[int, typer.Option(min=1, metavar="N", help="Pictures at most, drawn at random.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Decides everything random.")] = 0,
    threads: ThreadsOption = None,
) -> None:
    """Measure the features of training pictures and write features.json beside the weights of a model.

    One crop of each picture is degraded as in training and shown to the encoder. Run it again for new weights; the file
    of other weights is ignored. Never use pictures that the model is tested on.
    """
    import numpy as np

    from opir.analysis.fit_statistics import fit_statistics
    from opir.batch.plan import find_pictures
    from opir.errors import ImageError
    from opir.runtime.restore import Restorer

    restorer = Restorer(model, threads=threads)
    folder = restorer.folder
    if folder is None:
        raise typer.BadParameter("must be a folder or a bundled model", param_hint="--model")
    random = np.random.default_rng(seed)
    found = [(path, True) for given in pictures for path, _ in find_pictures(given)]
    found += [(path, False) for given in degraded or [] for path, _ in find_pictures(given)]
    chosen = random.permutation(len(found))[:most]
    rows = []
    for path, is_clean in (found[index] for index in chosen):
        try:
            crop = _crop(path, side, random)
        except ImageError as error:
            fail(str(error))
            continue
        rows.append(restorer.summarise(_degraded(crop, int(random.integers(2**31))) if is_clean else crop).mean)
    features = np.stack(rows) if rows else np.empty((0, restorer.spec.n_features), np.float32)
    statistics = fit_statistics(features, restorer.spec)
    path = statistics.save(folder)
    say(f"{path}: {statistics.n_samples} pictures, distance {statistics.distances[50]:.1f} in the middle of them")


def _crop(path: Path, side: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Return a random part of a picture, at most ``side`` px a side."""
    from opir.imaging import read_photo, to_network

    image = to_network(read_photo(path))
    top, left = (int(random.integers(max(1, length - side + 1))) for length in image.shape[1:])
    return image[:, top : top + side, left : left + side].copy()


def _degraded(crop: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Return a crop after none to two degradations drawn from the training's distributions, in 8 bits."""
    import numpy as np
    import torch

    from opir.physics.compose import compose, draw_subsets
    from opir.physics.kinds import KINDS

    generator = torch.Generator().manual_seed(seed)
    present = draw_subsets(1, KINDS, 0, LARGEST_N_DEGRADATIONS, generator)
    kinds = [kind for kind, is_present in zip(KINDS, present[0].tolist(), strict=True) if is_present]
    with torch.inference_mode():
        image = compose(torch.from_numpy(crop)[None], kinds, generator).image[0].numpy()
    result: NDArray[np.float32] = (np.rint(image.clip(0, 1) * 255) / 255).astype(np.float32)
    return result
