"""The optimizers: Keras's names, arguments and defaults. The equations stand in the contract's ``update``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..inputs import as_number
from ..kernels.specs import UpdateSpec
from .base import Optimizer
from .schedules import LearningRateSchedule

Rate = float | LearningRateSchedule | Mapping[str, Any]  #: what ``learning_rate`` takes


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
    weight_decay, clipnorm, clipvalue, global_clipnorm, name, options
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
        *,
        name: str | None = None,
        **options: Any,
    ) -> None:
        momentum = as_number(momentum, "momentum", "[0, 1]")
        rule = UpdateSpec("sgd", momentum=momentum, nesterov=bool(nesterov), slots=("momentum",) if momentum else ())
        super().__init__(rule, learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name, options)


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
    weight_decay, clipnorm, clipvalue, global_clipnorm, name, options
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
        *,
        name: str | None = None,
        **options: Any,
    ) -> None:
        momentum = as_number(momentum, "momentum", "[0, 1]")
        rule = UpdateSpec(
            "rmsprop",
            rho=as_number(rho, "rho", "[0, 1)"),
            momentum=momentum,
            epsilon=_epsilon(epsilon),
            centered=bool(centered),
            slots=("velocity",) + ("momentum",) * bool(momentum) + ("average_gradient",) * bool(centered),
        )
        super().__init__(rule, learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name, options)


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
    weight_decay, clipnorm, clipvalue, global_clipnorm, name, options
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
        *,
        name: str | None = None,
        **options: Any,
    ) -> None:
        self.initial_accumulator_value = as_number(initial_accumulator_value, "initial_accumulator_value", "[0, inf)")
        rule = UpdateSpec("adagrad", epsilon=_epsilon(epsilon), slots=("accumulator",))
        super().__init__(rule, learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name, options)

    def initial_value(self, slot: str) -> float:
        """What the sums begin with."""
        return self.initial_accumulator_value

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal optimizer, as JSON values; the rate is the present one."""
        return {**super().get_config(), "initial_accumulator_value": self.initial_accumulator_value}


class Adam(Optimizer):
    """The mean gradient over its root mean square (Kingma & Ba 2015), as ``keras.optimizers.Adam``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The rate.
    beta_1, beta_2 : float
        Shares of the old means of the gradient and of its square that are kept, in [0, 1).
    epsilon : float
        Added to the root, outside the bias correction ("epsilon hat" in section 2 of the paper).
    amsgrad : bool
        Divide by the largest mean square so far (Reddi et al. 2018).
    weight_decay, clipnorm, clipvalue, global_clipnorm, name, options
        As :class:`Optimizer`'s.
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
        *,
        name: str | None = None,
        **options: Any,
    ) -> None:
        rule = _moments("adam", beta_1, beta_2, epsilon, amsgrad)
        super().__init__(rule, learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name, options)


class AdamW(Adam):
    """:class:`Adam` with weight decay (Loshchilov & Hutter 2019), as ``keras.optimizers.AdamW``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The rate.
    weight_decay : float
        As :class:`Optimizer`'s.
    beta_1, beta_2, epsilon, amsgrad
        As :class:`Adam`'s.
    clipnorm, clipvalue, global_clipnorm, name, options
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
        *,
        name: str | None = None,
        **options: Any,
    ) -> None:
        if weight_decay is None:
            raise ValueError("AdamW needs a weight_decay, got None. Give a number, or take Adam.")
        betas = (beta_1, beta_2, epsilon, amsgrad)
        super().__init__(learning_rate, *betas, weight_decay, clipnorm, clipvalue, global_clipnorm, name=name, **options)


class Nadam(Optimizer):
    """Adam with Nesterov's momentum (Dozat 2016), as ``keras.optimizers.Nadam``.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The rate.
    beta_1, beta_2, epsilon
        As :class:`Adam`'s.
    weight_decay, clipnorm, clipvalue, global_clipnorm, name, options
        As :class:`Optimizer`'s.
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
        *,
        name: str | None = None,
        **options: Any,
    ) -> None:
        rule = _moments("nadam", beta_1, beta_2, epsilon)
        super().__init__(rule, learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name, options)


def _epsilon(value: float) -> float:
    return as_number(value, "epsilon", "[0, inf)")


def _moments(rule: str, beta_1: float, beta_2: float, epsilon: float, amsgrad: bool = False) -> UpdateSpec:
    return UpdateSpec(
        rule,
        beta_1=as_number(beta_1, "beta_1", "[0, 1)"),
        beta_2=as_number(beta_2, "beta_2", "[0, 1)"),
        epsilon=_epsilon(epsilon),
        amsgrad=bool(amsgrad),
        slots=("momentum", "velocity") + ("velocity_hat",) * bool(amsgrad),
    )
