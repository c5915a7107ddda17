"""Command line, ``python -m numba_lstm`` or ``numba-lstm``: the demo, the examples, and the commands for model files."""

import sys

COMMANDS = """\
commands:
  (none)           learn Seattle's weather and forecast tomorrow's maximum temperature, with the options below
  example NAME     run an example on real data, such as language; without NAME: list them
  convert IN OUT   write the model in file IN in another format
  info FILE        say what a file of a model holds
  export MODEL     write the model as a C library, with --out FOLDER
  -h, --help       show this text; of a command: python -m numba_lstm convert --help
"""


def main(arguments: list[str]) -> int:
    """Run the command of the first argument, or the demo, and return its exit code."""
    command = arguments[0] if arguments else ""
    if command in ("convert", "info"):
        from .interop.command import main as run_command

        return run_command(arguments)
    if command == "example":
        from .examples.command import main as run_example

        return run_example(arguments[1:])
    if command == "export":
        from .export.command import main as run_export

        return run_export(arguments[1:])
    if command and not command.startswith("-"):
        print(f"python -m numba_lstm: there is no command {command!r}.\n\n{COMMANDS}", end="", file=sys.stderr)
        return 2
    from .demo.command import main as run_demo

    return run_demo(arguments, COMMANDS)


def run() -> None:
    """Run the command line of the process, and exit with its code."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
