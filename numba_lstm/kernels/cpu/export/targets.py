"""Targets of an export: processors and systems for which LLVM emits objects, and how vectors of kernels lie in their registers.

The geometry of vectors is a constant of a process (:mod:`..compiler.cpu_info`). So a target of another geometry is compiled by
a process that is started with ``NUMBA_LSTM_VECTORS``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
from numba.core.registry import cpu_target

from ..compiler.cpu_info import HOST


@dataclass(frozen=True)
class Target:
    """A target: LLVM's triple, processor, features and name of the calling convention, and the geometry of vectors."""

    triple: str
    cpu: str
    features: str = ""
    vectors: str = ""
    pointer_bits: int = 64
    abi: str = ""

    def machine(self) -> Any:
        """Return LLVM's target machine."""
        return llvm.Target.from_triple(self.triple).create_target_machine(
            cpu=self.cpu, features=self.features, opt=3, reloc="pic", codemodel="default", abiname=self.abi
        )

    @property
    def object_format(self) -> str:
        """The format of its objects: elf, coff, macho or wasm."""
        for system, name in (("windows", "coff"), ("apple", "macho"), ("wasm", "wasm")):
            if system in self.triple:
                return name
        return "elf"


_X86, _THUMB = "x86_64-unknown-linux-gnu", "thumbv7em-unknown-none-eabihf"

#: Targets but the host, by name.
TARGETS = {
    "x86-64": Target(_X86, "x86-64", vectors="sse2"),
    "x86-64-v3": Target(_X86, "x86-64-v3", vectors="avx2"),
    "x86-64-v4": Target(_X86, "x86-64-v4", "-prefer-256-bit", vectors="avx512"),
    "aarch64": Target("aarch64-unknown-linux-gnu", "generic", vectors="neon"),
    "armv7": Target("armv7-unknown-linux-gnueabihf", "cortex-a7", "+neon,+vfp4", vectors="fma16", pointer_bits=32),
    "cortex-m4": Target(_THUMB, "cortex-m4", vectors="fma16", pointer_bits=32),
    "cortex-m7": Target(_THUMB, "cortex-m7", vectors="fma16", pointer_bits=32),
    "riscv64": Target("riscv64-unknown-linux-gnu", "generic-rv64", "+m,+a,+f,+d,+c", vectors="fma16", abi="lp64d"),
    "wasm32": Target("wasm32-unknown-unknown", "generic", "+simd128", vectors="plain16", pointer_bits=32),
    "windows-x86_64": Target("x86_64-pc-windows-gnu", "x86-64-v3", vectors="avx2"),
    "macos-arm64": Target("arm64-apple-macosx11.0.0", "apple-m1", vectors="neon"),
}


def host() -> Target:
    """Return the processor for which Numba compiles."""
    codegen = cpu_target.target_context.codegen()
    return Target(llvm.get_process_triple(), codegen._get_host_cpu_name(), codegen._get_host_cpu_features(), HOST.isa)


def target_of(name: str) -> Target:
    """Return a target by its name."""
    if name == "host":
        return host()
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    return TARGETS[name]
