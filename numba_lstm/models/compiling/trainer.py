"""Trainer: ``compile``, with the optimizer, the loss and the metrics. :mod:`numba_lstm.training` has the loops."""

from __future__ import annotations

from typing import Any

from ... import losses, optimizers
from ... import metrics as metrics_module
from ...callbacks import History
from ...losses import Loss
from ...losses.reductions import check_trainable
from ...metrics import Metric
from ...objects import serialization
from ...optimizers import Optimizer
from ...training.plan_protocols import CompiledOutput
from ...training.strategy import Strategy
from .function_checks import check_function, check_strategy
from .output_arguments import all_for_output, as_entries, as_weight, for_output, per_output


class Trainer:
    """Base class of models that holds the optimizer, the loss and the metrics."""

    name: str
    dtype: str
    _held_trained: Any  #: the chain's, None unless ``fit`` runs

    @property
    def traced(self) -> bool:
        """Whether the graph is made by a method of a user, for the first data."""
        raise NotImplementedError

    @property
    def built(self) -> bool:
        """Whether the weights exist."""
        raise NotImplementedError

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs; empty while there are no layers."""
        raise NotImplementedError

    def __init__(self) -> None:
        self._optimizer: Optimizer | None = None
        self.compiled_outputs: list[CompiledOutput] = []  #: the loss and the metrics of each output; empty before compile
        #: Arguments of ``compile`` of a model whose outputs are not known yet.
        self.compile_later: dict[str, Any] | None = None
        self.strategy: Strategy | None = None  #: of several processes, from compile
        self.history: History | None = None  #: of the last ``fit``
        self.stop_training = False  #: a callback sets it to end ``fit`` after the epoch

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
        *,
        strategy: Strategy | None = None,
    ) -> None:
        """Set the optimizer, the loss and the metrics, as ``keras.Model.compile``.

        Parameters
        ----------
        optimizer : str, dict or Optimizer
            See :mod:`numba_lstm.optimizers`.
        loss : str, function, dict, class or Loss, optional
            See :mod:`numba_lstm.losses`. A function ``f(y_true, y_pred)`` of your own uses :mod:`numba_lstm.ops`. Needed to fit
            and to evaluate, unless a layer or the model calls ``add_loss``. For several outputs one for all, or one for each.
        loss_weights : float, optional
            What the loss is multiplied by, but not the penalties: in all that is reported, and in all gradients. The losses of
            several outputs are reported without their weights, and their weighted sum as ``loss``.
        metrics, weighted_metrics : list of str, function, dict or Metric, optional
            What to report besides the loss (:mod:`numba_lstm.metrics`); ``weighted_metrics`` count ``sample_weight`` and
            ``class_weight``. ``"accuracy"`` becomes the one that fits the loss and the output.
        run_eagerly : bool
            Run the ops of layers one by one, without plans; see :meth:`numba_lstm.Sequential.path`. Slower, with the same bits.
        steps_per_execution, jit_compile, auto_scale_loss
            Taken without effect: they say how Keras runs, never what it computes.
        strategy : numba_lstm.distributed.DataParallel, optional
            Divides batches among processes.

        Raises
        ------
        ValueError
            For an unknown name, with the nearest known one, for a loss that cannot be trained, and for entries of other
            outputs than the one; nothing is changed then.
        TypeError
            For anything that is none of the above.
        RuntimeError
            While ``fit`` runs.

        Notes
        -----
        Each of ``loss``, ``loss_weights`` and the metrics may also be a list with an entry for each output, in their order, or
        a dict with the names of the outputs as keys: those of the last layers, or the keys of ``outputs``.
        """
        self._refuse_while_fit_runs("compile cannot be called")
        chosen = optimizers.get(optimizer)
        check_strategy(strategy, type(self))
        fields = {"loss": loss, "loss_weights": loss_weights, "metrics": metrics, "weighted_metrics": weighted_metrics}
        if self.traced and not self.built:
            self.compile_later = {"optimizer": chosen, "run_eagerly": run_eagerly, "strategy": strategy, **fields}
        compiled = [] if self.traced and not self.built else self._compile_outputs(fields)
        self._optimizer, self.compiled_outputs, self.run_eagerly = chosen, compiled, bool(run_eagerly)
        self.strategy = strategy

    def _compile_outputs(self, fields: dict[str, Any]) -> list[CompiledOutput]:
        """Return the losses and metrics of all outputs, from arguments of ``compile``."""
        names: list[str | None] = [*self.output_names] or [None]
        entries = [per_output(what, value, names, shared=what == "loss") for what, value in fields.items()]
        return [self._compiled_output(*values, several=len(names) > 1) for values in zip(names, *entries, strict=True)]

    def _compiled_output(
        self, name: str | None, loss: Any, loss_weight: Any, metrics: Any, weighted_metrics: Any, *, several: bool
    ) -> CompiledOutput:
        """Return the loss and the metrics of an output, from its entries of the arguments of ``compile``."""
        given, weight = for_output("loss", loss, name), as_weight(loss_weight, name)
        if given is None and weight != 1:
            raise ValueError(f"loss_weights={loss_weight!r} weighs a loss, but there is none. Give a loss.")
        plain, weighted = (
            [
                check_function(metrics_module.get(one), self)
                for one in all_for_output(what, as_entries(value) if several else value, name)
            ]
            for what, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics))
        )
        chosen = None if given is None else self._trainable_loss(losses.get(given))
        return CompiledOutput(name or "output", chosen, weight, plain, weighted)

    @property
    def optimizer(self) -> Optimizer | None:
        """The optimizer. Another one may be set, also by name."""
        return self._optimizer

    @optimizer.setter
    def optimizer(self, value: Any) -> None:
        self._refuse_while_fit_runs("the optimizer cannot be replaced")
        self._optimizer = None if value is None else optimizers.get(value)

    @property
    def loss(self) -> Any:
        """The loss, or a list of those of several outputs; None before :meth:`compile`.

        Another one may be set, also by name.
        """
        losses = [output.loss for output in self.compiled_outputs]
        return losses if len(losses) > 1 else (losses or [None])[0]

    @loss.setter
    def loss(self, value: Any) -> None:
        compiled = self.compiled_outputs or [
            CompiledOutput(name, None, 1.0, [], []) for name in self.output_names or ["output"]
        ]
        values = per_output("loss", value, [output.name for output in compiled], shared=True)
        losses_ = [None if one is None else self._trainable_loss(losses.get(one)) for one in values]
        self.compiled_outputs = [output._replace(loss=one) for output, one in zip(compiled, losses_, strict=True)]

    @property
    def loss_weight(self) -> float:
        """What the loss of the only output is multiplied by."""
        return self.compiled_outputs[0].weight if self.compiled_outputs else 1.0

    def _refuse_while_fit_runs(self, what: str) -> None:
        if self._held_trained is not None:
            raise RuntimeError(f"{what} while fit runs. Set model.stop_training = True, and do it when fit has returned.")

    def _trainable_loss(self, loss: Loss) -> Loss:
        check_trainable(loss.reduction, loss.name)
        check_function(loss, self)
        if loss.dtype not in (None, self.dtype):
            raise ValueError(
                f"{loss.name} has dtype {loss.dtype!r}, but {self.name} computes in {self.dtype!r}. Leave the loss's dtype out."
            )
        return loss

    @property
    def compiled(self) -> bool:
        """Whether :meth:`compile` was called."""
        return self.optimizer is not None

    @property
    def metrics_names(self) -> list[str]:
        """As in Keras 3 ``loss``, and ``compile_metrics`` for all metrics; empty before :meth:`compile`.

        The names of single metrics are those of ``evaluate(..., return_dict=True)``.
        """
        names = ["loss"] if self.compiled else []
        return [*names, "compile_metrics"] if self._compiled_metrics else names

    @property
    def _compiled_metrics(self) -> list[Metric]:
        return [metric for output in self.compiled_outputs for metric in (*output.metrics, *output.weighted_metrics)]

    def get_compile_config(self) -> dict[str, Any]:
        """Return the arguments of :meth:`compile` as JSON values; empty before it."""
        if self.optimizer is None:
            return {}
        serialize, outputs = serialization.serialize, self.compiled_outputs
        fields: dict[str, list[Any]] = {
            "loss": [None if output.loss is None else serialize(output.loss) for output in outputs],
            "loss_weights": [None if output.weight == 1 else output.weight for output in outputs],
            "metrics": [[serialize(metric) for metric in output.metrics] for output in outputs],
            "weighted_metrics": [[serialize(metric) for metric in output.weighted_metrics] for output in outputs],
        }
        if len(outputs) == 1:
            return {"optimizer": serialize(self.optimizer), **{name: values[0] for name, values in fields.items()}}
        return {"optimizer": serialize(self.optimizer), **fields}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Call :meth:`compile` with the arguments of :meth:`get_compile_config`."""
        if config:
            self.compile(**config)
