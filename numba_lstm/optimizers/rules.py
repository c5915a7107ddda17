"""SGD, RMSprop and Lion. The contract's ``update`` op has the equations."""

from __future__ import annotations

from typing import Any

from ..inputs import as_number
from ..kernels.specs import UpdateSpec
from .arguments import Rate, as_epsilon, common_arguments
from .base import Optimizer


class SGD(Optimizer):
    """Gradient descent, with momentum (Polyak 1964) or Nesterov's (1983), as ``keras.optimizers.SGD``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The learning rate.
    momentum : float
        Fraction of the previous step that is added to the step, in [0, 1].
    nesterov : bool
        If True, use Nesterov's momentum.
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        See :class:`Optimizer`.
    loss_scale_factor, gradient_accumulation_steps, name
        See :class:`Optimizer`.
    """

    hyperparameters = ("momentum", "nesterov")

    def __init__(
        self,
        learning_rate: Rate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        momentum = as_number(momentum, "momentum", "[0, 1]")
        rule = UpdateSpec("sgd", momentum=momentum, nesterov=bool(nesterov), slots=("momentum",) if momentum else ())
        super().__init__(rule, **common_arguments(locals()), **unknown)


class RMSprop(Optimizer):
    """RMSprop: divides the gradient by its recent root mean square (Hinton 2012), as ``keras.optimizers.RMSprop``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The learning rate.
    rho : float
        Decay rate of the mean square, in [0, 1).
    momentum : float
        Fraction of the previous step that is added to the step, in [0, 1].
    epsilon : float
        Added under the root.
    centered : bool
        If True, divide by the recent standard deviation instead (Graves 2013).
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        See :class:`Optimizer`.
    loss_scale_factor, gradient_accumulation_steps, name
        See :class:`Optimizer`.
    """

    hyperparameters = ("rho", "momentum", "epsilon", "centered")

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        momentum = as_number(momentum, "momentum", "[0, 1]")
        rule = UpdateSpec(
            "rmsprop",
            rho=as_number(rho, "rho", "[0, 1)"),
            momentum=momentum,
            epsilon=as_epsilon(epsilon),
            centered=bool(centered),
            slots=("velocity",) + ("momentum",) * bool(momentum) + ("average_gradient",) * bool(centered),
        )
        super().__init__(rule, **common_arguments(locals()), **unknown)


class Lion(Optimizer):
    """Lion: steps along the sign of a mean gradient (Chen et al. 2023), as ``keras.optimizers.Lion``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The learning rate.
    beta_1 : float
        Weight of the mean gradient in the direction of a step, in (0, 1].
    beta_2 : float
        Decay rate of the mean gradient, in [0, 1].
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        See :class:`Optimizer`.
    loss_scale_factor, gradient_accumulation_steps, name
        See :class:`Optimizer`.
    """

    hyperparameters = ("beta_1", "beta_2")

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        betas = as_number(beta_1, "beta_1", "(0, 1]"), as_number(beta_2, "beta_2", "[0, 1]")
        rule = UpdateSpec("lion", beta_1=betas[0], beta_2=betas[1], slots=("momentum",))
        super().__init__(rule, **common_arguments(locals()), **unknown)
