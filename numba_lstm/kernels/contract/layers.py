"""Ops of the other layers: dense, activations, dropout, noise, embedding and normalization."""

from __future__ import annotations

from typing import Protocol

from ..op_types import Array, Tape, Weight
from ..specs import Activation, Key


class LayerOps(Protocol):
    """The ops of the other layers."""

    def dense_forward(
        self, x: Array, kernel: Weight, bias: Weight | None, activation: Activation, *, training: bool = False
    ) -> tuple[Array, Tape | None]:
        """Compute ``y = activation(x @ kernel + bias)`` on the last axis of x (M, D) or (T, N, D); kernel (D, C), bias (C,).

        Every output is summed in one fixed order, the bias first, as in :meth:`lstm_forward`.
        """

    def dense_backward(self, tape: Tape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array, Array | None]:
        """Return ``(dx, dkernel, dbias)`` for ``dy`` of the shape of y. dx is None unless ``need_dx``, dbias without a bias."""

    def activation_forward(self, x: Array, activation: Activation, *, training: bool = False) -> tuple[Array, Tape | None]:
        """Compute ``y = activation(x)`` elementwise, or ``softmax`` over the last axis. x is (M, D) or (T, N, D).

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

        A custom ``activation.function`` is evaluated as it is written. Where it overflows, its slope overflows too.

        Parameters that ``activation`` omits have the defaults of :data:`.specs.ACTIVATIONS`. ``slope`` and ``alpha`` are at
        least 0, so that the value has the sign of z.
        """

    def activation_backward(self, tape: Tape, dy: Array) -> Array:
        """Return ``dx`` for ``dy`` of the shape of y. At a kink the slope is the left one. At both of hard_sigmoid it is 0.

        For a custom function without a ``derivative`` the slope is exact, by the chain rule. ``maximum(a, b)`` at ``a = b`` has
        the smaller slope of the two. ``minimum``, ``abs`` and ``clip`` follow from it.
        """

    def dropout_forward(
        self, x: Array, rate: float, key: Key, noise_shape: tuple[int, ...] | None = None
    ) -> tuple[Array, Tape]:
        """Compute ``y = x * keep / (1 - rate)``, with one random keep for each element of ``noise_shape``.

        ``rate`` is in [0, 1). ``noise_shape`` is the shape of x, or has 1 for the axes that share a keep. Its axes are in the
        order of x, so time-major for a sequence.

        Element e of ``noise_shape`` in C order is kept if word e of ``key`` is at least ``ceil(rate * 2**32)``. A
        :class:`~numba_lstm.kernels.specs.PartKey` gives the words of the same elements in a draw for the whole batch.
        (Srivastava et al. 2014, scaled in training as Keras does.)
        """

    def dropout_backward(self, tape: Tape, dy: Array) -> Array:
        """Return ``dx = dy * keep / (1 - rate)``."""

    def noise_forward(self, x: Array, stddev: float, key: Key) -> Array:
        """Compute ``y = x + stddev * z`` with z standard normal (Box & Muller 1958). The gradient passes unchanged.

        Elements 2b and 2b + 1 of z, in C order, are ``r cos(2 pi v)`` and ``r sin(2 pi v)`` with ``r = sqrt(-2 log(1 - u))``. u
        and v in [0, 1) have 53 bits each: of the four words w of block b of ``key``, the upper 27 bits of w[0] and 26 of w[1]
        make u, those of w[2] and w[3] make v. They are the numbers of :func:`numba_lstm.philox.normal`, computed in float64. A
        :class:`~numba_lstm.kernels.specs.PartKey` gives the numbers of the same elements in a draw for the whole batch.
        """

    def embedding_forward(self, indices: Array, table: Weight, *, training: bool = False) -> tuple[Array, Tape | None]:
        """Return ``table[indices]``: rows of ``table`` (K, D) for int64 ``indices`` (N,) or (T, N) in 0 .. K-1."""

    def embedding_backward(self, tape: Tape, dy: Array) -> Array:
        """Return the gradient of the table (K, D): row k is the sum of dy where the index is k, in the order of T and N."""

    def layer_norm_forward(
        self, x: Array, gamma: Weight | None, beta: Weight | None, epsilon: float, *, training: bool = False
    ) -> tuple[Array, Tape | None]:
        """Compute ``y = gamma * (x - mean) / sqrt(var + epsilon) + beta`` for each row of x (N, D) or (T, N, D).

        mean and var = mean of (x - mean)^2 are over the D features of the row, in an order that depends on D alone. gamma and
        beta are (D,). None stands for 1 and 0. (Ba et al. 2016.)
        """

    def layer_norm_backward(self, tape: Tape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array | None, Array | None]:
        """Return ``(dx, dgamma, dbeta)``. dx is None unless ``need_dx``, the others without such a weight.

        With ``n = (x - mean) / sqrt(var + epsilon)`` and ``g = gamma * dy``, for each row::

            dx = (g - mean(g) - n * mean(g * n)) / sqrt(var + epsilon)
            dgamma = sum over rows of dy * n               dbeta = sum over rows of dy
        """

    def batch_norm_forward(
        self,
        x: Array,
        gamma: Weight | None,
        beta: Weight | None,
        moving_mean: Weight,
        moving_variance: Weight,
        epsilon: float,
        *,
        momentum: float | None = None,
        mask: Array | None = None,
        training: bool = False,
    ) -> tuple[Array, Tape | None]:
        """Compute ``y = gamma * (x - mean) / sqrt(var + epsilon) + beta`` for each feature of x (N, D) or (T, N, D).

        (Ioffe & Szegedy 2015; Keras 3.) All weights are (D,). gamma and beta of None stand for 1 and 0. Without ``momentum``,
        mean and var are the moving statistics. With it they are the statistics of the batch, over all rows or over those where
        ``mask``, of the leading axes of x, is True. With m of 1 or 0 for each row::

            s = number of rows, or sum(m) + 1e-7           mean = sum(m * x) / s            var = sum(m * (x - mean)^2) / s

        and the moving statistics are updated in place: ``moving = moving * momentum + batch * (1 - momentum)``. The order of
        the sums over rows depends on the shapes alone. y is computed for masked rows too.
        """

    def batch_norm_backward(self, tape: Tape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array | None, Array | None]:
        """Return ``(dx, dgamma, dbeta)``. dx is None unless ``need_dx``, the others without such a weight.

        With ``r = 1 / sqrt(var + epsilon)``, ``n = (x - mean) r`` and sums over all rows::

            dbeta = sum(dy)      dgamma = sum(dy * n)
            dx = gamma * r * dy                                                 with the moving statistics
            dx = gamma * r * (dy - m * ((n - e) * dgamma + dbeta) / s)          with those of the batch

        where ``e = mean * r * (s - sum(m)) / s``, which is zero without a mask.
        """
