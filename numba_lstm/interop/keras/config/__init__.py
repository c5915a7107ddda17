"""Configurations of models: as Keras 3 and Keras 2 write them, and as this package reads them."""
