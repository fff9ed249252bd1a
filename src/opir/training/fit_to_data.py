"""What of a recipe's mixture a data folder can provide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from opir.data.mixture import Ingredient
from opir.data.training_folder import PAIRS
from opir.errors import ConfigurationError
from opir.tasks import TASKS
from opir.training.recipe import Recipe


def with_all_pairs(recipe: Recipe, n_pictures: Mapping[str, int]) -> Recipe:
    """Fill an empty mixture with all banks of pairs, every picture with the same weight.

    What else a pair may show beside the task of its bank is not known: the loss on task weights ignores it.

    Args:
        recipe: returned as it is if it has ingredients.
        n_pictures: size of every bank of the data folder.

    Raises:
        ConfigurationError: if the mixture is empty and the folder holds no pairs.
    """
    if recipe.ingredients:
        return recipe
    pairs = {bank: n for bank, n in n_pictures.items() if bank.endswith(PAIRS) and n}
    if not pairs:
        raise ConfigurationError(
            f"{recipe.name} must have pairs of degraded and clean pictures; found {_found(n_pictures)}: "
            "see the layouts in docs/guide/data.md, or list the pairs in pairs.csv"
        )
    return replace(recipe, ingredients={bank: _own_pairs(bank, n) for bank, n in pairs.items()})


def _own_pairs(bank: str, n: int) -> Ingredient:
    tasks = tuple(task for task in TASKS if bank == task + PAIRS)
    return Ingredient(
        weight=float(n), bank=bank, tasks=tasks, may_hide=tuple(task for task in TASKS if task not in tasks)
    )


def without_missing_pairs(recipe: Recipe, n_pictures: Mapping[str, int]) -> tuple[Recipe, tuple[str, ...]]:
    """Leave out real pairs that the data folder lacks, as long as anything else is left to train on.

    Returns:
        The recipe, and one line for every ingredient that was left out.

    Raises:
        ConfigurationError: if an ingredient lacks its photographs, or nothing would be left.
    """
    used = {name: ingredient for name, ingredient in recipe.ingredients.items() if ingredient.weight > 0}
    lacking = {name: [bank for bank in entry.banks if not n_pictures.get(bank)] for name, entry in used.items()}
    missing = {name: banks for name, banks in lacking.items() if banks}
    all_missing = sorted({bank for banks in missing.values() for bank in banks})
    needed = [bank for bank in all_missing if not bank.endswith(PAIRS)]
    left = {name: ingredient for name, ingredient in used.items() if name not in missing}
    if needed or not left:
        banks = needed or all_missing
        raise ConfigurationError(
            f"{recipe.name} needs pictures for {', '.join(banks) or 'at least one ingredient'}; "
            f"found {_found(n_pictures)}: {_advice(banks)}"
        )
    notes = [
        f"{name} is left out: the data folder holds no {' and no '.join(banks)}" for name, banks in missing.items()
    ]
    notes += [f"{name} is left out: its weight is 0" for name in recipe.ingredients if name not in used]
    return replace(recipe, ingredients=left), tuple(notes)


def _found(n_pictures: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({n})" for name, n in n_pictures.items()) or "nothing"


def _advice(banks: list[str]) -> str:
    if not banks:
        return "give an ingredient a weight"
    if "clean" in banks:
        return "put photographs below the folder 'clean', or use finetune, which needs pairs alone"
    return "add such pairs, or choose another recipe"
