"""A distortion pedal, learned from a pair of WAV files, and computed by a C library as a plug-in would."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from numba_lstm import Model
from numba_lstm.layers import LSTM, Add, Dense, Input
from numba_lstm.optimizers import Adam

from ..options import Options
from ..result import Result
from .guitar import RATE, guitar, pedal, read_wav, write_wav

Array = npt.NDArray[Any]

PIECE, WINDOW, BLOCK = RATE // 2, 500, 64  #: samples of a training sequence, of a window of tbptt, and of a block of audio
TEST_SECONDS = 5


def run(options: Options) -> Result:
    """Train on a pair of files, and render another one by the stream and by the C library."""
    with tempfile.TemporaryDirectory() as folder:
        clean, played = pair(Path(folder), "train", options.seed, float(options.limit or 20))
        x, y = pair(Path(folder), "test", options.seed + 1, TEST_SECONDS)
    model = made(options)
    pieces, targets = (audio[: len(audio) // PIECE * PIECE].reshape(-1, PIECE, 1) for audio in (clean, played))
    model.fit(pieces, targets, batch_size=10, epochs=options.epochs, tbptt=WINDOW, verbose=options.verbose)
    rendered, seconds = by_stream(model, x)
    rows = [["no effect", error(x, y), "-"], ["stream in Python", error(rendered, y), _factor(seconds)]]
    same, text = None, "To hear the C library, install a C compiler."
    if compiler := shutil.which("cc"):
        found, seconds = by_library(model, x, compiler)
        same = bool(np.array_equal(found, rendered))
        rows.append([f"C library, blocks of {BLOCK}", error(found, y), _factor(seconds)])
        text = f"The C library has {'the bits of' if same else 'OTHER BITS than'} the stream."
    return Result(
        f"LSTM(16) as a pedal, {len(clean) / RATE:.0f} s of training, {TEST_SECONDS} s of test, at {RATE // 1000} kHz",
        ("Rendered by", "error-to-signal", "times real time"),
        rows,
        lambda figure: draw(figure, x, y, rendered),
        model,
        text,
        {"error": ratio(rendered, y), "unprocessed": ratio(x, y), "same": same},
    )


def pair(folder: Path, name: str, seed: int, seconds: float) -> tuple[Array, Array]:
    """Write a guitar and what the pedal makes of it to two files, and return what is read from them."""
    clean = guitar(np.random.default_rng(seed), seconds)
    for kind, audio in (("clean", clean), ("pedal", pedal(clean))):
        write_wav(folder / f"{name}_{kind}.wav", audio)
    return read_wav(folder / f"{name}_clean.wav"), read_wav(folder / f"{name}_pedal.wav")


def made(options: Options) -> Model:
    """Return the model: an LSTM, whose output is added to the sound."""
    x = Input((None, 1))
    model = Model(x, Add()([Dense(1)(LSTM(16, return_sequences=True)(x)), x]), device=options.device)
    model.compile(Adam(0.005, clipnorm=1.0), "mse")
    return model


def by_stream(model: Model, x: Array) -> tuple[Array, float]:
    """Return the output for all samples, and the seconds of the stream."""
    stream = model.stream()
    stream.run(x[:BLOCK, None])
    stream.reset()
    start = time.perf_counter()
    y = stream.run(x[:, None])
    return y[:, 0], time.perf_counter() - start


def by_library(model: Model, x: Array, compiler: str) -> tuple[Array, float]:
    """Return the output of the C library, which is called for a block at a time, and the seconds of all calls."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "pedal"
        model.export_c(folder, name="pedal")
        subprocess.run([compiler, "-shared", "-o", "pedal.so", "pedal.o"], cwd=folder, check=True)
        library = ctypes.CDLL(str(folder / "pedal.so"))
        library.pedal_size.restype = ctypes.c_size_t
        library.pedal_init.restype = ctypes.c_void_p
        memory = ctypes.create_string_buffer(library.pedal_size())
        instance = ctypes.c_void_p(library.pedal_init(memory))
        y = x.copy()
        start = time.perf_counter()
        for k in range(0, len(y), BLOCK):
            block = y[k : k + BLOCK]
            place = ctypes.c_void_p(block.ctypes.data)
            library.pedal_run(instance, place, place, ctypes.c_size_t(len(block)))  # in place
        return y, time.perf_counter() - start


def ratio(found: Array, target: Array) -> float:
    """Return the error-to-signal ratio: the energy of the difference by that of the target."""
    return float(np.sum((found - target) ** 2.0) / np.sum(target**2.0))


def error(found: Array, target: Array) -> str:
    """Return the error-to-signal ratio as text."""
    return f"{ratio(found, target):.2%}"


def _factor(seconds: float) -> str:
    return f"{TEST_SECONDS / seconds:.0f}"


def draw(figure: Any, x: Array, y: Array, rendered: Array) -> None:
    """Draw 20 ms around the loudest sample: the guitar above, the pedal and the model below."""
    first = max(0, int(np.argmax(np.abs(x))) - RATE // 200)
    part = slice(first, first + RATE // 50)
    t = np.arange(RATE // 50) * 1000 / RATE
    above, below = figure.subplots(2, 1, sharex=True)
    above.plot(t[: len(x[part])], x[part], color="0.3")
    above.set(ylabel="guitar", title="20 ms of the test file")
    below.plot(t[: len(x[part])], y[part], color="C0", linewidth=3, alpha=0.5, label="pedal")
    below.plot(t[: len(x[part])], rendered[part], color="C3", linewidth=1, label="model")
    below.set(xlabel="milliseconds", ylabel="output")
    below.legend(loc="upper left")
