"""What the layers around an LSTM compute, forward and backward."""

from __future__ import annotations

from typing import Protocol

from ..specs import Activation, Key
from ..values import Array, Tape, Weight


class LayerOps(Protocol):
    """The ops of the other layers."""

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

        A person's own ``activation.function`` computes z by its own operators and functions, and where it overflows so does
        its slope.

        Parameters that ``activation`` does not name have the defaults of :data:`.specs.ACTIVATIONS`. ``slope`` and ``alpha``
        are at least 0, so that the sign of the value is the sign of z.
        """

    def activation_backward(self, tape: Tape, dy: Array) -> Array:
        """``dx`` for ``dy`` of y's shape. At a kink the slope is the left one, of hard_sigmoid 0 at both.

        Of an own function without a ``derivative`` it is exact, by the chain rule; ``maximum(a, b)`` at ``a = b`` takes the
        smaller slope of the two, and ``minimum``, ``abs`` and ``clip`` follow from it.
        """

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

    def noise_forward(self, x: Array, stddev: float, key: Key) -> Array:
        """``y = x + stddev * z``, z standard normal (Box & Muller 1958); the gradient passes unchanged.

        Elements 2b and 2b + 1 of z, in C order, are ``r cos(2 pi v)`` and ``r sin(2 pi v)`` with ``r = sqrt(-2 log(1 - u))``. u
        and v in [0, 1) have 53 bits each: of the four words w of block b of ``key``, the upper 27 of w[0] and 26 of w[1] make
        u, those of w[2] and w[3] v. They are :func:`numba_lstm.random.normal`'s, computed in float64.
        """

    def embedding_forward(self, indices: Array, table: Weight, *, training: bool = False) -> tuple[Array, Tape | None]:
        """``y = table[indices]``: rows of ``table`` (K, D) for int64 ``indices`` (N,) or (T, N), all of them in 0 .. K-1."""

    def embedding_backward(self, tape: Tape, dy: Array) -> Array:
        """The table's gradient (K, D): row k is the sum of dy over all places of index k, in the order of T and N."""

    def layer_norm_forward(
        self, x: Array, gamma: Weight | None, beta: Weight | None, epsilon: float, *, training: bool = False
    ) -> tuple[Array, Tape | None]:
        """``y = gamma * (x - mean) / sqrt(var + epsilon) + beta`` for each row of x (N, D) or (T, N, D) (Ba et al. 2016).

        mean and var = mean of (x - mean)^2 are over the D features of the row, in an order that depends on D alone; gamma and
        beta (D,), of 1 and 0 where None.
        """

    def layer_norm_backward(self, tape: Tape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array | None, Array | None]:
        """``(dx, dgamma, dbeta)``; None unless ``need_dx`` and where there is no such weight.

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
        """``y = gamma * (x - mean) / sqrt(var + epsilon) + beta`` for each feature of x (N, D) or (T, N, D).

        (Ioffe & Szegedy 2015; Keras 3.) All weights are (D,), gamma and beta 1 and 0 where None. Without ``momentum`` the
        moving statistics are mean and var. With it the batch's own are, over all rows, or over those where ``mask`` is True,
        of x's leading axes; with m of 1 or 0 a row::

            s = number of rows, or sum(m) + 1e-7           mean = sum(m * x) / s            var = sum(m * (x - mean)^2) / s

        and the moving ones move, in place: ``moving = moving * momentum + batch's * (1 - momentum)``. Sums over rows
        are in an order that shapes alone decide. A masked row has a y too.
        """

    def batch_norm_backward(self, tape: Tape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array | None, Array | None]:
        """``(dx, dgamma, dbeta)``; None unless ``need_dx`` and where there is no such weight.

        With ``r = 1 / sqrt(var + epsilon)``, ``n = (x - mean) r`` and sums over all rows::

            dbeta = sum(dy)      dgamma = sum(dy * n)
            dx = gamma * r * dy                                                 with the moving statistics
            dx = gamma * r * (dy - m * ((n - e) * dgamma + dbeta) / s)          with the batch's

        where ``e = mean * r * (s - sum(m)) / s``, which is zero without a mask.
        """
