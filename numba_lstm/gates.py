"""The order of the gates: the only place that knows it.

``W``, ``U`` and ``b`` hold four blocks of H columns in Keras's order i, f, c, o; the candidate is called ``g`` here, since
``c`` is the state. PyTorch uses the same order, ONNX i, o, f, c.
"""

from __future__ import annotations

I, F, G, O = range(4)  # noqa: E741 - the field's own letters
COUNT = 4
