"""The LSTM by rows, for layer norms and projections, whose steps need whole rows."""
