"""A training run of seconds: a tiny network, crops of 16 and 24, two phases."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from conftest_model import SMALL
from opir.data.mixture import Ingredient
from opir.training.recipe import Phase, Recipe

PHASES = (Phase(share=0.5, crop_size=16, batch_size=8), Phase(share=0.5, crop_size=24, batch_size=4))
MIXTURE = {
    "noise": Ingredient(weight=0.7, bank="clean", operators=("gaussian_noise",)),
    "clean": Ingredient(weight=0.3, bank="clean"),
}


def small_recipe(**changes):
    settings = {
        "name": "trial", "model": SMALL, "ingredients": MIXTURE, "phases": PHASES, "n_steps": 6, "n_warmup": 2,
        "precision": "float32",
    }  # fmt: skip
    return Recipe(**(settings | changes))


def assert_same_runs(one: Path, two: Path) -> None:
    """Everything that training depends on, and all that was recorded, is the same to the last bit."""
    first, second = (torch.load(run / "state.pt", weights_only=True) for run in (one, two))
    assert first.pop("recipe") == second.pop("recipe")
    torch.testing.assert_close(first, second, rtol=0, atol=0)
    assert (one / "model.safetensors").read_bytes() == (two / "model.safetensors").read_bytes()
    assert numbers_of(one) == numbers_of(two)


def numbers_of(run: Path) -> list[dict[str, float]]:
    """The lines of ``metrics.jsonl`` without the time taken."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]
