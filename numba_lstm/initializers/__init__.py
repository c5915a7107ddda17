"""Initializers of weights, as ``keras.initializers``: objects that map a shape to an array.

Values are drawn in float64 and rounded once, so a float32 and a float64 model of one seed have the same initial weights. An
initializer with a ``seed`` returns the same values at each call, one without a seed returns new values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..naming import names
from ..naming.absent import absent
from ..objects import serialization
from .base import Initializer, skip_initialization
from .constant_initializers import Constant, Identity, Ones, Zeros
from .functions import FunctionInitializer
from .random_initializers import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomInitializer,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    fans,
)

#: Aliases of the classes in Keras.
zeros, ones, constant, identity, orthogonal = Zeros, Ones, Constant, Identity, Orthogonal
random_uniform, random_normal, truncated_normal = RandomUniform, RandomNormal, TruncatedNormal
variance_scaling = VarianceScaling
glorot_uniform, glorot_normal = GlorotUniform, GlorotNormal
he_uniform, he_normal = HeUniform, HeNormal
lecun_uniform, lecun_normal = LecunUniform, LecunNormal
IdentityInitializer, OrthogonalInitializer = Identity, Orthogonal

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "fans",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "skip_initialization",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]

_CLASSES: tuple[type[Initializer], ...] = (
    *(Zeros, Ones, Constant, Identity, RandomUniform, RandomNormal, TruncatedNormal, VarianceScaling, Orthogonal),
    *(GlorotUniform, GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal),
)
_REGISTRY = {name: cls for cls in _CLASSES for name in (cls.__name__, names.snake_case(cls.__name__))}
_REGISTRY |= {"uniform": RandomUniform, "normal": RandomNormal}


def serialize(initializer: Initializer) -> dict[str, Any] | Initializer:
    """Return a dict of an initializer's class name and config. :func:`get` is the inverse.

    An initializer that calls a function is returned as it is. It can be copied but not saved.
    """
    if isinstance(initializer, FunctionInitializer):
        return initializer
    return serialization.serialize(initializer)


def get(identifier: Any) -> Initializer:
    """Return the initializer of a name, an object, a class, a dict or a function, as ``keras.initializers.get``.

    A function is called as ``function(shape, dtype=dtype)``.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known one.
    TypeError
        For anything else.
    """
    if callable(identifier) and not isinstance(identifier, (type, Initializer)):
        return FunctionInitializer(identifier)
    return serialization.get(identifier, _REGISTRY, "initializer", Initializer)


def deserialize(config: Any, custom_objects: Mapping[str, type[Initializer]] | None = None) -> Initializer:
    """Return the initializer of a dict that :func:`serialize` returned; ``custom_objects`` maps names to custom classes."""
    return serialization.get(config, {**_REGISTRY, **(custom_objects or {})}, "initializer", Initializer)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
