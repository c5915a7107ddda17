"""Nothing: arrays here are NumPy's, and each name of ``keras.ops`` says which function to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .absent import absent

__all__: list[str] = []

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
