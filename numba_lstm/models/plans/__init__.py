"""Plans of a model: recorded forward passes and training steps, by the shapes of batches."""
