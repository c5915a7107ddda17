"""Adam, AdamW, Nadam and Adamax. The contract's ``update`` op has the equations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..inputs import as_number
from ..kernels.specs import UpdateSpec
from .arguments import Rate, as_epsilon, common_arguments
from .base import Optimizer


class Adam(Optimizer):
    """Adam: steps along the mean gradient, divided by its root mean square (Kingma & Ba 2015), as ``keras.optimizers.Adam``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The learning rate.
    beta_1, beta_2 : float
        Decay rates of the means of the gradient and of its square, in [0, 1).
    epsilon : float
        Added to the root, outside of the bias correction ("epsilon hat" in section 2 of the paper).
    amsgrad : bool
        If True, divide by the largest mean square so far (Reddi et al. 2018).
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        See :class:`Optimizer`.
    loss_scale_factor, gradient_accumulation_steps, name
        See :class:`Optimizer`.
    """

    hyperparameters = ("beta_1", "beta_2", "epsilon", "amsgrad")

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        rule = _moments("adam", beta_1, beta_2, epsilon, amsgrad)
        super().__init__(rule, **common_arguments(locals()), **unknown)


class AdamW(Adam):
    """:class:`Adam` with weight decay (Loshchilov & Hutter 2019), as ``keras.optimizers.AdamW``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The learning rate.
    weight_decay : float
        See :class:`Optimizer`.
    beta_1, beta_2, epsilon, amsgrad
        See :class:`Adam`.
    clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        As :class:`Optimizer`'s.
    loss_scale_factor, gradient_accumulation_steps, name
        As :class:`Optimizer`'s.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        if weight_decay is None:
            raise ValueError("AdamW needs a weight_decay, got None. Give a number, or take Adam.")
        common = common_arguments(locals())
        super().__init__(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, amsgrad=amsgrad, **common, **unknown)


class Nadam(Optimizer):
    """Adam with Nesterov's momentum (Dozat 2016), as ``keras.optimizers.Nadam``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The learning rate.
    beta_1, beta_2, epsilon
        See :class:`Adam`.
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        See :class:`Optimizer`.
    loss_scale_factor, gradient_accumulation_steps, name
        See :class:`Optimizer`.
    """

    hyperparameters = ("beta_1", "beta_2", "epsilon")

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
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
        rule = _moments("nadam", beta_1, beta_2, epsilon)
        super().__init__(rule, **common_arguments(locals()), **unknown)


class Adamax(Optimizer):
    """Adam with the largest gradient instead of the root mean square (Kingma & Ba 2015), as ``keras.optimizers.Adamax``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The learning rate.
    beta_1, beta_2 : float
        Decay rates of the mean and of the largest gradient, in [0, 1).
    epsilon : float
        Added to the largest gradient.
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        See :class:`Optimizer`.
    loss_scale_factor, gradient_accumulation_steps, name
        See :class:`Optimizer`.
    """

    hyperparameters = ("beta_1", "beta_2", "epsilon")

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
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
        rule = replace(_moments("adamax", beta_1, beta_2, epsilon), slots=("momentum", "norm"))
        super().__init__(rule, **common_arguments(locals()), **unknown)


def _moments(rule: str, beta_1: float, beta_2: float, epsilon: float, amsgrad: bool = False) -> UpdateSpec:
    return UpdateSpec(
        rule,
        beta_1=as_number(beta_1, "beta_1", "[0, 1)"),
        beta_2=as_number(beta_2, "beta_2", "[0, 1)"),
        epsilon=as_epsilon(epsilon),
        amsgrad=bool(amsgrad),
        slots=("momentum", "velocity") + ("velocity_hat",) * bool(amsgrad),
    )
