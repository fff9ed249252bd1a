"""A folder of results that another program has made, matched to the cases by name.

Names follow the degraded pictures, without suffix. Where a plan has several rows of synthetic degradation, each has a
folder of its own, called like the row: ``noise_15/3096.png``. Sub-folders of the data set may be kept or left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np

from opir.data.pairs import PICTURE_SUFFIXES
from opir.errors import DatasetError, DatasetNotFoundError, NumericalError, UnreadableImageError
from opir.evaluation.contestants import Identity, Restored
from opir.evaluation.crop import crop_to_multiple
from opir.evaluation.plan import Case, Float32, Label, Plan
from opir.imaging import read_photo, to_network

ARRAY_SUFFIX: Final = ".npy"
"""Results that are not rounded: (H, W, 3) floating point, RGB, nominally in [0, 1]."""

MAX_LISTED: Final = 20
_FARTHEST: Final = 2.0


class ResultFolder:
    """Result pictures of every case of a plan."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        """Find the file of every case.

        Raises:
            DatasetNotFoundError: if there is no such folder.
            DatasetError: if results are missing, or two files could be meant; all are named at once.
        """
        self._folder = folder
        self._multiple = plan.protocol.crop_multiple
        self._files = _matched(folder, plan)

    @property
    def identity(self) -> Identity:
        """The folder's own name."""
        return Identity(name=self._folder.resolve().name, kind="folder", source=str(self._folder))

    def restore(self, case: Case) -> Restored:
        """Read the result, which has the size of the case or of the picture before the crop.

        Raises:
            ImageError: if the file cannot be read.
            DatasetError: if it has another size; names the file.
            NumericalError: if an array holds NaN or infinity, or values far from [0, 1]; names the file.
        """
        path = self._files[case.label]
        image = _read_array(path) if path.suffix.lower() == ARRAY_SUFFIX else to_network(read_photo(path))
        expected = case.clean.shape[1:]
        if image.shape[1:] == case.whole_size and case.whole_size != expected:
            image = crop_to_multiple(image, self._multiple)
        if image.shape[1:] != expected:
            height, width = expected
            raise DatasetError(
                f"{path} must be {width}x{height} px, the size of {case.label.path} under this protocol; "
                f"got {image.shape[2]}x{image.shape[1]}: restore the picture without changing its size"
            )
        return Restored(image=image)


def row_folder(label: Label) -> str:
    """Name of the folder of a row's results: ``noise_15``."""
    return label.row.replace(" ", "_")


def _matched(folder: Path, plan: Plan) -> dict[Label, Path]:
    if not folder.is_dir():
        state = "is a file" if folder.exists() else "does not exist"
        raise DatasetNotFoundError(f"expected a folder of result pictures; {folder} {state}")
    found = _index(folder)
    labels = plan.labels
    short_names = defaultdict(set)
    for label in labels:
        short_names[PurePosixPath(label.name).name.casefold()].add(label.name)
    matched: dict[Label, Path] = {}
    missing: list[str] = []
    for label in labels:
        short = PurePosixPath(label.name).name
        names = [label.name] if len(short_names[short.casefold()]) > 1 else [label.name, short]
        keys = [f"{row_folder(label)}/{name}" for name in names] + (names if len(plan.synthetic) < 2 else [])
        files = next((found[key.casefold()] for key in keys if key.casefold() in found), [])
        if len(files) > 1:
            raise DatasetError(f"one result per picture is needed; got {files[0]} and {files[1]}: remove one")
        if files:
            matched[label] = files[0]
        else:
            missing.append(f"  {keys[-1]}{_like(label)}")
    if missing:
        raise DatasetError(_missing_message(folder, missing, len(labels)))
    return matched


def _index(folder: Path) -> dict[str, list[Path]]:
    """Every picture and array below a folder by its relative path without suffix, in lower case."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in PICTURE_SUFFIXES | {ARRAY_SUFFIX} and path.is_file():
            found[path.relative_to(folder).with_suffix("").as_posix().casefold()].append(path)
    return found


def _like(label: Label) -> str:
    return f" (of {label.path.name})" if label.path.stem != PurePosixPath(label.name).name else ""


def _missing_message(folder: Path, missing: Sequence[str], n_cases: int) -> str:
    listed = list(missing[:MAX_LISTED])
    if len(missing) > MAX_LISTED:
        listed.append(f"  and {len(missing) - MAX_LISTED} more")
    return (
        f"{folder} must hold one result for each of {n_cases} pictures; {len(missing)} are missing (any picture "
        "suffix, or .npy):\n" + "\n".join(listed) + "\nname the results like the degraded pictures"
    )


def _read_array(path: Path) -> Float32:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UnreadableImageError(f"{path}: cannot be read as a NumPy array ({error})") from error
    if not isinstance(array, np.ndarray) or array.ndim != 3 or array.shape[2] != 3 or array.dtype.kind != "f":
        shape = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else "an archive"
        raise DatasetError(f"{path} must hold floating-point RGB (H, W, 3) in [0, 1]; got {shape}")
    if not np.isfinite(array).all():
        raise NumericalError(f"{path} holds NaN or infinity: it cannot be scored")
    if np.abs(array).max(initial=0.0) > _FARTHEST:
        raise NumericalError(
            f"{path} must hold values in [0, 1]; got {array.min():g} to {array.max():g}: divide by 255"
        )
    return np.ascontiguousarray(array.transpose(2, 0, 1), dtype=np.float32)
