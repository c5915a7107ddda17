"""Import of ONNX graphs as models: recognize the nodes of a chain of layers and build the layers.

:mod:`.chain` visits the nodes in order. :mod:`.symbolic_values` says what a name in the graph stands for. :mod:`.layer_nodes`,
:mod:`.shape_nodes` and :mod:`.size_nodes` interpret each kind of node, and :mod:`.layer_builders` collects the arguments and
weights of each layer.
"""
