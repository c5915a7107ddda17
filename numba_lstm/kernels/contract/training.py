"""Training ops: losses, metrics, gradient clipping, and the update rules of optimizers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ..op_types import Array, Weight
from ..specs import LossSpec, MetricSpec, UpdateSpec


class TrainingOps(Protocol):
    """The ops of training."""

    def loss(
        self,
        y: Array,
        target: Array,
        spec: LossSpec,
        *,
        weight: Array | None = None,
        mask: Array | None = None,
        gradient: bool,
    ) -> tuple[Any, Array | None]:
        """Compute the mean loss of a batch and, with ``gradient``, its gradient with respect to y (Keras 3 formulas).

        y is (N, C) or (T, N, C). target t has the same shape, or no last axis for the sparse loss (integers).
        With a loss l for each element of the leading axes (``count`` elements)::

            value = sum(weight * l) / count        dy = d value / d y

        ===============================  ===============================================================================
        mean_squared_error               mean over C of e^2, e = y - t
        mean_absolute_error              mean over C of abs e; slope 0 at 0
        mean_absolute_percentage_error   100 mean over C of abs(e) / max(abs t, epsilon); slope 0 at 0
        mean_squared_logarithmic_error   mean over C of (log(1 + max(y, epsilon)) - log(1 + max(t, epsilon)))^2
        huber                            mean over C of e^2 / 2 where abs e <= delta, else delta * (abs e - delta / 2)
        log_cosh                         mean over C of e + softplus(-2 e) - log 2
        poisson                          mean over C of y - t log(y + epsilon)
        kl_divergence                    sum over C of q log(q / p); q = clip(t, epsilon, 1), p = clip(y, epsilon, 1)
        cosine_similarity                -sum over C of y t / (max(norm y, epsilon) max(norm t, epsilon))
        hinge, squared_hinge             mean over C of m or m^2, m = max(1 - q y, 0); q = 2 t - 1 where each target of the
                                         batch is 0 or 1, else t
        categorical_hinge                max(0, 1 + max over C of (1 - t) y - sum over C of t y)
        binary_crossentropy              mean over C of -(q log p + (1 - q) log(1 - p)); p = clip(y, epsilon, 1 - epsilon),
                                         or p = sigmoid(y) from logits, computed as max(y, 0) - y q + log1p(exp(-abs y))
        binary_focal_crossentropy        mean over C of b (1 - r)^gamma l; l as above with p = clip(s, epsilon, 1 - epsilon),
                                         s = y, or sigmoid(y) from logits; r = q s + (1 - q) (1 - s); b = 1, or
                                         q alpha + (1 - q) (1 - alpha) where ``apply_class_balancing``
        categorical_crossentropy         -sum over C of q log p; p = clip(y / sum y, epsilon, 1 - epsilon),
                                         or p = softmax(y) from logits
        categorical_focal_crossentropy   -sum over C of alpha (1 - p)^gamma q log p; p = clip(s / sum s, epsilon, 1 - epsilon),
                                         s = y, or softmax(y) from logits
        sparse_categorical_crossentropy  the categorical cross-entropy with q one at the target's index
        quantile                         mean over C of max(u e, (u - 1) e), e = t - y, u = quantiles[c]; t is (..., 1); slope
                                         -u at 0 (Koenker and Bassett 1978)
        gaussian_nll                     mean over k of (s + e^2 exp(-s)) / 2, + log(2 pi) / 2 if ``full``; e = y[k] - t[k],
                                         s = y[C/2 + k]; t is (..., C/2)
        student_t_nll                    mean over k of s + (df + 1) / 2 log(1 + e^2 exp(-2 s) / df) + c; e, s and t as
                                         above; c = log(df pi) / 2 + lgamma(df / 2) - lgamma((df + 1) / 2)
        ctc                              see below
        ===============================  ===============================================================================

        ``label_smoothing`` s replaces q by ``q (1 - s) + s / 2`` (binary) or ``q (1 - s) + s / C`` (categorical). Where a clip
        or a maximum is active the slope is zero. The sparse loss has no smoothing. An index outside 0 .. C-1 makes q zero
        everywhere. ``weight`` has the shape of l. ``float(value)`` gives the number.

        ``ctc`` (Graves et al. 2006) takes logits y (T, N, C) and integer targets (L, N). Its l has the shape (N,). The labels
        of a sample end before the first one that is ``blank`` (from the end if negative) or no class. ``mask`` (T, N) is False
        at steps of y that a sample leaves out; their gradient is 0. l is minus the logarithm of the probability, by softmax(y),
        of all paths over the other steps that give the labels when neighbours that are equal become one and then blanks are
        dropped. Without any such path l is infinite, or 0 with ``zero_infinity``, and the gradient of the sample is 0. A
        sample of weight 0 adds 0. Sums are in float64, the same bits for any number of threads. No other loss takes a mask.
        """

    def metric(self, y: Array, target: Array, spec: MetricSpec | LossSpec, *, weight: Array | None = None) -> tuple[Any, Any]:
        """Return ``(total, count)`` of a metric on a batch. Its value over many batches is the ratio of their sums.

        ``mean_squared_error``, ``mean_absolute_error`` and ``binary_accuracy`` (``(y > threshold) == target``) are means over
        C. ``categorical_accuracy`` and ``sparse_categorical_accuracy`` compare ``argmax`` over C (the first of equals).
        ``top_k_categorical_accuracy`` (its class is the target's argmax) and ``sparse_top_k_categorical_accuracy`` are 1 where
        fewer than k outputs are larger than that of the class, and this one is finite; a label that is no class gives 0. A
        LossSpec stands for its loss, other than ``ctc``. Each gives one value for each element of the leading axes. total is
        the weighted sum of these values, count the sum of the weights (1 each without ``weight``). ``float()`` of each gives
        the number.
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
