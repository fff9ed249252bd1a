"""``opir degrade`` in process: results, repeatability, the contact sheet, wrong use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from opir.cli.contact_sheet import SEVERITIES
from opir.cli.degrade import degrade

Picture = Callable[..., Path]


def run(*arguments: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(degrade)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_same_seed_same_picture_other_seed_other_picture(picture: Picture, tmp_path: Path) -> None:
    source = picture("a.png", 64, 80)
    results = []
    for name, seed in (("one.png", 7), ("two.png", 7), ("three.png", 8)):
        result = run(
            source, "-o", tmp_path / name, "--kind", "haze", "--kind", "rain", "--severity", 0.6, "--seed", seed
        )
        assert result.exit_code == 0, result.output
        results.append(pixels(tmp_path / name))
    assert results[0].shape == (64, 80, 3)
    assert np.array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])
    assert "haze, rain, severity 0.6, seed 8" in result.stdout


def test_severity_zero_keeps_every_pixel(picture: Picture, tmp_path: Path) -> None:
    source = picture()
    assert run(source, "-o", tmp_path / "out.png", "--kind", "low_light", "--severity", 0).exit_code == 0
    assert np.array_equal(pixels(source), pixels(tmp_path / "out.png"))


def test_gray_and_transparent_pictures_stay_what_they_are(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 256, (20, 30, 2), np.uint8)
    Image.fromarray(values, "LA").save(tmp_path / "in.png")
    assert run(tmp_path / "in.png", "-o", tmp_path / "out.png", "--kind", "motion_blur").exit_code == 0
    with Image.open(tmp_path / "out.png") as image:
        assert image.mode == "LA"
        assert np.array_equal(np.asarray(image)[..., 1], values[..., 1])
        assert not np.array_equal(np.asarray(image)[..., 0], values[..., 0])


def test_contact_sheet_has_a_row_per_kind_and_a_column_per_severity(picture: Picture, tmp_path: Path) -> None:
    source = picture("a.png", 30, 40)
    result = run(source, "-o", tmp_path / "sheet.png", "--gallery", "--kind", "snow", "--kind", "jpeg")
    assert result.exit_code == 0, result.output
    sheet = pixels(tmp_path / "sheet.png")
    two_rows = sheet.shape[0]
    assert sheet.shape[1] > 40 * len(SEVERITIES)
    original = pixels(source)
    left = next(x for x in range(sheet.shape[1] - 40) if np.array_equal(sheet[24:54, x : x + 40], original))
    assert np.array_equal(sheet[58:88, left : left + 40], original), "the second row starts with the clean picture too"
    worst = sheet[24:54, -44:-4]
    assert not np.array_equal(worst, original)
    assert run(source, "-o", tmp_path / "one.png", "--gallery", "--kind", "snow").exit_code == 0
    assert two_rows - pixels(tmp_path / "one.png").shape[0] == 34


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--kind"),
        (["--kind", "hase"], "mean haze"),
        (["--kind", "haze", "--severity", "1.5"], "severity"),
        (["--kind", "haze", "--seed", "-1"], "seed"),
    ],
)
def test_wrong_usage(picture: Picture, tmp_path: Path, arguments: list[str], message: str) -> None:
    result = run(picture(), "-o", tmp_path / "out.png", *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.replace("│", " ").split())  # a frame around wrapped lines
    assert not (tmp_path / "out.png").exists()


def test_existing_results_and_originals(picture: Picture, tmp_path: Path) -> None:
    source = picture()
    (tmp_path / "taken.png").write_bytes(b"keep me")
    taken = run(source, "-o", tmp_path / "taken.png", "--kind", "haze")
    assert "--overwrite" in str(taken.exception)
    assert (tmp_path / "taken.png").read_bytes() == b"keep me"
    assert run(source, "-o", tmp_path / "taken.png", "--kind", "haze", "--overwrite").exit_code == 0
    assert run(source, "-o", source, "--kind", "haze").exit_code == 2
