"""Plans, prepared once and run many times: predictions, training steps and streams."""
