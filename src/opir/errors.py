"""The exceptions of the package, one tree.

Every message says what was expected, what was found and what to do about it. The command line prints
the message alone and exits with status 1; a library user may catch :class:`OpirError` or one branch.
"""

from __future__ import annotations


class OpirError(Exception):
    """Base of every exception that this package raises on purpose."""


class ShapeError(OpirError, ValueError):
    """An array or tensor has the wrong shape, dtype or value range."""


class ConfigurationError(OpirError, ValueError):
    """A setting has an impossible value, or two settings contradict each other."""


class MissingExtraError(OpirError, ImportError):
    """An optional dependency is needed; the message holds the exact install line."""


class ImageError(OpirError):
    """A picture cannot be read, decoded or written."""


class UnreadableImageError(ImageError):
    """The file is missing, truncated, corrupt or not a picture."""


class UnsupportedImageError(ImageError):
    """The file is a picture of a kind that is not handled: format, colour model, several frames."""


class ImageTooLargeError(ImageError):
    """The picture has more pixels than the limit in force."""


class OutputError(ImageError):
    """The result cannot be written where it was asked for."""


class WeightsError(OpirError):
    """A model file is missing, damaged (sha256 differs) or belongs to another version."""


class NumericalError(OpirError):
    """A result holds NaN or infinity; it is never written to a file."""


class DatasetError(OpirError):
    """A data set is malformed: unpaired, different-sized or unreadable files, all named at once."""


class DatasetNotFoundError(DatasetError):
    """No known layout was found in a folder; the message lists what was looked for."""
