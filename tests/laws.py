"""Laws that every forward operator of ``opir.physics`` obeys, written once.

Each function takes an operator and images and asserts one law. The parameters are drawn by the operator
itself, from generators seeded here, so a law holds for what training really uses.
"""

from __future__ import annotations

import torch
from torch import Tensor

from opir.physics.degradation import Degradation, P

SIZES = ((1, 1), (1, 7), (5, 3), (17, 33))
"""Awkward image sizes that every operator must accept."""


def seeded(seed: int) -> torch.Generator:
    """A CPU generator in a known state."""
    return torch.Generator().manual_seed(seed)


def picture(
    n: int = 2, height: int = 40, width: int = 56, *, seed: int = 0, low: float = 0.0, high: float = 1.0
) -> Tensor:
    """Images (n, 3, height, width) in [low, high] with smooth areas, coloured edges and fine texture."""
    generator = seeded(seed)
    y = torch.linspace(0, 1, height)[:, None]
    x = torch.linspace(0, 1, width)[None, :]
    angle, frequency, phase = torch.rand(3, n, 3, 1, 1, generator=generator)
    wave = torch.sin(6.3 * ((1 + 3 * frequency) * (x * angle.cos() + y * angle.sin()) + phase))
    edge = (x * phase + y * (1 - phase) > 0.5 * frequency + 0.25).float()
    texture = torch.rand(n, 3, height, width, generator=generator)
    values = 0.45 * (0.5 + 0.5 * wave) + 0.4 * edge + 0.15 * texture
    return low + (high - low) * values.clamp(0, 1)


def assert_identity_limit(operator: Degradation[P], image: Tensor | None = None) -> None:
    """Severity 0 returns the image exactly, black, white and gray included."""
    images = picture(4) if image is None else image
    images = torch.cat((images, torch.zeros_like(images[:1]), torch.ones_like(images[:1])))
    parameters = operator.from_severity(torch.zeros(len(images)), seeded(1))
    assert torch.equal(operator.apply(images, parameters), images)


def assert_monotonic_severity(
    operator: Degradation[P], image: Tensor | None = None, *, steps: int = 5, slack: float = 0.0
) -> None:
    """The mean absolute change of every image grows strictly with severity, all else drawn equally.

    ``slack`` is the relative decrease that is tolerated from one step to the next.
    """
    images = picture(3, 48, 48) if image is None else image
    severities = torch.linspace(0, 1, steps).tolist()
    changes = torch.stack(
        [
            (operator.apply(images, operator.from_severity(torch.full((len(images),), s), seeded(2))) - images)
            .abs()
            .mean(dim=(1, 2, 3))
            for s in severities
        ]
    )
    assert (changes[1:] > changes[:-1] * (1 - slack)).all(), f"change by severity: {changes.tolist()}"


def assert_range(operator: Degradation[P], n: int = 6) -> None:
    """Sampled degradations keep shape, dtype and [0, 1], on black, white and awkward sizes too."""
    for height, width in (*SIZES, (40, 56)):
        images = picture(n, height, width)
        images[0], images[1] = 0.0, 1.0
        degraded = operator.apply(images, operator.sample(n, seeded(3)))
        assert degraded.shape == images.shape
        assert degraded.dtype == images.dtype
        assert degraded.isfinite().all()
        assert degraded.min() >= 0
        assert degraded.max() <= 1


def assert_input_untouched(operator: Degradation[P]) -> None:
    """``apply`` works on a copy, also where it has nothing to do."""
    images = picture(3)
    before = images.clone()
    for parameters in (operator.sample(3, seeded(4)), operator.from_severity(torch.zeros(3), seeded(4))):
        operator.apply(images, parameters).mul_(0.5)
        assert torch.equal(images, before)


def assert_batch_equals_loop(operator: Degradation[P], n: int = 4, *, tolerance: float = 1e-6) -> None:
    """An image of a batch is degraded exactly as if it were alone."""
    images = picture(n)
    parameters = operator.sample(n, seeded(5))
    together = operator.apply(images, parameters)
    alone = torch.cat([operator.apply(images[i : i + 1], parameters[i]) for i in range(n)])
    torch.testing.assert_close(together, alone, rtol=0, atol=tolerance)


def assert_seed_determinism(operator: Degradation[P], n: int = 3) -> None:
    """Same generator state, same result; another state, another result; global state is not consulted."""
    images = picture(n)
    first = operator.apply(images, operator.sample(n, seeded(6)))
    state = torch.get_rng_state()
    again = operator.apply(images, operator.sample(n, seeded(6)))
    assert torch.equal(state, torch.get_rng_state()), "the global generator was used"
    other = operator.apply(images, operator.sample(n, seeded(7)))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def assert_gradient(
    operator: Degradation[P],
    *,
    severity: float = 0.5,
    image: Tensor | None = None,
    step: float = 1e-6,
    tolerance: float = 1e-4,
) -> None:
    """The gradient in the image agrees with a central difference along a random direction, in float64.

    The images stay in [0.3, 0.6] by default, away from the clipping at 0 and 1.
    """
    images = (picture(2, 12, 12, low=0.3, high=0.6) if image is None else image).double()
    parameters = operator.from_severity(torch.full((len(images),), severity), seeded(8))
    direction = torch.randn(images.shape, generator=seeded(9), dtype=torch.float64)
    weights = torch.randn(images.shape, generator=seeded(10), dtype=torch.float64)
    leaf = images.clone().requires_grad_()
    (operator.apply(leaf, parameters) * weights).sum().backward()
    assert leaf.grad is not None
    assert leaf.grad.isfinite().all()
    ahead = (operator.apply(images + step * direction, parameters) * weights).sum()
    behind = (operator.apply(images - step * direction, parameters) * weights).sum()
    expected = (ahead - behind) / (2 * step)
    actual = (leaf.grad * direction).sum()
    assert expected.abs() > 1e-3, "the direction does not change the output: the check would be empty"
    torch.testing.assert_close(actual, expected, rtol=tolerance, atol=tolerance)


def assert_gradient_finite(operator: Degradation[P], n: int = 4) -> None:
    """The gradient of sampled degradations is finite on black, on white and in between."""
    images = picture(n)
    images[0], images[1] = 0.0, 1.0
    images.requires_grad_()
    operator.apply(images, operator.sample(n, seeded(11))).sum().backward()
    assert images.grad is not None
    assert images.grad.isfinite().all()


def assert_common_laws(operator: Degradation[P]) -> None:
    """The laws without exceptions: identity, range, untouched input, batch = loop, seeds."""
    assert_identity_limit(operator)
    assert_range(operator)
    assert_input_untouched(operator)
    assert_batch_equals_loop(operator)
    assert_seed_determinism(operator)
