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
    (0.361176, 0.0365092, 0.649008, 40.7855),
    (0.373531, 0.0493288, 0.721425, 19.901),
    (0.288209, 0.0343022, 0.517779, 24.0842),
    (0.260666, 0.0317909, 0.778713, 25.1658),
    (0.221353, 0.0385036, 0.269996, 24.1045),
    (0.21758, 0.0361691, 0.27207, 24.3918),
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
