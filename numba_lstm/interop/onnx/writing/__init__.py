"""Export of models as ONNX graphs: a writer for each layer, and the builder of nodes and tensors."""
