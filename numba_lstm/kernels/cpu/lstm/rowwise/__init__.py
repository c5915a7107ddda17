"""LSTMs whose steps need whole rows, those with layer norms or a projection."""
