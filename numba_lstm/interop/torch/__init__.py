"""Weights of PyTorch's ``nn.LSTM`` and ``nn.Linear``, read and written without PyTorch.

:mod:`.modules` makes models of them and :mod:`.states` them of models; :mod:`.names` knows their names. :mod:`.reading` reads
files, of which :mod:`.archive`, :mod:`.pickles` and :mod:`.records` read what ``torch.save`` wrote.
"""

from .modules import linear, lstm
from .states import to_state_dict

__all__ = ["linear", "lstm", "to_state_dict"]
