"""Weights of a layer and its sublayers: they are added, read, set, counted and frozen here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy.typing as npt

from ... import constraints, regularizers
from ...constraints import Constraint
from ...inputs import as_numbers
from ...regularizers import Regularizer
from ...system.defaults import floatx
from ...variables import Variable
from .arguments import Shape, check_dtype
from .weight_penalties import WeightPenalties
from .weight_values import assign_all, attribute_variables, initial_value


class WeightsOwner(WeightPenalties):
    """Base class of what owns weights, directly or through its ``sublayers``."""

    settable = frozenset({"trainable"})
    not_settable = {"weights": "Call set_weights(arrays)."}
    replacement = "Make a new layer: {cls}({name}=...)."

    name: str

    def __init__(self, dtype: str | None, trainable: bool) -> None:
        self.check_assigned_methods()
        self._dtype = dtype
        self.trainable = trainable
        self.sublayers: list[WeightsOwner] = []  #: layers inside this one; their weights are among its weights
        self._clear()

    def _clear(self) -> None:
        """Drop all weights, as before the layer was built."""
        for sublayer in self.sublayers:
            sublayer._clear()
        self.built_shape: Shape | None = None
        self.variables: list[Variable] = []
        self.sublayers = []
        self._regularized: list[tuple[Variable, Regularizer]] = []
        self._constrained: list[tuple[Variable, Constraint]] = []
        self._held: list[tuple[Variable, Constraint]] | None = None  #: those that apply while ``fit`` runs

    @property
    def dtype(self) -> str:
        """The dtype of variables and arithmetic."""
        return self._dtype or floatx()

    @property
    def requested_dtype(self) -> str | None:
        """The dtype of the constructor or of ``build``; None if the layer still takes its model's."""
        return self._dtype

    @property
    def built(self) -> bool:
        """Whether the variables exist. Setting it to True, as Keras's layers do at the end of ``build``, changes nothing."""
        return self.built_shape is not None

    @built.setter
    def built(self, value: bool) -> None:
        if value is not True:
            raise AttributeError(f"{self.name}.built cannot be set to {value!r}. Make a new layer to build it again.")

    @property
    def draws_in_inference(self) -> bool:
        """Whether calls outside of training draw random numbers, too."""
        return any(sublayer.draws_in_inference for sublayer in self.sublayers)

    @property
    def adds_losses(self) -> bool:
        """Whether calls add losses of their own."""
        return any(sublayer.adds_losses for sublayer in self.sublayers)

    def is_fixed(self) -> bool:
        return vars(self).get("built_shape") is not None

    # -- making -------------------------------------------------------------------------------------------------------

    def add_weight(
        self,
        shape: str | int | Sequence[int] | None = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Add a variable, ``layer/name``, as in Keras: ``add_weight(shape, initializer, name="w")``.

        ``add_weight("w", array)`` makes a variable with the values of an array.

        Parameters
        ----------
        shape : tuple, int or None
            None is a single number. A str is the name.
        initializer : str, dict, Initializer, function or array
            Default: ``"glorot_uniform"``. A function is called with the shape and the dtype. With a name in place of the
            shape, the value itself.
        dtype : str, optional
            The layer's dtype, which every variable has.
        trainable : bool
            Whether an optimizer updates it.
        regularizer : str, dict or Regularizer, optional
            Its penalty joins the loss while the variable is trained.
        constraint : str, dict or Constraint, optional
            What is done to the variable after each update.
        name : str, optional
            The last part of its path. Default: ``"variable"``, with a counter.
        autocast, aggregation, overwrite_with_gradient
            Taken at their defaults only.

        Raises
        ------
        TypeError
            For another dtype than the layer's, and for other values of arguments without effect.
        ValueError
            For an initializer that returns another shape.
        """
        self._check_weight_arguments(dtype, (autocast, aggregation, overwrite_with_gradient))
        if isinstance(shape, str):
            name, value = shape, initializer
        else:
            value = initial_value(initializer, shape, self.dtype)
            name = name or f"variable_{len(self.variables)}".removesuffix("_0")
        regularizer, constraint = regularizers.get(regularizer), constraints.get(constraint)
        path = f"{self.name}/{name}"
        variable = Variable(as_numbers(value, path).astype(self.dtype), path, trainable=trainable)
        variable.added = True
        self.variables.append(variable)
        if regularizer is not None:
            self._regularized.append((variable, regularizer))
        if constraint is not None:
            self._constrained.append((variable, constraint))
        return variable

    def take_variables(self) -> None:
        """Add the variables among the attributes to the weights."""
        known = {id(variable) for variable in self.variables}
        for name, variable in attribute_variables(vars(self)):
            if id(variable) not in known and not variable.added:  # add_weight has its own list
                known.add(id(variable))
                variable.join(self.name, name, self.dtype)
                self.variables.append(variable)

    def _check_weight_arguments(self, dtype: Any, ignored: tuple[Any, ...]) -> None:
        if ignored != (True, "none", False):
            raise TypeError(
                "add_weight takes autocast=True, aggregation='none', overwrite_with_gradient=False. Leave them out."
            )
        if dtype is not None and check_dtype(dtype) != self.dtype:
            raise TypeError(f"{self.name} has dtype {self.dtype}, got a weight of {dtype}. Give the layer dtype={dtype!r}.")

    def adopt(self, sublayer: WeightsOwner) -> None:
        """Take over the weights of ``sublayer``, which is built; this layer's name is put before their paths."""
        for variable in sublayer.variables:
            variable.path = f"{self.name}/{variable.path}"
        self.sublayers.append(sublayer)
        self.variables += sublayer.variables
        self._regularized += sublayer._regularized
        self._constrained += sublayer._constrained

    # -- values -------------------------------------------------------------------------------------------------------

    @property
    def weights(self) -> list[Variable]:
        """All variables."""
        return self.variables[:]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The variables that an optimizer updates."""
        if not self.trainable:
            return []
        frozen = {id(v) for sublayer in self.sublayers for v in sublayer.non_trainable_weights}
        return [v for v in self.variables if v.trainable and id(v) not in frozen]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The other variables."""
        trainable = {id(v) for v in self.trainable_weights}
        return [v for v in self.variables if id(v) not in trainable]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The same as :attr:`trainable_weights`, as in Keras."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The same as :attr:`non_trainable_weights`, as in Keras."""
        return self.non_trainable_weights

    def flags(self) -> list[bool]:
        """Return all flags that decide about :attr:`trainable_weights`."""
        flags = [self.trainable, *[variable.trainable for variable in self.variables]]
        for sublayer in self.sublayers:
            flags += sublayer.flags()
        return flags

    def owners(self) -> Iterator[WeightsOwner]:
        """Yield this owner and all sublayers, at every depth."""
        yield self
        for sublayer in self.sublayers:
            yield from sublayer.owners()

    def count_params(self) -> int:
        """Return the number of elements of all variables.

        Raises
        ------
        ValueError
            Before the layer is built.
        """
        self._require_built()
        return sum(math.prod(v.shape) for v in self.variables)

    def get_weights(self) -> list[npt.NDArray[Any]]:
        """Return copies of all variables' values."""
        return [v.numpy() for v in self.variables]

    def set_weights(self, weights: Sequence[npt.ArrayLike]) -> None:
        """Assign values to all variables, in the order of :meth:`get_weights`.

        Raises
        ------
        ValueError
            Before the layer is built, on another number of arrays or another shape; nothing is changed then.
        """
        self._require_built()
        assign_all(self.name, self.variables, weights)

    def _require_built(self) -> None:
        if not self.built:
            raise ValueError(f"{self.name} is not built yet. Call it on data, or give input_shape.")
