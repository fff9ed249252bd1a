"""All sizes of the network in one table."""

from __future__ import annotations

from difflib import get_close_matches

from opir.errors import ConfigurationError
from opir.model.config import NetworkConfig

PRESETS: dict[str, NetworkConfig] = {
    # video in real time
    "tiny": NetworkConfig(
        widths=(32, 64), encoder_blocks=(1, 1), decoder_blocks=(1,), downscale=4, head_width=24, dilations=(1, 2),
        exit_kernel=1, block_norm=True, block_modulation=True, estimator_widths=(16, 32, 32),
        estimator_dilations=(1, 4), n_context=32,
    ),
    # the one that ships
    "base": NetworkConfig(
        widths=(48, 64, 96), encoder_blocks=(1, 1, 2), head_width=48, exit_kernel=1, block_norm=True,
        block_modulation=True, task_rank=8, estimator_dilations=(1, 2, 4, 8),
    ),
    # quality first
    "large": NetworkConfig(
        widths=(48, 96, 192, 288), encoder_blocks=(1, 2, 3, 3), decoder_blocks=(1, 2, 2), head_width=48,
        block_norm=True, block_modulation=True, task_rank=2, estimator_dilations=(1, 2, 4, 8), n_context=96,
    ),
    # the most probable literal form of arXiv 2601.10192, on the trunk of "base"
    "paper": NetworkConfig(
        widths=(48, 64, 96), encoder_blocks=(1, 1, 2), head_width=48, exit_kernel=1, block_norm=True,
        block_modulation=True, estimator_dilations=(1, 2, 4, 8), fusion="pointwise", bias=False, uncertainty="pooled",
        stage_two_sees_observed=False, output_fusion=True,
    ),
}  # fmt: skip
"""Name -> configuration. Parameters and multiply-adds: ``opir presets``."""


def preset(name: str) -> NetworkConfig:
    """Return the configuration of a preset.

    Raises:
        ConfigurationError: if there is no such preset; the nearest name is suggested.
    """
    if name not in PRESETS:
        nearest = get_close_matches(name, PRESETS, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        raise ConfigurationError(f"preset must be one of {', '.join(PRESETS)}; got {name!r}{hint}")
    return PRESETS[name]
