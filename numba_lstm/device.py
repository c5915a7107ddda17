"""The only switch between devices: names to ops, the default device, the number of threads."""

from __future__ import annotations

import importlib
import os
from functools import cache
from typing import cast

from .kernels.contract import Ops
from .kernels.threads import get_num_threads, set_num_threads

__all__ = ["get_device", "get_num_threads", "get_ops", "resolve", "set_device", "set_num_threads"]

_PACKAGES = {"cpu": "cpu", "reference": "reference"}
_default = os.environ.get("NUMBA_LSTM_DEVICE", "auto")


def resolve(name: str | None = None) -> str:
    """The device that ``name`` stands for: ``"cpu"``, or ``"reference"`` (the slow witness).

    None is the default device (:func:`set_device`), ``"auto"`` the fastest usable one: the CPU.

    Raises
    ------
    ValueError
        For a name that is no device.
    """
    name = _default if name is None else name
    if name == "auto":
        return "cpu"
    if name not in _PACKAGES:
        raise ValueError(f"the device must be one of 'auto', {', '.join(map(repr, _PACKAGES))}, got {name!r}.")
    return name


def get_ops(name: str | None = None) -> Ops:
    """The ops of a device, imported at the first call."""
    return _imported(resolve(name))


@cache
def _imported(device: str) -> Ops:
    return cast(Ops, importlib.import_module(f".kernels.{_PACKAGES[device]}", __package__))


def set_device(name: str) -> None:
    """Make ``name`` the default device of layers used by themselves and of models that name none."""
    global _default
    resolve(name)
    _default = name


def get_device() -> str:
    """The default device's name."""
    return resolve(None)
