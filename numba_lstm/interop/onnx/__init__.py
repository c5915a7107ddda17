"""Read, run and write ONNX files without the ONNX library.

:mod:`.protobuf` decodes and encodes files. :mod:`.operators` computes single operators and :mod:`.graph` whole graphs.
:mod:`.reading` converts chains of layers to models, :mod:`.functional` other graphs, and :mod:`.writing` models to graphs.
"""

from .graph.backend import Backend
from .graph.graph import Graph
from .graph.reader import load
from .loading import load_model
from .operators.lstm_operator import lstm
from .writing.exporter import export

__all__ = ["Backend", "Graph", "export", "load", "load_model", "lstm"]
