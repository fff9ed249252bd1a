"""Undoing a blur that is the same all over a picture: its kernel, found blindly, and the inverse of the kernel.

The operator that the network predicts reaches a few pixels around each one; a shaken camera or a lens out of focus
needs more. The blur is a convolution with one kernel there, so its inverse is one filter for the whole picture. Start
at :func:`opir.deconvolution.estimate.estimate_blur`. Nothing here needs torch: networks are handed in.
"""
