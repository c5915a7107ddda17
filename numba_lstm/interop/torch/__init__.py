"""Weights of PyTorch's ``nn.LSTM`` and ``nn.Linear``, read and written without PyTorch.

:mod:`.modules` makes models of them and :mod:`.states` them of models; :mod:`.names` knows their names. :mod:`.reading` reads
files, of which :mod:`.archive`, :mod:`.pickles` and :mod:`.records` read what ``torch.save`` wrote. :mod:`.files` writes them,
and :mod:`.programs` what ``torch.save`` would write.
"""

from .files import EXTENSIONS, save_model
from .modules import linear, load_model, lstm
from .state_dict import to_state_dict

__all__ = ["EXTENSIONS", "linear", "load_model", "lstm", "save_model", "to_state_dict"]
