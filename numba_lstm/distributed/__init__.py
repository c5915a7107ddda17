"""Training on several processes or machines by MPI, and predictions part by part, of Dask's workers or into a file."""

from .data_parallel import DataParallel
from .prediction import predict

__all__ = ["DataParallel", "predict"]
