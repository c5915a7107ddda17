"""Reading of data set files in the cache folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from ..utils.files import cache_folder

_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def cached_file(name: str) -> str:
    """Return the path of a data set's file. Raise FileNotFoundError, which says where to put it, if it is missing."""
    path = cache_folder() / "datasets" / name  # an absolute name is itself
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there, and nothing is downloaded. Put {_ORIGIN}{path.name} there.")
    return str(path)


def load_npz(name: str, members: Sequence[str]) -> list[npt.NDArray[Any]]:
    """Return the arrays ``members`` of an .npz file in the cache folder.

    Raises
    ------
    FileNotFoundError
        If the file is missing.
    ValueError
        For a file that lacks a member, or has a pickle of anything but arrays of lists of numbers.
    """
    from . import npz  # here, since importing the package needs neither zip files nor pickles

    return npz.read(cached_file(name), members)


def load_json(name: str) -> Any:
    """Return the value of a JSON file in the cache folder."""
    with open(cached_file(name), encoding="utf-8") as file:
        return json.load(file)
