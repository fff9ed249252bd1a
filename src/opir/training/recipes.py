"""Named training recipes: Python functions that return a complete configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from typing import Final

from opir.data.mixture import Ingredient
from opir.data.training_folder import CLEAN, PAIRS
from opir.errors import ConfigurationError
from opir.model.presets import preset
from opir.tasks import TASKS, Task
from opir.training.losses import LossWeights
from opir.training.recipe import Phase, Recipe

MIXED: Final = ("haze", "rain_overlay", "snow", "motion_blur", "defocus_blur", "low_light", "gaussian_noise", "jpeg")
"""Operators that mixtures are drawn from."""

DARK_AND_NOISY: Final = Ingredient(
    weight=0.08, bank="low_light_pairs", operators=("gaussian_noise", "jpeg"), n_drawn=(1, 1), tasks=("low_light",)
)
"""Real dark pictures with more noise, or compressed once more."""

BLUR_AND_NOISE: Final = ("motion_blur", "defocus_blur", "gaussian_noise", "sensor_noise")
"""Operators of blurred pictures that show what deconvolution does to noise."""

SOFT: Final[Mapping[str, float]] = {"clean": 1.6, "haze": 2.0}
"""Ingredients whose crops are enlarged, at most by so much: else soft photographs in haze are taken for blurred."""

WHOLE: Final[Mapping[str, float]] = {
    "clean": 2.0,
    "haze": 3.0,
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

FILES: Final = ("gaussian_noise", "jpeg")
"""Operators that are drawn from for what lies over a picture before it became a file."""

CAMERA_NOISE: Final = ("sensor_noise", "correlated_noise", "camera_files", "developed_files")
"""Ingredients that stand for pictures at the full size of a camera."""

CAMERA_SOFT: Final = 2.0
"""Largest factor by which their crops are enlarged: cameras' pictures are soft at full size, reduced ones are not."""

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

GROWING: Final = (Phase(share=0.7, crop_size=96, batch_size=24), Phase(share=0.3, crop_size=144, batch_size=12))
"""Larger crops at the end, at about the same cost per step."""

TOLD_FIRST: Final = (
    Phase(share=0.25, crop_size=64, batch_size=32, told_share=0.60, n_stages=1),
    Phase(share=0.25, crop_size=96, batch_size=16, told_share=0.30, n_stages=1, surroundings_size=192),
    Phase(share=0.35, crop_size=96, batch_size=16, told_share=0.25, surroundings_size=192),
    Phase(share=0.15, crop_size=144, batch_size=8, told_share=0.25, surroundings_size=256),
)
"""Stage 1 first, which costs half and learns the same; tasks are told until the trunk knows what each of them needs.
The estimator sees what is around the crops, as it sees whole pictures in use."""

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


def _resized(ingredients: Mapping[str, Ingredient]) -> dict[str, Ingredient]:
    """The same ingredients with crops enlarged and reduced where the whole picture or its sharpness is judged."""
    return {
        name: replace(ingredient, enlarged=SOFT.get(name, 1.0), reduced=WHOLE.get(name, 1.0))
        for name, ingredient in ingredients.items()
    }


def _with_tones(ingredients: Mapping[str, Ingredient]) -> dict[str, Ingredient]:
    """The same ingredients with black points, and dark subjects in haze, where they start from clean pictures."""
    return {name: _with_tone(ingredient) for name, ingredient in ingredients.items()}


def _with_tone(ingredient: Ingredient) -> Ingredient:
    if ingredient.of_pairs:
        return ingredient
    if ingredient.operators == ("haze",):
        return replace(ingredient, black_point=1.0, darkened=DARK_SUBJECTS)
    return replace(ingredient, black_point=BLACK_POINT)


def three_tasks() -> Recipe:
    """Gaussian noise, rain and haze: the three tasks that all-in-one methods are usually compared on."""
    shares = {
        "clean": 0.04,
        "gaussian_noise": 0.38,
        "rain": 0.04,
        "rain_overlay": 0.12,
        "rain_pairs": 0.14,
        "haze": 0.20,
        "haze_pairs": 0.08,
    }
    return Recipe(name="three_tasks", ingredients=mixture(shares), n_steps=20_000, phases=GROWING)


def four_tasks() -> Recipe:
    """Noise, rain, haze and low light, blind, with clean pictures among them: without the other three tasks."""
    shares = {
        "clean": 0.07,
        "gaussian_noise": 0.27,
        "sensor_noise": 0.06,
        "rain": 0.04,
        "rain_overlay": 0.10,
        "rain_pairs": 0.12,
        "haze": 0.18,
        "haze_pairs": 0.01,
        "low_light": 0.04,
        "low_light_pairs": 0.11,
    }
    return Recipe(name="four_tasks", ingredients=mixture(shares))


def five_tasks() -> Recipe:
    """The three tasks, blur and low light: the other usual set of all-in-one methods."""
    shares = {
        "clean": 0.04,
        "gaussian_noise": 0.26,
        "rain": 0.03,
        "rain_overlay": 0.09,
        "rain_pairs": 0.10,
        "haze": 0.13,
        "haze_pairs": 0.05,
        "motion_blur": 0.08,
        "defocus_blur": 0.03,
        "blur_pairs": 0.05,
        "low_light": 0.04,
        "low_light_pairs": 0.10,
    }
    return Recipe(name="five_tasks", ingredients=mixture(shares), n_steps=20_000, phases=GROWING)


def all_tasks() -> Recipe:
    """Every degradation of the package and mixtures of two and three, blind: what the shipped weights come from."""
    shares = {
        "clean": 0.06,
        "gaussian_noise": 0.22,
        "sensor_noise": 0.06,
        "correlated_noise": 0.05,
        "jpeg": 0.15,
        "webp": 0.01,
        "rain": 0.02,
        "rain_overlay": 0.08,
        "raindrop": 0.01,
        "snow": 0.06,
        "haze": 0.13,
        "low_light": 0.03,
        "motion_blur": 0.07,
        "defocus_blur": 0.05,
        "gaussian_blur": 0.02,
        "rain_pairs": 0.09,
        "haze_pairs": 0.035,
        "low_light_pairs": 0.06,
    }
    blurred = Ingredient(weight=0.05, bank=CLEAN, operators=BLUR_AND_NOISE, n_drawn=(2, 2))
    camera_file = Ingredient(weight=0.05, bank=CLEAN, operators=("sensor_noise", "jpeg"))
    mixed = Ingredient(weight=0.15, bank=CLEAN, operators=MIXED, n_drawn=(2, 3), enlarged=1.5, reduced=2.0)
    composed = {
        "blur_and_noise": blurred,
        "camera_files": camera_file,
        "mixtures": mixed,
        "dark_and_noisy": DARK_AND_NOISY,
    }
    return Recipe(
        name="all_tasks",
        ingredients=_with_tones(_resized(mixture(shares)) | composed),
        n_steps=24_000,
        phases=TOLD_FIRST,
        max_gradient_norm=2.0,
        average_decay=0.998,
        # nearer to PSNR, so that haze and darkness do not drown compression
        loss=LossWeights(balance=0.02, tasks=0.5),
    )


def estimator() -> Recipe:
    """The estimator alone, on reduced pictures, most of which fits into a crop; start from trained weights.

    Every task about as often as any other, alone and with a second one, as in the pictures that people have; in
    ``all_tasks`` shares follow the effort that restoring takes. A crop at full size may show a dark corner of a bright
    picture, and teaches the estimator to be unsure. The context is kept as the trunk knows it.
    """
    shares = {
        "clean": 0.13,
        "gaussian_noise": 0.07,
        "sensor_noise": 0.04,
        "correlated_noise": 0.03,
        "jpeg": 0.07,
        "webp": 0.01,
        "rain": 0.02,
        "rain_overlay": 0.05,
        "raindrop": 0.01,
        "snow": 0.06,
        "haze": 0.17,
        "low_light": 0.05,
        "motion_blur": 0.05,
        "defocus_blur": 0.05,
        "gaussian_blur": 0.02,
        "rain_pairs": 0.04,
        "haze_pairs": 0.03,
        "low_light_pairs": 0.06,
    }
    composed = {
        "blur_and_noise": Ingredient(weight=0.05, bank=CLEAN, operators=BLUR_AND_NOISE, n_drawn=(2, 2)),
        "dark_and_noisy": DARK_AND_NOISY,
        "rain_layers": replace(RAIN_OF_PAIRS, weight=0.06),
        "rain_layer_files": replace(RAIN_OF_PAIRS, weight=0.03, operators=FILES, n_drawn=(1, 1)),
        "dark_mixtures": Ingredient(weight=0.08, bank=CLEAN, operators=DARK_MIXED, n_drawn=(2, 2)),
        "camera_files": Ingredient(weight=0.05, bank=CLEAN, operators=("sensor_noise", "jpeg")),
        "developed_files": Ingredient(weight=0.04, bank=CLEAN, operators=("correlated_noise", "jpeg")),
        "mixtures": Ingredient(weight=0.20, bank=CLEAN, operators=MIXED, n_drawn=(2, 3)),
    }
    ingredients = {
        name: replace(ingredient, enlarged=SOFT_FILES.get(name, 1.0), reduced=MOST_OF_A_PICTURE)
        for name, ingredient in (mixture(shares) | composed).items()
    }
    dim = dict.fromkeys(BLURS, DIM_SUBJECTS) | dict.fromkeys(CAMERA_NOISE, DARK_SUBJECTS)
    toned = _with_tones(ingredients)
    dimmed = {name: replace(toned[name], darkened=exponent) for name, exponent in dim.items()}
    return Recipe(
        name="estimator",
        ingredients=toned | dimmed,
        n_steps=4_000,
        phases=(Phase(crop_size=256, batch_size=16, told_share=0.0, n_stages=0),),
        frozen=("predictor", "head", "task_parameters"),
        optimiser="muon",
        max_gradient_norm=2.0,
        average_decay=0.998,
        loss=LossWeights(tasks=1.0, context=0.2),
    )


def one_task(task: Task) -> Recipe:
    """One task alone, trained as ``all_tasks``, with every way of making it; a twentieth of the pictures is clean."""
    ingredients = _with_tones(_resized(mixture({"clean": 0.05, **ONE_TASK[task]})))
    return replace(all_tasks(), name=f"one_task_{task}", ingredients=ingredients)


def expert() -> Recipe:
    """Noise, compression, rain and snow: the expert for what lies over a scene whose light is as it was.

    The trunk begins from nothing behind the estimator of the weights to start from, which it will be used with
    (docs/decisions/0018).
    """
    shares = {
        "clean": 0.04,
        "gaussian_noise": 0.31,
        "sensor_noise": 0.04,
        "correlated_noise": 0.04,
        "jpeg": 0.12,
        "webp": 0.015,
        "rain": 0.03,
        "rain_overlay": 0.07,
        "raindrop": 0.01,
        "rain_pairs": 0.04,
        "snow": 0.07,
    }
    composed = {
        "rain_layers": RAIN_OF_PAIRS,
        "rain_layer_files": replace(RAIN_OF_PAIRS, weight=0.02, operators=FILES, n_drawn=(1, 1)),
        "camera_files": Ingredient(weight=0.06, bank=CLEAN, operators=("sensor_noise", "jpeg")),
        "developed_files": Ingredient(weight=0.06, bank=CLEAN, operators=("correlated_noise", "jpeg")),
        "rainy_files": Ingredient(weight=0.05, bank=CLEAN, operators=FALLEN_AND_FILED, n_drawn=(2, 2)),
    }
    ingredients = _resized(mixture(shares)) | composed
    ingredients |= {name: replace(ingredients[name], enlarged=CAMERA_SOFT) for name in CAMERA_NOISE}
    common = Phase(crop_size=96, batch_size=16, told_share=0.5, surroundings_size=192, n_stages=2)
    return replace(
        all_tasks(),
        name="expert",
        ingredients=_with_tones(ingredients),
        n_steps=16_000,
        phases=(replace(common, n_stages=1, share=0.43), replace(common, share=0.57)),
        frozen=("estimator",),
        fresh=("predictor", "head", "task_parameters"),
        loss=LossWeights(balance=0.02, tasks=0.0),
    )


def paper() -> Recipe:
    """The three tasks with the literal form of arXiv 2601.10192, to be compared with ``three_tasks``."""
    return replace(three_tasks().with_model(preset("paper")), name="paper")


def finetune() -> Recipe:
    """Go on from trained weights with all pairs of a data folder, however few; see :func:`with_all_pairs`."""
    return Recipe(
        name="finetune",
        n_steps=3_000,
        phases=(Phase(batch_size=16),),
        learning_rate=1e-4,
        n_warmup=100,
        average_decay=0.995,
    )


@dataclass(frozen=True, kw_only=True)
class NamedRecipe:
    """An entry of the table of recipes."""

    summary: str
    """What it trains, in one line."""

    build: Callable[[], Recipe]
    """Returns the recipe."""


RECIPES: Final[Mapping[str, NamedRecipe]] = {
    "three_tasks": NamedRecipe(summary="Gaussian noise, rain, haze", build=three_tasks),
    "four_tasks": NamedRecipe(summary="noise, rain, haze, low light: the first shipped weights", build=four_tasks),
    "five_tasks": NamedRecipe(summary="Gaussian noise, rain, haze, blur, low light", build=five_tasks),
    "all_tasks": NamedRecipe(summary="every degradation, and mixtures of two and three", build=all_tasks),
    "estimator": NamedRecipe(summary="the estimator alone, on large crops", build=estimator),
    "one_task_noise": NamedRecipe(summary="noise alone", build=partial(one_task, "noise")),
    "one_task_rain": NamedRecipe(summary="rain alone, streaks and drops", build=partial(one_task, "rain")),
    "one_task_snow": NamedRecipe(summary="snow alone", build=partial(one_task, "snow")),
    "one_task_haze": NamedRecipe(summary="haze alone", build=partial(one_task, "haze")),
    "one_task_blur": NamedRecipe(summary="blur alone, motion and focus", build=partial(one_task, "blur")),
    "one_task_low_light": NamedRecipe(summary="low light alone", build=partial(one_task, "low_light")),
    "one_task_jpeg": NamedRecipe(summary="compression alone, JPEG and WebP", build=partial(one_task, "jpeg")),
    "expert": NamedRecipe(
        summary="noise, compression, rain and snow: the expert, behind a trained estimator", build=expert
    ),
    "paper": NamedRecipe(summary="the three tasks with the literal form of arXiv 2601.10192", build=paper),
    "finetune": NamedRecipe(summary="your own pairs, starting from the bundled weights", build=finetune),
}
"""Name -> recipe."""


def recipe(name: str) -> Recipe:
    """Return a recipe by name.

    Raises:
        ConfigurationError: if there is none; the nearest name is suggested.
    """
    if name not in RECIPES:
        nearest = get_close_matches(name, RECIPES, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        raise ConfigurationError(f"recipe must be one of {', '.join(RECIPES)}; got {name!r}{hint}")
    return RECIPES[name].build()
