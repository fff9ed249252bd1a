from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from opir.data import ImageSet
from opir.errors import ConfigurationError, DatasetError, ShapeError
from opir.evaluation.plan import Plan, plan_cases
from opir.evaluation.protocols import PROTOCOLS
from opir.evaluation.synthetic import Synthetic


def noise(*levels: float) -> list[Synthetic]:
    return [Synthetic(kind="noise", level=level) for level in levels]


def codes(plan: Plan) -> dict[tuple[str, str], np.ndarray]:
    return {
        (case.label.row, case.label.name): np.rint(255 * case.degraded).astype(int).transpose(1, 2, 0)
        for case in plan.cases()
    }


@pytest.fixture
def clean(write_set) -> ImageSet:
    """10.png before 2.png in plain order; 17 x 18 px, of which 16 x 16 are kept."""
    return write_set({f"{name}.png": np.full((18, 17, 3), 100) for name in ("2", "10", "30")})


def test_one_stream_over_levels_and_sorted_names(clean: ImageSet):
    found = codes(plan_cases(clean, PROTOCOLS["aio"], synthetic=noise(15, 25, 50)))
    random = np.random.RandomState(0)
    expected = {}
    for level in (15, 25, 50):
        for name in ("10", "2", "30"):
            expected[f"noise {level}", name] = np.clip(100 + level * random.randn(16, 16, 3), 0, 255).astype(int)
    assert list(found) == list(expected)
    for key, picture in expected.items():
        np.testing.assert_array_equal(found[key], picture)


def test_a_published_level_has_its_noise_whatever_else_is_asked_for(clean: ImageSet):
    every = codes(plan_cases(clean, PROTOCOLS["aio"], synthetic=noise(15, 25, 50)))
    for levels, limit in (((25,), None), ((50, 25), None), ((10, 25), None), ((25,), 2)):
        found = codes(plan_cases(clean, PROTOCOLS["aio"], synthetic=noise(*levels), limit=limit))
        assert len(found) == len(levels) * (limit or 3)
        np.testing.assert_array_equal(found["noise 25", "2"], every["noise 25", "2"])
    assert list(found) == [("noise 25", "10"), ("noise 25", "2")]


def test_labels_are_those_of_the_cases(clean: ImageSet):
    for name, levels in (("moce", (25, 7, 15)), ("ours", (25, 15)), ("float-noise", (25,))):
        plan = plan_cases(clean, PROTOCOLS[name], synthetic=noise(*levels), limit=2)
        assert [case.label for case in plan.cases()] == list(plan.labels)
        assert len(plan.labels) == 2 * len(levels)


def test_our_noise_is_the_same_in_another_company(clean: ImageSet):
    every = codes(plan_cases(clean, PROTOCOLS["ours"], synthetic=noise(15, 25)))
    (clean.root / "10.png").unlink()
    less = ImageSet(reader="x", title="x", source="", split="all", root=clean.root, clean_images=clean.clean_images[:1])
    assert less.clean_images[0].name == "2"
    alone = codes(plan_cases(less, PROTOCOLS["ours"], synthetic=noise(25)))
    np.testing.assert_array_equal(alone["noise 25", "2"], every["noise 25", "2"])
    assert alone["noise 25", "2"].shape == (18, 17, 3)
    assert (every["noise 25", "2"] != every["noise 25", "30"]).any()


def test_jpeg_and_noise_are_rows_of_their_own(clean: ImageSet):
    plan = plan_cases(clean, PROTOCOLS["ours"], synthetic=[*noise(0), Synthetic(kind="jpeg", level=10)], limit=1)
    assert [label.row for label in plan.labels] == ["noise 0", "jpeg 10"]
    untouched, _ = plan.cases()
    np.testing.assert_array_equal(untouched.degraded, untouched.clean)


def test_pairs_make_a_row_per_degradation_and_the_limit_holds_for_each(write_set):
    names = [f"CDD-11_test/{kind}/{n}.png" for kind in ("haze", "low", "haze_rain", "clear") for n in (1, 2)]
    image_set = write_set({name: np.full((8, 8, 3), 50) for name in names})
    assert image_set.reader == "cdd11"
    rows = [label.row for label in plan_cases(image_set, PROTOCOLS["cdd11"]).labels]
    assert {row: rows.count(row) for row in rows} == {"haze": 2, "low_light": 2, "haze+rain": 2}
    plan = plan_cases(image_set, PROTOCOLS["cdd11"], limit=1)
    assert sorted(label.row for label in plan.labels) == ["haze", "haze+rain", "low_light"]
    assert [case.label for case in plan.cases()] == list(plan.labels)


def test_gray_pictures_count_as_rgb(write_set):
    image_set = write_set({"a.png": np.arange(64).reshape(8, 8)})
    (case,) = plan_cases(image_set, PROTOCOLS["ours"], synthetic=noise(0)).cases()
    np.testing.assert_array_equal(255 * case.clean, np.broadcast_to(np.arange(64).reshape(8, 8), (3, 8, 8)))


def test_a_picture_smaller_than_the_crop_is_named(write_set):
    image_set = write_set({"small.png": np.zeros((15, 40, 3))})
    with pytest.raises(ShapeError, match=r"small\.png: .*multiple of 16 .* got 40 x 15"):
        list(plan_cases(image_set, PROTOCOLS["aio"], synthetic=noise(15)).cases())


def test_pairs_of_different_sizes_are_named(random_pairs: ImageSet):
    smaller = Image.fromarray(np.zeros((9, 9, 3), np.uint8))

    smaller.save(random_pairs.root / "input" / "b.png")
    with pytest.raises(DatasetError, match=r"b\.png"):
        list(plan_cases(random_pairs, PROTOCOLS["ours"]).cases())


def test_refusals(clean: ImageSet, random_pairs: ImageSet):
    for protocol, synthetic, message in (
        ("aio", [], "say how to degrade them"),
        ("cdd11", noise(25), "scores pairs only"),
        ("aio", noise(25, 25), "once only"),
        ("aio", [Synthetic(kind="jpeg", level=10)], "no JPEG compression: choose ours"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            plan_cases(clean, PROTOCOLS[protocol], synthetic=synthetic)
    with pytest.raises(ConfigurationError, match="holds pairs, degraded already"):
        plan_cases(random_pairs, PROTOCOLS["aio"], synthetic=noise(25))
    with pytest.raises(ConfigurationError, match="limit must be at least 1"):
        plan_cases(random_pairs, PROTOCOLS["aio"], limit=0)
