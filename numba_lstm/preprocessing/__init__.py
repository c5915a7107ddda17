"""Preprocessing of sequences and texts, as ``keras.preprocessing``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..naming.absent import absent
from ..utils.datasets import text_dataset_from_directory, timeseries_dataset_from_array
from . import sequence, text
from .random_windows import RandomWindows

__all__ = ["RandomWindows", "sequence", "text", "text_dataset_from_directory", "timeseries_dataset_from_array"]

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
