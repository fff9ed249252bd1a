"""Whether the evaluation computes what its protocols say, on the development pictures and without using its own code.

Pairs: PSNR and SSIM of the degraded pictures by ``opir.evaluation`` and by scikit-image, decoded by Pillow alone,
cropped here; the largest difference over pictures. Noise: the PSNR of the noisy inputs against its expectation, an
integral over the histogram of the clean pictures. Published: figures of whole test sets that these pictures are a
part of or akin to, for comparison by eye only.

    python benchmarks/protocol_check.py --data DEV
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from opir.data import ImageSet, open_dataset
from opir.evaluation.benchmark import CaseScore, evaluate
from opir.evaluation.expected_noise import expected_input_psnr
from opir.evaluation.plan import plan_cases
from opir.evaluation.protocols import PROTOCOLS
from opir.evaluation.synthetic import Synthetic

PAIRS = (("rain", None), ("haze/SOTS_indoor_dev5", 11.97), ("lowlight/SICE", None), ("noise/PolyU_dev12", 35.97))
"""Folder, and the published PSNR of the whole set's inputs [dB]: 500 of SOTS indoor, 100 crops of PolyU."""

PUBLISHED_CBSD68 = {15: 24.83, 25: 20.54, 50: 15.00}
"""Sigma -> PSNR of the inputs of CBSD68 under ``aio`` [dB]."""


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the development data")
    parser.add_argument("--limit", type=int, default=None, help="pictures per row")
    options = parser.parse_args()
    print(f"{'pairs, protocol aio':28}{'n':>5}{'PSNR':>8}{'SSIM':>8}{'dPSNR':>10}{'dSSIM':>10}{'published':>11}")
    for folder, published in PAIRS:
        image_set = open_dataset(options.data / folder)
        scores = _scores(image_set, (), options.limit)
        own = np.array([score.input for score in scores])
        other = np.array(list(_by_scikit_image(image_set))[: options.limit])
        differences = np.abs(own - other).max(axis=0)
        known = "-" if published is None else f"{published:.2f}"
        print(
            f"{folder:28}{len(own):5d}{own[:, 0].mean():8.2f}{own[:, 1].mean():8.4f}"
            f"{differences[0]:10.1e}{differences[1]:10.1e}{known:>11}"
        )
    image_set = open_dataset(options.data / "clean" / "BSDS500_val")
    synthetic = [Synthetic(kind="noise", level=level) for level in PUBLISHED_CBSD68]
    scores = _scores(image_set, synthetic, options.limit)
    print(f"\n{'BSDS500_val, protocol aio':28}{'n':>5}{'drawn':>8}{'expected':>10}{'no clip':>9}{'CBSD68':>8}")
    for damage in synthetic:
        drawn = [score.input[0] for score in scores if score.label.row == damage.label]
        clean = [_cropped(score.label.path) for score in scores if score.label.row == damage.label]
        expected = [expected_input_psnr(codes, "stream_truncated", damage.level) for codes in clean]
        unclipped = 20 * np.log10(255 / damage.level)
        published = PUBLISHED_CBSD68[int(damage.level)]
        print(
            f"{damage.label:28}{len(drawn):5d}{np.mean(drawn):8.3f}{np.mean(expected):10.3f}{unclipped:9.2f}{published:8.2f}"
        )


def _scores(image_set: ImageSet, synthetic: list[Synthetic] | tuple[()], limit: int | None) -> tuple[CaseScore, ...]:
    protocol = PROTOCOLS["aio"]
    return evaluate(plan_cases(image_set, protocol, synthetic=synthetic, limit=limit).cases(), (), protocol)


def _by_scikit_image(image_set: ImageSet) -> Iterator[tuple[float, float]]:
    for pair in image_set.pairs:
        degraded, clean = (_cropped(path) / 255 for path in (pair.degraded, pair.clean))
        yield (
            float(peak_signal_noise_ratio(clean, degraded, data_range=1)),
            float(structural_similarity(clean, degraded, data_range=1, channel_axis=2)),
        )


def _cropped(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        width, height = (side // 16 * 16 for side in image.size)
        left, top = ((whole - kept) // 2 for whole, kept in zip(image.size, (width, height), strict=True))
        return np.asarray(image.convert("RGB").crop((left, top, left + width, top + height)))


if __name__ == "__main__":
    main()
