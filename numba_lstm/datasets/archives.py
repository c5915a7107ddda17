"""Files of data sets in the cache folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from ..utils.files import cache_folder

_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def cached(name: str) -> str:
    """The path of a data set's file; FileNotFoundError with where to put it."""
    path = cache_folder() / "datasets" / name  # an absolute name is itself
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there, and nothing is downloaded. Put {_ORIGIN}{path.name} there.")
    return str(path)


def load_npz(name: str, members: Sequence[str]) -> list[npt.NDArray[Any]]:
    """The arrays ``members`` of an .npz file in the cache folder.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        For a file without one of them, or with a pickle of anything but arrays of lists of numbers.
    """
    from . import npz  # here, for importing the package needs neither zip files nor pickles

    return npz.read(cached(name), members)


def load_json(name: str) -> Any:
    """The value of a JSON file in the cache folder."""
    with open(cached(name), encoding="utf-8") as file:
        return json.load(file)
