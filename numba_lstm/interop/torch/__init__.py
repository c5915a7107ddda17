"""Read and write weights of PyTorch's ``nn.LSTM``, ``nn.GRU``, ``nn.RNN`` and ``nn.Linear`` without PyTorch.

:mod:`.modules` and :mod:`.gru_modules` convert weights to models, :mod:`.state_dict` models to weights; :mod:`.names` parses
the names of weights. :mod:`.weights` assigns the weights of whole modules to layers. :mod:`.reading` reads tensors from files;
:mod:`.archive`, :mod:`.pickle_reader` and :mod:`.pickle_tensors` read the files of ``torch.save``. :mod:`.files` writes files,
those of ``torch.save`` by :mod:`.pickle_writer`.
"""

from .files import EXTENSIONS, save_model
from .gru_modules import gru, rnn
from .modules import linear, load_model, lstm
from .state_dict import to_state_dict
from .weights import load_weights

__all__ = ["EXTENSIONS", "gru", "linear", "load_model", "load_weights", "lstm", "rnn", "save_model", "to_state_dict"]
