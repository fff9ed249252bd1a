"""Networks that began with the same weights, put together number by number."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch

from opir.errors import ConfigurationError
from opir.model.network import RestorationNetwork
from opir.model.parts import parameters_of_parts
from opir.model.task_owned import owned_entries
from opir.tasks import Task


def merged(
    network: RestorationNetwork,
    other: RestorationNetwork,
    *,
    share: float,
    parts: Sequence[str] = (),
    tasks: Sequence[Task] = (),
) -> RestorationNetwork:
    """The mean ``(1 - share) * network + share * other`` of all weights, or of some; the rest is ``network``'s.

    Changes of log-odds (:mod:`opir.model.log_odds`) belong to the layer of the task logits and are averaged with it;
    they were chosen for both readings of the estimator together (:mod:`opir.model.logarithms`).
    The mean of weights before and after further training keeps most of both, where one of them alone has forgotten
    (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022). It means something only for networks that
    come from the same weights: others have their channels in another order. A share of 1 takes parts as they are, such
    as an estimator that was trained alone with its context kept.

    Args:
        network: left as it is.
        other: of the same configuration, left as it is.
        share: of ``other``, 0 to 1.
        parts: names of modules or parameters, dotted, such as "estimator" or "head.weight"; none for everything.
        tasks: merge only what these own (:func:`~opir.model.task_owned.owned_entries`); none for everything. Tasks that
            were trained apart from each other (``only_tasks``) are put together with a share of 1.

    Raises:
        ConfigurationError: if the networks differ in their configuration, the share is not one, there is no such
            part, or the tasks own nothing in the parts.
    """
    if network.config != other.config:
        raise ConfigurationError(f"networks of one configuration can be merged; got {network.config}, {other.config}")
    if not 0 <= share <= 1:
        raise ConfigurationError(f"share must lie between 0 and 1; got {share}")
    result = copy.deepcopy(network)
    theirs = dict(other.named_parameters())
    chosen = parameters_of_parts(network, parts, option="parts") if parts else set(theirs)
    if "estimator.task_logits.weight" in chosen and not tasks:
        result.estimator.log_odds.lerp_(other.estimator.log_odds, share)
    owned = owned_entries(network, tasks)
    if tasks and not chosen & set(owned):
        raise ConfigurationError(f"{', '.join(tasks)} own nothing in {', '.join(parts) or 'this network'}")
    with torch.no_grad():
        for name, mine in result.named_parameters():
            if name not in chosen or (tasks and name not in owned):
                continue
            mean = torch.lerp(mine, theirs[name], share)
            mine.copy_(torch.where(owned[name], mean, mine) if tasks else mean)
    return result
