"""Model folders are found by name and path, and damaged files are never used."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from opir.errors import WeightsError
from opir.runtime import weights
from opir.runtime.spec import ModelSpec
from opir.runtime.weights import bundled_models, file_sha256, find_model, verified_file, verify_model
from tiny_model import write_tiny_model


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package folder with the models ``base`` and ``small``, and a folder that is no model."""
    for name in ("small", "base"):
        write_tiny_model(tmp_path / "weights" / name, name=name)
    (tmp_path / "weights" / "notes").mkdir()
    monkeypatch.setattr(weights, "bundled_folder", lambda: tmp_path / "weights")
    return tmp_path / "weights"


def test_bundled_models_are_listed(bundle: Path) -> None:
    assert bundled_models() == ("base", "small")


def test_models_are_found_by_name_and_by_path(bundle: Path, tmp_path: Path) -> None:
    own = write_tiny_model(tmp_path / "own")
    assert find_model("small") == bundle / "small"
    assert find_model(str(own)) == own
    assert find_model(own) == own


def test_a_bundled_name_wins_over_a_folder_of_the_same_name(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work" / "base").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    assert find_model("base") == bundle / "base"


@pytest.mark.parametrize(("name", "hint"), [("bsae", "did you mean 'base'"), ("zzz", "bundled models: base, small")])
def test_unknown_model_says_what_there_is(bundle: Path, name: str, hint: str) -> None:
    with pytest.raises(WeightsError, match=hint):
        find_model(name)


def test_no_weights_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "bundled_folder", lambda: tmp_path / "nowhere")
    assert bundled_models() == ()
    with pytest.raises(WeightsError, match="none"):
        find_model("base")


def test_sha256_of_a_file_longer_than_a_piece(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    (tmp_path / "file").write_bytes(content)
    assert file_sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()


def test_intact_model_passes(bundle: Path) -> None:
    assert verify_model(bundle / "base").name == "base"


def test_one_changed_byte_is_found(bundle: Path) -> None:
    path = bundle / "base" / "stage.onnx"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"stage\.onnx is damaged or was altered"):
        verify_model(bundle / "base")


def test_missing_file_is_found(bundle: Path) -> None:
    (bundle / "base" / "encoder.onnx").unlink()
    with pytest.raises(WeightsError, match=r"cannot read .*encoder\.onnx"):
        verify_model(bundle / "base")


def test_a_file_that_the_model_does_not_list_is_not_used(bundle: Path) -> None:
    (bundle / "base" / "model.safetensors").write_bytes(b"anything")
    with pytest.raises(WeightsError, match=r"has no model\.safetensors"):
        verified_file(bundle / "base", ModelSpec.load(bundle / "base"), "model.safetensors")
