"""TrainableModel: a chain of layers with the methods that call, train and evaluate it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .. import layers, training
from ..layers import Layer
from ..layers.base import to_samples
from ..layers.cells import lstm_cells
from ..layers.cells.quantized import MODES
from ..objects.serialization import choose
from ..random import Stream, default_stream
from ..training.batches import steps_first
from ..training.data.array_validation import validate_mask
from .chain import Chain
from .plans.prediction import PredictionPlans
from .plans.training import TrainingPlans
from .trainer import GONE, NEVER_CALLED, Trainer


class TrainableModel(Chain, Trainer):
    """Base class of Sequential, without its files, streams and summary."""

    unsupported_methods = NEVER_CALLED
    removed_attributes = GONE
    checked_methods = ("forward", "backward", "gather", "build", "compute_output_shape", "constrain")
    settable = frozenset({"random", "run_eagerly", "stop_training"})

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

    @cached_property
    def random(self) -> Stream:
        """Random keys of shuffles and dropout; a stream that is spawned from the default stream at the first use."""
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
        """Compute the output for ``x`` as one batch, as a NumPy array; the first call builds the model.

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
        """Return how calls of the built model run: ``"plan"``, or ``"ops: "`` and the reason against plans.

        A plan is recorded for a shape of batches, by the first batch of all or by a second one of its shape, and then runs
        without the Python of layers. Batches of more than 1,024 samples, or of very long sequences, take no plan.
        """
        reason = self.why_not_planned()
        return "plan" if reason is None else f"ops: {reason}"

    # -- training: the functions of numba_lstm.training are the methods ------------------------------------------------

    fit = training.fit
    evaluate = training.evaluate
    predict = training.predict
    train_on_batch = training.train_on_batch
    test_on_batch = training.test_on_batch
    predict_on_batch = training.predict_on_batch

    def quantize(self, mode: str = "int8") -> None:
        """Round the kernels of all LSTMs to int8, permanently and for inference only, as ``keras.Model.quantize``.

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

    # -- configuration -------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal model without its weights, as JSON values; the device is left out."""
        entries = [self._input, *self._layers] if self._input is not None else self._layers
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype,
            "layers": [layers.serialize(layer) for layer in entries],
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        """Make a model from the arguments of :meth:`get_config`; ``custom_objects`` are your classes and functions, by name."""
        stack = [layers.deserialize(entry, custom_objects) for entry in config["layers"]]
        return cls(stack, name=config["name"], dtype=config["dtype"], trainable=config["trainable"])
