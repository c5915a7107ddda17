"""``python -m numba_lstm``: the demo, or one of the commands for files of models."""

import sys

COMMANDS = """\
commands:
  (none)           learn Seattle's weather and forecast tomorrow's maximum temperature, with the options below
  convert IN OUT   write the model in file IN in another format
  info FILE        say what a file of a model holds
  -h, --help       show this text; of a command: python -m numba_lstm convert --help
"""


def main(arguments: list[str]) -> int:
    """Run the command that comes first, or the demo, and answer its exit code."""
    first = arguments[0] if arguments else ""
    if first in ("convert", "info"):
        from .interop.command import main as command

        return command(arguments)
    if first and not first.startswith("-"):
        print(f"python -m numba_lstm: there is no command {first!r}.\n\n{COMMANDS}", end="", file=sys.stderr)
        return 2
    from .demo.command import main as demo

    return demo(arguments, COMMANDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
