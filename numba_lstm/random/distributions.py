"""The distributions of ``keras.random``, for arrays and for functions that are traced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import philox
from ..inputs import as_count, as_number
from ..ops.symbolic import MAKERS, has_symbolic
from ..ops.tensor import FUNCTIONS, Operand, Tensor, UntraceableError, is_traced
from ..ops.tracing import traced_operands
from ..system.defaults import floatx
from . import arrays
from .seed_generator import Seed, key_of, traced_seed
from .tensors import PREFIX

Array = npt.NDArray[Any]


def _drawn(name: str, shape: Any, seed: Seed, **parameters: Any) -> Any:
    """Return the tensor of a draw of a function that is being traced; None outside of one."""
    sizes = tuple(None if size is None else size if isinstance(size, Tensor) else int(size) for size in shape)
    operands = traced_operands()
    if None in sizes or operands == "graph":
        if not sizes or sizes[0] is not None:
            raise TypeError(
                f"random.{name} in a function of symbolic tensors draws for each sample, got the shape {sizes}. Begin the "
                "shape with that of an input, ops.shape(x), or draw in a layer of your own, whose call has numbers as sizes."
            )
        return MAKERS[0](PREFIX + name, (sizes,), {**parameters, "seed": traced_seed(seed)})
    if operands is None and not is_traced(*parameters.values()):
        return None
    return FUNCTIONS[PREFIX + name](None, sizes, **_read(parameters), seed=traced_seed(seed))


def _read(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value.operand if isinstance(value, Operand) else value for name, value in parameters.items()}


def _floats(values: Array, dtype: str | None) -> Array:
    name = dtype or floatx()
    if np.dtype(name).kind != "f":
        raise ValueError(f"random numbers of this distribution are floats, got dtype={dtype!r}. Give 'float32'.")
    return values.astype(name)


def _shape(shape: Any) -> tuple[int, ...]:
    return tuple(as_count(int(size), "a size of the shape", 0) for size in shape)


def normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: str | None = None, seed: Seed = None) -> Any:
    """Draw normal numbers, as ``keras.random.normal``.

    Parameters
    ----------
    shape : tuple
        The shape of the draw. In a function of symbolic tensors it begins with None, as ``ops.shape(x)`` does.
    mean, stddev : float or array
        The mean and the standard deviation.
    dtype : str, optional
        Of the array. Default: ``numba_lstm.config.floatx()``. A tensor has the dtype of its model.
    seed : int or SeedGenerator, optional
        A number draws the same numbers at each call. Default: the default stream, or in a model that of the model.
    """
    found = _drawn("normal", shape, seed, mean=mean, stddev=stddev)
    if found is not None:
        return found
    return _floats(np.asarray(mean) + np.asarray(stddev) * philox.normal(key_of(seed), _shape(shape)), dtype)


def uniform(shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: str | None = None, seed: Seed = None) -> Any:
    """Draw uniform numbers from ``minval`` to below ``maxval``, as ``keras.random.uniform``; whole numbers for such a dtype.

    The other arguments are those of :func:`normal`.
    """
    if dtype is not None and np.dtype(dtype).kind in "iu":
        return randint(shape, minval, maxval, dtype, seed)
    found = _drawn("uniform", shape, seed, minval=minval, maxval=maxval)
    if found is not None:
        return found
    unit = philox.uniform(key_of(seed), _shape(shape))
    return _floats(np.asarray(minval) + (np.asarray(maxval) - np.asarray(minval)) * unit, dtype)


def truncated_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: str | None = None, seed: Seed = None) -> Any:
    """Draw normal numbers within two standard deviations of the mean, as ``keras.random.truncated_normal``.

    The arguments are those of :func:`normal`.
    """
    found = _drawn("truncated_normal", shape, seed, mean=mean, stddev=stddev)
    if found is not None:
        return found
    return _floats(np.asarray(mean) + np.asarray(stddev) * philox.truncated_normal(key_of(seed), _shape(shape)), dtype)


def randint(shape: Any, minval: Any, maxval: Any, dtype: str = "int32", seed: Seed = None) -> Array:
    """Draw whole numbers from ``minval`` to below ``maxval``, as ``keras.random.randint``. Draws arrays alone."""
    _refuse_traced("randint", minval, maxval)
    low, high = np.asarray(minval), np.asarray(maxval)
    if np.any(high <= low):
        raise ValueError(f"randint expects minval below maxval, got {minval} and {maxval}.")
    if np.dtype(dtype).kind not in "iu":
        raise ValueError(f"randint draws whole numbers, got dtype={dtype!r}. Give 'int32'.")
    unit = philox.uniform(key_of(seed), _shape(shape))
    whole = low.astype(np.int64) + np.floor((high.astype(np.float64) - low) * unit).astype(np.int64)
    return np.minimum(whole, high - 1).astype(dtype)  # type: ignore[no-any-return]


def categorical(logits: Any, num_samples: int, dtype: str = "int32", seed: Seed = None) -> Any:
    """Draw classes (N, num_samples) with the probabilities softmax(logits) of rows (N, C), as ``keras.random.categorical``."""
    count = as_count(num_samples, "num_samples")
    if is_traced(logits):
        return FUNCTIONS[f"{PREFIX}categorical"](logits, count, traced_seed(seed))
    if has_symbolic([logits]):
        return MAKERS[0](f"{PREFIX}categorical", (logits, count), {"seed": traced_seed(seed)})
    rows = np.asarray(logits, np.float64)
    if rows.ndim != 2:
        raise ValueError(f"categorical expects logits (batch, classes), got shape {rows.shape}. Add an axis: logits[None].")
    return arrays.categorical(key_of(seed), rows, count).astype(dtype)


def dropout(inputs: Any, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Seed = None) -> Any:
    """Set a share ``rate`` of elements to zero and scale the others up, as ``keras.random.dropout``.

    Parameters
    ----------
    inputs : array or tensor
        The elements.
    rate : float
        In [0, 1).
    noise_shape : tuple, optional
        The shape of the draw, with 1 along axes that share it and None for an axis's own size.
    seed : int or SeedGenerator, optional
        See :func:`normal`.
    """
    share = as_number(rate, "dropout's rate", "[0, 1)")
    if is_traced(inputs):
        return FUNCTIONS[f"{PREFIX}dropout"](inputs, share, noise_shape, traced_seed(seed))
    if has_symbolic([inputs]):
        options = {"noise_shape": noise_shape, "seed": traced_seed(seed)}
        return MAKERS[0](f"{PREFIX}dropout", (inputs, share), options)
    x = np.asarray(inputs)
    sizes = x.shape if noise_shape is None else [n if m is None else m for m, n in zip(noise_shape, x.shape, strict=True)]
    kept = philox.uniform(key_of(seed), sizes) >= share
    return (x * kept / (1 - share)).astype(x.dtype if x.dtype.kind == "f" else floatx())


def shuffle(x: Any, axis: int = 0, seed: Seed = None) -> Array:
    """Return x with its entries along an axis in random order, as ``keras.random.shuffle``. Takes arrays alone."""
    _refuse_traced("shuffle", x)
    array = np.asarray(x)
    return np.take(array, philox.permutation(key_of(seed), array.shape[axis]), axis=axis)


def gamma(shape: Any, alpha: Any, dtype: str | None = None, seed: Seed = None) -> Array:
    """Draw gamma numbers of shape ``alpha`` and scale 1, as ``keras.random.gamma``. Draws arrays alone."""
    _refuse_traced("gamma", alpha)
    return _floats(arrays.gamma(key_of(seed), _positive(alpha, "alpha", shape)), dtype)


def beta(shape: Any, alpha: Any, beta: Any, dtype: str | None = None, seed: Seed = None) -> Array:
    """Draw beta numbers of the parameters ``alpha`` and ``beta``, as ``keras.random.beta``. Draws arrays alone."""
    _refuse_traced("beta", alpha, beta)
    return _floats(arrays.beta(key_of(seed), _positive(alpha, "alpha", shape), _positive(beta, "beta", shape)), dtype)


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: str | None = None, seed: Seed = None) -> Array:
    """Draw the number of successes of ``counts`` trials, as ``keras.random.binomial``. Draws arrays alone."""
    _refuse_traced("binomial", counts, probabilities)
    sizes = _shape(shape)
    n, p = arrays.as_array(counts, "counts", sizes, np.int64), arrays.as_array(probabilities, "probabilities", sizes)
    if np.any(n < 0) or np.any((p < 0) | (p > 1)):
        raise ValueError("binomial expects counts of at least 0 and probabilities from 0 to 1.")
    return _floats(arrays.binomial(key_of(seed), n, p), dtype)


def _positive(value: Any, name: str, shape: Any) -> Array:
    array: Array = arrays.as_array(value, name, _shape(shape))
    if not np.all(array > 0):
        raise ValueError(f"{name} must be above 0, got {value!r:.60}.")
    return array


def _refuse_traced(name: str, *values: Any) -> None:
    """Raise UntraceableError for a draw in a function that is being traced."""
    if traced_operands() is not None or is_traced(*values) or has_symbolic(values):
        raise UntraceableError(
            f"random.{name} draws arrays, and cannot be traced. Draw it before and give it to the model as an input, or write "
            "random.normal, uniform, truncated_normal, dropout or categorical."
        )
