"""Which optimiser moves which weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from opir.model.network import RestorationNetwork
from opir.training.muon import Muon
from opir.training.recipe import Recipe


class Optimisers:
    """Several optimisers that step together, one for checkpoints and schedules.

    Every group has a ``rate_factor``: its learning rate in units of the schedule's.
    """

    def __init__(self, members: Iterable[torch.optim.Optimizer]) -> None:
        self.members = tuple(members)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Groups of all members."""
        return [group for member in self.members for group in member.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """States of the members, in order."""
        return {"members": [member.state_dict() for member in self.members]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the states of as many members."""
        for member, state in zip(self.members, state_dict["members"], strict=True):
            member.load_state_dict(state)

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for member in self.members:
            member.zero_grad()

    def step(self) -> None:
        """Let every member take its step."""
        for member in self.members:
            member.step()


def build_optimiser(network: RestorationNetwork, recipe: Recipe) -> Optimisers:
    """The optimiser of a recipe: Muon for the convolutions of the trunk, AdamW for everything else.

    The estimator, the head, the task-aware parameters and all biases stay with AdamW; so does everything in recipes
    with ``optimiser="adamw"``. Where the trunk is frozen, Muon has the convolutions of the estimator instead.
    """
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    trunk_learns = any(parameter.requires_grad for parameter in network.predictor.parameters())
    part = network.predictor if trunk_learns else network.estimator
    convolutions = [module for module in part.modules() if isinstance(module, nn.Conv2d)]
    kernels = {id(parameter) for module in convolutions for parameter in module.parameters() if parameter.ndim > 1}
    orthogonal = [parameter for parameter in trained if id(parameter) in kernels and recipe.optimiser == "muon"]
    others = [parameter for parameter in trained if all(parameter is not other for other in orthogonal)]
    adamw = torch.optim.AdamW(
        [{"params": others, "rate_factor": 1.0}],
        lr=recipe.learning_rate,
        betas=(0.9, recipe.second_moment_decay),
        weight_decay=0.0 if recipe.only_tasks else recipe.weight_decay,  # would move what has no gradient
    )
    if not orthogonal:
        return Optimisers([adamw])
    group = {"params": orthogonal, "rate_factor": recipe.muon_rate}
    return Optimisers([adamw, Muon([group], lr=recipe.muon_rate * recipe.learning_rate)])
