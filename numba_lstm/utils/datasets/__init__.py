"""Datasets of batches: by index, of windows of series, of text files, of similar lengths, and their division."""

from .bucketing import BucketDataset
from .py_dataset import PyDataset
from .splitting import split_dataset
from .text_files import text_dataset_from_directory
from .timeseries import timeseries_dataset_from_array

__all__ = ["BucketDataset", "PyDataset", "split_dataset", "text_dataset_from_directory", "timeseries_dataset_from_array"]
