"""An LSTM's two passes over batches of one size, bound once: its buffers, and the calls that fill them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...contract import LSTMLayerSpec
from ..arrays.copy_tasks import copied, zeroed
from ..gemm import pack
from ..gemm.batch_groups import Size
from ..gemm.gemm import gate_product_tasks
from ..gemm.layout import gradient_column_layout
from ..gemm.weight_grad import gate_gradient
from ..lstm.buffers import padded_steps, start, state, tape_panel_stride
from ..lstm.gate_weight_grad import split_gradients
from ..lstm.kernel_selection import row_groups, select_backward_kernels, select_forward_kernels
from ..lstm.panelwise import x_beside_h
from ..lstm.pointwise import CallOptions
from ..lstm.tasks import (
    NO_MASK,
    NO_MASKS,
    BackwardArgs,
    ForwardArgs,
    backward_task,
    forward_buffers,
    forward_tasks,
    make_schedule,
    pack_x_with_h,
)
from ..runtime.memory import aligned, empty
from ..simd.custom_activation import canonical_spec
from .bound import Bound

Array = npt.NDArray[Any]

#: A call brings nothing along, but is trained.
PLAIN = CallOptions(masked=False, peephole=False, zoneout_h=False, zoneout_c=False, training=True)


class BoundLSTM(Bound):
    """What :func:`.lstm.lstm_forward` and :func:`.lstm.lstm_backward` do in training, bit for bit.

    Its input (T, N, D) is where ``given`` is.
    """

    def __init__(self, part: LSTMLayerSpec, given: Array) -> None:
        super().__init__()
        size, dtype = Size(*given.shape), given.dtype
        W, U, b = (weight and weight.value for weight in part.weights[:3])
        H = len(U)
        self._size, self._dtype, self._W, self._U, self._biased = size, dtype, W, U, b is not None
        self._sequences, self._spec = part.sequences, canonical_spec(part.spec)
        plan = select_forward_kernels(self._spec, PLAIN, dtype, size.N, H)
        cut = plan.layout
        how = make_schedule(size, cut, PLAIN, dtype)
        h, c, z, gates = forward_buffers(size, plan, how, dtype, training=True, sequences=part.sequences)
        start(h, None, cut.padded, H)
        start(c, None, cut.padded, H)
        x = x_beside_h(h, size, cut)
        given, before = pack_x_with_h(given, x, how)
        self.y = h[1:, :, :H] if part.sequences else h[size.T, :, :H]
        forms = [pack.deferred_gate_panels(weight) for weight in (W, U, b) if weight is not None]
        bias = forms[2].array if self._biased else pack.zero_bias(cut.gates, dtype)
        packed = (forms[0].array, forms[1].array, bias)
        on = ForwardArgs(x, given, *packed, h, c, z, gates, z[0, :0], NO_MASK, NO_MASKS, NO_MASKS, z[:0, None], z[:0, None])
        self._h, self._c, self._gates = h, c, gates
        self.forward = [*(work for form in forms for work in form.tasks), *before, *forward_tasks(plan, size, how, on)]

    def bind_backward(self, dy: Array, *, need_dx: bool) -> None:
        size, dtype, gates, H = self._size, self._dtype, self._gates, len(self._U)
        T, N, D = size
        plan = select_backward_kernels(self._spec, PLAIN, dtype, N, H)
        shape, cut = plan.geometry, plan.layout
        into_h = state(None, N, H, plan.units.padded(shape), dtype)
        into_c = state(None, N, H, self._c.shape[2], dtype)
        self.backward = [zeroed(into_h), zeroed(into_c)]
        if self._sequences:
            of_y = padded_steps(np.zeros((T, N, H), dtype), cut.padded)
            self.backward.append(copied(dy, of_y[:, :, :H]))
        else:
            of_y = empty((0, 0, 0), dtype)
            self.backward.append(copied(dy, into_h[:, :H]))
        transposed = pack.deferred_gate_blocks_transposed(self._U, plan.units)
        states, nothing = (self._c, into_h, into_c, into_c[:0]), into_h[0, :0]
        on = BackwardArgs(
            of_y, transposed.array, *states, gates, nothing, nothing, NO_MASK, NO_MASKS, NO_MASKS, into_h[None][:0]
        )
        self.backward += [*transposed.tasks, backward_task(plan, size, PLAIN, on)]
        apart, K, of_rows = tape_panel_stride(T, N, shape, cut), cut.padded + D + 1, row_groups(size, cut, PLAIN, dtype)
        if need_dx:
            columns = gradient_column_layout(D, shape, T * N)
            inputs = pack.deferred_gate_blocks_transposed(self._W, columns)
            dx = aligned((T * N, columns.padded(shape)), dtype)
            self.dx = dx.reshape(T, N, -1)[:, :, :D]
            self.backward += inputs.tasks
            self.backward += gate_product_tasks(gates, inputs.array, dx, shape, cut, columns, apart, of_rows)
        rows = self._h[:T].reshape(T * N, -1)[:, :K]
        made = gate_gradient(rows, gates, shape, cut, apart, of_rows)
        self.backward += made.tasks
        of_U, of_W, of_b = split_gradients(made.array, cut)
        self.gradients = (of_W, of_U, of_b) if self._biased else (of_W, of_U)
