"""``opir merge``."""

from __future__ import annotations

import torch
from typer.testing import CliRunner

from opir.cli.main import app
from opir.model import RestorationNetwork, load_network, preset, save_network
from opir.tasks import TASKS


def test_merged_weights_are_written_and_nothing_is_overwritten(tmp_path):
    networks = []
    for seed, name in enumerate(("a", "b")):
        torch.manual_seed(seed)
        networks.append(RestorationNetwork(preset("tiny")))
        save_network(networks[-1], tmp_path / f"{name}.safetensors")
    command = ["merge", "a.safetensors", "b.safetensors", "--share", "1", "--only", "estimator", "-o", "c.safetensors"]
    arguments = [str(tmp_path / part) if part.endswith(".safetensors") else part for part in command]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    both = load_network(tmp_path / "c.safetensors")
    assert torch.equal(both.estimator.entry.weight, networks[1].estimator.entry.weight)
    assert torch.equal(both.predictor.entry.weight, networks[0].predictor.entry.weight)
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 2
    assert "exists" in again.output


def test_what_a_task_owns_is_merged_and_an_unknown_task_named(tmp_path):
    for seed, name in enumerate(("a", "b")):
        torch.manual_seed(seed)
        network = RestorationNetwork(preset("tiny"))
        torch.nn.init.normal_(network.task_parameters.scale)
        save_network(network, tmp_path / f"{name}.safetensors")
    files = [str(tmp_path / f"{name}.safetensors") for name in "ab"]
    arguments = ["merge", *files, "--share", "1", "-o", str(tmp_path / "c.safetensors")]
    unknown = CliRunner().invoke(app, [*arguments, "--task", "hase"])
    assert unknown.exit_code == 2
    assert "haze" in unknown.output
    result = CliRunner().invoke(app, [*arguments, "--task", "haze"])
    assert result.exit_code == 0, result.output
    one, other, both = (load_network(tmp_path / f"{name}.safetensors").task_parameters.scale for name in "abc")
    column = TASKS.index("haze")
    assert torch.equal(both[:, column], other[:, column])
    assert torch.equal(both[:, :column], one[:, :column])
    assert torch.equal(both[:, column + 1 :], one[:, column + 1 :])
