"""Predictions part by part have the bits of predict."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from numba_lstm import Sequential
from numba_lstm.distributed import predict
from numba_lstm.layers import LSTM, Dense

X = np.random.default_rng(0).standard_normal((50, 4, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def model() -> Sequential:
    made = Sequential([LSTM(4), Dense(2)])
    made.build((None, 4, 3))
    return made


@pytest.mark.on_the_cpu(reason="products of the reference depend on the rows of a batch")
def test_parts_files_and_lists(model: Sequential, tmp_path: Path) -> None:
    whole = model.predict(X, verbose=0)
    assert np.array_equal(predict(model, X, chunk_size=7), whole)
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    out = np.lib.format.open_memmap(tmp_path / "y.npy", "w+", np.float32, (50, 2))
    assert predict(model, mapped, out=out, chunk_size=9) is out
    assert np.array_equal(np.load(tmp_path / "y.npy"), whole)
    chunks = predict(model, [X[:20], X[20:]])
    assert np.array_equal(np.concatenate(chunks), whole)


def test_processes_of_joblib(model: Sequential) -> None:
    pytest.importorskip("joblib")
    assert np.array_equal(predict(model, X, chunk_size=25, n_jobs=2), model.predict(X, verbose=0))


def test_blocks_of_dask(model: Sequential) -> None:
    array = pytest.importorskip("dask.array")
    blocks = array.from_array(X, chunks=(20, 4, 3))
    lazy = predict(model, blocks)
    assert lazy.shape == (50, 2)
    assert np.array_equal(lazy.compute(scheduler="threads"), model.predict(X, verbose=0))
    with pytest.raises(ValueError, match="whole samples"):
        predict(model, blocks.rechunk((50, 2, 3)))
    with pytest.raises(TypeError, match="stores its outputs itself"):
        predict(model, blocks, out=np.empty((50, 2), np.float32))


WORKER = """
from distributed import Client, LocalCluster
import numba_lstm
with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
    print(client.submit(numba_lstm.get_num_threads).result())
"""


def test_workers_of_dask_use_one_thread(tmp_path: Path) -> None:
    try:
        metadata.version("distributed")  # not by its import, which this package of tests shadows
    except metadata.PackageNotFoundError:
        pytest.skip("needs distributed")
    done = subprocess.run([sys.executable, "-c", WORKER], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout == "1\n", done.stderr


def test_wrong_calls_are_sentences(model: Sequential) -> None:
    with pytest.raises(ValueError, match=r"out must have shape \(50, 2\) and dtype float32, got \(50, 3\) float64"):
        predict(model, X, out=np.empty((50, 3)))
    with pytest.raises(TypeError, match="x is a list of chunks"):
        predict(model, [X], out=np.empty((50, 2), np.float32))
    with pytest.raises(ValueError, match="must be built"):
        predict(Sequential([LSTM(4)]), X)
    with pytest.raises(TypeError, match="strategy must be a"):
        Sequential([LSTM(4)]).compile("adam", "mse", strategy="data parallel")
