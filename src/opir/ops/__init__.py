"""Numerical operators of the network. Needs the ``torch`` extra."""

from __future__ import annotations

from opir.ops.implementation import Implementation, choose_implementation
from opir.ops.pixelwise_conv import pixelwise_conv
from opir.ops.reference import pixelwise_conv_reference

__all__ = ["Implementation", "choose_implementation", "pixelwise_conv", "pixelwise_conv_reference"]
