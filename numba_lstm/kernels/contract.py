"""The contract: every op's equations, shapes, dtypes, and who writes what.

An *op* is a Python function of a device package (``kernels.reference``, ``kernels.cpu``, ``kernels.cuda``). It allocates its
outputs, its tape and its scratch, picks a path, and calls kernels, which allocate nothing. A device package *is* the ``ops``
argument that layers receive; a test compares its signatures with the methods below, which hold the one full docstring of an op.

Shapes: ``N`` batch, ``T`` steps, ``D`` inputs, ``H`` units, ``C`` outputs of a layer, ``M`` rows (``N`` or ``T * N``).
Sequences are **time-major**, ``(T, N, D)``. The last axis of an array is contiguous, the others have any strides: outputs are
often views of padded rows. All floating arrays of one call share one dtype, float32 or float64. An ``Array`` is opaque to
everyone but its device: only ``.shape``, ``.dtype`` and the ops below may be used. Ops never write to their inputs, but for the
tape (which one backward call may consume) and the weights and slots of :meth:`Ops.update`; ops overwrite their outputs, only
the training loop adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .specs import Activation, Key, LossSpec, LSTMSpec, MetricSpec, UpdateSpec
from .values import Array, DensePart, LSTMGradients, LSTMOutput, LSTMPart, LSTMWeights, Stepper, Tape, Weight

__all__ = ["Array", "DensePart", "LSTMGradients", "LSTMOutput", "LSTMPart", "LSTMWeights", "Ops", "Stepper", "Tape", "Weight"]


class Ops(Protocol):
    """The ops of a device. A module with these functions is a device."""

    # -- arrays ---------------------------------------------------------------------------------------------------

    def asarray(self, x: npt.NDArray[Any], dtype: Any) -> Array:
        """A host array as a device array of ``dtype``, copied only where it must be."""

    def to_host(self, x: Array) -> npt.NDArray[Any]:
        """A device array as a NumPy array of the same shape (which may share memory with it)."""

    def gather(self, x: npt.NDArray[Any], rows: npt.NDArray[np.intp] | slice, dtype: Any) -> Array:
        """Samples ``rows`` of a host array as one batch: ``(n, D) -> (N, D)``, ``(n, T, D) -> (T, N, D)``.

        1-D arrays give ``(N,)``. ``dtype`` of None keeps the array's own.
        """

    def flip(self, x: Array) -> Array:
        """``x`` (T, N, D), or a mask (T, N), in reverse order of time."""

    def concat(self, xs: Sequence[Array]) -> Array:
        """Arrays side by side along the last axis."""

    # -- LSTM -----------------------------------------------------------------------------------------------------

    def lstm_forward(
        self,
        x: Array,
        weights: LSTMWeights,
        h0: Array | None,
        c0: Array | None,
        spec: LSTMSpec,
        *,
        mask: Array | None = None,
        sequences: bool = False,
        training: bool = False,
    ) -> LSTMOutput:
        """An LSTM over all steps (Hochreiter & Schmidhuber 1997; forget gate of Gers et al. 2000; Keras 3 ``LSTMCell``).

        With s = recurrent_activation, a = activation, p = output_activation, for t = 0 .. T-1::

            z_t = b + x_t W + h_{t-1} U                     (i, f, g, o) = split(z_t)
            i = s(z_i)   f = s(z_f)   g = a(z_g)   o = s(z_o)
            c_t = f * c_{t-1} + i * g
            h_t = o * p(c_t)

        A step whose ``mask`` is False carries both states: ``h_t = h_{t-1}``, ``c_t = c_{t-1}``.

        Parameters
        ----------
        x : (T, N, D), T and N at least 1.
        weights : LSTMWeights of :class:`Weight`; a ``bias`` of None is zero.
        h0, c0 : (N, H) states before the first step; None is zero.
        spec : the three activations.
        mask : (T, N) bool of any strides, or None for all True.
        sequences : answer all outputs too.
        training : keep a tape for :meth:`lstm_backward`.

        Notes
        -----
        Every z is one chain of additions: bias, then inputs in order, then h in order. So a row's bits depend neither on its
        batch nor on the number of threads. NaN in is NaN out. Magnitudes of c and h below 2**-62 (float64: 2**-510) may be
        flushed to zero: denormals are thirty times slower and carry no information here.
        """

    def lstm_backward(
        self, tape: Tape, dy: Array | None, dh: Array | None, dc: Array | None, *, need_dx: bool
    ) -> LSTMGradients:
        """The gradient of a scalar with respect to all inputs of :meth:`lstm_forward`.

        With ``dy`` (T, N, H) the gradient of ``y``, ``dh`` and ``dc`` (N, H) those of the last states (None is zero),
        for t = T-1 .. 0, primes for derivatives::

            dh_t += dy_t                                    dc_t += dh_t * o * p'(c_t)
            dz_i = dc_t * g * s'(z_i)      dz_f = dc_t * c_{t-1} * s'(z_f)
            dz_g = dc_t * i * a'(z_g)      dz_o = dh_t * p(c_t) * s'(z_o)
            dc_{t-1} = dc_t * f            dh_{t-1} = dz_t U^T
            dx_t = dz_t W^T                dW += x_t^T dz_t     dU += h_{t-1}^T dz_t     db += sum over N of dz_t

        A masked step passes ``dh_t`` and ``dc_t`` on unchanged, and its dz is zero. The order of every sum is a function of
        shapes alone, never of threads. May consume the tape.
        """

    def lstm_path(self, N: int, T: int, D: int, H: int, dtype: Any, spec: LSTMSpec, *, training: bool) -> str:
        """The name of the kernels that :meth:`lstm_forward` takes for these sizes, ``"cpu:avx2:6x16"``; pure."""

    def stream(self, parts: Sequence[LSTMPart | DensePart], features: int, N: int, dtype: Any) -> Stepper:
        """N independent streams through ``parts``, one after the other, states zero; inputs have ``features`` features.

        A step computes what :meth:`lstm_forward` and :meth:`dense_forward` compute for T = 1, bit for bit. The weights are
        those of the moment of this call. A stepper serves one thread at a time; any number of them may be held.
        """

    # -- other layers ---------------------------------------------------------------------------------------------

    def dense_forward(
        self, x: Array, kernel: Weight, bias: Weight | None, activation: Activation, *, training: bool = False
    ) -> tuple[Array, Tape | None]:
        """``y = activation(x @ kernel + bias)`` on the last axis of x (M, D) or (T, N, D); kernel (D, C), bias (C,).

        One chain of additions an output, bias first, as in :meth:`lstm_forward`.
        """

    def dense_backward(self, tape: Tape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array, Array | None]:
        """``(dx, dkernel, dbias)`` for ``dy`` of y's shape; dx is None unless ``need_dx``, dbias where there is no bias."""

    def activation_forward(self, x: Array, activation: Activation, *, training: bool = False) -> tuple[Array, Tape | None]:
        """``y = activation(x)``, elementwise; ``softmax`` over the last axis. x is (M, D) or (T, N, D).

        ==============  ==========================================================
        linear          z
        tanh, sigmoid   tanh(z), 1 / (1 + exp(-z))
        hard_sigmoid    min(max(z + 3, 0), 6) / 6
        relu            max(z, 0)
        leaky_relu      z if z > 0 else slope * z
        elu             z if z > 0 else alpha * (exp(z) - 1)
        selu            1.05070098735548 * elu(z, 1.67326324235437)
        softplus        log(1 + exp(z))
        softsign        z / (1 + abs(z))
        exponential     exp(z)
        silu            z * sigmoid(z)
        gelu            z * (1 + erf(z / sqrt(2))) / 2
        softmax         exp(z - max z) / sum exp(z - max z)
        ==============  ==========================================================

        Parameters that ``activation`` does not name have the defaults of :data:`.specs.ACTIVATIONS`. ``slope`` and ``alpha``
        are at least 0, so that the sign of the value is the sign of z.
        """

    def activation_backward(self, tape: Tape, dy: Array) -> Array:
        """``dx`` for ``dy`` of y's shape. At a kink the slope is the left one, of hard_sigmoid 0 at both."""

    def dropout_forward(
        self, x: Array, rate: float, key: Key, noise_shape: tuple[int, ...] | None = None
    ) -> tuple[Array, Tape]:
        """``y = x * keep / (1 - rate)``, keep drawn once an element of ``noise_shape`` (x's shape, or with 1 where shared).

        ``rate`` is in [0, 1), ``noise_shape`` in x's own order of axes, so time-major for a sequence.

        Element e of ``noise_shape`` in C order is kept when word e of ``key`` is at least ``ceil(rate * 2**32)``.
        (Srivastava et al. 2014, scaled in training as Keras does.)
        """

    def dropout_backward(self, tape: Tape, dy: Array) -> Array:
        """``dx = dy * keep / (1 - rate)``."""

    # -- training -------------------------------------------------------------------------------------------------

    def loss(
        self, y: Array, target: Array, spec: LossSpec, *, weight: Array | None = None, gradient: bool
    ) -> tuple[Any, Array | None]:
        """The mean loss of a batch and, with ``gradient``, its gradient with respect to y (Keras 3 formulas).

        y is (N, C) or (T, N, C), target of the same shape, or without the last axis for the sparse loss (integers).
        With l one loss an element of the leading axes (their product is ``count``)::

            value = sum(weight * l) / count        dy = d value / d y

        ==============================  ================================================================================
        mean_squared_error              mean over C of (y - target)^2
        mean_absolute_error             mean over C of abs(y - target); slope 0 at 0
        huber                           mean over C of e^2 / 2 where e = abs(y - target) <= delta, else delta * (e - delta / 2)
        log_cosh                        mean over C of e + softplus(-2 e) - log 2, e = y - target
        binary_crossentropy             mean over C of -(q log p + (1 - q) log(1 - p)); p = clip(y, epsilon, 1 - epsilon),
                                        or p = sigmoid(y) from logits, computed as max(y, 0) - y q + log1p(exp(-abs y))
        categorical_crossentropy        -sum over C of q log p; p = clip(y / sum y, epsilon, 1 - epsilon),
                                        or p = softmax(y) from logits
        sparse_categorical_crossentropy the same with q one at the target's index
        ==============================  ================================================================================

        ``label_smoothing`` s replaces q by ``q (1 - s) + s / 2`` (binary) or ``q (1 - s) + s / C`` (categorical). Where a clip
        is active the slope is zero. The sparse loss takes no smoothing; an index outside 0 .. C-1 makes q zero everywhere.
        ``weight`` has the leading axes' shape. ``value`` answers ``float()``.
        """

    def metric(self, y: Array, target: Array, spec: MetricSpec, *, weight: Array | None = None) -> tuple[Any, Any]:
        """``(total, count)`` of a metric on a batch; its value over many batches is the ratio of their sums.

        ``mean_squared_error``, ``mean_absolute_error`` and ``binary_accuracy`` (``(y > threshold) == target``) are means over
        C, ``categorical_accuracy`` and ``sparse_categorical_accuracy`` compare ``argmax`` over C (the first of equals); each
        gives one value an element of the leading axes. total is the weighted sum of these, count the sum of the weights (1
        where there are none). Both answer ``float()``.
        """

    def clip_gradients(
        self,
        gradients: Sequence[Array],
        *,
        clipnorm: float | None = None,
        global_clipnorm: float | None = None,
        clipvalue: float | None = None,
    ) -> list[Array]:
        """Gradients, bounded; at most one of the three bounds is given.

        Each is scaled to a norm of at most ``clipnorm``, or all by one factor to a common norm of at most ``global_clipnorm``
        (Pascanu et al. 2013), or each element clipped to ``[-clipvalue, clipvalue]``. A norm is accumulated in
        float64. One that is not finite makes all that it scales NaN, as in Keras: a gradient that overflowed must not pass
        for a small one.
        """

    def update(
        self,
        weights: Sequence[Weight],
        gradients: Sequence[Array],
        slots: Sequence[Sequence[Weight]],
        spec: UpdateSpec,
        *,
        step: int,
        rate: float,
    ) -> None:
        """One step of an optimizer, in place on ``weights`` w and ``slots``, with gradient g and ``step`` t from 1 (Keras 3).

        ``slots[k]`` are those of ``weights[k]``, in the order below; an empty sequence where the rule has none.

        First, where ``weight_decay`` d is not 0: ``w -= w * d * rate``. Then, with r = rate:

        sgd
            without momentum ``w -= r g``; else slot v: ``v = momentum v - r g``, then ``w += v``,
            or with nesterov ``w += momentum v - r g``.
        rmsprop
            slots v, then n if momentum, then a if centered: ``v = rho v + (1-rho) g^2``; ``a = rho a + (1-rho) g``;
            ``q = v + epsilon``, or centered ``v - a^2 + epsilon``; ``u = r g / sqrt(q)``; with momentum
            ``n = momentum n + u``, ``w -= n``, else ``w -= u``.
        adagrad
            slot s: ``s += g^2``; ``w -= r g / sqrt(s + epsilon)``.
        adam
            slots m, v and with amsgrad V: ``m += (g - m) (1-b1)``; ``v += (g^2 - v) (1-b2)``;
            ``V = max(V, v)``; ``w -= m A / (sqrt(v or V) + epsilon)`` with ``A = r sqrt(1 - b2^t) / (1 - b1^t)``.
            (Kingma & Ba 2015, section 2's efficient form; Loshchilov & Hutter 2019 for the decay; Reddi et al. 2018.)
        nadam
            slots m, v: ``u_t = b1 (1 - 0.5 0.96^t)``; ``m`` and ``v`` as adam;
            ``mhat = u_{t+1} m / (1 - prod_{k<=t+1} u_k) + (1 - u_t) g / (1 - prod_{k<=t} u_k)``;
            ``w -= r mhat / (sqrt(v / (1 - b2^t)) + epsilon)``. (Dozat 2016.)

        Moments below 2**-62 (float64: 2**-510) in magnitude may be flushed to zero.
        """
