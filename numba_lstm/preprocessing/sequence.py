"""Sequences, as ``keras.preprocessing.sequence``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..absent import absent
from ..sequences import pad_sequences

__all__ = ["pad_sequences"]

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
