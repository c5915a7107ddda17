"""Adagrad, Adadelta and Ftrl, which divide by sums of squares. The contract's ``update`` op has the equations."""

from __future__ import annotations

from typing import Any

from ..inputs import as_number
from ..kernels.specs import UpdateSpec
from .arguments import Rate, as_epsilon, common_arguments
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
    """Adagrad: divides the gradient by the root of the sum of its squares (Duchi et al. 2011), as in Keras.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The learning rate.
    initial_accumulator_value : float
        Initial value of the sums, at least 0.
    epsilon : float
        Added under the root.
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        See :class:`Optimizer`.
    loss_scale_factor, gradient_accumulation_steps, name
        See :class:`Optimizer`.
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
        super().__init__(rule, **common_arguments(locals()), **unknown)

    def initial_value(self, slot: str) -> float:
        """Return ``initial_accumulator_value``, the initial value of the sums."""
        return self.initial_accumulator_value

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer, as JSON values, with the current rate."""
        return {**super().get_config(), "initial_accumulator_value": self.initial_accumulator_value}


class Adadelta(Optimizer):
    """Adadelta: scales the gradient by the ratio of the root mean squares of steps and gradients (Zeiler 2012), as in Keras.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The learning rate.
    rho : float
        Decay rate of the mean squares, in [0, 1).
    epsilon : float
        Added under both roots.
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        See :class:`Optimizer`.
    loss_scale_factor, gradient_accumulation_steps, name
        See :class:`Optimizer`.
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
        super().__init__(rule, **common_arguments(locals()), **unknown)


class Ftrl(Optimizer):
    """Ftrl: follows the regularized leader (McMahan et al. 2013), as ``keras.optimizers.Ftrl``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The learning rate. The rule divides by it, so it must not be 0.
    learning_rate_power : float
        Exponent of the sums of squares that scale the rate, at most 0.
    initial_accumulator_value : float
        Initial value of the sums of squares, at least 0.
    l1_regularization_strength, l2_regularization_strength, l2_shrinkage_regularization_strength : float
        Strengths of the penalties on absolute values and on squares, and of the squares' gradient that is added to the loss's.
    beta : float
        Added to the root of the sums of squares.
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency
        See :class:`Optimizer`.
    loss_scale_factor, gradient_accumulation_steps, name
        See :class:`Optimizer`.
    """

    rate_interval = "(0, inf)"

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
        super().__init__(rule, **common_arguments(locals()), **unknown)

    def initial_value(self, slot: str) -> float:
        """Return ``initial_accumulator_value`` for the sums of squares, 0 for those of gradients."""
        return self.initial_accumulator_value if slot == "accumulator" else 0.0

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer, as JSON values, with the current rate."""
        config = {name: getattr(self.spec, field) for name, field in _FTRL.items()}
        return {**super().get_config(), "initial_accumulator_value": self.initial_accumulator_value, **config}
