"""ONNX operators on arrays, computed by the ops of a device."""
