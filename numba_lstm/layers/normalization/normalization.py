"""The base class of normalizing layers, with the weights gamma and beta of each feature."""

from __future__ import annotations

from typing import Any

from ... import constraints, initializers, regularizers
from ...inputs import as_number
from ...variables import Variable
from ..base import Layer
from ..base.arguments import Shape


class Normalization(Layer):
    """Base class of layers that normalize features to mean ``beta`` and standard deviation ``gamma``.

    Parameters
    ----------
    axis : int
        -1: features are the last axis.
    epsilon : float
        Added to a variance before its root is taken.
    center, scale : bool
        Whether there is a ``beta``, and a ``gamma``; 0 and 1 else.
    beta_initializer, gamma_initializer : str, dict or Initializer
        Initial weights of shape (D,).
    beta_regularizer, gamma_regularizer : str, dict or Regularizer, optional
    beta_constraint, gamma_constraint : str, dict or Constraint, optional
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For another ``axis``, and a negative ``epsilon``.
    """

    ranks = (2, 3, 4, 5)

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        if axis not in (-1, [-1], (-1,)):
            raise ValueError(f"{type(self).__name__} normalizes along the last axis, -1, got axis {axis!r}. Leave it out.")
        self.epsilon = as_number(epsilon, f"{type(self).__name__}'s epsilon", "[0, inf)")
        self.center, self.scale = bool(center), bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        super().__init__(**kwargs)

    def build(self, input_shape: Shape) -> None:
        D, dtype = input_shape[-1], self.dtype
        assert D is not None
        self.gamma: Variable | None = None
        self.beta: Variable | None = None
        if self.scale:
            gamma, regularizer, constraint = self.gamma_initializer((D,), dtype), self.gamma_regularizer, self.gamma_constraint
            self.gamma = self.add_weight("gamma", gamma, regularizer=regularizer, constraint=constraint)
        if self.center:
            beta, regularizer, constraint = self.beta_initializer((D,), dtype), self.beta_regularizer, self.beta_constraint
            self.beta = self.add_weight("beta", beta, regularizer=regularizer, constraint=constraint)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": -1,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }
