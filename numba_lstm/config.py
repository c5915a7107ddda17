"""Settings of a program, as ``keras.config``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .naming.absent import absent
from .system.defaults import epsilon, floatx, image_data_format, set_epsilon, set_floatx, set_image_data_format

__all__ = [
    "backend",
    "disable_interactive_logging",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_interactive_logging",
    "enable_traceback_filtering",
    "enable_unsafe_deserialization",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_interactive_logging_enabled",
    "is_traceback_filtering_enabled",
    "set_backend",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
]


class DTypePolicy(NamedTuple):
    """The dtype of variables and arithmetic, by Keras's names."""

    name: str

    @property
    def compute_dtype(self) -> str:
        """Dtype of arithmetic."""
        return self.name

    @property
    def variable_dtype(self) -> str:
        """Dtype of variables."""
        return self.name


def backend() -> str:
    """Return ``"numba_lstm"``, where Keras names the framework that computes."""
    return "numba_lstm"


def set_backend(backend: str) -> None:
    """Accept "numba_lstm"; raise ValueError for another framework."""
    if backend != "numba_lstm":
        raise ValueError(f"models compute with kernels of their own, got {backend!r:.60}. Choose a device: set_device('cpu').")


def dtype_policy() -> DTypePolicy:
    """Return the dtype of models and layers that are made without one."""
    return DTypePolicy(floatx())


def set_dtype_policy(policy: Any) -> None:
    """Set the dtype of models and layers that are made without one.

    Parameters
    ----------
    policy : "float32", "float64" or DTypePolicy

    Raises
    ------
    ValueError
        For another dtype, and for policies of two dtypes.
    """
    set_floatx(getattr(policy, "name", policy))


def is_interactive_logging_enabled() -> bool:
    """Return True: progress bars go to the standard output."""
    return True


def enable_interactive_logging() -> None:
    """Have no effect: progress bars go to the standard output already."""


def disable_interactive_logging() -> None:
    """Have no effect: ``verbose=0`` leaves progress bars out."""


def is_traceback_filtering_enabled() -> bool:
    """Return False: tracebacks are complete."""
    return False


def enable_traceback_filtering() -> None:
    """Have no effect: tracebacks are complete."""


def disable_traceback_filtering() -> None:
    """Have no effect: tracebacks are complete already."""


def enable_unsafe_deserialization() -> None:
    """Have no effect: nothing in a file is ever run."""


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
