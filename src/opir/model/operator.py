"""The inverse degradation operator: what the predicted channels mean and how they act on an image."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from opir.model.config import NetworkConfig
from opir.ops import pixelwise_conv

INITIAL_LOG_SCALE = -3.5
"""Log of the Laplace scale before training, about 8 grey levels."""

LOG_SCALE_RANGE = (-7.0, 0.0)
"""Smallest and largest log-scale that is predicted: 0.2 to 255 grey levels."""

UNCERTAINTY_KNEE = 0.02
"""Laplace scale b0 at which the uncertainty U = b / (b + b0) is one half: 5 grey levels."""


class InverseOperator(nn.Module):
    """Apply the predicted operator to an image.

    Affine form (the default), a superset of the paper's:
    ``J(p) = x(p) + sum_d w_d(p) sum_t dK(t, p) x(p + d t) + c(p)``, with w a softmax over the dilations d. It contains
    the exact local inverses of I = H J + b for rain (W = 1, c = -R), snow, haze (W = 1 / tau) and low light
    (W = 1 / L); with dK = 0 it is an ordinary residual restorer.

    Pointwise form (preset ``paper``, after the predictive filtering of arXiv 2201.02366): a kernel bank per
    dilation, no bias, dilations fused by a learned 1x1 map; kernels are predicted as deviations from the
    identity here as well.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        if config.fusion == "pointwise":
            n_dilations = len(config.dilations)
            self.fuse = nn.Conv2d(3 * n_dilations, 3, 1)
            _set_mean_of_groups(self.fuse, n_dilations)

    def forward(self, image: Tensor, operator: Tensor) -> tuple[Tensor, Tensor]:
        """Restore ``image``.

        Args:
            image: (B, 3, H, W), sRGB, about [0, 1].
            operator: (B, operator channels, H, W) as predicted.

        Returns:
            The restored image (B, 3, H, W), not clipped, and its uncertainty (B, 1, H, W): the Laplace scale b > 0 of
            the error in image units (``learned``) or the mean magnitude of the taps (``pooled``).
        """
        config = self.config
        if config.fusion == "pointwise" or not _mixes_dtypes(image, operator):
            operator = operator.to(image.dtype)
        operator = operator.contiguous()
        kernels, rest = operator[:, : config.n_kernel_channels], operator[:, config.n_kernel_channels :]
        if config.fusion == "softmax":
            mixing, rest = rest[:, : len(config.dilations)], rest[:, len(config.dilations) :]
            bias = rest[:, :3] if config.bias else None
            restored = pixelwise_conv(
                image, kernels, dilations=config.dilations, mixing_logits=mixing, bias=bias, add_image=True
            )
        else:
            banks = kernels.chunk(len(config.dilations), dim=1)
            filtered = [
                pixelwise_conv(image, bank, dilations=(dilation,), add_image=True)
                for bank, dilation in zip(banks, config.dilations, strict=True)
            ]
            restored = self.fuse(torch.cat(filtered, dim=1))
            if config.bias:
                restored = restored + rest[:, :3].to(image.dtype)
        if config.uncertainty == "learned":
            log_scale = rest[:, -1:].to(image.dtype)
            scale = torch.exp((log_scale + INITIAL_LOG_SCALE).clamp(*LOG_SCALE_RANGE))
        else:
            scale = kernels.to(image.dtype).abs().mean(dim=1, keepdim=True)
        return restored, scale


def _mixes_dtypes(image: Tensor, operator: Tensor) -> bool:
    """Whether :func:`opir.ops.pixelwise_conv` takes the operator beside the image as it is, in low precision.

    It is under autocast, where the image stays float32: converting the operator, the largest tensor of the network,
    would be another pass over it.
    """
    return image.dtype == torch.float32 and operator.dtype in (torch.float16, torch.bfloat16)


def uncertainty_from_scale(scale: Tensor) -> Tensor:
    """Map an error scale b >= 0 to U = b / (b + b0) in [0, 1), which is sigmoid(log b - log b0); 0 stays 0."""
    return scale / (scale + UNCERTAINTY_KNEE)


def _set_mean_of_groups(convolution: nn.Conv2d, n_groups: int) -> None:
    """Make a 1x1 convolution average ``n_groups`` pictures that are joined along channels."""
    with torch.no_grad():
        convolution.weight.copy_((torch.eye(3).repeat(1, n_groups) / n_groups)[:, :, None, None])
        assert convolution.bias is not None
        convolution.bias.zero_()
