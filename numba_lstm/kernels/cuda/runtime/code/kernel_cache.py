"""The cache of the machine code of kernels on disk, in the folder that the CPU's kernels have too.

A file holds the cubin of one kernel, as the linker made it: with link-time optimization, and with the library of cooperative
grids. Its name is the kernel's, a digest of its sources, and its fingerprint. The sub-folder is named by the compute capability
and by the versions of all that compiles. Numba's own ``cache=True`` is not used: its key has neither the maximum of registers
nor what a kernel calls in other modules, and loading its files needs Numba's compiler.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import uuid
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import llvmlite
import numba
from numba.core import config

from .... import cache_folder
from ....source_digest import PACKAGES, digest
from ..compiler import Kernel, cuda
from .fingerprint import fingerprint

#: Settings of Numba that change the machine code of a kernel.
_SETTINGS = ("OPT", "CUDA_DEBUGINFO_DEFAULT", "CUDA_ENABLE_MINOR_VERSION_COMPATIBILITY", "CUDA_ENABLE_PYNVJITLINK")

#: Packages with compilers and linkers of kernels, where they are installed.
_COMPILERS = (
    "numba-cuda",
    *(f"nvidia-{name}{suffix}" for name in ("cuda-nvcc", "nvjitlink", "nvvm") for suffix in ("", "-cu12", "-cu13")),
    *("cuda-core", "pynvjitlink-cu12"),
)


class MachineCode(NamedTuple):
    """The machine code of a kernel for one compute capability."""

    entry: str  #: the kernel's name in the image
    cooperative: bool  #: whether it takes its grid
    image: bytes  #: a cubin; PTX if the driver assembles it


def load_or_compile(kernel: Kernel, capability: tuple[int, int], driver: int) -> MachineCode:
    """Return the machine code for the current device: loaded from disk, or compiled and stored there.

    The key contains the version of the driver, since the driver links kernels where no other linker is installed.
    """
    name = _file_name(kernel)
    place = None if name is None else cache_folder.trusted(cache_folder.folder(_key(capability, driver)))
    if name is None or place is None:
        return compile_kernel(kernel)
    path = place.path / name
    code = _load(path)
    if code is None:
        code = compile_kernel(kernel)
        try:
            place.make()
            _store(path, code)
        except OSError as error:
            cache_folder.warn_unwritable(f"{error.filename or path}: {error.strerror}")
    return code


def compile_kernel(kernel: Kernel) -> MachineCode:
    """Compile a kernel for the current device."""
    dispatcher = cuda.jit(kernel.types, max_registers=kernel.max_registers)(kernel.function)
    (compiled,) = dispatcher.overloads.values()
    cubin = compiled._codelibrary.get_cubin()
    return MachineCode(compiled.entry_name, bool(compiled.cooperative), bytes(getattr(cubin, "code", cubin)))


@cache
def _key(capability: tuple[int, int], driver: int) -> str:
    """Return the name of the sub-folder, from the compute capability and the versions."""
    versions = []
    for package in _COMPILERS:
        with suppress(metadata.PackageNotFoundError):
            versions.append((package, metadata.version(package)))
    settings = [(name, str(getattr(config, name, os.environ.get(f"NUMBA_{name}")))) for name in _SETTINGS]
    facts = driver, cuda.runtime.get_version(), versions, settings, os.environ.get("CUDA_HOME"), llvmlite.__version__
    target = hashlib.sha256(repr(facts).encode()).hexdigest()[:8]
    return f"sm_{capability[0]}{capability[1]}-{target}-numba{numba.__version__}-{sys.implementation.cache_tag}"


def _file_name(kernel: Kernel) -> str | None:
    """Return the name of a kernel's file; None if its parts cannot be told from others in another process."""
    found, package = fingerprint(kernel), PACKAGES[1]
    module = kernel.function.__module__ or ""
    sources = digest(module if module.startswith(f"{package}.") else package)
    return None if found is None else f"{kernel.name}_{sources}_{found}.cubin"


def _load(path: Path) -> MachineCode | None:
    """Return what :func:`_store` wrote; None if there is no whole file."""
    try:
        header, _, image = path.read_bytes().partition(b"\n")
        facts = json.loads(header)
        whole = facts["sha256"] == hashlib.sha256(image).hexdigest()
        return MachineCode(facts["entry"], facts["cooperative"], image) if whole else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        cache_folder.warn_once("broken", f"kernels are compiled again, since {path} cannot be read ({error!r}).")
        return None


def _store(path: Path, code: MachineCode) -> None:
    """Write machine code to a file. Processes that do so at the same time write the same."""
    facts = {"entry": code.entry, "cooperative": code.cooperative, "sha256": hashlib.sha256(code.image).hexdigest()}
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex[:16]}")
    try:
        temporary.write_bytes(json.dumps(facts).encode() + b"\n" + code.image)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
