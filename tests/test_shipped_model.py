"""The shipped weights do what the README says, on photographs that they were not trained on."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

import opir
from opir.metrics import psnr
from opir.runtime.weights import bundled_models, find_model, verify_model
from opir.srgb import to_encoded, to_linear


@pytest.fixture(scope="module")
def restorer():
    return opir.Restorer()


def photograph(name):
    return np.ascontiguousarray(getattr(data, name)()[:256, :320])


def degraded(photo, kind):
    values = photo / 255.0
    if kind == "noise":
        values = values + np.random.default_rng(0).normal(0, 25 / 255, values.shape)
    elif kind == "haze":
        tau = np.linspace(0.4, 0.7, photo.shape[0])[:, None, None]
        values = values * tau + 0.85 * (1 - tau)
    elif kind == "low_light":
        values = 0.3 * values
    elif kind == "rain":
        rows, columns = np.mgrid[: photo.shape[0], : photo.shape[1]]
        lanes = np.random.default_rng(1).random(photo.shape[1]) < 0.03
        phase = np.random.default_rng(2).integers(0, 80, photo.shape[1])
        slanted = (columns + rows // 6) % photo.shape[1]
        streaks = lanes[slanted] & ((rows + phase[slanted]) % 80 < 25)
        values = values + 0.35 * streaks[..., None]
    return np.clip(np.round(values * 255), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def tiny():
    return opir.Restorer("tiny")


@pytest.mark.parametrize("name", bundled_models())
def test_the_bundled_files_are_what_their_description_says(name):
    folder = find_model(name)
    verify_model(folder)
    spec = opir.ModelSpec.load(folder)
    assert (spec.name, spec.trained_tasks) == (name, opir.TASKS)
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert f"# Model card: {name} {spec.version}\n" in card
    assert spec.fingerprint[:12] in card


def test_the_bundled_models_are_small_enough_to_be_installed():
    assert bundled_models() == ("base", "tiny")
    files = [path for name in bundled_models() for path in find_model(name).iterdir()]
    assert sum(path.stat().st_size for path in files) < 25e6


@pytest.mark.parametrize("name", ["chelsea", "coffee"])
@pytest.mark.parametrize(("kind", "gain_db"), [("noise", 5.0), ("haze", 1.0)])
def test_tiny_makes_photographs_better_too(tiny, name, kind, gain_db):
    photo = photograph(name)
    bad = degraded(photo, kind)
    result = tiny.restore(bad)
    assert psnr(result.image, photo, data_range=255) > psnr(bad, photo, data_range=255) + gain_db
    assert max(result.found, key=lambda task: result.found[task]) == kind


@pytest.mark.parametrize("name", ["chelsea", "coffee"])
def test_tiny_leaves_clean_photographs_nearly_alone(tiny, name):
    photo = photograph(name)
    assert psnr(tiny.restore(photo).image, photo, data_range=255) > 38


@pytest.mark.parametrize("name", ["chelsea", "coffee"])
@pytest.mark.parametrize(("kind", "gain_db"), [("noise", 7.0), ("rain", 0.5), ("haze", 1.5), ("low_light", 8.0)])
def test_degraded_photographs_become_better_without_being_told_how(restorer, name, kind, gain_db):
    photo = photograph(name)
    bad = degraded(photo, kind)
    result = restorer.restore(bad)
    assert psnr(result.image, photo, data_range=255) > psnr(bad, photo, data_range=255) + gain_db
    assert max(result.found, key=lambda task: result.found[task]) == kind
    assert kind == "rain" or result.found[kind] > 0.5  # sparse streaks on a sharp picture: about 0.3


def blurred(photo, kind):
    """Move or defocus a photograph in linear light, by a kernel of 13 pixels a side, with a little noise."""
    rows, columns = np.mgrid[-6:7, -6:7]
    kernel = np.hypot(rows, columns) <= 3.5 if kind == "defocus" else np.abs(rows - columns // 2) < 1
    values = photo / 255.0
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    around = np.pad(light, ((6, 6), (6, 6), (0, 0)), mode="symmetric")
    height, width = photo.shape[:2]
    places = np.argwhere(kernel)
    light = sum(around[12 - y : 12 - y + height, 12 - x : 12 - x + width] for y, x in places) / len(places)
    values = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)
    values = values + np.random.default_rng(0).normal(0, 1 / 255, photo.shape)
    return np.clip(np.round(values * 255), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", ["astronaut", "chelsea"])
@pytest.mark.parametrize(("kind", "gain_db"), [("motion", 1.2), ("defocus", 1.5)])
def test_a_blur_that_is_the_same_all_over_is_undone(restorer, tiny, name, kind, gain_db):
    photo = photograph(name)
    bad = blurred(photo, kind)
    for model in (restorer, tiny):
        result = model.restore(bad)
        assert 4 < result.report.blur_px < 10
        assert psnr(result.image, photo, data_range=255) > psnr(bad, photo, data_range=255) + gain_db
        with_another_task = model.restore(bad, task="noise")
        assert with_another_task.report.blur_px is None


@pytest.mark.parametrize("name", ["chelsea", "coffee"])
def test_clean_photographs_are_left_nearly_alone(restorer, name):
    photo = photograph(name)
    result = restorer.restore(photo)
    assert result.report.blur_px is None
    assert psnr(result.image, photo, data_range=255) > 45


def test_the_expected_error_rises_with_the_noise_and_has_its_size(restorer):
    photo = photograph("chelsea")
    expected, actual = [], []
    for sigma in (5, 15, 40):
        noise = np.random.default_rng(0).normal(0, sigma, photo.shape)
        result = restorer.restore(np.clip(np.round(photo + noise), 0, 255).astype(np.uint8))
        expected.append(result.expected_error)
        actual.append(np.abs(result.image.astype(float) - photo).mean())
    assert expected == sorted(expected)
    assert all(0.5 < one / other < 2 for one, other in zip(expected, actual, strict=True))


@pytest.mark.parametrize("kind", ["noise", "rain", "haze", "low_light"])
def test_the_operator_differs_from_pixel_to_pixel(restorer, kind):
    """A trunk that has died still changes pictures, by one operator for all pixels; its uncertainty is flat."""
    uncertainty = restorer.restore(degraded(photograph("coffee"), kind)).uncertainty
    assert uncertainty.std() > 0.1 * uncertainty.mean()


@pytest.mark.parametrize(("name", "least_db"), [("coffee", 24), ("chelsea", 23)])
def test_dense_haze_in_yellow_light_is_removed_and_the_light_stays(restorer, name, least_db):
    """Seen as it is, its light not undone, it comes back at 21.9 and 18.8 dB."""
    light = np.array([0.45, 0.45, 0.3], np.float32)

    def lit(values):
        return np.round(255 * to_encoded(to_linear(values.astype(np.float32)) * light)).astype(np.uint8)

    photo = photograph(name) / 255.0
    tau = np.linspace(0.2, 0.4, photo.shape[0])[:, None, None]
    restored = restorer.restore(lit(photo * tau + 0.85 * (1 - tau)), task="haze").image
    assert psnr(restored, lit(photo), data_range=255) > least_db


def test_both_engines_and_all_tile_sizes_give_the_same_picture(restorer):
    bad = degraded(photograph("coffee"), "noise")[:203, :301]
    whole = restorer.restore(bad)
    for settings in ({"engine": "torch"}, {"tile": 64}):
        other = opir.Restorer(**settings).restore(bad)
        assert np.abs(other.image.astype(int) - whole.image).max() <= 1
        np.testing.assert_allclose(other.uncertainty, whole.uncertainty, rtol=1e-3, atol=1e-2)
