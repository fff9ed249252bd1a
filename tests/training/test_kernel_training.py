"""Training of the network that finds kernels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.deconvolution.pictures import blurred, line_kernel, rectangles

from opir.data.blurred_samples import CROP_PX, BlurredSample, BlurredSamples, draw_kernel
from opir.data.image_bank import ImageBank
from opir.deconvolution.inverse_filter import FILTER_REACH_PX, Blur, filtered, inverse_filter
from opir.errors import ConfigurationError, WeightsError
from opir.model.kernel_network import KernelNetwork
from opir.model.kernel_weights import load_kernel_network, save_kernel_network
from opir.training.kernel_loss import deconvolved, kernel_losses
from opir.training.kernel_run import KernelRecipe, train_kernel_network


@pytest.fixture(scope="module")
def bank() -> ImageBank:
    pictures = tuple(
        np.repeat((255 * rectangles(CROP_PX, CROP_PX + 10, seed=seed)).astype(np.uint8)[..., None], 3, axis=2)
        for seed in range(2)
    )
    return ImageBank(names=("a", "b"), degraded=pictures, clean=pictures)


def sample_of(kernel: np.ndarray) -> BlurredSample:
    sharp = rectangles(128, 136)
    soft = blurred(sharp, kernel)
    planes = (torch.from_numpy(plane)[None] for plane in (soft, sharp, kernel))
    return BlurredSample(torch.zeros(1), torch.zeros(1), *planes)


def test_sample_k_depends_on_seed_and_k_alone(bank: ImageBank) -> None:
    samples, others = BlurredSamples(bank, seed=1), BlurredSamples(bank, seed=2)
    _ = samples[0]
    for one, again in zip(samples[3], BlurredSamples(bank, seed=1)[3], strict=True):
        assert torch.equal(one, again)
    assert not torch.equal(samples[3].kernel, others[3].kernel)
    assert samples[3].maps.shape == (23, 33, 33)
    assert samples[3].blurred.shape == samples[3].sharp.shape == (CROP_PX, CROP_PX)


def test_kernels_are_of_several_kinds_and_add_up_to_one() -> None:
    generator = torch.Generator().manual_seed(0)
    kernels = torch.stack([draw_kernel(generator) for _ in range(60)])
    assert torch.allclose(kernels.sum(dim=(1, 2)), torch.ones(60), atol=1e-5)
    assert (kernels >= 0).all()
    n_points = int((kernels[:, 16, 16] == 1).sum())
    assert 3 <= n_points <= 18


def test_the_filter_is_that_of_the_runtime() -> None:
    sample, kernel = sample_of(line_kernel(7)), line_kernel(7)
    regularisers = torch.tensor([[-3.5, -4.5]])
    here = deconvolved(sample.blurred, sample.kernel, regularisers)[0].numpy()
    blur = Blur(kernel=kernel, log_regularisers=regularisers[0].numpy())
    around = np.pad(sample.blurred[0].numpy(), FILTER_REACH_PX, mode="reflect")[None].repeat(3, axis=0)
    there = filtered(around, inverse_filter(blur))[0]
    inner = (slice(40, -40), slice(40, -40))
    assert np.abs(here - there)[inner].max() < 0.02
    assert np.abs(here - sample.blurred[0].numpy())[inner].max() > 0.1


def test_the_true_kernel_has_the_smaller_loss() -> None:
    sample = sample_of(line_kernel(7))
    regularisers = torch.tensor([[-3.5, -4.5]])

    def losses(kernel: np.ndarray) -> tuple[float, float]:
        found = torch.from_numpy(kernel)[None]
        result = kernel_losses(found, regularisers, sample, torch.Generator().manual_seed(0))
        return result.gain.item(), result.kernel.item()

    right, wrong = losses(line_kernel(7)), losses(line_kernel(7, along="rows"))
    assert right[1] == 0
    assert wrong[1] > 0.5
    assert right[0] < -0.3 < 0 < wrong[0]


def test_it_learns_and_goes_on_where_it_stopped(bank: ImageBank, tmp_path: Path) -> None:
    recipe = KernelRecipe(n_steps=4, batch_size=2, block_size=2, n_replays=3, n_warmup=1)
    whole = train_kernel_network(recipe, bank, tmp_path / "whole", n_workers=0)
    steps = iter((True, False))  # stops within the first block
    train_kernel_network(recipe, bank, tmp_path / "parts", n_workers=0, keep_going=lambda: next(steps))
    parts = train_kernel_network(recipe, bank, tmp_path / "parts", n_workers=0)
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(one, other)
    torch.manual_seed(recipe.seed)
    begun = KernelNetwork()
    assert not torch.equal(begun.entry.weight, whole.entry.weight)
    assert {path.name for path in (tmp_path / "parts").iterdir()} == {"kernel.safetensors", "state.pt"}
    with pytest.raises(ConfigurationError, match="holds a run of"):
        train_kernel_network(KernelRecipe(n_steps=5, batch_size=2), bank, tmp_path / "parts", n_workers=0)
    (tmp_path / "parts" / "state.pt").write_bytes(b"damaged")
    with pytest.raises(WeightsError, match="cannot be resumed"):
        train_kernel_network(recipe, bank, tmp_path / "parts", n_workers=0)


def test_smaller_weights_to_start_from_grow(bank: ImageBank, tmp_path: Path) -> None:
    save_kernel_network(KernelNetwork(8, 2), tmp_path / "small.safetensors")
    recipe = KernelRecipe(n_steps=1, batch_size=2, block_size=2, width=12, n_blocks=3)
    train_kernel_network(recipe, bank, tmp_path / "run", start_from=tmp_path / "small.safetensors", n_workers=0)
    grown = load_kernel_network(tmp_path / "run" / "kernel.safetensors")
    assert (grown.width, grown.n_blocks) == (12, 3)


def test_impossible_runs_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="n_steps must be positive; got 0; batch_size must be positive"):
        KernelRecipe(n_steps=0, batch_size=-1)
    with pytest.raises(ConfigurationError, match="block_size must be a multiple of batch_size, 16; got 24"):
        KernelRecipe(block_size=24)
    with pytest.raises(ConfigurationError, match="seed must lie in 0 to 2147483647; got 2147483648"):
        KernelRecipe(seed=2**31)
    with pytest.raises(ConfigurationError, match=r"precision must be one of .* got 'float16'"):
        KernelRecipe(precision="float16")  # type: ignore[arg-type]
