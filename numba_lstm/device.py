"""The only switch between devices: names to ops, the default device, the number of threads."""

from __future__ import annotations

import ctypes
import importlib
import os
from functools import cache
from typing import cast

from .kernels.contract import Ops
from .kernels.threads import get_num_threads, num_threads, set_num_threads

__all__ = [
    "AUTO_PARAMETERS", "choose", "get_device", "get_num_threads", "get_ops", "gpu_facts", "keep_kernels", "num_threads",
    "obstacle", "resolve", "set_device", "set_num_threads",
]  # fmt: skip

_PACKAGES = {"cpu": "cpu", "cuda": "cuda", "reference": "reference"}
_default = os.environ.get("NUMBA_LSTM_DEVICE", "auto")

#: Parameters from which on ``"auto"`` takes a GPU: with fewer, its launches, some microseconds each, outweigh the arithmetic.
AUTO_PARAMETERS = 200_000

_SMALL = f"auto: fewer than {AUTO_PARAMETERS:,} parameters"

_NO_DRIVER = (
    "there is no NVIDIA driver (libcuda.so.1). Install that of your card, until `nvidia-smi` lists it, or take device='cpu'."
)


def resolve(name: str | None = None, parameters: int = 0) -> str:
    """The device that ``name`` stands for: ``"cpu"``, ``"cuda"``, or ``"reference"`` (the slow witness).

    None is the default device (:func:`set_device`). ``"auto"`` is the GPU where one can be used and the model has at least
    :data:`AUTO_PARAMETERS` parameters, else the CPU; a layer used by itself counts none.

    Raises
    ------
    ValueError
        For a name that is no device.
    RuntimeError
        For ``"cuda"`` where no GPU can be used: what is missing, and what installs it.
    """
    return choose(name, parameters)[0]


def choose(name: str | None, parameters: int) -> tuple[str, str]:
    """:func:`resolve`'s answer, and in a few words why where ``"auto"`` decided."""
    name = _default if name is None else name
    if name == "auto":
        if parameters < AUTO_PARAMETERS:
            return "cpu", _SMALL
        missing = obstacle()
        return ("cpu", f"auto: {missing.split('. ')[0]}") if missing else ("cuda", "auto: a large model, and a GPU")
    if name not in _PACKAGES:
        raise ValueError(f"the device must be one of 'auto', {', '.join(map(repr, _PACKAGES))}, got {name!r}.")
    if name == "cuda":
        missing = obstacle()
        if missing is not None:
            raise RuntimeError(f"device='cuda' cannot be used: {missing}")
    return name, ""


@cache
def obstacle() -> str | None:
    """None where a GPU can be used, else what is missing and which command installs it."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return _NO_DRIVER  # found out without loading numba.cuda
    return cast("str | None", importlib.import_module(".kernels.cuda.runtime.availability", __package__).obstacle())


def gpu_facts() -> dict[str, str]:
    """The GPU's name, driver and facts, or why none can be used."""
    missing = obstacle()
    if missing is not None:
        return {"GPU": missing}
    facts = importlib.import_module(".kernels.cuda.runtime.driver", __package__).current().properties
    return {
        "GPU": f"{facts.name}, compute capability {'.'.join(map(str, facts.compute_capability))}",
        "GPU memory": f"{facts.memory / 2**30:.1f} GiB",
        "GPU blocks": f"{facts.multiprocessors} multiprocessors, {facts.shared_opt_in // 1024} KiB of shared memory a block",
    }


def get_ops(name: str | None = None) -> Ops:
    """The ops of a device, imported at the first call."""
    return _imported(resolve(name))


@cache
def _imported(device: str) -> Ops:
    return cast(Ops, importlib.import_module(f".kernels.{_PACKAGES[device]}", __package__))


def keep_kernels(folder: str | os.PathLike[str]) -> None:
    """Keep the compiled kernels of this process in ``folder`` from now on, with those that it already has.

    Raises
    ------
    OSError
        Where the folder cannot be made or written.
    """
    importlib.import_module(".kernels.cpu.compiler.kernel_cache", __package__).use(folder)


def set_device(name: str) -> None:
    """Make ``name`` the default device of layers used by themselves and of models that name none."""
    global _default
    resolve(name)
    _default = name


def get_device() -> str:
    """The default device's name; ``"auto"`` without a model is the CPU."""
    return resolve(None)
