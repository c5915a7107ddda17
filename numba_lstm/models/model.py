"""Model: a graph of layers between inputs and outputs, with its streams, its summary and its files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from ..files import formats, model_files
from ..layers import Input
from ..layers.base.weight_values import attribute_variables
from ..layers.traced import inner_graph
from ..naming import names
from ..objects.subclassing import is_of_package
from .compiling.keras_methods import NEVER_CALLED, OVERRIDABLE
from .configuration.copying import restored, state
from .configuration.graph_config import graph_config, graph_tensors
from .nesting import NestedModel
from .streaming import Stream
from .structure.functional import FunctionalGraph
from .summary import print_summary
from .tracing import symbolic_inputs, trace
from .trainable_model import TrainableModel

__all__ = ["Model"]

EXPORT_C = "..export.library:export_c"


class Model(NestedModel, FunctionalGraph, TrainableModel):
    """Layers between inputs and outputs, as ``keras.Model``.

    Parameters
    ----------
    inputs, outputs : SymbolicTensor, or list or dict of them
        The inputs, from :func:`numba_lstm.Input`, and the outputs that layers returned for them.
    name : str, optional
        Default: ``functional``, with a counter.
    trainable : bool
        Whether ``fit`` changes any weight.
    device : "auto", "cpu", "cuda" or "reference", optional
        Where it computes. Default: where :func:`numba_lstm.set_device` says, at each call.

    Raises
    ------
    TypeError
        For anything but symbolic tensors.
    ValueError
        For outputs that depend on other inputs, and for layers of several dtypes.

    Notes
    -----
    A class derived from ``Model`` may have layers as attributes and a method ``call(self, x, training=None, mask=None)``. It is
    called once, on symbolic tensors, for the first data or in :meth:`build`. What it returns makes the graph, which is all that
    runs later; copies and files hold the graph, as a ``Model``.

    A model has the dtype of its layers: give ``dtype="float64"`` to the first one, and the others follow. A call leaves nothing
    behind, so ``predict`` may run in many threads at the same time.
    """

    unsupported_methods = {name: advice for name, advice in NEVER_CALLED.items() if name not in OVERRIDABLE}

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        name: str | None = None,
        trainable: bool = True,
        *,
        device: str | None = None,
    ) -> None:
        traced = inputs is None and outputs is None and self._call is not None
        if not traced and (inputs is None or outputs is None):
            raise TypeError(
                f"{type(self).__name__} expects inputs and outputs. Write Model(inputs=[...], outputs=[...]), or derive a "
                "class with a method call(self, x)."
            )
        TrainableModel.__init__(
            self, names.unique("Functional") if name is None and type(self) is Model else name, "float32", trainable, device
        )
        if not traced:
            self.set_graph(inputs, outputs)

    @property
    def _call(self) -> Any:
        """The method ``call`` of a user's class, which is traced; None without one."""
        return self.call if hasattr(type(self), "call") else None

    @property
    def traced(self) -> bool:
        """Whether the graph is made by a method ``call``."""
        return self._call is not None

    def build(self, input_shape: Any = None) -> None:
        """Build a model that computes in a method ``call``, by tracing it for inputs of ``input_shape``, batch axis first.

        Parameters
        ----------
        input_shape : tuple, or list or dict of tuples
            Shapes of the inputs.
        """
        self.build_for_data(input_shape)

    def build_for_data(self, x: Any) -> None:
        if self.built or self._call is None:
            return
        try:
            self._trace(symbolic_inputs(x, any_steps=True))
        except ValueError:  # a layer such as Flatten needs to know the number of steps
            self._trace(symbolic_inputs(x, any_steps=False))

    def _trace(self, inputs: Any) -> None:
        if found := next(attribute_variables(vars(self)), None):
            raise TypeError(f"{type(self).__name__}.{found[0]} is a Variable of a model. Make it in a layer of your own.")
        self.set_graph(inputs, trace(type(self).__name__, self._call, inputs))
        if self.compile_later is not None:
            arguments, self.compile_later = self.compile_later, None
            self.compile(**arguments)

    def stream(self, batch_size: int = 1, threads: int = 1, *, max_steps: int | None = None) -> Stream:
        """A stateful stream through the built model, one step at a time; see :class:`numba_lstm.models.streaming.Stream`."""
        return Stream(self, batch_size, threads, max_steps=max_steps)

    def export_c(self, directory: str | os.PathLike[str], **options: Any) -> None:
        """Write a C library that computes the built model step by step, see :func:`numba_lstm.export.export_c`."""
        formats.load_function(EXPORT_C)(self, directory, **options)

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
            A row for each layer of models inside the model, too.
        show_trainable : bool
            A column more: Y or N for layers with weights.
        layer_range : two str, optional
            Names or patterns of the first and the last layer to show.
        """
        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

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
        if getattr(type(self), method) is getattr(Model, method):  # a subclass's own method may save anything
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

    def __reduce__(self) -> tuple[Any, ...]:
        return restored, (type(self) if self._call is None else Model, state(self))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal model without its weights, as JSON values; the device is left out."""
        return graph_config(self)

    def to_json(self, **kwargs: Any) -> str:
        """Return the configuration as a JSON text for :func:`numba_lstm.models.model_from_json`, without weights.

        ``kwargs`` go to ``json.dumps``. Raises TypeError for functions, which a text cannot hold.
        """
        name = next(cls.__name__ for cls in type(self).__mro__ if is_of_package(cls.__module__))
        return json.dumps({"class_name": name, "config": self.get_config(), "backend": "numba_lstm"}, **kwargs)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        """Make a model from the arguments of :meth:`get_config`; ``custom_objects`` are your classes and functions, by name."""
        inputs, outputs = graph_tensors(config, custom_objects)
        return cls(inputs, outputs, name=config["name"], trainable=config["trainable"])


def _model_of(shapes: Sequence[Sequence[int | None]], dtype: str, function: Callable[[Any], Any], name: str) -> Model:
    """Return a model of what ``function`` computes of symbolic inputs."""
    inputs = [Input(tuple(shape[1:]), dtype=dtype) for shape in shapes]
    return Model(inputs, function(inputs), name)


inner_graph.MODELS.append(_model_of)
