"""Models: what a user builds, calls, trains, saves and copies as one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from .. import layers, training
from ..files import formats, model_files
from ..layers import Layer
from ..layers.base import to_samples
from ..layers.cells import lstm_cells
from ..layers.cells.quantized import MODES
from ..objects.serialization import choose
from ..random import Stream, default_stream
from ..training.batches import steps_first
from ..training.data.array_validation import validate_mask
from .chain import Chain
from .copying import restored, state
from .prediction_plans import PredictionPlans
from .trainer import GONE, NEVER_CALLED, Trainer
from .training_plans import TrainingPlans

if TYPE_CHECKING:
    from .streaming import Stream as StepStream

__all__ = ["Sequential"]


class Sequential(Chain, Trainer):
    """Layers one after the other, as ``keras.Sequential``.

    Parameters
    ----------
    layers : sequence of Layer, optional
        Added one by one.
    trainable : bool
        Whether ``fit`` changes any weight.
    name : str, optional
        Default: ``sequential``, with a counter.
    device : "auto", "cpu", "cuda" or "reference", optional
        Where it computes. Default: where :func:`numba_lstm.set_device` says, at each call.
    dtype : "float32" or "float64"
        Of weights and arithmetic.

    Notes
    -----
    A model with an ``Input``, or whose first layer has an ``input_shape``, is built while layers are added; any other at its
    first call. A call leaves nothing behind, so ``predict`` may run in many threads at once.
    """

    def __init__(
        self,
        layers: Sequence[Layer] | None = None,
        trainable: bool = True,
        name: str | None = None,
        *,
        device: str | None = None,
        dtype: str = "float32",
    ) -> None:
        if not isinstance(trainable, (bool, np.bool_)):
            raise TypeError(f"Sequential's trainable must be True or False, got {trainable!r}. A name is given as name=.")
        Trainer.__init__(self)
        Chain.__init__(self, name, dtype, trainable)
        if device is not None:
            self.to(device)
        for layer in layers or ():
            self.add(layer)

    unsupported_methods = NEVER_CALLED
    removed_attributes = GONE
    checked_methods = ("forward", "backward", "gather", "build", "compute_output_shape", "constrain")
    settable = frozenset({"random", "run_eagerly", "stop_training"})

    @cached_property
    def random(self) -> Stream:
        """What shuffles and dropout draw from: a stream of its own, taken from the default stream when first needed."""
        return default_stream().spawn()

    @cached_property
    def prediction_plans(self) -> PredictionPlans:
        """The plans of predictions."""
        return PredictionPlans(self)

    @cached_property
    def training_plans(self) -> TrainingPlans:
        """The plans of training steps."""
        return TrainingPlans(self)

    # -- calling ------------------------------------------------------------------------------------------------------

    def __call__(
        self,
        x: npt.ArrayLike,
        training: bool = False,
        mask: npt.ArrayLike | None = None,
        *,
        lengths: npt.ArrayLike | None = None,
    ) -> npt.NDArray[Any]:
        """The output for ``x`` as a NumPy array, in one batch; builds the model at its first call.

        Parameters
        ----------
        x : array, (N, T, D), (N, D) or indices (N, T)
        training : bool
            Compute as in training: drop out, draw noise.
        mask : array of bool, (N, T), optional
            False in the steps to leave out; the layers hand it on from one to the next.
        lengths : array of int, (N,), optional
            Instead of a mask, for right-padded x: how many steps of each sample are real.

        Raises
        ------
        TypeError, ValueError
            For anything that the model does not take.
        """
        ops, array = self.ops, self.check_input(x)
        if not training and mask is None and lengths is None:
            y = self.prediction_plans(array)
            if y is not None:
                return y
        rng = self.random.next_key() if training else None
        steps = None if mask is None and lengths is None else steps_first(ops, validate_mask(self, array, mask, lengths), bool)
        return to_samples(ops, self.forward(self.gather(ops, array, slice(None)), training, rng, steps).y)

    def path(self) -> str:
        """How calls of the built model run: ``"plan"``, or ``"ops: "`` and the reason why one by one; pure.

        A plan is recorded for a shape of batches, by the first batch of all or by a second one of its shape, and then runs
        without the Python of layers. Batches of more than 1,024 samples, or of very long sequences, take no plan.
        """
        reason = self.why_not_planned()
        return "plan" if reason is None else f"ops: {reason}"

    def stream(self, batch_size: int = 1, threads: int = 1) -> StepStream:
        """A stateful stream through the built model, one step at a time; see :class:`numba_lstm.models.streaming.Stream`."""
        from .streaming import Stream as StepStream

        return StepStream(self, batch_size, threads)

    # -- training: the functions of numba_lstm.training are the methods ------------------------------------------------

    fit = training.fit
    evaluate = training.evaluate
    predict = training.predict
    train_on_batch = training.train_on_batch
    test_on_batch = training.test_on_batch
    predict_on_batch = training.predict_on_batch

    def quantize(self, mode: str = "int8") -> None:
        """Round the kernels of all LSTMs to int8, for good and for inference alone, as ``keras.Model.quantize`` those of Dense.

        Streams and single sequences through large LSTMs, which wait for weights, take less than half the time then. Other
        layers stay in float32. See :meth:`numba_lstm.layers.LSTM.quantize`.

        Parameters
        ----------
        mode : "int8"
            The one that there is.

        Raises
        ------
        ValueError
            For a model that is not built, that has no LSTM, or has one in float64, with layer norms or a projection, or with
            weights that are not finite. Nothing is changed then.
        """
        cells = [cell for layer in self._layers for cell in lstm_cells(layer)]
        if not cells:
            raise ValueError(f"{self.name} has no LSTM that is built, and there is nothing else to quantize.")
        choose(mode, MODES, "mode")
        for cell in cells:
            cell.check_quantizable()
        for cell in cells:
            cell.quantize(mode)

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
        """Write one file: ``.nlstm``, or for Keras 3 ``.keras`` or ``.h5``; see :func:`numba_lstm.saving.save_model`."""
        model_files.save_model(self, filepath, overwrite)

    def save_weights(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Write the weights, and the optimizer's state, as Keras 3 does; the model is built.

        Parameters
        ----------
        filepath : path
            Ends in ``.weights.h5``.
        overwrite : bool
            Whether an existing file may be replaced.

        Raises
        ------
        ImportError
            Without h5py.
        ValueError
            For another extension, and before there are weights.
        FileExistsError, OSError
            As :meth:`save`.
        """
        model_files.save_weights(self, filepath, overwrite)

    def check_saving(
        self, filepath: str | os.PathLike[str], weights_only: bool = False, *, makes_folders: bool = False
    ) -> None:
        """Raise what :meth:`save`, or with ``weights_only`` :meth:`save_weights`, would raise before it writes."""
        method = "save_weights" if weights_only else "save"
        if getattr(type(self), method) is getattr(Sequential, method):  # a subclass's own method may save anything
            model_files.check_saving(self, filepath, weights_only, makes_folders=makes_folders)

    def load_weights(self, filepath: str | os.PathLike[str], skip_mismatch: bool = False) -> None:
        """Take the weights of a file of Keras 3 (``.weights.h5``, ``.keras``, legacy ``.h5``); the model is built.

        The optimizer of a compiled model goes on from the state of a ``.weights.h5`` or ``.keras`` file, if that fits it; a
        warning says if not.

        Parameters
        ----------
        filepath : path
            The file. Its content counts, not its extension.
        skip_mismatch : bool
            Whether layers whose weights in the file have other shapes, or are not there, keep their own; a warning names them.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        FileFormatError
            If it is damaged, or has other weights than the model; nothing is changed then.
        ValueError
            Before there are weights.
        """
        formats.load_function(formats.WEIGHTS.assign)(self, filepath, skip_mismatch)

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
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        """A model of :meth:`get_config`'s arguments; ``custom_objects`` are classes and functions of your own, by name."""
        stack = [layers.deserialize(entry, custom_objects) for entry in config["layers"]]
        return cls(stack, name=config["name"], dtype=config["dtype"], trainable=config["trainable"])

    def __reduce__(self) -> tuple[Any, ...]:
        return restored, (type(self), state(self))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
