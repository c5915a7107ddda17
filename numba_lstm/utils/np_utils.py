"""``keras.utils.np_utils`` of Keras 2: ``to_categorical`` and ``normalize``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..naming.absent import absent
from .categories import normalize, to_categorical

__all__ = ["normalize", "to_categorical"]

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
