"""Choice of the device: the ops of a device by name, the default device, the number of threads."""

from __future__ import annotations

import ctypes
import importlib
import os
from functools import cache
from types import ModuleType
from typing import cast

from .kernels.contract import Ops
from .kernels.threads import get_num_threads, num_threads, set_num_threads, share_cores

__all__ = [
    "AUTO_PARAMETERS", "choose", "compile_thread_pool", "get_device", "get_num_threads", "get_ops", "gpu_facts", "keep_kernels",
    "num_threads", "obstacle", "ops_of", "resolve", "set_device", "set_num_threads", "share_cores", "stream_exporter",
]  # fmt: skip

_PACKAGES = {"cpu": "cpu", "cuda": "cuda", "reference": "reference"}
_default = os.environ.get("NUMBA_LSTM_DEVICE", "auto")

#: Minimum number of parameters for which ``"auto"`` takes a GPU. With fewer, launches take longer than the arithmetic.
AUTO_PARAMETERS = 200_000

_SMALL = f"auto: fewer than {AUTO_PARAMETERS:,} parameters"

_NO_DRIVER = (
    "there is no NVIDIA driver (libcuda.so.1). Install that of your card, until `nvidia-smi` lists it, or take device='cpu'."
)


def resolve(name: str | None = None, parameters: int = 0) -> str:
    """Return the device that ``name`` stands for: ``"cpu"``, ``"cuda"``, or ``"reference"`` (plain NumPy, slow).

    None is the default device (:func:`set_device`). ``"auto"`` is the GPU if one can be used and the model has at least
    :data:`AUTO_PARAMETERS` parameters, else the CPU. A layer outside of a model counts no parameters.

    Raises
    ------
    ValueError
        For the name of no device.
    RuntimeError
        For ``"cuda"`` if no GPU can be used. The message says what is missing and what installs it.
    """
    return choose(name, parameters)[0]


def choose(name: str | None, parameters: int) -> tuple[str, str]:
    """Return the device of :func:`resolve`, and the reason if ``"auto"`` decided, else ``""``."""
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
    """Return what is missing to use a GPU and which command installs it, or None if a GPU can be used."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return _NO_DRIVER  # without loading numba.cuda
    return cast("str | None", importlib.import_module(".kernels.cuda.runtime.availability", __package__).obstacle())


def gpu_facts() -> dict[str, str]:
    """Return the name, memory and size of the GPU, or why none can be used."""
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
    """Return the ops of a device, which are imported at the first call."""
    return ops_of(resolve(name))


@cache
def ops_of(device: str) -> Ops:
    """Return the ops of a device by the name that :func:`resolve` returned."""
    return cast(Ops, importlib.import_module(f".kernels.{_PACKAGES[device]}", __package__))


def keep_kernels(folder: str | os.PathLike[str]) -> None:
    """Use ``folder`` as the kernel cache of this process, and copy the kernels there that it already has.

    Raises
    ------
    OSError
        If the folder cannot be created or written.
    """
    importlib.import_module(".kernels.cpu.compiler.kernel_cache", __package__).use(folder)


def compile_thread_pool() -> None:
    """Compile the kernels that the CPU's threads share, however many threads there are now."""
    importlib.import_module(".kernels.cpu.runtime.thread_pool", __package__).compile_kernels()


def stream_exporter() -> ModuleType:
    """Return the module that compiles streams for C programs."""
    return importlib.import_module(".kernels.cpu.export", __package__)


def set_device(name: str) -> None:
    """Set the default device, of models without a device and of layers outside of models."""
    global _default
    resolve(name)
    _default = name


def get_device() -> str:
    """Return the name of the default device. ``"auto"`` without a model is the CPU."""
    return resolve(None)
