"""Preprocessing of sequences and texts, as ``keras.preprocessing``."""

from ..utils.text_files import text_dataset_from_directory
from ..utils.timeseries import timeseries_dataset_from_array
from . import sequence, text
from .random_windows import RandomWindows

__all__ = ["RandomWindows", "sequence", "text", "text_dataset_from_directory", "timeseries_dataset_from_array"]
