"""Steps on batches whose shards several processes compute."""

from .agreement import batches_of_all, compare_processes
from .steps import test_shards, train_shards

__all__ = ["batches_of_all", "compare_processes", "test_shards", "train_shards"]
