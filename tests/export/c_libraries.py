"""Exported models in this process: objects linked to shared libraries, and called through ctypes."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

CC = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")

needs_compiler = pytest.mark.skipif(CC is None, reason="there is no C compiler: install gcc")


def run(*command: object, cwd: Path) -> str:
    """Run a command and return its output; the test fails with all of it if the command fails."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Library:
    """The functions of an exported model."""

    def __init__(self, folder: Path, weights: bytes | None = None) -> None:
        run(CC, "-shared", "-o", "net.so", "net.o", cwd=folder)
        self.functions = ctypes.CDLL(str(folder / "net.so"))
        self.functions.net_size.restype = ctypes.c_size_t
        self.functions.net_init.restype = ctypes.c_void_p
        self.weights = None if weights is None else np.frombuffer(weights + bytes(64), np.uint8)

    def instance(self, model, rows: int = 1) -> Instance:
        return Instance(self, model, rows)


class Instance:
    """An instance of an exported model, with the methods of a stream."""

    def __init__(self, library: Library, model, rows: int) -> None:
        self._functions, self._dtype, self._rows = library.functions, np.dtype(model.dtype), rows
        self._memory = np.full(library.functions.net_size() + rows, 255, np.uint8)  # init writes all that is read
        arguments = [ctypes.c_void_p(self._memory.ctypes.data + rows)]  # of any alignment
        if library.weights is not None:
            self._aligned = np.empty(len(library.weights) + 64, np.uint8)
            start = -self._aligned.ctypes.data % 64
            self._aligned[start : start + len(library.weights)] = library.weights
            arguments.append(ctypes.c_void_p(self._aligned.ctypes.data + start))
        self._self = ctypes.c_void_p(self._functions.net_init(*arguments))
        if not self._self:
            raise ValueError("net_init returns a null pointer")

    def run(self, x: np.ndarray, outputs: int) -> np.ndarray:
        """Return the outputs (T, N, outputs) of steps x (T, N, D)."""
        x, y = np.ascontiguousarray(x, self._dtype), np.full((len(x), self._rows, outputs), np.nan, self._dtype)
        self._functions.net_run(self._self, _pointer(x), _pointer(y), ctypes.c_size_t(len(x)))
        return y

    def step(self, x: np.ndarray, outputs: int) -> np.ndarray:
        """Return the output (N, outputs) of a step x (N, D)."""
        x, y = np.ascontiguousarray(x, self._dtype), np.full((self._rows, outputs), np.nan, self._dtype)
        self._functions.net_step(self._self, _pointer(x), _pointer(y))
        return y

    def state(self, size: int) -> np.ndarray:
        """Return a copy of the state, which has ``size`` numbers."""
        state = np.full(size, np.nan, self._dtype)
        self._functions.net_get_state(self._self, _pointer(state))
        return state

    def set_state(self, state: np.ndarray) -> None:
        """Go back to a state."""
        self._functions.net_set_state(self._self, _pointer(state))


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
