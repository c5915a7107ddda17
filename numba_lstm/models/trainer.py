"""Trainer: how a model is to be trained, which ``compile`` says. The loops themselves are :mod:`numba_lstm.training`'s."""

from __future__ import annotations

from typing import Any

from .. import losses, metrics, optimizers, serialization
from ..callbacks import History
from ..losses import Loss
from ..metrics import Metric
from ..optimizers import Optimizer

_STEPS = "Write the loop over batches yourself, as docs/semantics.md shows under 'Classes of your own'."
_CALL = "Override forward and backward, or put a layer of your own into the model."

#: What Keras's models override and these do not.
NEVER_CALLED = {
    **dict.fromkeys(("train_step", "make_train_function", "compute_loss"), _STEPS),
    **dict.fromkeys(("test_step", "make_test_function"), "Compute what you need from predict(x)."),
    **dict.fromkeys(("predict_step", "make_predict_function"), "Override predict, or change what predict(x) answers."),
    **dict.fromkeys(("call", "__call__"), _CALL),
    **dict.fromkeys(
        ("compute_metrics", "get_metrics_result", "reset_metrics", "metrics"),
        "Compute them from model.predict(x) in on_epoch_end of a Callback.",
    ),
    **dict.fromkeys(("compute_mask", "compute_output_spec"), _CALL),
    "layers": "Call add(layer) in the constructor.",
}


class Trainer:
    """The trainable half of a model."""

    name: str

    def __init__(self) -> None:
        self._optimizer: Optimizer | None = None
        self._loss: Loss | None = None
        self.metrics_list: list[Metric] = []  #: count each sample once
        self.weighted_metrics_list: list[Metric] = []  #: count samples by their weights
        self.history: History | None = None  #: of the last ``fit``
        self.stop_training = False  #: a callback sets it to end ``fit`` after the epoch

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: None = None,
        metrics: list[Any] | None = None,
        weighted_metrics: list[Any] | None = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how to train, as ``keras.Model.compile``.

        Parameters
        ----------
        optimizer : str, dict or Optimizer
            See :mod:`numba_lstm.optimizers`.
        loss : str, function, dict or Loss, optional
            See :mod:`numba_lstm.losses`. Needed to fit and to evaluate.
        loss_weights : None
            Not taken: there is one output.
        metrics, weighted_metrics : list of str, dict or Metric, optional
            What to report besides the loss (:mod:`numba_lstm.metrics`); ``weighted_metrics`` count ``sample_weight`` and
            ``class_weight``. ``"accuracy"`` becomes the one that fits the loss and the output.
        run_eagerly, steps_per_execution, jit_compile, auto_scale_loss
            Taken without effect: they say how Keras runs, never what it computes.

        Raises
        ------
        ValueError
            For an unknown name, with the nearest known one; nothing is changed then.
        TypeError
            For ``loss_weights``, and for anything that is none of the above.
        """
        if loss_weights is not None:
            raise TypeError(f"{self.name} has one output and takes no loss_weights, got {loss_weights!r}. Leave it out.")
        chosen = optimizers.get(optimizer), None if loss is None else losses.get(loss)
        plain, weighted = _made("metrics", metrics), _made("weighted_metrics", weighted_metrics)
        (self._optimizer, self._loss), self.metrics_list, self.weighted_metrics_list = chosen, plain, weighted

    @property
    def optimizer(self) -> Optimizer | None:
        """The optimizer; another one may be set, by name too."""
        return self._optimizer

    @optimizer.setter
    def optimizer(self, value: Any) -> None:
        self._optimizer = None if value is None else optimizers.get(value)

    @property
    def loss(self) -> Loss | None:
        """The loss; another one may be set, by name too."""
        return self._loss

    @loss.setter
    def loss(self, value: Any) -> None:
        self._loss = None if value is None else losses.get(value)

    @property
    def compiled(self) -> bool:
        """Whether :meth:`compile` was called."""
        return self.optimizer is not None

    @property
    def metrics_names(self) -> list[str]:
        """As in Keras 3, ``loss``, and ``compile_metrics`` for all metrics at once; empty before :meth:`compile`.

        The names of single metrics are those of ``evaluate(..., return_dict=True)``.
        """
        names = ["loss"] if self.compiled else []
        return [*names, "compile_metrics"] if self.metrics else names

    @property
    def metrics(self) -> list[Metric]:
        """All metrics that are reported besides the loss."""
        return [*self.metrics_list, *self.weighted_metrics_list]

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of :meth:`compile`, as JSON values; empty before it."""
        if self.optimizer is None:
            return {}
        return {
            "optimizer": serialization.serialize(self.optimizer),
            "loss": None if self.loss is None else serialization.serialize(self.loss),
            "metrics": [serialization.serialize(metric) for metric in self.metrics_list],
            "weighted_metrics": [serialization.serialize(metric) for metric in self.weighted_metrics_list],
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """:meth:`compile` with what :meth:`get_compile_config` answered."""
        if config:
            self.compile(**config)


def _made(argument: str, identifiers: Any) -> list[Metric]:
    if not isinstance(identifiers, (list, tuple, type(None))):
        raise TypeError(f"{argument} must be a list, got {identifiers!r}. Write {argument}=[{identifiers!r}].")
    return [metrics.get(identifier) for identifier in identifiers or ()]
