"""Whether a network may compute in half precision here: tried on a fixed picture, against float32.

Needs the ``torch`` extra.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from opir.model.network import RestorationNetwork
from opir.runtime.torch_network import DeviceNetwork, Precision

LARGEST_MEAN_DIFFERENCE: Final = 0.25
"""Mean absolute difference to float32 that is accepted [grey levels of 255]: far below the rounding to 8 bits."""

LARGEST_DIFFERENCE: Final = 4.0
"""Largest difference of a single value that is accepted [grey levels of 255]."""

_HEIGHT, _WIDTH = 96, 128
_GREY_LEVELS = 255.0


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far a precision is from float32, over the picture and the stages [grey levels of 255]."""

    mean: float
    """Mean absolute difference; NaN where a value is not finite."""
    largest: float
    """Largest absolute difference; NaN where a value is not finite."""

    @property
    def is_acceptable(self) -> bool:
        """Whether the precision may be used; NaN never is."""
        return self.mean <= LARGEST_MEAN_DIFFERENCE and self.largest <= LARGEST_DIFFERENCE


def choose_precision(
    network: RestorationNetwork, device: torch.device, *, expert: RestorationNetwork | None = None
) -> tuple[Precision, str]:
    """Return the fastest arithmetic that a network and its expert pass the test in, and the reason in words.

    float16 comes before bfloat16: it has three more bits, and where its range does not suffice the test or the check
    of every tile notices. Processors compute in float32, which is what they are fast at.
    """
    if device.type == "cpu":
        return "float32", "half precision is no faster on processors"
    failed: list[str] = []
    for precision in _candidates(device):
        networks = [network] if expert is None else [network, expert]
        differences = [difference_to_float32(each, device, precision) for each in networks]
        refused = [each for each in differences if not each.is_acceptable]  # NaN is refused, and no maximum
        worst = refused[0] if refused else max(differences, key=lambda each: each.largest)
        figures = f"{worst.mean:.3f} grey levels from float32 on average, {worst.largest:.2f} at most"
        if not refused:
            return precision, f"self-test: {figures}"
        failed.append(f"{precision} is {figures}")
    return "float32", "; ".join(failed)


def difference_to_float32(network: RestorationNetwork, device: torch.device, precision: Precision) -> Difference:
    """Compute a fixed picture in both precisions; the network is on the device afterwards."""
    plain = DeviceNetwork(network, device)
    image = synthetic_picture().to(device)
    results: list[Tensor] = []
    for arithmetic in ("float32", precision):
        with plain.arithmetic(arithmetic):
            results.append(torch.cat([stage.float() for stage in network(image).stages]))
    difference = (results[0] - results[1]).abs() * _GREY_LEVELS
    return Difference(mean=float(difference.mean()), largest=float(difference.max()))


def synthetic_picture() -> Tensor:
    """Return a noisy ramp with dark, bright and sharp-edged parts, (1, 3, 96, 128), sRGB in [0, 1]; always the same."""
    rows, columns = np.mgrid[0:_HEIGHT, 0:_WIDTH]
    ramp = np.stack([columns / _WIDTH, rows / _HEIGHT, (rows + columns) / (_HEIGHT + _WIDTH)])
    squares = 0.25 * ((rows // 16 + columns // 16) % 2)
    noise = np.random.default_rng(0).normal(0.0, 0.08, ramp.shape)
    return torch.from_numpy(np.clip(0.8 * ramp + squares + noise, 0.0, 1.0).astype(np.float32))[None]


def _candidates(device: torch.device) -> tuple[Precision, ...]:
    if device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0):
        return "float16", "bfloat16"
    return ("float16",)
