"""Data sets of ``keras.datasets``, which are read from Keras's cache folder. Nothing is downloaded.

The data sets that this package contains are in :mod:`numba_lstm.data`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..naming.absent import absent
from . import boston_housing, imdb, mnist, reuters

__all__ = ["boston_housing", "imdb", "mnist", "reuters"]

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
