"""Lengths for which Fourier transforms are fast."""

from __future__ import annotations


def fast_length(length: int) -> int:
    """Return the next even length without prime factors above 5, for which Fourier transforms are fast."""
    candidate = length + length % 2
    while True:
        rest = candidate
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return candidate
        candidate += 2
