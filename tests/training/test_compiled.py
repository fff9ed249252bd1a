"""Training with a compiled network: the same run as without, but for rounding."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_data import small_banks
from conftest_training import numbers_of, small_recipe
from opir.model import load_network
from opir.training.loop import train


@pytest.mark.slow  # compiles two sizes of crops
@pytest.mark.filterwarnings(
    "ignore:`torch.jit.script_method` is deprecated:DeprecationWarning"
)  # torch imports its own
def test_a_compiled_network_takes_the_same_steps(tmp_path):
    recipe = small_recipe()
    for name, compiled in (("plain", False), ("compiled", True)):
        train(
            replace(recipe, compile=compiled), small_banks(), tmp_path / name, n_workers=0, report_every=1, device="cpu"
        )
    plain, compiled = numbers_of(tmp_path / "plain"), numbers_of(tmp_path / "compiled")
    assert len(plain) == len(compiled) == recipe.n_steps
    for one, other in zip(plain, compiled, strict=True):
        assert other["total"] == pytest.approx(one["total"], rel=0.02)
    assert load_network(tmp_path / "compiled" / "model.safetensors").config == recipe.model
