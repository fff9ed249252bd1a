from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from opir.errors import ConfigurationError
from opir.evaluation.synthetic import NoiseStream, Synthetic, add_float_noise, add_named_noise, compress_jpeg

GREY = np.full((1, 2, 3), 100, np.uint8)

# numpy.random.seed(0); numpy.random.randn(6) = 1.764052 0.400157 0.978738 2.240893 1.867558 -0.977278
AIO_15 = [[[126, 106, 114], [133, 128, 85]]]  # 126.46 106.00 114.68 133.61 128.01 85.34, truncated
FLOAT_15 = [[[126.46079, 106.00236, 114.68107], [133.61340, 128.01337, 85.34083]]]


def test_the_stream_is_truncated_and_runs_on():
    stream = NoiseStream()
    np.testing.assert_array_equal(stream.add(GREY, 15), AIO_15)
    second = stream.add(GREY, 15)  # 0.950088 -0.151357 -0.103219 0.410599 0.144044 1.454274
    np.testing.assert_array_equal(second, [[[114, 97, 98], [106, 102, 121]]])


def test_the_stream_is_that_of_the_published_code():
    codes = np.random.default_rng(1).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    published = np.random.RandomState(0).randn(*codes.shape)
    expected = np.clip(codes + published * 50, 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(NoiseStream().add(codes, 50), expected)
    assert expected.min() == 0
    assert expected.max() == 255


def test_float_noise_is_neither_clipped_nor_rounded_and_starts_anew():
    np.testing.assert_allclose(255 * add_float_noise(GREY, 15), FLOAT_15, atol=1e-4)
    white = add_float_noise(np.full_like(GREY, 255), 15)
    np.testing.assert_allclose(255 * white, np.add(FLOAT_15, 155), atol=1e-4)


def test_named_noise_depends_on_the_name_and_sigma_only():
    codes = np.full((8, 9, 3), 128, np.uint8)
    seed = int.from_bytes(hashlib.sha256(b"a.png 25").digest()[:8], "big")
    noise = np.random.default_rng(seed).standard_normal(codes.shape)
    expected = np.clip(np.round(codes + 25 * noise), 0, 255)
    np.testing.assert_array_equal(add_named_noise(codes, 25.0, file_name="a.png"), expected)
    assert (add_named_noise(codes, 25, file_name="b.png") != expected).any()
    np.testing.assert_array_equal(add_named_noise(codes, 0, file_name="a.png"), codes)


def test_jpeg_is_that_of_pillow():
    codes = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(codes).save(file, "JPEG", quality=30, subsampling="4:2:0")
    with Image.open(file) as decoded:
        np.testing.assert_array_equal(compress_jpeg(codes, 30), np.asarray(decoded))


@pytest.mark.parametrize(("kind", "level"), [("noise", -1), ("noise", float("nan")), ("jpeg", 0), ("jpeg", 101)])
def test_levels_have_a_range(kind, level):
    with pytest.raises(ConfigurationError, match="must be a"):
        Synthetic(kind=kind, level=level)


def test_labels():
    assert Synthetic(kind="noise", level=25.0).label == "noise 25"
    assert Synthetic(kind="jpeg", level=40).label == "jpeg 40"
