"""Examples, ``python -m numba_lstm example NAME``: what LSTMs are used for, on real data that packages on PyPI contain.

They are in the package, so that the command works where the package is installed, with the version that is installed. Programs
in the folder ``examples/`` of the repository are not part of a wheel. Each example is a module with a function
``run(options)``, written with the public API as a user would write it; ``numba_lstm/examples/catalog.py`` lists them.
"""
