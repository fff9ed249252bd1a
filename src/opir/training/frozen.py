"""Weights that stay as they are while the others are trained."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from opir.errors import ConfigurationError
from opir.model.network import RestorationNetwork
from opir.model.parts import parameters_of_parts
from opir.model.task_owned import owned_entries
from opir.tasks import Task


def freeze(network: nn.Module, parts: Sequence[str]) -> None:
    """Let the parameters of these parts have no gradient, and those of all others one.

    Args:
        network: changed in place.
        parts: names of modules or parameters, dotted: "estimator", "estimator.entry", "head.weight".

    Raises:
        ConfigurationError: if there is no such part, or nothing would be left to train.
    """
    parameters = dict(network.named_parameters())
    frozen = parameters_of_parts(network, parts, option="frozen")
    if len(frozen) == len(parameters):
        raise ConfigurationError(f"frozen must leave something to train; got {', '.join(parts)}")
    for name, parameter in parameters.items():
        parameter.requires_grad_(name not in frozen)


def train_tasks_alone(network: RestorationNetwork, tasks: Sequence[Task]) -> None:
    """Let nothing but the entries that these tasks own be trained, of the parameters that are not frozen.

    The gradient of every other entry is zero from here on, so an optimiser without weight decay leaves it as it is:
    pictures without these tasks are restored as before.

    Args:
        network: changed in place.
        tasks: whose own entries are trained; none changes nothing.

    Raises:
        ConfigurationError: if nothing would be left to train.
    """
    if not tasks:
        return
    owned = owned_entries(network, tasks)
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(parameter.requires_grad and name in owned)
        if parameter.requires_grad:
            parameter.register_hook(_Masked(owned[name]))  # type: ignore[no-untyped-call]
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise ConfigurationError(f"only_tasks={','.join(tasks)} needs weights of tasks that are not frozen")


class _Masked:
    """Sets the gradient to zero outside of a mask."""

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def __call__(self, gradient: Tensor) -> Tensor:
        self.mask = self.mask.to(gradient.device)
        return gradient * self.mask
