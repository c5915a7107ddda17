"""``to_categorical`` and ``normalize`` under the name of Keras 2's module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..absent import absent
from .categories import normalize, to_categorical

__all__ = ["normalize", "to_categorical"]

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
