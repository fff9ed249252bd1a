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
    (0.334883, 0.0235753, 0.64323, 40.7855),
    (0.347574, 0.0329812, 0.699338, 19.7703),
    (0.271708, 0.0239087, 0.497422, 24.6158),
    (0.24463, 0.021804, 0.747353, 26.1958),
    (0.201702, 0.0275741, 0.29447, 23.8899),
    (0.200054, 0.0260114, 0.269413, 24.0304),
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
