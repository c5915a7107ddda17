"""The graph of a user's layer whose method ``call`` calls other layers: it is traced on symbolic tensors, into a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from ...ops.tracing import traced
from ...variables import Variable, standing_for
from ..base.arguments import Shape
from ..base.graph.graph_layer import LayerLike
from ..base.graph.symbolic import FOLLOWS_MODEL, INPUTS
from .call_arguments import parameters
from .operation import Operation, WeightExpression

#: Makes a model of the shapes of inputs, a dtype, a function of symbolic inputs, and a name. The package of models sets it.
MODELS: list[Callable[[Sequence[Shape], str, Callable[[Sequence[Any]], Any], str], Any]] = []


class MaskOfInputs:
    """Value of ``mask`` in a ``call`` that calls layers: masks follow the edges of the graph, and have no values there."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError(
            f"{self._name} calls layers, so its mask has no values in call: it goes on to the layers by itself. Leave it out."
        )

    __getitem__ = __array__ = __bool__ = __invert__ = _refuse


def holds_layers(layer: Any) -> bool:
    """Return whether an attribute of a layer, or an entry of a list or a dict among them, is another layer."""
    return any(_is_layer(value) for key, value in vars(layer).items() if key not in ("sublayers", "_nodes"))


def _is_layer(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_is_layer(entry) for entry in value[:100])
    if isinstance(value, Mapping):
        return any(_is_layer(entry) for entry in value.values())
    return isinstance(value, LayerLike)


def inner_graph(layer: Any, shapes: Sequence[Shape]) -> Any:
    """Return a model of what the ``call`` of a built layer computes for inputs of ``shapes``, with the constants of its call.

    Its layers are built by this, and the layer takes over their weights.

    Parameters
    ----------
    layer : CallLayer
        The layer.
    shapes : sequence of tuple
        The shapes of its inputs, batch axis first.

    Raises
    ------
    TypeError
        Where the method needs values.
    """
    weights = [WeightExpression(None, (variable,), {}) for variable in layer.variables]
    options: dict[str, Any] = {"training": FOLLOWS_MODEL, "mask": MaskOfInputs(layer.name)}
    known = parameters(layer.call)
    given = {key: value for key, value in options.items() if key in known}
    given |= {key: value for key, value in layer._constants.items() if key != INPUTS}

    def call(inputs: Sequence[Any]) -> Any:
        args, named = layer.call_form(inputs)
        y = traced(layer.call, args, f"{layer.name}'s", **named, **given)
        return list(y) if isinstance(y, (list, tuple)) else y

    with standing_for(layer.variables, weights):
        model = MODELS[0](shapes, layer.dtype, call, layer.name)
    _share_weights(layer, model)
    return model


def _share_weights(layer: Any, model: Any) -> None:
    """Let a layer take over the weights of the layers in its graph, whose operations apply the penalties of its own."""
    pairs = {id(variable): (variable, regularizer) for variable, regularizer in layer._regularized}
    limits = {id(variable): (variable, constraint) for variable, constraint in layer._constrained}
    attributes = dict(_attributes(vars(layer)))
    for place, inner in enumerate(model._layers):
        if isinstance(inner, Operation):
            names = [id(variable) for variable in inner.variables]
            inner._regularized = [pairs.pop(name) for name in names if name in pairs]
            inner._constrained = [limits.pop(name) for name in names if name in limits]
        elif inner.variables:
            _rename(inner.variables, attributes.get(id(inner), f"layer_{place}"))
            layer.adopt(inner)


def _attributes(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[int, str]]:
    """Yield the identity of each layer in attributes, lists and dicts, and its name as an attribute: ``blocks_0``."""
    for key, value in values.items():
        if isinstance(value, LayerLike):
            yield id(value), f"{prefix}{key}"
        elif isinstance(value, (list, tuple)):
            yield from _attributes({str(k): entry for k, entry in enumerate(value)}, f"{prefix}{key}_")
        elif isinstance(value, Mapping):
            yield from _attributes({str(name): entry for name, entry in value.items()}, f"{prefix}{key}_")


def _rename(variables: Sequence[Variable], name: str) -> None:
    """Give the variables of a layer paths that begin with its name as an attribute, which does not change between runs."""
    taken: set[str] = set()
    for place, variable in enumerate(variables):
        last = variable.name if variable.name not in taken else f"{variable.name}_{place}"
        taken.add(last)
        variable.path = f"{name}/{last}"
