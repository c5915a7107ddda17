"""OneOrSeveral: the base class of layers that take one input or a list of several, as their first call says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base.arguments import Shape
from .computed import ComputedLayer
from .several_inputs import SeveralInputs


class OneOrSeveral(SeveralInputs):
    """Base class of layers of one input or several. All calls of a layer take the same form."""

    takes_several = False
    at_least = 1

    @property
    def _form(self) -> type[ComputedLayer]:
        """The class whose checks apply."""
        return SeveralInputs if self.takes_several else ComputedLayer

    def check_one_array(self) -> None:
        self._form.check_one_array(self)

    def check_input(self, shape: Any) -> None:
        self._form.check_input(self, shape)

    def check_rank(self, shape: Any) -> None:
        self._form.check_rank(self, shape)

    def build_for(self, input_shape: Any, dtype: str | None = None) -> None:
        self._form.build_for(self, input_shape, dtype)

    def connect(self, x: Any, states: Sequence[Any] = (), training: Any = None, mask: Any = None, **arguments: Any) -> Any:
        with_form = self.takes_several
        self._take_form(isinstance(x, (list, tuple)), len(x) if isinstance(x, (list, tuple)) else 1)
        try:
            return super().connect(x, states, training, mask, **arguments)
        except BaseException:
            self.takes_several = with_form  # type: ignore[misc]
            raise

    def __call__(self, x: Any, training: bool | None = None, *, mask: Any = None) -> Any:
        """Compute the output for an array, or for a list of several, or of symbolic tensors."""
        several = isinstance(x, (list, tuple)) and any(hasattr(one, "shape") for one in x)
        self._take_form(several, len(x) if several else 1)
        return self._form.__call__(self, x, training, mask=mask)

    def _take_form(self, several: bool, count: int) -> None:
        """Take one input or several from now on; ValueError if an earlier call had another form."""
        if several and count < 2:
            raise ValueError(f"{self.name} takes one input or a list of at least two, got a list of {count}. Give it alone.")
        if several != self.takes_several and self.built:
            forms = ("one input", "a list")
            raise ValueError(
                f"{self.name} was first called on {forms[self.takes_several]} of shape {self.built_shape}, "
                f"got {forms[several]}. Make another layer."
            )
        self.takes_several = several  # type: ignore[misc]

    def compute_output_shape(self, input_shape: Any) -> Shape:
        raise NotImplementedError
