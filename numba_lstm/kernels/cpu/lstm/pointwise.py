"""Cells: what happens to a finished tile of z. Those of the way back are in :mod:`.cell_gradients`.

A cell is a C function that a loop calls by its address, once a panel and row tile. So loops (shape, dtype) and cells
(activations, options, tape) add up instead of multiplying, and a new combination of activations compiles one small function.
The cell inlined into the loop gave the same bits and the same speed: z waits in the first-level cache either way.

A step has two of them, one after the other for the same tile: of the *gates* (z and c) and of the *output* (h). In one loop
their two long chains of dependent instructions left room for two rows in the processor's window, apart for three and seven
(1.3x); and between the two a layer norm may change what the output sees of c.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import types

from ...specs import Activation, LSTMSpec
from ..compiler.jit import cell
from ..gemm.layout import NUMBA
from ..simd.arithmetic import fma, select
from ..simd.elementwise import activate, code, keeps_z, label
from ..simd.flush import flush
from ..simd.vector import like
from ..simd.vmath import maximum, minimum
from .row_vectors import flag_each_row, flag_rows, load_rows, rows_from, store_rows

#: What stands where in ``settings``, the numbers of a spec that cells read.
CLIP, RATE_H, REST_H, RATE_C, REST_C = range(5)


class Traits(NamedTuple):
    """All that the code of cells depends on."""

    gate: Activation  #: of i, f and o
    inner: Activation  #: of g
    outer: Activation  #: of c
    clip: bool = False
    coupled: bool = False
    masked: bool = False
    peephole: bool = False
    zoneout_h: str = ""  #: how h keeps what it was: not at all, by "rate" (the expectation) or by "mask"
    zoneout_c: str = ""  #: the same of c

    def keeps(self, activation: Activation) -> bool:
        """Whether the tape keeps a gate's z: a clipped one tells where the slope is 0, which its value does not."""
        return self.clip or keeps_z(activation)

    @property
    def label(self) -> str:
        """The traits as a part of a kernel's name."""
        flags_ = (self.clip, self.coupled, self.masked, self.peephole)
        zoneout = f"{self.zoneout_h or 'none'}_{self.zoneout_c or 'none'}"
        return "_".join([*map(label, self[:3]), "".join(str(int(flag)) for flag in flags_), zoneout])


class Asked(NamedTuple):
    """What a call brings along that kernels depend on, beside the spec."""

    masked: bool
    peephole: bool
    kept_h: bool
    kept_c: bool
    training: bool
    own: bool = False  #: whether gates have their own factors of x and h


def traits(spec: LSTMSpec, asked: Asked) -> Traits:
    """The traits of an LSTM in a call."""

    def zoneout(kept: bool, rate: float) -> str:
        return "mask" if kept else "rate" if rate and not asked.training else ""

    return Traits(
        spec.recurrent_activation,
        spec.activation,
        spec.output_activation,
        clip=spec.clip is not None,
        coupled=spec.coupled,
        masked=asked.masked,
        peephole=asked.peephole,
        zoneout_h=zoneout(asked.kept_h, spec.zoneout[0]),
        zoneout_c=zoneout(asked.kept_c, spec.zoneout[1]),
    )


@cache
def settings(spec: LSTMSpec, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """The numbers of a spec that cells read, in the order of CLIP .. REST_C."""
    rate_h, rate_c = spec.zoneout
    return np.array([spec.clip or 0, rate_h, 1 - rate_h, rate_c, 1 - rate_c], dtype)


def signature(dtype: str, floats: int, booleans: int, integers: int) -> Any:
    """``void(float*..., bool*..., integer...)``."""
    pointers = (types.CPointer(NUMBA[dtype]),) * floats + (types.CPointer(types.uint8),) * booleans
    return types.void(*pointers, *(types.intp,) * integers)


@cache
def gate_cell(traits: Traits, dtype: str, V: int, rows: int, tape: bool) -> Any:
    """z and c_{t-1} to the gates and c_t, for panels of V units (:meth:`~numba_lstm.kernels.contract.Ops.lstm_forward`).

    A vector holds V units of so many ``rows``: of one, but where a panel is narrow. Called with z (rows ``z_rows`` apart, gates
    V apart), the previous and new c (rows ``c_rows`` apart), the tape's gates, the peephole's panel (``peephole_rows`` 0, or
    where rows are panels of one row the distance of theirs), the settings, the mask of these rows, the kept c (``kept_rows``
    apart), and the number of rows n. On the tape those behind the first ``here``, whole vectors, lie ``jump`` elements further.
    It leaves o, and the new c before its zoneout, in the first two gates of z.
    """
    gate, gate_parameter = code(traits.gate)
    inner, inner_parameter = code(traits.inner)
    gate_z, inner_z = traits.keeps(traits.gate), traits.keeps(traits.inner)
    clip, coupled, masked, peepholes = traits.clip, traits.coupled, traits.masked, traits.peephole
    mean, drawn = traits.zoneout_c == "rate", traits.zoneout_c == "mask"
    V2, V3 = 2 * V, 3 * V

    def lstm_gate_cell(
        z, c_old, c_new, gates, peephole, settings, mask, kept,
        z_rows, c_rows, gate_rows, peephole_rows, mask_rows, kept_rows, n, here, jump,
    ):  # fmt: skip
        for r in range(0, n, rows):
            each, at = rows_from(r, n, rows, V), 0 if r < here else jump
            zi, zf, zg, zo = (
                load_rows(z, 0, z_rows, each),
                load_rows(z, V, z_rows, each),
                load_rows(z, V2, z_rows, each),
                load_rows(z, V3, z_rows, each),
            )
            before = load_rows(c_old, 0, c_rows, each)
            if peepholes:
                zi = fma(load_rows(peephole, 0, peephole_rows, each), before, zi)
                zf = fma(load_rows(peephole, V, peephole_rows, each), before, zf)
            if clip:
                high = like(zi, settings[CLIP])
                zi = maximum(minimum(zi, high), -high)
                zf = maximum(minimum(zf, high), -high)
                zg = maximum(minimum(zg, high), -high)
            i = activate(gate, gate_parameter, zi)
            f = 1.0 - i if coupled else activate(gate, gate_parameter, zf)
            g = activate(inner, inner_parameter, zg)
            c = flush(fma(f, before, i * g))
            if peepholes:
                zo = fma(load_rows(peephole, V2, peephole_rows, each), c, zo)
            if clip:
                zo = maximum(minimum(zo, high), -high)
            o = activate(gate, gate_parameter, zo)
            if tape:
                store_rows(gates, at, gate_rows, each, zi if gate_z else i)
                store_rows(gates, at + V, gate_rows, each, zf if gate_z else f)
                store_rows(gates, at + V2, gate_rows, each, zg if inner_z else g)
                store_rows(gates, at + V3, gate_rows, each, zo if gate_z else o)
            store_rows(z, 0, z_rows, each, o)
            store_rows(z, V, z_rows, each, c)
            if mean:
                c = flush(fma(like(c, settings[RATE_C]), before, like(c, settings[REST_C]) * c))
            if drawn:
                c = select(flag_rows(kept, 0, kept_rows, each), before, c)
            if masked:
                c = select(flag_each_row(mask, mask_rows, each), c, before)
            store_rows(c_new, 0, c_rows, each, c)

    name = f"lstm_gate_cell_{dtype}x{V}x{rows}_{traits.label}_{int(tape)}"
    return cell(lstm_gate_cell, name, signature(dtype, 6, 2, 9))


@cache
def output_cell(traits: Traits, dtype: str, V: int, rows: int) -> Any:
    """o and c_t to h_t, after :func:`gate_cell`.

    Called with z as that cell left it, the previous and new h (rows ``h_rows`` apart), the settings, the mask, the kept h and
    the number of rows n; ``rows`` as there.
    """
    outer, outer_parameter = code(traits.outer)
    masked, mean, drawn = traits.masked, traits.zoneout_h == "rate", traits.zoneout_h == "mask"

    def lstm_output_cell(z, h_old, h_new, settings, mask, kept, z_rows, h_rows, mask_rows, kept_rows, n):
        for r in range(0, n, rows):
            each = rows_from(r, n, rows, V)
            h = flush(load_rows(z, 0, z_rows, each) * activate(outer, outer_parameter, load_rows(z, V, z_rows, each)))
            if mean:
                h = flush(fma(like(h, settings[RATE_H]), load_rows(h_old, 0, h_rows, each), like(h, settings[REST_H]) * h))
            if drawn:
                h = select(flag_rows(kept, 0, kept_rows, each), load_rows(h_old, 0, h_rows, each), h)
            if masked:
                h = select(flag_each_row(mask, mask_rows, each), h, load_rows(h_old, 0, h_rows, each))
            store_rows(h_new, 0, h_rows, each, h)

    name = f"lstm_output_cell_{dtype}x{V}x{rows}_{label(traits.outer)}_{int(masked)}_{traits.zoneout_h}"
    return cell(lstm_output_cell, name, signature(dtype, 4, 2, 5))
