"""Is real noise restored as well as the noise of the simulators, at equal strength on the same photographs?

Takes pairs of noisy photographs and their clean means. On every clean picture, beside the real noise, lies noise of
each operator of :mod:`opir.physics`, of several draws the one whose standard deviation is nearest to the real one's,
and real noise whose phases were drawn anew, which has nothing left of it but its spectrum. A gain that is much larger
for an operator than for the real noise says that the operator's noise is easier, not that the network is good.

For every kind: the gain [dB] after the last stage, told "noise"; the log-odds of noise; and the factor by which the
correction would have to be multiplied to fit best (above 1: too cautious). Middles of the pictures, rounded to 8 bits.

    python benchmarks/real_noise.py --pairs DEV/noise/PolyU_dev12 --weights WEIGHTS --json results.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from development_sets import middle
from opir.data import open_dataset
from opir.evaluation.plan import plan_cases
from opir.evaluation.protocols import PROTOCOLS
from opir.model import RestorationNetwork, load_network
from opir.physics.catalogue import OPERATORS
from opir.tasks import TASKS

KINDS: Final = ("gaussian_noise", "sensor_noise", "correlated_noise", "developed_noise")
N_DRAWN: Final = 48
"""Draws of an operator, of which the nearest in strength counts."""

NOISE: Final = TASKS.index("noise")


def main() -> None:
    """Measure and print a table, a line for each kind of noise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True, help="folder of noisy and clean pictures")
    parser.add_argument("--weights", type=Path, action="append", required=True, help="weights or folder; repeatable")
    parser.add_argument("--side", type=int, default=224, help="side of the middle [px]")
    parser.add_argument("--limit", type=int, default=None, help="number of pairs")
    parser.add_argument("--json", type=Path, default=None, help="where to write the means")
    options = parser.parse_args()
    torch.set_num_threads(1)

    cases = list(plan_cases(open_dataset(options.pairs), PROTOCOLS["ours"], limit=options.limit).cases())
    pairs = [
        tuple(torch.from_numpy(middle(picture, options.side))[None] for picture in (case.degraded, case.clean))
        for case in cases
    ]
    report = []
    for path in options.weights:
        network = load_network(path).eval()
        found: dict[str, list[tuple[float, float, float]]] = {}
        for index, (noisy, clean) in enumerate(pairs):
            for kind, picture in versions(noisy, clean, seed=index).items():
                found.setdefault(kind, []).append(measured(network, picture, clean))
        print(f"{path}\n{'noise':20}{'gain [dB]':>12}{'log-odds':>12}{'factor':>12}")
        means = {kind: np.mean(values, axis=0).tolist() for kind, values in found.items()}
        for kind, (gain, log_odds, factor) in means.items():
            print(f"{kind:20}{gain:12.2f}{log_odds:12.1f}{factor:12.2f}", flush=True)
        report.append({"weights": str(path), "gain_log_odds_factor": means})
    if options.json:
        settings = {"pairs": len(pairs), "side": options.side, "protocol": __doc__}
        options.json.write_text(json.dumps({**settings, "weights": report}, indent=1) + "\n")


def versions(noisy: Tensor, clean: Tensor, *, seed: int) -> dict[str, Tensor]:
    """Real noise and others of the same standard deviation on one picture, each (1, 3, H, W), rounded."""
    generator = torch.Generator().manual_seed(seed)
    noise = noisy - clean
    pictures = {"real": noisy, "real, other phases": clean + _other_phases(noise, generator)}
    for kind in KINDS:
        pictures[kind] = clean + _nearest(kind, clean, float(noise.std()), generator)
    return {kind: torch.round(picture.clamp(0, 1) * 255) / 255 for kind, picture in pictures.items()}


def measured(network: RestorationNetwork, picture: Tensor, clean: Tensor) -> tuple[float, float, float]:
    """Gain in dB, log-odds of noise, and the best factor of the correction."""
    told = torch.zeros(1, len(TASKS))
    told[0, NOISE] = 1
    with torch.inference_mode():
        output = network(picture, told)
    correction, wanted = output.restored.clamp(0, 1) - picture, clean - picture
    left = (wanted - correction).square().mean()
    gain = 10 * torch.log10(wanted.square().mean() / left)
    factor = (correction * wanted).mean() / correction.square().mean().clamp_min(1e-12)
    return float(gain), float(output.task_logits[0, NOISE]), float(factor)


def _nearest(kind: str, clean: Tensor, deviation: float, generator: torch.Generator) -> Tensor:
    """Noise of an operator on the picture: of several draws the one nearest to a standard deviation."""
    operator = OPERATORS[kind]
    many = clean.expand(N_DRAWN, -1, -1, -1)
    noise = operator.apply(many, operator.sample(N_DRAWN, generator)) - many
    distance = (noise.std(dim=(1, 2, 3)).log() - np.log(deviation)).abs()
    return noise[distance.argmin()][None]


def _other_phases(noise: Tensor, generator: torch.Generator) -> Tensor:
    """The same spectra, and the same relations between the colours, with phases drawn anew."""
    spectrum = torch.fft.fft2(noise)
    white = torch.fft.fft2(torch.randn(1, 1, *noise.shape[2:], generator=generator))
    other: Tensor = torch.fft.ifft2(spectrum * white / white.abs()).real
    return other


if __name__ == "__main__":
    main()
