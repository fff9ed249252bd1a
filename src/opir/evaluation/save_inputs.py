"""Writing the degraded pictures of a plan, so that other programs can restore exactly these."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from opir.errors import OutputError
from opir.evaluation.plan import Case, Plan
from opir.evaluation.result_folder import ARRAY_SUFFIX, row_folder
from opir.imaging import Photo, write_photo


def save_input(case: Case, folder: Path, plan: Plan) -> Path:
    """Write one degraded picture where its result is looked for: ``noise_15/3096.png``, or its name for pairs.

    PNG, cropped as the protocol says; ``float-noise``, which no picture file can hold, as a NumPy array (H, W, 3)
    of float32. Existing files are replaced. Returns the path.

    Raises:
        OutputError: if it cannot be written.
    """
    below = f"{row_folder(case.label)}/{case.label.name}" if plan.synthetic else case.label.name
    path = folder / below
    image = np.ascontiguousarray(case.degraded.transpose(1, 2, 0))
    is_float = plan.protocol.noise == "per_picture_float" and bool(plan.synthetic)
    path = path.with_name(path.name + (ARRAY_SUFFIX if is_float else ".png"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_float:
            np.save(path, image)
        else:
            write_photo(Photo(pixels=np.rint(image * 255).astype(np.uint8)), path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
    return path
