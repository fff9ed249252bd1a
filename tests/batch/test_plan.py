"""Every output is decided before the work: the tree is kept, nothing collides, no original is in danger."""

from __future__ import annotations

from pathlib import Path

import pytest

from opir.batch.plan import CollisionError, Target, find_pictures, plan_jobs
from opir.errors import ConfigurationError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def folder(path: Path) -> Target:
    return Target(path=path, is_folder=True)


def test_pictures_at_any_depth_sorted_and_nothing_else(tmp_path: Path) -> None:
    touch(tmp_path, "b.PNG", "a/z.jpg", "a/notes.txt", ".hidden.png", ".git/c.png", "out/old.png", "写真/é.webp")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    found = [name.as_posix() for _, name in find_pictures(tmp_path, excluded=[tmp_path / "out"])]
    assert found == ["b.PNG", "a/z.jpg", "写真/é.webp"]


def test_the_tree_is_kept(tmp_path: Path) -> None:
    touch(tmp_path / "in", "a.png", "sub/b.jpg")
    jobs = plan_jobs([tmp_path / "in"], folder(tmp_path / "out"), uncertainty=folder(tmp_path / "maps"))
    assert [job.output for job in jobs] == [tmp_path / "out/a.png", tmp_path / "out/sub/b.jpg"]
    assert [job.uncertainty for job in jobs] == [tmp_path / "maps/a.png", tmp_path / "maps/sub/b.png"]
    assert [job.name for job in jobs] == ["a.png", "sub/b.jpg"]


def test_results_inside_the_folder_are_not_pictures_of_the_next_run(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "restored/a.png")
    assert len(plan_jobs([tmp_path], folder(tmp_path / "restored"))) == 1


def test_another_format_changes_the_suffix_only_where_it_must(tmp_path: Path) -> None:
    touch(tmp_path / "in", "a.png", "b.JPEG", "c.tif")
    jobs = plan_jobs([tmp_path / "in"], folder(tmp_path / "out"), format="JPEG")
    assert [job.output.name for job in jobs] == ["a.jpg", "b.JPEG", "c.jpg"]


@pytest.mark.parametrize(
    ("names", "inputs", "format"),
    [
        (("x/a.png", "y/a.png"), ("x", "y"), None),
        (("x/a.png", "x/a.jpg"), ("x",), "WEBP"),
        (("x/a.png",), ("x", "x/a.png"), None),
    ],
)
def test_two_results_in_one_file(tmp_path: Path, names: tuple[str, ...], inputs: tuple[str, ...], format: str) -> None:
    touch(tmp_path, *names)
    with pytest.raises(CollisionError, match="would hold two results"):
        plan_jobs([tmp_path / name for name in inputs], folder(tmp_path / "out"), format=format)


def test_originals_are_replaced_only_in_place(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    with pytest.raises(CollisionError, match="is an input"):
        plan_jobs([tmp_path], folder(tmp_path))
    (job,) = plan_jobs([tmp_path], None)
    assert job.is_in_place
    with pytest.raises(CollisionError, match="is an input"):
        plan_jobs([tmp_path], None, uncertainty=folder(tmp_path))
    with pytest.raises(ConfigurationError, match=r"cannot be replaced by a \.jpg file"):
        plan_jobs([tmp_path], None, format="JPEG")


def test_in_place_replaces_what_a_link_leads_to(tmp_path: Path) -> None:
    touch(tmp_path / "store", "a.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "store" / "a.png")
    (job,) = plan_jobs([tmp_path / "link.png"], None)
    assert job.output == (tmp_path / "store" / "a.png").resolve()


def test_one_file_for_several_pictures(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.png")
    with pytest.raises(ConfigurationError, match="name a folder"):
        plan_jobs([tmp_path], Target(path=tmp_path / "out.png", is_folder=False))
    with pytest.raises(ConfigurationError, match="not named as a JPEG"):
        plan_jobs([tmp_path / "a.png"], Target(path=tmp_path / "out.png", is_folder=False), format="JPEG")
