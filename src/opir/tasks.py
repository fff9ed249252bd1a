"""The degradations that the package knows, in the order in which the network reports them."""

from __future__ import annotations

from typing import Literal, get_args

Task = Literal["noise", "rain", "snow", "haze", "blur", "low_light", "jpeg"]
"""Name of one degradation. Raindrops on glass count as ``rain``; defocus and motion as ``blur``."""

TASKS: tuple[Task, ...] = get_args(Task)
"""All task names; position t is the column of task t in every (B, T) tensor."""
