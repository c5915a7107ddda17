"""Write models as files of PyTorch: the weights of an ``nn.LSTM``, an ``nn.Linear``, or both."""

from __future__ import annotations

import os

import safetensors.numpy

from ...files import atomic
from ...files.formats import PT, SAFETENSORS
from ...layers import Dense, Dropout, TimeDistributed
from ...models.sequential import Sequential
from . import pickle_writer
from .names import Array
from .state_dict import to_state_dict

EXTENSIONS = (*PT.suffixes, *SAFETENSORS.suffixes)


def save_model(model: Sequential, path: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write the weights of a model for PyTorch: ``module.load_state_dict(torch.load(path))``.

    Parameters
    ----------
    model : Sequential
        Built, of LSTMs that are layers of one ``nn.LSTM``, of one Dense, or of the first and then the other. Dropouts have no
        weights and are left out.
    path : path
        Ends in ``.pt`` or ``.safetensors``; the file is replaced whole, or left as it is.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    ValueError
        For a layer or an option that PyTorch's modules do not have, by name, and for another extension.
    OSError
        If the file cannot be written.

    Notes
    -----
    One module's weights have the names that they have in it; those of two begin with ``lstm.`` and ``linear.``. The file
    does not say whether the LSTM returns all steps, nor whether it is stateful.
    """
    name = os.fsdecode(path)
    if not name.endswith(EXTENSIONS):
        raise ValueError(f"weights for PyTorch are saved as {' or '.join(EXTENSIONS)}, got {name!r}.")
    arrays = state_of(model)
    data = pickle_writer.encode(arrays) if name.endswith(PT.suffixes) else safetensors.numpy.save(arrays, {"format": "pt"})
    atomic.write(name, data, overwrite=overwrite)


def state_of(model: Sequential) -> dict[str, Array]:
    """Return the weights that :func:`save_model` writes."""
    layers = [layer for layer in model.layers if not isinstance(layer, Dropout)]
    last = layers[-1] if layers else None
    head = last.layer if isinstance(last, TimeDistributed) else last
    if not isinstance(head, Dense):
        return to_state_dict(model)
    linear = Sequential([head], dtype=model.dtype)
    if len(layers) == 1:
        return to_state_dict(linear)
    return to_state_dict(Sequential(layers[:-1], dtype=model.dtype), "lstm.") | to_state_dict(linear, "linear.")
