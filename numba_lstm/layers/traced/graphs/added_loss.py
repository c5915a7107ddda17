"""Losses of methods ``call``: ``self.add_loss(...)`` of layers and of models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....naming import names
from ....ops.symbolic import MAKERS
from ....ops.tensor import Tensor, as_tensor
from ....ops.tracing import traced_operands
from ...base.graph.symbolic import Node, SymbolicTensor
from ..operation import BatchExpression, Operation, describe, fill


class AddedLoss(Operation):
    """A loss of a graph: its first input goes on as it is, and a function of all inputs joins the loss of the model.

    The arguments are those of :class:`~numba_lstm.layers.Operation`.
    """

    adds_losses = True
    draws_in_inference = False
    _losses: Sequence[Tensor] = ()

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        vars(self)["_losses"] = [as_tensor(fill({"call": [self.function, self.arguments, self.options]}, inputs, weights))]
        return inputs[0]

    def take_losses(self) -> list[Tensor]:
        return list(self._losses)

    def connect(self, x: Any, states: Sequence[Any] = (), training: Any = None, mask: Any = None, **arguments: Any) -> Any:
        output = super().connect(x, states, training, mask, **arguments)
        for node in _sources(output.node):
            node.losses.append(output)
        return output


def _sources(node: Node) -> list[Node]:
    """Return all calls that a call depends on."""
    found: dict[int, Node] = {}
    waiting = [tensor.node for tensor in node.sources]
    while waiting:
        source = waiting.pop()
        if id(source) not in found:
            found[id(source)] = source
            waiting += [tensor.node for tensor in source.sources]
    return list(found.values())


class AddsLosses:
    """Base class of layers and models whose method ``call`` may add losses."""

    name: str
    _losses: Sequence[Tensor] = ()  #: that the method ``call`` has added

    def add_loss(self, loss: Any) -> None:
        """Add a loss within ``call``, as ``keras.Layer.add_loss``: training minimizes it, and ``loss`` in the logs has it.

        Parameters
        ----------
        loss : tensor or number, or list of them
            Computed from the inputs and the weights, as ``ops.mean(...)``. What has axes is summed.

        Raises
        ------
        TypeError
            Outside of ``call``, and in a graph for a loss that depends on no symbolic tensor.
        """
        losses = list(loss) if isinstance(loss, (list, tuple)) else [loss]
        operands = traced_operands()
        if operands is None:
            raise TypeError(f"{self.name}.add_loss is called outside of call, where nothing is computed. Call it in call.")
        if operands == "graph":
            for one in losses:
                _add_to_graph(self.name, one)
        else:
            vars(self)["_losses"] = [*self._losses, *map(as_tensor, losses)]


def _add_to_graph(name: str, loss: Any) -> None:
    if isinstance(loss, SymbolicTensor):
        loss = MAKERS[0]("sum", (loss,), {})
    if not isinstance(loss, BatchExpression):
        raise TypeError(
            f"{name}.add_loss takes a loss that depends on its input, got {loss!r:.80}. Give penalties of weights as "
            "regularizers to add_weight."
        )
    described, inputs, weights = describe(loss)
    layer = AddedLoss(*described["call"], name=names.unique("AddedLoss"))
    layer.variables = weights
    layer(inputs)
