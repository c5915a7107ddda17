"""The instruction set and the vector registers of the host's processor."""

from __future__ import annotations

import os
from dataclasses import dataclass

import llvmlite.binding as llvm
from numba.core import config


@dataclass(frozen=True)
class Host:
    """An instruction set: its name, bytes of a vector, number of vector registers, fused multiply-add."""

    isa: str
    vector_bytes: int
    registers: int
    fma: bool

    @property
    def x86(self) -> bool:
        """Whether this is an x86 instruction set."""
        return self.isa in ("sse2", "avx2", "avx512")

    @property
    def wide(self) -> bool:
        """Whether a vector is a whole cache line."""
        return self.vector_bytes == 64

    def lanes(self, itemsize: int) -> int:
        """Number of elements of a vector."""
        return self.vector_bytes // itemsize


def _features() -> dict[str, bool]:
    """Return the processor's features by LLVM's names: those of the host, or those that Numba was told to compile for."""
    if config.CPU_FEATURES is not None:
        return {f[1:]: f[0] == "+" for f in config.CPU_FEATURES.split(",") if f}
    return dict(llvm.get_host_cpu_features())


#: Geometries of vectors, by the name of an instruction set, or of vectors of 16 bytes with and without fused multiply-add.
GEOMETRIES = {
    host.isa: host
    for host in (
        Host("avx512", 64, 32, True),
        Host("avx2", 32, 16, True),
        Host("sse2", 16, 16, False),
        Host("neon", 16, 32, True),
        Host("fma16", 16, 16, True),
        Host("plain16", 16, 16, False),
    )
}

#: The environment variable of a process that compiles for another processor, see :mod:`..export.targets`.
VARIABLE = "NUMBA_LSTM_VECTORS"


def _detect() -> Host:
    if VARIABLE in os.environ:
        named = os.environ[VARIABLE]
        if named not in GEOMETRIES:
            raise ValueError(f"{VARIABLE} must be one of {', '.join(GEOMETRIES)}, got {named!r}. Unset it for this processor.")
        return GEOMETRIES[named]
    has = _features()
    arm = llvm.get_process_triple().startswith(("aarch64", "arm64"))
    if has.get("avx512f"):
        return GEOMETRIES["avx512"]
    if has.get("avx2") and has.get("fma"):
        return GEOMETRIES["avx2"]
    if arm:
        return GEOMETRIES["neon"]
    return GEOMETRIES["sse2"]


HOST = _detect()
