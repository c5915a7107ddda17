"""The ONNX operator LSTM on arrays (onnx, Operators.md, versions 7 to 22)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .... import gates
from ....device import get_ops
from ....kernels.contract import Array, LSTMOutput, LSTMWeights, Ops
from ....kernels.specs import LSTMSpec
from ....objects.serialization import choose
from ....variables import Variable
from . import activations as functions

Host = npt.NDArray[Any]

DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
ORDER = (gates.I, gates.O, gates.F, gates.G)  #: of blocks of rows in W, R and B
PEEPHOLES = (0, 2, 1)  #: maps ONNX's order i, o, f to the order i, f, o of this package, and back
_DEFAULTS = ["Sigmoid", "Tanh", "Tanh"]


class Attributes(NamedTuple):
    """Attributes of an LSTM node, all but ``layout``; see :func:`lstm`."""

    hidden_size: int | None = None
    direction: str = "forward"
    activations: Sequence[str] | None = None
    activation_alpha: Sequence[float] | None = None
    activation_beta: Sequence[float] | None = None
    clip: float | None = None
    input_forget: int = 0


class Cell(NamedTuple):
    """Weights and spec of one direction, and whether it computes from the last step to the first."""

    weights: LSTMWeights
    spec: LSTMSpec
    reverse: bool


def lstm(
    X: npt.ArrayLike,
    W: npt.ArrayLike,
    R: npt.ArrayLike,
    B: npt.ArrayLike | None = None,
    sequence_lens: npt.ArrayLike | None = None,
    initial_h: npt.ArrayLike | None = None,
    initial_c: npt.ArrayLike | None = None,
    P: npt.ArrayLike | None = None,
    *,
    hidden_size: int | None = None,
    direction: str = "forward",
    activations: Sequence[str] | None = None,
    activation_alpha: Sequence[float] | None = None,
    activation_beta: Sequence[float] | None = None,
    clip: float | None = None,
    input_forget: int = 0,
    layout: int = 0,
) -> tuple[Host, Host, Host]:
    """Compute the ONNX operator LSTM on the default device.

    Sizes: T steps, N batch, D inputs, H units, K directions (1, or 2 if bidirectional). The order of gates is i, o, f, c.

    Parameters
    ----------
    X : (T, N, D)
        float32 or float64; all other floating arrays have the same dtype.
    W, R, B : (K, 4H, D), (K, 4H, H) and (K, 8H)
        B, which is optional, holds two biases; their sum is used.
    sequence_lens : (N,), optional
        Integers from 0 to T. Y is zero past a sequence's end; the reverse direction begins there.
    initial_h, initial_c : (K, N, H), optional
    P : (K, 3H), optional
        Peepholes of i, o and f; o reads the new c.
    hidden_size : int, optional
    direction : "forward", "reverse" or "bidirectional"
    activations : sequence of str, optional
        Three names per direction: of the gates, of c's input, of c. Default: Sigmoid, Tanh, Tanh.
    activation_alpha, activation_beta : sequence of float, optional
        Parameters of the activations that take one, in their order.
    clip : float, optional
        Bound of the inputs of the gates' activations.
    input_forget : int
        1 couples the gates: f = 1 - i.
    layout : int
        1 puts N first: X (N, T, D), Y (N, T, K, H) and all states (N, K, H).

    Returns
    -------
    Y, Y_h, Y_c : (T, K, N, H), (K, N, H) and (K, N, H)

    Raises
    ------
    TypeError, ValueError
        For arrays that do not fit together; the message says the expected shape.
    """
    attributes = Attributes(hidden_size, direction, activations, activation_alpha, activation_beta, clip, input_forget)
    b, p = (None if array is None else np.asarray(array) for array in (B, P))
    directions = make_cells(np.asarray(W), np.asarray(R), b, p, attributes)
    return run(get_ops(), np.asarray(X), directions, sequence_lens, initial_h, initial_c, layout)


def make_cells(W: Host, R: Host, B: Host | None, P: Host | None, attributes: Attributes) -> list[Cell]:
    """The cells of all directions of an LSTM with these weights and attributes; errors as those of :func:`lstm`."""
    reverse = DIRECTIONS[choose(attributes.direction, DIRECTIONS, "direction")]
    K = len(reverse)
    if R.ndim != 3 or W.ndim != 3:
        raise ValueError(f"W and R must have three axes, got shapes {W.shape} and {R.shape}.")
    H = R.shape[2] if attributes.hidden_size is None else attributes.hidden_size
    D = W.shape[2]
    if H < 1 or D < 1:
        raise ValueError(f"hidden_size and the number of inputs must be at least 1, got {H} and {D}.")
    for name, array, shape in (("W", W, (K, 4 * H, D)), ("R", R, (K, 4 * H, H)), ("B", B, (K, 8 * H)), ("P", P, (K, 3 * H))):
        if array is not None and (array.shape != shape or array.dtype != W.dtype):
            raise ValueError(f"{name} must have shape {shape} and dtype {W.dtype}, got {array.shape} and {array.dtype}.")
    _check_dtype("W", W)
    names = list(attributes.activations or _DEFAULTS * K)
    if len(names) != 3 * K:
        raise ValueError(f"activations must be {3 * K} names for direction={attributes.direction!r}, got {len(names)}.")
    specs = functions.parse(names, list(attributes.activation_alpha or ()), list(attributes.activation_beta or ()))
    if attributes.clip is not None and not attributes.clip > 0:
        raise ValueError(f"clip must be above 0, got {attributes.clip}.")
    cells = []
    for k in range(K):
        gate, candidate, output = specs[3 * k : 3 * k + 3]
        spec = LSTMSpec(candidate, gate, output, clip=attributes.clip, coupled=bool(attributes.input_forget))
        bias = None if B is None else Variable(_blocks(_sum(*B[k].reshape(2, -1))))
        peephole = None if P is None else Variable(P[k].reshape(3, H)[list(PEEPHOLES)])
        weights = LSTMWeights(Variable(_blocks(W[k]).T), Variable(_blocks(R[k]).T), bias, peephole)
        cells.append(Cell(weights, spec, reverse[k]))
    return cells


def run(
    ops: Ops,
    X: Host,
    cells: Sequence[Cell],
    sequence_lens: npt.ArrayLike | None,
    initial_h: npt.ArrayLike | None,
    initial_c: npt.ArrayLike | None,
    layout: int,
) -> tuple[Host, Host, Host]:
    """Compute :func:`lstm` with the weights and attributes in the result of :func:`make_cells`."""
    D, H = cells[0].weights.kernel.shape[0], cells[0].weights.recurrent_kernel.shape[0]
    dtype = cells[0].weights.kernel.dtype
    if layout not in (0, 1):
        raise ValueError(f"layout must be 0 or 1, got {layout!r}.")
    if X.ndim != 3 or X.shape[2] != D or 0 in X.shape or X.dtype != dtype:
        axes = "(T, N" if layout == 0 else "(N, T"
        raise ValueError(f"X must have shape {axes}, {D}), none of them 0, and dtype {dtype}, got {X.shape} and {X.dtype}.")
    X = X if layout == 0 else X.swapaxes(0, 1)
    T, N, _ = X.shape
    K = len(cells)
    shape = (K, N, H)
    initial_states = (
        _states("initial_h", initial_h, shape, layout, dtype),
        _states("initial_c", initial_c, shape, layout, dtype),
    )
    mask = None if sequence_lens is None else _mask(np.asarray(sequence_lens), T, N)
    x = ops.asarray(np.ascontiguousarray(X), dtype)
    steps = None if mask is None else ops.asarray(mask, np.bool_)

    def run_direction(k: int) -> LSTMOutput:
        cell = cells[k]
        direction_x, direction_mask = (ops.flip(x), None if steps is None else ops.flip(steps)) if cell.reverse else (x, steps)
        h0, c0 = (None if s is None else ops.asarray(np.ascontiguousarray(s[k]), dtype) for s in initial_states)
        return ops.lstm_forward(direction_x, cell.weights, h0, c0, cell.spec, mask=direction_mask, sequences=True)

    work = float(K * T * N * (D + H) * gates.COUNT * H)
    outputs = ops.run_parallel([partial(run_direction, k) for k in range(K)], work)
    ys = [_in_time_order(ops, out.y, cell, mask) for out, cell in zip(outputs, cells, strict=True)]
    Y = np.stack(ys, axis=1)
    Y_h, Y_c = (
        np.stack([ops.to_host(state) for state in states]) for states in ([o.h for o in outputs], [o.c for o in outputs])
    )
    if layout == 0:
        return Y, Y_h, Y_c
    Y, Y_h, Y_c = (np.ascontiguousarray(a) for a in (Y.transpose(2, 0, 1, 3), Y_h.swapaxes(0, 1), Y_c.swapaxes(0, 1)))
    return Y, Y_h, Y_c


def _blocks(rows: Host) -> Host:
    """Reorder the blocks of rows from the order of ONNX to that of this package."""
    blocks = rows.reshape(gates.COUNT, -1, *rows.shape[1:])
    reordered = np.empty_like(blocks)
    reordered[list(ORDER)] = blocks
    return reordered.reshape(rows.shape)


def _sum(run_direction: Host, two: Host) -> Host:
    with np.errstate(invalid="ignore", over="ignore"):  # the sum of infinite biases is NaN
        return np.asarray(run_direction + two)


def _check_dtype(name: str, array: Host) -> None:
    if array.dtype not in (np.float32, np.float64):
        raise TypeError(f"{name} must be float32 or float64, got {array.dtype}. Convert all arrays: X.astype('float32').")


def _states(name: str, states: npt.ArrayLike | None, shape: tuple[int, ...], layout: int, dtype: Any) -> Host | None:
    if states is None:
        return None
    array = np.asarray(states)
    array = array.swapaxes(0, 1) if layout and array.ndim == 3 else array
    if array.shape != shape or array.dtype != dtype:
        axes = "(directions, batch, units)"
        raise ValueError(f"{name} must have shape {shape} {axes} and dtype {dtype}, got {array.shape} and {array.dtype}.")
    return array


def _mask(lengths: Host, T: int, N: int) -> Host:
    if lengths.shape != (N,) or lengths.dtype.kind not in "iu" or np.any(lengths < 0) or np.any(lengths > T):
        raise ValueError(
            f"sequence_lens must be {N} whole numbers from 0 to {T}, got {lengths.dtype} of shape {lengths.shape}."
        )
    return np.arange(T)[:, None] < lengths


def _in_time_order(ops: Ops, y: Array, cell: Cell, mask: Host | None) -> Host:
    """Outputs (T, N, H) in time order, zero past the end of a sequence."""
    host = np.asarray(ops.to_host(ops.flip(y) if cell.reverse else y))
    return host if mask is None else np.where(mask[..., None], host, host.dtype.type(0))
