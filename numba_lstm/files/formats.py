"""Registry of file formats: suffixes, signatures, and the functions that read and write each format.

A function is registered as ``"module:function"`` and imported when it is first called, as :mod:`numba_lstm.device` imports a
device. So models are saved and loaded in every format without an import of the packages above them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple


class Format(NamedTuple):
    """A file format; functions are ``"module:function"``, with a module relative to this package."""

    name: str
    title: str  #: what ``info`` calls such a file
    suffixes: tuple[str, ...]  #: of the files that are written
    advice: str  #: what a reader of other formats says of such a file
    signature: bytes = b""  #: the first bytes of every such file, as far as they are the same
    encode: str = ""  #: ``(model, path) -> bytes``
    decode: str = ""  #: ``(path, custom_objects, compile) -> model``, for ``load_model``
    assign: str = ""  #: ``(model, path, skip_mismatch)``, for ``model.load_weights``
    read: str = ""  #: ``(path, **read_options) -> model``, for ``convert``
    read_options: tuple[str, ...] = ()
    write: str = ""  #: ``(model, path, overwrite=..., **write_options)``, for ``convert``
    write_options: tuple[str, ...] = ()
    writer: str = ""  #: the call that writes it, for the error of ``model.save``
    has_optimizer: bool = False  #: whether it holds an optimizer's state

    @property
    def suffix(self) -> str:
        """The first of the suffixes."""
        return self.suffixes[0]


ZIP, HDF5 = b"PK\3\4", b"\x89HDF\r\n\x1a\n"  #: signatures of containers

_LOAD, _SAVE = "..models.loading:load_model", ".model_files:save_model"
_HDF5_ADVICE = "it is an HDF5 file: numba_lstm.load_model reads models of Keras, and model.load_weights reads weights."

NATIVE = Format(
    "nlstm",
    "a model of numba_lstm",
    (".nlstm",),
    "it is a model of numba_lstm: numba_lstm.load_model reads it.",
    encode="..saving.native:encode",
    decode="..saving.native:load",
    read=_LOAD,
    read_options=("compile",),
    write=_SAVE,
    has_optimizer=True,
)
KERAS = Format(
    "keras",
    "a model of Keras 3",
    (".keras",),
    "it is a model of Keras: numba_lstm.load_model reads it.",
    ZIP,
    encode="..interop.keras:encode_model",
    decode="..interop.keras:load_model",
    read=_LOAD,
    read_options=("compile",),
    write=_SAVE,
    has_optimizer=True,
)
LEGACY = Format(
    "h5",
    "a model of Keras, legacy HDF5",
    (".h5", ".hdf5"),
    _HDF5_ADVICE,
    HDF5,
    encode="..interop.keras:encode_model",
    decode="..interop.keras:load_model",
    read=_LOAD,
    read_options=("compile",),
    write=_SAVE,
    has_optimizer=True,
)
WEIGHTS = Format(
    "weights.h5",
    "weights of Keras",
    (".weights.h5",),
    _HDF5_ADVICE,
    HDF5,
    encode="..interop.keras:encode_weights",
    assign="..interop.keras:load_weights",
    write=".model_files:save_weights",
    writer="model.save_weights(path)",
    has_optimizer=True,
)
PT = Format(
    "pt",
    "tensors of PyTorch",
    (".pt",),
    "it holds tensors of PyTorch: numba_lstm.interop.torch.load_model makes a model of them.",
    ZIP,
    read="..interop.torch:load_model",
    read_options=("return_sequences",),
    write="..interop.torch:save_model",
    writer="numba_lstm.interop.torch.save_model(model, path)",
)
SAFETENSORS = Format(
    "safetensors",
    "tensors, safetensors",
    (".safetensors",),
    "it is a safetensors file: numba_lstm.interop.torch.load_model makes a model of PyTorch's weights.",
    read="..interop.torch:load_model",
    read_options=("return_sequences",),
    write="..interop.torch:save_model",
    writer="numba_lstm.interop.torch.save_model(model, path)",
)
ONNX = Format(
    "onnx",
    "an ONNX graph",
    (".onnx",),
    "it is an ONNX graph: numba_lstm.interop.onnx.load_model reads it.",
    read="..interop.onnx:load_model",
    read_options=("time_first", "external_data"),
    write="..interop.onnx:export",
    write_options=("opset", "states"),
    writer="numba_lstm.interop.onnx.export(model, path)",
)

FORMATS = {form.name: form for form in (NATIVE, KERAS, WEIGHTS, LEGACY, PT, SAFETENSORS, ONNX)}
BY_SUFFIX = {suffix: form for form in FORMATS.values() for suffix in form.suffixes}
#: Suffixes of the models that ``model.save`` writes.
MODEL_SUFFIXES = tuple(suffix for suffix, form in BY_SUFFIX.items() if form.encode and form.decode)


def suffix_of(path: str) -> str:
    """The longest registered suffix in which a path ends, or "" if there is none."""
    return max((suffix for suffix in BY_SUFFIX if path.endswith(suffix)), key=len, default="")


def load_function(name: str) -> Callable[..., Any]:
    """Import the function that a format's field names."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module, __package__), function)  # type: ignore[no-any-return]
