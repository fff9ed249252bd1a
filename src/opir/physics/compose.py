"""Several degradations at once, applied in the order in which light meets them."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from opir.errors import ConfigurationError, ShapeError
from opir.physics.catalogue import OPERATORS
from opir.physics.degradation import Parameters
from opir.tasks import TASKS


@dataclass(frozen=True, kw_only=True)
class Step:
    """One operator of a composition, and the images that it acts on."""

    kind: str
    """Name in :data:`opir.physics.catalogue.OPERATORS`."""
    parameters: Parameters
    """What was drawn for it, for all B images."""
    present: Tensor
    """(B,), bool: the images that it is applied to."""


@dataclass(frozen=True, kw_only=True)
class Composition:
    """Degraded pictures and how they came about."""

    image: Tensor
    """(B, 3, H, W), sRGB in [0, 1], not quantised."""
    labels: Tensor
    """(B, T), float32, 1 where a task of :data:`opir.tasks.TASKS` is present."""
    steps: tuple[Step, ...]
    """The operators in the order in which they acted; :func:`apply_steps` repeats them."""


def compose(
    image: Tensor,
    kinds: Collection[str],
    generator: torch.Generator,
    *,
    severity: Tensor | float | None = None,
    present: Tensor | None = None,
) -> Composition:
    """Degrade pictures in several ways, whatever the order of the names, in the physical order.

    Args:
        image: (B, 3, H, W), sRGB in [0, 1].
        kinds: names of :data:`opir.physics.catalogue.OPERATORS`, each once.
        generator: decides everything that is drawn, on the image's device.
        severity: in [0, 1], one for all or (B,); without it parameters come from the training distribution.
        present: (B, K), bool, which of the K kinds, in the given order, each image gets; all of them by default.

    Returns:
        The degraded pictures, their labels and what was drawn. A severity of 0 changes nothing and labels nothing.

    Raises:
        ConfigurationError: if a name is unknown or occurs twice, or a severity is outside [0, 1].
        ShapeError: if ``severity`` or ``present`` does not match the batch.
    """
    names = list(kinds)
    check_kinds(names)
    n = len(image)
    strength = _check_severity(severity, n, image.device)
    chosen = torch.ones(n, len(names), dtype=torch.bool, device=image.device) if present is None else present
    if chosen.shape != (n, len(names)):
        raise ShapeError(
            f"present must be {(n, len(names))} for {n} images and kinds {names}; got {tuple(chosen.shape)}"
        )
    steps = []
    for kind in physical_order(names):
        operator, column = OPERATORS[kind], chosen[:, names.index(kind)]
        if strength is None:
            parameters = operator.sample(n, generator)
        else:
            parameters = operator.from_severity(strength, generator)
            column = column & (strength > 0)
        steps.append(Step(kind=kind, parameters=parameters, present=column))
    return Composition(image=apply_steps(image, steps), labels=labels_of(steps, n), steps=tuple(steps))


def apply_steps(image: Tensor, steps: Sequence[Step]) -> Tensor:
    """Apply drawn degradations to pictures (B, 3, H, W), one after the other."""
    result = image.clone()
    for step in steps:
        rows = step.present.nonzero()[:, 0]
        if len(rows) > 0:
            changed = OPERATORS[step.kind].apply(result[rows], select_images(step.parameters, rows))
            result = result.index_copy(0, rows, changed.to(result.dtype))
    return result


def labels_of(steps: Sequence[Step], n: int) -> Tensor:
    """Labels (n, T) of pictures that went through the steps: 1 for every task present."""
    labels = torch.zeros(n, len(TASKS), device=steps[0].present.device if steps else None)
    for step in steps:
        column = TASKS.index(OPERATORS[step.kind].task)
        labels[:, column] = torch.maximum(labels[:, column], step.present.float())
    return labels


def physical_order(kinds: Collection[str]) -> tuple[str, ...]:
    """The names in the order of the catalogue: air, glass, lens, exposure, sensor, file."""
    return tuple(kind for kind in OPERATORS if kind in kinds)


def draw_present(
    n: int, probabilities: Mapping[str, float], generator: torch.Generator, *, at_most: int = 3
) -> tuple[tuple[str, ...], Tensor]:
    """Draw mixtures in which each task occurs once at most, as ``kinds`` and ``present`` of :func:`compose`.

    Every kind is drawn by itself with its probability. Of several kinds of one task one is kept, and of more than
    ``at_most`` kinds that many are, at random.

    Args:
        n: number of images.
        probabilities: kind -> probability in [0, 1].
        generator: decides what is drawn.
        at_most: largest number of degradations of one image, at least 1.

    Returns:
        The kinds, K of them, and (n, K), bool.

    Raises:
        ConfigurationError: if a name is unknown, a probability is outside [0, 1], or ``at_most`` is below 1.
    """
    kinds = tuple(probabilities)
    check_kinds(kinds)
    if at_most < 1 or not all(0 <= chance <= 1 for chance in probabilities.values()):
        raise ConfigurationError(
            f"a mixture needs probabilities in [0, 1] and at_most of 1 or more; got {dict(probabilities)}, {at_most}"
        )
    device = generator.device
    chances = torch.tensor(list(probabilities.values()), device=device)
    wanted = torch.rand(n, len(kinds), generator=generator, device=device) < chances
    priority = torch.rand(n, len(kinds), generator=generator, device=device) * wanted
    priority = _one_per_task(priority, kinds)
    smallest_kept = priority.topk(min(at_most, len(kinds)), dim=1).values[:, -1:] if kinds else priority
    return kinds, (priority > 0) & (priority >= smallest_kept)


def draw_subsets(n: int, kinds: Sequence[str], low: int, high: int, generator: torch.Generator) -> Tensor:
    """Draw ``low`` to ``high`` of the kinds for each of ``n`` images, each task once at most.

    Returns:
        (n, K), bool, the ``present`` of :func:`compose`; fewer than ``low`` where the kinds show fewer tasks.
    """
    device = generator.device
    priority = _one_per_task(torch.rand(n, len(kinds), generator=generator, device=device) + 1e-6, kinds)
    count = torch.randint(low, high + 1, (n, 1), generator=generator, device=device)
    rank = priority.argsort(dim=1, descending=True).argsort(dim=1)
    return (priority > 0) & (rank < count)


def check_kinds(kinds: Sequence[str]) -> None:
    """Raise :class:`ConfigurationError` unless every name is in the catalogue, and none twice."""
    for kind in kinds:
        if kind not in OPERATORS:
            near = difflib.get_close_matches(kind, OPERATORS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(OPERATORS)}"
            raise ConfigurationError(f"no degradation is called {kind!r}; {hint}")
    if len(set(kinds)) < len(kinds):
        raise ConfigurationError(f"each degradation may be named once; got {', '.join(kinds)}")


def select_images(parameters: Parameters, rows: Tensor) -> Parameters:
    """The parameters of some images, by their numbers (R,), int64."""
    return type(parameters)(**{field.name: getattr(parameters, field.name)[rows] for field in fields(parameters)})


def _one_per_task(priority: Tensor, kinds: Sequence[str]) -> Tensor:
    """Set to zero the priorities (n, K) of all kinds of a task but the highest."""
    kept = priority.clone()
    for task in {OPERATORS[kind].task for kind in kinds}:
        columns = [column for column, kind in enumerate(kinds) if OPERATORS[kind].task == task]
        best = kept[:, columns].amax(dim=1, keepdim=True)
        kept[:, columns] = torch.where(kept[:, columns] == best, kept[:, columns], 0.0)
    return kept


def _check_severity(severity: Tensor | float | None, n: int, device: torch.device) -> Tensor | None:
    if severity is None:
        return None
    strength = torch.as_tensor(severity, dtype=torch.float32, device=device)
    if strength.ndim == 0:
        strength = strength.expand(n)
    if strength.shape != (n,):
        raise ShapeError(f"severity must be a number or ({n},) for {n} images; got {tuple(strength.shape)}")
    if not ((strength >= 0) & (strength <= 1)).all():
        raise ConfigurationError(f"severity must be in [0, 1]; got {strength.tolist()}")
    return strength
