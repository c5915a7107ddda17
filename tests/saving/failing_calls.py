"""Functions of ``os`` that fail when a test says so."""

import os


class Failing:
    """An ``os`` function that fails at its n-th call, with a given error; ``write`` has then written half."""

    def __init__(self, monkeypatch, name, at, code):
        self.real, self.at, self.code, self.name = getattr(os, name), at, code, name
        self.calls = 0
        monkeypatch.setattr(os, name, self)

    def __call__(self, *args, **kwargs):
        self.calls += 1
        if self.calls == self.at:
            if self.name == "write":
                self.real(args[0], args[1][: len(args[1]) // 2])
            raise OSError(self.code, os.strerror(self.code))
        return self.real(*args, **kwargs)
