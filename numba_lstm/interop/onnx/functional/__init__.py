"""Import of ONNX graphs as functional models: layers and functions of ``numba_lstm.ops`` for nodes of any graph.

:mod:`.model` makes the model. :mod:`.scope` visits the nodes, computes those of constants and takes branches. :mod:`.value`
says where the axes of ONNX's tensors are in those of the model. Each of the other modules converts one kind of nodes.
"""
