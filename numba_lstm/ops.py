"""``keras.ops``: empty, since arrays are NumPy's. Errors say which NumPy function to write for each name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .naming.absent import absent

__all__: list[str] = []

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
