"""Gradient descent, plain, by momentum, by root mean squares and by signs. The contract's ``update`` has the equations."""

from __future__ import annotations

from typing import Any

from ..inputs import as_number
from ..kernels.specs import UpdateSpec
from .arguments import Rate, as_epsilon
from .base import Optimizer


class SGD(Optimizer):
    """Gradient descent, with momentum (Polyak 1964) or Nesterov's (1983), as ``keras.optimizers.SGD``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The rate.
    momentum : float
        Share of the last step that is taken again, in [0, 1].
    nesterov : bool
        Nesterov's momentum.
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        As :class:`Optimizer`'s.
    loss_scale_factor, gradient_accumulation_steps, name
        As :class:`Optimizer`'s.
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
        clipping = (clipnorm, clipvalue, global_clipnorm)
        averaging = (use_ema, ema_momentum, ema_overwrite_frequency)
        rest = (loss_scale_factor, gradient_accumulation_steps, name)
        super().__init__(rule, learning_rate, weight_decay, *clipping, *averaging, *rest, **unknown)


class RMSprop(Optimizer):
    """The gradient over its recent root mean square (Hinton 2012), as ``keras.optimizers.RMSprop``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The rate.
    rho : float
        Share of the old mean square that is kept, in [0, 1).
    momentum : float
        Share of the last step that is taken again, in [0, 1].
    epsilon : float
        Added below the root.
    centered : bool
        Divide by the recent deviation instead (Graves 2013).
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        As :class:`Optimizer`'s.
    loss_scale_factor, gradient_accumulation_steps, name
        As :class:`Optimizer`'s.
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
        clipping = (clipnorm, clipvalue, global_clipnorm)
        averaging = (use_ema, ema_momentum, ema_overwrite_frequency)
        rest = (loss_scale_factor, gradient_accumulation_steps, name)
        super().__init__(rule, learning_rate, weight_decay, *clipping, *averaging, *rest, **unknown)


class Lion(Optimizer):
    """The sign of a mean gradient (Chen et al. 2023), as ``keras.optimizers.Lion``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The rate.
    beta_1 : float
        Share of the old mean in the step's, in (0, 1].
    beta_2 : float
        Share of the old mean that is kept, in [0, 1].
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        As :class:`Optimizer`'s.
    loss_scale_factor, gradient_accumulation_steps, name
        As :class:`Optimizer`'s.
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
        clipping = (clipnorm, clipvalue, global_clipnorm)
        averaging = (use_ema, ema_momentum, ema_overwrite_frequency)
        rest = (loss_scale_factor, gradient_accumulation_steps, name)
        super().__init__(rule, learning_rate, weight_decay, *clipping, *averaging, *rest, **unknown)
