"""``python -m numba_lstm``: the demo, or one of the commands for files of models."""

import sys

if __name__ == "__main__":
    if sys.argv[1:2] in (["convert"], ["info"]):
        from .interop.command import main
    else:
        from .demo.command import main
    sys.exit(main(sys.argv[1:]))
