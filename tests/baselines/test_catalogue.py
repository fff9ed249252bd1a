"""What holds for every method, and the errors."""

from __future__ import annotations

import io
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest
from PIL import Image

from opir.baselines.baseline import Baseline
from opir.baselines.catalogue import BASELINES, get_baseline
from opir.baselines.libraries import IMPORT_NAMES, installed_version, require
from opir.errors import ConfigurationError, MissingExtraError, NumericalError, ShapeError
from opir.tasks import TASKS

NAMES = sorted(BASELINES)
DENOISERS = [name for name in NAMES if "noise" in BASELINES[name].tasks]


@pytest.mark.parametrize("name", NAMES)
def test_shape_range_input_and_determinism(name: str, noisy: np.ndarray):
    """The picture of ``float-noise`` reaches beyond [0, 1]."""
    image = np.ascontiguousarray(1.4 * noisy[:, :40, :37] - 0.2)
    before = image.copy()
    result = BASELINES[name].restore(image)
    assert (result.shape, result.dtype) == (image.shape, np.float32)
    assert result.min() >= 0
    assert result.max() <= 1
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(BASELINES[name].restore(image), result)
    assert (result != np.clip(image, 0, 1)).any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_flat_pictures_of_the_smallest_size(name: str, level: float):
    result = BASELINES[name].restore(np.full((3, 16, 17), level, np.float32))
    assert np.ptp(result) < 1e-3 or name == "clahe"


@pytest.mark.parametrize("name", NAMES)
def test_colours_are_not_exchanged(name: str, scene: np.ndarray):
    """Red stays the strongest channel of a red picture."""
    red = (scene * np.array([1.0, 0.5, 0.25])[:, None, None]).astype(np.float32)
    means = BASELINES[name].restore(red).mean(axis=(1, 2))
    assert means[0] > means[1] > means[2]


@pytest.mark.parametrize("name", DENOISERS)
def test_noise_is_reduced(name: str, scene: np.ndarray, noisy: np.ndarray):
    gain = 10 * np.log10(np.mean((noisy - scene) ** 2) / np.mean((BASELINES[name].restore(noisy) - scene) ** 2))
    assert gain > 2.5


@pytest.mark.parametrize("name", ["bilateral", "nlm-opencv"])
def test_blocks_of_jpeg_are_smoothed(name: str):
    """On a smooth ramp compressed at quality 10, where the blocks are all that there is."""
    ramp = np.linspace(40, 200, 96)[None, :] + np.linspace(0, 30, 64)[:, None]
    clean = np.repeat(ramp[..., None], 3, axis=2)
    file = io.BytesIO()
    Image.fromarray(clean.astype(np.uint8)).save(file, "JPEG", quality=10)
    with Image.open(file) as decoded:
        blocky = np.asarray(decoded).transpose(2, 0, 1).astype(np.float32) / 255
    target = clean.transpose(2, 0, 1) / 255
    result = BASELINES[name].restore(np.ascontiguousarray(blocky))
    assert np.mean((result - target) ** 2) < 0.95 * np.mean((blocky - target) ** 2)


@pytest.mark.parametrize("name", NAMES)
def test_every_method_says_what_it_is(name: str):
    baseline = BASELINES[name]
    assert set(baseline.tasks) <= set(TASKS)
    assert baseline.tasks
    assert set(baseline.packages) <= set(IMPORT_NAMES)
    for package in baseline.packages:
        assert f"{package} {version(package)}" in baseline.software
    assert baseline.software
    assert baseline.parameters
    assert baseline.source


def test_every_task_has_a_baseline():
    assert {task for baseline in BASELINES.values() for task in baseline.tasks} == set(TASKS)


def test_an_unknown_name_gets_the_nearest():
    assert get_baseline("nlm").name == "nlm"
    with pytest.raises(ConfigurationError, match="'medain': did you mean 'median'"):
        get_baseline("medain")
    with pytest.raises(ConfigurationError, match="known are nlm, "):
        get_baseline("zzz")


@pytest.mark.parametrize(
    ("name", "module"), [("median", "cv2"), ("tv", "skimage"), ("nlm", "pywt"), ("bilateral", "cv2")]
)
def test_a_missing_library_is_named_with_the_install_line(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch, noisy: np.ndarray
):
    for loaded in [key for key in sys.modules if key.partition(".")[0] == module]:
        monkeypatch.setitem(sys.modules, loaded, None)
    with pytest.raises(MissingExtraError, match=rf"need {module}, .*pip install 'opir\[benchmark\]'"):
        BASELINES[name].check_installed()
    with pytest.raises(MissingExtraError, match=r"opir\[benchmark\]"):
        BASELINES[name].restore(noisy)


def test_methods_without_a_library_need_none(monkeypatch: pytest.MonkeyPatch, scene: np.ndarray):
    for module in IMPORT_NAMES.values():
        monkeypatch.setitem(sys.modules, module, None)
    for name in ("dark-channel", "guided", "gamma", "lime-simplified"):
        BASELINES[name].check_installed()
        BASELINES[name].restore(scene)


def test_versions():
    assert installed_version("numpy") == np.__version__
    assert installed_version("no-such-package") is None
    assert require("numpy") is np


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (np.zeros((3, 15, 40), np.float32), ShapeError, r"at least 16 px; got float32 \(3, 15, 40\)"),
        (np.zeros((20, 20, 3), np.float32), ShapeError, r"\(3, H, W\)"),
        (np.zeros((3, 20, 20)), ShapeError, "got float64"),
        (np.full((3, 20, 20), np.nan, np.float32), NumericalError, "holds NaN"),
    ],
)
def test_refusals(image: np.ndarray, error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        BASELINES["gamma"].restore(image)


def test_a_result_that_is_not_finite_is_refused(scene: np.ndarray):
    broken = Baseline(
        name="broken",
        tasks=("noise",),
        method="-",
        parameters="-",
        source="-",
        packages=(),
        function=lambda image: image * np.float32(np.nan),
    )
    with pytest.raises(NumericalError, match="broken gave values that are not finite"):
        broken.restore(scene)


def test_the_table_loads_no_library():
    code = (
        "import sys, opir.baselines.catalogue\n"
        "assert not {'cv2', 'skimage', 'scipy', 'pywt', 'torch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
