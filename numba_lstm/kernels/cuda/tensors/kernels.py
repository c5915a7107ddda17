"""Kernels of views, which are written as source for each formula and number of loops."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from ..arrays.sums import warp_sum
from ..device_math.custom_activation import operations
from ..runtime.compiler import Kernel, cuda, int64, jit, real
from ..runtime.launch import WARP, element, lane, row

_CODES = {"f": "x1", "b": "b1", "i": "n1"}

TILE = 16  #: side of the tile of a product, and terms of a slice


def _defined(source: str, dtype: str) -> Any:
    names: dict[str, Any] = {
        **operations(dtype).names, "element": element, "row": row, "lane": lane, "warp_sum": warp_sum, "number": real(dtype),
    }  # fmt: skip
    exec(source, names)
    return names["kernel"]


def _index(loops: int, index: str, arrays: Sequence[str], size: str = "n", indent: str = " " * 8) -> str:
    """Return lines that add to each of ``arrays``' ``at`` the offset of an element."""
    lines = [f"rest = {index}"]
    for k in reversed(range(loops)):
        lines.append(f"k = rest % {size}{k}")
        lines.append(f"rest = rest // {size}{k}")
        lines += [f"at_{array} += k * {array}_{size}{k}" for array in arrays]
    return f"\n{indent}".join(lines)


@cache
def elementwise_kernel(text: str, kinds: str, constants: int, loops: int, dtype: str) -> Kernel:
    """Return the kernel of a formula: operands, their first elements, out, constants, sizes, and strides of each operand."""
    xs = [f"a{k}" for k in range(len(kinds))]
    *lines, result = text.split("\n")
    loads = [f"x{k} = number(a{k}[at_a{k}])" for k in range(len(xs))]
    parameters = [
        *xs, *(f"first_{x}" for x in xs), "out", *(f"c{k}" for k in range(constants)), *(f"n{k}" for k in range(loops)),
        *(f"{x}_n{k}" for x in xs for k in range(loops)),
    ]  # fmt: skip
    body = [*(f"at_{x} = first_{x}" for x in xs), _index(loops, "i", xs), *loads, *lines, f"out[i] = number({result})"]
    joined = "\n        ".join(body)
    source = f"def kernel({', '.join(parameters)}):\n    i = element()\n    if i < out.size:\n        {joined}\n"
    codes = [*(_CODES[kind] for kind in kinds), *["n"] * len(xs), "f1", *["r"] * constants, *["n"] * (loops * (1 + len(xs)))]
    return jit(" ".join(codes), dtype, f"elementwise_{dtype}_{len(xs)}")(_defined(source, dtype))


@cache
def place_kernel(loops: int, dtype: str) -> Kernel:
    """Return the kernel that copies a view to another: x, its first element, out, its first, count, sizes, and strides."""
    parameters = ["x", "at_x", "out", "at_out", "count", *(f"n{k}" for k in range(loops))]
    parameters += [f"{array}_n{k}" for array in ("x", "out") for k in range(loops)]
    body = _index(loops, "i", ["x", "out"])
    source = f"def kernel({', '.join(parameters)}):\n    i = element()\n    if i < count:\n        {body}\n"
    source += "        out[at_out] = x[at_x]\n"
    return jit(" ".join(["x1 n x1 n n", *["n"] * (3 * loops)]), dtype, f"place_{dtype}_{loops}")(_defined(source, dtype))


@cache
def sum_kernel(kept: int, reduced: int, dtype: str) -> Kernel:
    """Return the kernel of sums, a warp for each: x, its first element, out, terms, sizes and strides of both kinds of axes."""
    source = f"""def kernel(x, first, out, terms, {_axes(kept, reduced)}):
    m = row()
    if m < out.size:
        at_x = first
        {_index(kept, "m", ["x"])}
        start, total = at_x, number(0)
        for term in range(lane(), terms, {WARP}):
            at_x = start
            {_index(reduced, "term", ["x"], "r", " " * 12)}
            total += x[at_x]
        total = warp_sum(total)
        if lane() == 0:
            out[m] = total
"""
    return _reduction(source, "sums", kept, reduced, dtype)


@cache
def extreme_kernel(kind: str, kept: int, reduced: int, dtype: str) -> Kernel:
    """Return the kernel of extremes or of their indices, a thread for each, with the arguments of sums."""
    source = f"""def kernel(x, first, out, terms, {_axes(kept, reduced)}):
    m = element()
    if m < out.size:
        at_x = first
        {_index(kept, "m", ["x"])}
        start, best, found = at_x, x[at_x], 0
        for term in range(1, terms):
            at_x = start
            {_index(reduced, "term", ["x"], "r", " " * 12)}
            value = x[at_x]
            if value {">" if kind.endswith("max") else "<"} best or (value != value and best == best):
                best, found = value, term
        out[m] = number({"found" if kind.startswith("arg") else "best"})
"""
    return _reduction(source, kind, kept, reduced, dtype)


def _axes(kept: int, reduced: int) -> str:
    names = [*(f"n{k}" for k in range(kept)), *(f"x_n{k}" for k in range(kept))]
    return ", ".join([*names, *(f"r{k}" for k in range(reduced)), *(f"x_r{k}" for k in range(reduced))])


def _reduction(source: str, kind: str, kept: int, reduced: int, dtype: str) -> Kernel:
    codes = ["x1 n f1 n", *["n"] * (2 * kept + 2 * reduced)]
    return jit(" ".join(codes), dtype, f"{kind}_{dtype}_{kept}_{reduced}")(_defined(source, dtype))


@cache
def product_kernel(dtype: str) -> Kernel:
    """Return the kernel of products of pairs of matrices of any strides. Pairs and rows share an axis of the grid."""
    number, zero = real(dtype), real(dtype)(0)

    @jit("x1 n n n n x1 n n n n f3 n", dtype, f"pair_products_{dtype}")
    def product(a, a_first, a_pair, a_row, a_term, b, b_first, b_pair, b_term, b_column, out, K):
        rows = cuda.shared.array((TILE, TILE), number)
        columns = cuda.shared.array((TILE, TILE), number)
        M, N = out.shape[1], out.shape[2]
        i, j, tiles = cuda.threadIdx.x // TILE, cuda.threadIdx.x % TILE, (M + TILE - 1) // TILE
        pair = cuda.blockIdx.x // tiles
        m, n = cuda.blockIdx.x % tiles * TILE + i, int64(cuda.blockIdx.y) * TILE + j
        total = zero
        for k0 in range(0, K, TILE):
            inside = m < M and k0 + j < K
            rows[i, j] = a[a_first + pair * a_pair + m * a_row + (k0 + j) * a_term] if inside else zero
            inside = n < N and k0 + i < K
            columns[i, j] = b[b_first + pair * b_pair + (k0 + i) * b_term + n * b_column] if inside else zero
            cuda.syncthreads()
            for k in range(TILE):
                total = cuda.fma(rows[i, k], columns[k, j], total)
            cuda.syncthreads()
        if m < M and n < N:
            out[pair, m, n] = total

    return product
