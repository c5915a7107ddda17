"""Protocols of models: the attributes that training uses."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from ..callbacks import History
from ..kernels.contract import Array, Ops, Tape
from ..kernels.specs import Key
from ..layers import Layer
from ..metrics import Metric
from ..optimizers import Optimizer
from ..philox import Stream
from ..variables import Variable
from .batches import Host, Rows, Shape
from .plan_protocols import CompiledOutput, PredictionPlans, TrainingPlans
from .results import ForwardResult, Gradients, States, TrainedWeights
from .strategy import Strategy


class ModelStructure(Protocol):
    """Structure of a model, against which data are validated."""

    name: str
    dtype: str

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the input layer."""

    @property
    def built(self) -> bool:
        """Whether the weights exist."""

    @property
    def traced(self) -> bool:
        """Whether the graph is made by a method of a user, for the first data."""

    @property
    def stateful(self) -> bool:
        """Whether any layer goes on from the states of the batch before."""

    @property
    def calls_with_states(self) -> list[str]:
        """The names of layers whose calls in the graph take initial states."""

    @property
    def takes_indices(self) -> bool:
        """Whether inputs are whole numbers (N, T) instead of features."""

    @property
    def has_one_input(self) -> bool:
        """Whether there is one input."""

    @property
    def has_one_output(self) -> bool:
        """Whether there is one output, which is no value of a dict."""

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs, in their order."""

    @property
    def readers(self) -> list[Layer]:
        """For each input the layer that takes it first."""

    @property
    def input_shape(self) -> Any:
        """The shape of inputs, batch axis first, or a list of those of several."""

    @property
    def output_shape(self) -> Any:
        """The shape of outputs, batch axis first, or a list of those of several."""

    @property
    def compiled_outputs(self) -> list[CompiledOutput]:
        """The loss and the metrics of each output; empty before ``compile``."""

    def ordered_inputs(self, x: Any) -> Sequence[Any]:
        """Return the entries of ``x``, one input, a list or a dict of several, in the order of the inputs."""

    def in_input_form(self, inputs: Sequence[Any]) -> Any:
        """Return ``inputs`` in the form of the model's: one, a list, or a dict."""

    def in_output_form(self, outputs: Sequence[Any]) -> Any:
        """Return ``outputs`` in the form of the model's: one, a list, or a dict."""

    @property
    def loss(self) -> Any:
        """The loss, or a list of those of several outputs; None before ``compile``."""

    @property
    def random(self) -> Stream:
        """The stream of random keys of shuffles and dropout."""

    def build_for_data(self, x: Any) -> None:
        """Build a model whose inputs are known by data alone."""

    def read_input(self, index: int, x: Any, what: str) -> Host:
        """Return ``x`` as an array of what the layers of the input of an index take."""

    def as_input(self, x: Any, what: str) -> Host:
        """Return ``x`` as an array of what the first layer takes."""

    def check_shape(self, shape: Any) -> None:
        """Raise ValueError unless the built model takes inputs of ``shape``."""

    def compute_shapes(self, input_shape: Sequence[int | None]) -> list[Shape]:
        """Return the shapes of an input and of each layer's output for it."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for inputs of ``input_shape``."""


class Trainable(ModelStructure, Protocol):
    """Model that the loops can train, evaluate and use for predictions."""

    compile_later: dict[str, Any] | None  #: arguments of ``compile`` for outputs that are not known yet
    history: History | None  #: of the last ``fit``
    stop_training: bool  #: ends ``fit`` after the batch

    @property
    def compiled(self) -> bool:
        """Whether ``compile`` was called."""

    @property
    def optimizer(self) -> Optimizer | None:
        """The optimizer, None before ``compile``."""

    @property
    def strategy(self) -> Strategy | None:
        """The division of batches among processes, None for one process."""

    @property
    def ops(self) -> Ops:
        """The ops of the model's device."""

    @property
    def trainable_weights(self) -> list[Variable]:
        """The variables that ``fit`` changes."""

    @property
    def outdated(self) -> bool:
        """Whether ``trainable`` of anything has changed within :meth:`hold_trained_weights`."""

    @property
    def metrics(self) -> list[Metric]:
        """The metrics."""

    def check_windows(self) -> None:
        """Raise ValueError for a layer that loses something where time is cut into windows."""

    def window_states(self, N: int) -> States:
        """Return what each call of a layer begins with in the first window of N samples."""

    def train_step(self, data: Any) -> Any:
        """Take a step of the optimizer on a batch, and return the logs."""

    def test_step(self, data: Any) -> Any:
        """Compute the loss and the metrics of a batch, and return the logs."""

    def predict_step(self, data: Any) -> Any:
        """Return the outputs of a batch."""

    @property
    def draws_in_inference(self) -> bool:
        """Whether calls outside of training draw random numbers, too."""

    @property
    def makes_masks(self) -> bool:
        """Whether a layer makes a mask, so that outputs may have one without an input that has."""

    @property
    def adds_losses(self) -> bool:
        """Whether any layer adds losses of its own."""

    @property
    def prediction_plans(self) -> PredictionPlans:
        """The plans of predictions."""

    @property
    def training_plans(self) -> TrainingPlans:
        """The plans of training steps."""

    @property
    def execution(self) -> Any:
        """The calls of the layers of the built model: another object after each change of its graph."""

    def build(self, input_shape: Sequence[int | None] | None = None) -> None:
        """Make all weights for inputs of ``input_shape``."""

    def gather(self, ops: Ops, x: Any, rows: Rows) -> Any:
        """Return samples ``rows`` of ``x`` as one batch on the device, or those of a tuple of arrays."""

    def forward(
        self,
        x: Any,
        training: bool = False,
        rng: Key | None = None,
        mask: Array | None = None,
        states: States | None = None,
    ) -> ForwardResult:
        """Compute the outputs of the model."""

    def backward(
        self,
        tapes: Sequence[Tape],
        dy: Any,
        dstates: States | None = None,
        *,
        need_dx: bool = False,
        trained: TrainedWeights | None = None,
        penalties: bool = True,
    ) -> Gradients:
        """Compute the gradients of a call of :meth:`forward`."""

    def trained(self) -> TrainedWeights:
        """Return the weights that a training step changes."""

    def with_penalties(self, gradients: Sequence[Array], trained: TrainedWeights) -> list[Array]:
        """Add the gradients of the penalties of weights to those of a loss."""

    def hold_trained_weights(self) -> AbstractContextManager[TrainedWeights]:
        """Return a context manager that keeps the present :meth:`trained`."""

    def constrain(self) -> None:
        """Apply the constraints of all layers' trained weights."""
