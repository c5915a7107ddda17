"""FileFormatError, the exception for faulty files, and helpers for its messages."""

from __future__ import annotations


class FileFormatError(ValueError):
    """A file is damaged, forged, of a newer format, or of another kind. The message says which, and what to do."""


#: Exceptions of constructors that get nonsensical arguments from a file.
REFUSALS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, MemoryError, RecursionError)


def short_message(error: BaseException) -> str:
    """Return the text of an error, at most 300 letters of it."""
    text = str(error) or type(error).__name__
    return text if len(text) <= 300 else f"{text[:300]}…"
