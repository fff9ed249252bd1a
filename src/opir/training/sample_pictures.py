"""A sheet of pictures that shows what a network makes of the same few samples as training goes on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from opir.data.image_bank import ImageBank
from opir.data.training_set import TrainingSet
from opir.imaging import colour_uncertainty, draw_legend, heat_map_maximum
from opir.model.network import RestorationNetwork
from opir.training.recipe import Recipe

RESERVED = 2**62
"""Number of the first sample on a sheet: no training step ever gets that far."""

GAP = 4
"""White pixels around each picture."""


@torch.no_grad()
def draw_sheet(
    network: RestorationNetwork, banks: Mapping[str, ImageBank], recipe: Recipe, device: torch.device
) -> NDArray[np.uint8]:
    """Restore one sample of every ingredient, blind, and lay the results out.

    A row shows the degraded crop, the result of every stage, the expected error of the last, and the clean crop. The
    samples are the same at every call; their photographs are those of training, so a sheet is a sign of life, no test.

    Returns:
        (H, W, 3), sRGB uint8, with a legend of the expected error below, in grey levels.
    """
    rows: list[list[NDArray[np.uint8]]] = []
    scales: list[NDArray[np.float32]] = []
    used = {name: ingredient for name, ingredient in recipe.ingredients.items() if ingredient.weight > 0}
    for number, (name, ingredient) in enumerate(used.items(), start=RESERVED):
        samples = TrainingSet(banks, {name: ingredient}, crop_size=recipe.largest_crop, seed=recipe.seed)
        sample = samples[number]
        output = network(sample.degraded[None].to(device))
        rows.append([_codes(picture) for picture in (sample.degraded, *(s[0] for s in output.stages), sample.clean)])
        scales.append(255 * output.scales[-1][0, 0].float().cpu().numpy())
    maximum = heat_map_maximum(np.concatenate(scales))
    lines = [
        np.concatenate(
            [_framed(tile) for tile in (*row[:-1], colour_uncertainty(scale, maximum=maximum), row[-1])], axis=1
        )
        for row, scale in zip(rows, scales, strict=True)
    ]
    sheet = np.concatenate(lines)
    legend = draw_legend(maximum, width=max(240, sheet.shape[1]))
    wider = ((0, 0), (0, legend.shape[1] - sheet.shape[1]), (0, 0))
    return np.concatenate([np.pad(sheet, wider, constant_values=255), legend])


def _codes(picture: Tensor) -> NDArray[np.uint8]:
    """(3, H, W), sRGB, any range, to (H, W, 3) uint8."""
    codes: NDArray[np.uint8] = (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    return codes


def _framed(tile: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.pad(tile, ((GAP, GAP), (GAP, GAP), (0, 0)), constant_values=255)
