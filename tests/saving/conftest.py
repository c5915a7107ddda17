"""A model to save, and what a reader may do with a file that it refuses: read it, quickly, in little memory, nothing else."""

import copy
import gc
import sys
import time
import tracemalloc

import numpy as np
import pytest

import numba_lstm.interop.keras  # noqa: F401 - readers are imported before anything is watched
import numba_lstm.saving.native  # noqa: F401
from numba_lstm import set_random_seed
from numba_lstm.layers import LSTM, Activation, Dense, Dropout, Input
from numba_lstm.models import Sequential
from numba_lstm.optimizers import Adam, schedules
from numba_lstm.saving import FileFormatError, container, document, load_model

SECONDS = 2.0  # a reader has no business to take longer, whatever the file says
MEMORY = 64 << 20  # bytes on top of twice the file: its copy and the model made of it
HARMLESS = {"builtins.id", "object.__getattr__", "sys._getframe"}  # audited, but neither open, import nor run anything

_seen = None


def _audit(event, arguments):
    if _seen is not None and event not in HARMLESS:
        _seen.append((event, arguments))


@pytest.fixture(scope="session", autouse=True)
def _audited():
    sys.addaudithook(_audit)  # cannot be removed again; it records only while _seen is a list


@pytest.fixture
def refusal_message():
    """A function that loads a file, expects FileFormatError and returns its message."""

    def check(path):
        global _seen
        for measure in (_time, _memory):  # apart, since tracing is slow
            _seen = []
            try:
                with pytest.raises(FileFormatError) as caught:
                    measure(lambda: load_model(path), path.stat().st_size)
            finally:
                events, _seen = _seen, None
            assert [event for event in events if event[0] != "open" or event[1][0] != str(path)] == []
        message = str(caught.value)
        assert message.startswith(str(path))
        assert len(message) < 600
        return message

    return check


def _time(load, size):
    """The reader's own time: not that of other processes, nor of a collector that goes through what all tests have left."""
    gc.disable()
    begin = time.process_time()
    try:
        load()
    finally:
        seconds = time.process_time() - begin
        gc.enable()
        assert seconds < SECONDS


def _memory(load, size):
    tracemalloc.start()
    try:
        load()
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < MEMORY + 2 * size


@pytest.fixture
def data():
    """Inputs (11, 5, 3) and targets (11, 2)."""
    rng = np.random.default_rng(5)
    return rng.normal(size=(11, 5, 3)), rng.normal(size=(11, 2))


@pytest.fixture
def model(data):
    """A model of every layer with weights, and of dropout, trained for one epoch."""
    set_random_seed(3)
    model = Sequential([Input((5, 3)), LSTM(4, return_sequences=True), Dropout(0.3), LSTM(2, "relu"), Dense(2)], name="small")
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(*data, batch_size=4, epochs=1, verbose=0)
    return model


@pytest.fixture(scope="session")
def document_and_tensors():
    """Document and tensors of a good model. Its layers are Input, LSTM, Dropout, Activation and Dense."""
    stack = [
        Input((5, 3), name="input"),
        LSTM(4, seed=3, name="lstm"),
        Dropout(0.3, name="dropout"),
        Activation("leaky_relu", name="activation"),
        Dense(2, name="dense"),
    ]
    model = Sequential(stack, name="small")
    model.compile(Adam(schedules.ExponentialDecay(0.1, 7, 0.9)), "huber", metrics=["mae"], weighted_metrics=["mse"])
    model.optimizer.build(model.trainable_weights)
    model.random.next_key()
    return document.pack(model)


@pytest.fixture
def write_changed(document_and_tensors, tmp_path):
    """A function that changes a copy of the parts and returns a file of them."""

    def write(change):
        outer = {"model": copy.deepcopy(document_and_tensors[0])}
        tensors = dict(document_and_tensors[1])
        change(outer, tensors)
        path = tmp_path / "hostile.nlstm"
        path.write_bytes(container.encode(outer["model"], tensors))
        return path

    return write
