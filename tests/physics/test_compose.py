"""Compositions: order, labels, repeatability, mixtures."""

from __future__ import annotations

import pytest
import torch

from laws import picture, seeded
from opir.errors import ConfigurationError, ShapeError
from opir.physics.catalogue import OPERATORS
from opir.physics.compose import apply_steps, compose, draw_present, draw_subsets, labels_of, physical_order
from opir.tasks import TASKS


def label(*tasks: str) -> list[float]:
    return [float(task in tasks) for task in TASKS]


def test_the_order_of_the_names_does_not_matter() -> None:
    image = picture(2)
    one = compose(image, ["gaussian_noise", "haze", "defocus_blur"], seeded(0), severity=0.6)
    other = compose(image, ["defocus_blur", "gaussian_noise", "haze"], seeded(0), severity=0.6)
    assert [step.kind for step in one.steps] == ["haze", "defocus_blur", "gaussian_noise"]
    assert torch.equal(one.image, other.image)


def test_noise_comes_after_blur_and_is_not_blurred() -> None:
    gray = torch.full((1, 3, 64, 64), 0.5)
    result = compose(gray, ["gaussian_noise", "gaussian_blur"], seeded(1), severity=1.0)
    noise = compose(gray, ["gaussian_noise"], seeded(1), severity=1.0)
    assert result.image.std() == pytest.approx(noise.image.std().item(), rel=0.05)


def test_a_composition_is_its_steps_by_hand() -> None:
    image = picture(3)
    result = compose(image, ["snow", "low_light"], seeded(2))
    expected = image
    for step in result.steps:
        expected = OPERATORS[step.kind].apply(expected, step.parameters)
    torch.testing.assert_close(result.image, expected, rtol=0, atol=1e-6)
    assert torch.equal(apply_steps(image, result.steps), result.image)


def test_labels_name_every_task_once() -> None:
    result = compose(picture(2), ["rain", "raindrop", "jpeg"], seeded(3))
    assert result.labels.tolist() == [label("rain", "jpeg")] * 2
    assert compose(picture(2), [], seeded(3)).labels.tolist() == [label()] * 2
    assert labels_of([], 1).tolist() == [label()]


def test_severity_zero_is_the_identity_without_label() -> None:
    image = picture(3)
    result = compose(image, list(OPERATORS), seeded(4), severity=torch.tensor([0.0, 0.0, 0.5]))
    assert torch.equal(result.image[:2], image[:2])
    assert not torch.equal(result.image[2], image[2])
    assert result.labels[:2].sum() == 0
    assert result.labels[2].tolist() == label(*TASKS)


def test_each_image_gets_its_own_subset() -> None:
    image = picture(3)
    present = torch.tensor([[True, False], [False, True], [False, False]])
    kinds = ["jpeg", "haze"]  # columns follow the given order, not the physical one
    result = compose(image, kinds, seeded(5), severity=0.7, present=present)
    assert result.labels.tolist() == [label("jpeg"), label("haze"), label()]
    assert torch.equal(result.image[2], image[2])
    # the picture has the parameters that it would have if all were present
    everything = compose(image, kinds, seeded(5), severity=0.7)
    hazy = OPERATORS["haze"].apply(image, everything.steps[0].parameters)
    torch.testing.assert_close(result.image[1], hazy[1])


def test_same_generator_state_same_result_and_input_untouched() -> None:
    image = picture(2)
    before = image.clone()
    kinds = ["rain", "motion_blur", "sensor_noise", "jpeg"]
    first, second = compose(image, kinds, seeded(6)), compose(image, kinds, seeded(6))
    assert torch.equal(first.image, second.image)
    assert not torch.equal(first.image, compose(image, kinds, seeded(7)).image)
    compose(image, [], seeded(6)).image.mul_(0)
    assert torch.equal(image, before)


def test_physical_order_of_everything_is_the_catalogue() -> None:
    assert physical_order(sorted(OPERATORS)) == tuple(OPERATORS)


def test_mixtures_hold_each_task_once_and_not_too_many() -> None:
    probabilities = {"rain": 0.8, "rain_overlay": 0.8, "haze": 0.5, "jpeg": 0.5, "gaussian_noise": 0.9, "snow": 0.0}
    kinds, present = draw_present(2000, probabilities, seeded(8), at_most=2)
    assert kinds == tuple(probabilities)
    assert present.shape == (2000, 6)
    assert not (present[:, 0] & present[:, 1]).any()
    assert present.sum(dim=1).max() == 2
    assert present[:, 5].sum() == 0
    rain = present[:, :2].any(dim=1).float().mean().item()
    assert 0.4 < rain < 0.95
    free = draw_present(4000, {"haze": 0.3, "jpeg": 0.6}, seeded(9))[1].float().mean(dim=0)
    assert free.tolist() == pytest.approx([0.3, 0.6], abs=0.03)


def test_wrong_use_is_refused() -> None:
    image = picture(2)
    with pytest.raises(ConfigurationError, match="did you mean haze"):
        compose(image, ["hase"], seeded(0))
    with pytest.raises(ConfigurationError, match="once"):
        compose(image, ["haze", "haze"], seeded(0))
    with pytest.raises(ConfigurationError, match=r"\[0, 1\]"):
        compose(image, ["haze"], seeded(0), severity=1.5)
    with pytest.raises(ShapeError, match="severity"):
        compose(image, ["haze"], seeded(0), severity=torch.ones(3))
    with pytest.raises(ShapeError, match="present"):
        compose(image, ["haze"], seeded(0), present=torch.ones(2, 2, dtype=torch.bool))
    with pytest.raises(ConfigurationError, match="at_most"):
        draw_present(2, {"haze": 1.5}, seeded(0))


def test_subsets_have_the_asked_size_and_each_task_once():
    kinds = ("haze", "gaussian_noise", "sensor_noise", "jpeg", "low_light")
    present = draw_subsets(200, kinds, 2, 3, seeded(0))
    counts = present.sum(dim=1)
    assert set(counts.tolist()) == {2, 3}
    assert not (present[:, 1] & present[:, 2]).any()
    assert (present.float().mean(dim=0) > 0.2).all()
