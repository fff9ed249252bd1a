"""The losses of a tiny run, to the numbers: a change of losses, sample order, schedule or optimiser shows here.

After a change that is meant, print the new numbers and say in the changelog why they moved:

    PYTHONPATH=tests python tests/training/test_golden_curve.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from conftest_data import small_banks
from conftest_training import numbers_of, small_recipe
from opir.training.loop import train

SHOWN = ("total", "restoration", "gradient_norm", "psnr")

GOLDEN = (
    (0.284506, 0.0365092, 0.461616, 40.7855),
    (0.273466, 0.0494257, 0.510052, 19.8658),
    (0.226201, 0.0345317, 0.406302, 24.0237),
    (0.182433, 0.0321624, 0.359672, 24.8847),
    (0.192308, 0.0393347, 0.277622, 23.3093),
    (0.187783, 0.0357748, 0.289657, 24.4123),
)


def curve(folder):
    recipe = small_recipe(learning_rate=5e-3, weight_decay=0.1)
    train(recipe, small_banks(), folder, n_workers=0, report_every=1, device="cpu")
    return [tuple(line[name] for name in SHOWN) for line in numbers_of(folder)]


def test_the_loss_curve_is_the_known_one(tmp_path):
    for numbers, known in zip(curve(tmp_path), GOLDEN, strict=True):
        assert numbers == pytest.approx(known, rel=3e-4)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        for numbers in curve(Path(name)):
            print("    (" + ", ".join(f"{number:.6g}" for number in numbers) + "),")  # noqa: T201
