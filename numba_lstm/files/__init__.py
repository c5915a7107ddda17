"""What every model file needs, whatever its format: the registry of formats, safe reading and atomic writing.

:mod:`.formats` is the registry and :mod:`.sniff` recognizes a file by its first bytes. :mod:`.model_files` saves a model and
:mod:`.destinations` checks the path first. :mod:`.atomic` replaces files; :mod:`.strict_json`, :mod:`.limits`,
:mod:`.errors` and :mod:`.message_lists` serve the readers.
"""
