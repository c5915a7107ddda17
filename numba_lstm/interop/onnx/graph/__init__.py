"""Executable ONNX graphs: the reader that checks a file, and the graph that it returns."""
