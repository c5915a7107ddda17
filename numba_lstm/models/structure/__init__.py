"""Structure of a model: its layers, their shapes and weights, and the attributes of Keras's models."""
