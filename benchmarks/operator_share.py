"""How much of a training step is the per-pixel operator?

Times whole training steps (forward, losses, backward, optimiser) and, in the same run, the operator's own forward and
backward on tensors of the same shapes; reports medians and the share. Also the operator written as plain slices and
as the unfolding reference, both differentiated automatically.

    python benchmarks/operator_share.py --preset base --json results.json
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

import machine
from opir.data.mixture import Sample
from opir.model import RestorationNetwork, preset
from opir.ops import pixelwise_conv, pixelwise_conv_reference
from opir.tasks import TASKS
from opir.training.distributed import Processes
from opir.training.recipes import Recipe
from opir.training.step import training_step


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="base")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--crop", type=int, default=128)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    torch.manual_seed(0)
    config = preset(options.preset)
    recipe = Recipe(name="benchmark", precision=options.precision).with_model(config)
    network = RestorationNetwork(config)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-5)
    shape = (options.batch, 3, options.crop, options.crop)
    labels = torch.zeros(options.batch, len(TASKS))
    batch = Sample(torch.rand(shape), torch.rand(shape), labels, labels + 1, torch.zeros(options.batch))
    image = torch.rand(shape, requires_grad=True)
    kernels = torch.randn(options.batch, config.n_kernel_channels, *shape[2:], requires_grad=True)
    mixing = torch.rand(options.batch, len(config.dilations), *shape[2:], requires_grad=True)
    upstream = torch.randn(shape)

    def forward_and_backward(operator: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable[[], object]:
        def run() -> object:
            return torch.autograd.grad(operator(image, kernels, mixing), (image, kernels, mixing), upstream)

        return run

    def fast(x: Tensor, k: Tensor, m: Tensor) -> Tensor:
        return pixelwise_conv(x, k, dilations=config.dilations, mixing=m)

    def reference(x: Tensor, k: Tensor, m: Tensor) -> Tensor:
        return pixelwise_conv_reference(x, k, dilations=config.dilations, mixing=m)

    contestants = {
        "step": lambda: training_step(network, optimiser, (batch,), recipe, Processes(device=torch.device("cpu"))),
        "operator": forward_and_backward(fast),
        "operator_as_slices": forward_and_backward(lambda x, k, m: _slices(x, k, m, config.dilations)),
        "operator_unfolded": forward_and_backward(reference),
    }
    seconds = _medians(contestants, options.repeats)
    report = {
        "question": "share of the per-pixel operator in a CPU training step",
        **machine.describe(),
        "preset": options.preset,
        "batch": options.batch,
        "crop": options.crop,
        "precision": options.precision,
        "threads": torch.get_num_threads(),
        "median_seconds": seconds,
        "share_of_step": config.n_stages * seconds["operator"] / seconds["step"],
        "slices_over_operator": seconds["operator_as_slices"] / seconds["operator"],
        "unfolded_over_operator": seconds["operator_unfolded"] / seconds["operator"],
    }
    text = json.dumps(report, indent=1)
    if options.json:
        options.json.write_text(text + "\n")
    print(text)


def _medians(contestants: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each, taken in turns so that a noisy moment hits all alike; the first turn is a warm-up."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(repeats + 1):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            if turn:
                taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in taken.items()}


def _slices(image: Tensor, kernels: Tensor, mixing: Tensor, dilations: tuple[int, ...]) -> Tensor:
    """The same sum as plain slices, which automatic differentiation pays for with a full-size gradient per tap."""
    reach = max(dilations)
    height, width = image.shape[2:]
    padded = torch.nn.functional.pad(image, (reach,) * 4, mode="replicate")
    result = torch.zeros_like(image)
    for tap in range(9):
        for position, dilation in enumerate(dilations):
            row, column = reach + dilation * (tap // 3 - 1), reach + dilation * (tap % 3 - 1)
            shifted = padded[..., row : row + height, column : column + width]
            result = result + kernels[:, 3 * tap : 3 * tap + 3] * mixing[:, position : position + 1] * shifted
    return result


if __name__ == "__main__":
    main()
