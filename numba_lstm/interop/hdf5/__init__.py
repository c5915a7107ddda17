"""Reader of the subset of HDF5 in which Keras stores weights; it does not use the HDF5 library.

:func:`read` and :class:`Contents` are all that other packages use. :mod:`.source` bounds the work on a file's bytes;
:mod:`.datatypes`, :mod:`.members` and :mod:`.attributes` read parts of an object, and :mod:`.reader` all objects.
"""

from .reader import Contents, read

__all__ = ["Contents", "read"]
