"""Training ops: losses, metrics, gradient clipping, and the update rules of optimizers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ..op_types import Array, Weight
from ..specs import LossSpec, MetricSpec, UpdateSpec


class TrainingOps(Protocol):
    """The ops of training."""

    def loss(
        self, y: Array, target: Array, spec: LossSpec, *, weight: Array | None = None, gradient: bool
    ) -> tuple[Any, Array | None]:
        """Compute the mean loss of a batch and, with ``gradient``, its gradient with respect to y (Keras 3 formulas).

        y is (N, C) or (T, N, C). target has the same shape, or no last axis for the sparse loss (integers).
        With a loss l for each element of the leading axes (``count`` elements)::

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
        is active the slope is zero. The sparse loss has no smoothing. An index outside 0 .. C-1 makes q zero everywhere.
        ``weight`` has the shape of the leading axes. ``float(value)`` gives the number.
        """

    def metric(self, y: Array, target: Array, spec: MetricSpec, *, weight: Array | None = None) -> tuple[Any, Any]:
        """Return ``(total, count)`` of a metric on a batch. Its value over many batches is the ratio of their sums.

        ``mean_squared_error``, ``mean_absolute_error`` and ``binary_accuracy`` (``(y > threshold) == target``) are means over
        C. ``categorical_accuracy`` and ``sparse_categorical_accuracy`` compare ``argmax`` over C (the first of equals). Each
        gives one value for each element of the leading axes. total is the weighted sum of these values, count the sum of the
        weights (1 each without ``weight``). ``float()`` of each gives the number.
        """

    def clip_gradients(
        self,
        gradients: Sequence[Array],
        *,
        clipnorm: float | None = None,
        global_clipnorm: float | None = None,
        clipvalue: float | None = None,
    ) -> list[Array]:
        """Clip gradients by at most one of the three bounds.

        ``clipnorm`` scales each gradient to at most that norm. ``global_clipnorm`` scales all gradients by one factor to at
        most that global norm (Pascanu et al. 2013). ``clipvalue`` clips each element to ``[-clipvalue, clipvalue]``. Norms are
        accumulated in float64. A norm that is not finite makes the gradients that it scales NaN, as in Keras: a gradient that
        overflowed must not look like a small one.
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
        """Apply one step of an optimizer in place to ``weights`` w and ``slots``, with gradient g and ``step`` t from 1.

        The formulas are those of Keras 3. ``slots[k]`` are the slots of ``weights[k]`` in the order below, or an empty sequence
        if the rule has none.

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
        adadelta
            slots s, d: ``s = rho s + (1-rho) g^2``; ``u = g sqrt(d + epsilon) / sqrt(s + epsilon)``;
            ``d = rho d + (1-rho) u^2``; ``w -= r u``. (Zeiler 2012.)
        adam
            slots m, v and with amsgrad V: ``m += (g - m) (1-b1)``; ``v += (g^2 - v) (1-b2)``;
            ``V = max(V, v)``; ``w -= m A / (sqrt(v or V) + epsilon)`` with ``A = r sqrt(1 - b2^t) / (1 - b1^t)``.
            (Kingma & Ba 2015, section 2's efficient form; Loshchilov & Hutter 2019 for the decay; Reddi et al. 2018.)
        nadam
            slots m, v: ``u_t = b1 (1 - 0.5 0.96^t)``; ``m`` and ``v`` as adam;
            ``mhat = u_{t+1} m / (1 - prod_{k<=t+1} u_k) + (1 - u_t) g / (1 - prod_{k<=t} u_k)``;
            ``w -= r mhat / (sqrt(v / (1 - b2^t)) + epsilon)``. (Dozat 2016.)
        adamax
            slots m, n: ``m += (g - m) (1-b1)``; ``n = max(b2 n, abs g)``; ``w -= r m / ((1 - b1^t) (n + epsilon))``.
            (Kingma & Ba 2015, section 7.)
        lion
            slot m: ``w -= r sign(b1 m + (1-b1) g)``; ``m = b2 m + (1-b2) g``. (Chen et al. 2023.)
        ftrl
            slots s, z: ``S = s + g^2``; ``z += g + 2 l2_shrinkage w - (S^-power - s^-power) w / r``;
            ``w = (clip(z, -l1, l1) - z) / (S^-power / r + 2 l2 + beta / r)``; ``s = S``. (McMahan et al. 2013.)
        average
            slot a, another weight, which is only read: ``w = momentum w + (1-momentum) a``. g is not read. With momentum 0, w
            becomes a copy of a.

        Moments that are denormal, below 2**-126 (float64: 2**-1022) in magnitude, may be flushed to zero, and a step of a
        running mean that would be denormal may be skipped.
        """
