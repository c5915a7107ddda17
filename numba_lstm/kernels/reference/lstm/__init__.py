"""The equations of one step of an LSTM."""
