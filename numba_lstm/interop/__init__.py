"""Models of other frameworks, read and written without them: each format in a module of its own.

Nothing in a foreign file is ever executed, and none of it is given to a C library: what is wrong with one is a
:class:`~numba_lstm.saving.FileFormatError`.
"""
