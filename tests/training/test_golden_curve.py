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
    (0.361176, 0.0365092, 0.650586, 40.7855),
    (0.373995, 0.0497483, 0.731365, 19.7657),
    (0.288533, 0.0345189, 0.52113, 24.0334),
    (0.261382, 0.0324149, 0.793413, 24.9277),
    (0.221361, 0.0385376, 0.269054, 24.0504),
    (0.21751, 0.0361053, 0.271688, 24.4049),
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
