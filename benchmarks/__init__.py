"""How fast numba_lstm is: ``compare.py`` beside its peers today, ASV's suites beside its own past.

ASV imports every module of this package, so a suite imports frameworks in ``setup``. ``peers/`` has no ``__init__.py``, so ASV
does not enter it, and an engine there imports its framework as any module does.
"""
