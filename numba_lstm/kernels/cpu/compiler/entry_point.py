"""Entry points: calls of kernels from Python, without Numba's dispatcher."""

from __future__ import annotations

from collections.abc import Callable

from .jit import Kernel


def entry_point(kernel_: Kernel) -> Callable[..., None]:
    """Return the compiled function of a kernel, for callers whose arguments always have the declared types.

    A dispatcher looks at the types of all arguments at each call, which takes 0.5 microseconds for three arrays: as long as the
    step of a small stream. An entry point takes read-only arrays, too, where the kernel only reads.
    """
    (result,) = kernel_.compiled.overloads.values()
    return result.entry_point  # type: ignore[no-any-return]
