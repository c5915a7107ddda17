"""What a file is, by its first bytes, so that a reader that gets another's file says who reads it.

Nothing here vouches for a file: its own reader checks it.
"""

from __future__ import annotations

import os
import stat

from .errors import FileFormatError

NATIVE, KERAS, HDF5, PT, SAFETENSORS, ONNX = "nlstm", "keras", "hdf5", "pt", "safetensors", "onnx"
_OLD_PT, _TEXT = "old pt", "text"

_BEGIN = 512  # bytes that are looked at
_KERAS_MEMBERS = (b"metadata.json", b"config.json", b"model.weights.h5")
_ONNX_TAGS = b"\x12\x1a\x22\x28\x32\x3a\x42"  # of the fields that may follow the version
_TAR = slice(257, 262), b"ustar"
_ENDINGS = (".nlstm", ".keras", ".onnx", ".pt", ".safetensors", ".h5")

#: What is said of a file to a reader of others.
_SENTENCES = {
    NATIVE: "it is a model of numba_lstm: numba_lstm.load_model reads it.",
    KERAS: "it is a model of Keras: numba_lstm.load_model reads it.",
    HDF5: "it is an HDF5 file: numba_lstm.load_model reads models of Keras, and model.load_weights reads weights.",
    PT: "it holds tensors of PyTorch: numba_lstm.interop.torch.load_model makes a model of them.",
    SAFETENSORS: "it is a safetensors file: numba_lstm.interop.torch.load_model makes a model of PyTorch's weights.",
    ONNX: "it is an ONNX graph: numba_lstm.interop.onnx.load_model reads it.",
    _OLD_PT: "it is a bare pickle or a tar file, as PyTorch wrote before release 1.6. "
    "Save it again: torch.save writes a zip file.",
    _TEXT: "it begins as a text does; expected was a file of .nlstm, .keras, .h5, .onnx, .pt or .safetensors.",
}


def expect(path: str, *own: str) -> bytes:
    """The first bytes of a file, which is none that another reader than the one of ``own`` kinds is for.

    Parameters
    ----------
    path : str
        The file.
    *own : str
        Kinds that the caller reads.

    Raises
    ------
    FileNotFoundError
        If there is no such file; with the name of one that was meant, where one is there.
    FileFormatError
        For a folder, a pipe and the like, and for a file of a known other kind.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        meant = next((path + ending for ending in _ENDINGS if os.path.exists(path + ending)), None)
        raise FileNotFoundError(f"{path}: there is no such file.{f' Is it {meant!r}?' if meant else ''}") from None
    if not stat.S_ISREG(mode):  # opening a pipe would wait for its writer
        raise FileFormatError(f"it is {'a folder' if stat.S_ISDIR(mode) else 'a pipe or a device'}, not a regular file.")
    with open(path, "rb") as file:
        begin = file.read(_BEGIN)
    kind = _kind(begin)
    if kind and kind not in own:
        raise FileFormatError(_SENTENCES[kind])
    return begin


def _kind(begin: bytes) -> str:
    """The kind of a file that begins so, or "" where that is not certain."""
    if begin.startswith(b"\x89HDF\r\n\x1a\n"):
        return HDF5
    if begin.startswith(b"PK\3\4"):
        name = begin[30 : 30 + int.from_bytes(begin[26:28], "little")]  # of the first member
        return KERAS if name in _KERAS_MEMBERS else PT if name.endswith(b"/data.pkl") else ""
    if begin[3:9] == b"\0\0\0\0\0{":
        return NATIVE if begin[8:].startswith(b'{"__metadata__":{"numba_lstm":') else SAFETENSORS
    if len(begin) > 2 and begin[0] == 8 and 0 < begin[1] < 32 and begin[2] in _ONNX_TAGS:  # the version, then another field
        return ONNX
    if begin.startswith(b"\x80") or begin[_TAR[0]] == _TAR[1]:
        return _OLD_PT
    return _TEXT if len(begin) > 8 and all(32 <= byte < 127 or byte in b"\t\r\n" for byte in begin[:9]) else ""
