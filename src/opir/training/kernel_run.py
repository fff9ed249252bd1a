"""Training of the network that finds kernels: a small loop of its own, for a small network."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, get_args

import torch
from torch import nn

from opir.data.blurred_samples import BlurredSample, BlurredSamples
from opir.data.image_bank import ImageBank
from opir.data.replayed_samples import ReplayedBatches
from opir.errors import ConfigurationError, NumericalError
from opir.model.kernel_growth import grown
from opir.model.kernel_network import N_BLOCKS, WIDTH, KernelNetwork
from opir.model.kernel_weights import load_kernel_network, save_kernel_network
from opir.runtime.spec import TORCH_KERNEL_FILE
from opir.training.average import WeightAverage
from opir.training.kernel_loss import kernel_losses
from opir.training.recipe import Precision
from opir.training.schedule import cosine_with_warmup
from opir.training.state_file import read_state, resuming, write_state

REPORT_EVERY: Final = 100
"""Steps between two reports."""

CHECKPOINT_SECONDS: Final = 120.0
"""Time between two checkpoints."""

LEAST_GUIDANCE: Final = 0.5
"""Weight of the kernel's own error in the end."""

FULL_GUIDANCE_SHARE: Final = 3 / 8
"""Share of the steps over which it falls to that."""

SEED_LIMIT: Final = 2**31
"""Seeds are below this: torch's generators are seeded with their products with numbers of steps and blocks."""

_DECIBELS: Final = -10 / 2.302585


@dataclass(frozen=True, kw_only=True)
class KernelRecipe:
    """A complete run."""

    n_steps: int = 4_000
    """Steps of AdamW."""
    batch_size: int = 16
    """Samples of a step."""
    block_size: int = 512
    """Samples that are held at a time, a multiple of the batch size."""
    n_replays: int = 4
    """How often each of them is used, turned or mirrored at random."""
    guidance: float = 2.0
    """Weight of the kernel's own error at the start; it falls to 0.5 over three eighths of the run."""
    learning_rate: float = 1e-3
    """Peak of the learning rate."""
    n_warmup: int = 50
    """Steps over which it rises."""
    average_decay: float = 0.995
    """Decay of the average of the weights."""
    seed: int = 0
    """Seed of weights and samples."""
    width: int = WIDTH
    """Channels of the network; weights to start from grow to them."""
    n_blocks: int = N_BLOCKS
    """Residual blocks, likewise."""
    precision: Precision = "bfloat16"
    """Arithmetic of the convolutions under autocast, bfloat16 or float32."""

    def __post_init__(self) -> None:
        positive = ("n_steps", "batch_size", "block_size", "n_replays", "learning_rate", "width", "n_blocks")
        wrong = [f"{name} must be positive; got {getattr(self, name)}" for name in positive if getattr(self, name) <= 0]
        if not 0 <= self.seed < SEED_LIMIT:
            wrong.append(f"seed must lie in 0 to {SEED_LIMIT - 1}; got {self.seed}")
        if self.precision not in get_args(Precision):
            wrong.append(f"precision must be one of {get_args(Precision)}; got {self.precision!r}")
        if not wrong and self.block_size % self.batch_size:
            wrong = [f"block_size must be a multiple of batch_size, {self.batch_size}; got {self.block_size}"]
        if wrong:
            raise ConfigurationError("; ".join(wrong))


@dataclass(frozen=True, kw_only=True)
class KernelProgress:
    """Means since the last report."""

    step: int
    """Steps done."""
    gain_db: float
    """How much nearer to the sharp crop the deconvolved one is, in PSNR, the mean over all samples."""
    kernel_error: float
    """Relative squared error of the kernels."""


def train_kernel_network(
    recipe: KernelRecipe,
    bank: ImageBank,
    run: Path,
    *,
    start_from: Path | None = None,
    n_workers: int = 1,
    report: Callable[[KernelProgress], None] = lambda _: None,
    keep_going: Callable[[], bool] = lambda: True,
) -> KernelNetwork:
    """Train to the last step, or until ``keep_going`` says no, and return the averaged network.

    It is written to ``kernel.safetensors`` of the run folder with every checkpoint; a run that is there goes on.

    Raises:
        ConfigurationError: if the folder holds a run of another recipe.
        WeightsError: if a checkpoint or ``start_from`` cannot be used.
        NumericalError: if the loss is not finite; checkpoints stay as they are.
    """
    torch.manual_seed(recipe.seed)
    network = KernelNetwork(recipe.width, recipe.n_blocks)
    if start_from:
        network = grown(load_kernel_network(start_from), recipe.width, recipe.n_blocks)
    average = WeightAverage(network, decay=recipe.average_decay)
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=1e-4, betas=(0.9, 0.99))
    run.mkdir(parents=True, exist_ok=True)
    first = _load(run, recipe, network, average, optimiser)
    batches = ReplayedBatches(
        BlurredSamples(bank, seed=recipe.seed),
        batch_size=recipe.batch_size,
        block_size=recipe.block_size,
        n_replays=recipe.n_replays,
        seed=recipe.seed,
        n_workers=n_workers,
    ).start_at(first)
    saved = time.monotonic()
    totals = torch.zeros(2)
    for step in range(first, recipe.n_steps):
        gain, error = _step(network, optimiser, next(batches), recipe, step)
        average.update(network, step)
        totals += torch.tensor((gain, error))
        done = step + 1
        if done % REPORT_EVERY == 0:
            gain_db, kernel_error = (totals / min(REPORT_EVERY, done - first)).tolist()
            report(KernelProgress(step=done, gain_db=_DECIBELS * gain_db, kernel_error=kernel_error))
            totals.zero_()
        stopping = not keep_going()
        if stopping or done == recipe.n_steps or time.monotonic() - saved > CHECKPOINT_SECONDS:
            _save(run, recipe, network, average, optimiser, done)
            saved = time.monotonic()
        if stopping:
            break
    return average.network


def _step(
    network: KernelNetwork, optimiser: torch.optim.Optimizer, sample: BlurredSample, recipe: KernelRecipe, step: int
) -> tuple[float, float]:
    """Train on one batch; return the logarithm of the gain and the error of the kernels."""
    rate = cosine_with_warmup(step, peak=recipe.learning_rate, n_steps=recipe.n_steps, n_warmup=recipe.n_warmup)
    for group in optimiser.param_groups:
        group["lr"] = rate
    draws = torch.Generator().manual_seed(recipe.seed * recipe.n_steps + step)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=recipe.precision == "bfloat16"):
        kernel, log_regularisers = network(sample.maps, sample.statistics)
    losses = kernel_losses(kernel.float(), log_regularisers.float(), sample, draws)
    # the true kernel guides at first; later what counts is the picture
    fall = min(1.0, step / (FULL_GUIDANCE_SHARE * recipe.n_steps))
    guidance = recipe.guidance + (LEAST_GUIDANCE - recipe.guidance) * fall
    total = losses.gain + 0.5 * losses.fixed_gain + guidance * losses.kernel
    if not torch.isfinite(total):
        raise NumericalError(f"step {step + 1}: expected a finite loss, got {total.item()}: use a lower learning rate")
    optimiser.zero_grad()
    total.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    return losses.gain.item(), losses.kernel.item()


def _save(
    run: Path,
    recipe: KernelRecipe,
    network: KernelNetwork,
    average: WeightAverage[KernelNetwork],
    optimiser: torch.optim.Optimizer,
    step: int,
) -> None:
    """Write the averaged weights, then the state, which is what a run goes on from."""
    save_kernel_network(average.network, run / TORCH_KERNEL_FILE)
    state = {
        "step": step,
        "recipe": asdict(recipe),
        "network": network.state_dict(),
        "average": average.network.state_dict(),
        "optimiser": optimiser.state_dict(),
    }
    write_state(run, state)


def _load(
    run: Path,
    recipe: KernelRecipe,
    network: KernelNetwork,
    average: WeightAverage[KernelNetwork],
    optimiser: torch.optim.Optimizer,
) -> int:
    """Restore the state of a run in place and return the steps done, 0 where there is none."""
    state = read_state(run)
    if state is None:
        return 0
    with resuming(run):
        begun = state["recipe"]
    if begun != asdict(recipe):
        raise ConfigurationError(f"{run} holds a run of {begun}; got {asdict(recipe)}: use another folder")
    with resuming(run):
        network.load_state_dict(state["network"])
        average.network.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        return int(state["step"])
