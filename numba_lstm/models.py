"""Models: what a user builds, calls, trains, saves and copies as one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy.typing as npt

from . import device as devices
from . import initializers, layers, training
from .inputs import as_real, check_shape
from .kernels.contract import Array, Ops, Tape
from .kernels.specs import Key
from .layers import Layer
from .layers.base import to_samples
from .random import Stream, default_stream
from .stack import Stack
from .trainer import Trainer

if TYPE_CHECKING:
    from .streaming import Stream as StepStream

__all__ = ["Sequential", "load_model"]


class Sequential(Stack, Trainer):
    """Layers one after the other, as ``keras.Sequential``.

    Parameters
    ----------
    layers : sequence of Layer, optional
        Added one by one.
    name : str, optional
        Default: ``sequential``, with a counter.
    device : "auto", "cpu" or "reference", optional
        Where it computes. Default: where :func:`numba_lstm.set_device` says, at each call.
    dtype : "float32" or "float64"
        Of weights and arithmetic.
    trainable : bool
        Whether ``fit`` changes any weight.

    Notes
    -----
    A model with an ``Input``, or whose first layer has an ``input_shape``, is built while layers are added; any other at its
    first call. A call leaves nothing behind, so ``predict`` may run in many threads at once.
    """

    def __init__(
        self,
        layers: Sequence[Layer] | None = None,
        name: str | None = None,
        device: str | None = None,
        dtype: str = "float32",
        trainable: bool = True,
    ) -> None:
        Trainer.__init__(self)
        Stack.__init__(self, name, dtype, trainable)
        self._device: str | None = None
        if device is not None:
            self.to(device)
        for layer in layers or ():
            self.add(layer)

    # -- device -------------------------------------------------------------------------------------------------------

    def to(self, device: str) -> Self:
        """Compute on ``device`` from now on; answers the model itself."""
        devices.resolve(device)
        self._device = device
        return self

    @property
    def device(self) -> str:
        """The device that the model computes on."""
        return devices.resolve(self._device)

    @property
    def ops(self) -> Ops:
        """The device's ops."""
        return devices.get_ops(self.device)

    @cached_property
    def random(self) -> Stream:
        """What shuffles and dropout draw from: a stream of its own, taken from the default stream when first needed."""
        return default_stream().spawn()

    # -- a batch's way ------------------------------------------------------------------------------------------------

    def check_input(self, x: Any, what: str = "x") -> npt.NDArray[Any]:
        """``x`` as an array of real numbers that the model takes; builds the model at its first input.

        Raises
        ------
        TypeError, ValueError
            For anything that the model does not take, before anything is changed.
        """
        array = as_real(x, what)
        if not self.built:
            self.compute_shapes(array.shape)  # for its sentences: they name the shape that came
            self.build((None, *array.shape[1:]))
        # Any batch and any number of steps, as layers do; and any x of the right features.
        check_shape(self.layers[0].name, array.shape, (*(None,) * (len(self.input_shape) - 1), self.input_shape[-1]))
        return array

    def forward(self, x: Array, training: bool = False, rng: Key | None = None) -> tuple[Array, Array | None, list[Tape]]:
        """Output, mask and tapes for a device batch ``x``; ``rng``'s tag becomes each layer's index."""
        ops, mask, tapes = self.ops, None, []
        for index, layer in enumerate(self._layers):
            key = None if rng is None else replace(rng, tag=index)
            x, _, mask, tape = layer.forward(ops, x, None, mask, training, key)
            tapes.append(tape)
        return x, mask, tapes

    def backward(self, tapes: Sequence[Tape], dy: Array) -> list[Array]:
        """The gradients of ``trainable_weights``, in their order, for ``dy`` of the output's shape.

        Layers below the first one with anything to train are left out.
        """
        ops = self.ops
        gradients: list[Array] = []
        first = next((i for i, layer in enumerate(self._layers) if layer.trainable_weights), len(self._layers))
        for index in reversed(range(first, len(self._layers))):
            layer = self._layers[index]
            dy, _, own = layer.backward(ops, tapes[index], dy, need_dx=index > first)
            wanted = {id(variable) for variable in layer.trainable_weights}
            gradients[:0] = [g for variable, g in zip(layer.variables, own, strict=True) if id(variable) in wanted]
        return gradients

    def __call__(self, x: npt.ArrayLike, training: bool = False) -> npt.NDArray[Any]:
        """The output for ``x`` as a NumPy array, in one batch; builds the model at its first call."""
        ops, array = self.ops, self.check_input(x)
        rng = self.random.next_key() if training else None
        return to_samples(ops, self.forward(ops.gather(array, slice(None), self.dtype), training, rng)[0])

    def stream(self, batch_size: int = 1) -> StepStream:
        """A stateful stream through the built model, one step at a time; see :class:`numba_lstm.streaming.Stream`."""
        from .streaming import Stream as StepStream

        return StepStream(self, batch_size)

    # -- training: the functions of numba_lstm.training are the methods ------------------------------------------------

    fit = training.fit
    evaluate = training.evaluate
    predict = training.predict
    train_on_batch = training.train_on_batch
    test_on_batch = training.test_on_batch
    predict_on_batch = training.predict_on_batch

    # -- showing, saving and copying ----------------------------------------------------------------------------------

    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Sequence[str] | None = None,
    ) -> None:
        """Print a table of the layers, the numbers of parameters, and the device.

        Parameters
        ----------
        line_length : int, optional
            Letters a line. Default: 88, or what the terminal has.
        positions : sequence of float, optional
            Where each column ends, as shares of the line or in letters. Default: ``(0.45, 0.8, 1.0)``.
        print_fn : function of a str, optional
            Called with each line. Default: print to the standard output.
        expand_nested : bool
            As in Keras; no model here holds another.
        show_trainable : bool
            A column more: Y or N for layers with weights.
        layer_range : two str, optional
            Names or patterns of the first and the last layer to show.
        """
        from .summary import print_summary  # here, so that importing the package stays light

        print_summary(self, line_length, positions, print_fn, show_trainable, layer_range)

    def save(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Write the model to one ``.nlstm`` file; see :func:`numba_lstm.saving.save_model`."""
        from .saving import save_model

        save_model(self, filepath, overwrite)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal model without its weights, as JSON values. Where it computes is no part of it."""
        entries = [self._input, *self._layers] if self._input is not None else self._layers
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype,
            "layers": [layers.serialize(layer) for layer in entries],
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None) -> Self:
        """A model of :meth:`get_config`'s arguments; ``custom_objects`` are classes of layers that are not of this package."""
        stack = [layers.deserialize(entry, custom_objects) for entry in config["layers"]]
        return cls(stack, name=config["name"], dtype=config["dtype"], trainable=config["trainable"])

    def __reduce__(self) -> tuple[Any, ...]:
        state = {
            "config": self.get_config(),
            "layers": {type(layer).__name__: type(layer) for layer in self._layers},
            "weights": self.get_weights(),
            "compile": self.get_compile_config(),
            "optimizer": {} if self.optimizer is None else self.optimizer.state(),
            "random": self.random.state if "random" in vars(self) else None,
            "device": self._device,
        }
        return _restored, (type(self), state)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _restored(cls: type[Sequential], state: dict[str, Any]) -> Sequential:
    """A pickled or copied model: configs and NumPy arrays only, so kernels and device arrays are made anew where it lands."""
    with initializers.skipped():
        model = cls.from_config(state["config"], state["layers"])
    if model.built:
        model.set_weights(state["weights"])
    model.compile_from_config(state["compile"])
    if model.optimizer is not None:
        # The weights that were trained: some may have been frozen since, and still have their slots.
        trained = [v for v in model.weights if any(key.startswith(f"{v.path}/") for key in state["optimizer"])]
        if trained:
            model.optimizer.build(trained)
        model.optimizer.load_state(state["optimizer"])
    if state["random"] is not None:
        model.random = Stream(state["random"]["seed"])  # asking for one first would draw from the default stream
        model.random.state = state["random"]
    return model if state["device"] is None else model.to(state["device"])


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: Mapping[str, type[Layer]] | None = None,
    compile: bool = True,
    device: str | None = None,
) -> Sequential:
    """Read a model that :meth:`Sequential.save` wrote; see :func:`numba_lstm.saving.load_model`."""
    from .saving import load_model as load

    return load(filepath, custom_objects, compile, device)
