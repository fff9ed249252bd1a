"""Blurred samples deconvolved as pictures are in use, so that the network learns what is left to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from opir.deconvolution.estimate import estimate_blur
from opir.deconvolution.inverse_filter import FILTER_REACH_PX, filtered, inverse_filter
from opir.deconvolution.kernel import Float32
from opir.model.kernel_network import KernelNetwork
from opir.model.kernel_weights import load_kernel_network
from opir.runtime.spec import TORCH_KERNEL_FILE
from opir.runtime.weights import find_model


class UndoBlur:
    """Finds the blur of a picture and convolves it with the inverse; see :mod:`opir.deconvolution`."""

    def __init__(self, network: KernelNetwork) -> None:
        self._network = network.eval().requires_grad_(False)

    def __call__(self, picture: Tensor) -> Tensor:
        """Map a blurred picture (1, 3, H, W), sRGB in [0, 1], to a sharper one; returned as it is where too small."""
        window: Float32 = picture[0].numpy()
        blur = estimate_blur(self, [window])
        if blur is None:
            return picture
        border = (FILTER_REACH_PX, FILTER_REACH_PX)
        around = np.pad(window, ((0, 0), border, border), mode="symmetric")
        return torch.from_numpy(filtered(around, inverse_filter(blur)))[None]

    def kernel(self, maps: Float32, statistics: Float32) -> tuple[Float32, Float32]:
        """Find a kernel; see :class:`opir.deconvolution.estimate.KernelFinder`."""
        with torch.inference_mode():
            kernel, log_regularisers = self._network(torch.from_numpy(maps), torch.from_numpy(statistics))
        return kernel.numpy(), log_regularisers.numpy()


def load_undo_blur(model: str) -> UndoBlur:
    """Load the network of a model, named as for :func:`opir.runtime.weights.find_model`, or of a file.

    Raises:
        WeightsError: if there is no such model or file, or it holds no such network.
    """
    path = Path(model)
    file = path if path.is_file() else find_model(model) / TORCH_KERNEL_FILE
    return UndoBlur(load_kernel_network(file))
