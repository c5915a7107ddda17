"""The network of a forecaster: windows of series as its inputs, its layers, and what its outputs mean."""
