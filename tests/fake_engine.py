"""An inference engine in plain numpy with all that makes tiling hard, and a known receptive field.

It sees the picture in blocks of 8 x 8 pixels, pads with zeros at the border at two resolutions, and
carries values 16 pixels far from block to block. A halo of 8, or a tile off the grid, gives other values.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from opir.runtime.engine import Float32
from opir.runtime.spec import ModelSpec
from opir.tasks import TASKS, Task


def fake_spec(
    *,
    stage_halo: int = 16,
    n_stages: int = 2,
    uncertainty_scale: float = 1.0,
    trained: tuple[Task, ...] = ("noise", "rain", "haze"),
) -> ModelSpec:
    return ModelSpec(
        name="fake",
        version="1.2.3",
        tasks=TASKS,
        trained_tasks=trained,
        stride=8,
        encoder_halo=8,
        stage_halo=stage_halo,
        n_stages=n_stages,
        n_features=4,
        n_context=2,
        n_parameters=0,
        giga_macs_256=0.0,
        uncertainty_scale=uncertainty_scale,
        sha256={"fake": "0" * 64},
        bytes_per_pixel=100,
    )


@dataclass
class FakeEngine:
    spec: ModelSpec = field(default_factory=fake_spec)
    name: str = "fake"
    device: str = "cpu"
    precision: str = "float32"
    largest_area: int | None = None
    """Pixels beyond which memory runs out."""
    spoiled_stage: int | None = None
    """Stage whose result holds a NaN in its top left pixel."""
    areas: list[int] = field(default_factory=list)
    """Pixels of every call of a stage."""

    def encode(self, image: Float32) -> Float32:
        gray = image[0].mean(axis=0)
        edges = np.abs(gray - _smoothed(gray, 1))
        cells = [_pooled(array, 4) for array in (gray, edges, gray * edges, edges**2)]
        return np.stack(cells)[None].astype(np.float32)

    def estimate(self, mean: Float32) -> tuple[Float32, Float32]:
        slopes = np.linspace(-2.0, 3.0, 4 * len(self.spec.tasks)).reshape(4, -1)
        weights = 1 / (1 + np.exp(-mean @ slopes))
        return weights.astype(np.float32), mean[:, :2]

    def stage(
        self,
        current: Float32,
        observed: Float32,
        scale: Float32,
        task_weights: Float32,
        context: Float32,
        stage_index: int,
        *,
        expert: bool = False,
    ) -> tuple[Float32, Float32]:
        height, width = current.shape[2:]
        self.areas.append(height * width)
        if self.largest_area is not None and height * width > self.largest_area:
            raise MemoryError("no room")
        blocks = _pooled((current[0] - 0.5 * observed[0]).mean(axis=0) + scale[0, 0], 8)
        wide = np.kron(_smoothed(_smoothed(blocks, 1), 1), np.ones((8, 8)))
        fine = _smoothed(current[0].mean(axis=0), 4)
        change = np.tanh(wide + fine + context.sum() + stage_index) * task_weights.mean()
        restored = current + 0.2 * change
        if self.spoiled_stage == stage_index:
            restored[0, 0, 0, 0] = np.nan
        new_scale = 0.01 + 0.1 * np.abs(change) + 0.1 * np.abs(fine)
        return restored.astype(np.float32), new_scale[None, None].astype(np.float32)


def _smoothed(plane: np.ndarray, distance: int) -> np.ndarray:
    """Weighted sum of a value and its four neighbours at a distance, zeros outside."""
    height, width = plane.shape
    padded = np.pad(plane, distance)
    total = 0.4 * plane
    for weight, row, column in ((0.3, 0, 1), (0.2, 2, 1), (0.15, 1, 0), (0.1, 1, 2)):
        top, left = row * distance, column * distance
        total = total + weight * padded[top : top + height, left : left + width]
    return total


def _pooled(plane: np.ndarray, side: int) -> np.ndarray:
    height, width = plane.shape
    return plane.reshape(height // side, side, width // side, side).mean(axis=(1, 3))
