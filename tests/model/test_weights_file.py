from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from conftest_model import SMALL, randomise
from opir.errors import WeightsError
from opir.model import RestorationNetwork, load_network, save_network


def test_a_saved_network_rebuilds_itself(tmp_path):
    network = randomise(RestorationNetwork(SMALL))
    save_network(network, tmp_path / "model.safetensors")
    image = torch.rand(1, 3, 16, 16)
    for path in (tmp_path, tmp_path / "model.safetensors"):
        loaded = load_network(path)
        assert loaded.config == SMALL
        torch.testing.assert_close(loaded(image).restored, network(image).restored, rtol=0, atol=0)


def test_values_beyond_the_type_are_named_and_nothing_is_written(tmp_path):
    network = randomise(RestorationNetwork(SMALL))
    with torch.no_grad():
        network.head.bias[0] = 1e5
    with pytest.raises(WeightsError, match=r"head\.bias must fit into torch\.float16; its largest value is 1e\+05"):
        save_network(network, tmp_path / "model.safetensors", dtype=torch.float16)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["missing", "truncated", "foreign", "other network", "unknown setting"])
def test_unusable_weights_are_named(tmp_path, damage):
    path = tmp_path / "model.safetensors"
    network = RestorationNetwork(SMALL)
    save_network(network, path)
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:1000])
    elif damage == "foreign":
        save_file({"weight": torch.zeros(3)}, path)
    elif damage == "other network":
        save_file({"weight": torch.zeros(3)}, path, metadata={"config": "{}"})
    else:
        save_file(network.state_dict(), path, metadata={"config": '{"depth": 3}'})
    with pytest.raises(WeightsError, match=r"model\.safetensors"):
        load_network(path)
