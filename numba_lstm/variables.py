"""Variable: a weight with its path, value and version, and the forms that devices prepare of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from .initializers.values import initial_array
from .inputs import as_numbers
from .ops.tensor import Operand

#: Tensors that stand for variables while a function that reads them is traced, by the identities of the variables.
_tensors: ContextVar[dict[int, Any] | None] = ContextVar("tensors of variables", default=None)


class Variable(Operand, NDArrayOperatorsMixin):
    """A named array that only :meth:`assign` (and an optimizer's update op, by :meth:`writable`) may change.

    As ``keras.Variable``: an attribute ``self.scale = Variable(1.0)`` of a layer of your own is one of its weights.

    Parameters
    ----------
    initializer : array, number, str, Initializer or function
        Initial value, which is copied, or what makes one of the shape.
    shape : tuple, optional
        The shape of a value that is made. A str in its place is the path in the model, as ``"lstm/kernel"``.
    dtype : str, optional
        Default: that of an array, else ``numba_lstm.config.floatx()``. In a layer the variable takes that of the layer.
    trainable : bool
        Whether an optimizer updates it.
    autocast, aggregation, synchronization
        In Keras's places, without effect.
    name : str, optional
        Its path. Default: ``"variable"``, and in a layer the name of the attribute.

    Notes
    -----
    ``value`` is read-only, since ``layer.kernel.value[:] = 0`` would not update packed copies. These are in a tuple with their
    version. The tuple is replaced as a whole, so a reader in another thread sees old forms with their old version.

    Operators and NumPy's elementwise functions take variables as the arrays that they hold. In the method ``call`` of a layer
    of a user, which is traced, they take the tensor that stands for the variable. Variables are compared by identity.
    """

    __hash__ = object.__hash__
    __eq__ = object.__eq__  # a list of variables is searched by identity
    __ne__ = object.__ne__

    def __init__(
        self,
        initializer: Any,
        shape: str | int | Sequence[int] | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        synchronization: str = "auto",
        name: str | None = None,
    ) -> None:
        path = shape if isinstance(shape, str) else name
        self.path = path or "variable"
        self.trainable = trainable
        self.added = False  #: whether ``add_weight`` has made it
        self.version = 0
        self._array = initial_array(initializer, None if isinstance(shape, str) else shape, dtype)
        self._view = self._read_only()
        self._forms: tuple[int, dict[str, Any]] = (0, {})
        self.fetch: Callable[[], npt.NDArray[Any]] | None = None  #: copies the value from a device that holds it
        self._grid: Callable[[npt.NDArray[Any]], npt.NDArray[Any]] | None = None

    def _read_only(self) -> npt.NDArray[Any]:
        view = self._array.view()
        view.flags.writeable = False
        return view

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def value(self) -> Any:
        """The array, read-only, or the tensor that stands for it. A device that holds the array copies it first."""
        tensors = _tensors.get()
        if tensors and id(self) in tensors:
            return tensors[id(self)]
        fetch = self.fetch
        if fetch is not None:
            self._array[...] = fetch()
            self.fetch = None
        return self._view

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self._array.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._array.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the array."""
        return self._array.dtype

    def numpy(self) -> npt.NDArray[Any]:
        """Return a copy of the value."""
        value: npt.NDArray[Any] = self.value.copy()
        return value

    @property
    def operand(self) -> Any:
        """What functions compute with: a tensor while one that reads the variable is traced, else a copy of the value."""
        tensor = (_tensors.get() or {}).get(id(self))
        return self.numpy() if tensor is None else tensor

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        operand = self.operand
        return np.array(operand, dtype=dtype, copy=True)  # a tensor raises: it has no values

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        operands = [x.operand if isinstance(x, Variable) else x for x in inputs]
        return getattr(ufunc, method)(*operands, **options)

    def __getitem__(self, index: Any) -> Any:
        return self.operand[index]

    def __len__(self) -> int:
        return len(self._array)

    def __float__(self) -> float:
        return float(self.value)

    def assign(self, value: npt.ArrayLike) -> None:
        """Overwrite the value with an array of the same shape, which is cast to the variable's dtype.

        Raises
        ------
        TypeError
            For text, objects, complex numbers and anything but arrays.
        ValueError
            For another shape, and for masked entries and missing values. No error changes the value.
        """
        new = as_numbers(value, self.path)
        if new.shape != self.shape:
            raise ValueError(f"{self.path} has shape {self.shape}, got {new.shape}. Assign an array of the same shape.")
        new = new.astype(self.dtype)  # before the version changes: a failing cast must change nothing
        self.writable()[...] = new if self._grid is None else self._grid(new)
        self.written()

    def assign_add(self, value: npt.ArrayLike) -> None:
        """Add an array or a number. Raises as :meth:`assign` does."""
        self.assign(self.value + as_numbers(value, self.path))

    def assign_sub(self, value: npt.ArrayLike) -> None:
        """Subtract an array or a number. Raises as :meth:`assign` does."""
        self.assign(self.value - as_numbers(value, self.path))

    def join(self, layer: str, attribute: str, dtype: str) -> None:
        """Become a weight of a layer: take its dtype, and a path that begins with its name."""
        self.path = f"{layer}/{attribute if self.path == 'variable' else self.path}"
        if self.dtype != dtype:
            self._array = self.value.astype(dtype)
            self._view = self._read_only()
            self.written()

    def set_grid(self, grid: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> None:
        """Replace the value, and every value that is assigned later, by ``grid(value)``."""
        self._grid = grid
        self.assign(self.value)

    def writable(self) -> npt.NDArray[Any]:
        """Return the array for writing, until :meth:`written` is called. Prepared forms become invalid."""
        if self.fetch is not None:
            self.value  # noqa: B018  # copies the value from the device first
        self.version += 1
        return self._array

    def written(self) -> None:
        """End writing. Forms that another thread has prepared since :meth:`writable` become invalid."""
        self.version += 1

    def written_as(self, form: str, content: Any, fetch: Callable[[Any], npt.NDArray[Any]]) -> None:
        """Make ``content``, the prepared ``form``, the new value. All other forms become invalid.

        ``fetch(content)`` copies it to the host when :attr:`value` is next read.
        """
        self.version += 1
        self.fetch = lambda: fetch(content)
        self._forms = (self.version, {form: content})

    def prepared(self, form: str, make: Callable[[npt.NDArray[Any]], Any]) -> Any:
        """Return ``make(value)``, which is computed once for each version of the value and stored by the name ``form``."""
        version, forms = self._forms
        if version == self.version and form in forms:
            return forms[form]
        current = self.version
        content = make(self.value)
        version, forms = self._forms
        self._forms = (current, {**(forms if version == current else {}), form: content})
        return content

    @property
    def forms(self) -> dict[str, Any]:
        """The prepared forms of the present value, by name."""
        version, forms = self._forms
        return forms if version == self.version else {}

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "trainable": self.trainable, "value": self.value, "grid": self._grid}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["value"], state["path"], trainable=state["trainable"])  # type: ignore[misc]
        self._grid = state["grid"]

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}>"


@contextmanager
def standing_for(variables: Sequence[Variable], tensors: Sequence[Any]) -> Iterator[None]:
    """Let each of the ``tensors`` stand for a variable while a function that reads the variables is traced."""
    token = _tensors.set({id(variable): tensor for variable, tensor in zip(variables, tensors, strict=True)})
    try:
        yield
    finally:
        _tensors.reset(token)
