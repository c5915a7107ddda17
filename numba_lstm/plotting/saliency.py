"""SaliencyDisplay: how much an output depends on each step of the input."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ..layers import ActivityRegularization, BatchNormalization
from ..models import Model, clone_model
from .axes import axes_grid
from .recurrence import one_sample

Values = npt.NDArray[Any]

#: Arguments of layers that act in training alone, and that the copy which is differentiated has at zero.
NOISE = ("rate", "stddev", "dropout", "recurrent_dropout")


class SaliencyDisplay:
    """The gradient of one output with respect to the input, below the input itself.

    Simonyan, Vedaldi & Zisserman (2014), "Deep Inside Convolutional Networks", section 3, for sequences.

    Parameters
    ----------
    x : array, (T, D)
        The sequence.
    gradient : array, (T, D)
        Of the output with respect to ``x``, in units of the output by unit of ``x``.
    output : str
        What was differentiated.

    Attributes
    ----------
    ax_ : array of Axes, (2,)
        The input, the magnitude of the gradient.
    figure_ : Figure
    """

    def __init__(self, x: Values, gradient: Values, output: str = "output") -> None:
        self.x, self.gradient, self.output = x, gradient, output

    @classmethod
    def from_estimator(cls, model: Any, x: Any, *, output: int | tuple[int, ...] = 0, ax: Any = None) -> Self:
        """Differentiate one number of the output of ``model``, as it predicts, without dropout or noise.

        Parameters
        ----------
        model : Model
            A built model with one input of features and one output.
        x : array, (T, D) or (1, T, D)
            One sequence.
        output : int or tuple of int
            The index of the number in the output of a sample: a class, or (step, feature) of an output of sequences.
        ax : Axes, optional
            Draw in the place of it. A new figure by default.

        Raises
        ------
        ValueError
            For a model of several inputs or outputs, one that reads indices, one with zoneout, or one with
            another layer that computes in training otherwise than in prediction; for an index out of range.
        """
        if len(model.inputs) != 1 or len(model.outputs) != 1:
            raise ValueError(
                f"{model.name} has {len(model.inputs)} inputs and {len(model.outputs)} outputs; a saliency is of one output "
                "with respect to one input. Pass Model(input, output) of these two."
            )
        batch = one_sample(model, x)
        same: Model = clone_model(model)  # whose states, if it is stateful, are not those of the user's
        same.set_weights(model.get_weights())
        prediction = np.asarray(same.predict(batch, verbose=0))
        shape = prediction.shape
        index = output if isinstance(output, tuple) else (output,)
        if len(index) != len(shape) - 1 or not all(0 <= place < size for place, size in zip(index, shape[1:], strict=True)):
            raise ValueError(
                f"output is {output}, but a sample's output has shape {shape[1:]}. Pass an index of one number in it."
            )
        chosen = np.zeros(shape)
        chosen[(0, *index)] = 1.0
        copy = _without_noise(model)
        copy.compile(loss=_chosen_sum)
        value, _, gradient = copy.value_and_gradients(batch, chosen, inputs=True)
        expected = float(prediction[(0, *index)])
        if not np.isclose(value, expected, rtol=1e-3, atol=1e-5):
            raise ValueError(
                f"{model.name} predicts {expected:.6g}, but computes {value:.6g} in training, even without dropout and noise. "
                "Pass a model whose layers compute the same in both."
            )
        return cls(np.asarray(batch)[0], np.asarray(gradient)[0], f"output {output}").plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the input as lines, and below it the magnitude of the gradient of each feature as an image."""
        above, below = column = axes_grid(ax, 2, 1, (8.0, 4.5), sharex=True)[:, 0]
        T, D = self.x.shape
        above.plot(range(T), self.x, linewidth=1.0)
        above.set(ylabel="input", title=f"saliency of {self.output}")
        image = below.imshow(np.abs(self.gradient).T, aspect="auto", interpolation="nearest", cmap="magma_r", vmin=0.0)
        below.set(xlabel="step", ylabel="feature")
        if D <= 20:
            below.set_yticks(range(D))
        below.figure.colorbar(image, ax=list(column), label="magnitude of the gradient")
        self.ax_, self.figure_ = column, above.figure
        return self


def _chosen_sum(y_true: Any, y_pred: Any) -> Any:
    from ..ops import sum as total  # of traced tensors

    return total(y_true * y_pred)


def _without_noise(model: Any) -> Model:
    """Return a copy with the same weights that computes in training as ``model`` does in prediction."""

    def quiet(layer: Any) -> Any:
        config = _quiet_config(layer.name, layer.get_config())
        if isinstance(layer, ActivityRegularization):
            config |= {"l1": 0.0, "l2": 0.0}
        copy = type(layer).from_config(config)
        if isinstance(layer, BatchNormalization):
            copy.trainable = False  # takes the moving averages, as in prediction
        return copy

    copy: Model = clone_model(model, clone_function=quiet)
    copy.set_weights(model.get_weights())
    return copy


def _quiet_config(name: str, config: Any) -> Any:
    """Return the configuration of a layer, and of layers in it, without noise and without penalties."""
    if isinstance(config, list):
        return [_quiet_config(name, entry) for entry in config]
    if not isinstance(config, dict):
        return config
    if config.get("zoneout") or config.get("cell_zoneout"):
        raise ValueError(f"{name} has zoneout, whose expectation has no gradient. Pass a model without zoneout.")
    zero = {key: 0.0 for key in NOISE if config.get(key)} | {key: None for key in config if key.endswith("_regularizer")}
    return {key: _quiet_config(name, value) for key, value in config.items()} | zero
