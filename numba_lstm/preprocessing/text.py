"""Nothing: Keras 3 has no ``keras.preprocessing.text`` either, and each name of Keras 2 says what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..absent import absent

__all__: list[str] = []

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
