"""CPU twin of streams: the whole model in one compiled call a step.

The kernel reads a *program*, a row of addresses and sizes for each part, so one compiled function serves every model of a
dtype. A single row has no other rows to fill a tile with; several panels at once hide the latency of its chains instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import DensePart, LSTMPart, LSTMWeights
from ..specs import LSTMSpec
from . import lstm_int8, lstm_rows, packing
from .activations import row_cell
from .calls import call
from .cells import Asked, gate_cell, output_cell, settings, traits
from .jit import kernel
from .lstm_rows import needs_rows
from .memory import address, aligned, stride
from .own import settled, settled_spec
from .panels import NUMBA, Shape, columns, geometry, panels
from .panels import ROWS as WAITING
from .simd import data, offset, pointer
from .tile_products import affine_row

Array = npt.NDArray[Any]

#: What stands where in a row of a program. DENSE has its output buffer as H_STATE and its activation as CELL (0: linear).
KIND, D, UNITS, W, U, BIAS, CELL, LAST_CELL, H_STATE, C_STATE, FULL, TAIL, ROWS, C_ROWS = range(14)
OUTPUT_CELL, LAST_OUTPUT_CELL, PEEPHOLE, SETTINGS = range(14, 18)
FIELDS = 18
LSTM, DENSE, ACTIVATION, LOOP = range(4)  #: a LOOP has its address as CELL and its job as W

NO_MASK = np.zeros((0, 0), np.bool_)


@cache
def _steps(shape: Shape) -> Any:
    """``steps`` steps of all rows through a program; ``phase`` says which half of each h is old.

    y is that of the last step: before it, nothing behind the ``last`` part with a state is computed.
    """
    V, B, w, panel = shape.V, shape.B, shape.w, 4 * shape.V
    together, blocks = shape.together, shape.together * shape.G
    several = 4 * together

    def stream_steps(program, x, y, z, unmasked, features, phase, steps, last):
        N = x.size // (steps * features)
        outputs = y.size // N
        z_, m_ = data(z), data(unmasked)
        r = -1
        for row in range(steps * N):
            r, ends = r + 1, row >= (steps - 1) * N
            if r == N:
                r, phase = 0, 1 - phase
            value = offset(data(x), row * features)
            for k in range(len(program) if ends else last + 1):
                part = program[k]
                kind, D_, n, full, C = part[KIND], part[D], part[UNITS], part[FULL], part[TAIL]
                W_, U_, b_ = pointer(part[W], z_), pointer(part[U], z_), pointer(part[BIAS], z_)
                if kind == LSTM:
                    rows = part[ROWS]
                    h = pointer(part[H_STATE], z_)
                    h_old, h_new = offset(h, (phase * N + r) * rows), offset(h, ((1 - phase) * N + r) * rows)
                    c = offset(pointer(part[C_STATE], z_), r * part[C_ROWS])
                    v_, e_ = pointer(part[PEEPHOLE], z_), pointer(part[SETTINGS], z_)
                    peepholes = 1 if part[PEEPHOLE] != 0 else 0
                    whole, first, p = full + (1 if C > 0 else 0), 0, 0
                    while p < whole:
                        at = (
                            b_, p * panel, 0, value, 0, 0, D_, W_, p * panel * D_, w * D_,
                            h_old, 0, 0, n, U_, p * panel * n, w * n, z_, (p - first) * panel, 0,
                        )  # fmt: skip
                        if p + together <= full:
                            affine_row(several, B, V, at)
                            p += together
                        else:
                            if p < full:
                                affine_row(4, B, V, at)
                            elif C == 1:
                                affine_row(1, 1, V, at)
                            else:
                                affine_row(2, 2, V, at)
                            p += 1
                        if p == whole or p + together - first > WAITING:
                            for tail in range(2 if p > full else 1):  # whole panels, then the tail
                                u, count, z_next = first * V, min(p, full) - first, panel
                                gates, output = part[CELL], part[OUTPUT_CELL]
                                if tail == 1:
                                    u, count, z_next = full * V, 1, 0
                                    gates, output = part[LAST_CELL], part[LAST_OUTPUT_CELL]
                                zs, cs, v = offset(z_, (u // V - first) * panel), offset(c, u), peepholes * 3 * u
                                call(gates, (zs, cs, cs, z_, offset(v_, v), e_, m_, m_, z_next, V, 0, 3 * V, 0, 0, count))
                                call(output, (zs, offset(h_old, u), offset(h_new, u), e_, m_, m_, z_next, V, 0, 0, count))
                            first = p
                    value = h_new
                elif kind == LOOP:
                    call(part[CELL], (part[W], z_, m_, value, phase, phase + 1, r, r + 1))
                    value = offset(pointer(part[H_STATE], z_), ((1 - phase) * N + r) * part[ROWS])
                else:
                    out = offset(pointer(part[H_STATE], z_), r * part[ROWS])
                    if kind == DENSE:
                        q = 0
                        while q < full + (1 if C > 0 else 0):
                            column = q * w
                            at = (
                                b_, column, 0, value, 0, 0, D_, W_, column * D_, w * D_,
                                value, 0, 0, 0, W_, 0, 0, out, column, 0,
                            )  # fmt: skip
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
            for i in range(outputs if ends else 0):
                y[r * outputs + i] = value[i]

    return kernel(stream_steps, f"stream_steps_{shape.dtype}x{V}", NUMBA[shape.dtype], "n2 x1 f1 f1 b2 i i i i")


class _Stepper:
    """Keeps what the program's addresses point to."""

    def __init__(self, parts: Sequence[LSTMPart | DensePart], features: int, N: int, dtype: Any) -> None:
        self._dtype = np.dtype(dtype)
        self._shape = geometry(self._dtype)
        self._N, self._features, self._phase = N, features, 0
        self._held: list[Any] = []
        self._states: list[tuple[Array, Array, int, int]] = []
        size, rows = features, []
        for part in parts:
            row = self._lstm(part) if isinstance(part, LSTMPart) else self._dense(part, size)
            size = row[UNITS]
            rows.append(row)
        self._outputs = size
        self._program = np.array(rows, np.int64).reshape(len(rows), FIELDS)
        self._z = self._keep(aligned((self._shape.scratch,), self._dtype))
        self._last = max((k for k, row in enumerate(rows) if row[KIND] in (LSTM, LOOP)), default=-1)
        self._run = _steps(self._shape)

    def _keep(self, thing: Any) -> Any:
        self._held.append(thing)
        return thing

    def _at(self, array: Array) -> int:
        return address(self._keep(array))

    def _lstm(self, part: LSTMPart) -> list[int]:
        weights, spec = part.weights, settled_spec(part.spec)
        if spec.int8 or needs_rows(weights):
            return self._loop(weights, spec)
        size, H = weights.kernel.value.shape[0], weights.recurrent_kernel.value.shape[0]
        cut, V = panels(H, self._shape.V), self._shape.V
        h = aligned((2, self._N, stride(cut.padded, self._dtype)), self._dtype)
        c = aligned((self._N, stride(cut.padded, self._dtype)), self._dtype)
        h[...], c[...] = 0, 0
        self._states.append((h, c, H, H))
        how = traits(spec, Asked(False, weights.peephole is not None, False, False, False))
        cells = [
            self._keep(make(how, self._shape.dtype, lanes)).address
            for make in (partial(gate_cell, tape=False), output_cell)
            for lanes in (V, cut.v or V)
        ]
        W, U = (v.prepared("cpu.panels", packing.gate_panels) for v in (weights.kernel, weights.recurrent_kernel))
        b = packing.gate_bias(weights.bias, cut, self._dtype)
        V_ = weights.peephole
        peephole = 0 if V_ is None else self._at(V_.prepared("cpu.panels", packing.peephole_panels))
        return [
            LSTM, size, H, self._at(W), self._at(U), self._at(b), *cells[:2], self._at(h), self._at(c),
            cut.full, cut.C, h.shape[2], c.shape[1], *cells[2:], peephole, self._at(settings(spec, self._dtype)),
        ]  # fmt: skip

    def _loop(self, weights: LSTMWeights, spec: LSTMSpec) -> list[int]:
        D, (P, width) = weights.kernel.value.shape[0], weights.recurrent_kernel.value.shape
        way = lstm_int8 if spec.int8 else lstm_rows
        loop, job, h, c = way.stream_part(weights, spec, self._N, self._held)
        self._states.append((h, c, P, width // 4))
        return [LOOP, D, P, job, 0, 0, loop, 0, self._at(h), self._at(c), 0, 0, h.shape[2], c.shape[1], 0, 0, 0, 0]

    def _dense(self, part: DensePart, size: int) -> list[int]:
        kernel_, bias, activation = part.kernel, part.bias, settled(part.activation)
        C = size if kernel_ is None else kernel_.value.shape[1]
        cut = columns(C, self._shape)
        padded = cut.padded(self._shape)
        out = aligned((self._N, padded), self._dtype)
        out[...] = 0
        W, b = self._blocks(kernel_, bias, padded)
        cell = 0 if activation.name == "linear" else self._keep(row_cell(activation, self._shape.dtype)).address
        kind = ACTIVATION if kernel_ is None else DENSE
        return [kind, size, C, W, W, b, cell, cell, self._at(out), 0, cut.full, cut.C, padded, 0, 0, 0, 0, 0]

    def _blocks(self, kernel_: Any, bias: Any, padded: int) -> tuple[int, int]:
        if kernel_ is None:
            return 0, 0
        b = packing.zero_bias(padded, self._dtype) if bias is None else bias.prepared("cpu.blocks", packing.blocks)
        return self._at(kernel_.prepared("cpu.blocks", packing.blocks)), self._at(b)

    def __call__(self, x: Array) -> Array:
        y = np.empty(self._N * self._outputs, self._dtype)
        flat = x if x.ndim == 1 else x.reshape(-1)
        self._run(self._program, flat, y, self._z, NO_MASK, self._features, self._phase, 1, self._last)
        self._phase ^= 1
        return y if x.ndim == 1 else y.reshape(self._N, -1)

    def through(self, x: Array) -> Array:
        y = np.empty(self._N * self._outputs, self._dtype)
        steps = len(x)
        self._run(self._program, x.reshape(-1), y, self._z, NO_MASK, self._features, self._phase, steps, self._last)
        self._phase ^= steps & 1
        return y.reshape(self._N, -1)

    @property
    def states(self) -> list[tuple[Array, Array]]:
        return [(h[self._phase, :, :P].copy(), c[:, :H].copy()) for h, c, P, H in self._states]

    def set_states(self, states: Sequence[tuple[Array, Array]] | None) -> None:
        for k, (h, c, P, H) in enumerate(self._states):
            h[self._phase, :, :P], c[:, :H] = (0, 0) if states is None else states[k]


def stream(parts: Sequence[LSTMPart | DensePart], features: int, N: int, dtype: Any) -> _Stepper:
    """CPU twin: one compiled call a step, or for many; rows go one after another."""
    return _Stepper(parts, features, N, dtype)
