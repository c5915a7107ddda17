"""show_config: the versions, processor and GPU of an installation, for reports of faults and figures."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from typing import Any

from .. import device
from . import tables

__all__ = ["show_config"]

#: Packages that compute, and packages that provide numba.cuda and its compiler.
PACKAGES = ("numba_lstm", "numba", "llvmlite", "numpy", "safetensors")
CUDA_PACKAGES = ("numba-cuda", "cuda-bindings", "nvidia-cuda-nvcc", "nvidia-cuda-nvcc-cu12", "nvidia-nvvm", "nvidia-cuda-nvrtc")

WIDTH = 76  #: of the second column, in characters

#: LLVM's names of the features that kernels for the CPU are written for.
FEATURES = ("sse2", "avx2", "fma", "avx512f", "neon")


def show_config(print_fn: Callable[[str], Any] = print) -> None:
    """Print versions, the processor, threads, and which GPU can be used, or why none can.

    Parameters
    ----------
    print_fn : function
        Called with each line.
    """
    rows = list(facts().items())
    widths = [max(len(name) for name, _ in rows), WIDTH]
    for line in tables.draw(("What", "Here"), rows, widths=widths, rules=False):
        print_fn(line)


def facts() -> dict[str, str]:
    """Return the rows that :func:`show_config` prints."""
    return {
        "Python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        **{name: _version(name) or "not installed" for name in PACKAGES},
        **_processor(),
        "threads": str(device.get_num_threads()),
        "NUMBA_LSTM_DEVICE": os.environ.get("NUMBA_LSTM_DEVICE", "not set"),
        "CUDA packages": ", ".join(f"{n} {v}" for n in CUDA_PACKAGES if (v := _version(n))) or "numba's own numba.cuda alone",
        **device.gpu_facts(),
    }


def _version(name: str) -> str | None:
    from importlib import metadata  # here, since it imports zipfile and email

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> dict[str, str]:
    import llvmlite.binding as llvm

    host = llvm.get_host_cpu_features()
    features = [name for name in FEATURES if host.get(name)]
    width = 512 if host.get("avx512f") else 256 if host.get("avx2") else 128
    return {
        "processor": f"{llvm.get_host_cpu_name()}, {os.cpu_count()} logical cores",
        "features": ", ".join(features) or "none of " + ", ".join(FEATURES),
        "vectors": f"{width} bits",
    }
