"""From picture to picture: what the user gave is kept, what was done is told, memory failures are survived."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import opir
from fake_engine import FakeEngine, fake_spec
from opir.errors import ConfigurationError, ImageTooLargeError, NumericalError, UnreadableImageError
from opir.imaging import Metadata, Photo
from opir.runtime import restore as restore_module
from opir.runtime.restore import Restorer
from tiny_model import write_tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def restorer(folder: Path) -> Restorer:
    return Restorer(folder, threads=1)


def pixels(height: int = 37, width: int = 50, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, channels), np.uint8)


def test_every_kind_of_source_gives_the_same_picture(restorer: Restorer, tmp_path: Path) -> None:
    image = Image.fromarray(pixels())
    image.save(tmp_path / "photo.png")
    encoded = io.BytesIO()
    image.save(encoded, "PNG")
    path = tmp_path / "photo.png"
    expected = restorer.restore(pixels()).image
    assert expected.shape == (37, 50, 3)
    assert expected.dtype == np.uint8
    assert (expected != pixels()).mean() > 0.5
    for source in (path, str(path), encoded.getvalue(), image, Photo(pixels=pixels())):
        np.testing.assert_array_equal(restorer.restore(source).image, expected)


def test_gray_stays_gray(restorer: Restorer) -> None:
    gray = pixels(channels=1)
    result = restorer.restore(gray[..., 0])
    assert result.photo.pixels.shape == (37, 50, 1)
    colour = restorer.restore(np.repeat(gray, 3, axis=2)).image.astype(float).mean(axis=2)
    np.testing.assert_allclose(result.image[..., 0], colour, atol=1.0)
    np.testing.assert_array_equal(result.image[..., 0], result.image[..., 2])
    assert result.to_pil().mode == "L"


def test_alpha_and_metadata_are_kept(restorer: Restorer) -> None:
    alpha = pixels(channels=1)[..., 0]
    metadata = Metadata(icc_profile=b"profile", dpi=(72.0, 72.0))
    result = restorer.restore(Photo(pixels=pixels(), alpha=alpha, metadata=metadata))
    assert replace(result.photo.metadata, xmp=None) == metadata
    image = result.to_pil()
    assert image.mode == "RGBA"
    assert image.info["icc_profile"] == b"profile"
    np.testing.assert_array_equal(np.asarray(image)[..., 3], alpha)
    np.testing.assert_array_equal(np.asarray(image)[..., :3], result.image)


def test_strength_zero_returns_the_original_bytes(restorer: Restorer) -> None:
    result = restorer.restore(pixels(), strength=0)
    assert result.image.tobytes() == pixels().tobytes()
    assert result.uncertainty.max() > 0


def test_strength_blends(restorer: Restorer) -> None:
    full = restorer.restore(pixels()).image.astype(float)
    half = restorer.restore(pixels(), strength=0.5).image.astype(float)
    np.testing.assert_allclose(half, (full + pixels()) / 2, atol=1.0)


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_impossible_strength(restorer: Restorer, strength: float) -> None:
    with pytest.raises(ConfigurationError, match="between 0"):
        restorer.restore(pixels(), strength=strength)


def test_uncertainty_is_calibrated_and_in_grey_levels() -> None:
    plain = Restorer.from_engine(FakeEngine()).restore(pixels())
    scaled = Restorer.from_engine(FakeEngine(fake_spec(uncertainty_scale=3.0))).restore(pixels())
    assert plain.uncertainty.shape == (37, 50)
    assert plain.uncertainty.dtype == np.float32
    assert plain.uncertainty.min() > 255 * 0.01
    np.testing.assert_allclose(scaled.uncertainty, 3 * plain.uncertainty, rtol=1e-5)
    assert plain.expected_error == pytest.approx(plain.uncertainty.mean(), rel=1e-5)


def test_findings_are_those_of_the_trained_tasks(restorer: Restorer) -> None:
    found = restorer.restore(pixels()).found
    assert list(found) == ["noise", "rain", "haze", "low_light"]
    assert all(0 < value < 1 for value in found.values())
    assert dict(restorer.restore(pixels(), task="rain").found) == dict(found)


def test_named_tasks_become_weights() -> None:
    engine = FakeEngine()
    seen: list[np.ndarray] = []

    class Spy(FakeEngine):
        def stage(self, *inputs: np.ndarray, expert: bool = False) -> tuple[np.ndarray, np.ndarray]:
            seen.append(inputs[3])
            return engine.stage(*inputs, expert=expert)

    result = Restorer.from_engine(Spy()).restore(pixels(), task=["haze", "noise"])
    np.testing.assert_array_equal(seen[0], [[1, 0, 0, 1, 0, 0, 0]])
    assert result.report.task == ("haze", "noise")


@pytest.mark.parametrize(
    ("task", "message"), [("raim", "did you mean 'rain'"), ("snow", "not trained on"), ([], "name at least one")]
)
def test_tasks_that_the_model_cannot_do(restorer: Restorer, task: str | list[str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        restorer.restore(pixels(), task=task)


def test_report_tells_what_was_done(folder: Path) -> None:
    report = Restorer(folder, tile=16, threads=1).restore(pixels(), strength=0.5).report
    assert (report.opir_version, report.model, report.model_version) == (opir.__version__, "tiny", "0.0.1")
    assert (report.engine, report.device, report.precision) == ("onnxruntime", "cpu", "float32")
    assert (report.height, report.width, report.tile, report.n_tiles) == (37, 50, 16, 12)
    assert (report.task, report.strength, report.notes) == (None, 0.5, ())
    assert len(report.weights_sha256) == 64
    assert report.seconds > 0


def test_tiles_give_the_pixels_of_the_whole(folder: Path) -> None:
    whole = Restorer(folder, tile=0, threads=1).restore(pixels())
    tiled = Restorer(folder, tile=16, threads=1).restore(pixels())
    assert np.abs(whole.image.astype(int) - tiled.image).max() <= 1
    np.testing.assert_allclose(whole.uncertainty, tiled.uncertainty, atol=1e-3)


def test_memory_failure_halves_the_tile_until_it_fits() -> None:
    engine = FakeEngine(largest_area=(80 + 32) * (80 + 32))
    result = Restorer.from_engine(engine, tile=0).restore(pixels(256, 320))
    assert result.report.tile == 80
    assert len(result.report.notes) == 2
    assert "the whole picture" in result.report.notes[0]
    expected = Restorer.from_engine(FakeEngine(), tile=0).restore(pixels(256, 320))
    assert np.abs(result.image.astype(int) - expected.image).max() <= 1


def test_memory_that_never_suffices_is_an_error_of_the_package() -> None:
    with pytest.raises(ImageTooLargeError, match="320 x 256 pixels"):
        Restorer.from_engine(FakeEngine(largest_area=0)).restore(pixels(256, 320))


def test_automatic_tile_follows_the_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    # 20 MB: half of it, less 40 bytes for each of 300 x 300 pixels, holds 252 x 252 pixels of 100 bytes.
    for free, tile in ((2**40, 0), (20_000_000, 216)):
        monkeypatch.setattr(restore_module, "available_memory_bytes", lambda free=free: free)
        assert Restorer.from_engine(FakeEngine()).restore(pixels(300, 300)).report.tile == tile


def test_values_that_are_not_finite_never_become_a_picture(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "broken", gain=float("nan"))
    with pytest.raises(NumericalError, match="stage 1 gave values that are not finite in tile 1"):
        Restorer(folder, threads=1).restore(pixels())


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (9, 2)])
def test_any_size(restorer: Restorer, size: tuple[int, int]) -> None:
    result = restorer.restore(pixels(*size))
    assert result.image.shape == (*size, 3)
    assert result.uncertainty.shape == size


def test_identity_weights_change_nothing(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "identity", gain=0.0)
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    np.testing.assert_array_equal(Restorer(folder, threads=1).restore(ramp).image, ramp)


def test_saves_in_the_format_of_the_suffix(restorer: Restorer, tmp_path: Path) -> None:
    result = restorer.restore(pixels())
    result.save(tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as image:
        np.testing.assert_array_equal(np.asarray(image), result.image)


def test_unreadable_source(restorer: Restorer, tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError):
        restorer.restore(tmp_path / "missing.png")


@pytest.mark.parametrize("tile", [-1, -8])
def test_impossible_tile(folder: Path, tile: int) -> None:
    with pytest.raises(ConfigurationError, match="tile must be"):
        Restorer(folder, tile=tile)
