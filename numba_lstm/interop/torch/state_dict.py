"""Convert models to weights with the names of ``torch.nn.LSTM``, ``nn.GRU``, ``nn.RNN`` and ``nn.Linear``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...layers import GRU, LSTM, Bidirectional, Dense, Dropout, Layer, SimpleRNN
from ...models.sequential import Sequential
from . import names
from .reading import Arrays

#: Activations of the modules of PyTorch, the usual one first.
_ACTIVATIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "nn.LSTM": {"activation": ("tanh",), "recurrent_activation": ("sigmoid",), "output_activation": ("tanh",)},
    "nn.GRU": {"activation": ("tanh",), "recurrent_activation": ("sigmoid",)},
    "nn.RNN": {"activation": ("tanh", "relu")},
}
_MODULES: dict[type[Layer], str] = {LSTM: "nn.LSTM", GRU: "nn.GRU", SimpleRNN: "nn.RNN"}
_UNSUPPORTED = ("peephole", "cell_clip", "coupled", "layer_norm", "zoneout", "cell_zoneout", "quantization")


def to_state_dict(model: Sequential, prefix: str = "") -> dict[str, npt.NDArray[Any]]:
    """Convert a model to arrays for ``torch.nn.LSTM.load_state_dict``: ``{k: torch.from_numpy(v) for k, v in ....items()}``.

    Parameters
    ----------
    model : Sequential
        Built, of LSTMs, of GRUs or of SimpleRNNs (or Bidirectionals of them) only, or of one Dense, for a ``Linear``. Dropouts
        between them have no weights and are left out. Weights do not say ``return_sequences`` and ``stateful``. Of a larger
        model give a part: ``Sequential(model.layers[:2])``.
    prefix : str
        Prefix of all names.

    Returns
    -------
    dict of str to array
        The bias of an LSTM or SimpleRNN is written as ``bias_ih``; ``bias_hh`` is zero. A GRU has both.

    Raises
    ------
    ValueError
        For a layer or an option that PyTorch's module does not have, by name.
    """
    layers = [layer for layer in model.layers if not isinstance(layer, Dropout)]
    for layer in layers:
        if not layer.built:
            raise ValueError(f"{layer.name} is not built yet. Call the model on data, or add an Input.")
    if len(layers) == 1 and isinstance(layers[0], Dense):
        state = _linear_state(layers[0])
    else:
        state = {}
        kind = next((kind for kind in _MODULES if layers and isinstance(directions(layers[0])[0], kind)), LSTM)
        for layer in layers:
            _check_kind(layer, kind)
        for index, layer in enumerate(layers):
            _check_layer(layer, layers[0], last=index == len(layers) - 1)
            for reverse, cell in enumerate(directions(layer)):
                state |= _cell_state(cell, index, bool(reverse))
    if not state:
        raise ValueError(f"{model.name} has no layers with weights.")
    return {prefix + key: np.array(value, order="C") for key, value in state.items()}


def directions(layer: Layer) -> tuple[Any, ...]:
    """Return the forward and the backward layer of a Bidirectional, or the layer itself."""
    return (layer.forward_layer, layer.backward_layer) if isinstance(layer, Bidirectional) else (layer,)


def _linear_state(layer: Dense) -> Arrays:
    if layer.activation.name != "linear":
        raise ValueError(f"{layer.name} has activation={layer.activation.name!r}, which a Linear has not. Put it behind.")
    return {"weight": layer.kernel.value.T} | ({} if layer.bias is None else {"bias": layer.bias.value})


def _check_kind(layer: Layer, kind: type[Layer]) -> None:
    if not all(isinstance(cell, kind) for cell in directions(layer)):
        raise ValueError(
            f"{layer.name} ({type(layer).__name__}) is no part of an {_MODULES[kind]}. Give Sequential(model.layers[a:b])."
        )


def _check_layer(layer: Layer, first: Layer, *, last: bool) -> None:
    """Raise ValueError unless ``layer`` can be one of the layers of a module of PyTorch that begins with ``first``."""
    cells, first_cells = directions(layer), directions(first)
    module = next(name for kind, name in _MODULES.items() if isinstance(first_cells[0], kind))
    if isinstance(layer, Bidirectional) and layer.merge_mode != "concat":
        raise ValueError(f"{layer.name} has merge_mode={layer.merge_mode!r}; PyTorch's outputs stand side by side: 'concat'.")
    if not cells[0].return_sequences and not last:
        raise ValueError(f"{layer.name} has return_sequences=False, but is not the last layer.")
    if len(cells) != len(first_cells):
        raise ValueError(f"{layer.name} and {first.name} have not the same directions, as all layers of an {module}.")
    for reverse, cell in enumerate(cells):
        if cell.go_backwards != bool(reverse):
            raise ValueError(f"{cell.name} has go_backwards={cell.go_backwards}; an {module} goes forward, or both ways.")
        _check_options(cell, first_cells[0], module)


def _check_options(cell: Any, first: Any, module: str) -> None:
    """Raise ValueError unless PyTorch's module has the options of a cell, which are those of the first one."""
    activations = _ACTIVATIONS[module]
    for argument, expected in activations.items():
        actual = getattr(cell.spec, argument)
        if actual.function is not None or actual.name not in expected or actual.parameters:
            raise ValueError(f"{cell.name} has {argument}={actual.name!r}; an {module} has {expected[0]!r}.")
    for argument in _UNSUPPORTED:
        if getattr(cell, argument, None):
            raise ValueError(f"{cell.name} has {argument}={getattr(cell, argument)!r}, which an {module} has not.")
    if module == "nn.GRU" and not cell.reset_after:
        raise ValueError(f"{cell.name} has reset_after=False, which an {module} has not.")
    for argument in ("units", "projection", "use_bias", "activation"):
        actual, common = getattr(cell, argument, None), getattr(first, argument, None)
        if actual != common:
            raise ValueError(f"{cell.name} has {argument}={actual!r} and {first.name} {common!r}; an {module} has one.")


def reordered(columns: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the columns of a GRU with the blocks of z and r exchanged, from here to PyTorch or back."""
    H = columns.shape[-1] // 3
    return np.concatenate([columns[..., H : 2 * H], columns[..., :H], columns[..., 2 * H :]], axis=-1)


def _cell_state(cell: Any, layer: int, reverse: bool) -> Arrays:
    weights = cell.cell_weights
    state: Arrays = {"weight_ih": weights.kernel.value.T, "weight_hh": weights.recurrent_kernel.value.T}
    if isinstance(cell, GRU):
        state = {kind: reordered(value.T).T for kind, value in state.items()}
        if weights.bias is not None:
            state |= dict(zip(("bias_ih", "bias_hh"), reordered(weights.bias.value), strict=True))
    elif weights.bias is not None:
        state |= {"bias_ih": weights.bias.value, "bias_hh": np.zeros_like(weights.bias.value)}
    if getattr(weights, "projection", None) is not None:
        state |= {"weight_hr": weights.projection.value.T}
    return {names.name(kind, layer, reverse): value for kind, value in state.items()}
