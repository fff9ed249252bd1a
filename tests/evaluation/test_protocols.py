"""Every published protocol on fixtures whose scores follow from a line of arithmetic, and against scikit-image."""

from __future__ import annotations

from dataclasses import replace
from math import log10

import numpy as np
import pytest
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from opir.data import ImageSet
from opir.errors import ConfigurationError
from opir.evaluation.benchmark import evaluate
from opir.evaluation.contestants import Identity, Restored
from opir.evaluation.plan import Case, plan_cases
from opir.evaluation.protocols import PROTOCOLS, Measure, get_protocol

UNIFORM: dict[str, bool] = {}
GAUSSIAN = {"gaussian_weights": True}
WANG = {"gaussian_weights": True, "use_sample_covariance": False}


class Shifted:
    """Its result is the reference plus a constant in grey levels."""

    def __init__(self, grey_levels: float) -> None:
        self.grey_levels = grey_levels

    identity = Identity(name="shifted", kind="folder", source="nowhere")

    def restore(self, case: Case) -> Restored:
        return Restored(image=case.clean + np.float32(self.grey_levels / 255))


def decibels(grey_levels: float) -> float:
    return 20 * log10(255 / grey_levels)


@pytest.fixture
def framed(write_set) -> ImageSet:
    """Flat grey 100; input 110 within the centre 16 x 16, and 200 in a frame of 1 px above, 1 below, 2 at the sides."""
    clean = np.full((18, 20, 3), 100)
    degraded = np.full((18, 20, 3), 200)
    degraded[1:17, 2:18] = 110
    return write_set({"target/a.png": clean, "input/a.png": degraded})


N_INNER, N_FRAME = 256, 18 * 20 - 256
WHOLE = ((N_INNER * 10**2 + N_FRAME * 100**2) / 360) ** 0.5
"""Root mean square error of the whole framed picture."""

# Y = 16 + 219/255 g: 101.88, 110.47 and 187.76 for 100, 110 and 200, or 102, 110 and 188 as whole numbers.
WHOLE_Y_ROUNDED = ((N_INNER * 8**2 + N_FRAME * 86**2) / 360) ** 0.5


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("aio", 10),
        ("moce", 10),
        ("basicsr", WHOLE),
        ("cdd11", WHOLE),
        ("weather", WHOLE * 219 / 255),
        ("derain-y", WHOLE_Y_ROUNDED),
        ("float-noise", WHOLE),
        ("ours", WHOLE),
    ],
)
def test_crop_and_channel(framed: ImageSet, name: str, error: float):
    protocol = get_protocol(name)
    (score,) = evaluate(plan_cases(framed, protocol).cases(), (), protocol)
    assert score.input[0] == pytest.approx(decibels(error), abs=1e-5)
    assert (score.width, score.height) == ((16, 16) if protocol.crop_multiple == 16 else (20, 18))
    if name in ("aio", "moce"):
        a, b, c1 = 100 / 255, 110 / 255, 1e-4
        assert score.input[1] == pytest.approx((2 * a * b + c1) / (a * a + b * b + c1), abs=1e-6)


def test_all_numbers_of_our_own_protocol(framed: ImageSet):
    protocol = PROTOCOLS["ours"]
    (score,) = evaluate(plan_cases(framed, protocol).cases(), (Shifted(-3.0),), protocol)
    values = dict(zip((measure.name for measure in protocol.measures), score.results[0].values, strict=True))
    flat = (2 * 97 * 100 + 1e-4 * 255**2) / (97**2 + 100**2 + 1e-4 * 255**2)
    assert values == pytest.approx(
        {
            "psnr_rgb": decibels(3),
            "psnr_rgb_uint8": decibels(3),
            "psnr_y": decibels(3 * 219 / 255),
            "psnr_y_uint8": decibels(3),  # 101.88 and 99.31, rounded to 102 and 99
            "ssim_uniform7": flat,
            "ssim_gaussian11": flat,
            "mae": 3,
        },
        abs=1e-4,
    )


@pytest.mark.parametrize("name", PROTOCOLS)
def test_rounding(framed: ImageSet, name: str):
    """A result 0.3 grey levels off is perfect where results are rounded, and not where they are not."""
    protocol = get_protocol(name)
    (score,) = evaluate(plan_cases(framed, protocol).cases(), (Shifted(0.3),), protocol)
    is_rounded = name not in ("aio", "moce", "ours")
    assert score.results[0].values[0] == pytest.approx(100 if is_rounded else decibels(0.3), abs=1e-3)


@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("aio", UNIFORM),
        ("moce", GAUSSIAN),
        ("basicsr", WANG),
        ("cdd11", UNIFORM),
        ("weather", WANG),
        ("derain-y", WANG),
        ("float-noise", WANG),
    ],
)
def test_scores_agree_with_scikit_image(random_pairs: ImageSet, name: str, window: dict[str, bool]):
    protocol = get_protocol(name)
    (case, *_) = cases = list(plan_cases(random_pairs, protocol).cases())
    noisy, clean = case.degraded.astype(float), case.clean.astype(float)
    if name in ("weather", "derain-y"):
        noisy, clean = (rgb2ycbcr(image, channel_axis=0)[:1] / 255 for image in (noisy, clean))
    if name == "derain-y":
        noisy, clean = (np.rint(image * 255) / 255 for image in (noisy, clean))
    expected = (
        peak_signal_noise_ratio(clean, noisy, data_range=1),
        structural_similarity(clean, noisy, data_range=1, channel_axis=0, **window),
    )
    score = evaluate(cases, (), protocol)[0]
    assert score.input == pytest.approx(expected, abs=1e-6)


def test_a_border_may_be_left_out(framed: ImageSet):
    measure = replace(PROTOCOLS["basicsr"].measures[0], border_px=2)
    protocol = replace(PROTOCOLS["basicsr"], measures=(measure,))
    (score,) = evaluate(plan_cases(framed, protocol).cases(), (), protocol)
    assert score.input[0] == pytest.approx(decibels(10), abs=1e-5)
    assert "2 px left out" in measure.meaning


def test_the_description_says_everything():
    text = "\n".join(PROTOCOLS["aio"].description)
    for part in ("PromptIR", "multiple of 16", "truncated to 8 bits", "seed 0", "RGB", "not rounded", "uniform 7x7"):
        assert part in text
    assert "Y of BT.601" in "\n".join(PROTOCOLS["derain-y"].description)


def test_measures_of_a_protocol_have_different_names():
    for protocol in PROTOCOLS.values():
        assert len({measure.name for measure in protocol.measures}) == len(protocol.measures)


def test_refusals():
    with pytest.raises(ConfigurationError, match="did you mean 'derain-y'"):
        get_protocol("derain_y")
    with pytest.raises(ConfigurationError, match="needs a window"):
        Measure(name="ssim", metric="ssim")
    with pytest.raises(ConfigurationError, match="needs a window"):
        Measure(name="psnr", metric="psnr", window="uniform7")
    with pytest.raises(ConfigurationError, match="luma"):
        Measure(name="psnr", metric="psnr", rounding="uint8_y")
