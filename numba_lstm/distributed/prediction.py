"""Predictions chunk by chunk: into a file, in processes of joblib, or for the blocks of a Dask array."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..device import set_num_threads
from ..inputs import as_count

#: Samples of a chunk where the data has no chunks of its own.
CHUNK = 8192


def predict(
    model: Any, x: Any, *, out: Any = None, batch_size: int | None = None, chunk_size: int = CHUNK, n_jobs: int | None = None
) -> Any:
    """Compute ``model.predict`` chunk by chunk, with the same bits.

    Parameters
    ----------
    model : Model
        Built, with one input and one output. Each worker receives it once.
    x : array (N, ...), list of arrays, or Dask array
        The samples. Of an array mapped from a file only ``chunk_size`` samples are in memory at a time. A list has chunks of
        samples. A Dask array is computed lazily, a block at a time, by the workers of the client or scheduler in use. Its other
        axes may have one block only.
    out : array (N, ...), optional
        Where to write the outputs, as ``numpy.lib.format.open_memmap`` makes it. Not for a Dask array, which stores itself.
    batch_size : int, optional
        As ``model.predict``'s.
    chunk_size : int
        Samples of a chunk of an array.
    n_jobs : int, optional
        Processes of joblib, which divides the cores among them. Without it this process computes one chunk after the other.

    Returns
    -------
    array, list of arrays or Dask array
        The outputs in the form of ``x``; ``out`` where it is given.

    Raises
    ------
    TypeError, ValueError
        For a model that is not built or has several inputs, for a wrong ``out``, and for blocks along other axes.
    ImportError
        For ``n_jobs`` without joblib.
    """
    if not model.built or not (model.has_one_input and model.has_one_output):
        raise ValueError(
            f"{model.name} must be built, with one input and one output, for predictions chunk by chunk. "
            "Call model.predict for any other."
        )
    if type(x).__module__.partition(".")[0] == "dask":
        return _of_dask(model, x, out, batch_size)
    size = as_count(chunk_size, "chunk_size")
    if isinstance(x, (list, tuple)):
        chunks, spans = list(x), None
    else:
        spans = [slice(begin, min(begin + size, len(x))) for begin in range(0, len(x), size)]
        chunks = [x[span] for span in spans]
    if out is not None:
        _check_out(model, x, out, spans)
    computed = _computed(model, chunks, batch_size, n_jobs)
    if spans is None:
        return list(computed)
    if out is None:
        return np.concatenate(list(computed)) if chunks else model.predict(x, batch_size=batch_size, verbose=0)
    for span, chunk in zip(spans, computed, strict=True):
        out[span] = chunk
    return out


def _check_out(model: Any, x: Any, out: Any, spans: Sequence[slice] | None) -> None:
    """Raise TypeError or ValueError unless the outputs for ``x`` fit into ``out``."""
    if spans is None:
        raise TypeError("out takes the outputs of an array, but x is a list of chunks. Leave out away, and write each chunk.")
    shape, dtype = (len(x), *model.compute_output_shape((None, *x.shape[1:]))[1:]), np.dtype(model.dtype)
    if getattr(out, "shape", None) != shape or getattr(out, "dtype", None) != dtype:
        came = getattr(out, "shape", type(out).__name__), str(getattr(out, "dtype", ""))
        raise ValueError(f"out must have shape {shape} and dtype {dtype}, got {came[0]} {came[1]}. Make it with these.")


def _computed(model: Any, chunks: Sequence[Any], batch_size: int | None, n_jobs: int | None) -> Any:
    if n_jobs is None:
        return (model.predict(chunk, batch_size=batch_size, verbose=0) for chunk in chunks)
    try:
        import joblib
    except ImportError as error:
        raise ImportError("n_jobs needs joblib. Run pip install joblib, or leave n_jobs out.") from error
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator")
    return parallel(joblib.delayed(_predict_chunk)(chunk, model, batch_size) for chunk in chunks)


def _predict_chunk(chunk: Any, model: Any, batch_size: int | None) -> Any:
    """Predict in a worker; a process that another one started takes one thread, since others use the other cores."""
    if multiprocessing.parent_process() is not None:
        set_num_threads(1)
    return model.predict(chunk, batch_size=batch_size, verbose=0)


def _of_dask(model: Any, x: Any, out: Any, batch_size: int | None) -> Any:
    if out is not None:
        raise TypeError("a Dask array stores its outputs itself. Leave out away, and call dask.array.store or to_zarr.")
    if any(len(blocks) > 1 for blocks in x.chunks[1:]):
        raise ValueError(
            f"the blocks of x must be whole samples, got the blocks {x.chunks}. Call x.rechunk({{0: 'auto', 1: -1, 2: -1}})."
        )
    shape = model.compute_output_shape((None, *x.shape[1:]))[1:]
    dropped = list(range(1, x.ndim))[len(shape) :]
    import dask

    sent = dask.delayed(model)  # once for each worker, not once for each block
    return x.map_blocks(
        _predict_chunk, sent, batch_size, dtype=np.dtype(model.dtype), chunks=(x.chunks[0], *((size,) for size in shape)),
        drop_axis=dropped or None, meta=np.empty((0,) * (1 + len(shape)), model.dtype),
    )  # fmt: skip
