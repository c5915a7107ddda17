"""Models: Sequential, and load_model for files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..naming.absent import absent
from .loading import load_model
from .sequential import Sequential

__all__ = ["Sequential", "load_model"]

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
