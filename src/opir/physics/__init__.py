"""Forward models of image degradation, I = D(J), one phenomenon per file.

Needs the ``torch`` extra. Every operator takes sRGB-encoded images (B, 3, H, W) in [0, 1] and returns
the same; an operator whose physics happens in linear light converts inside and says so.
"""
