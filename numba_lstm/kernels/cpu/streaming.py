"""CPU twin of streams: the whole model in one compiled call a step.

The kernel reads a *program*, a row of addresses and sizes for each part, so one compiled function serves every model of a
dtype. A single row has no other rows to fill a tile with; several panels at once hide the latency of its chains instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import DensePart, LSTMPart
from . import packing
from .activations import row_cell
from .calls import call
from .cells import forward_cell
from .jit import kernel
from .memory import address, aligned, stride
from .panels import NUMBA, Shape, columns, geometry, panels
from .simd import data, offset, pointer
from .tile import affine_row

Array = npt.NDArray[Any]

#: What stands where in a row of a program. DENSE has its output buffer as H_STATE and its activation as CELL (0: linear).
KIND, D, UNITS, W, U, BIAS, CELL, LAST_CELL, H_STATE, C_STATE, FULL, TAIL, ROWS, C_ROWS = range(14)
LSTM, DENSE, ACTIVATION = range(3)


@cache
def _step(shape: Shape) -> Any:
    """One step of all rows through a program; ``phase`` says which half of each h is old."""
    V, B, w, panel = shape.V, shape.B, shape.w, 4 * shape.V
    together, blocks = shape.together, shape.together * shape.G
    several = 4 * together

    def stream_step(program, x, y, z, features, phase):
        N = x.size // features
        outputs = y.size // N
        z_ = data(z)
        for r in range(N):
            value = offset(data(x), r * features)
            for part in program:
                kind, D_, n, full, C = part[KIND], part[D], part[UNITS], part[FULL], part[TAIL]
                W_, U_, b_ = pointer(part[W], z_), pointer(part[U], z_), pointer(part[BIAS], z_)
                if kind == LSTM:
                    rows = part[ROWS]
                    h = pointer(part[H_STATE], z_)
                    h_old, h_new = offset(h, (phase * N + r) * rows), offset(h, ((1 - phase) * N + r) * rows)
                    c = offset(pointer(part[C_STATE], z_), r * part[C_ROWS])
                    p = 0
                    while p < full:
                        at = (
                            b_,
                            p * panel,
                            0,
                            value,
                            0,
                            0,
                            D_,
                            W_,
                            p * panel * D_,
                            h_old,
                            0,
                            0,
                            n,
                            U_,
                            p * panel * n,
                            z_,
                            0,
                            0,
                        )
                        done = 1
                        if p + together <= full:
                            affine_row(several, B, V, at)
                            done = together
                        else:
                            affine_row(4, B, V, at)
                        for k in range(done):
                            u = (p + k) * V
                            call(
                                part[CELL],
                                (offset(z_, k * panel), offset(c, u), offset(c, u), offset(h_old, u), offset(h_new, u),
                                 z_, z_, panel, 0, 0, 1),
                            )  # fmt: skip
                        p += done
                    if C > 0:
                        at = (
                            b_,
                            p * panel,
                            0,
                            value,
                            0,
                            0,
                            D_,
                            W_,
                            p * panel * D_,
                            h_old,
                            0,
                            0,
                            n,
                            U_,
                            p * panel * n,
                            z_,
                            0,
                            0,
                        )
                        if C == 1:
                            affine_row(1, 1, V, at)
                        else:
                            affine_row(2, 2, V, at)
                        u = p * V
                        call(
                            part[LAST_CELL],
                            (z_, offset(c, u), offset(c, u), offset(h_old, u), offset(h_new, u), z_, z_, panel, 0, 0, 1),
                        )
                    value = h_new
                else:
                    out = offset(pointer(part[H_STATE], z_), r * part[ROWS])
                    if kind == DENSE:
                        q = 0
                        while q < full + (1 if C > 0 else 0):
                            at = (b_, q * w, 0, value, 0, 0, D_, W_, q * w * D_, value, 0, 0, 0, W_, 0, out, q * w, 0)
                            if q + blocks <= full:
                                affine_row(several, B, V, at)
                                q += blocks
                            else:
                                if q < full:
                                    affine_row(B, B, V, at)
                                elif C == 1:
                                    affine_row(1, 1, V, at)
                                else:
                                    affine_row(2, 2, V, at)
                                q += 1
                    else:
                        for i in range(n):
                            out[i] = value[i]
                    if part[CELL] != 0:
                        call(part[CELL], (out, n, part[ROWS]))
                    value = out
            for i in range(outputs):
                y[r * outputs + i] = value[i]

    return kernel(stream_step, f"stream_step_{shape.dtype}x{V}", NUMBA[shape.dtype], "n2 x1 f1 f1 i i")


class _Stepper:
    """Keeps what the program's addresses point to."""

    def __init__(self, parts: Sequence[LSTMPart | DensePart], features: int, N: int, dtype: Any) -> None:
        self._dtype = np.dtype(dtype)
        self._shape = geometry(self._dtype)
        self._N, self._features, self._phase = N, features, 0
        self._held: list[Any] = []
        self._states: list[tuple[Array, Array, int]] = []
        size, rows = features, []
        for part in parts:
            row = self._lstm(part) if isinstance(part, LSTMPart) else self._dense(part, size)
            size = row[UNITS]
            rows.append(row)
        self._outputs = size
        self._program = np.array(rows, np.int64).reshape(len(rows), C_ROWS + 1)
        self._z = self._keep(aligned((self._shape.scratch,), self._dtype))
        self._run = _step(self._shape)

    def _keep(self, thing: Any) -> Any:
        self._held.append(thing)
        return thing

    def _at(self, array: Array) -> int:
        return address(self._keep(array))

    def _lstm(self, part: LSTMPart) -> list[int]:
        weights, spec = part
        size, H = weights.kernel.value.shape[0], weights.recurrent_kernel.value.shape[0]
        cut, V = panels(H, self._shape.V), self._shape.V
        h = aligned((2, self._N, stride(cut.padded, self._dtype)), self._dtype)
        c = aligned((self._N, stride(cut.padded, self._dtype)), self._dtype)
        h[...], c[...] = 0, 0
        self._states.append((h, c, H))
        cell = self._keep(forward_cell(spec, self._shape.dtype, V, False, False))
        last = self._keep(forward_cell(spec, self._shape.dtype, cut.v, False, False)) if cut.v else cell
        W, U = (v.prepared("cpu.panels", packing.gate_panels) for v in (weights.kernel, weights.recurrent_kernel))
        b = packing.gate_bias(weights.bias, cut, self._dtype)
        return [
            LSTM, size, H, self._at(W), self._at(U), self._at(b), cell.address, last.address, self._at(h), self._at(c),
            cut.full, cut.C, h.shape[2], c.shape[1],
        ]  # fmt: skip

    def _dense(self, part: DensePart, size: int) -> list[int]:
        kernel_, bias, activation = part
        C = size if kernel_ is None else kernel_.value.shape[1]
        cut = columns(C, self._shape)
        padded = cut.padded(self._shape)
        out = aligned((self._N, padded), self._dtype)
        out[...] = 0
        W, b = self._z_or_blocks(kernel_, bias, padded)
        cell = 0 if activation.name == "linear" else self._keep(row_cell(activation, self._shape.dtype)).address
        kind = ACTIVATION if kernel_ is None else DENSE
        return [kind, size, C, W, W, b, cell, cell, self._at(out), 0, cut.full, cut.C, padded, 0]

    def _z_or_blocks(self, kernel_: Any, bias: Any, padded: int) -> tuple[int, int]:
        if kernel_ is None:
            return 0, 0
        b = packing.zero_bias(padded, self._dtype) if bias is None else bias.prepared("cpu.blocks", packing.blocks)
        return self._at(kernel_.prepared("cpu.blocks", packing.blocks)), self._at(b)

    def __call__(self, x: Array) -> Array:
        y = np.empty(self._N * self._outputs, self._dtype)
        self._run(self._program, x if x.ndim == 1 else x.reshape(-1), y, self._z, self._features, self._phase)
        self._phase ^= 1
        return y if x.ndim == 1 else y.reshape(self._N, -1)

    @property
    def states(self) -> list[tuple[Array, Array]]:
        return [(h[self._phase, :, :H].copy(), c[:, :H].copy()) for h, c, H in self._states]

    def set_states(self, states: Sequence[tuple[Array, Array]] | None) -> None:
        for k, (h, c, H) in enumerate(self._states):
            h[self._phase, :, :H], c[:, :H] = (0, 0) if states is None else states[k]


def stream(parts: Sequence[LSTMPart | DensePart], features: int, N: int, dtype: Any) -> _Stepper:
    """CPU twin: one compiled call a step; rows go one after another."""
    return _Stepper(parts, features, N, dtype)
