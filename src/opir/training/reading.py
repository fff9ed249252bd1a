"""Fitting what the logarithms of the estimator's features say of a task, to samples whose features are known.

Nothing but a small layer is trained, on numbers that are there already, so it takes minutes where training the
estimator takes hours; the encoder, the context and with them everything that the trunks have learned stay as they are.
Logarithms order development pictures better than amounts for rain, haze, snow and darkness (docs/decisions/0022).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opir.errors import ConfigurationError
from opir.model.estimator import DegradationEstimator
from opir.model.logarithms import ReadingOfLogarithms
from opir.tasks import TASKS, Task
from opir.training.mean_features import MeanFeatures
from opir.training.schedule import cosine_with_warmup

INITIAL_SPREAD = 0.05
"""Standard deviation of the last layer's initial weights: from nothing at all the hidden layer would learn late."""


@dataclass(frozen=True, kw_only=True)
class ReadingRecipe:
    """How readings are fitted."""

    n_heads: int = 8
    """Readings that are fitted from different initial values; their mean is what is learned."""

    n_epochs: int = 20
    """How often each of them sees all samples."""

    n_mean_epochs: int = 60
    """How often the one that learns their mean sees all samples."""

    batch_size: int = 256
    """Samples of a step."""

    learning_rate: float = 3e-3
    """Peak of the rate of AdamW; it falls to nothing by a cosine."""

    weight_decay: float = 1e-2
    """Of AdamW."""

    dropout: float = 0.2
    """Share of the hidden units that are left out of a step."""

    seed: int = 0
    """Seed of initial weights and of the order of samples."""

    def __post_init__(self) -> None:
        positive = ("n_heads", "n_epochs", "n_mean_epochs", "batch_size", "learning_rate")
        wrong = [f"{name} must be positive; got {getattr(self, name)}" for name in positive if getattr(self, name) <= 0]
        if not 0 <= self.dropout < 1:
            wrong.append(f"dropout must lie between 0 and 1; got {self.dropout}")
        if wrong:
            raise ConfigurationError("; ".join(wrong))


def refit_reading(
    estimator: DegradationEstimator,
    samples: MeanFeatures,
    tasks: Sequence[Task],
    recipe: ReadingRecipe,
    *,
    share: float,
    report: Callable[[str], None] = lambda _: None,
) -> DegradationEstimator:
    """Read tasks from logarithms: ``share`` times what a fitted reading says, the rest being what was read so far.

    Several readings are fitted to the labels; one of the same size then learns the mean of what they say of these
    tasks, and what the reading of ``estimator`` says of the others. Changes of the log-odds of these tasks
    (:mod:`opir.model.log_odds`) are undone, since they were chosen for what was read before.

    Args:
        estimator: left as it is.
        samples: averaged features with their labels.
        tasks: which are read anew; all others keep their log-odds as far as the new layer can say the same.
        recipe: how.
        share: 0 to 1, of the new reading. The log-odds so far count ``1 - share`` times, from amounts and logarithms.
        report: called with a line for each thing that is fitted.

    Returns:
        The estimator with its readings changed.

    Raises:
        ConfigurationError: if no task is named, or the share is not one.
    """
    _check(tasks, share)
    heads = []
    for number in range(recipe.n_heads):
        heads.append(_fitted(samples, recipe, seed=recipe.seed + number))
        report(f"reading {number + 1} of {recipe.n_heads} is fitted")
    with torch.no_grad():
        said = torch.stack([head(samples.features) for head in heads]).mean(dim=0)
    result = _with_reading(estimator, samples.features, said, tasks, recipe, share=share, report=report)
    with torch.no_grad():
        kept = 1 - share * _marked(tasks)
        result.task_logits.weight.mul_(kept[:, None])
        result.task_logits.bias.mul_(kept)
    return result


def imitate_reading(
    estimator: DegradationEstimator,
    features: Tensor,
    said: Tensor,
    tasks: Sequence[Task],
    recipe: ReadingRecipe,
    *,
    share: float,
    report: Callable[[str], None] = lambda _: None,
) -> DegradationEstimator:
    """Read tasks as another estimator does: ``share`` times what it says of samples, the rest being what was read.

    The reading from amounts stays as it is, that from logarithms learns what is missing. Numbers of a better estimator
    say more than labels, which are the same for a picture in which snow is plain and one in which it hardly shows.

    Args:
        estimator: left as it is.
        features: (N, C), averaged features of samples by this estimator.
        said: (N, T), log-odds by the other one, as trained, of the same samples.
        tasks: which are read anew; all others keep their log-odds as far as the new layer can say the same.
        recipe: how the reading learns; nothing is fitted to labels.
        share: 0 to 1, of what the other one says.
        report: called with a line at the end.

    Returns:
        The estimator with its reading changed.

    Raises:
        ConfigurationError: if no task is named, the share is not one, or the numbers are not of the same samples.
    """
    _check(tasks, share)
    if said.shape != (len(features), len(TASKS)):
        raise ConfigurationError(f"expected log-odds ({len(features)}, {len(TASKS)}); got {tuple(said.shape)}")
    with torch.no_grad():
        amounts = estimator.read_amounts(features)
    return _with_reading(estimator, features, said - amounts, tasks, recipe, share=share, report=report)


@torch.no_grad()
def log_odds_as_trained(estimator: DegradationEstimator, features: Tensor) -> Tensor:
    """What an estimator says of averaged features (N, C) before its log-odds are changed for use, (N, T)."""
    logits: Tensor = estimator.read_amounts(features) + estimator.logarithms(features)
    return logits


def _check(tasks: Sequence[Task], share: float) -> None:
    if not tasks or not 0 <= share <= 1:
        raise ConfigurationError(f"expected one or more tasks and a share between 0 and 1; got {tasks}, {share}")


def _marked(tasks: Sequence[Task]) -> Tensor:
    """(T,), 1 for these tasks."""
    return torch.tensor([float(task in tasks) for task in TASKS])


def _with_reading(
    estimator: DegradationEstimator,
    features: Tensor,
    said: Tensor,
    tasks: Sequence[Task],
    recipe: ReadingRecipe,
    *,
    share: float,
    report: Callable[[str], None],
) -> DegradationEstimator:
    """A copy whose logarithms say ``share`` times ``said`` of these tasks, their log-odds in use being as trained."""
    changed = _marked(tasks)
    with torch.no_grad():
        before = estimator.logarithms(features)
        expected = changed * (share * said + (1 - share) * before) + (1 - changed) * before
    result = copy.deepcopy(estimator)
    result.logarithms = _taught(features, expected, recipe)
    with torch.no_grad():
        rows = changed.nonzero()[:, 0]
        result.log_odds[rows] = torch.eye(*result.log_odds.shape)[rows]
        error = (result.logarithms(features) - expected).abs().mean(dim=0)
    listed = ", ".join(f"{task} {float(error[row]):.2f}" for row, task in enumerate(TASKS) if expected[:, row].any())
    report(f"one reading for all: mean distance of its log-odds {listed}")
    return result.eval()


def _fitted(samples: MeanFeatures, recipe: ReadingRecipe, *, seed: int) -> ReadingOfLogarithms:
    """A reading that is fitted to the labels."""

    def loss(reading: ReadingOfLogarithms, chosen: Tensor) -> Tensor:
        logits = _with_dropout(reading, samples.features[chosen], recipe.dropout)
        labels, known = samples.labels[chosen], samples.known[chosen]
        return (F.binary_cross_entropy_with_logits(logits, labels, reduction="none") * known).mean()

    return _trained(samples.features, recipe, loss, n_epochs=recipe.n_epochs, seed=seed)


def _taught(features: Tensor, expected: Tensor, recipe: ReadingRecipe) -> ReadingOfLogarithms:
    """A reading that says what is expected of it; of a task of which that is nothing, exactly nothing."""
    speaks = expected.any(dim=0)

    def loss(reading: ReadingOfLogarithms, chosen: Tensor) -> Tensor:
        said: Tensor = reading(features[chosen])
        return F.smooth_l1_loss(said[:, speaks], expected[chosen][:, speaks])

    reading = _trained(features, recipe, loss, n_epochs=recipe.n_mean_epochs, seed=recipe.seed)
    with torch.no_grad():
        reading.task_logits.weight[~speaks] = 0
        reading.task_logits.bias[~speaks] = 0
    return reading


def _trained(
    features: Tensor,
    recipe: ReadingRecipe,
    loss: Callable[[ReadingOfLogarithms, Tensor], Tensor],
    *,
    n_epochs: int,
    seed: int,
) -> ReadingOfLogarithms:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        reading = ReadingOfLogarithms(features.shape[1], len(TASKS))
        nn.init.normal_(reading.task_logits.weight, std=INITIAL_SPREAD)
        optimiser = torch.optim.AdamW(reading.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
        batches = list(_batches(len(features), recipe.batch_size, n_epochs))
        for step, chosen in enumerate(batches):
            rate = cosine_with_warmup(step, peak=recipe.learning_rate, n_steps=len(batches), n_warmup=0)
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.zero_grad(set_to_none=True)
            loss(reading, chosen).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return reading.eval()


def _batches(n: int, size: int, n_epochs: int) -> Iterator[Tensor]:
    """Numbers of samples, each once an epoch; what is left over at its end, less than a batch, waits for the next."""
    for _ in range(n_epochs):
        order = torch.randperm(n)
        for start in range(0, max(1, n - size + 1), size):
            yield order[start : start + size]


def _with_dropout(reading: ReadingOfLogarithms, features: Tensor, dropout: float) -> Tensor:
    hidden = F.dropout(reading.hidden_units(features), dropout, training=True)
    logits: Tensor = reading.task_logits(hidden)
    return logits
