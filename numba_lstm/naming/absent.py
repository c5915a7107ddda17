"""Missing names: errors for names of Keras that a module does not have, with what to write instead."""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from . import keras_advice

_RECURRENT = "its recurrent layers are ConvLSTM1D, ConvLSTM2D, GRU, LSTM and SimpleRNN, and RNN of cells."
_SEQUENTIAL = "models are Sequential, layers one after the other, and Model(inputs, outputs)."
_LAYERS = {
    **keras_advice.IMAGE_LAYERS,
    **keras_advice.OTHER_LAYERS,
    **{
        f"Adaptive{kind}Pooling{k}D": f"write {kind}Pooling{k}D with a pool_size."
        for kind in ("Average", "Max")
        for k in (1, 2, 3)
    },
    "ConvLSTM3D": _RECURRENT,
    "CuDNNGRU": "write GRU.",
    "CuDNNLSTM": "write LSTM.",
    "GroupQueryAttention": "write MultiHeadAttention.",
    "HashedCrossing": "write StringLookup of the joined values.",
    "Hashing": "write StringLookup or IntegerLookup.",
    "MelSpectrogram": "compute spectrograms before the model, and give them as sequences.",
    "ReversibleEmbedding": "write Embedding and Dense.",
    "STFTSpectrogram": "compute spectrograms before the model, and give them as sequences.",
    "SpectralNormalization": "write a constraint, max_norm or unit_norm, for the kernel.",
    "Wrapper": "derive a class from Layer that has the layer as an attribute and calls it in call.",
}
_ROOT = {
    **keras_advice.ROOT,
    "applications": _SEQUENTIAL,
}
#: Modules whose names in Keras are operations on tensors.
_ARRAYS = ("numba_lstm.backend", "numba_lstm.ops")
#: Module -> name -> what to write instead, as the end of a sentence.
ADVICE: dict[str, dict[str, str]] = {
    "numba_lstm": _ROOT,
    "numba_lstm.activations": {"deserialize": "write numba_lstm.activations.get."},
    "numba_lstm.callbacks": keras_advice.CALLBACKS,
    "numba_lstm.config": keras_advice.CONFIG,
    "numba_lstm.datasets": keras_advice.DATASETS,
    "numba_lstm.initializers": keras_advice.INITIALIZERS,
    "numba_lstm.layers": _LAYERS,
    "numba_lstm.models": {
        "Functional": _SEQUENTIAL,
    },
    "numba_lstm.constraints": {"maxnorm": "write max_norm.", "nonneg": "write non_neg.", "unitnorm": "write unit_norm."},
    "numba_lstm.optimizers": {
        "Adafactor": "write Adam or AdamW.",
        "Lamb": "write AdamW, and clipnorm against large steps.",
        "LossScaleOptimizer": "gradients are float32 or float64, which need no scale. Give the inner optimizer alone.",
        "MultiOptimizer": "write one optimizer.",
        "Muon": "write AdamW.",
        "OptimizerMap": "write one optimizer.",
        "ScheduleFreeAdamW": "write AdamW, and use_ema=True for averages of the weights.",
        "legacy": "write numba_lstm.optimizers.Adam, and the others so too.",
    },
    "numba_lstm.preprocessing": keras_advice.PREPROCESSING,
    "numba_lstm.saving": {"KerasFileEditor": "read and write the file with h5py."},
    "numba_lstm.utils": keras_advice.UTILS,
}


def absent(module: str, find: Callable[[str], Any] = lambda name: None) -> Callable[[str], Any]:
    """Return a ``__getattr__`` for ``module``, which raises an error for names that the module does not have.

    ``find`` returns what a name stands for besides, None for nothing.

    ``from module import name`` raises ImportError, since Python would replace the message of an AttributeError there. Any other
    access raises AttributeError, as ``hasattr`` and ``getattr`` with a default need it.
    """

    def __getattr__(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        if (found := find(name)) is not None:
            return found
        sentence = _sentence(module, name)
        if _imports(sys._getframe(1)):
            raise ImportError(sentence, name=module)
        raise AttributeError(sentence)

    return __getattr__


def _imports(frame: FrameType) -> bool:
    """Return whether ``frame`` executes ``from ... import name``."""
    return dis.opname[frame.f_code.co_code[frame.f_lasti]] == "IMPORT_FROM"


def _sentence(module: str, name: str) -> str:
    advice = ADVICE.get(module, {}).get(name)
    if module in _ARRAYS and advice is None:
        advice = _operation(name)
    if advice is not None:
        return f"{module} has no {name!r}: {advice}"
    known = _public(module)
    match = next((candidate for candidate in known if _letters(candidate) == _letters(name)), None)
    return f"{module} has no {name!r}" + (f", did you mean {match!r}?" if match else f". There are: {', '.join(known)}.")


def _operation(name: str) -> str:
    """Return what to write for an operation on tensors."""
    module = vars(sys.modules["numba_lstm.activations"])
    if name in module["NAMES"] and name in module:
        return f"write numba_lstm.activations.{name}."
    if name in keras_advice.OPERATIONS:
        return keras_advice.OPERATIONS[name]
    places = (("", np), ("linalg.", np.linalg), ("fft.", np.fft))
    place = next((place for place, functions in places if hasattr(functions, name)), None)
    return "arrays are NumPy's. Write " + ("it with numpy." if place is None else f"numpy.{place}{name}.")


def _letters(name: str) -> str:
    """Return the letters that two spellings of one name share, without case and underscores."""
    return name.lower().replace("_", "")


def _public(module: str) -> list[str]:
    namespace = vars(sys.modules[module])
    names = namespace.get("__all__")
    if names is None:
        names = [name for name, value in namespace.items() if getattr(value, "__module__", module) == module]
    return sorted(name for name in names if not name.startswith("_"))
