"""Named training recipes: Python functions that return a complete configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from typing import Final

from opir.data.mixture import Ingredient
from opir.data.training_folder import CLEAN
from opir.errors import ConfigurationError
from opir.model.presets import preset
from opir.tasks import Task
from opir.training.ingredients import (
    BLUR_AND_NOISE,
    BLURS,
    CAMERA_NOISE,
    CAMERA_SOFT,
    DARK_AND_NOISY,
    DARK_MIXED,
    DARK_SUBJECTS,
    DIM_SUBJECTS,
    DOWNPOUR_FILES,
    FALLEN_AND_FILED,
    FALLING_IN_HAZE,
    FILES,
    MIXED,
    MOST_OF_A_PICTURE,
    ONE_TASK,
    RAIN_OF_PAIRS,
    SOFT_FILES,
    mixture,
    resized,
    with_tones,
)
from opir.training.losses import LossWeights
from opir.training.recipe import Phase, Recipe

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
        "correlated_noise": 0.03,
        "developed_noise": 0.04,
        "jpeg": 0.15,
        "webp": 0.01,
        "rain": 0.02,
        "rain_overlay": 0.08,
        "downpour": 0.03,
        "raindrop": 0.01,
        "snow": 0.06,
        "haze": 0.13,
        "tinted_haze": 0.02,
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
    falling = {name: replace(falling, enlarged=1.5, reduced=2.0) for name, falling in FALLING_IN_HAZE.items()}
    composed = {
        "blur_and_noise": blurred,
        "camera_files": camera_file,
        "mixtures": mixed,
        **falling,
        "dark_and_noisy": DARK_AND_NOISY,
        "downpour_files": DOWNPOUR_FILES,
        "rain_layers": RAIN_OF_PAIRS,
        "rain_layer_files": replace(RAIN_OF_PAIRS, weight=0.02, operators=FILES, n_drawn=(1, 1)),
    }
    return Recipe(
        name="all_tasks",
        ingredients=with_tones(resized(mixture(shares)) | composed),
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
        "correlated_noise": 0.02,
        "developed_noise": 0.04,
        "jpeg": 0.07,
        "webp": 0.01,
        "rain": 0.02,
        "rain_overlay": 0.05,
        "downpour": 0.04,
        "raindrop": 0.01,
        "snow": 0.06,
        "haze": 0.17,
        "tinted_haze": 0.02,
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
        "developed_files": Ingredient(weight=0.04, bank=CLEAN, operators=("developed_noise", "jpeg")),
        "downpour_files": replace(DOWNPOUR_FILES, weight=0.06),
        **FALLING_IN_HAZE,
        "mixtures": Ingredient(weight=0.20, bank=CLEAN, operators=MIXED, n_drawn=(2, 3)),
    }
    ingredients = {
        name: replace(ingredient, enlarged=SOFT_FILES.get(name, 1.0), reduced=MOST_OF_A_PICTURE)
        for name, ingredient in (mixture(shares) | composed).items()
    }
    dim = dict.fromkeys(BLURS, DIM_SUBJECTS) | dict.fromkeys(CAMERA_NOISE, DARK_SUBJECTS)
    toned = with_tones(ingredients)
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
    ingredients = with_tones(resized(mixture({"clean": 0.05, **ONE_TASK[task]})))
    return replace(all_tasks(), name=f"one_task_{task}", ingredients=ingredients)


def expert() -> Recipe:
    """Noise, compression, rain and snow: the expert for what lies over a scene whose light is as it was.

    The trunk begins from nothing behind the estimator of the weights to start from, which it will be used with
    (docs/decisions/0018), and may be of another size than theirs.
    """
    shares = {
        "clean": 0.04,
        "gaussian_noise": 0.31,
        "sensor_noise": 0.04,
        "correlated_noise": 0.03,
        "developed_noise": 0.08,
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
        "developed_files": Ingredient(weight=0.06, bank=CLEAN, operators=("developed_noise", "jpeg")),
        "rainy_files": Ingredient(weight=0.05, bank=CLEAN, operators=FALLEN_AND_FILED, n_drawn=(2, 2)),
    }
    ingredients = resized(mixture(shares)) | composed
    ingredients |= {name: replace(ingredients[name], enlarged=CAMERA_SOFT) for name in CAMERA_NOISE}
    common = Phase(crop_size=96, batch_size=16, told_share=0.5, surroundings_size=192, n_stages=2)
    return replace(
        all_tasks(),
        name="expert",
        ingredients=with_tones(ingredients),
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
