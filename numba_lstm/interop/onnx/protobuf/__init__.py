"""ONNX files as messages: the wire format of Protocol Buffers, the fields of each message, and tensors as arrays."""
