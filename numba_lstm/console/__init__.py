"""Text output: tables, progress bars and the report of :func:`numba_lstm.show_config`."""
