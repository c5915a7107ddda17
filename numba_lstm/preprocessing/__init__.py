"""Preprocessing of sequences and texts, as ``keras.preprocessing``."""

from ..utils.timeseries import timeseries_dataset_from_array
from . import sequence, text

__all__ = ["sequence", "text", "timeseries_dataset_from_array"]
