"""What training pictures are made of: the named ingredients that recipes are put together from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from opir.data.mixture import Ingredient
from opir.data.training_folder import CLEAN, PAIRS
from opir.tasks import TASKS, Task

MIXED: Final = ("haze", "rain_overlay", "snow", "motion_blur", "defocus_blur", "low_light", "gaussian_noise", "jpeg")
"""Operators that mixtures are drawn from."""

DARK_AND_NOISY: Final = Ingredient(
    weight=0.08, bank="low_light_pairs", operators=("gaussian_noise", "jpeg"), n_drawn=(1, 1), tasks=("low_light",)
)
"""Real dark pictures with more noise, or compressed once more."""

BLUR_AND_NOISE: Final = ("motion_blur", "defocus_blur", "gaussian_noise", "sensor_noise")
"""Operators of blurred pictures that show what deconvolution does to noise."""

SOFT: Final[Mapping[str, float]] = {"clean": 1.6, "haze": 2.0, "tinted_haze": 2.0}
"""Ingredients whose crops are enlarged, at most by so much: else soft photographs in haze are taken for blurred."""

WHOLE: Final[Mapping[str, float]] = {
    "clean": 2.0,
    "haze": 3.0,
    "tinted_haze": 3.0,
    "haze_pairs": 2.4,
    "low_light": 2.0,
    "low_light_pairs": 2.4,
}
"""Ingredients whose crops are reduced, at most by so much: the whole picture has to be judged."""

MOST_OF_A_PICTURE: Final = 3.0
"""Largest factor by which crops for the estimator alone are reduced: 256 pixels then show 768."""

DARK_MIXED: Final = ("low_light", "gaussian_noise", "jpeg", "motion_blur", "defocus_blur")
"""Operators that pairs are drawn from to teach darkness under noise and blur, and noise and blur without darkness."""

FALLEN_AND_FILED: Final = ("rain_overlay", "snow", "gaussian_noise", "jpeg")
"""Operators that pairs are drawn from to teach rain and snow in noisy and compressed pictures."""

RAIN_OF_PAIRS: Final = Ingredient(weight=0.08, bank="clean", layers_of="rain_pairs", tasks=("rain",))
"""The rain of published pairs over other photographs."""

FALLING_IN_HAZE: Final[Mapping[str, Ingredient]] = {
    "snow_in_haze": Ingredient(weight=0.03, bank=CLEAN, operators=("haze", "snow")),
    "rain_in_haze": Ingredient(weight=0.03, bank=CLEAN, operators=("haze", "rain_overlay")),
}
"""Something falls through haze: neither may be left behind the other."""

FILES: Final = ("gaussian_noise", "jpeg")
"""Operators that are drawn from for what lies over a picture before it became a file."""

CAMERA_NOISE: Final = ("sensor_noise", "correlated_noise", "developed_noise", "camera_files", "developed_files")
"""Ingredients that stand for pictures at the full size of a camera."""

CAMERA_SOFT: Final = 2.0
"""Largest factor by which their crops are enlarged: cameras' pictures are soft at full size, reduced ones are not."""

DOWNPOUR_FILES: Final = Ingredient(weight=0.03, bank=CLEAN, operators=("downpour", "jpeg"))
"""Rain as photographs show it, which compression makes fainter still."""

SOFT_FILES: Final[Mapping[str, float]] = {**SOFT, **dict.fromkeys((*CAMERA_NOISE, "jpeg", "webp"), CAMERA_SOFT)}
"""As :data:`SOFT`, for the estimator: softness must not tell a camera's noise from compression alone."""

BLACK_POINT: Final = 0.5
"""Share of the samples on clean pictures that have a black point; were it only those of some ingredients, deep blacks
would speak for their tasks. Haze always has one: its veil must go altogether."""

DARK_SUBJECTS: Final = 2.5
"""Largest exponent to which clean crops are raised before haze is added, or, for the estimator, the noise of cameras:
they photograph dark subjects too, which must not be taken for dark exposures."""

DIM_SUBJECTS: Final = 1.6
"""Largest exponent to which clean crops are raised before they are blurred, for the estimator: few photographs of dark
subjects are out of focus, and most of those that it sees would have been darkened on purpose."""

BLURS: Final = frozenset({"motion_blur", "defocus_blur", "gaussian_blur", "blur_and_noise"})
"""Ingredients that are blurred and nothing else, but for noise."""

MAY_HIDE: Final[Mapping[Task, tuple[Task, ...]]] = {"low_light": ("noise", "jpeg")}
"""What published pairs of a task may show beside it, without a label."""

ONE_TASK: Final[Mapping[Task, Mapping[str, float]]] = {
    "noise": {"gaussian_noise": 0.65, "sensor_noise": 0.18, "correlated_noise": 0.07, "noise_pairs": 0.05},
    "rain": {"rain": 0.15, "rain_overlay": 0.40, "raindrop": 0.05, "rain_pairs": 0.35},
    "snow": {"snow": 0.75, "snow_pairs": 0.20},
    "haze": {"haze": 0.75, "haze_pairs": 0.20},
    "blur": {"motion_blur": 0.40, "defocus_blur": 0.20, "gaussian_blur": 0.10, "blur_pairs": 0.25},
    "low_light": {"low_light": 0.25, "low_light_pairs": 0.70},
    "jpeg": {"jpeg": 0.80, "webp": 0.10, "jpeg_pairs": 0.05},
}
"""Shares of the samples with which a network for one task is trained; the rest are clean pictures."""


def mixture(shares: Mapping[str, float]) -> dict[str, Ingredient]:
    """Ingredients by name: ``clean``, ``TASK_pairs`` for real pairs, or the name of an operator on clean pictures."""
    return {name: _ingredient(name, share) for name, share in shares.items()}


def _ingredient(name: str, share: float) -> Ingredient:
    if name == CLEAN:
        return Ingredient(weight=share, bank=CLEAN)
    for task in TASKS:
        if name == task + PAIRS:
            return Ingredient(weight=share, bank=name, tasks=(task,), may_hide=MAY_HIDE.get(task, ()))
    return Ingredient(weight=share, bank=CLEAN, operators=(name,))


def resized(ingredients: Mapping[str, Ingredient]) -> dict[str, Ingredient]:
    """The same ingredients with crops enlarged and reduced where the whole picture or its sharpness is judged."""
    return {
        name: replace(ingredient, enlarged=SOFT.get(name, 1.0), reduced=WHOLE.get(name, 1.0))
        for name, ingredient in ingredients.items()
    }


def with_tones(ingredients: Mapping[str, Ingredient]) -> dict[str, Ingredient]:
    """The same ingredients with black points, and dark subjects in haze, where they start from clean pictures."""
    return {name: _with_tone(ingredient) for name, ingredient in ingredients.items()}


def _with_tone(ingredient: Ingredient) -> Ingredient:
    if ingredient.of_pairs:
        return ingredient
    if ingredient.operators in (("haze",), ("tinted_haze",)):
        return replace(ingredient, black_point=1.0, darkened=DARK_SUBJECTS)
    return replace(ingredient, black_point=BLACK_POINT)
