"""Every error the library raises on purpose.

A message says what was expected, what came, where (file, row, clip), and what to do about it.
All derive from :class:`AstsvmError`, so a caller can catch the library's own refusals in one place
and let true bugs through.
"""

from __future__ import annotations

__all__ = [
    "AstsvmError",
    "DatasetError",
    "EvaluationError",
    "FaceNotFoundError",
    "FrameReadError",
    "InvalidInputError",
    "MissingResourceError",
    "SettingsError",
    "StorageError",
]


class AstsvmError(Exception):
    """Base of every error raised on purpose by astsvm."""


class InvalidInputError(AstsvmError, ValueError):
    """An array or argument has the wrong shape, type, range, or holds NaN."""


class SettingsError(AstsvmError, ValueError):
    """A setting is unknown, out of range, or contradicts another one."""


class DatasetError(AstsvmError):
    """A sheet, index or folder of a dataset cannot be understood."""


class FrameReadError(AstsvmError):
    """The frames of a clip cannot be read or decoded."""


class FaceNotFoundError(AstsvmError):
    """No face was found in the frame that has to hold one."""


class MissingResourceError(AstsvmError):
    """A file the library needs, such as a landmark model, is not installed."""


class StorageError(AstsvmError):
    """A stored file is foreign, damaged, truncated, or written by a newer version."""


class EvaluationError(AstsvmError):
    """A run cannot be carried out, resumed, or scored."""
