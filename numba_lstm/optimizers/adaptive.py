"""Optimizers that divide by sums of squares: Adagrad, Adadelta and Ftrl. The contract's ``update`` has the equations."""

from __future__ import annotations

from typing import Any

from ..inputs import as_number
from ..kernels.specs import UpdateSpec
from .arguments import Rate, as_epsilon
from .base import Optimizer

#: Arguments of Ftrl -> fields of its rule.
_FTRL = {
    "learning_rate_power": "power",
    "l1_regularization_strength": "l1",
    "l2_regularization_strength": "l2",
    "l2_shrinkage_regularization_strength": "l2_shrinkage",
    "beta": "beta",
}


class Adagrad(Optimizer):
    """The gradient over the root of the sum of its squares (Duchi et al. 2011), as ``keras.optimizers.Adagrad``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The rate.
    initial_accumulator_value : float
        What the sums begin with.
    epsilon : float
        Added below the root.
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        As :class:`Optimizer`'s.
    loss_scale_factor, gradient_accumulation_steps, name
        As :class:`Optimizer`'s.
    """

    hyperparameters = ("epsilon",)

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        initial_accumulator_value: float = 0.1,
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
        initial = as_number(initial_accumulator_value, "initial_accumulator_value", "[0, inf)")
        self.initial_accumulator_value = initial
        rule = UpdateSpec("adagrad", epsilon=as_epsilon(epsilon), slots=("accumulator",))
        clipping = (clipnorm, clipvalue, global_clipnorm)
        averaging = (use_ema, ema_momentum, ema_overwrite_frequency)
        rest = (loss_scale_factor, gradient_accumulation_steps, name)
        super().__init__(rule, learning_rate, weight_decay, *clipping, *averaging, *rest, **unknown)

    def initial_value(self, slot: str) -> float:
        """The sums begin with ``initial_accumulator_value``."""
        return self.initial_accumulator_value

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal optimizer, as JSON values; the rate is the present one."""
        return {**super().get_config(), "initial_accumulator_value": self.initial_accumulator_value}


class Adadelta(Optimizer):
    """The gradient times the root mean square of the last steps over its own (Zeiler 2012), as ``keras.optimizers.Adadelta``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The rate.
    rho : float
        Share of the old mean squares that is kept, in [0, 1).
    epsilon : float
        Added below both roots.
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        As :class:`Optimizer`'s.
    loss_scale_factor, gradient_accumulation_steps, name
        As :class:`Optimizer`'s.
    """

    hyperparameters = ("rho", "epsilon")

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.95,
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
        slots = ("accumulated_grad", "accumulated_delta_var")
        rule = UpdateSpec("adadelta", rho=as_number(rho, "rho", "[0, 1)"), epsilon=as_epsilon(epsilon), slots=slots)
        clipping = (clipnorm, clipvalue, global_clipnorm)
        averaging = (use_ema, ema_momentum, ema_overwrite_frequency)
        rest = (loss_scale_factor, gradient_accumulation_steps, name)
        super().__init__(rule, learning_rate, weight_decay, *clipping, *averaging, *rest, **unknown)


class Ftrl(Optimizer):
    """Follow the regularized leader (McMahan et al. 2013), as ``keras.optimizers.Ftrl``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The rate. The rule divides by it, so it is never 0.
    learning_rate_power : float
        The power of the sums of squares that divides the rate, at most 0.
    initial_accumulator_value : float
        What the sums of squares begin with, at least 0.
    l1_regularization_strength, l2_regularization_strength, l2_shrinkage_regularization_strength : float
        Of the penalties of absolute values and of squares, and of the squares' gradient that is added to the loss's.
    beta : float
        Added to the root of the sums of squares.
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        As :class:`Optimizer`'s.
    loss_scale_factor, gradient_accumulation_steps, name
        As :class:`Optimizer`'s.
    """

    smallest_rate = "(0, inf)"

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
        initial = as_number(initial_accumulator_value, "initial_accumulator_value", "[0, inf)")
        self.initial_accumulator_value = initial
        rule = UpdateSpec(
            "ftrl",
            power=as_number(learning_rate_power, "learning_rate_power", "(-inf, 0]"),
            l1=as_number(l1_regularization_strength, "l1_regularization_strength", "[0, inf)"),
            l2=as_number(l2_regularization_strength, "l2_regularization_strength", "[0, inf)"),
            l2_shrinkage=as_number(l2_shrinkage_regularization_strength, "l2_shrinkage_regularization_strength", "[0, inf)"),
            beta=as_number(beta, "beta"),
            slots=("accumulator", "linear"),
        )
        clipping = (clipnorm, clipvalue, global_clipnorm)
        averaging = (use_ema, ema_momentum, ema_overwrite_frequency)
        rest = (loss_scale_factor, gradient_accumulation_steps, name)
        super().__init__(rule, learning_rate, weight_decay, *clipping, *averaging, *rest, **unknown)

    def initial_value(self, slot: str) -> float:
        """The sums of squares begin with ``initial_accumulator_value``, those of gradients with 0."""
        return self.initial_accumulator_value if slot == "accumulator" else 0.0

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal optimizer, as JSON values; the rate is the present one."""
        config = {name: getattr(self.spec, field) for name, field in _FTRL.items()}
        return {**super().get_config(), "initial_accumulator_value": self.initial_accumulator_value, **config}
