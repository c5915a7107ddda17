"""Pointwise kernels of the forward pass: they turn a finished tile of z into gates, c and h.

:mod:`.pointwise_grad` has those of the backward pass. A pointwise kernel is a C function that a time loop calls by address, for
each panel and row tile. Loops (geometry, dtype) and pointwise kernels (activations, options, tape) are compiled separately, so
that a new combination of activations compiles only small functions. Inlined into the loop the kernel gave the same bits at the
same speed: z is in the L1 cache either way.

A step calls two kernels for each tile: the *gate kernel* (z and c), then the *output kernel* (h). One kernel for both had two
long sequences of dependent instructions, which left room for two rows in the processor's window; separate kernels have room
for three and seven rows (1.3x). A layer norm may also change c between the two.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import types

from ...specs import Activation, LSTMSpec
from ..compiler.jit import compile_cfunc
from ..gemm.layout import NUMBA
from ..simd.arithmetic import fma, select
from ..simd.elementwise import activate, code, keeps_z, label
from ..simd.flush import flush
from ..simd.vector import like
from .phases.gates import clipped, load_gates
from .row_vectors import flag_each_row, flag_rows, load_rows, rows_from, store_rows

#: Indices into :func:`scalar_parameters`.
CLIP, RATE_H, REST_H, RATE_C, REST_C = range(5)


class Traits(NamedTuple):
    """What the code of pointwise kernels depends on."""

    gate: Activation  #: activation of i, f and o
    inner: Activation  #: activation of g
    outer: Activation  #: activation of c
    clip: bool = False
    coupled: bool = False
    masked: bool = False
    peephole: bool = False
    zoneout_h: str = ""  #: zoneout of h: none, by "rate" (its expectation) or by "mask"
    zoneout_c: str = ""  #: zoneout of c

    def keeps(self, activation: Activation) -> bool:
        """Whether the tape keeps the z of a gate. A clipped z shows where the slope is 0, which the gate's value does not."""
        return self.clip or keeps_z(activation)

    def of_gates(self) -> Traits:
        """Return the traits on which gate kernels depend. They compute no h."""
        return self._replace(outer=self.gate, zoneout_h="")

    def of_gate_gradients(self) -> Traits:
        """Return the traits on which gate gradient kernels depend. Training has no zoneout by rate."""
        return self.of_gates()._replace(zoneout_c=self.zoneout_c.replace("rate", ""))

    def of_output_gradients(self) -> Traits:
        """Return the traits on which output gradient kernels depend. They compute c from gates where zoneout kept another."""
        if self.zoneout_c == "mask":
            return self._replace(peephole=False)
        return self._replace(inner=self.gate, coupled=False, peephole=False, zoneout_c="")

    @property
    def label(self) -> str:
        """The traits in the name of a kernel."""
        flags_ = (self.clip, self.coupled, self.masked, self.peephole)
        zoneout = f"{self.zoneout_h or 'none'}_{self.zoneout_c or 'none'}"
        return "_".join([*map(label, self[:3]), "".join(str(int(flag)) for flag in flags_), zoneout])


class CallOptions(NamedTuple):
    """The options of a call, besides the spec, that kernels depend on."""

    masked: bool
    peephole: bool
    zoneout_h: bool
    zoneout_c: bool
    training: bool
    per_gate: bool = False  #: whether each gate has dropout factors of its own


def traits(spec: LSTMSpec, options: CallOptions) -> Traits:
    """Return the traits of an LSTM in a call."""

    def zoneout(zoneout_mask: bool, rate: float) -> str:
        return "mask" if zoneout_mask else "rate" if rate and not options.training else ""

    return Traits(
        spec.recurrent_activation,
        spec.activation,
        spec.output_activation,
        clip=spec.clip is not None,
        coupled=spec.coupled,
        masked=options.masked,
        peephole=options.peephole,
        zoneout_h=zoneout(options.zoneout_h, spec.zoneout[0]),
        zoneout_c=zoneout(options.zoneout_c, spec.zoneout[1]),
    )


@cache
def scalar_parameters(spec: LSTMSpec, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return the numbers of a spec that pointwise kernels read, in the order of CLIP .. REST_C."""
    rate_h, rate_c = spec.zoneout
    return np.array([spec.clip or 0, rate_h, 1 - rate_h, rate_c, 1 - rate_c], dtype)


def signature(dtype: str, floats: int, booleans: int, integers: int) -> Any:
    """Return the signature ``void(float*..., bool*..., integer...)``."""
    pointers = (types.CPointer(NUMBA[dtype]),) * floats + (types.CPointer(types.uint8),) * booleans
    return types.void(*pointers, *(types.intp,) * integers)


def shared_by(read: Callable[[Traits], Traits]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a factory of kernels, so that traits share a kernel that are the same in what it reads of them."""

    def decorate(make: Callable[..., Any]) -> Callable[..., Any]:
        shared = cache(make)
        return cache(wraps(make)(lambda traits, *arguments, **keywords: shared(read(traits), *arguments, **keywords)))

    return decorate


@shared_by(Traits.of_gates)
def gate_kernel(traits: Traits, dtype: str, V: int, rows: int, tape: bool) -> Any:
    """Return the kernel that computes the gates and c_t from z and c_{t-1}, for panels of V units.

    :meth:`~numba_lstm.kernels.contract.Ops.lstm_forward` has the equations. A vector holds V units of ``rows`` rows: of one
    row, except in a narrow panel. The rows may be panels of one row of the batch.
    """
    gate, gate_parameter = code(traits.gate)
    inner, inner_parameter = code(traits.inner)
    gate_z, inner_z = traits.keeps(traits.gate), traits.keeps(traits.inner)
    clip, coupled, masked, peepholes = traits.clip, traits.coupled, traits.masked, traits.peephole
    mean, drawn, V2, V3 = traits.zoneout_c == "rate", traits.zoneout_c == "mask", 2 * V, 3 * V

    def lstm_gate_kernel(
        z,  # z of the n rows, gates V apart; its first two gates become o and the new c before zoneout
        c_old, c_new,  # c before and after the step; they may be the same rows
        gates,  # the rows' panel of the tape, which is written
        peephole, scalars,  # the panel of V_i, V_f and V_o; scalar_parameters
        mask, zoneout_mask,  # the mask of the rows, a byte each; that of c, a byte for each element
        z_rows, c_rows, gate_rows,  # elements between the rows of z, of c, and of the tape
        peephole_rows, mask_rows, zoneout_rows,  # the same of these three; 0 where all rows read the same
        n, in_group, group_offset,  # rows; those after the first in_group are group_offset elements further on the tape
    ):  # fmt: skip
        for r in range(0, n, rows):
            each, at = rows_from(r, n, rows, V), 0 if r < in_group else group_offset
            zi, zf, zg, zo = load_gates(z, 0, z_rows, each, V)
            before = load_rows(c_old, 0, c_rows, each)
            if peepholes:
                zi = fma(load_rows(peephole, 0, peephole_rows, each), before, zi)
                zf = fma(load_rows(peephole, V, peephole_rows, each), before, zf)
            if clip:
                zi, zf, zg = clipped(zi, scalars[CLIP]), clipped(zf, scalars[CLIP]), clipped(zg, scalars[CLIP])
            i = activate(gate, gate_parameter, zi)
            f = 1.0 - i if coupled else activate(gate, gate_parameter, zf)
            g = activate(inner, inner_parameter, zg)
            c = flush(fma(f, before, i * g))
            if peepholes:
                zo = fma(load_rows(peephole, V2, peephole_rows, each), c, zo)
            if clip:
                zo = clipped(zo, scalars[CLIP])
            o = activate(gate, gate_parameter, zo)
            if tape:
                store_rows(gates, at, gate_rows, each, zi if gate_z else i)
                store_rows(gates, at + V, gate_rows, each, zf if gate_z else f)
                store_rows(gates, at + V2, gate_rows, each, zg if inner_z else g)
                store_rows(gates, at + V3, gate_rows, each, zo if gate_z else o)
            store_rows(z, 0, z_rows, each, o)
            store_rows(z, V, z_rows, each, c)
            if mean:
                c = flush(fma(like(c, scalars[RATE_C]), before, like(c, scalars[REST_C]) * c))
            if drawn:
                c = select(flag_rows(zoneout_mask, 0, zoneout_rows, each), before, c)
            if masked:
                c = select(flag_each_row(mask, mask_rows, each), c, before)
            store_rows(c_new, 0, c_rows, each, c)

    name = f"lstm_gate_kernel_{dtype}x{V}x{rows}_{traits.label}_{int(tape)}"
    return compile_cfunc(lstm_gate_kernel, name, signature(dtype, 6, 2, 9))


@cache
def output_kernel(traits: Traits, dtype: str, V: int, rows: int) -> Any:
    """Return the kernel that computes h_t from o and c_t, after :func:`gate_kernel`, for the same panels and rows."""
    outer, outer_parameter = code(traits.outer)
    masked, mean, drawn = traits.masked, traits.zoneout_h == "rate", traits.zoneout_h == "mask"

    def lstm_output_kernel(
        z,  # o and c_t in its first two gates, V apart
        h_old, h_new,  # h before and after the step; with a projection the same rows
        scalars,  # scalar_parameters
        mask, zoneout_mask,  # the mask of the rows, a byte each; that of h, a byte for each element
        z_rows, h_rows, mask_rows, zoneout_rows,  # elements between the rows of each; mask_rows is 0 for panels of one row
        n,  # rows
    ):  # fmt: skip
        for r in range(0, n, rows):
            each = rows_from(r, n, rows, V)
            h = flush(load_rows(z, 0, z_rows, each) * activate(outer, outer_parameter, load_rows(z, V, z_rows, each)))
            if mean:
                h = flush(fma(like(h, scalars[RATE_H]), load_rows(h_old, 0, h_rows, each), like(h, scalars[REST_H]) * h))
            if drawn:
                h = select(flag_rows(zoneout_mask, 0, zoneout_rows, each), load_rows(h_old, 0, h_rows, each), h)
            if masked:
                h = select(flag_each_row(mask, mask_rows, each), h, load_rows(h_old, 0, h_rows, each))
            store_rows(h_new, 0, h_rows, each, h)

    name = f"lstm_output_kernel_{dtype}x{V}x{rows}_{label(traits.outer)}_{int(masked)}_{traits.zoneout_h}"
    return compile_cfunc(lstm_output_kernel, name, signature(dtype, 4, 2, 5))
