"""LayerType: the class of layer classes, and which methods of Keras's layers a user's class may define, or what instead."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from ...objects.subclassing import is_of_package

_COMPUTE = (
    "Derive a class from Layer with a method call(self, x) that uses numba_lstm.ops and other layers, or override forward and "
    "backward, as docs/extending.md shows under 'Classes of your own'."
)

#: Methods that subclasses of Keras's layers override and subclasses here cannot, with what works instead.
NEVER_CALLED = {
    "call": _COMPUTE,
    "__call__": _COMPUTE,
    "compute_mask": "Let forward return the mask: Forward(y, mask=mask).",
    "compute_output_spec": "Override compute_output_shape.",
    "get_initial_state": "Give the first states to the call: layer(x, initial_state=[h, c]).",
    "losses": "Give a regularizer to add_weight, or an activity_regularizer to the layer.",
}

#: Methods of layers of older versions of Keras, with what works instead.
GONE = {
    "add_metric": "Give compile(metrics=[...]) a function of numba_lstm.ops, or compute it in on_epoch_end of a Callback.",
}

#: Methods that compute on device arrays.
PASSES = ("forward", "backward", "propagate", "backpropagate")


class LayerType(type):
    """Class of :class:`numba_lstm.layers.Layer` and all layers derived from it.

    A user's class that defines ``call``, as layers of Keras do, derives from :attr:`call_base`, which traces that method. So
    ``class Scale(Layer)`` with ``call`` is a subclass of ``Layer`` by way of ``CallLayer``. A class that derives from another
    layer of this package stays as it is written, and a method ``call`` in it is refused: the passes of ``Dense`` are kernels.
    A class that overrides ``__call__`` alone, which programs for older versions of Keras do, is traced in the same way.
    """

    #: The base of layers with a method ``call``, and that of all layers. The modules that define them set these.
    call_base: ClassVar[type | None] = None
    layer_base: ClassVar[type | None] = None

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> LayerType:
        base, call_base = mcls.layer_base, mcls.call_base
        module = namespace.setdefault("__module__", sys._getframe(1).f_globals.get("__name__", ""))
        calls = "call" in namespace or "__call__" in namespace
        if calls and call_base is not None and not is_of_package(module):
            layers = [one for one in bases if isinstance(one, LayerType)]
            plain = all(vars(one).get("forward") is None for cls in layers for one in cls.__mro__ if one is not base)
            if layers and plain and "forward" not in namespace and not any(issubclass(one, call_base) for one in layers):
                bases = (*(one for one in bases if one is not base), call_base)
                if "call" not in namespace:
                    namespace["call"] = namespace.pop("__call__")
        return super().__new__(mcls, name, bases, namespace, **kwargs)
