"""TrainableModel: a graph of layers with the methods that call, train and evaluate it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import training
from ..layers.base import to_samples
from ..layers.base.graph.symbolic import is_symbolic
from ..layers.cells import quantizable_cells
from ..layers.cells.quantized import MODES
from ..layers.traced.graphs.added_loss import AddsLosses
from ..metrics import Metric
from ..objects.serialization import choose
from ..objects.subclassing import overridden
from ..philox import Stream, default_stream
from ..training.batches import as_tuple, steps_first
from ..training.data.array_validation import validate_mask
from ..training.data.several import validate_inputs
from .compiling.keras_methods import GONE, NEVER_CALLED
from .compiling.trainer import Trainer
from .passes import Passes
from .plans.decoding import DecodingPlans
from .plans.prediction import PredictionPlans
from .plans.training import TrainingPlans


class TrainableModel(AddsLosses, Passes, Trainer):
    """Base class of models, without their files, streams and summary."""

    removed_attributes = GONE
    checked_methods = ("forward", "backward", "gather", "build", "compute_output_shape", "constrain")
    settable = frozenset({"random", "run_eagerly", "stop_training"})

    def __init__(self, name: str | None, dtype: str, trainable: bool, device: str | None) -> None:
        Trainer.__init__(self)
        super().__init__(name, dtype, trainable)
        if device is not None:
            self.to(device)

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

    @cached_property
    def decoding_plans(self) -> DecodingPlans:
        """The plans of the steps of decoders."""
        return DecodingPlans(self)

    # -- calling ------------------------------------------------------------------------------------------------------

    def __call__(
        self, x: Any, training: bool | None = None, mask: npt.ArrayLike | None = None, *, lengths: npt.ArrayLike | None = None
    ) -> Any:
        """Compute the output for ``x`` as one batch, as a NumPy array; the first call builds the model.

        Parameters
        ----------
        x : array, (N, T, D), (N, D) or indices (N, T), or a list or dict of them
            The input, or all inputs. For symbolic tensors the output is symbolic, too: the model is then used as a layer.
        training : bool
            Compute as in training: drop out, draw noise.
        mask : array of bool, (N, T), optional
            False in the steps of the only input to leave out; each layer passes it on to the next.
        lengths : array of int, (N,), optional
            Instead of a mask, for right-padded x: how many steps of each sample are real.

        Returns
        -------
        array, or list or dict of arrays
            The outputs, in the form in which the model was made.

        Raises
        ------
        TypeError, ValueError
            For anything that the model does not take.
        """
        if mask is None and lengths is None and not training:
            y = self.prediction_plans.repeated(x)
            if y is not None:
                return y if self.has_one_output else self.in_output_form(y)
        if (type(x) is not np.ndarray or mask is not None) and is_symbolic(x, mask):
            if lengths is not None:
                raise TypeError(f"{self.name} takes lengths for arrays alone, not for symbolic tensors. Give a mask.")
            return self.connect(x, training, mask)
        arrays = self._arrays(x)
        if not training and mask is None and lengths is None:
            y = self.prediction_plans(arrays)
            if y is not None:
                return y if self.has_one_output else self.in_output_form(y)
        ops = self.ops
        rng = self.random.next_key() if training else None
        steps = None if mask is None and lengths is None else steps_first(ops, validate_mask(self, arrays, mask, lengths), bool)
        y = self.forward(self.gather(ops, arrays, slice(None)), bool(training), rng, steps).y
        return self.in_output_form([to_samples(ops, one) for one in as_tuple(y)])

    def _arrays(self, x: Any) -> Any:
        """Return a user's input as an array that the model takes, or a tuple of those of several inputs."""
        self.build_for_data(x)
        if self.has_one_input:
            return self.validate_input(x)
        return validate_inputs(self, x).x

    def path(self) -> str:
        """Return how calls of the built model run: ``"plan"``, or ``"ops: "`` and the reason against plans.

        A plan is recorded for a shape of batches, by the first batch of all or by a second one of its shape, and then runs
        without the Python of layers. Batches of more than 1,024 samples, or of very long sequences, take no plan.
        """
        reason = self.why_not_predicted()
        return "plan" if reason is None else f"ops: {reason}"

    # -- training: the functions of numba_lstm.training are the methods ------------------------------------------------

    fit = training.fit
    evaluate = training.evaluate
    predict = training.predict
    train_on_batch = training.train_on_batch
    test_on_batch = training.test_on_batch
    predict_on_batch = training.predict_on_batch
    value_and_gradients = training.value_and_gradients
    train_step = training.train_step
    test_step = training.test_step
    predict_step = training.predict_step
    compute_loss = training.compute_loss
    compute_metrics = training.compute_metrics
    get_metrics_result = training.get_metrics_result
    reset_metrics = training.reset_metrics

    @property
    def metrics(self) -> list[Metric]:
        """All metrics that are reported besides the loss.

        Of a class that overrides ``train_step`` or ``test_step`` the list begins with the mean of the ``loss``, whose
        ``update_state(loss)`` a step calls.
        """
        if self.built and self.loss is not None and any(training.overrides(self, step) for step in ("train_step", "test_step")):
            return training.step_metrics(self).all
        return self._compiled_metrics

    @classmethod
    def check_class(cls) -> None:
        """Raise TypeError as the base class does, and for ``metrics`` that no step of the class updates."""
        super().check_class()
        if "metrics" in (found := overridden(cls)) and not found.keys() & {"train_step", "test_step"}:
            raise TypeError(f"{cls.__name__} overrides metrics, which is never called here. {NEVER_CALLED['metrics']}")

    def quantize(self, mode: str = "int8") -> None:
        """Round the kernels of all LSTMs, GRUs and simple RNNs to int8, permanently, as ``keras.Model.quantize``.

        A quantized model is for inference alone. Streams and single sequences through large layers, which wait for weights,
        take less than half the time then. Other layers stay in float32. See :meth:`numba_lstm.layers.LSTM.quantize`.

        Parameters
        ----------
        mode : "int8"
            The one that there is.

        Raises
        ------
        ValueError
            For a model that is not built, that has no such layer, or has one in float64, with layer norms or a projection, or
            with weights that are not finite. Nothing is changed then.
        """
        cells = [cell for layer in self._layers for cell in quantizable_cells(layer)]
        if not cells:
            raise ValueError(f"{self.name} has no LSTM, GRU or SimpleRNN that is built, and there is nothing else to quantize.")
        choose(mode, MODES, "mode")
        for cell in cells:
            cell.check_quantizable()
        for cell in cells:
            cell.quantize(mode)
