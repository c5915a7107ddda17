"""Read and write models of other frameworks without these frameworks: :mod:`.keras`, :mod:`.torch` and :mod:`.onnx`.

The readers execute nothing in a foreign file and pass none of it to a C library. A faulty file raises
:class:`~numba_lstm.saving.FileFormatError`.
"""
