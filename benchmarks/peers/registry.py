"""The engines by device and name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """Where an engine is found, and what it is called in tables."""

    label: str
    module: str
    attribute: str
    environment: Mapping[str, str] = field(default_factory=dict)


OURS = "numba_lstm"
PEAK = "peak"
REFERENCE = "reference"

ENGINES = {
    OURS: Entry("numba_lstm", "ours", "NumbaLSTM"),
    "torch": Entry("PyTorch", "pytorch", "PyTorch"),
    "onnxruntime": Entry("ONNX Runtime", "onnx_runtime", "ONNXRuntime"),
    "openvino": Entry("OpenVINO", "open_vino", "OpenVINO"),
    "keras-jax": Entry("Keras/JAX", "keras_", "Keras", {"KERAS_BACKEND": "jax"}),
    "keras-tensorflow": Entry("Keras/TF", "keras_", "Keras", {"KERAS_BACKEND": "tensorflow"}),
}

#: Ours with fewer threads, which takes turns with the engines to be compared with itself.
FEWER = "fewer"

#: Ours of another checkout, by that checkout's own benchmarks.
BEFORE = "before"

LABELS = {
    **{name: entry.label for name, entry in ENGINES.items()},
    FEWER: "numba_lstm with fewer threads",
    BEFORE: "numba_lstm of before",
}

CPU, CUDA = "cpu", "cuda"

#: By device. On a GPU our entry is the same engine, and PyTorch's LSTM is cuDNN's.
DEVICES: Mapping[str, Mapping[str, Entry]] = {
    CPU: ENGINES,
    CUDA: {
        OURS: Entry("numba_lstm", "ours", "OnGPU"),
        "torch": Entry("PyTorch", "pytorch", "OnGPU"),
    },
}

#: Not in the race: what the others are measured against. They run with the python of numba_lstm.
JUDGES = {
    PEAK: Entry("fma peak", "fma_peak", "FmaPeak"),
    REFERENCE: Entry("reference", "ours", "Reference"),
}
