"""BatchNormalization: normalizes each feature over a batch, or by moving statistics of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ... import initializers
from ...inputs import as_number
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ..base import Backward, Forward
from ..base.arguments import Shape
from .normalization import Normalization


class BatchNormalization(Normalization):
    """``gamma * (x - mean) / sqrt(var + epsilon) + beta`` (Ioffe and Szegedy 2015); as ``keras.layers.BatchNormalization``.

    In training, mean and var of a feature are those of all samples and steps of the batch but masked ones, and the moving
    statistics follow them: ``moving = momentum * moving + (1 - momentum) * batch's``. Else, and where the layer is not
    trainable, they are the moving ones.

    Parameters
    ----------
    axis : int
        -1: features are the last axis.
    momentum : float
        In [0, 1]: how slowly the moving statistics move.
    epsilon, center, scale, beta_*, gamma_*
        Those of :class:`~numba_lstm.layers.normalization.Normalization`.
    moving_mean_initializer, moving_variance_initializer : str, dict or Initializer
        Initial moving statistics of shape (D,).
    renorm, renorm_clipping, renorm_momentum, synchronized
        Taken at their defaults alone: there is no batch renormalization, and one device.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    later: ClassVar = {"renorm": False, "renorm_clipping": None, "renorm_momentum": 0.99, "synchronized": False}

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Mapping[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        self.momentum = as_number(momentum, "BatchNormalization's momentum", "[0, 1]")
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        args = (beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint)
        kwargs |= {"renorm": renorm, "renorm_clipping": renorm_clipping, "renorm_momentum": renorm_momentum}
        super().__init__(axis, epsilon, center, scale, *args, synchronized=synchronized, **kwargs)

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        D = input_shape[-1]
        assert D is not None
        mean, variance = self.moving_mean_initializer((D,), self.dtype), self.moving_variance_initializer((D,), self.dtype)
        self.moving_mean = self.add_weight("moving_mean", mean, trainable=False)
        self.moving_variance = self.add_weight("moving_variance", variance, trainable=False)

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        use_batch_statistics = training and self.trainable
        y, tape = ops.batch_norm_forward(
            x,
            self.gamma,
            self.beta,
            self.moving_mean,
            self.moving_variance,
            self.epsilon,
            momentum=self.momentum if use_batch_statistics else None,
            mask=mask if use_batch_statistics and len(x.shape) <= 3 else None,  # a mask is of steps that are rows
            training=training,
        )
        return Forward(y, mask=mask, tape=tape)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        """Compute the gradients of x, gamma and beta; the moving statistics have none."""
        dx, dgamma, dbeta = ops.batch_norm_backward(tape, dy, need_dx=need_dx)
        return Backward(dx, gradients=(*([dgamma] if self.scale else []), *([dbeta] if self.center else []), None, None))

    def check_causal(self) -> None:
        """Do nothing: each step is computed by itself."""

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
        }
