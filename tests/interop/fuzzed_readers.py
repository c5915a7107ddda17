"""Every reader with the good files that it is fuzzed with, and how they are changed: bytes, or what is under a checksum."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from golden import keras2_files, onnx_branches, onnx_dynamo, onnx_graphs, torch_modules
from golden.keras_files import CASES
from mutations import mutated, rewritten
from torch_forging import dict_of, pickled, tensor, zipped

import numba_lstm
from numba_lstm.interop import description, onnx, torch
from numba_lstm.layers import LSTM, Activation, Bidirectional, Dense, Input
from numba_lstm.saving import container, document


@dataclass(frozen=True)
class Reader:
    """How a file is read, and a change of a good one."""

    read: Callable[[Path], Any]
    make: Callable[[Random], bytes]


def one_of(*files: bytes) -> Callable[[Random], bytes]:
    """One of the good files, its bytes changed."""
    return lambda random: mutated(random.choice(files), random)


# -- the native format ------------------------------------------------------------------------------------------------


def _native() -> tuple[Any, container.Tensors]:
    stack = [Input((5, 3)), Bidirectional(LSTM(2)), Activation("leaky_relu"), Dense(2)]
    model = numba_lstm.Sequential(stack, name="small")
    model.compile("adam", "huber", metrics=["mae"])
    model.optimizer.build(model.trainable_weights)
    return document.pack(model)


DOCUMENT, TENSORS = _native()
NATIVE = container.encode(DOCUMENT, TENSORS)


def redocumented(random: Random) -> bytes:
    """A document or tensors that were changed before the digests were made."""
    tensors = dict(TENSORS)
    if random.random() < 0.2:
        name = random.choice(list(tensors))
        array = tensors.pop(name)
        match random.randrange(4):
            case 0:
                tensors[name] = array.reshape(-1)
            case 1:
                tensors[name] = np.full(array.shape, random.choice((-1, 0, 2**62)), random.choice(("f4", "f8", "i8")))
            case 2:
                tensors[random.choice((f"{name}x", "layers/0/../kernel", "optimizer/x"))] = array
    return container.encode(rewritten(DOCUMENT, random), tensors)


def framed(text: bytes, data: bytes) -> bytes:
    return len(text).to_bytes(8, "little") + text + data


def reheaded(data: bytes) -> Callable[[Random], bytes]:
    """A safetensors file whose header was changed, as bytes or as JSON, and has the length that it says."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])

    def make(random: Random) -> bytes:
        if random.random() < 0.5:
            return framed(mutated(data[8:end], random), data[end:])
        return framed(json.dumps(rewritten(header, random)).encode(), data[end:])

    return make


# -- Keras ------------------------------------------------------------------------------------------------------------

KERAS = {name: case.path.read_bytes() for name, case in CASES.items()}
with zipfile.ZipFile(io.BytesIO(KERAS["indices"])) as archive:
    WEIGHTS, CONFIG = archive.read("model.weights.h5"), json.loads(archive.read("config.json"))
KERAS_2 = [case.path.read_bytes() for case in keras2_files.CASES.values()]


def reconfigured(random: Random) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        target.writestr("config.json", json.dumps(rewritten(CONFIG, random)))
        target.writestr("model.weights.h5", WEIGHTS)
    return file.getvalue()


def load_weights() -> Callable[[Path], Any]:
    model = CASES["plain"].make(numba_lstm)
    return lambda path: model.load_weights(path)


# -- PyTorch and ONNX -------------------------------------------------------------------------------------------------

TORCH = {case: torch_modules.path(case).read_bytes() for case in torch_modules.CASES}
PT = [data for data in TORCH.values() if data.startswith(b"PK")]
SAFETENSORS = [data for data in TORCH.values() if not data.startswith(b"PK")]
PROGRAM = pickled(dict_of(weight=tensor(), bias=tensor(shape=(2,), strides=(1,))))
NUMBERS = np.arange(6, dtype="<f4").tobytes()


def repickled(random: Random) -> bytes:
    """A pickle that was changed under a checksum that fits."""
    return zipped({"data.pkl": mutated(PROGRAM, random), "byteorder": b"little", "data/0": NUMBERS})


BRANCHES = [onnx_branches.path(case).read_bytes() for case in onnx_branches.CASES]
ONNX = [module.path(case).read_bytes() for module in (onnx_graphs, onnx_dynamo) for case in module.CASES]

READERS = {
    "native": Reader(numba_lstm.load_model, one_of(NATIVE)),
    "native header": Reader(numba_lstm.load_model, reheaded(NATIVE)),
    "native document": Reader(numba_lstm.load_model, redocumented),
    "Keras archive": Reader(numba_lstm.load_model, one_of(KERAS["indices"], KERAS["doubles"])),
    "Keras configuration": Reader(numba_lstm.load_model, reconfigured),
    "Keras weights": Reader(load_weights(), one_of(KERAS["plain"])),
    "Keras legacy": Reader(numba_lstm.load_model, one_of(KERAS["small"])),
    "Keras 2": Reader(numba_lstm.load_model, one_of(*KERAS_2)),
    "PyTorch archive": Reader(torch.lstm, one_of(*PT)),
    "PyTorch pickle": Reader(torch.linear, repickled),
    "PyTorch safetensors": Reader(torch.lstm, lambda random: reheaded(random.choice(SAFETENSORS))(random)),
    "ONNX": Reader(onnx.load, one_of(*ONNX)),
    "ONNX as a model": Reader(onnx.load_model, one_of(*ONNX, *BRANCHES)),
    "description": Reader(description.describe, one_of(NATIVE, *KERAS.values(), *KERAS_2, *TORCH.values(), *ONNX)),
}
