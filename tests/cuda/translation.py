"""Translation of the LLVM IR of a kernel, as numba.cuda writes it, to IR for this processor, by edits of the text.

It needs no GPU, driver or CUDA toolkit: the front end of Numba requests only the data layout and the version
of libNVVM, which are given here.
"""

import ctypes
import re
from contextlib import contextmanager
from functools import cache
from unittest import mock

from emulation import DYNAMIC, EMULATED
from numba import types
from numba.cuda import compiler, dispatcher
from numba.cuda.cudadrv import nvvm

LIBM = ctypes.CDLL("libm.so.6")


class _Layout:
    data_layout = (
        "e-p:64:64:64-i1:8:8-i8:8:8-i16:16:16-i32:32:32-i64:64:64-i128:128:128-f32:32:32-f64:64:64-"
        "v16:16:16-v32:32:32-v64:64:64-v128:128:128-n16:32:64"
    )

    def get_ir_version(self):
        return 2, 0, 3, 2


class _Device:
    compute_capability = (8, 0)


@contextmanager
def _without_toolkit():
    with mock.patch.object(nvvm, "NVVM", _Layout), mock.patch.object(dispatcher, "get_current_device", return_value=_Device):
        yield


def kernel_ir(kernel):
    """Return the LLVM IR texts of a kernel and all that it calls, and the name of the entry."""
    options = {"fastmath": False, "opt": 3}
    with _without_toolkit():
        if hasattr(compiler, "_compile_pyfunc_with_fixup"):  # the package numba-cuda, where it is installed
            library, _ = compiler._compile_pyfunc_with_fixup(
                kernel.function, kernel.types, device=False, cc=(8, 0), abi="numba", opt=True
            )
            return library.llvm_strs, library._entry_name
        result = compiler.compile_cuda(kernel.function, types.void, kernel.types, cc=(8, 0), nvvm_options=options)
        code = kernel.function.__code__
        library, entry = result.target_context.prepare_cuda_kernel(
            result.library, result.fndesc, False, False, options, code.co_filename, code.co_firstlineno
        )
        return library.llvm_strs, entry.name


_NAMED = r'%"[^"]*"'
_VALUE = rf"(?:\b(?:i\d+|float|double|half|void|ptr)\b|<\d+ x \w+>|\[\d+ x [^\[\]{{}}*]*\]|<?\{{[^{{}}*]*\}}>?|{_NAMED})"
_POINTER = re.compile(_VALUE + r"(?: \([^()*]*\))?\*")


def _opaque(text):
    """Make all pointers opaque, in one address space."""
    text = re.sub(r" addrspace\(\d\)", "", text).replace("addrspacecast", "bitcast")
    while "*" in text:
        shorter = _POINTER.sub("ptr", text)
        if shorter == text:
            break
        text = shorter
    return text


def _library_call(match):
    name = match[1]
    name = name.removeprefix("fast_") if name not in EMULATED else name
    if name in EMULATED:
        return f'@"emulated.{name}"'
    if not hasattr(LIBM, name):
        raise NotImplementedError(f"the executor has no function for libdevice's __nv_{match[1]}")
    return f'@"{name}"'


@cache
def host_text(text):
    """Translate the text of one module. It is cached, since many kernels contain the same device functions."""
    text = re.sub(r'^@"?llvm\.used"?.*$|^!nvvm.*$|^target .*$', "", text, flags=re.M)
    text = _opaque(text)
    text = re.sub(
        r'^@"?(_cudapy_smem\w*)"? = external global \[0 x \w+\], align \d+',
        rf'@"\1" = external global [{DYNAMIC} x i8], align 16', text, flags=re.M,
    )  # fmt: skip
    text = re.sub(r'^@"?(_cudapy_smem\w*)"? = (?:internal |private )?global (\[.*?\]) undef.*$', _shared, text, flags=re.M)
    text = re.sub(r"^@(.*) = common global ptr null", r"@\1 = internal global ptr null", text, flags=re.M)
    text = re.sub(r'@"__nv_(\w+)"', _library_call, text)
    size_read = r'call i32 asm sideeffect "mov\.u32 \$0, %dynamic_smem_size;", "=r"\s*\(\)'
    text, times = re.subn(size_read, "load i32, ptr @check.size", text)
    if times:
        text += "\n@check.size = external global i32\n"
    sites = iter(range(10**6))
    text = re.sub(r'call void @"llvm\.nvvm\.barrier0"\(\)', lambda m: f"call void @check.barrier(i64 {next(sites)})", text)
    text = re.sub(r'declare void @"llvm\.nvvm\.barrier0"\(\)', "declare void @check.barrier(i64)", text)
    if " atomicrmw " in text or " cmpxchg " in text:
        text = re.sub(r"^(\s*%\S+ = (?:atomicrmw|cmpxchg) .*)$", r"\1\n  call void @check.poll()", text, flags=re.M)
        text += "\ndeclare void @check.poll()\n"
    text = text.replace('"llvm.nvvm.', '"check.')
    left = re.search(r"\basm [^\n]*", text)
    if left:
        raise NotImplementedError(f"the executor cannot run inline assembly: {left[0]}")
    return text


def _shared(match):
    return f'@"{match[1]}" = global {match[2]} zeroinitializer, align 16'


def shared_names(texts):
    """Return the names of the static shared arrays of a kernel."""
    return [n for t in texts for n in re.findall(r'^@"(_cudapy_smem\w*)" = global', t, flags=re.M)]
