"""The folder of the CPU's kernels in the cache of compiled kernels, named by the processor and the versions."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache

import llvmlite
import numba
from numba.core import config
from numba.core.registry import cpu_target

from ... import cache_folder
from ...cache_folder import Folder
from . import cpu_info

#: Settings of Numba that change the machine code of a kernel.
_SETTINGS = ("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "ENABLE_AVX")


@cache
def _key() -> str:
    """Return the name of the sub-folder, from the processor and the versions of Numba, llvmlite and Python."""
    triple, cpu, features = cpu_target.target_context.codegen().magic_tuple()
    settings = [str(getattr(config, name, None)) for name in _SETTINGS]
    settings += [os.environ[name] for name in (cpu_info.VARIABLE,) if name in os.environ]
    target = hashlib.sha256(repr((triple, features, settings)).encode()).hexdigest()[:8]
    python = f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')}"
    return f"{cpu}-{target}-numba{numba.__version__}-llvmlite{llvmlite.__version__}-{python}"


def folder() -> Folder | None:
    """Return the folder in use; None if there is no home folder."""
    return cache_folder.folder(_key())
