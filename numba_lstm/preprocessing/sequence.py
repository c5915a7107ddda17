"""Padding and windows of sequences, as ``keras.preprocessing.sequence``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..inputs.sequences import pad_sequences
from ..naming.absent import absent
from .timeseries_generator import TimeseriesGenerator

__all__ = ["TimeseriesGenerator", "pad_sequences"]

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
