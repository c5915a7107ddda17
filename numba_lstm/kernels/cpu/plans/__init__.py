"""Calls that are bound once and run many times: predictions, training steps and streams."""
