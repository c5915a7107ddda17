"""Run by test_atomic.py: write a file in children that die at a call of the system, one child for each call.

Usage: crash.py FOLDER HOW, where HOW is "exit" (os._exit) or "kill" (SIGKILL).
Prints how many points of death there are: before and after each call.
"""

import os
import signal
import sys
from pathlib import Path

from numba_lstm.files import atomic

OLD, NEW = b"old" * 1000, b"the new one" * 1000
CALLS = ("open", "write", "fsync", "chmod", "replace", "close", "stat")


def die(signal_name):
    if signal_name == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(137)


def die_at_call(count, signal_name):
    """Let the ``count``-th of all system calls be the last one: half of them die before it, half after it."""
    calls_left = count

    def wrap(call, name):
        def called(*args, **kwargs):
            nonlocal calls_left
            calls_left -= 1
            if calls_left == 0:
                if name == "write":
                    call(args[0], args[1][: len(args[1]) // 2])
                die(signal_name)
            result = call(*args, **kwargs)
            calls_left -= 1
            if calls_left == 0:
                die(signal_name)
            return result

        return called

    for name in CALLS:
        setattr(os, name, wrap(getattr(os, name), name))


def child(path, count, signal_name):
    die_at_call(count, signal_name)
    atomic.write(str(path), NEW)
    os._exit(0)


def main(folder, signal_name):
    path = folder / "model.nlstm"
    seen = set()
    for count in range(1, 1000):
        path.write_bytes(OLD)
        pid = os.fork()
        if pid == 0:
            child(path, count, signal_name)
        _, status = os.waitpid(pid, 0)
        assert path.read_bytes() in (OLD, NEW), f"{path} is neither the old nor the new file after call {count}"
        seen.add(path.read_bytes())
        for temporary in folder.glob(".nlstm-*"):
            temporary.unlink()
        assert list(folder.iterdir()) == [path]
        if status == 0:
            assert seen == {OLD, NEW}
            print(count - 1)
            return
    raise AssertionError("the write never ended")


if __name__ == "__main__":
    atomic._PIECE = 4000  # several writes
    main(Path(sys.argv[1]), sys.argv[2])
