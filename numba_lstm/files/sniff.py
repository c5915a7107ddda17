"""Recognize the format of a file by its first bytes, so that errors name the function that reads it.

The format's reader checks the rest of the file.
"""

from __future__ import annotations

import os
import stat

from .errors import FileFormatError
from .formats import FORMATS, HDF5, KERAS, LEGACY, NATIVE, ONNX, PT, SAFETENSORS, ZIP, Format

_LENGTH = 512  # bytes that are read
_KERAS_MEMBERS = (b"metadata.json", b"config.json", b"model.weights.h5")
_ONNX_TAGS = b"\x12\x1a\x22\x28\x32\x3a\x42"  # of the fields that may follow the version
_TAR = slice(257, 262), b"ustar"

_OLD_PT = Format(
    "old pt",
    "",
    (),
    "it is a bare pickle or a tar file, as PyTorch wrote before release 1.6. Save it again: torch.save writes a zip file.",
)
_TEXT = Format(
    "text",
    "",
    (),
    "it begins as a text does; expected was a file of .nlstm, .keras, .h5, .onnx, .pt or .safetensors.",
)


def check_format(path: str, *accepted: Format) -> bytes:
    """Check that a file is not recognized as one of another format, and return its first bytes.

    Parameters
    ----------
    path : str
        The file.
    *accepted : Format
        The formats that the caller reads. ``LEGACY`` stands for every HDF5 file.

    Raises
    ------
    FileNotFoundError
        If there is no such file. The message names a file that differs by a suffix only, if there is one.
    FileFormatError
        For a folder, a pipe and the like, and for a file of another format.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        candidates = (path + form.suffix for form in FORMATS.values())
        similar = next(filter(os.path.exists, candidates), None)
        raise FileNotFoundError(f"{path}: there is no such file.{f' Is it {similar!r}?' if similar else ''}") from None
    if not stat.S_ISREG(mode):  # opening a pipe would wait for its writer
        raise FileFormatError(f"it is {'a folder' if stat.S_ISDIR(mode) else 'a pipe or a device'}, not a regular file.")
    with open(path, "rb") as file:
        head = file.read(_LENGTH)
    form = _recognize(head)
    if form is not None and form not in accepted:
        raise FileFormatError(form.advice)
    return head


def _recognize(head: bytes) -> Format | None:
    """The format of a file with these first bytes, or None where that is not certain."""
    if head.startswith(HDF5):
        return LEGACY
    if head.startswith(ZIP):
        name = head[30 : 30 + int.from_bytes(head[26:28], "little")]  # of the first member
        return KERAS if name in _KERAS_MEMBERS else PT if name.endswith(b"/data.pkl") else None
    if head[3:9] == b"\0\0\0\0\0{":
        return NATIVE if head[8:].startswith(b'{"__metadata__":{"numba_lstm":') else SAFETENSORS
    if len(head) > 2 and head[0] == 8 and 0 < head[1] < 32 and head[2] in _ONNX_TAGS:  # the version, then another field
        return ONNX
    if head.startswith(b"\x80") or head[_TAR[0]] == _TAR[1]:
        return _OLD_PT
    return _TEXT if len(head) > 8 and all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head[:9]) else None
