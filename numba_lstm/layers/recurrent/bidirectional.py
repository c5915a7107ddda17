"""Bidirectional: one recurrent layer over a sequence forward, and another one backward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from ... import philox
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ...objects import serialization
from ..base import Backward, Forward
from ..base.arguments import Shape, refuse
from ..base.registry import deserialize
from ..cells.initial_states import check_direction_states, num_entries
from .merge_modes import MODES, merge, split_gradient
from .recurrent import Recurrent
from .sequence_layer import Host, SequenceLayer


class Bidirectional(SequenceLayer):
    """A recurrent layer forward and another one backward, with merged outputs; as ``keras.layers.Bidirectional``.

    Both directions are computed at the same time, on two threads, where that is faster. The bits do not depend on it.

    Parameters
    ----------
    layer : LSTM, GRU, SimpleRNN, RNN, ConvLSTM1D or ConvLSTM2D
        Copied, without its weights, as ``forward_<name>``.
    merge_mode : "concat", "sum", "mul", "ave" or None
        Outputs side by side, or their sum, product or mean; None returns both when called by itself.
    weights : None
        In Keras's place; ``set_weights`` of the built layer sets them.
    backward_layer : LSTM, GRU, SimpleRNN or RNN, optional
        The other direction, by default a copy of ``layer`` with ``go_backwards`` turned, as ``backward_<name>``.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    TypeError
        For layers that are not recurrent.
    ValueError
        For an unknown mode, and for two layers that do not go together.

    Notes
    -----
    A layer that returns sequences gets ``zero_output_for_mask=True``, as in Keras, so that no direction puts out at a masked
    step what it saw elsewhere. Outputs of all steps are in the order of ``layer``'s.
    """

    streaming_obstacle = "it goes from the last step to the first"

    def __init__(
        self,
        layer: Recurrent,
        merge_mode: str | None = "concat",
        weights: None = None,
        backward_layer: Recurrent | None = None,
        **kwargs: Any,
    ) -> None:
        if weights is not None:
            refuse(type(self), {"weights": weights}, {})
        for given in (layer,) if backward_layer is None else (layer, backward_layer):
            if not isinstance(given, Recurrent):
                raise TypeError(f"Bidirectional expects LSTM or RNN layers, got {given!r}. Write Bidirectional(LSTM(8)).")
        self.merge_mode = None if merge_mode is None else serialization.choose(merge_mode, MODES, "merge_mode")
        self.forward_layer = _copy(layer, f"forward_{layer.name.removeprefix('forward_')}", layer.go_backwards)
        self.backward_layer = backward_layer or _copy(
            layer, f"backward_{layer.name.removeprefix('backward_')}", not layer.go_backwards
        )
        _check_pair(self.forward_layer, self.backward_layer, self.merge_mode)
        for direction in self._directions:
            direction.zero_output_for_mask = direction.return_sequences
        self.ranks, self.mask_ranks = layer.ranks, layer.mask_ranks  # type: ignore[misc]  # those of its layers
        self.return_sequences, self.return_state = layer.return_sequences, layer.return_state
        self.stateful = layer.stateful
        if layer.batch_input_shape is not None and not kwargs.keys() & {"input_shape", "batch_input_shape"}:
            kwargs["batch_input_shape"] = layer.batch_input_shape
        super().__init__(**{"dtype": layer.requested_dtype, **kwargs})
        self._check_shapes(layer, self.backward_layer)
        if self.merge_mode is None and self.activity_regularizer is not None:
            raise ValueError(f"{self.name} has two outputs with merge_mode=None. Give the activity_regularizer to the layers.")

    def _check_shapes(self, *layers: Recurrent) -> None:
        """Raise ValueError for layers whose arguments say another shape than those of this one."""
        outer = self.batch_input_shape
        for layer in layers:
            inner = layer.batch_input_shape
            if not (outer and inner):
                continue
            if len(outer) != len(inner) or any(a != b for a, b in zip(outer, inner, strict=True) if a and b):
                raise ValueError(
                    f"Bidirectional expects one shape, got {outer} and that of {layer.name}, {inner}. Give input_shape= once."
                )

    @property
    def _directions(self) -> tuple[Recurrent, Recurrent]:
        return self.forward_layer, self.backward_layer

    @property
    def _sizes(self) -> list[int]:
        """The features of the output of each direction."""
        return [layer.cells[-1].output_size for layer in self._directions]

    @property
    def num_outputs(self) -> int:
        return 2 if self.merge_mode is None else 1

    def state_shapes(self, input_shape: Shape) -> list[Shape]:
        return [shape for layer in self._directions for shape in layer.state_shapes(input_shape)]

    def build(self, input_shape: Shape) -> None:
        for layer in self._directions:
            layer.build_for(input_shape, self.dtype)
            self.adopt(layer)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the output's shape; with ``merge_mode=None`` the shape of one of the two outputs."""
        *leading, size = self.forward_layer.compute_output_shape(input_shape)
        if self.merge_mode == "concat":
            size = sum(self._sizes)
        return (*leading, size)

    # -- on device arrays ---------------------------------------------------------------------------------------------

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array | None, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        """Compute the merged output, a pair with ``merge_mode=None``; the states of the forward layer come first."""
        keys = (None, None) if rng is None else (philox.branch(rng, 0), philox.branch(rng, 1))
        firsts = (None, None) if states is None else self._halves(states)
        one, two = ops.run_parallel(
            [
                lambda: self.forward_layer.propagate(ops, x, firsts[0], mask, training, keys[0]),
                lambda: self.backward_layer.propagate(ops, x, firsts[1], mask, training, keys[1]),
            ],
            self._work(x.shape),
        )
        ys = one.y, ops.flip(two.y) if self.return_sequences else two.y
        tape = (one.tape, two.tape, x.shape, ys if self.merge_mode == "mul" else None) if training else None
        states, losses = one.states + two.states, one.losses + two.losses
        return Forward(merge(ops, self.merge_mode, *ys), states, one.mask, tape, one.penalty + two.penalty, losses)

    def backward(
        self, ops: Ops, tape: Tape, dy: Any, dstates: tuple[Array | None, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        *tapes, size, ys = tape
        dys = (None, None) if dy is None else split_gradient(ops, self.merge_mode, dy, self._sizes, ys)
        if self.return_sequences and dys[1] is not None:
            dys = dys[0], ops.flip(dys[1])
        lasts = (None, None) if dstates is None else self._halves(dstates)
        one, two = ops.run_parallel(
            [
                lambda: self.forward_layer.backpropagate(ops, tapes[0], dys[0], lasts[0], need_dx=need_dx),
                lambda: self.backward_layer.backpropagate(ops, tapes[1], dys[1], lasts[1], need_dx=need_dx),
            ],
            2 * self._work(size),
        )
        dx = ops.add(one.dx, two.dx) if need_dx else None
        return Backward(dx, one.dstates + two.dstates, one.gradients + two.gradients)

    def _work(self, size: Sequence[int]) -> float:
        """Return the multiplications of a forward pass over (T, N, ...): each step of a sample meets each weight."""
        return float(size[0] * size[1] * self.count_params())

    def _halves(self, states: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Split device states into those of the forward and of the backward layer."""
        half = self.forward_layer.num_states
        return tuple(states[:half]), tuple(states[half:])

    # -- states -------------------------------------------------------------------------------------------------------

    def as_device_states(self, ops: Ops, states: Sequence[Any], N: int) -> tuple[Array, ...]:
        """Return the device states of the forward layer, then those of the backward layer."""
        kinds = [[cell.state_names for cell in layer.cells] for layer in self._directions]
        check_direction_states(self.name, list(zip((layer.name for layer in self._directions), kinds, strict=True)), states)
        first = num_entries(kinds[0])
        one = self.forward_layer.as_device_states(ops, states[:first], N)
        return one + self.backward_layer.as_device_states(ops, states[first:], N)

    def as_user_states(self, states: Sequence[Host]) -> Sequence[Any]:
        first, second = self._halves(states)
        return [*self.forward_layer.as_user_states(first), *self.backward_layer.as_user_states(second)]

    @property
    def states(self) -> Sequence[Any] | None:
        first, second = self.forward_layer.states, self.backward_layer.states
        return None if first is None or second is None else [*first, *second]

    def reset_states(self) -> None:
        for layer in self._directions:
            layer.reset_states()

    def check_one_array(self) -> None:
        super().check_one_array()
        if self.merge_mode is None:
            raise ValueError(f"{self.name} has merge_mode=None, but a Sequential passes on one array. Take 'concat'.")

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": serialization.serialize(self.forward_layer),
            "backward_layer": serialization.serialize(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        rest = dict(config)
        layer: Any = deserialize(rest.pop("layer", None))
        backward: Any = rest.pop("backward_layer", None)
        if backward is not None:
            backward = deserialize(backward)
        return cls(layer, backward_layer=backward, **rest)


def _copy(layer: Recurrent, name: str, go_backwards: bool) -> Recurrent:
    with serialization.custom_classes() as classes:
        config = layer.get_config()
    with serialization.custom_object_scope(classes):
        return type(layer).from_config({**config, "name": name, "go_backwards": go_backwards})


def _check_pair(one: Recurrent, two: Recurrent, merge_mode: str | None) -> None:
    """Raise ValueError unless the layers go together."""
    if one.go_backwards == two.go_backwards:
        raise ValueError(f"{one.name} and {two.name} go the same way. Give one of them go_backwards=True.")
    for argument in ("stateful", "return_sequences", "return_state"):
        if getattr(one, argument) != getattr(two, argument):
            raise ValueError(f"{one.name} and {two.name} differ in {argument}. Give both the same.")
    sizes = one.cells[-1].output_size, two.cells[-1].output_size
    if merge_mode in ("sum", "mul", "ave") and sizes[0] != sizes[1]:
        raise ValueError(f"{one.name} and {two.name} put out {sizes} features, but merge_mode={merge_mode!r} needs one size.")
    if one.name == two.name:
        raise ValueError(f"both layers are called {one.name!r}. Give one of them another name=.")
