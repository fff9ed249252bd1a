"""What a batch leaves behind: equal to single pictures, one failure no more than that, exact resumption."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fake_engine import FakeEngine, fake_spec
from opir.batch import steps
from opir.batch.manifest import MANIFEST_NAME, Manifest
from opir.batch.options import BatchOptions
from opir.batch.outcome import Failed, Outcome, Restored, Skipped
from opir.batch.plan import Target, plan_jobs
from opir.batch.preview import Planned, preview_batch
from opir.batch.run import run_batch
from opir.errors import OutputError
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings

Tree = Callable[[Path], dict[str, bytes]]
SETTINGS = RestoreSettings()


def run(
    source: Path,
    output: Path | None,
    restorer: Restorer,
    settings: RestoreSettings = SETTINGS,
    *,
    maps: bool = True,
    **options: bool | int,
) -> list[Outcome]:
    """Run a batch over a folder with maps beside the results; ``output`` None for in place."""
    target = None if output is None else Target(path=output, is_folder=True)
    (source.parent / "maps").mkdir(exist_ok=True)
    heat = Target(path=source.parent / "maps", is_folder=True) if maps else None
    jobs = plan_jobs([source], target, uncertainty=heat)
    with Manifest(source if output is None else output) as manifest:
        return list(run_batch(jobs, restorer, settings, options=BatchOptions(**options), manifest=manifest))


def kinds(outcomes: list[Outcome]) -> list[type[Outcome]]:
    return [type(outcome) for outcome in outcomes]


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_a_batch_gives_the_bytes_of_single_pictures(
    photos: Path, tmp_path: Path, restorer: Restorer, depth: int
) -> None:
    settings = RestoreSettings(strength=0.7, max_uncertainty=30.0, quality=80)
    outcomes = run(photos, tmp_path / "out", restorer, settings, depth=depth)
    assert kinds(outcomes) == [Restored, Restored, Failed, Restored]
    for outcome in outcomes:
        if isinstance(outcome, Restored):
            alone = tmp_path / f"alone{outcome.job.output.suffix}"
            restorer.restore(outcome.job.source, settings=settings).save(alone)
            assert outcome.job.output.read_bytes() == alone.read_bytes()
            assert outcome.job.uncertainty is not None
            assert outcome.job.uncertainty.read_bytes()[:4] == b"\x89PNG"


def test_the_manifest_tells_what_became_of_every_picture(photos: Path, tmp_path: Path, restorer: Restorer) -> None:
    run(photos, tmp_path / "out", restorer, maps=False)
    lines = [json.loads(line) for line in (tmp_path / "out" / MANIFEST_NAME).read_text().splitlines()]
    assert [line["output"] for line in lines] == ["a.png", "sub/b.jpg", "sub/broken.png", "sub/deep/ü.png"]
    done, failed = lines[0], lines[2]
    assert done["ok"] is True
    assert done["output_sha256"] == steps.file_sha256(tmp_path / "out" / "a.png")
    assert done["input_sha256"] == steps.file_sha256(photos / "a.png")
    assert done["recipe"]["settings_sha256"] == SETTINGS.sha256
    assert done["recipe"]["weights_sha256"] == restorer.spec.fingerprint
    assert failed["ok"] is False
    assert "broken.png" in failed["error"]


def test_resume_skips_exact_matches_only(photos: Path, tmp_path: Path, restorer: Restorer) -> None:
    out = tmp_path / "out"
    run(photos, out, restorer)
    assert kinds(run(photos, out, restorer, resume=True)) == [Skipped, Skipped, Failed, Skipped]
    (photos / "a.png").write_bytes((photos / "sub" / "deep" / "ü.png").read_bytes())  # another picture
    (tmp_path / "maps" / "sub" / "b.png").unlink()  # a result is gone
    assert kinds(run(photos, out, restorer, resume=True)) == [Restored, Restored, Failed, Skipped]
    stronger = RestoreSettings(strength=0.5)
    assert kinds(run(photos, out, restorer, stronger, resume=True)) == [Restored, Restored, Failed, Restored]
    other = Restorer.from_engine(FakeEngine(replace(fake_spec(), sha256={"fake": "1" * 64})))
    assert kinds(run(photos, out, other, stronger, resume=True)) == [Restored, Restored, Failed, Restored]


def test_a_result_that_somebody_changed_is_not_replaced(photos: Path, tmp_path: Path, restorer: Restorer) -> None:
    out = tmp_path / "out"
    run(photos, out, restorer)
    (out / "a.png").write_bytes(b"edited by hand")
    outcome = run(photos, out, restorer, resume=True)[0]
    assert isinstance(outcome, Failed)
    assert "--overwrite" in outcome.reason
    assert (out / "a.png").read_bytes() == b"edited by hand"
    assert kinds(run(photos, out, restorer, resume=True, overwrite=True))[0] is Restored


def test_without_resume_nothing_existing_is_replaced(
    photos: Path, tmp_path: Path, restorer: Restorer, tree: Tree
) -> None:
    run(photos, tmp_path / "out", restorer)
    before = tree(tmp_path / "out")
    assert set(kinds(run(photos, tmp_path / "out", restorer))) == {Failed}
    after = tree(tmp_path / "out")
    del before[MANIFEST_NAME], after[MANIFEST_NAME]
    assert before == after
    assert kinds(run(photos, tmp_path / "out", restorer, resume=True)) == [Skipped, Skipped, Failed, Skipped]


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


@pytest.mark.parametrize("maps", [False, True])
def test_dying_before_any_step_on_the_disk_and_resuming(
    photos: Path, tmp_path: Path, restorer: Restorer, tree: Tree, monkeypatch: pytest.MonkeyPatch, maps: bool
) -> None:
    """Every append, every file written and every move is the last one once."""
    target, heat = Target(path=tmp_path / "out", is_folder=True), Target(path=tmp_path / "out" / "maps", is_folder=True)
    jobs = plan_jobs([photos], target, uncertainty=heat if maps else None)

    def work(*, resume: bool) -> None:
        heat.path.mkdir(parents=True, exist_ok=True)
        with Manifest(tmp_path / "out") as manifest:
            list(run_batch(jobs, restorer, SETTINGS, options=BatchOptions(resume=resume, depth=0), manifest=manifest))

    work(resume=False)
    expected = tree(tmp_path / "out")
    n_deaths = 0
    while True:
        (tmp_path / "out").rename(tmp_path / f"old{n_deaths}")
        left = n_deaths
        with monkeypatch.context() as patch:

            def one_more() -> None:
                nonlocal left
                left -= 1
                if left < 0:
                    raise Killed

            def move(self: Path, other: Path, original: Callable[[Path, Path], Path] = Path.replace) -> Path:
                one_more()
                return original(self, other)

            patch.setattr("os.fsync", lambda _: one_more())
            patch.setattr(Path, "replace", move)
            patch.setattr(Manifest, "__exit__", lambda self, *_: self._lock.release())
            try:
                work(resume=False)
            except Killed:
                n_deaths += 1
            else:
                break
        work(resume=True)
        assert tree(tmp_path / "out") == expected, f"after dying at step {n_deaths}"
    assert n_deaths == (16 if maps else 10)


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.999])
def test_a_manifest_that_was_cut_off(photos: Path, tmp_path: Path, restorer: Restorer, tree: Tree, kept: float) -> None:
    out = tmp_path / "out"
    run(photos, out, restorer, maps=False)
    expected = tree(out)
    content = expected[MANIFEST_NAME][: int(kept * len(expected[MANIFEST_NAME]))]
    (out / MANIFEST_NAME).write_bytes(content)
    whole_lines = content.rpartition(b"\n")[0]
    for name in ("a.png", "sub/b.jpg", "sub/deep/ü.png"):
        if f'"output": {json.dumps(name)}'.encode() not in whole_lines:
            (out / name).unlink()  # its entry comes first, so it cannot be there
    assert kinds(run(photos, out, restorer, maps=False, resume=True))[2] is Failed
    assert tree(out) == expected


def test_in_place(photos: Path, tmp_path: Path, restorer: Restorer) -> None:
    original = photos / "a.png"
    original.chmod(0o640)
    expected = restorer.restore(original).image
    broken = (photos / "sub" / "broken.png").read_bytes()
    assert kinds(run(photos, None, restorer, maps=False)) == [Restored, Restored, Failed, Restored]
    with Image.open(original) as image:
        np.testing.assert_array_equal(np.asarray(image), expected)
    assert stat.S_IMODE(original.stat().st_mode) == 0o640
    assert (photos / "sub" / "broken.png").read_bytes() == broken
    # Twice restored would be one time too many.
    assert kinds(run(photos, None, restorer, maps=False, resume=True)) == [Skipped, Skipped, Failed, Skipped]


def test_a_failing_network_leaves_the_original(photos: Path, restorer: Restorer, tree: Tree) -> None:
    before = tree(photos)
    broken = Restorer.from_engine(FakeEngine(spoiled_stage=1))
    assert set(kinds(run(photos, None, broken, maps=False))) == {Failed}
    after = tree(photos)
    del after[MANIFEST_NAME]
    assert after == before


def test_a_failure_later_does_not_forget_the_result(photos: Path, tmp_path: Path, restorer: Restorer) -> None:
    out = tmp_path / "out"
    run(photos, out, restorer)
    original = (photos / "a.png").read_bytes()
    (photos / "a.png").write_bytes(b"damaged for a while")
    assert kinds(run(photos, out, restorer, resume=True))[0] is Failed
    (photos / "a.png").write_bytes(original)
    assert kinds(run(photos, out, restorer, resume=True)) == [Skipped, Skipped, Failed, Skipped]


def test_preview_says_what_will_happen_and_writes_nothing(
    photos: Path, tmp_path: Path, restorer: Restorer, tree: Tree
) -> None:
    out = tmp_path / "out"
    run(photos, out, restorer, maps=False)
    (out / "sub" / "b.jpg").unlink()
    (out / "a.png").write_bytes(b"edited")
    before = tree(tmp_path)
    manifest = Manifest(out)
    manifest.load()
    jobs = plan_jobs([photos], Target(path=out, is_folder=True))
    options = BatchOptions(resume=True)
    seen = list(preview_batch(jobs, restorer, SETTINGS, options=options, manifest=manifest))
    assert [type(each) for each in seen] == [Failed, Planned, Planned, Skipped]
    assert [each.n_pixels for each in seen if isinstance(each, Planned)] == [21 * 30, 0]
    assert tree(tmp_path) == before


def test_two_processes_cannot_share_a_folder(tmp_path: Path) -> None:
    with (
        Manifest(tmp_path / "out"),
        pytest.raises(OutputError, match="another opir is at work"),
        Manifest(tmp_path / "out"),
    ):
        pass
    with Manifest(tmp_path / "out"):
        pass


def test_a_folder_of_somebody_elses_lines_is_no_claim(photos: Path, tmp_path: Path, restorer: Restorer) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / MANIFEST_NAME).write_text('{"input": 3}\n[]\nnull\n{"input": "a", "output": "b", "recipe": "x"}\n')
    assert kinds(run(photos, out, restorer, resume=True)) == [Restored, Restored, Failed, Restored]


def test_progress_names_the_picture(photos: Path, tmp_path: Path, restorer: Restorer) -> None:
    told: list[tuple[str, int, int]] = []
    jobs = plan_jobs([photos / "a.png"], Target(path=tmp_path / "out.png", is_folder=False))
    outcomes = run_batch(
        jobs,
        restorer,
        SETTINGS,
        options=BatchOptions(),
        progress=lambda job, done, total: told.append((job.name, done, total)),
    )
    assert kinds(list(outcomes)) == [Restored]
    assert told[-1] == ("a.png", 24 * 32, 24 * 32)
