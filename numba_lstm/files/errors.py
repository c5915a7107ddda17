"""The one exception for what is wrong inside a file."""

from __future__ import annotations


class FileFormatError(ValueError):
    """A file is damaged, forged, of a newer format, or of another kind. The message says which, and what to do."""


#: What a constructor may answer to arguments that make no sense.
REFUSALS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, MemoryError, RecursionError)


def brief(error: BaseException) -> str:
    """What ``error`` says, in 300 letters at most."""
    text = str(error) or type(error).__name__
    return text if len(text) <= 300 else f"{text[:300]}…"
