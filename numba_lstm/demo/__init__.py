"""The demo, ``python -m numba_lstm``: tomorrow's temperature in Seattle, learned from four years of weather."""
