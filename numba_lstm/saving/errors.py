"""The one exception for what is wrong inside a file."""

from __future__ import annotations


class FileFormatError(ValueError):
    """A file is damaged, forged, of a newer format, or of another kind. The message says which, and what to do."""
