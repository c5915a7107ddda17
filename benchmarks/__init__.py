"""Benchmarks: ``compare.py`` compares numba_lstm with its peers, and ASV's suites compare its commits.

ASV imports every module of this package, so a suite imports frameworks in ``setup``. ``peers/`` has no ``__init__.py``, so ASV
does not enter it, and an engine there imports its framework as any module does.
"""
