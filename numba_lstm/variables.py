"""Variable: a weight's path, value and version, and the forms that devices prepare of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from .inputs import as_numbers


class Variable:
    """A named array that only :meth:`assign` (and an optimizer's update op, by :meth:`writable`) may change.

    Parameters
    ----------
    value : array
        Copied.
    path : str
        Where it lives, ``"lstm/kernel"``.
    trainable : bool
        Whether an optimizer updates it.

    Notes
    -----
    ``value`` is read-only: a silent ``layer.kernel.value[:] = 0`` would leave packed copies behind. Those are kept in one
    tuple that is replaced whole, so a reader in another thread sees an old form with its old version, never a mixture.
    """

    def __init__(self, value: npt.ArrayLike, path: str = "variable", trainable: bool = True) -> None:
        self.path = path
        self.trainable = trainable
        self.version = 0
        self._array = np.array(value, order="C", copy=True)
        self._view = self._read_only()
        self._forms: tuple[int, dict[str, Any]] = (0, {})
        self._fetch: Callable[[], npt.NDArray[Any]] | None = None
        self._grid: Callable[[npt.NDArray[Any]], npt.NDArray[Any]] | None = None

    def _read_only(self) -> npt.NDArray[Any]:
        view = self._array.view()
        view.flags.writeable = False
        return view

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def value(self) -> npt.NDArray[Any]:
        """The array, read-only; fetched first where :meth:`written_as` has said that a device holds it."""
        fetch = self._fetch
        if fetch is not None:
            self._array[...] = fetch()
            self._fetch = None
        return self._view

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape."""
        return self._array.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        """The array's dtype."""
        return self._array.dtype

    def numpy(self) -> npt.NDArray[Any]:
        """A copy of the value."""
        return self.value.copy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.value, dtype=dtype, copy=True)

    def assign(self, value: npt.ArrayLike) -> None:
        """Overwrite the value with an array of the same shape (cast to the variable's dtype).

        Raises
        ------
        TypeError
            For text, objects, complex numbers and what is no array.
        ValueError
            On another shape, and for masked entries and missing values. Nothing is changed then, nor by a TypeError.
        """
        new = as_numbers(value, self.path)
        if new.shape != self.shape:
            raise ValueError(f"{self.path} has shape {self.shape}, got {new.shape}. Assign an array of the same shape.")
        new = new.astype(self.dtype)  # before the version moves: a failing cast must change nothing
        self.writable()[...] = new if self._grid is None else self._grid(new)
        self.written()

    def assign_add(self, value: npt.ArrayLike) -> None:
        """Add an array, or a number; raises as :meth:`assign`."""
        self.assign(self.value + as_numbers(value, self.path))

    def assign_sub(self, value: npt.ArrayLike) -> None:
        """Take an array, or a number, off; raises as :meth:`assign`."""
        self.assign(self.value - as_numbers(value, self.path))

    def keep_on(self, grid: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> None:
        """Replace the value, and every one that is assigned from now on, by ``grid(value)``."""
        self._grid = grid
        self.assign(self.value)

    def writable(self) -> npt.NDArray[Any]:
        """The array to write to, until :meth:`written`. Every prepared form is dropped."""
        if self._fetch is not None:
            self.value  # noqa: B018  # what a device holds comes first
        self.version += 1
        return self._array

    def written(self) -> None:
        """Say that writing is over: forms that another thread prepared meanwhile are dropped too."""
        self.version += 1

    def written_as(self, form: str, made: Any, fetch: Callable[[Any], npt.NDArray[Any]]) -> None:
        """Say that ``made``, kept under ``form``, holds the value from now on; all other forms are dropped.

        ``fetch(made)`` brings it to the host, when somebody asks for :attr:`value`.
        """
        self.version += 1
        self._fetch = lambda: fetch(made)
        self._forms = (self.version, {form: made})

    def prepared(self, form: str, make: Callable[[npt.NDArray[Any]], Any]) -> Any:
        """``make(value)``, made once for each version of the value and kept under the name ``form``."""
        version, forms = self._forms
        if version == self.version and form in forms:
            return forms[form]
        now = self.version
        made = make(self.value)
        version, forms = self._forms
        self._forms = (now, {**(forms if version == now else {}), form: made})
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "trainable": self.trainable, "value": self.value, "grid": self._grid}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["value"], state["path"], state["trainable"])  # type: ignore[misc]
        self._grid = state["grid"]

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}>"
