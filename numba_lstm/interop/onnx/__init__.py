"""ONNX files, read, run and written without ONNX: no C library sees a file.

:mod:`.operator` is the operator LSTM. :mod:`.protobuf`, :mod:`.messages`, :mod:`.tensors` and :mod:`.external` know the bytes,
:mod:`.reading` what makes a graph of them, :mod:`.graph` and :mod:`.nodes` how it runs; :mod:`.chains` makes models of graphs,
:mod:`.writing` files of models.
"""

from .graph.backend import Backend
from .graph.graph import Graph
from .graph.reader import load
from .operators.lstm_operator import lstm
from .reading.chain import load_model
from .writing.exporter import export

__all__ = ["Backend", "Graph", "export", "load", "load_model", "lstm"]
